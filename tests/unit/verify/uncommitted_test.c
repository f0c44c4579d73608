/* What verify must find although no header commits to it: counts that run through a share, content
 * that a removed share still has, holds that no removal tells of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    for (int i = 0; i < 3; i++)
        core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"content\"}}]");
    return 0;
}

static void put(enum kv_family family, struct row_key key, const struct sl_span *value)
{
    struct kv_batch *batch = kv_batch_create();
    if (value)
        kv_put(store->kv, batch, family, row_span(&key), *value);
    else
        kv_delete(store->kv, batch, family, row_span(&key));
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    shares_clear(store->shares);
}

static bool fault_found(void)
{
    struct sl_verified verified;
    return sl_store_verify(store, NULL, &verified, &err) == SL_CORRUPT;
}

/* Each bit of each event's row. */
static void test_event_rows(void **state)
{
    (void)state;
    core_verify(store);
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        struct row_key key = row_event(sl_span_of(share.id), sequence);
        struct kv_pin pin;
        struct buf bytes = {0};
        core_expect(kv_get(store->kv, KV_EVENT, row_span(&key), &pin, &err), SL_OK, &err);
        buf_add_span(&bytes, pin.value);
        kv_release(&pin);
        struct sl_span value = buf_span(&bytes);
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
            put(KV_EVENT, key, &value);
            if (!fault_found())
                fail_msg("event %d: bit %zu of byte %zu", (int)sequence, bit % 8, bit / 8);
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        }
        put(KV_EVENT, key, &value);
        buf_fini(&bytes);
    }
    core_verify(store);
}

static void leftover(enum kv_family family, struct row_key key)
{
    core_verify(store);
    put(family, key, &(struct sl_span){"x", 1});
    assert_true(fault_found());
    put(family, key, NULL);
    core_verify(store);
}

static void test_leftovers(void **state)
{
    (void)state;
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, (struct sl_span){0},
                    SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    struct sl_span id = sl_span_of(share.id);
    leftover(KV_BODY, row_body(id, 2, 0));
    leftover(KV_BODY, row_body(id, 4, 1));
    leftover(KV_SNAPSHOT, row_snapshot(id, 3, 0));
    leftover(KV_SNAPSHOT, row_snapshot(id, 2, 7));
}

static void test_holds(void **state)
{
    (void)state;
    struct sl_span nothing = {"", 0};
    struct row_key key = row_held(SL_SPAN("ses_of_somebody"), sl_span_of(share.id));
    core_verify(store);
    put(KV_INDEX, key, &nothing);
    assert_true(fault_found());
    put(KV_INDEX, key, NULL);
    core_expect(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, (struct sl_span){0},
                    SL_SPAN(""), &err),
        SL_OK, &err);
    core_verify(store);
    put(KV_INDEX, key, &nothing);
    assert_true(fault_found());
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

/* A head that says of itself to have more than there can be: it is the head that is damaged, and
 * nobody looks for so much memory. */
static void test_head_of_too_many(void **state)
{
    (void)state;
    struct buf items = {0}, bytes = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    for (size_t i = 0; i < 100 * SL_KIB; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), CORE_TIME_US);
    buf_fini(&items);
    settle();
    struct snapshot_head right;
    struct sl_span id = sl_span_of(share.id);
    core_expect(snapshot_last(store->kv, id, 5, &right, &err), SL_OK, &err);
    void (*const damages[])(struct snapshot_head *) = {
        more_items, far_more_items, far_more_models, more_rows};
    for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
        struct snapshot_head head = right;
        damages[i](&head);
        buf_clear(&bytes);
        snapshot_head_encode(&head, &bytes);
        struct sl_span value = buf_span(&bytes);
        put(KV_SNAPSHOT, row_snapshot(id, head.sequence, 0), &value);
        struct sl_view *view;
        struct sl_view_item item;
        core_expect(sl_view_open(store, id, core_at(0), &view, &err), SL_OK, &err);
        assert_int_equal(sl_view_item(view, SL_BY_KEY, 0, &item, &err), SL_CORRUPT);
        if (!strstr(err.text, "its head is unreadable")) fail_msg("%s", err.text);
        sl_view_close(view);
        assert_true(fault_found());
    }
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_event_rows, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_leftovers, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_holds, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_head_of_too_many, make_share, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
