/* A snapshot's head and table: there and back, the last one before a sequence, rows that are gone,
   heads that count more than there can be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

static struct sl_credentials share;
static struct sl_span id;

/* Items at event 2, and at event 3 enough bytes for a snapshot. */
static int make_share(void **state)
{
    struct buf items = {0};
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"title\":\"content\"}},"
        "{\"type\":\"model\",\"data\":[{\"id\":\"m\",\"providerID\":\"p\"}]}]");
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    for (size_t i = 0; i < 100 * SL_KIB; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), CORE_TIME_US);
    buf_fini(&items);
    settle();
    core_verify(store);
    return 0;
}

static void test_head(void **state)
{
    (void)state;
    struct snapshot_head head = {.sequence = 3,
        .stored = 1000,
        .size = 900,
        .table_rows = 1,
        .own_rows = 2,
        .data_bytes = 700,
        .stream_bytes = 800,
        .items = 4,
        .messages = 1,
        .parts = 2,
        .models = 3,
        .diffs = 1,
        .session_offset = 30,
        .session_length = 40};
    struct snapshot_head again = {0};
    struct buf bytes = {0};
    snapshot_head_encode(&head, &bytes);
    assert_true(snapshot_head_decode(buf_span(&bytes), &again));
    assert_memory_equal(&again, &head, sizeof(head));
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(snapshot_head_decode((struct sl_span){bytes.ptr, len}, &again));
    buf_add(&bytes, "x", 1);
    assert_false(snapshot_head_decode(buf_span(&bytes), &again));
    buf_fini(&bytes);
}

static void test_last(void **state)
{
    (void)state;
    struct snapshot_head head;
    struct sl_err untouched = {0};
    assert_int_equal(snapshot_last(store->kv, id, 2, &head, &untouched), SL_NOT_FOUND);
    assert_int_equal(
        snapshot_last(store->kv, SL_SPAN("nobody"), 9, &head, &untouched), SL_NOT_FOUND);
    assert_int_equal(untouched.result, SL_OK);
    core_expect(snapshot_last(store->kv, id, 3, &head, &err), SL_OK, &err);
    assert_int_equal(head.sequence, 3);
    core_expect(snapshot_last(store->kv, id, 900, &head, &err), SL_OK, &err);
    assert_int_equal(head.sequence, 3);
    /* rows of one without a head are not one */
    store_row_put(store, KV_SNAPSHOT, row_snapshot(id, 5, 1), SL_SPAN("cut short"));
    core_expect(snapshot_last(store->kv, id, 900, &head, &err), SL_OK, &err);
    assert_int_equal(head.sequence, 3);
}

/* Another snapshot's head, one of another version, one cut short: refused by its name. */
static void test_damaged_head(void **state)
{
    (void)state;
    struct buf right = {0}, bytes = {0};
    struct snapshot_head head;
    struct row_key key = row_snapshot(id, 3, 0);
    store_row_get(store, KV_SNAPSHOT, key, &right);
    for (int damage = 0; damage < 3; damage++) {
        buf_clear(&bytes);
        buf_add_span(&bytes, buf_span(&right));
        if (damage == 0) bytes.ptr[2]++; /* its sequence */
        if (damage == 1) bytes.ptr[1]++; /* its version */
        if (damage == 2) bytes.len--;
        store_row_put(store, KV_SNAPSHOT, key, buf_span(&bytes));
        assert_int_equal(snapshot_last(store->kv, id, 9, &head, &err), SL_CORRUPT);
        assert_non_null(strstr(
            err.text, "snapshot at 3: its head is unreadable; `sharelog rebuild` makes it again"));
    }
    buf_fini(&right);
    buf_fini(&bytes);
}

static void test_restore(void **state)
{
    (void)state;
    struct snapshot_head head;
    struct fold fold;
    struct sl_err why = {0};
    core_expect(snapshot_last(store->kv, id, 3, &head, &err), SL_OK, &err);
    fold_init(&fold);
    core_expect(snapshot_restore(store->kv, id, &head, 2, &fold, &err), SL_OK, &err);
    assert_int_equal(fold.count, head.items + head.models + head.diffs);
    assert_int_equal(fold.models, 1);
    assert_non_null(fold_find(&fold, FOLD_ITEM, SL_SPAN("session")));
    fold_fini(&fold);
    store_row_delete(store, KV_SNAPSHOT, row_snapshot(id, 3, 1));
    fold_init(&fold);
    assert_int_equal(snapshot_restore(store->kv, id, &head, 2, &fold, &why), SL_NOT_FOUND);
    fold_fini(&fold);
    store_row_put(store, KV_SNAPSHOT, row_snapshot(id, 3, 1), SL_SPAN("x"));
    fold_init(&fold);
    assert_int_equal(snapshot_restore(store->kv, id, &head, 2, &fold, &why), SL_CORRUPT);
    assert_non_null(strstr(why.text, "snapshot at 3"));
    fold_fini(&fold);
}

static void more_items(struct snapshot_head *head)
{
    head->items |= (uint64_t)1 << 40;
}

static void far_more_items(struct snapshot_head *head)
{
    head->items |= (uint64_t)1 << 63;
}

static void far_more_models(struct snapshot_head *head)
{
    head->models = UINT64_MAX - head->items;
}

static void more_rows(struct snapshot_head *head)
{
    head->table_rows += 1000;
    head->items = 1000000;
}

/* A head that counts more than there can be is unreadable, and nobody looks for so much memory. */
static void test_head_of_too_many(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct snapshot_head right;
    core_expect(snapshot_last(store->kv, id, 3, &right, &err), SL_OK, &err);
    void (*const damages[])(struct snapshot_head *) = {
        more_items, far_more_items, far_more_models, more_rows};
    for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
        struct snapshot_head head = right;
        damages[i](&head);
        buf_clear(&bytes);
        snapshot_head_encode(&head, &bytes);
        store_row_put(store, KV_SNAPSHOT, row_snapshot(id, head.sequence, 0), buf_span(&bytes));
        struct sl_view *view;
        struct sl_view_item item;
        core_expect(sl_view_open(store, id, core_at(0), &view, &err), SL_OK, &err);
        assert_int_equal(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_CORRUPT);
        if (!strstr(err.text, "its head is unreadable")) fail_msg("%s", err.text);
        sl_view_close(view);
    }
    buf_fini(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        TEST(test_last),
        TEST(test_damaged_head),
        TEST(test_restore),
        TEST(test_head_of_too_many),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
