/* Counting shares: by one scan, kept from then on, right after a removal, a reopening, a rebuild
   and beside creates; the figures that a store tells of itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <pthread.h>
#include <stdio.h>

static void expect(uint64_t live, uint64_t removed)
{
    uint64_t l = 77, r = 77;
    core_expect(sl_store_shares(store, &l, &r, &err), SL_OK, &err);
    assert_int_equal(l, live);
    assert_int_equal(r, removed);
}

static struct sl_credentials create(unsigned i)
{
    char session[40];
    snprintf(session, sizeof(session), "ses_stats_%08u", i);
    return core_create(store, session);
}

static void remove_it(const struct sl_credentials *share)
{
    core_expect(
        sl_share_remove(store, sl_span_of(share->id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
}

static void kept_up_to_date(void **state)
{
    (void)state;
    struct sl_credentials shares[4];
    for (unsigned i = 0; i < 4; i++)
        shares[i] = create(i);
    expect(4, 0); /* scanned */
    create(4);
    remove_it(&shares[0]);
    remove_it(&shares[1]);
    remove_it(&shares[1]); /* once more counts for nothing */
    expect(3, 2);
    reopen();
    remove_it(&shares[2]);
    expect(2, 3);
    settle();
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    expect(2, 3);
}

static void *create_on(void *arg)
{
    for (unsigned i = 0; i < 60; i++)
        create((unsigned)(uintptr_t)arg * 1000 + i);
    return NULL;
}

static void *remove_on(void *arg)
{
    remove_it(arg);
    return NULL;
}

/* The only share is removed while it is counted: written, but not yet published, it must not be
   counted twice. */
static void beside_a_removal(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct sl_credentials share = create(5000 + i);
        pthread_t thread;
        reopen(); /* nothing is counted yet */
        pthread_create(&thread, NULL, remove_on, &share);
        uint64_t live = 1, removed;
        while (live > 0)
            core_expect(sl_store_shares(store, &live, &removed, &err), SL_OK, &err);
        pthread_join(thread, NULL);
        expect(0, i + 1);
    }
}

/* A count that shares come beside is not kept: the next one is right. */
static void beside_creates(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, create_on, (void *)(i + 1));
    for (int i = 0; i < 100; i++) {
        uint64_t live, removed;
        core_expect(sl_store_shares(store, &live, &removed, &err), SL_OK, &err);
        assert_true(live <= 180 && removed == 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    expect(180, 0);
}

static void figures(void **state)
{
    (void)state;
    struct sl_stats stats;
    struct sl_credentials share = create(1), other = create(2);
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    remove_it(&other);
    core_expect(sl_store_stats(store, &stats, &err), SL_OK, &err);
    assert_int_equal(stats.events, 4);
    assert_int_equal(stats.appended, 4);
    assert_true(stats.groups >= 4);
    assert_int_equal(stats.synced, 0); /* durable to the process alone */
    assert_int_equal(stats.shares_live, 1);
    assert_int_equal(stats.shares_removed, 1);
    assert_int_equal(stats.erasures_pending, 1);
    assert_true(stats.disk_bytes > 0 && stats.memory_bytes > 0);
    settle();
    core_expect(sl_store_stats(store, &stats, &err), SL_OK, &err);
    assert_int_equal(stats.erasures_pending, 0);
}

static void damaged_record(void **state)
{
    (void)state;
    uint64_t live = 77, removed = 77;
    struct sl_credentials share = create(1);
    store_row_put(store, KV_SHARE, row_share(sl_span_of(share.id)), SL_SPAN("damaged"));
    assert_int_equal(sl_store_shares(store, &live, &removed, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, share.id));
    assert_true(live == 77 && removed == 77);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kept_up_to_date),
        TEST(beside_a_removal),
        TEST(beside_creates),
        TEST(figures),
        TEST(damaged_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
