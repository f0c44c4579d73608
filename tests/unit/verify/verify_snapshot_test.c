/* A share's snapshots: each row is what a fresh fold makes, at the place where one is due, and no
   row lies elsewhere. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "core/state/snapshot_rows.h"
#include "tests/support/row_fault.h"

#include <stdio.h>

static struct sl_credentials share;
static struct sl_span id;

/* An item whose data is longer than what makes a first snapshot due. */
static void sync_large(const char *key)
{
    struct buf items = {0};
    char head[80];
    int len = snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"%s\",\"messageID\":\"m\",\"v\":\"", key);
    buf_add(&items, head, (size_t)len);
    for (size_t i = 0; i < 100 * SL_KIB; i++)
        buf_add(&items, &(char){(char)('a' + (i * i + (size_t)key[0]) % 23)}, 1);
    buf_add_span(&items, SL_SPAN("\"}}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
}

/* One snapshot, at event 3. */
static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"title\":\"t\"}},{\"type\":\"model\","
        "\"data\":[{\"id\":\"m\",\"providerID\":\"p\"}]}]");
    sync_large("p1");
    settle();
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":1}]");
    core_verify(store);
    return 0;
}

static void head_of(uint64_t sequence, struct snapshot_head *head)
{
    core_expect(snapshot_last(store->kv, id, sequence, head, &err), SL_OK, &err);
    assert_int_equal(head->sequence, sequence);
}

static void test_whole(void **state)
{
    (void)state;
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_int_equal(verified.snapshots, 1);
}

static void test_missing(void **state)
{
    (void)state;
    struct snapshot_head head;
    head_of(3, &head);
    uint32_t last = (uint32_t)(head.table_rows + head.own_rows + 1);
    fault_missing(
        KV_SNAPSHOT, row_snapshot(id, 3, 0), "share %s: snapshot at 3: it is missing", share.id);
    fault_missing(
        KV_SNAPSHOT, row_snapshot(id, 3, 1), "share %s: snapshot at 3: row 1 is missing", share.id);
    fault_missing(
        KV_SNAPSHOT, row_snapshot(id, 3, 2), "share %s: snapshot at 3: row 2 is missing", share.id);
    fault_missing(KV_SNAPSHOT, row_snapshot(id, 3, last),
        "share %s: snapshot at 3: a row of its index is missing", share.id);
}

static void test_altered(void **state)
{
    (void)state;
    struct snapshot_head head;
    head_of(3, &head);
    assert_int_equal(head.table_rows, 1);
    fault_byte(KV_SNAPSHOT, row_snapshot(id, 3, 1), -1,
        "share %s: snapshot at 3: row 1 differs from a fresh fold", share.id);
    fault_byte(KV_SNAPSHOT, row_snapshot(id, 3, 2), 0,
        "share %s: snapshot at 3: row 2 differs from a fresh fold", share.id);
    uint32_t stream_last = (uint32_t)(1 + head.own_rows);
    fault_byte(KV_SNAPSHOT, row_snapshot(id, 3, stream_last), -9,
        "share %s: snapshot at 3: row %u differs from a fresh fold", share.id, stream_last);
    fault_byte(KV_SNAPSHOT, row_snapshot(id, 3, stream_last + 1), -1,
        "share %s: snapshot at 3: row %u differs from a fresh fold", share.id, stream_last + 1);
}

/* Heads that decode, and say something else than the fold does. */
static void test_head(void **state)
{
    (void)state;
    struct snapshot_head right;
    struct buf bytes = {0};
    head_of(3, &right);
    for (int i = 0; i < 5; i++) {
        struct snapshot_head head = right;
        uint64_t *const fields[] = {
            &head.stored, &head.size, &head.parts, &head.data_bytes, &head.session_offset};
        ++*fields[i];
        buf_clear(&bytes);
        snapshot_head_encode(&head, &bytes);
        fault_value(KV_SNAPSHOT, row_snapshot(id, 3, 0), buf_span(&bytes),
            "share %s: snapshot at 3: ", share.id);
    }
    buf_fini(&bytes);
}

static void test_not_due(void **state)
{
    (void)state;
    struct buf head = {0};
    store_row_get(store, KV_SNAPSHOT, row_snapshot(id, 3, 0), &head);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 2, 0), buf_span(&head),
        "share %s: snapshot at 2: it should not be there", share.id);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 2, 1), SL_SPAN("x"),
        "share %s: snapshot at 2: a row of it belongs to nothing", share.id);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 3, 900), SL_SPAN("x"),
        "share %s: snapshot at 3: it has a row too many", share.id);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 900, 7), SL_SPAN("x"),
        "share %s: snapshot at 900: a row of it belongs to nothing", share.id);
    buf_fini(&head);
}

/* Where one is marked as due, it and what was cut short of it are no fault. */
static void test_due(void **state)
{
    (void)state;
    sync_large("p2");
    sync_large("p3");
    core_verify(store);
    store_row_put(store, KV_SNAPSHOT, row_snapshot(id, 5, 1), SL_SPAN("cut short"));
    core_verify(store);
    store_row_delete(store, KV_INDEX, row_index(ROW_INDEX_DUE, id));
    fault_named("share %s: snapshot at 5: it is missing", share.id);
}

static enum sl_result keep_row(void *ctx, struct sl_span row, struct sl_err *why)
{
    (void)why;
    buf_add_span(ctx, row);
    return SL_OK;
}

/* The second's index names rows of the first: one that is there, and is another than it needs; one
   that is not there. */
static void test_row_of_an_earlier_one(void **state)
{
    (void)state;
    struct snapshot_head head;
    struct snapshot_rows rows = {0};
    struct buf index = {0};
    sync_large("p2");
    settle();
    core_verify(store);
    head_of(5, &head);
    core_expect(snapshot_rows_load(store->kv, id, &head, &rows, &err), SL_OK, &err);
    size_t earlier = 0;
    while (earlier < rows.count && rows.rows[earlier].sequence != 3)
        earlier++;
    assert_true(earlier < rows.count);
    struct row_key key = row_snapshot(id, 5, (uint32_t)(1 + head.table_rows + head.own_rows));
    rows.rows[earlier].chunk = 1;
    core_expect(snapshot_rows_encode(&rows, keep_row, &index, &err), SL_OK, &err);
    fault_value(KV_SNAPSHOT, key, buf_span(&index),
        "share %s: snapshot at 5: its index names another row of an earlier one than it needs",
        share.id);
    buf_clear(&index);
    rows.rows[earlier].chunk = 900;
    core_expect(snapshot_rows_encode(&rows, keep_row, &index, &err), SL_OK, &err);
    fault_value(KV_SNAPSHOT, key, buf_span(&index),
        "share %s: snapshot at 5: a row of an earlier one that it needs is missing", share.id);
    buf_clear(&index);
    rows.rows[earlier].sequence = 7;
    core_expect(snapshot_rows_encode(&rows, keep_row, &index, &err), SL_OK, &err);
    fault_value(KV_SNAPSHOT, key, buf_span(&index),
        "share %s: snapshot at 5: its index of rows is unreadable", share.id);
    buf_fini(&index);
    snapshot_rows_fini(&rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_whole),
        TEST(test_missing),
        TEST(test_altered),
        TEST(test_head),
        TEST(test_not_due),
        TEST(test_due),
        TEST(test_row_of_an_earlier_one),
    };
    return cmocka_run_group_tests_name("verify_snapshot", tests, NULL, NULL);
}
