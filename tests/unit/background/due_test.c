/* Marks of what is due: put with the event that makes a snapshot due, dropped only after a flush
   that began behind the making, kept when an event comes again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/due.h"
#include "core/background/snapshot_make.h"
#include "core/kv/rows.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

static bool is_marked(void)
{
    struct row_key key = row_index(ROW_INDEX_DUE, sl_span_of(share.id));
    struct kv_pin pin;
    enum sl_result result = kv_get(store->kv, KV_INDEX, row_span(&key), &pin, NULL);
    kv_release(&pin);
    return result == SL_OK;
}

static void sync_bytes(size_t bytes)
{
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    for (size_t i = 0; i < bytes; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static bool due_now(void)
{
    struct share *held;
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    bool due = share_is_due(held);
    assert_int_equal(due, held->due);
    share_release(held);
    return due;
}

static void at_the_very_byte(void **state)
{
    (void)state;
    struct share *held;
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &held, &err), SL_OK, &err);
    sync_bytes(1000);
    size_t more = SL_SNAPSHOT_MIN_BYTES - (size_t)held->head.stored - 200;
    share_release(held);
    assert_false(due_now());
    sync_bytes(more - 3000);
    assert_false(due_now());
    assert_false(is_marked());
    sync_bytes(3300);
    assert_true(due_now());
    assert_true(is_marked());
}

/* begin … end … flush: the mark goes with the flush, not before. */
static void dropped_after_the_flush(void **state)
{
    (void)state;
    struct due *due = store->due;
    sync_bytes(2 * SL_SNAPSHOT_MIN_BYTES);
    due_begin(due, share.id);
    core_expect(make_due_snapshots(store, sl_span_of(share.id), &err), SL_OK, &err);
    assert_false(due_now());
    due_end(due, share.id);
    assert_true(is_marked());
    core_expect(due_flush(due, &err), SL_OK, &err);
    assert_false(is_marked());
    core_expect(due_flush(due, &err), SL_OK, &err); /* with nothing made */
}

static void kept_when_due_again(void **state)
{
    (void)state;
    struct due *due = store->due;
    sync_bytes(2 * SL_SNAPSHOT_MIN_BYTES);
    due_begin(due, share.id);
    core_expect(make_due_snapshots(store, sl_span_of(share.id), &err), SL_OK, &err);
    due_end(due, share.id);
    sync_bytes(4 * SL_SNAPSHOT_MIN_BYTES);
    assert_true(due_now());
    core_expect(due_flush(due, &err), SL_OK, &err);
    assert_true(is_marked());
    settle();
    assert_false(is_marked());
    core_verify(store);
}

static void stopping(void **state)
{
    (void)state;
    struct due due;
    due_init(&due, store);
    assert_false(due_stopping(&due));
    due_stop(&due);
    assert_true(due_stopping(&due));
    due_begin(&due, "a");
    due_end(&due, "a");
    due_end(&due, "b");
    due_fini(&due); /* frees what it remembers */
    sync_bytes(2 * SL_SNAPSHOT_MIN_BYTES);
    due_stop(store->due);
    core_expect(make_due_snapshots(store, sl_span_of(share.id), &err), SL_OK, &err);
    assert_true(is_marked()); /* cut short, for the next start */
    reopen();
    settle();
    assert_false(is_marked());
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(at_the_very_byte),
        TEST(dropped_after_the_flush),
        TEST(kept_when_due_again),
        TEST(stopping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
