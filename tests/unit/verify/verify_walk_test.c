/* Verify's threads share out what shares there are, however their ids lie: each is checked once,
   and a row between any two of them is found. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>

/* Again and again, since who takes which share is a matter of chance. */
static void counts(uint64_t shares, uint64_t events)
{
    for (int i = 0; i < 30; i++) {
        struct sl_verified verified;
        core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
        assert_int_equal(verified.shares, shares);
        assert_int_equal(verified.events, events);
    }
}

/* Lengths differ by much, so that one thread is through long before another. */
static uint64_t add_share(const char *session, unsigned syncs)
{
    struct sl_credentials share = core_create(store, session);
    for (unsigned i = 0; i < syncs; i++)
        core_sync(
            store, &share, "[{\"type\":\"x\",\"data\":{\"id\":\"1\",\"text\":\"abcdefgh\"}}]");
    return 1 + syncs;
}

/* From none on, with ids that differ in the first byte, in the last, or by what stands before. */
static void test_few(void **state)
{
    (void)state;
    static const char *const sessions[] = {"ses_0000000012345678", "ses_0000000012345679",
        "ses_00000000----____", "ses_00000000zzzzzzzz", "test_00000000zzzzzzzz",
        "ses_000000001234567z", "test_000000001234567-"};
    uint64_t events = 0;
    counts(0, 0);
    for (unsigned i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
        events += add_share(sessions[i], i % 3 ? 1 : 40);
        counts(i + 1, events);
    }
}

static void test_many(void **state)
{
    (void)state;
    uint64_t events = 0, chance = core_seed("shares");
    char session[40];
    for (unsigned i = 0; i < 150; i++) {
        /* half of them close together */
        snprintf(session, sizeof(session), "ses_00000000%08llx",
            (unsigned long long)(i % 2 ? i : core_random(&chance) & 0xffffffff));
        events += add_share(session, i % 50 == 0 ? 100 : 2);
    }
    counts(150, events);
}

/* Rows of a share that there is not, between two that there are. */
static void test_between(void **state)
{
    (void)state;
    static const enum kv_family families[] = {KV_EVENT, KV_HOT, KV_BODY, KV_SNAPSHOT};
    char session[40];
    for (unsigned i = 0; i < 20; i++) {
        snprintf(session, sizeof(session), "ses_00000000%08u", i);
        add_share(session, 2);
    }
    for (unsigned i = 0; i <= 20; i++)
        for (size_t f = 0; f < 4; f++) {
            snprintf(session, sizeof(session), "%08u-", i - 1);
            if (i == 0) snprintf(session, sizeof(session), "-");
            struct row_key key = families[f] == KV_EVENT ? row_event(sl_span_of(session), 1)
                                                         : row_body(sl_span_of(session), 1, 0);
            struct sl_verified verified;
            struct kv_batch *batch = kv_batch_create();
            kv_put(store->kv, batch, families[f], row_span(&key), SL_SPAN("x"));
            core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
            assert_int_equal(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT);
            kv_batch_clear(batch);
            kv_delete(store->kv, batch, families[f], row_span(&key));
            core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
            kv_batch_destroy(batch);
        }
    core_verify(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_few, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_many, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_between, make_store, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
