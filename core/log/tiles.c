/* Reading fills a tile from its row, or, of level 0's partial tile, from headers; roots of subtrees
   are joined in memory. Growing keeps the last tile of each level in memory, so an append reads
   nothing.

   How it fails: a row that is missing or short is SL_CORRUPT, and named: tiles are derived, and a
   rebuild makes them again from the headers. Nothing is written here but through the caller's sink.
 */

#include "core/log/tiles.h"

#include "core/event/event.h"
#include "core/kv/rows.h"

#include <assert.h>

#define LEVELS 8 /* of tiles: 256^8 leaves */

/* ---- reading ---- */

static enum sl_result bad_row(unsigned level, uint64_t index, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "the log's tile %u/%llu doesn't fit; `sharelog rebuild` makes it again", level,
        (unsigned long long)index);
}

/* Leaf hashes from the headers [first, first + count). */
static enum sl_result read_leaves(
    struct kv *kv, uint64_t first, unsigned count, uint8_t *hashes, struct sl_err *err)
{
    struct row_key from = row_log(first), to = row_log(first + count);
    struct kv_iter *iter = kv_iter_create(kv, KV_LOG, row_span(&from), row_span(&to), KV_CACHED);
    unsigned n = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter) && n < count; kv_iter_next(iter), n++)
        header_leaf(kv_iter_value(iter), hashes + (size_t)n * 32);
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && n < count)
        result = sl_fail(err, SL_CORRUPT, "log: %u of the headers from %llu on are missing",
            count - n, (unsigned long long)first);
    return result;
}

/* The first `least` hashes of a tile, or more where its row has them; *width says how many. */
static enum sl_result read_tile(struct kv *kv, unsigned level, uint64_t index, unsigned least,
    uint8_t hashes[TILE_BYTES], unsigned *width, struct sl_err *err)
{
    struct row_key key = row_tile(level, index);
    struct kv_pin pin;
    enum sl_result result = kv_get(kv, KV_TILE, row_span(&key), &pin, err);
    *width = least;
    if (result == SL_NOT_FOUND && level == 0)
        return read_leaves(kv, index * TILE_WIDTH, least, hashes, err);
    if (result == SL_NOT_FOUND) return bad_row(level, index, err);
    if (result != SL_OK) return result;
    size_t len = pin.value.len;
    bool fits = len <= TILE_BYTES && len % 32 == 0 && len >= (size_t)least * 32;
    if (fits) memcpy(hashes, pin.value.ptr, len);
    kv_release(&pin);
    *width = (unsigned)(len / 32);
    return fits ? SL_OK : bad_row(level, index, err);
}

enum sl_result tiles_read(struct kv *kv, unsigned level, uint64_t index, unsigned width,
    uint8_t hashes[TILE_BYTES], struct sl_err *err)
{
    unsigned has;
    return read_tile(kv, level, index, width, hashes, &has, err);
}

/* RFC 6962 2.1 over a power of two of hashes, in place. */
static void join_all(uint8_t *hashes, unsigned count, uint8_t root[32])
{
    assert(count > 0 && (count & (count - 1)) == 0);
    for (; count > 1; count /= 2)
        for (unsigned i = 0; i < count / 2; i++)
            tree_join(
                hashes + (size_t)i * 64, hashes + (size_t)i * 64 + 32, hashes + (size_t)i * 32);
    memcpy(root, hashes, 32);
}

struct tiles_reader {
    struct kv *kv;
    struct {
        uint64_t index;
        unsigned width; /* hashes held; 0: none */
        uint8_t hashes[TILE_BYTES];
    } tile[LEVELS];
};

struct tiles_reader *tiles_reader_create(struct kv *kv)
{
    struct tiles_reader *reader = calloc(1, sizeof(*reader));
    if (reader) reader->kv = kv;
    return reader;
}

void tiles_reader_destroy(struct tiles_reader *reader)
{
    free(reader);
}

static enum sl_result read_subtree(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    struct tiles_reader *reader = ctx;
    unsigned tile_level = level / 8, count = 1u << level % 8;
    uint64_t first = index << level % 8, tile_index = first / TILE_WIDTH;
    unsigned from = (unsigned)(first % TILE_WIDTH);
    assert(tile_level < LEVELS && from + count <= TILE_WIDTH);
    uint8_t *tile = reader->tile[tile_level].hashes;
    unsigned *width = &reader->tile[tile_level].width;
    if (reader->tile[tile_level].index != tile_index || *width < from + count) {
        unsigned has = 0;
        *width = 0;
        enum sl_result result =
            read_tile(reader->kv, tile_level, tile_index, from + count, tile, &has, err);
        if (result != SL_OK) return result;
        reader->tile[tile_level].index = tile_index;
        *width = has;
    }
    uint8_t hashes[TILE_BYTES / 2];
    memcpy(hashes, tile + (size_t)from * 32, (size_t)count * 32);
    join_all(hashes, count, root);
    return SL_OK;
}

struct tree_source tiles_source(struct tiles_reader *reader)
{
    return (struct tree_source){read_subtree, reader};
}

/* ---- growing ---- */

struct tiles {
    struct {
        uint64_t index;
        unsigned width;
        uint8_t hashes[TILE_BYTES];
    } tile[LEVELS];
};

enum sl_result tiles_open(struct kv *kv, uint64_t size, struct tiles **out, struct sl_err *err)
{
    struct tiles *tiles = calloc(1, sizeof(*tiles));
    if (!tiles) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = SL_OK;
    for (unsigned level = 0; level < LEVELS && result == SL_OK; level++) {
        uint64_t hashes = size >> (8 * level);
        tiles->tile[level].index = hashes / TILE_WIDTH;
        tiles->tile[level].width = (unsigned)(hashes % TILE_WIDTH);
        if (tiles->tile[level].width)
            result = tiles_read(kv, level, tiles->tile[level].index, tiles->tile[level].width,
                tiles->tile[level].hashes, err);
    }
    if (result != SL_OK) {
        tiles_close(tiles);
        return result;
    }
    *out = tiles;
    return SL_OK;
}

void tiles_close(struct tiles *tiles)
{
    free(tiles);
}

void tiles_append(struct tiles *tiles, const uint8_t leaf[32], struct tiles_sink sink)
{
    uint8_t hash[32], scratch[TILE_BYTES];
    memcpy(hash, leaf, 32);
    for (unsigned level = 0; level < LEVELS; level++) {
        assert(tiles->tile[level].width < TILE_WIDTH);
        unsigned width = ++tiles->tile[level].width;
        uint8_t *hashes = tiles->tile[level].hashes;
        memcpy(hashes + (size_t)(width - 1) * 32, hash, 32);
        if (level > 0 || width == TILE_WIDTH)
            sink.put(sink.ctx, level, tiles->tile[level].index,
                (struct sl_span){(const char *)hashes, (size_t)width * 32});
        if (width < TILE_WIDTH) return;
        memcpy(scratch, hashes, TILE_BYTES);
        join_all(scratch, TILE_WIDTH, hash);
        tiles->tile[level].index++;
        tiles->tile[level].width = 0;
    }
}

static void put_row(void *ctx, unsigned level, uint64_t index, struct sl_span hashes)
{
    struct tiles_batch *batch = ctx;
    struct row_key key = row_tile(level, index);
    kv_put(batch->kv, batch->kv_batch, KV_TILE, row_span(&key), hashes);
}

struct tiles_sink tiles_to_batch(struct tiles_batch *batch)
{
    return (struct tiles_sink){put_row, batch};
}
