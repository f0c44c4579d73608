/* The compactor's queue: tasks are taken up from the store's marks, done in the background or when
   asked to settle, kept when they fail and tried again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/compactor.h"
#include "core/kv/rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

static bool has_row(enum kv_family family, struct row_key key)
{
    struct kv_pin pin;
    enum sl_result result = kv_get(store->kv, family, row_span(&key), &pin, NULL);
    kv_release(&pin);
    return result == SL_OK;
}

static bool is_due(void)
{
    return has_row(KV_INDEX, row_index(ROW_INDEX_DUE, sl_span_of(share.id)));
}

static bool is_to_be_erased(void)
{
    return has_row(KV_META, row_erase(sl_span_of(share.id)));
}

/* A share of which a snapshot is due. */
static int make_due(void **state)
{
    struct buf items = {0};
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    for (size_t i = 0; i < 3 * SL_SNAPSHOT_MIN_BYTES; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
    return 0;
}

static uint64_t snapshot_of(void)
{
    struct share *held;
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    uint64_t sequence = held->snapshot_sequence;
    share_release(held);
    return sequence;
}

static void remove_it(void)
{
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
}

static void settles(void **state)
{
    (void)state;
    assert_true(is_due());
    assert_int_equal(snapshot_of(), 0);
    settle();
    assert_false(is_due());
    assert_int_equal(snapshot_of(), 2);
    remove_it();
    assert_true(is_to_be_erased());
    settle();
    assert_false(is_to_be_erased());
    settle(); /* with nothing to do */
    core_verify(store);
}

static void taken_up_from_marks(void **state)
{
    (void)state;
    reopen(); /* what was queued is gone, the mark isn't */
    assert_true(is_due());
    settle();
    assert_false(is_due());
    assert_int_equal(snapshot_of(), 2);
    remove_it();
    reopen();
    assert_true(is_to_be_erased());
    settle();
    assert_false(is_to_be_erased());
    core_verify(store);
}

static void tried_again(void **state)
{
    (void)state;
    settle();
    remove_it();
    kv_fault_after(0);
    assert_int_not_equal(sl_store_settle(store, &err), SL_OK);
    assert_non_null(strstr(err.text, "erase share "));
    assert_non_null(strstr(err.text, share.id));
    assert_true(is_to_be_erased());
    kv_fault_after(-1);
    reopen();
    settle();
    assert_false(is_to_be_erased());
    core_verify(store);
}

static void count_phase(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    assert_string_equal(phase, "compact");
    assert_true(done <= total);
    ++*(int *)ctx;
}

static void tells_progress(void **state)
{
    (void)state;
    int reports = 0;
    struct sl_progress progress = {count_phase, &reports};
    core_expect(compactor_settle(store->compactor, &progress, &err), SL_OK, &err);
    assert_true(reports > 0);
    compactor_erase(NULL, SL_SPAN("x")); /* without one the mark stays, and that is all */
}

/* Its thread does the same by itself. */
static void in_the_background(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.no_compactor = false;
    close_store();
    open_store(&options);
    settle(); /* waits for the thread */
    assert_false(is_due());
    assert_int_equal(snapshot_of(), 2);
    remove_it();
    settle();
    assert_false(is_to_be_erased());
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_due, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settles),
        TEST(taken_up_from_marks),
        TEST(tried_again),
        TEST(tells_progress),
        TEST(in_the_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
