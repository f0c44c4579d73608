/* One event in hand: what it says of itself, its items, its text from any offset, and what is left
 * of them after a removal or a redaction. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#define ITEMS                                                                                      \
    "[{\"type\":\"part\",\"data\":{\"id\":\"p\",\"messageID\":\"m\"}},{\"type\":\"x\",\"data\":"   \
    "[\"a text\"]}]"

static struct sl_credentials share;

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    core_sync(store, &share, ITEMS);
    return 0;
}

static struct sl_event *open_event(uint64_t sequence)
{
    struct sl_event *event;
    core_expect(sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
    return event;
}

static void no_such(void **state)
{
    (void)state;
    struct sl_event *event = NULL;
    assert_int_equal(sl_event_open(store, SL_SPAN("nobody"), 1, &event, &err), SL_NOT_FOUND);
    assert_int_equal(sl_event_open(store, sl_span_of(share.id), 0, &event, &err), SL_NO_MOMENT);
    assert_int_equal(sl_event_open(store, sl_span_of(share.id), 3, &event, &err), SL_NO_MOMENT);
    assert_non_null(strstr(err.text, "there are 1 to 2"));
    assert_null(event);
}

static void items(void **state)
{
    (void)state;
    struct sl_event *event = open_event(2);
    struct buf data = {0};
    assert_int_equal(sl_event_info(event)->kind, SL_SYNC);
    assert_int_equal(sl_event_info(event)->items, 2);
    struct sl_item item = sl_event_item(event, 1);
    assert_true(sl_span_eq(item.type, SL_SPAN("x")));
    assert_int_equal(item.bytes, strlen("[\"a text\"]"));
    assert_non_null(item.nonce);
    assert_false(item.withheld);
    core_expect(sl_event_item_data(event, 1, core_sink(&data), &err), SL_OK, &err);
    assert_true(sl_span_eq(buf_span(&data), SL_SPAN("[\"a text\"]")));
    assert_int_equal(sl_event_item(event, 2).type.len, 0);
    assert_int_equal(sl_event_item_data(event, 2, core_sink(&data), &err), SL_NOT_FOUND);
    buf_fini(&data);
    sl_event_close(event);
    event = open_event(1); /* the creation's item has the secret's hash: it is withheld */
    assert_true(sl_event_item(event, 0).withheld);
    sl_event_close(event);
}

static void text_from_any_offset(void **state)
{
    (void)state;
    struct sl_event *event = open_event(2);
    struct sl_span all = SL_SPAN(ITEMS);
    char out[200];
    size_t len;
    assert_int_equal(sl_event_text_bytes(event), all.len);
    for (size_t from = 0; from <= all.len; from++)
        for (size_t cap = 1; cap < 70; cap += 11) {
            core_expect(sl_event_text(event, from, out, cap, &len, &err), SL_OK, &err);
            assert_int_equal(len, all.len - from < cap ? all.len - from : cap);
            assert_memory_equal(out, all.ptr + from, len);
        }
    sl_event_close(event);
    event = open_event(1);
    core_expect(sl_event_text(event, 0, out, sizeof(out), &len, &err), SL_OK, &err);
    assert_int_equal(len, 2);
    assert_memory_equal(out, "[]", 2);
    sl_event_close(event);
}

/* An event that is open when its share is removed gives nothing of its content any more. */
static void removed_meanwhile(void **state)
{
    (void)state;
    struct sl_event *event = open_event(2);
    struct buf data = {0};
    char out[10];
    size_t len = 77;
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    assert_int_equal(sl_event_item_data(event, 0, core_sink(&data), &err), SL_REMOVED);
    assert_int_equal(sl_event_text(event, 30, out, sizeof(out), &len, &err), SL_REMOVED);
    assert_int_equal(data.len, 0);
    assert_int_equal(len, 77);
    sl_event_close(event);
    event = open_event(2); /* opened anew it has a header, and no items */
    assert_true(sl_event_info(event)->erased);
    assert_int_equal(sl_event_info(event)->items, 0);
    assert_int_equal(sl_event_nonce(event).len, 0);
    assert_true(sl_event_header(event).len > 0);
    sl_event_close(event);
}

static void redacted_meanwhile(void **state)
{
    (void)state;
    struct sl_event *event = open_event(2);
    struct sl_redacted redacted;
    struct sl_redaction asked = {
        .share_id = sl_span_of(share.id), .sequence = 2, .item = 1, .who = SL_WHO_OWNER};
    struct buf data = {0};
    core_expect(sl_redact(store, &asked, NULL, &redacted, &err), SL_OK, &err);
    assert_int_equal(redacted.items, 1);
    assert_int_equal(sl_event_item_data(event, 0, core_sink(&data), &err), SL_REDACTED);
    assert_int_equal(data.len, 0);
    sl_event_close(event);
    event = open_event(2);
    assert_true(sl_event_item(event, 1).withheld);
    assert_false(sl_event_item(event, 0).withheld);
    sl_event_close(event);
}

/* A body that is missing is damage, not a removal. */
static void body_missing(void **state)
{
    (void)state;
    struct buf data = {0};
    store_row_delete(store, KV_HOT, row_body(sl_span_of(share.id), 2, 0));
    struct sl_event *event = open_event(2);
    assert_int_equal(sl_event_item_data(event, 0, core_sink(&data), &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 2: its body is missing"));
    assert_int_equal(data.len, 0);
    sl_event_close(event);
}

int main(void)
{
#define EVENT_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {EVENT_TEST(no_such), EVENT_TEST(items),
        EVENT_TEST(text_from_any_offset), EVENT_TEST(removed_meanwhile),
        EVENT_TEST(redacted_meanwhile), EVENT_TEST(body_missing)};
    return cmocka_run_group_tests_name("event_open", tests, NULL, NULL);
}
