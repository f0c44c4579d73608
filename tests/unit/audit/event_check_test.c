/* An event held against its header: what holds, and each fault by its name. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

static struct sl_credentials share, other;

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    core_sync(store, &share,
        "[{\"type\":\"kind\",\"data\":\"one text\"},{\"type\":\"y\",\"data\":\"two\"}]");
    other = core_create(store, "ses_another_session0");
    core_sync(store, &other, "[{\"type\":\"x\",\"data\":1}]");
    return 0;
}

static struct sl_event *open_event(uint64_t sequence)
{
    struct sl_event *event;
    core_expect(sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
    return event;
}

static enum sl_result check(uint64_t sequence)
{
    struct sl_event *event = open_event(sequence);
    enum sl_result result = sl_event_check(event, &err);
    sl_event_close(event);
    return result;
}

static void assert_fault(uint64_t sequence, enum sl_result expected, const char *text)
{
    assert_int_equal(check(sequence), expected);
    if (!strstr(err.text, text)) fail_msg("%s", err.text);
}

static void each_kind_holds(void **state)
{
    (void)state;
    struct sl_redacted redacted;
    struct sl_redaction asked = {
        .share_id = sl_span_of(share.id), .sequence = 2, .item = 1, .who = SL_WHO_OWNER};
    core_expect(check(1), SL_OK, &err); /* its item is withheld */
    core_expect(check(2), SL_OK, &err);
    core_expect(sl_redact(store, &asked, NULL, &redacted, &err), SL_OK, &err);
    core_expect(check(2), SL_OK, &err); /* one is withheld, one not */
    core_expect(check(3), SL_OK, &err);
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_expect(check(1), SL_OK, &err);
    assert_fault(2, SL_REMOVED, "event 2: removed");
    assert_fault(3, SL_REMOVED, "event 3: removed");
    core_expect(check(4), SL_OK, &err);
}

/* The event is faulty while one byte of a row is another: the one that is so far behind `near`. */
static void assert_flip_named(
    enum kv_family family, struct row_key key, const char *near, size_t behind)
{
    struct buf bytes = {0};
    store_row_get(store, family, key, &bytes);
    char *at = memmem(bytes.ptr, bytes.len, near, strlen(near));
    assert_non_null(at);
    at[behind] ^= 1;
    store_row_put(store, family, key, buf_span(&bytes));
    assert_fault(2, SL_CORRUPT, "event 2: its items are not the ones that its header commits to");
    at[behind] ^= 1;
    store_row_put(store, family, key, buf_span(&bytes));
    core_expect(check(2), SL_OK, &err);
    buf_fini(&bytes);
}

static void other_content(void **state)
{
    (void)state;
    struct row_key row = row_event(sl_span_of(share.id), 2);
    struct row_key body = row_body(sl_span_of(share.id), 2, 0);
    assert_flip_named(KV_HOT, body, "one text", 3);
    assert_flip_named(KV_EVENT, row, "\xa4kind", 2);         /* the first item's type */
    assert_flip_named(KV_EVENT, row, "\xa4kind\xa4kind", 7); /* its key */
    assert_flip_named(KV_EVENT, row, "\xa1y\xa1y", 4);       /* the second one's length: 4 bytes */
}

static void body_too_short(void **state)
{
    (void)state;
    struct buf body = {0};
    store_body_get(store, sl_span_of(share.id), 2, 0, &body);
    body.len = 40; /* the nonce, and some of the first item */
    store_body_put(store, sl_span_of(share.id), 2, 0, buf_span(&body));
    assert_fault(2, SL_CORRUPT, "event 2: its body is too short");
    buf_fini(&body);
}

static void of_another_share(void **state)
{
    (void)state;
    struct buf row = {0};
    store_row_get(store, KV_EVENT, row_event(sl_span_of(other.id), 2), &row);
    store_row_put(store, KV_EVENT, row_event(sl_span_of(share.id), 2), buf_span(&row));
    assert_fault(2, SL_CORRUPT, "event 2: its header belongs to another share");
    buf_fini(&row);
}

static void not_in_the_log(void **state)
{
    (void)state;
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, 4, &checkpoint, &err), SL_OK, &err);
    core_sync(store, &share, "[]");
    struct sl_event *in = open_event(2), *behind = open_event(3);
    core_expect(sl_event_included(store, in, &checkpoint, &err), SL_OK, &err);
    assert_int_equal(sl_event_included(store, behind, &checkpoint, &err), SL_NOT_FOUND);
    assert_non_null(strstr(err.text, "event 3: the checkpoint is older"));
    checkpoint.root[31] ^= 1;
    assert_int_equal(sl_event_included(store, in, &checkpoint, &err), SL_CORRUPT);
    assert_non_null(
        strstr(err.text, "event 2: it is not what the log's checkpoint has at its position"));
    sl_event_close(in);
    sl_event_close(behind);
}

int main(void)
{
#define CHECK_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {CHECK_TEST(each_kind_holds), CHECK_TEST(other_content),
        CHECK_TEST(body_too_short), CHECK_TEST(of_another_share), CHECK_TEST(not_in_the_log)};
    return cmocka_run_group_tests_name("event_check", tests, NULL, NULL);
}
