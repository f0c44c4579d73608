/* What is kept in memory of a share's metadata: it tells what folding would, and nothing that was
   superseded, redacted or removed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/store.h"
#include "core/read/view.h"
#include "core/state/summary.h"
#include "tests/support/core_fixture.h"

#include <stdlib.h>

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

#define SESSION(title) "{\"type\":\"session\",\"data\":{\"id\":\"s\",\"title\":\"" title "\"}}"
#define MESSAGE(id) "{\"type\":\"message\",\"data\":{\"id\":\"" id "\"}}"

static struct sl_view *open_view(struct sl_store *of, uint64_t sequence)
{
    struct sl_view *view = NULL;
    core_expect(
        sl_view_open(of, sl_span_of(share.id), core_at(sequence), &view, &err), SL_OK, &err);
    return view;
}

/* The metadata says so; `kept`: the view was opened with a summary. */
static void expect(
    struct sl_store *of, uint64_t sequence, const char *title, uint64_t messages, bool kept)
{
    struct sl_view *view = open_view(of, sequence);
    struct sl_metadata metadata;
    struct buf data = {0};
    assert_int_equal(view->summary != NULL, kept);
    core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
    if (kept) assert_false(view->folded);
    assert_true(sl_span_eq(metadata.title, sl_span_of(title)));
    assert_int_equal(metadata.messages, messages);
    core_expect(sl_view_data(view, core_sink(&data), &err), SL_OK, &err);
    assert_int_equal(metadata.bytes, data.len);
    uint64_t bytes = 0;
    core_expect(sl_view_data_bytes(view, &bytes, &err), SL_OK, &err);
    assert_int_equal(bytes, data.len);
    buf_fini(&data);
    sl_view_close(view);
}

static const struct summary *kept_by(struct sl_store *of)
{
    struct share *held;
    core_expect(share_acquire(of->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    const struct summary *summary = held->summary;
    share_release(held);
    return summary;
}

/* ---- tests ---- */

static void is_of_the_newest_moment(void **state)
{
    (void)state;
    core_sync(store, &share, "[" SESSION("One") "," MESSAGE("a") "]");
    expect(store, 0, "\"One\"", 1, false);
    expect(store, 0, "\"One\"", 1, true);
    expect(store, 2, "\"One\"", 1, true); /* the same moment by its number */
    core_sync(store, &share, "[" SESSION("Two") "," MESSAGE("b") "]");
    expect(store, 0, "\"Two\"", 2, false);
    expect(store, 0, "\"Two\"", 2, true);
    expect(store, 2, "\"One\"", 1, false);
    expect(store, 0, "\"Two\"", 2, true); /* which looking back didn't change */
    settle();
    expect(store, 0, "\"Two\"", 2, true);
}

static void with_a_snapshot_too(void **state)
{
    (void)state;
    struct buf items = {0};
    buf_add_span(
        &items, SL_SPAN("[" SESSION("Large") "," MESSAGE("a") ",{\"type\":\"x\",\"data\":\""));
    for (int i = 0; i < 100000; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
    settle();
    expect(store, 0, "\"Large\"", 1, false);
    expect(store, 0, "\"Large\"", 1, true);
}

static void redacted_is_forgotten(void **state)
{
    (void)state;
    core_sync(store, &share, "[" SESSION("hunter2-is-the-word") "]");
    expect(store, 0, "\"hunter2-is-the-word\"", 0, false);
    struct sl_view *before = open_view(store, 0);
    assert_non_null(before->summary);
    struct sl_redaction asked = {.share_id = sl_span_of(share.id),
        .text = SL_SPAN("hunter2-is-the-word"),
        .who = SL_WHO_OWNER,
        .reason = SL_SPAN("a password")};
    struct sl_redacted told;
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    assert_null(kept_by(store));
    struct sl_metadata metadata;
    assert_int_equal(sl_view_metadata(before, &metadata, &err), SL_REDACTED);
    sl_view_close(before);
    expect(store, 0, "\"[redacted]\"", 0, false);
    expect(store, 0, "\"[redacted]\"", 0, true);
}

static void removed_is_forgotten(void **state)
{
    (void)state;
    core_sync(store, &share, "[" SESSION("One") "]");
    expect(store, 0, "\"One\"", 0, false);
    struct sl_view *before = open_view(store, 0);
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                    sl_span_of(share.secret), SL_SPAN(""), &err),
        SL_OK, &err);
    assert_null(kept_by(store));
    struct sl_metadata metadata;
    assert_int_equal(sl_view_metadata(before, &metadata, &err), SL_REMOVED);
    sl_view_close(before);
    struct sl_view *view;
    assert_int_equal(
        sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_REMOVED);
}

static struct summary *made(uint64_t sequence)
{
    struct sl_metadata metadata = {.title = SL_SPAN("\"Old\""), .sequence = sequence};
    struct summary *summary = summary_create(&metadata);
    assert_non_null(summary);
    return summary;
}

/* What was read before them comes too late, whatever happened meanwhile. */
static void late_is_not_kept(void **state)
{
    (void)state;
    struct share *held;
    core_sync(store, &share, "[" SESSION("One") "]");
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    unsigned long seen = share_epoch(store->shares, held);
    share_keep_summary(store->shares, held, seen, NULL);
    share_keep_summary(store->shares, held, seen, made(1));
    assert_null(held->summary);
    share_keep_summary(store->shares, held, seen + 2, made(2));
    assert_null(held->summary);
    share_keep_summary(store->shares, held, seen, made(2));
    assert_non_null(held->summary);
    struct summary *copy = share_copy_summary(store->shares, held, seen, 2);
    assert_non_null(copy);
    free(copy);
    assert_null(share_copy_summary(store->shares, held, seen, 3));
    assert_null(share_copy_summary(store->shares, held, seen + 2, 2));
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                    sl_span_of(share.secret), SL_SPAN(""), &err),
        SL_OK, &err);
    assert_null(held->summary);
    share_keep_summary(store->shares, held, seen, made(3));
    assert_null(held->summary);
    share_release(held);
}

static void long_texts_are_not_kept(void **state)
{
    (void)state;
    char title[SL_SUMMARY_TEXT_BYTES + 2];
    memset(title, 'x', sizeof(title));
    struct sl_metadata metadata = {.title = {title, SL_SUMMARY_TEXT_BYTES - 1},
        .directory = {title, 1},
        .diffs = 7,
        .sequence = 2};
    struct summary *summary = summary_create(&metadata);
    assert_non_null(summary);
    struct sl_metadata told = {0};
    summary_tell(summary, &told);
    assert_true(sl_span_eq(told.title, metadata.title));
    assert_true(sl_span_eq(told.directory, metadata.directory));
    assert_int_equal(told.diffs, 7);
    free(summary);
    metadata.directory.len = 2;
    assert_null(summary_create(&metadata));
}

/* A store that is read while another process writes knows what it has caught up with. */
static void beside_catches_up(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    core_sync(store, &share, "[" SESSION("One") "]");
    struct sl_store *beside = core_open(&options);
    expect(beside, 0, "\"One\"", 0, false);
    expect(beside, 0, "\"One\"", 0, true);
    core_sync(store, &share, "[" SESSION("Two") "," MESSAGE("a") "]");
    core_expect(sl_store_catch_up(beside, &err), SL_OK, &err);
    expect(beside, 0, "\"Two\"", 1, false);
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_SECRET,
                    sl_span_of(share.secret), SL_SPAN(""), &err),
        SL_OK, &err);
    core_expect(sl_store_catch_up(beside, &err), SL_OK, &err);
    assert_null(kept_by(beside));
    sl_store_close(beside);
}

static void rebuilt_is_found_out_again(void **state)
{
    (void)state;
    core_sync(store, &share, "[" SESSION("One") "]");
    expect(store, 0, "\"One\"", 0, false);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    expect(store, 0, "\"One\"", 0, false);
    expect(store, 0, "\"One\"", 0, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_of_the_newest_moment),
        TEST(with_a_snapshot_too),
        TEST(redacted_is_forgotten),
        TEST(removed_is_forgotten),
        TEST(late_is_not_kept),
        TEST(long_texts_are_not_kept),
        TEST(beside_catches_up),
        TEST(rebuilt_is_found_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
