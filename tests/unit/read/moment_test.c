/* A share at a moment: found by sequence and by time, with the snapshot that a read begins with;
 * and no longer good once the share's content was taken away. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/moment.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials created;
static struct share *share;
static struct moment moment;

#define SECOND_US 1000000u

/* Events 1 to 3, a second apart from each other. */
static int make(void **state)
{
    make_store(state);
    created = core_create(store, "ses_0123456789abcdefghij");
    for (int i = 0; i < 2; i++) {
        core_now_us += SECOND_US;
        core_sync(store, &created, "[{\"type\":\"x\",\"data\":\"one\"}]");
    }
    core_expect(share_acquire(store->shares, sl_span_of(created.id), &share, &err), SL_OK, &err);
    moment_begin(&moment, store, share);
    return 0;
}

static int drop(void **state)
{
    moment_fini(&moment);
    share_release(share);
    return drop_store(state);
}

static void begin_again(void)
{
    moment_fini(&moment);
    moment_begin(&moment, store, share);
}

/* The moment that was asked for is that sequence's, and the newest or not. */
static void assert_found(struct sl_moment asked, uint64_t sequence, bool expected_newest)
{
    bool newest = !expected_newest;
    begin_again();
    core_expect(moment_find(&moment, asked, &newest, &err), SL_OK, &err);
    assert_int_equal(moment.at.sequence, sequence);
    assert_int_equal(moment.at.syncs, sequence - 1);
    assert_int_equal(moment.at.time_ms, (CORE_TIME_US + (sequence - 1) * SECOND_US) / 1000);
    assert_int_equal(newest, expected_newest);
}

static void assert_none(struct sl_moment asked, const char *text)
{
    bool newest = false;
    begin_again();
    assert_int_equal(moment_find(&moment, asked, &newest, &err), SL_NO_MOMENT);
    assert_string_equal(err.text, text);
    assert_int_equal(moment.at.sequence, 0); /* as it was */
}

static void by_sequence(void **state)
{
    (void)state;
    assert_found((struct sl_moment){SL_NOW, 0}, 3, true);
    assert_found((struct sl_moment){SL_AT_SEQUENCE, 1}, 1, false);
    assert_found((struct sl_moment){SL_AT_SEQUENCE, 2}, 2, false);
    assert_found((struct sl_moment){SL_AT_SEQUENCE, 3}, 3, true);
    assert_none((struct sl_moment){SL_AT_SEQUENCE, 0}, "no sequence 0: there are 1 to 3");
    assert_none((struct sl_moment){SL_AT_SEQUENCE, 4}, "no sequence 4: there are 1 to 3");
    begin_again();
    core_expect(moment_set(&moment, 2, &err), SL_OK, &err);
    assert_int_equal(moment.at.sequence, 2);
    begin_again();
    assert_int_equal(moment_set(&moment, 4, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 4 is missing"));
}

static void by_time(void **state)
{
    (void)state;
    uint64_t first = CORE_TIME_US / 1000;
    assert_found((struct sl_moment){SL_AT_TIME, first}, 1, false);
    assert_found((struct sl_moment){SL_AT_TIME, first + 999}, 1, false);
    assert_found((struct sl_moment){SL_AT_TIME, first + 1000}, 2, false);
    assert_found((struct sl_moment){SL_AT_TIME, first + 2000}, 3, true);
    assert_found((struct sl_moment){SL_AT_TIME, UINT64_MAX}, 3, true);
    assert_none((struct sl_moment){SL_AT_TIME, first - 1},
        "no event at or before that time: the first is at 1700000000000 "
        "(2023-11-14T22:13:20.000Z), the last at 1700000002000 (2023-11-14T22:13:22.000Z)");
}

static void base_at(uint64_t sequence)
{
    begin_again();
    core_expect(moment_set(&moment, sequence, &err), SL_OK, &err);
    assert_int_equal(moment.sought, BASE_UNSOUGHT);
    core_expect(moment_seek_base(&moment, &err), SL_OK, &err);
}

static void base(void **state)
{
    (void)state;
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"y\",\"data\":\""));
    for (size_t i = 0; i < SL_SNAPSHOT_MIN_BYTES; i++)
        buf_add(&items, "a", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &created, buf_span(&items), core_now_us);
    settle(); /* a snapshot of event 4 */
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":2}]");
    base_at(3);
    assert_int_equal(moment.sought, BASE_NONE);
    assert_false(moment_is_snapshot(&moment));
    assert_int_equal(moment_pending_bytes(&moment), moment.at.stored);
    base_at(4);
    assert_true(moment_is_snapshot(&moment));
    assert_int_equal(moment_pending_bytes(&moment), 0);
    base_at(5);
    assert_true(moment_has_base(&moment));
    assert_false(moment_is_snapshot(&moment));
    assert_int_equal(moment.base.sequence, 4);
    assert_in_range(moment_pending_bytes(&moment), 1, 1000);
    assert_false(moment_is_large(&moment));
    assert_int_equal(moment_row_missing(&moment, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "a row of the snapshot at 4 is missing"));
    buf_fini(&items);
}

static void taken_away(void **state)
{
    (void)state;
    bool newest;
    struct sl_redacted redacted;
    struct sl_redaction asked = {
        .share_id = sl_span_of(created.id), .key = SL_SPAN("x"), .who = SL_WHO_OWNER};
    core_expect(moment_still_there(&moment, &err), SL_OK, &err);
    core_expect(sl_redact(store, &asked, NULL, &redacted, &err), SL_OK, &err);
    assert_int_equal(moment_still_there(&moment, &err), SL_REDACTED);
    begin_again(); /* from here on the redaction is no news */
    core_expect(moment_still_there(&moment, &err), SL_OK, &err);
    core_expect(sl_share_remove(
                    store, sl_span_of(created.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    assert_int_equal(moment_still_there(&moment, &err), SL_REMOVED);
    begin_again();
    assert_int_equal(
        moment_find(&moment, (struct sl_moment){SL_NOW, 0}, &newest, &err), SL_REMOVED);
}

int main(void)
{
#define MOMENT_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop)
    const struct CMUnitTest tests[] = {
        MOMENT_TEST(by_sequence), MOMENT_TEST(by_time), MOMENT_TEST(base), MOMENT_TEST(taken_away)};
    return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
