/* What the events say that the server itself wrote: a removal, an allowance, a redaction. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

static struct sl_credentials share;
static struct sl_control control;

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    core_sync(
        store, &share, "[{\"type\":\"x\",\"data\":\"one\"},{\"type\":\"y\",\"data\":\"two\"}]");
    control = (struct sl_control){.who = SL_WHO_SECRET, .replaced = 77};
    return 0;
}

static struct sl_event *open_event(uint64_t sequence)
{
    struct sl_event *event;
    core_expect(sl_event_open(store, sl_span_of(share.id), sequence, &event, &err), SL_OK, &err);
    return event;
}

static enum sl_result control_of(uint64_t sequence)
{
    struct sl_event *event = open_event(sequence);
    enum sl_result result = sl_event_control(event, NULL, NULL, &control, &err);
    sl_event_close(event);
    return result;
}

static void remove_share(const char *reason)
{
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""),
                    sl_span_of(reason), &err),
        SL_OK, &err);
}

static void redact_key(const char *key)
{
    struct sl_redacted redacted;
    struct sl_redaction asked = {.share_id = sl_span_of(share.id),
        .key = sl_span_of(key),
        .who = SL_WHO_SECRET,
        .secret = sl_span_of(share.secret),
        .reason = SL_SPAN("a password")};
    core_expect(sl_redact(store, &asked, NULL, &redacted, &err), SL_OK, &err);
    assert_int_equal(redacted.items, 2);
}

static void of_a_client(void **state)
{
    (void)state;
    assert_int_equal(control_of(1), SL_INVALID);
    assert_string_equal(err.text, "a create says nothing of its own");
    assert_int_equal(control_of(2), SL_INVALID);
    assert_string_equal(err.text, "a sync says nothing of its own");
    assert_int_equal(control.replaced, 77); /* untouched */
}

static void removal_and_allowance(void **state)
{
    (void)state;
    remove_share("because");
    core_expect(control_of(3), SL_OK, &err);
    assert_int_equal(control.who, SL_WHO_OWNER);
    assert_string_equal(control.reason, "because");
    assert_int_equal(control.reason_bytes, 7);
    assert_int_equal(control.replaced, 0);
    core_expect(sl_session_allow(store, SL_SPAN("ses_0123456789abcdefghij"), &err), SL_OK, &err);
    core_expect(control_of(4), SL_OK, &err);
    assert_int_equal(control.who, SL_WHO_OWNER);
    assert_string_equal(control.reason, "");
    assert_int_equal(control.reason_bytes, 0);
}

struct replaced {
    size_t count, stop_at;
    uint64_t sequences[4];
};

static bool see_replaced(void *ctx, const struct sl_replaced *each)
{
    struct replaced *replaced = ctx;
    replaced->sequences[replaced->count++] = each->sequence;
    assert_int_equal(each->item, 0);
    assert_true(sl_span_eq(each->replacement, SL_SPAN("\"[redacted]\"")));
    return replaced->count != replaced->stop_at;
}

static void redaction(void **state)
{
    (void)state;
    struct replaced replaced = {0}, first = {.stop_at = 1};
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"three\"}]");
    redact_key("x");
    struct sl_event *event = open_event(4);
    core_expect(sl_event_control(event, see_replaced, &replaced, &control, &err), SL_OK, &err);
    assert_int_equal(control.who, SL_WHO_SECRET);
    assert_string_equal(control.reason, "a password");
    assert_int_equal(control.replaced, 2);
    assert_int_equal(replaced.count, 2);
    assert_int_equal(replaced.sequences[0], 2);
    assert_int_equal(replaced.sequences[1], 3);
    core_expect(sl_event_control(event, see_replaced, &first, &control, &err), SL_OK, &err);
    assert_int_equal(first.count, 1);
    assert_int_equal(control.replaced, 2);
    sl_event_close(event);
    /* a removal takes the redaction's body, which holds replacements, away with the rest */
    remove_share("");
    assert_int_equal(control_of(4), SL_REMOVED);
}

static void damaged(void **state)
{
    (void)state;
    struct buf body = {0};
    remove_share("because");
    settle();
    store_body_get(store, sl_span_of(share.id), 3, 0, &body);
    body.ptr[33] ^= 0x20; /* the first byte behind the nonce */
    store_body_put(store, sl_span_of(share.id), 3, 0, buf_span(&body));
    assert_int_equal(control_of(3), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 3: its body is unreadable"));
    assert_int_equal(control.replaced, 77);
    buf_fini(&body);
}

int main(void)
{
#define CONTROL_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {CONTROL_TEST(of_a_client),
        CONTROL_TEST(removal_and_allowance), CONTROL_TEST(redaction), CONTROL_TEST(damaged)};
    return cmocka_run_group_tests_name("event_control", tests, NULL, NULL);
}
