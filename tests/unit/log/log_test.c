/* The log read back: places, times and sizes found by bisection, bodies across rows, content
 * erased. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#define EVENTS 40

static struct sl_credentials created;
static struct sl_span id;

/* The create event, and EVENTS - 1 syncs a second apart. */
static int make_events(void **state)
{
    make_store(state);
    created = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(created.id);
    for (int i = 1; i < EVENTS; i++) {
        core_now_us += 1000000;
        core_sync(store, &created, "[{\"type\":\"x\",\"data\":\"some text\"}]");
    }
    return 0;
}

static struct head place(uint64_t sequence)
{
    struct head head;
    core_expect(log_place(store->kv, id, sequence, &head, &err), SL_OK, &err);
    return head;
}

static void places(void **state)
{
    (void)state;
    uint64_t size;
    core_expect(log_size(store->kv, &size, &err), SL_OK, &err);
    assert_int_equal(size, EVENTS);
    for (uint64_t at = 2; at <= EVENTS; at++) {
        struct head before = place(at - 1), head = place(at);
        assert_int_equal(head.sequence, at);
        assert_int_equal(head.position, before.position + 1);
        assert_int_equal(head.syncs, before.syncs + 1);
        assert_int_equal(head.time_ms, before.time_ms + 1000);
        assert_true(head.stored > before.stored);
        struct kv_pin pin;
        uint8_t leaf[32];
        core_expect(log_header(store->kv, head.position, &pin, &err), SL_OK, &err);
        header_leaf(pin.value, leaf);
        kv_release(&pin);
        assert_memory_equal(leaf, head.leaf, 32);
    }
    struct head none;
    struct kv_pin pin;
    assert_int_equal(log_place(store->kv, id, EVENTS + 1, &none, &err), SL_NOT_FOUND);
    assert_int_equal(log_header(store->kv, EVENTS, &pin, &err), SL_NOT_FOUND);
}

static void found_by_time(void **state)
{
    (void)state;
    uint64_t first = place(1).time_ms, sequence = 77;
    core_expect(log_at_time(store->kv, id, EVENTS, first - 1, &sequence, &err), SL_OK, &err);
    assert_int_equal(sequence, 0);
    for (uint64_t at = 1; at <= EVENTS; at++) {
        uint64_t time = place(at).time_ms;
        core_expect(log_at_time(store->kv, id, EVENTS, time, &sequence, &err), SL_OK, &err);
        assert_int_equal(sequence, at);
        core_expect(log_at_time(store->kv, id, EVENTS, time + 999, &sequence, &err), SL_OK, &err);
        assert_int_equal(sequence, at);
    }
}

static void found_by_bytes(void **state)
{
    (void)state;
    uint64_t sequence = 77;
    for (uint64_t after = 0; after < EVENTS; after += 7)
        for (uint64_t at = after + 1; at <= EVENTS; at++) {
            uint64_t stored = place(at).stored;
            core_expect(
                log_at_stored(store->kv, id, after, EVENTS, stored, &sequence, &err), SL_OK, &err);
            assert_int_equal(sequence, at);
            core_expect(log_at_stored(store->kv, id, after, EVENTS, stored + 1, &sequence, &err),
                SL_OK, &err);
            assert_int_equal(sequence, at < EVENTS ? at + 1 : 0);
        }
}

/* An item whose body takes three rows, read at every kind of place. */
static void body_across_rows(void **state)
{
    (void)state;
    struct buf items = {0}, out = {0};
    buf_add_span(&items, SL_SPAN("[{\"type\":\"x\",\"data\":\""));
    uint64_t seed = 5, bytes = 2 * SL_BODY_ROW_BYTES + 12345;
    size_t begin = items.len;
    for (uint64_t i = 0; i < bytes; i++)
        buf_add(&items, &"abcdefghijklmnop"[core_random(&seed) & 15], 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    struct sl_synced synced = core_sync_at(store, &created, buf_span(&items), core_now_us);
    const char *text = items.ptr + begin;
    uint64_t from = BODY_PREFIX_BYTES + 1; /* behind the quote */
    const uint64_t at[] = {0, SL_BODY_ROW_BYTES - from - 3, SL_BODY_ROW_BYTES - from,
        2 * SL_BODY_ROW_BYTES - from - 3, bytes - 9};
    for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
        buf_clear(&out);
        core_expect(bodies_read(store->bodies, id, synced.sequence, from + at[i], 9, &out, &err),
            SL_OK, &err);
        assert_int_equal(out.len, 9);
        assert_memory_equal(out.ptr, text + at[i], 9);
    }
    buf_clear(&out);
    assert_int_equal(
        bodies_read(store->bodies, id, synced.sequence, from + bytes, 9, &out, &err), SL_CORRUPT);
    buf_fini(&items);
    buf_fini(&out);
}

/* Erased, an event keeps its place and its header; once more there is nothing to do. */
static void erased(void **state)
{
    (void)state;
    struct kv_batch *batch = kv_batch_create();
    struct buf bytes = {0}, out = {0};
    struct log_erased row;
    struct head before = place(5);
    core_expect(log_erased_row(store->kv, id, 5, &bytes, &row, &err), SL_OK, &err);
    assert_true(row.length > 0 && row.length == bytes.len);
    log_put_erased(store->kv, batch, id, &row, &bytes);
    body_delete(store->kv, batch, id, 5, 6);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    struct head after = place(5);
    assert_memory_equal(&after, &before, sizeof(after));
    assert_int_equal(bodies_read(store->bodies, id, 5, 0, 1, &out, &err), SL_NOT_FOUND);
    core_expect(bodies_read(store->bodies, id, 6, 0, 1, &out, &err), SL_OK, &err);
    buf_clear(&bytes);
    core_expect(log_erased_row(store->kv, id, 5, &bytes, &row, &err), SL_OK, &err);
    assert_int_equal(row.length, 0);
    assert_int_equal(bytes.len, 0);
    assert_int_equal(log_erased_row(store->kv, id, EVENTS + 1, &bytes, &row, &err), SL_NOT_FOUND);
    kv_batch_destroy(batch);
    buf_fini(&bytes);
    buf_fini(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_events, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places),
        TEST(found_by_time),
        TEST(found_by_bytes),
        TEST(body_across_rows),
        TEST(erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
