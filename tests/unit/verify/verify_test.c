/* sl_store_verify as a whole: what it counts, the root, the indexes' counts, events and headers in
   equal number, the phases it reports, and that a fault leaves the caller's counts alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/event/maker.h"
#include "core/kv/rows.h"
#include "tests/support/row_fault.h"

#include <stdio.h>

static struct sl_credentials live, removed;
static const struct sl_span session = {"ses_0123456789abcdefghij", 24};

static int make_shares(void **state)
{
    make_store(state);
    live = core_create(store, session.ptr);
    removed = core_create(store, "ses_0123456789abcdefghik");
    core_sync(store, &live, "[{\"type\":\"x\",\"data\":12345},{\"type\":\"y\",\"data\":1}]");
    core_expect(sl_share_remove(
                    store, sl_span_of(removed.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    core_verify(store);
    return 0;
}

static void report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    (void)done, (void)total;
    struct buf *phases = ctx;
    if (!memmem(phases->ptr, phases->len, phase, strlen(phase))) {
        buf_add_span(phases, sl_span_of(phase));
        buf_add(phases, " ", 1);
    }
}

/* Two creations, a sync, a removal. */
static void test_counts(void **state)
{
    (void)state;
    struct buf phases = {0};
    struct sl_progress progress = {report, &phases};
    struct sl_verified verified;
    struct sl_checkpoint checkpoint;
    buf_add(&phases, " ", 1);
    core_expect(sl_store_verify(store, &progress, &verified, &err), SL_OK, &err);
    assert_int_equal(verified.shares, 2);
    assert_int_equal(verified.removed, 1);
    assert_int_equal(verified.events, 4);
    assert_int_equal(verified.items, 5);
    assert_int_equal(verified.snapshots, 0);
    assert_true(verified.bytes > 6);
    core_expect(sl_log_checkpoint(store, 4, &checkpoint, &err), SL_OK, &err);
    assert_memory_equal(verified.root, checkpoint.root, 32);
    assert_non_null(memmem(phases.ptr, phases.len, " verified ", 10));
    buf_fini(&phases);
}

/* Entries that no share leads to, of each list. */
static void test_index_counts(void **state)
{
    (void)state;
    uint8_t ref[32] = {1};
    fault_extra(KV_SHARE, row_share(SL_SPAN("nobody")), SL_SPAN("x"),
        "the shares' records: 3 entries where there should be 2");
    fault_extra(KV_BY_SESSION, row_by_session(session, maker_nobody, 7), SL_SPAN("nobody"),
        "the list by session: 2 entries where there should be 1");
    fault_extra(KV_INDEX, row_newest(7), SL_SPAN("nobody"),
        "the list of live shares: 2 entries where there should be 1");
    fault_extra(KV_INDEX, row_ref(ref), SL_SPAN("nobody"),
        "the index by reference: 3 entries where there should be 2");
    fault_extra(KV_INDEX, row_held(SL_SPAN("ses_of_somebody"), maker_nobody, sl_span_of(live.id)),
        SL_SPAN(""), "the list of held sessions: 2 entries where there should be 1");
}

/* A header at the log's end that no share has an event for. */
static void test_headers_and_events(void **state)
{
    (void)state;
    struct buf header = {0};
    store_row_get(store, KV_LOG, row_log(2), &header);
    fault_extra(
        KV_LOG, row_log(4), buf_span(&header), "log: 5 headers, but the shares have 4 events");
    buf_fini(&header);
}

static void test_fault_leaves_the_counts(void **state)
{
    (void)state;
    struct sl_verified verified = {.shares = 77, .events = 78};
    store_row_delete(store, KV_HOT, row_body(sl_span_of(live.id), 2, 0));
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT, &err);
    assert_int_equal(verified.shares, 77);
    assert_int_equal(verified.events, 78);
    core_expect(sl_store_verify(store, NULL, &verified, NULL), SL_CORRUPT, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_shares, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_index_counts),
        TEST(test_headers_and_events),
        TEST(test_fault_leaves_the_counts),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
