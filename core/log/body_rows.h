#ifndef SHARELOG_BODY_ROWS_H
#define SHARELOG_BODY_ROWS_H

/* The wall of bodies: whoever reads, writes or deletes one does it here, and sees raw rows alone.

       body     prefix │ bytes of item 0 │ bytes of item 1 │ …          event.h
                ├──── raw row 0 ────┼──── raw row 1 ────┼── … ──┤       SL_BODY_ROW_BYTES each
                      ▲                    ▲
       hot      a row each, packed by itself             where every body is written
       body     a row each, as it is                     stores of format 1 wrote them there
       cold     many rows in one pack                    where old ones are moved (body_pack.h)

   A raw row lies in one of the families. Rows may be moved beside a reader, by one write, towards
   the end of the list above; so a reader that looks in that order finds each. It may find one in
   two of them: before it was moved, and behind. A redaction alone takes rows the other way, into
   `hot`: who looks meanwhile may find neither, and asks the share's epoch (epoch.h), which has
   moved, before it takes that for damage. */

#include "core/base/buf.h"
#include "core/kv/kv.h"
#include "core/kv/rows.h"
#include "core/log/body_cold.h"
#include "core/log/cold_change.h"

/* Families with bodies in them. */
#define BODY_FAMILIES 3
extern const enum kv_family body_families[BODY_FAMILIES];

/* What reading the bodies of a store takes: its packs as they were last read, decoded. */
struct bodies;
/* NULL: no memory. `kv` is borrowed. */
struct bodies *bodies_create(struct kv *kv);
void bodies_destroy(struct bodies *bodies); /* NULL is fine */
/* Keep nothing in memory of what was read: content was taken away, or the store is read anew. */
void bodies_forget(struct bodies *bodies);
/* What is kept, in bytes. */
uint64_t bodies_memory_bytes(struct bodies *bodies);

/* ---- reading ---- */

/* One raw row, held until it is released. Zeroed is released. One thread's at a time. */
struct body_row {
    struct sl_span bytes;
    struct kv_pin pin;     /* as it lies in the store, or … */
    char *unpacked;        /* … unpacked, or … */
    struct unpacked *pack; /* … among others */
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

/* Raw rows in order of key, from all families, each once. As with kv's iterators: it stands nowhere
   until it is moved, what it gives is borrowed until it moves, and after it has run out
   body_iter_check tells the end from a failure, a damaged pack included. Init can't fail; fini
   takes a zeroed one too. */
struct body_iter {
    struct kv_iter *hot, *raw;
    struct cold_iter cold;
    bool valid;
    enum kv_family at; /* the one whose row is at hand */
    bool is_unpacked;
    struct buf unpacked; /* the row at hand, once it was asked for */
};
/* Over [lower, upper); empty: unbounded. KV_SCAN: packs are held against their ids. */
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
    return iter->valid;
}
enum sl_result body_iter_check(struct body_iter *iter, struct sl_err *err);
/* For a valid one: */
void body_iter_next(struct body_iter *iter);
struct sl_span body_iter_key(const struct body_iter *iter);
enum kv_family body_iter_family(const struct body_iter *iter);
/* Was the row met in another family too? */
bool body_iter_twice(const struct body_iter *iter);
/* The raw row, and how many bytes it has, which doesn't unpack it. SL_CORRUPT: it can't be
   unpacked; SL_NOMEM. */
enum sl_result body_iter_row(struct body_iter *iter, struct sl_span *bytes, struct sl_err *err);
enum sl_result body_iter_row_bytes(struct body_iter *iter, size_t *bytes, struct sl_err *err);
/* The pack that the row is the first of; NULL: it isn't the first of any. */
const struct body_pack *body_iter_pack(const struct body_iter *iter);
/* To behind that pack. */
void body_iter_skip(struct body_iter *iter);

/* Is the row in two families at one time, and not just moved from one to the other? */
enum sl_result bodies_twice(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, bool *twice, struct sl_err *err);

/* Does the event's whole body lie in packs? */
enum sl_result bodies_is_cold(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    bool *cold, struct sl_err *err);

/* ---- writing ---- */

/* Put an event's body, as hot_rows made it, into the batch. Nothing is allocated here but by the
   batch. Whatever the event has already must go first, or in the batch before it. */
void body_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t sequence,
    struct sl_span rows);

/* Put into the batch what takes away the bodies of the events [from, to). No pack may have rows of
   these and of others too: they are all of the share's but the first, or one whose body isn't cold
   as a whole. */
void body_delete(
    struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t from, uint64_t to);

/* Prepare that events whose bodies are cold as a whole get others: cold_exchange. */
enum sl_result bodies_exchange(struct bodies *bodies, struct sl_span share_id,
    const struct cold_body *list, size_t count, struct cold_change *change, struct sl_err *err);

#endif
