/* What a redaction appends: in order, in as many events as it takes, with the marks and the rule in
   the same write; a create, a sync and a read go on in the middle; a failed write leaves a share
   that is read under another epoch. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/redact/redact_append.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"

#define SECRET "hunter2-is-the-word"
#define EVENTS 600

static struct sl_credentials share;
static struct share *held;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    return 0;
}

static int drop_share(void **state)
{
    share_release(held);
    held = NULL;
    return drop_store(state);
}

static void sync_secrets(unsigned events)
{
    for (unsigned i = 0; i < events; i++)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"say " SECRET "\"}]");
}

static enum sl_result redact(const struct sl_progress *progress, struct sl_redacted *redacted)
{
    struct sl_redaction asked = {
        .share_id = sl_span_of(share.id), .text = SL_SPAN(SECRET), .who = SL_WHO_OWNER};
    return sl_redact(store, &asked, progress, redacted, &err);
}

static bool has_row(enum kv_family family, struct row_key key)
{
    struct kv_pin pin;
    enum sl_result result = kv_get(store->kv, family, row_span(&key), &pin, NULL);
    kv_release(&pin);
    return result == SL_OK;
}

static void with_its_marks(void **state)
{
    (void)state;
    struct sl_redacted redacted;
    sync_secrets(5);
    unsigned long seen = share_epoch(store->shares, held);
    core_expect(redact(NULL, &redacted), SL_OK, &err);
    assert_int_equal(redacted.items, 5);
    assert_int_equal(redacted.events, 5);
    assert_int_equal(redacted.shares, 1);
    assert_int_equal(core_last_sequence(store, share.id), 7); /* one redact event */
    assert_int_equal(share_epoch(store->shares, held), seen + 2);
    assert_true(has_row(KV_META, row_erase(sl_span_of(share.id))));
    assert_true(has_row(KV_INDEX, row_index(ROW_INDEX_DUE, sl_span_of(share.id))));
    core_verify(store);
    settle();
    assert_false(has_row(KV_META, row_erase(sl_span_of(share.id))));
    core_verify(store);
}

/* ---- in the middle of a search ---- */

struct middle {
    unsigned reports;
    struct sl_view *view;
};

/* Called by the search itself, in the share's turn: were any of these to wait for the turn, the
   test would not end. */
static void in_the_middle(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    struct middle *middle = ctx;
    struct buf out = {0};
    assert_string_equal(phase, "redact");
    assert_true(done < total);
    if (middle->reports++ > 0) return;
    struct sl_credentials other = core_create(store, "ses_another_session_000");
    core_create(store, "ses_0123456789abcdefghij"); /* the very session */
    core_sync(store, &other, "[{\"type\":\"x\",\"data\":\"say " SECRET "\"}]");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"say " SECRET "\"}]");
    core_expect(
        sl_share_remove(store, sl_span_of(other.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_expect(
        sl_view_open(store, sl_span_of(share.id), core_at(0), &middle->view, &err), SL_OK, &err);
    core_expect(sl_view_data(middle->view, core_sink(&out), &err), SL_OK, &err);
    buf_fini(&out);
}

static void others_go_on(void **state)
{
    (void)state;
    struct sl_redacted redacted;
    struct middle middle = {0};
    struct sl_progress progress = {in_the_middle, &middle};
    struct buf out = {0};
    sync_secrets(EVENTS);
    core_expect(redact(&progress, &redacted), SL_OK, &err);
    assert_true(middle.reports > 0);
    assert_int_equal(redacted.items, EVENTS); /* the one that came meanwhile was held to the rule */
    assert_int_equal(core_answers_with(store, share.id, SECRET), 0);
    assert_int_equal(sl_view_data(middle.view, core_sink(&out), &err), SL_REDACTED);
    sl_view_close(middle.view);
    buf_fini(&out);
    core_verify(store);
}

/* More than one redact event says. */
static void in_pieces(void **state)
{
    (void)state;
    struct sl_redacted redacted;
    struct buf items = {0};
    const unsigned count = 5000;
    buf_add(&items, "[", 1);
    for (unsigned i = 0; i < count; i++) {
        if (i) buf_add(&items, ",", 1);
        buf_add_span(&items, SL_SPAN("{\"type\":\"x\",\"data\":\"" SECRET "\"}"));
    }
    buf_add(&items, "]", 1);
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    sync_secrets(1);
    core_expect(redact(NULL, &redacted), SL_OK, &err);
    assert_int_equal(redacted.items, count + 1);
    assert_int_equal(core_last_sequence(store, share.id), 3 + 2);
    assert_int_equal(core_answers_with(store, share.id, SECRET), 0);
    core_verify(store);
    buf_fini(&items);
}

/* ---- failures ---- */

static void failed_write(void **state)
{
    (void)state;
    struct sl_redacted redacted = {.items = 77};
    struct buf out = {0};
    struct sl_view *view;
    sync_secrets(3);
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    unsigned long seen = share_epoch(store->shares, held);
    kv_fault_after(0);
    assert_int_equal(redact(NULL, &redacted), SL_IO);
    assert_int_equal(redacted.items, 77);
    kv_fault_after(-1);
    /* who reads needn't wait, but can't go on with what was read before */
    assert_int_equal(atomic_load(&held->phase), SHARE_LIVE);
    assert_int_equal(share_epoch(store->shares, held), seen + 2);
    assert_int_equal(sl_view_data(view, core_sink(&out), &err), SL_REDACTED);
    sl_view_close(view);
    core_expect(core_try_data(store, share.id, 0, &out, &err), SL_OK, &err);
    share_release(held);
    held = NULL;
    reopen();
    core_expect(redact(NULL, &redacted), SL_OK, &err);
    assert_int_equal(redacted.items, 3);
    core_verify(store);
    buf_fini(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_share)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_its_marks),
        TEST(others_go_on),
        TEST(in_pieces),
        TEST(failed_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
