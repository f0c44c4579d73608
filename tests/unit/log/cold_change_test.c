/* Rows of bodies in packs, beside a plain array of them: whatever is asked for, and however bodies
 * are exchanged, both say the same; and no damage of a pack goes unnamed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/hot_row.h"
#include "core/log/body_cold.h"
#include "core/log/cold_change.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS 60
#define SHARE SL_SPAN("q7Zk2bXa")
#define BEFORE SL_SPAN("q7Zk2bX")
#define BEHIND SL_SPAN("q7Zk2bXaa")

static const char *dir;
static struct kv *kv;
static struct pack_cache *cache;
static struct sl_err err;

/* The bodies of events 2 to 1 + EVENTS. */
static struct buf bodies[EVENTS];

static int make(void **state)
{
    (void)state;
    dir = core_temp_make();
    struct kv_options options = {.path = dir, .cache_bytes = SL_MIB};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    cache = pack_cache_create(16 * SL_MIB);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    pack_cache_destroy(cache);
    kv_close(kv);
    core_temp_remove(dir);
    for (size_t i = 0; i < EVENTS; i++)
        buf_fini(&bodies[i]);
    return 0;
}

static void write_change(struct sl_span id, const struct cold_change *change)
{
    struct kv_batch *batch = kv_batch_create();
    cold_change_put(kv, batch, id, change);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

/* Mostly small; now and then of some rows, and of a full one to the byte. */
static void random_body(struct buf *body, uint64_t *random)
{
    size_t len = 1 + core_random(random) % 3000;
    uint64_t kind = core_random(random) % 40;
    if (kind == 0) len = SL_BODY_ROW_BYTES;
    if (kind == 1) len = SL_BODY_ROW_BYTES + 1 + core_random(random) % 2000;
    if (kind == 2) len = 2 * SL_BODY_ROW_BYTES;
    if (kind == 3) len = 1000000 + core_random(random) % 1000000;
    buf_clear(body);
    assert_true(buf_reserve(body, len));
    memset(body->ptr, (int)('a' + core_random(random) % 26), len);
    for (size_t i = 0; i < len; i += 1 + core_random(random) % 4000)
        body->ptr[i] = (char)core_random(random);
    body->len = len;
}

static struct sl_span raw_row(const struct buf *body, size_t at)
{
    size_t left = body->len - at;
    return (struct sl_span){body->ptr + at, left < SL_BODY_ROW_BYTES ? left : SL_BODY_ROW_BYTES};
}

/* All bodies, in packs that end here and there, of three shares, so that each has neighbours. */
static void pack_bodies(uint64_t *random)
{
    struct sl_span ids[] = {BEFORE, SHARE, BEHIND};
    struct body_packer packer;
    core_expect(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK, &err);
    for (size_t s = 0; s < 3; s++) {
        struct cold_change change = {0};
        struct kv_batch *batch = kv_batch_create();
        struct row_key from = row_share_from(ids[s]), to = row_share_to(ids[s]);
        kv_delete_range(kv, batch, KV_COLD, row_span(&from), row_span(&to));
        core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
        kv_batch_destroy(batch);
        for (size_t i = 0; i < EVENTS; i++)
            for (size_t at = 0; at < bodies[i].len; at += SL_BODY_ROW_BYTES) {
                struct body_place place = {2 + i, (uint32_t)(at / SL_BODY_ROW_BYTES)};
                struct sl_span row = raw_row(&bodies[i], at);
                bool ends = packer.count > 0 && core_random(random) % 8 == 0;
                if (ends || !body_packer_takes(&packer, place, row.len))
                    core_expect(cold_change_add(&change, &packer, &err), SL_OK, &err);
                body_packer_add(&packer, place, row);
            }
        core_expect(cold_change_add(&change, &packer, &err), SL_OK, &err);
        assert_true(cold_change_bytes(&change) > change.values.len);
        write_change(ids[s], &change);
        cold_change_fini(&change);
    }
    body_packer_fini(&packer);
}

static void make_bodies(uint64_t *random)
{
    for (size_t i = 0; i < EVENTS; i++)
        random_body(&bodies[i], random);
    pack_bodies(random);
}

/* ---- one row ---- */

static enum sl_result get(uint64_t sequence, uint32_t chunk, struct buf *out)
{
    struct unpacked *held = NULL;
    struct sl_span row = {0};
    enum sl_result result = cold_row_get(
        kv, cache, SHARE, (struct body_place){sequence, chunk}, chunk % 2, &held, &row, &err);
    buf_clear(out);
    if (result == SL_OK) buf_add_span(out, row);
    assert_int_equal(result == SL_OK, held != NULL);
    unpacked_release(held);
    return result;
}

static void each_row(void **state)
{
    (void)state;
    uint64_t random = core_seed("each row");
    struct buf row = {0};
    for (unsigned round = 0; round < 3 * core_rounds(); round++) {
        make_bodies(&random);
        for (unsigned k = 0; k < 300; k++) {
            size_t i = core_random(&random) % EVENTS;
            uint32_t chunk = (uint32_t)(core_random(&random) % 3);
            size_t at = chunk * SL_BODY_ROW_BYTES;
            enum sl_result result = get(2 + i, chunk, &row);
            assert_int_equal(result, at < bodies[i].len ? SL_OK : SL_NOT_FOUND);
            if (result == SL_OK) core_assert_same(buf_span(&row), raw_row(&bodies[i], at), "a row");
        }
        static const uint64_t outside[] = {0, 1, 2 + EVENTS, 3 + EVENTS, UINT64_MAX};
        for (size_t k = 0; k < 5; k++)
            assert_int_equal(get(outside[k], 0, &row), SL_NOT_FOUND);
        struct body_place end;
        core_expect(cold_end(kv, SHARE, &end, &err), SL_OK, &err);
        size_t last = bodies[EVENTS - 1].len;
        bool full = last % SL_BODY_ROW_BYTES == 0;
        assert_int_equal(end.sequence, full ? 1 + EVENTS : 2 + EVENTS);
        assert_int_equal(end.chunk, full ? last / SL_BODY_ROW_BYTES : 0);
        core_expect(cold_end(kv, SL_SPAN("nobody"), &end, &err), SL_OK, &err);
        assert_true(end.sequence == 2 && end.chunk == 0);
    }
    buf_fini(&row);
}

/* ---- rows in order ---- */

/* From the model's first row at or after `from`, up to before `to`. */
static void expect_rows(struct cold_iter *iter, struct body_place from, struct body_place to)
{
    for (size_t i = 0; i < EVENTS; i++)
        for (size_t at = 0; at < bodies[i].len; at += SL_BODY_ROW_BYTES) {
            struct body_place place = {2 + i, (uint32_t)(at / SL_BODY_ROW_BYTES)};
            struct row_key key = row_body(SHARE, place.sequence, place.chunk),
                           first = row_body(SHARE, from.sequence, from.chunk),
                           end = row_body(SHARE, to.sequence, to.chunk);
            if (sl_span_cmp(row_span(&key), row_span(&first)) < 0 ||
                sl_span_cmp(row_span(&key), row_span(&end)) >= 0)
                continue;
            struct sl_span row;
            assert_true(cold_iter_valid(iter));
            assert_true(sl_span_eq(cold_iter_key(iter), row_span(&key)));
            if (place.sequence % 3 == 0) { /* not each is asked for */
                core_expect(cold_iter_row(iter, &row, &err), SL_OK, &err);
                core_assert_same(row, raw_row(&bodies[i], at), "a row");
            }
            cold_iter_next(iter);
        }
    assert_false(cold_iter_valid(iter));
    core_expect(cold_iter_check(iter, &err), SL_OK, &err);
}

static struct body_place random_place(uint64_t *random)
{
    return (struct body_place){
        core_random(random) % (EVENTS + 5), (uint32_t)(core_random(random) % 3)};
}

static void all_between(void **state)
{
    (void)state;
    uint64_t random = core_seed("all between");
    make_bodies(&random);
    for (unsigned round = 0; round < 60 * core_rounds(); round++) {
        struct body_place from = random_place(&random), to = random_place(&random),
                          at = random_place(&random);
        struct row_key lower = row_body(SHARE, from.sequence, from.chunk),
                       upper = row_body(SHARE, to.sequence, to.chunk),
                       middle = row_body(SHARE, at.sequence, at.chunk);
        if (sl_span_cmp(row_span(&lower), row_span(&upper)) > 0) continue;
        static const enum kv_reading readings[] = {KV_CACHED, KV_ONCE, KV_SCAN};
        struct cold_iter iter;
        cold_iter_init(&iter, kv, cache, row_span(&lower), row_span(&upper), readings[round % 3]);
        assert_false(cold_iter_valid(&iter));
        cold_iter_first(&iter);
        expect_rows(&iter, from, to);
        if (sl_span_cmp(row_span(&middle), row_span(&lower)) >= 0) {
            cold_iter_seek(&iter, row_span(&middle));
            expect_rows(&iter, at, to);
        }
        cold_iter_fini(&iter);
    }
}

/* Of all shares, without bounds: each row of each once. */
static void of_all_shares(void **state)
{
    (void)state;
    uint64_t random = core_seed("of all shares");
    make_bodies(&random);
    size_t rows = 0, found = 0;
    for (size_t i = 0; i < EVENTS; i++)
        rows += (bodies[i].len - 1) / SL_BODY_ROW_BYTES + 1;
    struct cold_iter iter;
    struct row_key last = {0};
    cold_iter_init(&iter, kv, cache, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    for (cold_iter_first(&iter); cold_iter_valid(&iter); cold_iter_next(&iter)) {
        assert_true(sl_span_cmp(row_span(&last), cold_iter_key(&iter)) < 0);
        memcpy(last.bytes, cold_iter_key(&iter).ptr, last.len = cold_iter_key(&iter).len);
        found++;
    }
    core_expect(cold_iter_check(&iter, &err), SL_OK, &err);
    assert_int_equal(found, 3 * rows);
    struct row_key share = row_share_from(SHARE);
    cold_iter_seek(&iter, row_span(&share));
    struct row_key first = row_body(SHARE, 2, 0);
    assert_true(sl_span_eq(cold_iter_key(&iter), row_span(&first)));
    cold_iter_fini(&iter);
}

/* ---- exchanging bodies ---- */

/* As a redaction brings them. */
static struct hot_rows hot_of(struct sl_span body)
{
    struct hot_rows rows = {0};
    hot_rows_begin(&rows, body.len);
    hot_rows_add(&rows, body);
    assert_true(hot_rows_end(&rows));
    return rows;
}

static void exchanges(void **state)
{
    (void)state;
    uint64_t random = core_seed("exchanges");
    make_bodies(&random);
    for (unsigned round = 0; round < 40 * core_rounds(); round++) {
        struct cold_body list[EVENTS];
        struct hot_rows rows[EVENTS];
        size_t count = 0;
        uint64_t one_in = 1 + core_random(&random) % 20;
        struct cold_change change = {0};
        if (round % 8 == 7) make_bodies(&random);
        for (size_t i = 0; i < EVENTS; i++)
            if (core_random(&random) % one_in == 0) {
                random_body(&bodies[i], &random);
                rows[count] = hot_of(buf_span(&bodies[i]));
                list[count] = (struct cold_body){2 + i, buf_span(&rows[count].bytes)};
                count++;
            }
        core_expect(cold_exchange(kv, cache, SHARE, list, count, &change, &err), SL_OK, &err);
        write_change(SHARE, &change);
        cold_change_fini(&change);
        for (size_t i = 0; i < count; i++)
            hot_rows_fini(&rows[i]);
        struct cold_iter iter;
        struct row_key from = row_share_from(SHARE), to = row_share_to(SHARE);
        cold_iter_init(&iter, kv, cache, row_span(&from), row_span(&to), KV_SCAN);
        cold_iter_first(&iter);
        expect_rows(&iter, (struct body_place){0, 0}, (struct body_place){UINT64_MAX, 0});
        cold_iter_fini(&iter);
    }
}

/* Only the packs that have a row of it. */
static void leaves_the_others(void **state)
{
    (void)state;
    struct cold_change change = {0};
    struct body_packer packer;
    struct sl_span text = SL_SPAN("some bytes of a body");
    core_expect(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK, &err);
    for (uint64_t sequence = 2; sequence < 2 + 30; sequence++) {
        body_packer_add(&packer, (struct body_place){sequence, 0}, text);
        if (sequence % 10 == 1) core_expect(cold_change_add(&change, &packer, &err), SL_OK, &err);
    }
    body_packer_fini(&packer);
    write_change(SL_SPAN("three"), &change);
    cold_change_fini(&change);
    struct hot_rows rows = hot_of(SL_SPAN("other bytes"));
    struct cold_body one = {15, buf_span(&rows.bytes)};
    core_expect(cold_exchange(kv, cache, SL_SPAN("three"), &one, 1, &change, &err), SL_OK, &err);
    assert_int_equal(change.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(change.steps[i].first.sequence, 12);
        assert_int_equal(change.steps[i].comes, i == 1);
    }
    cold_change_fini(&change);
    one.sequence = 40;
    assert_int_equal(
        cold_exchange(kv, cache, SL_SPAN("three"), &one, 1, &change, &err), SL_CORRUPT);
    assert_string_equal(err.text, "share three: event 40: its body is missing");
    cold_change_fini(&change);
    hot_rows_fini(&rows);
}

static void out_of_memory(void **state)
{
    (void)state;
    uint64_t random = core_seed("out of memory");
    for (size_t i = 0; i < EVENTS; i++) {
        buf_clear(&bodies[i]);
        for (size_t k = 0; k < 100 + i; k++)
            buf_add(&bodies[i], "x", 1);
    }
    pack_bodies(&random);
    char text[3000];
    memset(text, 'y', sizeof(text));
    struct hot_rows five = hot_of(SL_SPAN("five")), fifty = hot_of((struct sl_span){text, 3000});
    struct cold_body list[] = {{5, buf_span(&five.bytes)}, {50, buf_span(&fifty.bytes)}};
    enum sl_result result = SL_NOMEM;
    unsigned long k = 0;
    for (; result != SL_OK; k++) {
        struct cold_change change = {0};
        alloc_fail_from(k);
        result = cold_exchange(kv, cache, SHARE, list, 2, &change, &err);
        alloc_never();
        assert_true(result == SL_OK || result == SL_NOMEM);
        cold_change_fini(&change);
    }
    assert_true(k > 8);
    hot_rows_fini(&five);
    hot_rows_fini(&fifty);
}

/* ---- damage ---- */

static void put_pack(uint64_t sequence, uint32_t chunk, struct sl_span value)
{
    struct kv_batch *batch = kv_batch_create();
    struct row_key key = row_body(SL_SPAN("bad"), sequence, chunk);
    kv_put(kv, batch, KV_COLD, row_span(&key), value);
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static void expect_scan(const char *text)
{
    struct cold_iter iter;
    struct row_key from = row_share_from(SL_SPAN("bad")), to = row_share_to(SL_SPAN("bad"));
    cold_iter_init(&iter, kv, cache, row_span(&from), row_span(&to), KV_SCAN);
    for (cold_iter_first(&iter); cold_iter_valid(&iter);)
        cold_iter_next(&iter);
    assert_int_equal(cold_iter_check(&iter, &err), text ? SL_CORRUPT : SL_OK);
    if (text) assert_string_equal(err.text, text);
    cold_iter_fini(&iter);
}

static void damaged(void **state)
{
    (void)state;
    struct body_packer packer;
    struct buf value = {0};
    struct unpacked *held = NULL;
    struct sl_span row;
    core_expect(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK, &err);
    for (uint64_t sequence = 2; sequence < 12; sequence++)
        body_packer_add(&packer, (struct body_place){sequence, 0}, SL_SPAN("bytes"));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    body_packer_fini(&packer);
    put_pack(2, 0, buf_span(&value));
    expect_scan(NULL);
    put_pack(11, 0, buf_span(&value));
    expect_scan("share bad: event 11: two packs have a row of its body");
    put_pack(11, 0, SL_SPAN("short"));
    expect_scan("share bad: event 11: a pack is damaged: it is too short");
    assert_int_equal(cold_row_get(kv, cache, SL_SPAN("bad"), (struct body_place){11, 0}, false,
                         &held, &row, &err),
        SL_CORRUPT);
    assert_string_equal(err.text, "share bad: event 11: a pack is damaged: it is too short");
    put_pack(12, 0, buf_span(&value));
    value.ptr[3] ^= 1;
    put_pack(11, 0, buf_span(&value));
    expect_scan("share bad: event 11: a pack is damaged: it doesn't fit its id");
    buf_fini(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),
        cmocka_unit_test(all_between),
        cmocka_unit_test(of_all_shares),
        cmocka_unit_test(exchanges),
        cmocka_unit_test(leaves_the_others),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
