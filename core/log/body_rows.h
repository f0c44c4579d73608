#ifndef SHARELOG_BODY_ROWS_H
#define SHARELOG_BODY_ROWS_H

/* The wall of bodies: whoever reads, writes or deletes one does it here, and sees raw rows alone.

       body     prefix │ bytes of item 0 │ bytes of item 1 │ …          event.h
                ├──── raw row 0 ────┼──── raw row 1 ────┼── … ──┤       SL_BODY_ROW_BYTES each
                      ▲                    ▲
       hot      a row each, packed by itself             where every body is written
       body     a row each, as it is                     stores of format 1 wrote them there

   A raw row lies in one of the families. Rows may be moved beside a reader, by one write, always
   towards the end of the list above; so a reader that looks in that order finds each. */

#include "core/base/buf.h"
#include "core/kv/kv.h"
#include "core/kv/rows.h"

/* Families with bodies in them. */
#define BODY_FAMILIES 3
extern const enum kv_family body_families[BODY_FAMILIES];

/* What reading the bodies of a store takes. */
struct bodies;
/* NULL: no memory. `kv` is borrowed. */
struct bodies *bodies_create(struct kv *kv);
void bodies_destroy(struct bodies *bodies); /* every row must be released; NULL is fine */

/* ---- reading ---- */

/* One raw row, held until it is released. Zeroed is released. One thread's at a time. */
struct body_row {
    struct sl_span bytes;
    struct kv_pin pin; /* as it lies in the store, or … */
    char *unpacked;    /* … unpacked */
};

/* Bytes [chunk * SL_BODY_ROW_BYTES, …) of an event's body. `once`: it is hardly read again, and
   takes nothing else's place in RocksDB's cache. SL_NOT_FOUND: erased; *row is zeroed and err left
   alone. SL_CORRUPT: it can't be unpacked; SL_NOMEM, SL_IO. */
enum sl_result body_row_get(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, bool once, struct body_row *row, struct sl_err *err);
void body_row_release(struct body_row *row);

/* One event's body, read here and there: the row that was read last is held, so that one that many
   items lie in is unpacked once. `share_id` is borrowed. */
struct body_cursor {
    struct bodies *bodies;
    struct sl_span share_id;
    uint64_t sequence;
    uint32_t chunk; /* of the row, if one is held */
    struct body_row row;
};
static inline struct body_cursor body_cursor_of(
    struct bodies *bodies, struct sl_span share_id, uint64_t sequence)
{
    return (struct body_cursor){.bodies = bodies, .share_id = share_id, .sequence = sequence};
}
static inline void body_cursor_fini(struct body_cursor *cursor) /* zeroed is fine */
{
    body_row_release(&cursor->row);
}

/* The bytes at `offset`, as far as one row holds them: at least one, valid until the next call.
   SL_NOT_FOUND: erased. SL_CORRUPT: the body is too short, or can't be unpacked; SL_NOMEM, SL_IO.
   What was held before a failure isn't any more. */
enum sl_result body_cursor_piece(
    struct body_cursor *cursor, uint64_t offset, struct sl_span *piece, struct sl_err *err);
/* Append bytes to `out` (which is not cleared), wherever rows cut them: an item's, or the prefix.
   Errors are body_cursor_piece's. */
enum sl_result body_cursor_read(struct body_cursor *cursor, uint64_t offset, uint64_t length,
    struct buf *out, struct sl_err *err);
/* The same of a body that is read but once. */
enum sl_result bodies_read(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint64_t offset, uint64_t length, struct buf *out, struct sl_err *err);

/* Raw rows in order of key, from all families. As with kv's iterators: it stands nowhere until it
   is moved, what it gives is borrowed until it moves, and after it has run out body_iter_check
   tells the end from a failure. Init can't fail; fini takes a zeroed one too. */
struct body_iter {
    struct kv_iter *hot, *raw;
    struct kv_iter *at; /* the one whose row is at hand; NULL: it has run out */
    bool is_unpacked;
    struct buf unpacked; /* the row at hand, once it was asked for */
};
/* Over [lower, upper); empty: unbounded. */
void body_iter_init(struct body_iter *iter, struct bodies *bodies, struct sl_span lower,
    struct sl_span upper, enum kv_reading reading);
void body_iter_fini(struct body_iter *iter);
static inline bool body_iter_is_there(const struct body_iter *iter)
{
    return iter->hot != NULL;
}
void body_iter_first(struct body_iter *iter);
void body_iter_seek(struct body_iter *iter, struct sl_span key); /* at or after */
static inline bool body_iter_valid(const struct body_iter *iter)
{
    return iter->at != NULL;
}
enum sl_result body_iter_check(struct body_iter *iter, struct sl_err *err);
/* For a valid one: */
void body_iter_next(struct body_iter *iter);
struct sl_span body_iter_key(const struct body_iter *iter);
enum kv_family body_iter_family(const struct body_iter *iter);
/* Does another family have a row of this key too? The next one is that. */
bool body_iter_twice(const struct body_iter *iter);
/* The raw row. SL_CORRUPT: it can't be unpacked; SL_NOMEM. */
enum sl_result body_iter_row(struct body_iter *iter, struct sl_span *bytes, struct sl_err *err);

/* ---- writing ---- */

/* Put an event's body, as hot_rows made it, into the batch. Nothing is allocated here but by the
   batch. Whatever the event has already must go first, or in the batch before it. */
void body_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t sequence,
    struct sl_span rows);

/* Put into the batch what takes away the bodies of the events [from, to). */
void body_delete(
    struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t from, uint64_t to);

#endif
