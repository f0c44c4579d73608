#ifndef SHARELOG_BODY_COLD_H
#define SHARELOG_BODY_COLD_H

/* Raw rows of bodies out of the packs of family `cold`: one of them, or all in order. body.h joins
   them with those of the other families, and is who calls this.

   A row is found by the last pack that begins at or before it:

       packs    (2,0) × 5             (7,0) × 1   (7,1) × 3
       rows     2.0 3.0 4.0 5.0 6.0   7.0         7.1 8.0 9.0
                          ▲ 4.0: seek back from its key, then count

   SL_CORRUPT: a pack is damaged, or two of them overlap; the share and the event are named.
   SL_NOMEM, SL_IO. */

#include "core/kv/rows.h"
#include "core/log/pack_cache.h"

/* The row at a place, held through *held, which the caller releases. `once`: takes nothing else's
   place in RocksDB's cache. SL_NOT_FOUND: no pack has it; err is left alone. */
enum sl_result cold_row_get(struct kv *kv, struct pack_cache *cache, struct sl_span share_id,
    struct body_place place, bool once, struct unpacked **held, struct sl_span *row,
    struct sl_err *err);

/* The pack that has the row at a place: where it begins, how many bytes it takes. SL_NOT_FOUND:
   none has it; err is left alone. */
enum sl_result cold_pack_of(struct kv *kv, struct sl_span share_id, struct body_place place,
    struct body_place *first, size_t *bytes, struct sl_err *err);

/* The least place that a row behind the last packed one can have; {2, 0} where none is packed. Of
   an event whose last row is full it is a row that the event hasn't. */
enum sl_result cold_end(
    struct kv *kv, struct sl_span share_id, struct body_place *next, struct sl_err *err);

/* All rows in order of key, of as many shares as lie between the bounds. As kv's iterators it
   stands nowhere until it is moved. Packs are decoded when a row of theirs is asked for. */
struct cold_iter {
    struct kv_iter *packs;
    struct pack_cache *cache;
    bool scans; /* KV_SCAN: packs are held against their ids, and none is kept */
    bool valid;
    struct row_key lower, upper;
    /* of the pack at hand: */
    struct body_pack pack;
    struct body_place first;
    uint32_t index, end;       /* the row at hand; the first that is not before `upper` */
    struct unpacked *unpacked; /* NULL: not yet */
    struct row_key key;        /* of the row at hand */
    struct sl_err fault;       /* it has run out because of that */
};

void cold_iter_init(struct cold_iter *iter, struct kv *kv, struct pack_cache *cache,
    struct sl_span lower, struct sl_span upper, enum kv_reading reading);
void cold_iter_fini(struct cold_iter *iter); /* zeroed is fine */
void cold_iter_first(struct cold_iter *iter);
void cold_iter_seek(struct cold_iter *iter, struct sl_span key); /* at or after */
static inline bool cold_iter_valid(const struct cold_iter *iter)
{
    return iter->valid;
}
enum sl_result cold_iter_check(struct cold_iter *iter, struct sl_err *err);
/* For a valid one: */
void cold_iter_next(struct cold_iter *iter);
static inline struct sl_span cold_iter_key(const struct cold_iter *iter)
{
    return row_span(&iter->key);
}
/* To the first row of the pack that the row at hand is in, whatever the bounds are. */
void cold_iter_rewind(struct cold_iter *iter);
/* To the first row behind that pack. */
void cold_iter_skip(struct cold_iter *iter);
enum sl_result cold_iter_row(struct cold_iter *iter, struct sl_span *row, struct sl_err *err);

#endif
