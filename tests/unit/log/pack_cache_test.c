/* The cache of packs: what is kept is found, never more than it may hold, the oldest goes first;
 * what is held outlives everything; and threads that all want everything get what is right. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/pack_cache.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <pthread.h>
#include <stdlib.h>

#define PACKS 24
#define PACK_ROWS 8
#define ROW_BYTES 1000
#define WEIGHT (PACK_ROWS * ROW_BYTES) /* and some more */

static struct sl_err err;
static struct buf values[PACKS];

/* Row i of pack p is full of one letter. */
static char letter(unsigned pack, uint32_t row)
{
    return (char)('0' + (pack * 7 + row) % 75);
}

static int make_packs(void **state)
{
    (void)state;
    struct body_packer packer;
    char row[ROW_BYTES];
    core_expect(body_packer_init(&packer, ZSTD_FAST, &err), SL_OK, &err);
    for (unsigned p = 0; p < PACKS; p++) {
        for (uint32_t i = 0; i < PACK_ROWS; i++) {
            memset(row, letter(p, i), sizeof(row));
            body_packer_add(
                &packer, (struct body_place){2 + i, 0}, (struct sl_span){row, sizeof(row)});
        }
        core_expect(body_packer_make(&packer, &values[p], &err), SL_OK, &err);
    }
    body_packer_fini(&packer);
    return 0;
}

static int drop_packs(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PACKS; p++)
        buf_fini(&values[p]);
    return 0;
}

static bool is_right(const struct unpacked *unpacked, unsigned p, uint32_t rows)
{
    if (unpacked->count != PACK_ROWS || unpacked->there < rows) return false;
    for (uint32_t i = 0; i < unpacked->there; i++) {
        struct sl_span row = unpacked_row(unpacked, i);
        if (row.len != ROW_BYTES) return false;
        for (size_t k = 0; k < row.len; k++)
            if (row.ptr[k] != letter(p, i)) return false;
    }
    return true;
}

static struct unpacked *get(struct pack_cache *cache, unsigned p, uint32_t rows, bool keep)
{
    struct body_pack pack;
    struct unpacked *unpacked = NULL;
    core_expect(body_pack_read(buf_span(&values[p]), &pack, &err), SL_OK, &err);
    core_expect(pack_cache_get(cache, &pack, rows, keep, &unpacked, &err), SL_OK, &err);
    assert_true(is_right(unpacked, p, rows));
    return unpacked;
}

/* Is it kept? Asking makes it the newest. */
static bool is_kept(struct pack_cache *cache, unsigned p)
{
    struct unpacked *unpacked = get(cache, p, 1, false);
    bool kept = atomic_load(&unpacked->holders) > 1;
    unpacked_release(unpacked);
    return kept;
}

static void keeps(void **state)
{
    (void)state;
    struct pack_cache *cache = pack_cache_create(10 * WEIGHT);
    struct unpacked *first = get(cache, 0, PACK_ROWS, true), *again = get(cache, 0, 3, true);
    assert_ptr_equal(first, again);
    unpacked_release(again);
    unpacked_release(first);
    assert_true(is_kept(cache, 0));
    size_t kept = pack_cache_bytes(cache);
    assert_true(kept > WEIGHT && kept < WEIGHT + 400);
    unpacked_release(get(cache, 1, PACK_ROWS, false));
    assert_false(is_kept(cache, 1));
    assert_int_equal(pack_cache_bytes(cache), kept);
    pack_cache_destroy(cache);
}

static void bounded(void **state)
{
    (void)state;
    struct pack_cache *cache = pack_cache_create(5 * WEIGHT);
    for (unsigned p = 0; p < PACKS; p++) {
        unpacked_release(get(cache, p, PACK_ROWS, true));
        assert_true(pack_cache_bytes(cache) <= 5 * WEIGHT);
        if (p > 0) assert_true(is_kept(cache, 0)); /* asked for each time, so it stays */
    }
    assert_true(pack_cache_bytes(cache) > 3 * WEIGHT);
    for (unsigned p = 1; p + 3 < PACKS; p++)
        assert_false(is_kept(cache, p));
    for (unsigned p = PACKS - 3; p < PACKS; p++)
        assert_true(is_kept(cache, p));
    pack_cache_destroy(cache);
    cache = pack_cache_create(WEIGHT); /* too little for any */
    unpacked_release(get(cache, 0, PACK_ROWS, true));
    assert_int_equal(pack_cache_bytes(cache), 0);
    pack_cache_destroy(cache);
}

/* A part is kept as a part, and gives way to the whole. */
static void parts(void **state)
{
    (void)state;
    struct pack_cache *cache = pack_cache_create(10 * WEIGHT);
    struct unpacked *part = get(cache, 3, 2, true);
    assert_int_equal(part->there, 2);
    size_t kept = pack_cache_bytes(cache);
    assert_true(kept < 3 * ROW_BYTES);
    struct unpacked *same = get(cache, 3, 1, true);
    assert_ptr_equal(part, same);
    unpacked_release(same);
    struct unpacked *whole = get(cache, 3, 3, true);
    assert_int_equal(whole->there, PACK_ROWS);
    assert_true(pack_cache_bytes(cache) > WEIGHT);
    assert_true(is_right(part, 3, 2)); /* it is held still */
    unpacked_release(part);
    unpacked_release(whole);
    part = get(cache, 3, 1, true);
    assert_int_equal(part->there, PACK_ROWS);
    unpacked_release(part);
    part = get(cache, 4, PACK_ROWS - 1, true); /* nearly all: all */
    assert_int_equal(part->there, PACK_ROWS);
    unpacked_release(part);
    pack_cache_destroy(cache);
}

static void held(void **state)
{
    (void)state;
    struct pack_cache *cache = pack_cache_create(3 * WEIGHT);
    struct unpacked *unpacked = get(cache, 0, PACK_ROWS, true);
    unpacked_hold(unpacked);
    pack_cache_clear(cache);
    assert_int_equal(pack_cache_bytes(cache), 0);
    assert_false(is_kept(cache, 0));
    unpacked_release(unpacked);
    for (unsigned p = 1; p < PACKS; p++)
        unpacked_release(get(cache, p, PACK_ROWS, true));
    pack_cache_destroy(cache);
    assert_true(is_right(unpacked, 0, PACK_ROWS));
    unpacked_release(unpacked);
    unpacked_release(NULL);
    pack_cache_destroy(NULL);
}

static void damaged(void **state)
{
    (void)state;
    struct pack_cache *cache = pack_cache_create(3 * WEIGHT);
    struct buf bad = {0};
    struct body_pack pack;
    struct unpacked *unpacked = NULL;
    buf_add_span(&bad, buf_span(&values[0]));
    memset(bad.ptr + bad.len - 8, 0xff, 8);
    core_expect(body_pack_read(buf_span(&bad), &pack, &err), SL_OK, &err);
    assert_int_equal(pack_cache_get(cache, &pack, PACK_ROWS, true, &unpacked, &err), SL_CORRUPT);
    assert_null(unpacked);
    assert_int_equal(pack_cache_bytes(cache), 0);
    buf_fini(&bad);
    pack_cache_destroy(cache);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct body_pack pack;
    struct unpacked *unpacked = NULL;
    core_expect(body_pack_read(buf_span(&values[0]), &pack, &err), SL_OK, &err);
    enum sl_result result = SL_NOMEM;
    unsigned long k = 0;
    for (; result != SL_OK; k++) {
        struct pack_cache *cache = pack_cache_create(3 * WEIGHT);
        alloc_fail_from(k);
        result = pack_cache_get(cache, &pack, PACK_ROWS, true, &unpacked, &err);
        alloc_never();
        assert_true(result == SL_OK || (result == SL_NOMEM && !unpacked));
        assert_int_equal(pack_cache_bytes(cache) > 0, result == SL_OK);
        unpacked_release(unpacked);
        pack_cache_destroy(cache);
    }
    assert_true(k >= 3);
    alloc_fail_from(0);
    assert_null(pack_cache_create(100));
    alloc_never();
}

/* ---- threads ---- */

struct thread {
    pthread_t thread;
    struct pack_cache *cache;
    uint64_t random;
    unsigned wrong;
};

static void *ask(void *arg)
{
    struct thread *thread = arg;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned p = (unsigned)(core_random(&thread->random) % PACKS);
        uint32_t rows = 1 + (uint32_t)(core_random(&thread->random) % PACK_ROWS);
        struct body_pack pack;
        struct unpacked *unpacked = NULL;
        if (body_pack_read(buf_span(&values[p]), &pack, NULL) != SL_OK ||
            pack_cache_get(thread->cache, &pack, rows, core_random(&thread->random) % 4 != 0,
                &unpacked, NULL) != SL_OK ||
            !is_right(unpacked, p, rows))
            thread->wrong++;
        unpacked_release(unpacked);
        if (round % 500 == 499) pack_cache_clear(thread->cache);
        if (pack_cache_bytes(thread->cache) > 6 * WEIGHT) thread->wrong++;
    }
    return NULL;
}

static void threads(void **state)
{
    (void)state;
    uint64_t random = core_seed("threads");
    struct pack_cache *cache = pack_cache_create(6 * WEIGHT);
    struct thread all[6];
    for (size_t i = 0; i < 6; i++) {
        all[i] = (struct thread){.cache = cache, .random = core_random(&random)};
        assert_int_equal(pthread_create(&all[i].thread, NULL, ask, &all[i]), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].wrong, 0);
    }
    pack_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps),
        cmocka_unit_test(bounded),
        cmocka_unit_test(parts),
        cmocka_unit_test(held),
        cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, make_packs, drop_packs);
}
