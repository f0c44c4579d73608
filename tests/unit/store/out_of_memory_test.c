/* A sync for which memory runs out is refused with SL_NOMEM, and the store goes on: also one of as
   many items as a batch may have. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_fixture.h"

#include <limits.h>
#include <stdio.h>

static struct sl_credentials share;

static void make_body(struct buf *body, size_t items)
{
    buf_clear(body);
    buf_add_span(body, SL_SPAN("{\"secret\":\""));
    buf_add_span(body, sl_span_of(share.secret));
    buf_add_span(body, SL_SPAN("\",\"data\":["));
    for (size_t i = 0; i < items; i++) {
        if (i) buf_add(body, ",", 1);
        buf_add_span(body, SL_SPAN("{\"type\":\"a\",\"data\":1}"));
    }
    buf_add_span(body, SL_SPAN("]}"));
    assert_false(body->failed);
}

/* Refuse what is allocated from the k-th on. */
static enum sl_result sync_without(unsigned long k, struct sl_span body, unsigned long *allocations)
{
    struct sl_synced synced;
    err = (struct sl_err){0};
    alloc_fail_from(k);
    enum sl_result result = sl_share_sync(store, sl_span_of(share.id), body, 77, &synced, &err);
    *allocations = alloc_never();
    return result;
}

/* Nothing of what was refused is there, and the next sync is taken. */
static void goes_on(uint64_t sequence)
{
    struct sl_share_info info;
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, sequence);
    struct sl_synced synced = core_sync(store, &share, "[{\"type\":\"model\",\"data\":1}]");
    assert_int_equal(synced.sequence, sequence + 1);
}

static void every_allocation(void **state)
{
    (void)state;
    struct buf body = {0};
    unsigned long k = 0, allocations;
    share = core_create(store, "ses_00000000000000memory1");
    make_body(&body, 2000);
    for (; sync_without(k, buf_span(&body), &allocations) != SL_OK; k++) {
        assert_int_equal(err.result, SL_NOMEM);
        assert_in_range(allocations, k + 1, k + 10); /* it gave up, and soon */
    }
    assert_true(k > 10); /* lists of items and names, grown; packed items; the body's rows */
    goes_on(2);
    buf_fini(&body);
}

/* The last ones asked for are the largest. */
static void a_million_items(void **state)
{
    (void)state;
    struct buf body = {0};
    unsigned long all, allocations;
    share = core_create(store, "ses_00000000000000memory2");
    make_body(&body, SL_BATCH_ITEMS);
    for (int i = 0; i < 2; i++) /* the first of a share makes what the second finds */
        core_expect(sync_without(ULONG_MAX - 1, buf_span(&body), &all), SL_OK, &err);
    for (unsigned long k = all - 3; k < all; k++) {
        assert_int_equal(sync_without(k, buf_span(&body), &allocations), SL_NOMEM);
        goes_on(3 + k - (all - 3));
    }
    buf_fini(&body);
    reopen();
    core_verify(store);
}

/* Opening says so too, whichever allocation it is; a store that does open keeps what it is given.
 */
static void opening(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    share = core_create(store, "ses_00000000000000memory3");
    unsigned long k = 0;
    for (bool opened = false; !opened; k++) {
        close_store();
        err = (struct sl_err){0};
        alloc_fail_from(k);
        enum sl_result result = sl_store_open(&options, NULL, &store, &err);
        alloc_never();
        if (result != SL_OK) core_expect(result, SL_NOMEM, &err);
        opened = result == SL_OK;
        if (!opened) store = NULL;
    }
    assert_true(k > 10);
    goes_on(1);
    reopen();
    goes_on(2);
    core_verify(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation, make_store, drop_store),
        cmocka_unit_test_setup_teardown(a_million_items, make_store, drop_store),
        cmocka_unit_test_setup_teardown(opening, make_store, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
