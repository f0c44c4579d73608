/* An event's new rows: the header stays, items keep their places and keys, what is withheld keeps
   its commitment, redacted twice as well; a body across rows; an erased event. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/log.h"
#include "core/redact/redact_event.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;
static struct sl_span id;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    core_sync(store, &share,
        "[{\"type\":\"a\",\"data\":\"first\"},{\"type\":\"b\",\"data\":\"second\"},"
        "{\"type\":\"c\",\"data\":\"third\"}]");
    return 0;
}

static struct redact_target target_of(uint64_t item, const char *text)
{
    struct redact_target target = {.sequence = 2, .item = item};
    buf_add(&target.replacement, text, strlen(text));
    return target;
}

static enum sl_result redact(uint64_t sequence, struct redact_target *targets, size_t count)
{
    struct redacted_event event;
    enum sl_result result = redact_event(store, id, sequence, targets, count, &event, &err);
    if (result == SL_OK) {
        struct kv_batch *batch = kv_batch_create();
        redacted_event_put(store->kv, batch, id, &event);
        core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
        kv_batch_destroy(batch);
        redacted_event_fini(&event);
    }
    for (size_t i = 0; i < count; i++)
        buf_fini(&targets[i].replacement);
    return result;
}

static void expect_text(const char *text)
{
    struct sl_event *event;
    char out[4096];
    size_t len;
    core_expect(sl_event_open(store, id, 2, &event, &err), SL_OK, &err);
    core_expect(sl_event_text(event, 0, out, sizeof(out), &len, &err), SL_OK, &err);
    assert_true(sl_span_eq((struct sl_span){out, len}, sl_span_of(text)));
    core_expect(sl_event_check(event, &err), SL_OK, &err); /* all that is left still proves */
    sl_event_close(event);
}

static void items_keep_their_places(void **state)
{
    (void)state;
    struct head before, after;
    core_expect(log_place(store->kv, id, 2, &before, &err), SL_OK, &err);
    struct redact_target middle = target_of(1, "\"[redacted]\"");
    core_expect(redact(2, &middle, 1), SL_OK, &err);
    expect_text("[{\"type\":\"a\",\"data\":\"first\"},{\"type\":\"b\",\"data\":\"[redacted]\"},"
                "{\"type\":\"c\",\"data\":\"third\"}]");
    core_expect(log_place(store->kv, id, 2, &after, &err), SL_OK, &err);
    assert_memory_equal(&after, &before, sizeof(after));
    struct sl_event *event;
    core_expect(sl_event_open(store, id, 2, &event, &err), SL_OK, &err);
    assert_false(sl_event_item(event, 0).withheld);
    assert_true(sl_event_item(event, 1).withheld);
    assert_int_equal(sl_event_item(event, 1).committed_bytes, strlen("\"second\""));
    assert_int_equal(sl_event_nonce(event).len, 0); /* from it the second could be guessed */
    sl_event_close(event);
}

static void again(void **state)
{
    (void)state;
    struct redact_target first = target_of(0, "\"[redacted]\""),
                         twice[2] = {target_of(0, "1"), target_of(2, "2")};
    core_expect(redact(2, &first, 1), SL_OK, &err);
    core_expect(redact(2, twice, 2), SL_OK, &err);
    expect_text("[{\"type\":\"a\",\"data\":1},{\"type\":\"b\",\"data\":\"second\"},"
                "{\"type\":\"c\",\"data\":2}]");
}

static void across_rows(void **state)
{
    (void)state;
    struct redact_target large = {.sequence = 2, .item = 1};
    struct buf data = {0};
    buf_add(&large.replacement, "\"", 1);
    for (size_t i = 0; i < SL_BODY_ROW_BYTES + 1000; i++)
        buf_add(&large.replacement, &"abcdefgh"[i % 8], 1);
    buf_add(&large.replacement, "\"", 1);
    uint64_t length = large.replacement.len;
    core_expect(redact(2, &large, 1), SL_OK, &err);
    struct sl_event *event;
    core_expect(sl_event_open(store, id, 2, &event, &err), SL_OK, &err);
    core_expect(sl_event_item_data(event, 1, core_sink(&data), &err), SL_OK, &err);
    assert_int_equal(data.len, length);
    buf_clear(&data);
    core_expect(sl_event_item_data(event, 2, core_sink(&data), &err), SL_OK, &err);
    assert_true(sl_span_eq(buf_span(&data), SL_SPAN("\"third\"")));
    core_expect(sl_event_check(event, &err), SL_OK, &err);
    sl_event_close(event);
    buf_fini(&data);
}

static void not_there(void **state)
{
    (void)state;
    struct redact_target none = target_of(3, "1"), missing = target_of(0, "1"),
                         erased = target_of(0, "1");
    assert_int_equal(redact(2, &none, 1), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "has no item 3"));
    assert_int_equal(redact(9, &missing, 1), SL_NOT_FOUND);
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    settle();
    assert_int_equal(redact(2, &erased, 1), SL_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(items_keep_their_places),
        TEST(again),
        TEST(across_rows),
        TEST(not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
