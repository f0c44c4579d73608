/* What a stranger can send: ids that are none, batches of very many types, one very large batch. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "tests/support/core_fixture.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static void test_ids_that_are_none(void **state)
{
    (void)state;
    static const char body[] = "{\"secret\":\"x\",\"data\":[]}";
    char long_id[1000];
    memset(long_id, 'a', sizeof(long_id));
    const struct sl_span ids[] = {{"", 0}, {long_id, 65}, {long_id, 336}, {long_id, 337},
        {long_id, sizeof(long_id)}, SL_SPAN("\xffwhole"), SL_SPAN("a\0b"), SL_SPAN("../x")};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct sl_view *view;
        struct sl_event *event;
        struct sl_synced synced;
        struct sl_share_info info;
        assert_int_equal(sl_view_open(store, ids[i], core_at(0), &view, &err), SL_NOT_FOUND);
        assert_int_equal(sl_event_open(store, ids[i], 1, &event, &err), SL_NOT_FOUND);
        assert_int_equal(sl_share_info(store, ids[i], &info, &err), SL_NOT_FOUND);
        assert_int_equal(
            sl_share_sync(store, ids[i], SL_SPAN(body), CORE_TIME_US, &synced, &err), SL_NOT_FOUND);
        assert_int_equal(sl_share_remove(store, ids[i], SL_WHO_OWNER, (struct sl_span){0},
                             (struct sl_span){0}, &err),
            SL_NOT_FOUND);
    }
}

/* ---- types ---- */

#define TYPES 60000

struct counted {
    size_t types, items;
    bool sorted;
};

static bool count(void *ctx, const struct sl_event_info *info)
{
    struct counted *counted = ctx;
    if (info->kind != SL_SYNC) return true;
    counted->types = info->types_count;
    counted->sorted = true;
    for (size_t i = 0; i < info->types_count; i++) {
        counted->items += info->types[i].items;
        if (i > 0 && sl_span_cmp(info->types[i - 1].type, info->types[i].type) >= 0)
            counted->sorted = false;
    }
    return true;
}

static void test_many_types(void **state)
{
    (void)state;
    struct buf items = {0};
    for (size_t i = 0; i < 2 * TYPES; i++) {
        char item[64];
        int len = snprintf(
            item, sizeof(item), "%c{\"type\":\"t%zu\",\"data\":1}", i ? ',' : '[', i % TYPES);
        buf_add(&items, item, (size_t)len);
    }
    buf_add(&items, "]", 1);
    core_sync_at(store, &share, buf_span(&items), CORE_TIME_US);
    buf_fini(&items);
    struct counted counted = {0};
    uint64_t next;
    clock_t begin = clock();
    core_expect(
        sl_share_events(store, sl_span_of(share.id), 0, 10, false, count, &counted, &next, &err),
        SL_OK, &err);
    /* Their square took 8 s; sorted it is a fiftieth, on any machine and under a sanitizer too. */
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 2);
    assert_int_equal(counted.types, TYPES);
    assert_int_equal(counted.items, 2 * TYPES);
    assert_true(counted.sorted);
}

/* ---- sizes ---- */

static void test_large_model_ids(void **state)
{
    (void)state;
    struct buf items = {0};
    static const char head[] = "[{\"type\":\"model\",\"data\":[{\"id\":\"a\"},{\"id\":\"";
    for (int version = 0; version < 2; version++) {
        buf_clear(&items);
        buf_add(&items, head, sizeof(head) - 1);
        for (size_t i = 0; i < 2 * SL_MIB; i++)
            buf_add(&items, "/", 1);
        char tail[64];
        int len = snprintf(tail, sizeof(tail), "\",\"v\":%d},{\"id\":\"//\"}]}]", version);
        buf_add(&items, tail, (size_t)len);
        core_sync_at(store, &share, buf_span(&items), CORE_TIME_US);
    }
    buf_fini(&items);
    settle();
    struct sl_view *view;
    struct sl_metadata metadata;
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
    assert_int_equal(metadata.models, 3); /* the long one is one and the same */
    sl_view_close(view);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_SNAPSHOT, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    size_t rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter), rows++)
        assert_true(kv_iter_value(iter).len <= SL_SNAPSHOT_ROW_BYTES);
    kv_iter_destroy(iter);
    assert_true(rows > 3);
    core_verify(store);
}

/* What one large batch took is given back. */
static void test_large_batch_leaves_no_memory(void **state)
{
    (void)state;
    struct kv_batch *batch = kv_batch_create();
    struct buf value = {0};
    assert_true(buf_reserve(&value, 64 * SL_MIB));
    memset(value.ptr, 'x', value.len = 64 * SL_MIB);
    size_t before = (size_t)mallinfo2().hblkhd + (size_t)mallinfo2().uordblks;
    kv_put(store->kv, batch, KV_META, SL_SPAN("x"), buf_span(&value));
    kv_batch_clear(batch);
    size_t after = (size_t)mallinfo2().hblkhd + (size_t)mallinfo2().uordblks;
    assert_true(after < before + 8 * SL_MIB);
    assert_int_equal(kv_batch_count(batch), 0);
    kv_batch_destroy(batch);
    buf_fini(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ids_that_are_none, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_many_types, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_large_model_ids, make_share, drop_store),
        cmocka_unit_test_setup_teardown(test_large_batch_leaves_no_memory, make_share, drop_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
