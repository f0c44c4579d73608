/* What a stranger gets of the log: tiles, entries, proofs. All of it is of committed events, and
   read from the tiles; SL_NOT_FOUND beyond the log's end. */

#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/tiles.h"
#include "core/proof/proof.h"

#include <assert.h>

static enum sl_result beyond(uint64_t size, struct sl_err *err)
{
    return sl_fail(
        err, SL_NOT_FOUND, "the log has no more than %llu events", (unsigned long long)size);
}

/* Does the log have the first `width` hashes of a tile? */
static enum sl_result check_tile(
    struct sl_store *store, unsigned level, uint64_t index, unsigned width, struct sl_err *err)
{
    uint64_t size = 0;
    enum sl_result result = log_committed(store, &size, err);
    if (result != SL_OK) return result;
    uint64_t hashes = level < 8 ? size >> (8 * level) : 0;
    if (width < 1 || width > TILE_WIDTH || index > hashes / TILE_WIDTH ||
        index * TILE_WIDTH + width > hashes)
        return beyond(size, err);
    return SL_OK;
}

enum sl_result sl_log_tile(struct sl_store *store, unsigned level, uint64_t index, unsigned width,
    uint8_t out[256 * 32], struct sl_err *err)
{
    enum sl_result result = check_tile(store, level, index, width, err);
    if (result != SL_OK) return result;
    uint8_t hashes[TILE_BYTES];
    result = tiles_read(store->kv, level, index, width, hashes, err);
    if (result == SL_OK) memcpy(out, hashes, (size_t)width * 32);
    return result;
}

enum sl_result sl_log_entries(
    struct sl_store *store, uint64_t index, unsigned width, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = check_tile(store, 0, index, width, err);
    for (unsigned i = 0; i < width && result == SL_OK; i++) {
        struct kv_pin pin;
        uint8_t length[2];
        result = log_header(store->kv, index * TILE_WIDTH + i, &pin, err);
        if (result == SL_NOT_FOUND)
            result = sl_fail(err, SL_CORRUPT, "log: position %llu is missing",
                (unsigned long long)(index * TILE_WIDTH + i));
        if (result != SL_OK) break;
        be_put(length, pin.value.len, 2);
        result = sink_put(sink, length, 2, err);
        if (result == SL_OK) result = sink_put(sink, pin.value.ptr, pin.value.len, err);
        kv_release(&pin);
    }
    return result;
}

/* ---- proofs ---- */

enum proof_kind { INCLUSION, CONSISTENCY };

static enum sl_result prove(struct sl_store *store, enum proof_kind kind, uint64_t from,
    uint64_t to, struct tree_proof *proof, struct sl_err *err)
{
    uint64_t size = 0;
    enum sl_result result = log_committed(store, &size, err);
    if (result != SL_OK) return result;
    if (to > size) return beyond(size, err);
    if (kind == INCLUSION ? from >= to : from > to)
        return sl_fail(err, SL_INVALID, "a log of %llu events has no place %llu",
            (unsigned long long)to, (unsigned long long)from);
    struct tiles_reader *reader = tiles_reader_create(store->kv);
    if (!reader) return sl_fail(err, SL_NOMEM, "out of memory");
    result = kind == INCLUSION ? tree_inclusion(tiles_source(reader), from, to, proof, err)
                               : tree_consistency(tiles_source(reader), from, to, proof, err);
    tiles_reader_destroy(reader);
    return result;
}

static enum sl_result give(enum sl_result result, const struct tree_proof *proof,
    uint8_t hashes[SL_PROOF_HASHES][32], size_t *count)
{
    if (result != SL_OK) return result;
    assert(proof->count <= SL_PROOF_HASHES);
    memcpy(hashes, proof->hashes, proof->count * 32);
    *count = proof->count;
    return SL_OK;
}

enum sl_result sl_log_inclusion(struct sl_store *store, uint64_t position, uint64_t size,
    uint8_t hashes[SL_PROOF_HASHES][32], size_t *count, struct sl_err *err)
{
    struct tree_proof proof;
    return give(prove(store, INCLUSION, position, size, &proof, err), &proof, hashes, count);
}

enum sl_result sl_log_consistency(struct sl_store *store, uint64_t from, uint64_t to,
    uint8_t hashes[SL_PROOF_HASHES][32], size_t *count, struct sl_err *err)
{
    struct tree_proof proof;
    return give(prove(store, CONSISTENCY, from, to, &proof, err), &proof, hashes, count);
}

enum sl_result sl_event_proof(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_sink sink, struct sl_err *err)
{
    struct sl_share_info info;
    struct head place;
    struct sl_checkpoint checkpoint;
    enum sl_result result = sl_share_info(store, id, &info, err);
    if (result != SL_OK) return result;
    if (sequence < 1 || sequence > info.sequence)
        return sl_fail(err, SL_NO_MOMENT, "no sequence %llu: there are 1 to %llu",
            (unsigned long long)sequence, (unsigned long long)info.sequence);
    result = log_place(store->kv, id, sequence, &place, err);
    if (result == SL_OK) result = sl_log_published(store, &checkpoint, err);
    if (result == SL_NOT_FOUND || (result == SL_OK && checkpoint.size <= place.position))
        result = sl_log_checkpoint(store, place.position + 1, &checkpoint, err);
    assert(result != SL_OK || place.position < checkpoint.size);
    struct proof proof = {.index = place.position};
    if (result == SL_OK)
        result = prove(store, INCLUSION, place.position, checkpoint.size, &proof.hashes, err);
    if (result != SL_OK) return result;
    struct buf text = {0};
    proof.checkpoint = (struct sl_span){checkpoint.note, checkpoint.len};
    proof_write(&proof, &text);
    result = text.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                         : sink_put(sink, text.ptr, text.len, err);
    buf_fini(&text);
    return result;
}
