/* The log is walked by position. Each header's leaf goes into an edge, which gives the root, and
   into tiles, which must be the stored ones as soon as they are full:

       log    0 1 2 … 255 │ 256 … 300        position by position
       tile   0/0 ────────┘ (not full: no row)
       tile   1/0 ─ root of 0/0, …           put again, longer, until it is full

   At the end the rows of tiles are counted, and the root is made of them once more: that covers the
   tiles at the edge, which are not full. */

#include "core/verify/verify_log.h"

#include "core/audit/checkpoint.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/tiles.h"

#include <assert.h>

/* A tile as the leaves so far make it. One that isn't full yet comes again, longer. */
static void check_tile(void *ctx, unsigned level, uint64_t index, struct sl_span hashes)
{
    struct log_check *check = ctx;
    struct row_key key = row_tile(level, index);
    struct kv_pin pin;
    bool full = hashes.len == TILE_BYTES;
    assert(hashes.len > 0 && hashes.len <= TILE_BYTES && hashes.len % 32 == 0);
    check->rows += level == 0 ? full : hashes.len == 32;
    if (!full || check->result != SL_OK) return;
    enum sl_result result = kv_get(check->store->kv, KV_TILE, row_span(&key), &pin, check->err);
    if (result == SL_NOT_FOUND || (result == SL_OK && !sl_span_eq(pin.value, hashes)))
        result = sl_fail(check->err, SL_CORRUPT,
            "log: tile %u/%llu is not what its leaves make; `sharelog rebuild` makes it again",
            level, (unsigned long long)index);
    kv_release(&pin);
    check->result = result;
}

/* As many rows as there should be, and the same root of them as of the leaves. */
static enum sl_result check_edge(struct log_check *check, struct sl_err *err)
{
    uint8_t root[32], stored[32];
    struct row_key from = row_meta(""), to = row_whole();
    uint64_t rows = 0;
    struct kv_iter *iter =
        kv_iter_create(check->store->kv, KV_TILE, row_span(&from), row_span(&to), KV_SCAN);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result != SL_OK) return result;
    if (rows != check->rows)
        return sl_fail(err, SL_CORRUPT,
            "log: %llu tiles where there should be %llu; `sharelog rebuild` makes them again",
            (unsigned long long)rows, (unsigned long long)check->rows);
    struct tiles_reader *reader = tiles_reader_create(check->store->kv);
    if (!reader) return sl_fail(err, SL_NOMEM, "out of memory");
    result = tree_root(tiles_source(reader), check->edge.size, stored, err);
    tiles_reader_destroy(reader);
    tree_edge_root(&check->edge, root);
    if (result == SL_OK && memcmp(root, stored, 32) != 0)
        result = sl_fail(err, SL_CORRUPT,
            "log: a tile at its end is not what its leaves make; `sharelog rebuild` makes it again");
    return result;
}

/* Once as many leaves are walked as the kept checkpoint was signed for, the root must be its own.
 */
static enum sl_result check_kept(struct log_check *check, struct sl_err *err)
{
    uint8_t root[32];
    if (!check->has_kept || check->edge.size != check->kept.size) return SL_OK;
    tree_edge_root(&check->edge, root);
    if (memcmp(root, check->kept.root, 32) == 0) return SL_OK;
    return sl_fail(err, SL_CORRUPT,
        "log: its first %llu events are not the ones that its checkpoint was signed for",
        (unsigned long long)check->kept.size);
}

static enum sl_result check_header(
    struct log_check *check, struct sl_span key, struct sl_span value, struct sl_err *err)
{
    uint64_t position = key.len == 8 ? be_get(key.ptr, 8) : UINT64_MAX;
    struct header header;
    uint8_t leaf[32];
    if (position != check->edge.size)
        return sl_fail(
            err, SL_CORRUPT, "log: position %llu is missing", (unsigned long long)check->edge.size);
    if (!header_decode(value, &header))
        return sl_fail(
            err, SL_CORRUPT, "log: the header at %llu is unreadable", (unsigned long long)position);
    header_leaf(value, leaf);
    tree_add(&check->edge, leaf);
    check->err = err;
    tiles_append(check->tiles, leaf, (struct tiles_sink){check_tile, check});
    return check->result == SL_OK ? check_kept(check, err) : check->result;
}

enum sl_result log_check(
    struct log_check *check, const struct sl_progress *progress, uint64_t total, struct sl_err *err)
{
    struct kv *kv = check->store->kv;
    assert(check->edge.size == 0 && !check->tiles); /* it is used once */
    enum sl_result result = checkpoints_fault(check->store->checkpoints, err);
    if (result != SL_OK) return err ? (err->result = SL_CORRUPT) : SL_CORRUPT;
    check->has_kept = checkpoints_kept(check->store->checkpoints, &check->kept) == SL_OK;
    result = tiles_open(kv, 0, &check->tiles, err);
    if (result == SL_OK) result = check_kept(check, err);
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        result = check_header(check, kv_iter_key(iter), kv_iter_value(iter), err);
        if (check->edge.size % 4096 == 0) progress_report(progress, "log", check->edge.size, total);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK) result = check_edge(check, err);
    if (result == SL_OK && check->has_kept && check->kept.size > check->edge.size)
        result = sl_fail(err, SL_CORRUPT,
            "log: it has %llu events, but a checkpoint of %llu was signed: the last ones are lost",
            (unsigned long long)check->edge.size, (unsigned long long)check->kept.size);
    tiles_close(check->tiles);
    return result;
}
