/* The rows of the events' bodies: each is there, of its length, in its place, and no other. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "tests/support/row_fault.h"

#include <stdlib.h>

static struct sl_credentials share;
static struct sl_span id;

/* Event 2 has a small body, event 3 one of two rows, event 4 a small one. */
static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"small\"}]");
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    for (size_t i = 0; i < SL_BODY_ROW_BYTES / 4096 + 1; i++) {
        char letters[4096];
        memset(letters, 'a' + (int)(i % 26), sizeof(letters));
        buf_add(&items, letters, sizeof(letters));
    }
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us);
    buf_fini(&items);
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"small again\"}]");
    core_verify(store);
    return 0;
}

/* The same as a store of format 1 has them. */
static int make_share_of_format_1(void **state)
{
    make_share(state);
    store_bodies_to(store, id, KV_BODY);
    core_verify(store);
    return 0;
}

static void missing_in(enum kv_family family)
{
    fault_missing(family, row_body(id, 2, 0), "share %s: event 2: body row 0 is missing", share.id);
    fault_missing(family, row_body(id, 3, 1), "share %s: event 3: body row 1 is missing", share.id);
    fault_missing(family, row_body(id, 4, 0), "share %s: event 4: body row 0 is missing", share.id);
}

static void test_missing(void **state)
{
    (void)state;
    missing_in(KV_HOT);
}

static void test_missing_of_format_1(void **state)
{
    (void)state;
    missing_in(KV_BODY);
}

static void test_lengths_of_format_1(void **state)
{
    (void)state;
    struct buf row = {0};
    store_row_get(store, KV_BODY, row_body(id, 3, 0), &row);
    assert_int_equal(row.len, SL_BODY_ROW_BYTES);
    fault_value(KV_BODY, row_body(id, 3, 0), (struct sl_span){row.ptr, row.len - 1},
        "share %s: event 3: body row 0 ends too early", share.id);
    buf_add(&row, "x", 1);
    fault_value(KV_BODY, row_body(id, 3, 0), buf_span(&row),
        "share %s: event 3: body row 0 has a wrong length", share.id);
    fault_value(KV_BODY, row_body(id, 3, 1), SL_SPAN(""),
        "share %s: event 3: body row 1 has a wrong length", share.id);
    store_row_get(store, KV_BODY, row_body(id, 4, 0), &row);
    fault_value(KV_BODY, row_body(id, 4, 0), (struct sl_span){row.ptr, row.len - 1},
        "share %s: event 4: body row 0 ends too early", share.id);
    buf_add(&row, "x", 1);
    fault_value(KV_BODY, row_body(id, 4, 0), buf_span(&row),
        "share %s: event 4: its body is longer than its items", share.id);
    buf_fini(&row);
}

static void test_lengths(void **state)
{
    (void)state;
    struct buf raw = {0};
    store_body_get(store, id, 3, 0, &raw);
    assert_int_equal(raw.len, SL_BODY_ROW_BYTES);
    fault_body(id, 3, 0, (struct sl_span){raw.ptr, raw.len - 1},
        "share %s: event 3: body row 0 ends too early", share.id);
    store_body_get(store, id, 4, 0, &raw);
    fault_body(id, 4, 0, (struct sl_span){raw.ptr, raw.len - 1},
        "share %s: event 4: body row 0 ends too early", share.id);
    buf_add(&raw, "x", 1);
    fault_body(
        id, 4, 0, buf_span(&raw), "share %s: event 4: its body is longer than its items", share.id);
    buf_fini(&raw);
}

/* Rows that have no raw bytes, or none that can be told. */
static void test_unpacked(void **state)
{
    (void)state;
    struct buf row = {0};
    fault_value(KV_HOT, row_body(id, 4, 0), SL_SPAN(""),
        "share %s: event 4: body row 0 can't be unpacked", share.id);
    fault_value(KV_HOT, row_body(id, 4, 0), SL_SPAN("\0"),
        "share %s: event 4: body row 0 can't be unpacked", share.id);
    fault_byte(
        KV_HOT, row_body(id, 4, 0), 0, "share %s: event 4: body row 0 can't be unpacked", share.id);
    store_row_get(store, KV_HOT, row_body(id, 3, 0), &row);
    assert_int_equal(row.ptr[0], 1);
    assert_true(row.len < SL_BODY_ROW_BYTES / 10);
    fault_byte(KV_HOT, row_body(id, 3, 0), 4, "share %s: event 3: body row 0 can't be unpacked",
        share.id); /* its raw length */
    fault_value(KV_HOT, row_body(id, 3, 0), (struct sl_span){row.ptr, row.len - 1},
        "share %s: event 3: body row 0 can't be unpacked", share.id);
    buf_add(&row, "x", 1);
    fault_value(KV_HOT, row_body(id, 3, 0), buf_span(&row),
        "share %s: event 3: body row 0 can't be unpacked", share.id);
    buf_fini(&row);
}

static void test_bytes(void **state)
{
    (void)state;
    fault_body_byte(id, 2, 0, -1,
        "share %s: event 2: its items are not the ones that its header commits to", share.id);
    fault_body_byte(id, 2, 0, 1,
        "share %s: event 2: its items are not the ones that its header commits to", share.id);
    fault_body_byte(id, 3, 1, 7,
        "share %s: event 3: its items are not the ones that its header commits to", share.id);
    fault_body_byte(
        id, 2, 0, 0, "share %s: event 2: its body doesn't begin with a nonce", share.id);
}

static void too_many_in(enum kv_family family, struct sl_span value)
{
    fault_extra(family, row_body(id, 2, 1), value,
        "share %s: event 2: body row 1 should not be there", share.id);
    fault_extra(family, row_body(id, 3, 7), value,
        "share %s: event 4: a body row before it belongs to no event", share.id);
    fault_extra(family, row_body(id, 0, 0), value,
        "share %s: event 1: a body row before it belongs to no event", share.id);
    fault_extra(family, row_body(id, 900, 0), value,
        "share %s: event 900: a body row of it belongs to no event", share.id);
}

static void test_too_many(void **state)
{
    (void)state;
    too_many_in(KV_HOT, SL_SPAN("\0x"));
    too_many_in(KV_BODY, SL_SPAN("x"));
}

/* The same row in two families: even where both say the same. */
static void test_twice(void **state)
{
    (void)state;
    struct buf raw = {0};
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        store_body_get(store, id, sequence, 0, &raw);
        fault_extra(KV_BODY, row_body(id, sequence, 0), buf_span(&raw),
            "share %s: event %d: body row 0 is there twice", share.id, (int)sequence);
    }
    buf_fini(&raw);
}

/* Rows of either family side by side in one share. */
static void test_mixed(void **state)
{
    (void)state;
    struct buf raw = {0};
    store_body_get(store, id, 3, 1, &raw);
    store_body_put(store, id, 3, 1, buf_span(&raw));
    core_verify(store);
    core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"behind\"}]");
    core_verify(store);
    fault_missing(
        KV_BODY, row_body(id, 3, 0), "share %s: event 3: body row 0 is missing", share.id);
    fault_missing(KV_HOT, row_body(id, 3, 1), "share %s: event 3: body row 1 is missing", share.id);
    buf_fini(&raw);
}

/* A removed share's bodies go row by row: some of them gone is no fault until they are to be. */
static void test_half_erased(void **state)
{
    (void)state;
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    core_verify(store);
    store_row_delete(store, KV_HOT, row_body(id, 3, 0));
    core_verify(store);
    store_row_delete(store, KV_META, row_erase(id));
    fault_named("share %s: event 2: its content should have been erased", share.id);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
#define TEST_1(name) cmocka_unit_test_setup_teardown(name, make_share_of_format_1, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_missing),
        TEST(test_lengths),
        TEST(test_unpacked),
        TEST(test_bytes),
        TEST(test_too_many),
        TEST(test_twice),
        TEST(test_half_erased),
        TEST_1(test_missing_of_format_1),
        TEST_1(test_lengths_of_format_1),
        TEST_1(test_too_many),
        TEST_1(test_mixed),
    };
    return cmocka_run_group_tests_name("verify_body", tests, NULL, NULL);
}
