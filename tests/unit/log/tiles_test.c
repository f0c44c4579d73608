/* The log's tiles: grown leaf by leaf, opened at any size, read back; roots by them are the roots
   of the leaves; what is missing or short is told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/log/tiles.h"
#include "tests/support/core_store.h"

#include <stdio.h>

#define LEAVES (3 * TILE_WIDTH + 77)

static const char *dir;
static struct kv *kv;
static struct sl_err err;

static int open_kv(void **state)
{
    (void)state;
    char path[300];
    dir = core_temp_make();
    snprintf(path, sizeof(path), "%s/db", dir);
    struct kv_options options = {.path = path, .cache_bytes = SL_MIB};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    return 0;
}

static int close_kv(void **state)
{
    (void)state;
    kv_close(kv);
    core_temp_remove(dir);
    return 0;
}

/* A log's header of a position: any bytes will do. */
static void add_header(struct kv_batch *batch, uint64_t position, uint8_t leaf[32])
{
    char header[32];
    snprintf(header, sizeof(header), "header %llu", (unsigned long long)position);
    struct row_key key = row_log(position);
    kv_put(kv, batch, KV_LOG, row_span(&key), sl_span_of(header));
    header_leaf(sl_span_of(header), leaf);
}

static void grow(struct tiles *tiles, uint64_t from, uint64_t to)
{
    struct kv_batch *batch = kv_batch_create();
    struct tiles_batch rows = {kv, batch};
    for (uint64_t at = from; at < to; at++) {
        uint8_t leaf[32];
        add_header(batch, at, leaf);
        tiles_append(tiles, leaf, tiles_to_batch(&rows));
    }
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
}

static struct tiles *open_at(uint64_t size)
{
    struct tiles *tiles = NULL;
    core_expect(tiles_open(kv, size, &tiles, &err), SL_OK, &err);
    return tiles;
}

static void root_of(uint64_t size, uint8_t root[32])
{
    struct tiles_reader *reader = tiles_reader_create(kv);
    core_expect(tree_root(tiles_source(reader), size, root, &err), SL_OK, &err);
    tiles_reader_destroy(reader);
}

/* RFC 6962 2.1, said again without any tile. */
static void plain_root(uint64_t from, uint64_t count, uint8_t root[32])
{
    if (count == 1) {
        char header[32];
        snprintf(header, sizeof(header), "header %llu", (unsigned long long)from);
        header_leaf(sl_span_of(header), root);
        return;
    }
    uint64_t left = 1;
    uint8_t roots[2][32];
    while (2 * left < count)
        left *= 2;
    plain_root(from, left, roots[0]);
    plain_root(from + left, count - left, roots[1]);
    tree_join(roots[0], roots[1], root);
}

static void roots_at_every_edge(void **state)
{
    (void)state;
    struct tiles *tiles = open_at(0);
    grow(tiles, 0, LEAVES);
    tiles_close(tiles);
    const uint64_t sizes[] = {1, 2, 3, 255, 256, 257, 511, 512, 513, 768, LEAVES};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        uint8_t root[32], plain[32];
        root_of(sizes[i], root);
        plain_root(0, sizes[i], plain);
        assert_memory_equal(root, plain, 32);
    }
}

/* Opened anew at any size, it goes on as if it hadn't been closed. */
static void opened_anywhere(void **state)
{
    (void)state;
    uint64_t seed = core_seed("opened anywhere"), size = 0;
    while (size < LEAVES) {
        uint64_t to = size + 1 + core_random(&seed) % 90;
        struct tiles *tiles = open_at(size);
        grow(tiles, size, to < LEAVES ? to : LEAVES);
        tiles_close(tiles);
        size = to < LEAVES ? to : LEAVES;
    }
    uint8_t root[32], plain[32];
    root_of(LEAVES, root);
    plain_root(0, LEAVES, plain);
    assert_memory_equal(root, plain, 32);
}

static void partial_tile_from_headers(void **state)
{
    (void)state;
    struct tiles *tiles = open_at(0);
    grow(tiles, 0, 300);
    tiles_close(tiles);
    uint8_t hashes[TILE_BYTES], leaf[32];
    core_expect(tiles_read(kv, 0, 1, 44, hashes, &err), SL_OK, &err);
    header_leaf(SL_SPAN("header 299"), leaf);
    assert_memory_equal(hashes + 43 * 32, leaf, 32);
    assert_int_equal(tiles_read(kv, 0, 1, 45, hashes, &err), SL_CORRUPT); /* one too many */
    assert_int_equal(tiles_read(kv, 1, 1, 1, hashes, &err), SL_CORRUPT);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct tiles *tiles = open_at(0);
    grow(tiles, 0, 600);
    tiles_close(tiles);
    struct kv_batch *batch = kv_batch_create();
    struct row_key key = row_tile(1, 0);
    kv_put(kv, batch, KV_TILE, row_span(&key), SL_SPAN("short"));
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    assert_int_equal(tiles_open(kv, 600, &tiles, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "tile 1/0"));
    kv_batch_clear(batch);
    kv_delete(kv, batch, KV_TILE, row_span(&key));
    core_expect(kv_write(kv, batch, false, &err), SL_OK, &err);
    assert_int_equal(tiles_open(kv, 600, &tiles, &err), SL_CORRUPT);
    kv_batch_destroy(batch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kv, close_kv)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(roots_at_every_edge),
        TEST(opened_anywhere),
        TEST(partial_tile_from_headers),
        TEST(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
