/* One pack at a time, each in the share's turn:

       plan     which rows, and which packs, the next pack is made of
       gather   they are read and compressed
       append   by the sequencer, in one write: the pack comes, what it was made of goes

   A reader finds each row in one place or the other: body.h says in which order it looks. The
   append is guarded by the share's epoch, as everything that depends on what was read before.

   How it fails: nothing is left behind of a pack that isn't written, and those before it stay. The
   work can be cut short after any of them, and begun again. */

#include "core/background/pack_make.h"

#include "core/background/due.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/share.h"

#include <assert.h>

struct packing {
    struct sl_store *store;
    struct share *share;
    bool gives_way; /* it is the compactor's thread */
    struct body_packer packer;
    /* the pack at hand: */
    struct body_place from, behind; /* its rows lie in [from, behind) */
    size_t bytes;                   /* of them; 0: there are none */
    unsigned packs;                 /* that it takes the place of … */
    enum zstd_effort effort;        /* … and how the last of these was made */
    bool hot, raw;                  /* rows of these families are among them */
    struct cold_change change;
};

/* ---- what the next pack is made of ---- */

static struct body_place place_of(const struct body_iter *rows)
{
    struct sl_span id;
    struct body_place place = {0};
    row_parse_chunk(body_iter_key(rows), &id, &place.sequence, &place.chunk);
    return place;
}

/* Does the row at hand, or the pack that it is the first of, join those before? */
static bool joins(const struct packing *packing, struct body_place place, size_t bytes)
{
    if (packing->bytes == 0) return true;
    return place.sequence == packing->behind.sequence + 1 && place.chunk == 0 &&
           bytes <= SL_BODY_ROW_BYTES - packing->bytes;
}

static void join(struct packing *packing, struct body_iter *rows, size_t bytes)
{
    const struct body_pack *pack = body_iter_pack(rows);
    struct body_place place = place_of(rows);
    if (packing->bytes == 0) packing->from = place;
    packing->bytes += bytes;
    if (pack) {
        packing->packs++;
        packing->effort = pack->effort;
        place = body_pack_place(place, pack->count - 1);
        body_iter_skip(rows);
    } else {
        packing->hot |= body_iter_family(rows) == KV_HOT;
        packing->raw |= body_iter_family(rows) == KV_BODY;
        body_iter_next(rows);
    }
    packing->behind = (struct body_place){place.sequence, place.chunk + 1};
    assert(packing->bytes <= SL_BODY_ROW_BYTES);
}

static void open_rows(const struct packing *packing, struct body_iter *rows, struct body_place from,
    struct body_place to, enum kv_reading reading)
{
    struct sl_span id = sl_span_of(packing->share->id);
    struct row_key lower = row_body(id, from.sequence, from.chunk),
                   upper = row_body(id, to.sequence, to.chunk);
    body_iter_init(rows, packing->store->bodies, row_span(&lower), row_span(&upper), reading);
    body_iter_first(rows);
}

/* From `from` on, which no pack lies across. */
static enum sl_result plan(
    struct packing *packing, struct body_place from, uint64_t through, struct sl_err *err)
{
    struct body_iter rows;
    enum sl_result result = SL_OK;
    packing->bytes = packing->packs = 0;
    packing->hot = packing->raw = false;
    open_rows(packing, &rows, from, (struct body_place){through + 1, 0}, KV_ONCE);
    while (result == SL_OK && body_iter_valid(&rows)) {
        const struct body_pack *pack = body_iter_pack(&rows);
        size_t bytes = pack ? pack->bytes : 0;
        if (!pack) result = body_iter_row_bytes(&rows, &bytes, err);
        if (result != SL_OK || !joins(packing, place_of(&rows), bytes)) break;
        join(packing, &rows, bytes);
    }
    if (result == SL_OK) result = body_iter_check(&rows, err);
    body_iter_fini(&rows);
    return result;
}

/* ---- one pack ---- */

static enum sl_result gather(struct packing *packing, struct sl_err *err)
{
    struct body_iter rows;
    enum sl_result result = SL_OK;
    /* packs are held against their ids: what is made of a damaged one would be damaged for ever */
    open_rows(packing, &rows, packing->from, packing->behind, KV_SCAN);
    for (; result == SL_OK && body_iter_valid(&rows); body_iter_next(&rows)) {
        struct body_place place = place_of(&rows);
        struct sl_span row;
        if (body_iter_pack(&rows)) result = cold_change_drop(&packing->change, place, err);
        if (result == SL_OK) result = body_iter_row(&rows, &row, err);
        if (result == SL_OK) body_packer_add(&packing->packer, place, row);
    }
    if (result == SL_OK) result = body_iter_check(&rows, err);
    body_iter_fini(&rows);
    return result == SL_OK ? cold_change_add(&packing->change, &packing->packer, err) : result;
}

static enum sl_result put_pack(struct append *append, struct kv_batch *kv_batch)
{
    const struct packing *packing = append->ctx;
    struct kv *kv = packing->store->kv;
    struct sl_span id = sl_span_of(packing->share->id);
    struct row_key from = row_body(id, packing->from.sequence, packing->from.chunk),
                   behind = row_body(id, packing->behind.sequence, packing->behind.chunk);
    assert(packing->from.sequence > 1);
    if (packing->hot) kv_delete_range(kv, kv_batch, KV_HOT, row_span(&from), row_span(&behind));
    if (packing->raw) kv_delete_range(kv, kv_batch, KV_BODY, row_span(&from), row_span(&behind));
    cold_change_put(kv, kv_batch, id, &packing->change);
    return SL_OK;
}

/* The pack that is planned, under the epoch that it was planned under. */
static enum sl_result make(struct packing *packing, unsigned long seen, struct sl_err *err)
{
    enum sl_result result = gather(packing, err);
    struct append append = {.share = packing->share,
        .derive = put_pack,
        .ctx = packing,
        .derived_bytes = cold_change_bytes(&packing->change),
        .gives_way = packing->gives_way,
        .guard = &packing->share->epoch,
        .seen = seen};
    if (result == SL_OK) result = sequencer_append(packing->store->sequencer, &append, err);
    cold_change_fini(&packing->change);
    return result;
}

/* A pack that was made hard, and that nothing joins, is made again as it is. */
static bool is_made(const struct packing *packing)
{
    return packing->packs == 1 && !packing->hot && !packing->raw && packing->effort == ZSTD_HARD;
}

/* In the share's turn. *made false: there is nothing to pack from `from` on. */
static enum sl_result pack_next(struct packing *packing, struct body_place from, uint64_t through,
    bool *made, struct sl_err *err)
{
    assert(packing->share->acting);
    *made = false;
    if (!share_is_live(packing->share)) return SL_OK;
    unsigned long seen = share_epoch(packing->store->shares, packing->share);
    enum sl_result result = plan(packing, from, through, err);
    if (result != SL_OK || packing->bytes == 0) return result;
    *made = true;
    return is_made(packing) ? SL_OK : make(packing, seen, err);
}

/* ---- behind a snapshot ---- */

/* How many bytes of events lie between the last pack and the snapshot: of those from `from` on, an
   event that is packed in part as a whole. */
static enum sl_result unpacked_bytes(struct packing *packing, struct body_place from,
    uint64_t through, uint64_t stored, uint64_t *bytes, struct sl_err *err)
{
    struct head place;
    uint64_t packed = from.sequence - 1;
    *bytes = 0;
    if (packed >= through) return SL_OK;
    enum sl_result result =
        log_place(packing->store->kv, sl_span_of(packing->share->id), packed, &place, err);
    if (result == SL_NOT_FOUND)
        return sl_fail(err, SL_CORRUPT, "share %s: event %llu is missing", packing->share->id,
            (unsigned long long)packed);
    if (result == SL_OK && place.stored < stored) *bytes = stored - place.stored;
    return result;
}

/* *made false: nothing is due, or somebody has the share's turn. */
static enum sl_result pack_behind(struct packing *packing, bool *made, struct sl_err *err)
{
    struct sl_store *store = packing->store;
    struct body_place from;
    uint64_t bytes = 0;
    *made = false;
    shares_lock(store->shares);
    uint64_t through = packing->share->snapshot_sequence, stored = packing->share->snapshot_stored;
    shares_unlock(store->shares);
    enum sl_result result = cold_end(store->kv, sl_span_of(packing->share->id), &from, err);
    if (result == SL_OK) result = unpacked_bytes(packing, from, through, stored, &bytes, err);
    if (result != SL_OK || bytes < SL_PACK_MIN_BYTES) return result;
    if (due_stopping(store->due)) return sl_fail(err, SL_STOPPED, "the store is closing");
    if (!packing->packer.encoder) result = body_packer_init(&packing->packer, ZSTD_FAST, err);
    if (result != SL_OK || !share_turn_try(store->shares, packing->share)) return result;
    result = pack_next(packing, from, through, made, err);
    share_turn_end(store->shares, packing->share);
    due_rest(store->due);
    return result;
}

enum sl_result make_due_packs(struct sl_store *store, struct sl_span share_id, struct sl_err *err)
{
    struct packing packing = {.store = store, .gives_way = true};
    enum sl_result result = share_acquire(store->shares, share_id, &packing.share, err);
    if (result != SL_OK) return result == SL_NOT_FOUND ? SL_OK : result;
    bool made = true;
    while (made && result == SL_OK)
        result = pack_behind(&packing, &made, err);
    body_packer_fini(&packing.packer);
    share_release(packing.share);
    return result;
}

/* ---- everything ---- */

static enum sl_result pack_share(
    struct packing *packing, struct sl_span share_id, struct sl_err *err)
{
    struct sl_store *store = packing->store;
    enum sl_result result = share_acquire(store->shares, share_id, &packing->share, err);
    if (result != SL_OK) return result == SL_NOT_FOUND ? SL_OK : result;
    shares_lock(store->shares);
    uint64_t through = packing->share->head.sequence;
    shares_unlock(store->shares);
    struct body_place at = {2, 0};
    bool made = true;
    while (made && result == SL_OK) {
        if (due_stopping(store->due)) {
            result = sl_fail(err, SL_CLOSING, "the store is closing");
            break;
        }
        share_turn_begin(store->shares, packing->share);
        result = pack_next(packing, at, through, &made, err);
        share_turn_end(store->shares, packing->share);
        at = packing->behind;
    }
    share_release(packing->share);
    return result;
}

/* The share behind `id`, in order of ids. *more false: there is none. */
static enum sl_result next_share(
    struct kv *kv, char id[SL_SHARE_ID_BYTES + 2], bool *more, struct sl_err *err)
{
    size_t len = strlen(id);
    if (len)
        memcpy(id + len, "!", 2); /* before every character of an id, so behind this one alone */
    struct row_key from = row_share(sl_span_of(id)), to = row_whole();
    struct kv_iter *iter = kv_iter_create(kv, KV_SHARE, row_span(&from), row_span(&to), KV_CACHED);
    kv_iter_first(iter);
    *more = kv_iter_valid(iter) && kv_iter_key(iter).len <= SL_SHARE_ID_BYTES;
    len = *more ? kv_iter_key(iter).len : 0;
    if (*more) memcpy(id, kv_iter_key(iter).ptr, len);
    id[len] = 0;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

enum sl_result pack_all(
    struct sl_store *store, uint64_t shares, const struct sl_progress *progress, struct sl_err *err)
{
    struct packing packing = {.store = store};
    char id[SL_SHARE_ID_BYTES + 2] = "";
    bool more = true;
    enum sl_result result = body_packer_init(&packing.packer, ZSTD_HARD, err);
    for (uint64_t done = 0; result == SL_OK; done++) {
        progress_report(progress, "pack", done, shares);
        result = next_share(store->kv, id, &more, err);
        if (result != SL_OK || !more) break;
        result = pack_share(&packing, sl_span_of(id), err);
    }
    body_packer_fini(&packing.packer);
    return result;
}
