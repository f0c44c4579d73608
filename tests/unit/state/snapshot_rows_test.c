/* The index of a snapshot's rows, damaged: told as such, whatever stands there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot_rows.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>

static void sync_part(const struct sl_credentials *share, unsigned id, size_t bytes, uint64_t seed)
{
    struct buf items = {0};
    char head[128];
    int n = snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\",\"text\":\"", id);
    buf_add(&items, head, (size_t)n);
    for (size_t i = 0; i < bytes; i++)
        buf_add(&items, &"abcdefghijklmnop"[core_random(&seed) & 15], 1);
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

static void put_row(struct row_key key, struct sl_span value)
{
    struct kv_batch *batch = kv_batch_create();
    kv_put(store->kv, batch, KV_SNAPSHOT, row_span(&key), value);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static enum sl_result gather_row(void *ctx, struct sl_span row, struct sl_err *why)
{
    (void)why;
    buf_add_span(ctx, row);
    return SL_OK;
}

/* Whatever stands in an index of rows, nothing but the state is ever told, and nothing is read that
 * isn't there. */
static void damaged_index(void **state)
{
    (void)state;
    uint64_t seed = core_seed("damaged index");
    struct sl_credentials share = core_create(store, "ses_damaged0");
    struct sl_span id = sl_span_of(share.id);
    struct snapshot_head last;
    struct buf before = {0}, after = {0}, index = {0};
    struct kv_pin pin;
    for (unsigned i = 0; i < 150; i++) /* no two rows are of one length */
        sync_part(&share, i % 70, 5000 + core_random(&seed) % 2000, i);
    settle();
    core_expect(snapshot_last(store->kv, id, UINT64_MAX, &last, &err), SL_OK, &err);
    core_data(store, share.id, last.sequence, &before);
    struct row_key key =
        row_snapshot(id, last.sequence, (uint32_t)(1 + last.table_rows + last.own_rows));
    core_expect(kv_get(store->kv, KV_SNAPSHOT, row_span(&key), &pin, &err), SL_OK, &err);
    buf_add_span(&index, pin.value);
    kv_release(&pin);
    unsigned told = 0, corrupt = 0;
    for (unsigned i = 0; i < 2000; i++) {
        size_t at = core_random(&seed) % index.len, len = index.len;
        char bits = (char)(1u << core_random(&seed) % 8);
        index.ptr[at] ^= bits;
        if (i % 10 == 0) len = core_random(&seed) % index.len;
        put_row(key, (struct sl_span){index.ptr, len});
        buf_clear(&after);
        enum sl_result result = core_try_data(store, share.id, last.sequence, &after, &err);
        assert_true(result == SL_OK || result == SL_CORRUPT);
        told += result == SL_OK;
        corrupt += result == SL_CORRUPT;
        if (result == SL_OK) core_assert_same(buf_span(&after), buf_span(&before), "what is told");
        index.ptr[at] ^= bits;
    }
    assert_true(told > 0 && corrupt > 0); /* a print is not looked at */
    put_row(key, buf_span(&index));
    core_verify(store);
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&index);
}

/* A row that an earlier snapshot has is right there; that it is not the one that is needed here is
 * the later one's fault. */
static void another_row(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_another0");
    struct sl_span id = sl_span_of(share.id);
    struct snapshot_head last;
    struct snapshot_rows rows = {0};
    struct sl_verified verified;
    struct buf index = {0};
    for (unsigned i = 0; i < 200; i++)
        sync_part(&share, 1000 + i, 6000, i);
    settle();
    core_expect(snapshot_last(store->kv, id, UINT64_MAX, &last, &err), SL_OK, &err);
    core_expect(snapshot_rows_load(store->kv, id, &last, &rows, &err), SL_OK, &err);
    assert_true(rows.count > 3 && rows.rows[1].sequence < last.sequence);
    rows.rows[1].sequence = rows.rows[0].sequence;
    rows.rows[1].chunk = rows.rows[0].chunk;
    core_expect(snapshot_rows_encode(&rows, gather_row, &index, &err), SL_OK, &err);
    put_row(row_snapshot(id, last.sequence, (uint32_t)(1 + last.table_rows + last.own_rows)),
        buf_span(&index));
    assert_int_equal(sl_store_verify(store, NULL, &verified, &err), SL_CORRUPT);
    char expected[64];
    snprintf(expected, sizeof(expected), "snapshot at %d: its index", (int)last.sequence);
    if (!strstr(err.text, expected)) fail_msg("%s", err.text);
    snapshot_rows_fini(&rows);
    buf_fini(&index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(damaged_index),
        TEST(another_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
