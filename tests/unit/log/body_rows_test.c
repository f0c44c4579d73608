/* The wall of bodies: raw rows come out the same whichever family has them, in order, and are
   unpacked once where many items lie in one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/event/hot_row.h"
#include "core/log/body_rows.h"
#include "core/log/store.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <stdio.h>

#define EVENTS 9

static struct sl_credentials one, other;
static struct sl_span id;

static void sync_long(const struct sl_credentials *to, size_t bytes)
{
    struct buf items = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    while (items.len < bytes)
        buf_add(&items, "all the same ", 13);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, to, buf_span(&items), core_now_us);
    buf_fini(&items);
}

/* Two shares, of small bodies, packed ones, and one of two rows (event 5). */
static int make_bodies(void **state)
{
    make_store(state);
    one = core_create(store, "ses_0123456789abcdefghij");
    other = core_create(store, "ses_0123456789abcdefghik");
    id = sl_span_of(one.id);
    for (int i = 2; i <= EVENTS; i++) {
        sync_long(&one, i == 5 ? SL_BODY_ROW_BYTES + 10 : i % 2 ? 50 : 3000);
        sync_long(&other, 100);
    }
    return 0;
}

static struct row_key key_of(uint64_t sequence, uint32_t chunk)
{
    return row_body(id, sequence, chunk);
}

/* ---- one row ---- */

static void assert_row(uint64_t sequence, uint32_t chunk, struct sl_span raw)
{
    struct body_row row;
    for (int once = 0; once <= 1; once++) {
        core_expect(
            body_row_get(store->bodies, id, sequence, chunk, once, &row, &err), SL_OK, &err);
        core_assert_same(row.bytes, raw, "a row");
        body_row_release(&row);
        assert_null(row.bytes.ptr);
    }
}

static void rows(void **state)
{
    (void)state;
    struct buf raw = {0};
    struct body_row row = {.bytes = SL_SPAN("left")};
    store_body_get(store, id, 5, 0, &raw);
    assert_int_equal(raw.len, SL_BODY_ROW_BYTES);
    store_body_get(store, id, 4, 0, &raw);
    assert_true(raw.len > 3000);
    assert_int_equal(raw.ptr[0], BODY_FORM_WHOLE);
    assert_row(4, 0, buf_span(&raw));
    store_bodies_to(store, id, KV_BODY);
    assert_row(4, 0, buf_span(&raw));
    store_body_put(store, id, 4, 0, buf_span(&raw));
    assert_row(4, 0, buf_span(&raw));
    err = (struct sl_err){0};
    assert_int_equal(
        body_row_get(store->bodies, id, EVENTS + 1, 0, false, &row, &err), SL_NOT_FOUND);
    assert_int_equal(err.result, SL_OK);
    assert_null(row.bytes.ptr);
    body_row_release(&row); /* nothing */
    buf_fini(&raw);
}

static void unreadable(void **state)
{
    (void)state;
    struct buf value = {0}, out = {0};
    struct body_row row;
    char says[200];
    store_row_get(store, KV_HOT, key_of(4, 0), &value);
    assert_int_equal(value.ptr[0], HOT_ROW_PACKED);
    store_row_put(store, KV_HOT, key_of(4, 0), (struct sl_span){value.ptr, value.len - 1});
    snprintf(says, sizeof(says), "share %s: event 4: body row 0 can't be unpacked", one.id);
    assert_int_equal(body_row_get(store->bodies, id, 4, 0, false, &row, &err), SL_CORRUPT);
    assert_string_equal(err.text, says);
    assert_null(row.bytes.ptr);
    assert_int_equal(bodies_read(store->bodies, id, 4, 0, 1, &out, &err), SL_CORRUPT);
    value.ptr[1] = 0x7f; /* two gigabytes: no room is asked for */
    store_row_put(store, KV_HOT, key_of(4, 0), buf_span(&value));
    alloc_fail_from(0);
    enum sl_result result = body_row_get(store->bodies, id, 4, 0, false, &row, &err);
    assert_int_equal(alloc_never(), 0);
    assert_int_equal(result, SL_CORRUPT);
    assert_string_equal(err.text, says);
    buf_fini(&value);
    buf_fini(&out);
}

static void no_memory(void **state)
{
    (void)state;
    struct body_row row;
    struct buf out = {0};
    alloc_fail_from(0);
    enum sl_result result = body_row_get(store->bodies, id, 4, 0, false, &row, &err);
    assert_int_equal(alloc_never(), 1);
    assert_int_equal(result, SL_NOMEM);
    assert_null(row.bytes.ptr);
    alloc_fail_from(1); /* the row is there, and what it is read into isn't */
    result = bodies_read(store->bodies, id, 4, 0, 100, &out, &err);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
    buf_fini(&out);
}

/* ---- one body ---- */

/* However many pieces of a row are asked for, it is unpacked once. */
static void unpacked_once(void **state)
{
    (void)state;
    struct body_cursor cursor = body_cursor_of(store->bodies, id, 5);
    struct sl_span piece;
    alloc_fail_from(1);
    for (uint64_t at = 0; at < SL_BODY_ROW_BYTES + 10; at += at < 100 ? 1 : 4000) {
        core_expect(body_cursor_piece(&cursor, at, &piece, &err), SL_OK, &err);
        assert_true(piece.len > 0);
    }
    assert_int_equal(alloc_never(), 1); /* its second row is too small to be packed */
    assert_int_equal(
        body_cursor_piece(&cursor, SL_BODY_ROW_BYTES + 1000, &piece, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 5: its body is too short"));
    assert_int_equal(body_cursor_piece(&cursor, 2 * SL_BODY_ROW_BYTES, &piece, &err), SL_NOT_FOUND);
    core_expect(body_cursor_piece(&cursor, 0, &piece, &err), SL_OK, &err); /* as good as before */
    assert_int_equal(piece.len, SL_BODY_ROW_BYTES);
    body_cursor_fini(&cursor);
}

/* An event's items are read one by one, from the row that opening it has unpacked. */
static void items_of_one_row(void **state)
{
    (void)state;
    struct buf items = {0}, out = {0};
    struct sl_event *event;
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":0}"));
    for (int i = 0; i < 500; i++)
        buf_add_span(&items, SL_SPAN(",{\"type\":\"x\",\"data\":1234567}"));
    buf_add_span(&items, SL_SPAN("]"));
    struct sl_synced synced = core_sync_at(store, &one, buf_span(&items), core_now_us);
    core_expect(sl_event_open(store, id, synced.sequence, &event, &err), SL_OK, &err);
    assert_true(buf_reserve(&out, 8000));
    alloc_fail_from(0);
    for (size_t i = 0; i <= 500; i++)
        core_expect(sl_event_item_data(event, i, buf_sink(&out), &err), SL_OK, &err);
    assert_int_equal(alloc_never(), 0);
    assert_int_equal(out.len, 1 + 500 * 7);
    sl_event_close(event);
    buf_fini(&items);
    buf_fini(&out);
}

/* ---- rows in order ---- */

/* Each raw row of the share from a key on, as one text. */
static void gather(const struct row_key *seek, struct buf *out)
{
    struct row_key from = row_share_from(id), to = row_share_to(id);
    struct body_iter iter;
    buf_clear(out);
    body_iter_init(&iter, store->bodies, row_span(&from), row_span(&to), KV_SCAN);
    assert_true(body_iter_is_there(&iter));
    assert_false(body_iter_valid(&iter));
    if (seek)
        body_iter_seek(&iter, row_span(seek));
    else
        body_iter_first(&iter);
    for (; body_iter_valid(&iter); body_iter_next(&iter)) {
        struct sl_span raw, again;
        core_expect(body_iter_row(&iter, &raw, &err), SL_OK, &err);
        core_expect(body_iter_row(&iter, &again, &err), SL_OK, &err);
        assert_ptr_equal(raw.ptr, again.ptr);
        assert_false(body_iter_twice(&iter));
        buf_add_span(out, body_iter_key(&iter));
        buf_add_span(out, raw);
    }
    core_expect(body_iter_check(&iter, &err), SL_OK, &err);
    body_iter_fini(&iter);
    assert_false(body_iter_is_there(&iter));
}

/* Whichever rows lie in which family, the iterator gives the same. */
static void merged(void **state)
{
    (void)state;
    struct buf all = {0}, from_five = {0}, now = {0}, raw = {0};
    uint64_t seed = core_seed("merged");
    struct row_key five = key_of(5, 1);
    gather(NULL, &all);
    gather(&five, &from_five);
    assert_true(all.len > SL_BODY_ROW_BYTES && from_five.len < SL_BODY_ROW_BYTES);
    for (unsigned round = 0; round < 30; round++) {
        store_bodies_to(store, id, round % 3 ? KV_BODY : KV_COLD);
        for (uint64_t at = 1; round % 3 == 1 && at <= EVENTS; at++)
            for (uint32_t chunk = 0; chunk <= (at == 5); chunk++) {
                if (core_random(&seed) % 2) continue;
                store_body_get(store, id, at, chunk, &raw);
                store_body_put(store, id, at, chunk, buf_span(&raw));
            }
        gather(NULL, &now);
        core_assert_same(buf_span(&now), buf_span(&all), "all rows");
        gather(&five, &now);
        core_assert_same(buf_span(&now), buf_span(&from_five), "from event 5's second row on");
    }
    buf_fini(&all);
    buf_fini(&from_five);
    buf_fini(&now);
    buf_fini(&raw);
}

static void expect_once(enum kv_family family)
{
    struct body_iter iter;
    struct row_key key = key_of(6, 0);
    struct sl_span raw;
    bool both = false;
    body_iter_init(&iter, store->bodies, (struct sl_span){0}, (struct sl_span){0}, KV_CACHED);
    body_iter_seek(&iter, row_span(&key));
    assert_true(body_iter_valid(&iter));
    assert_true(sl_span_eq(body_iter_key(&iter), row_span(&key)));
    assert_int_equal(body_iter_family(&iter), family);
    assert_true(body_iter_twice(&iter));
    core_expect(body_iter_row(&iter, &raw, &err), SL_OK, &err);
    core_expect(bodies_twice(store->bodies, id, 6, 0, &both, &err), SL_OK, &err);
    assert_true(both);
    core_expect(bodies_twice(store->bodies, id, 7, 0, &both, &err), SL_OK, &err);
    assert_false(both);
    body_iter_next(&iter);
    key = key_of(7, 0);
    assert_true(sl_span_eq(body_iter_key(&iter), row_span(&key)));
    assert_false(body_iter_twice(&iter));
    body_iter_fini(&iter);
}

/* A row that two families have comes once, out of that which it would have been moved from. */
static void twice(void **state)
{
    (void)state;
    struct row_key key = key_of(6, 0);
    store_row_put(store, KV_BODY, key, SL_SPAN("of format 1"));
    expect_once(KV_HOT);
    store_row_delete(store, KV_BODY, key);
    store_bodies_to(store, id, KV_COLD);
    store_row_put(store, KV_BODY, key, SL_SPAN("of format 1"));
    expect_once(KV_BODY);
    store_row_delete(store, KV_BODY, key);
    store_row_put(store, KV_HOT, key, SL_SPAN("\0new"));
    expect_once(KV_HOT);
}

/* ---- packs ---- */

static void packed(void **state)
{
    (void)state;
    struct buf raw = {0};
    struct body_row row, next;
    bool cold = true;
    core_expect(bodies_is_cold(store->bodies, id, 5, &cold, &err), SL_OK, &err);
    assert_false(cold);
    store_body_get(store, id, 4, 0, &raw);
    store_bodies_to(store, id, KV_COLD);
    assert_row(4, 0, buf_span(&raw));
    core_expect(bodies_is_cold(store->bodies, id, 5, &cold, &err), SL_OK, &err);
    assert_true(cold);
    core_expect(bodies_is_cold(store->bodies, id, 1, &cold, &err), SL_OK, &err);
    assert_false(cold);
    core_expect(bodies_is_cold(store->bodies, id, EVENTS + 1, &cold, &err), SL_OK, &err);
    assert_false(cold);
    /* half of a body moved: it isn't cold as a whole */
    store_row_put(store, KV_HOT, key_of(5, 1), SL_SPAN("\0new"));
    core_expect(bodies_is_cold(store->bodies, id, 5, &cold, &err), SL_OK, &err);
    assert_false(cold);
    /* rows of one pack are decoded once, and held each by itself */
    core_expect(body_row_get(store->bodies, id, 3, 0, false, &row, &err), SL_OK, &err);
    core_expect(body_row_get(store->bodies, id, 2, 0, false, &next, &err), SL_OK, &err);
    assert_ptr_equal(row.pack, next.pack);
    bodies_forget(store->bodies);
    body_row_release(&next);
    core_expect(body_row_get(store->bodies, id, 3, 0, false, &next, &err), SL_OK, &err);
    assert_ptr_not_equal(row.pack, next.pack);
    assert_true(sl_span_eq(row.bytes, next.bytes));
    body_row_release(&row);
    body_row_release(&next);
    buf_fini(&raw);
}

/* Lengths and packs are known before anything is unpacked. */
static void lengths(void **state)
{
    (void)state;
    struct body_iter iter;
    struct row_key from = row_share_from(id), to = row_share_to(id);
    static const enum kv_family families[] = {KV_HOT, KV_BODY, KV_COLD};
    for (size_t f = 0; f < 3; f++) {
        store_bodies_to(store, id, families[f]);
        bodies_forget(store->bodies);
        size_t packs = 0, rows = 0;
        body_iter_init(&iter, store->bodies, row_span(&from), row_span(&to), KV_SCAN);
        for (body_iter_first(&iter); body_iter_valid(&iter); body_iter_next(&iter), rows++) {
            size_t bytes = 0;
            struct sl_span raw;
            alloc_fail_from(0);
            core_expect(body_iter_row_bytes(&iter, &bytes, &err), SL_OK, &err);
            assert_int_equal(alloc_never(), 0);
            core_expect(body_iter_row(&iter, &raw, &err), SL_OK, &err);
            assert_int_equal(bytes, raw.len);
            packs += body_iter_pack(&iter) != NULL;
        }
        assert_int_equal(rows, EVENTS + 1);
        assert_int_equal(packs, families[f] == KV_COLD ? 3 : 0);
        size_t steps = 0;
        for (body_iter_first(&iter); body_iter_valid(&iter); steps++)
            if (body_iter_pack(&iter))
                body_iter_skip(&iter);
            else
                body_iter_next(&iter);
        assert_int_equal(steps, packs ? packs + 1 : rows); /* the create event's is in none */
        body_iter_fini(&iter);
    }
}

static void damaged_row_in_order(void **state)
{
    (void)state;
    struct body_iter iter;
    struct row_key key = key_of(6, 0);
    struct sl_span raw;
    store_row_put(store, KV_HOT, key, SL_SPAN("\1damage"));
    body_iter_init(&iter, store->bodies, (struct sl_span){0}, (struct sl_span){0}, KV_CACHED);
    body_iter_seek(&iter, row_span(&key));
    assert_int_equal(body_iter_row(&iter, &raw, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 6: body row 0 can't be unpacked"));
    body_iter_next(&iter);
    core_expect(body_iter_row(&iter, &raw, &err), SL_OK, &err);
    body_iter_fini(&iter);
}

/* ---- deleting ---- */

static bool is_there(uint64_t sequence)
{
    struct body_row row;
    enum sl_result result = body_row_get(store->bodies, id, sequence, 0, false, &row, &err);
    body_row_release(&row);
    assert_true(result == SL_OK || result == SL_NOT_FOUND);
    return result == SL_OK;
}

static void deleted(void **state)
{
    (void)state;
    struct buf raw = {0};
    struct kv_batch *batch = kv_batch_create();
    store_bodies_to(store, id, KV_BODY);
    store_body_get(store, id, 5, 0, &raw);
    store_body_put(store, id, 5, 0, buf_span(&raw));
    body_delete(store->kv, batch, id, 4, 7);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    for (uint64_t at = 1; at <= EVENTS; at++)
        assert_int_equal(is_there(at), at < 4 || at >= 7);
    id = sl_span_of(other.id);
    for (uint64_t at = 1; at <= EVENTS; at++)
        assert_true(is_there(at));
    kv_batch_destroy(batch);
    buf_fini(&raw);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_bodies, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows),
        TEST(unreadable),
        TEST(no_memory),
        TEST(unpacked_once),
        TEST(items_of_one_row),
        TEST(merged),
        TEST(twice),
        TEST(packed),
        TEST(lengths),
        TEST(damaged_row_in_order),
        TEST(deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
