/* A sync: what it is answered, what it refuses with which result, leaving nothing; the secret
   however it is escaped; a rule that comes between holding a batch and appending it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/redact/rules.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static enum sl_result sync_body(const char *id, const char *text, struct sl_synced *synced)
{
    return sl_share_sync(store, sl_span_of(id), sl_span_of(text), core_now_us, synced, &err);
}

static void refused(const char *id, const char *text, enum sl_result expected)
{
    struct sl_synced synced = {.sequence = 77};
    struct sl_share_info info;
    core_expect(sync_body(id, text, &synced), expected, &err);
    assert_int_equal(synced.sequence, 77);
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, 1);
}

static void answers(void **state)
{
    (void)state;
    struct sl_credentials other = core_create(store, "ses_0123456789abcdefghik");
    struct sl_synced first = core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    core_sync(store, &other, "[]");
    struct sl_synced second = core_sync(store, &share, "[{\"type\":\"x\",\"data\":2}]");
    assert_int_equal(first.sequence, 2);
    assert_int_equal(second.sequence, 3);
    assert_int_equal(first.syncs, 1);
    assert_int_equal(second.syncs, 2);
    assert_int_equal(second.position, first.position + 2);
    core_assert_data(store, share.id, 0, "[{\"type\":\"x\",\"data\":2}]");
}

static void refusals(void **state)
{
    (void)state;
    char text[200], nowhere[] = "nowhere";
    snprintf(text, sizeof(text), "{\"secret\":\"%s\",\"data\":[{\"type\":\"x\"}]}", share.secret);
    refused(share.id, text, SL_INVALID);
    refused(share.id, "{\"secret\":\"wrong\",\"data\":[{\"type\":\"x\"}]}", SL_BAD_SECRET);
    refused(share.id, "{\"data\":[]}", SL_INVALID);
    refused(share.id, "not JSON", SL_INVALID);
    refused(nowhere, text, SL_NOT_FOUND);
    refused("no/id", text, SL_NOT_FOUND);
    char longest[7 * SL_SECRET_BYTES] = "{\"secret\":\"";
    memset(longest + 11, 'x', sizeof(longest) - 12);
    snprintf(text, sizeof(text), "\",\"data\":[]}");
    struct buf body = {0};
    buf_add_span(&body, sl_span_of(longest));
    buf_add_span(&body, sl_span_of(text));
    buf_add(&body, "", 1);
    refused(share.id, body.ptr, SL_BAD_SECRET);
    buf_fini(&body);
}

static void escaped_secret(void **state)
{
    (void)state;
    struct buf body = {0};
    struct sl_synced synced;
    buf_add_span(&body, SL_SPAN("{\"secret\":\""));
    for (const char *c = share.secret; *c; c++) {
        char escape[8];
        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)*c);
        buf_add(&body, escape, 6);
    }
    buf_add_span(&body, SL_SPAN("\",\"data\":[]}"));
    buf_add(&body, "", 1);
    core_expect(sync_body(share.id, body.ptr, &synced), SL_OK, &err);
    buf_fini(&body);
}

/* ---- a rule that comes meanwhile ---- */

static struct redact_rule rule;
static unsigned asked;

/* The clock is read by who commits, once the batch was admitted: the rule that comes then is too
   late for this batch, and in time for the next. */
static uint64_t clock_that_rules(void)
{
    bool added;
    if (asked++ == 1) rules_add(store->rules, SL_SPAN(""), &rule, &added, NULL);
    return core_now_us;
}

static void held_again(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    close_store();
    options.clock_us = clock_that_rules;
    open_store(&options);
    rules_make(store->rules, REDACT_RULE_TEXT, SL_SPAN("hunter2"), &rule);
    asked = 1;
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"hunter2\"}]");
    assert_true(asked > 1);
    core_assert_data(store, share.id, 0, "[{\"type\":\"x\",\"data\":\"hunter2\"}]");
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"hunter2 again\"}]");
    core_assert_data(store, share.id, 0, "[{\"type\":\"x\",\"data\":\"[redacted]\"}]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

/* The clock is put back while a batch comes: its event isn't from before it arrived, and those
   behind it aren't from before that one. */
static void clock_put_back(void **state)
{
    (void)state;
    struct sl_synced synced;
    struct sl_share_info info;
    char text[200];
    uint64_t arrived_us = core_now_us + 7200000000;
    snprintf(text, sizeof(text), "{\"secret\":\"%s\",\"data\":[]}", share.secret);
    core_expect(
        sl_share_sync(store, sl_span_of(share.id), sl_span_of(text), arrived_us, &synced, &err),
        SL_OK, &err);
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.updated_ms == arrived_us / 1000);
    core_sync(store, &share, "[]");
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.updated_ms == arrived_us / 1000);
    core_check_bundle(store, share.id, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers),
        TEST(refusals),
        TEST(escaped_secret),
        TEST(held_again),
        TEST(clock_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
