#ifndef SHARELOG_KV_H
#define SHARELOG_KV_H

/* RocksDB's wall: ordered families of byte strings, atomic batches, and nothing of what the bytes
   mean. The keys of each family are built in rows.h; FORMAT.md says what the values hold.

       family       key                       value                           truth or derived
       meta         name                      format, origin, marks           truth
       event        share, sequence           header, items' names            truth
       body         share, sequence, chunk    items' bytes, of format 1       truth
       hot          share, sequence, chunk    items' bytes, while new         truth
       cold         share, sequence, chunk    items' bytes, packed            truth
       log          position                  header                          truth
       share        share                     record                          derived
       by_session   session, maker, position  share                           derived
       tile         level, index              hashes of the log's tree        derived
       snapshot     share, sequence, chunk    a folded state                  derived
       index        letter, …                 lists by newest, reference …    derived

   Reading gives bytes that RocksDB holds: a pin until it is released, an iterator's until it moves.
   Writing puts rows into a batch, which is written as a whole or not at all; when a write fails,
   whether it is on disk is known at the next opening only, and the store takes no more of them.

   Errors: SL_IO, and SL_CORRUPT where RocksDB found a block or file damaged; SL_NOMEM for our own
   allocations (RocksDB ends the process when its own fail). Functions may be called from any
   thread; one iterator, pin or batch is one thread's at a time. */

#include "core/base/err.h"
#include "core/base/span.h"

enum kv_family {
    KV_META,
    KV_EVENT,
    KV_BODY,
    KV_HOT,
    KV_COLD,
    KV_LOG,
    KV_SHARE,
    KV_BY_SESSION,
    KV_TILE,
    KV_SNAPSHOT,
    KV_INDEX,
    KV_FAMILIES
};
/* The ones that can be made again from the others. */
static inline bool kv_family_derived(enum kv_family family)
{
    return family >= KV_SHARE;
}
/* The ones that stores of format 1 don't have until they are opened to be written. */
static inline bool kv_family_optional(enum kv_family family)
{
    return family == KV_HOT || family == KV_COLD;
}
const char *kv_family_name(enum kv_family family);

struct kv;

struct kv_options {
    const char *path;
    bool beside; /* a secondary instance: reads while another process writes */
    size_t cache_bytes;
    bool uncompressed;
};

/* Families that aren't there are made; `beside` the optional ones are empty instead. SL_LOCKED:
   another process has it open. SL_NOT_FOUND: `beside` and nothing there. SL_FORMAT: it has families
   that aren't known here. A failure leaves nothing open. */
enum sl_result kv_open(const struct kv_options *options, struct kv **kv, struct sl_err *err);
void kv_close(struct kv *kv); /* every pin, iterator and batch must be gone; NULL is fine */
/* `beside`: read what the writing process has committed by now. Every pin and iterator must be
   gone. After a failure what was read before is still there. */
enum sl_result kv_catch_up(struct kv *kv, struct sl_err *err);

/* ---- reading ---- */

/* A value, held in RocksDB's own memory until it is released. Zeroed is released. */
struct kv_pin {
    struct sl_span value;
    void *slice;
};
/* SL_NOT_FOUND leaves *pin zeroed and err alone. */
enum sl_result kv_get(struct kv *kv, enum kv_family family, struct sl_span key, struct kv_pin *pin,
    struct sl_err *err);
/* The same for a large value that is hardly read again: it takes nothing else's place in the
   cache. */
enum sl_result kv_get_once(struct kv *kv, enum kv_family family, struct sl_span key,
    struct kv_pin *pin, struct sl_err *err);
void kv_release(struct kv_pin *pin);

/* How an iterator uses the cache. */
enum kv_reading {
    KV_CACHED, /* like kv_get */
    KV_ONCE,   /* takes nothing else's place in the cache */
    KV_SCAN    /* likewise, and reads ahead, for much that is to come: 1 MiB of each file that it
                  meets */
};

/* An iterator over [lower, upper), at most KV_BOUND_BYTES each; empty: unbounded. It stands nowhere
   until it is moved; what it stands on is borrowed until it moves. After it has run out
   kv_iter_check tells the end from a failure, a lack of memory at its creation included: never
   NULL, but then never valid. */
#define KV_BOUND_BYTES 368
struct kv_iter;
struct kv_iter *kv_iter_create(struct kv *kv, enum kv_family family, struct sl_span lower,
    struct sl_span upper, enum kv_reading reading);
void kv_iter_destroy(struct kv_iter *iter); /* NULL is fine */
void kv_iter_first(struct kv_iter *iter);
void kv_iter_last(struct kv_iter *iter);
void kv_iter_seek(struct kv_iter *iter, struct sl_span key);      /* at or after */
void kv_iter_seek_back(struct kv_iter *iter, struct sl_span key); /* at or before */
/* For a valid one: */
void kv_iter_next(struct kv_iter *iter);
void kv_iter_prev(struct kv_iter *iter);
struct sl_span kv_iter_key(struct kv_iter *iter);
struct sl_span kv_iter_value(struct kv_iter *iter);
bool kv_iter_valid(struct kv_iter *iter);
enum sl_result kv_iter_check(struct kv_iter *iter, struct sl_err *err);

/* ---- writing ---- */

/* Puts and deletions, copied into the batch. Creating one never gives NULL: when memory runs out
   the batch stays empty, and writing it is SL_NOMEM. */
struct kv_batch;
struct kv_batch *kv_batch_create(void);
/* False: there was no memory for it. For who keeps one, and can't wait for kv_write to say so. */
bool kv_batch_is_there(const struct kv_batch *batch);
void kv_batch_destroy(struct kv_batch *batch); /* NULL is fine */
void kv_batch_clear(struct kv_batch *batch);
size_t kv_batch_bytes(const struct kv_batch *batch);
size_t kv_batch_count(const struct kv_batch *batch);
void kv_put(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key,
    struct sl_span value);
/* A value in `count` pieces, put together in the batch alone: where each begins, how long it is. */
void kv_put_pieces(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key,
    const char *const *pieces, const size_t *lens, size_t count);
void kv_delete(struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key);
/* For a key that was put exactly once since it was last deleted: the tombstone goes as soon as it
   meets the put. */
void kv_delete_single(
    struct kv *kv, struct kv_batch *batch, enum kv_family family, struct sl_span key);
/* Every key in [from, to). */
void kv_delete_range(struct kv *kv, struct kv_batch *batch, enum kv_family family,
    struct sl_span from, struct sl_span to);

/* All or nothing. `sync`: on disk when it returns; else it survives the death of the process. */
enum sl_result kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct sl_err *err);
/* For rows that can be made again, of a family whose rows may be lost together: nothing goes into
   the write-ahead log, so nobody's fsync waits for it. It is on disk once the family was flushed. A
   crash before that takes an earlier write only with the later ones of its family. */
enum sl_result kv_write_unlogged(struct kv *kv, struct kv_batch *batch, struct sl_err *err);

/* ---- files ---- */

/* Everything written so far is on disk. */
enum sl_result kv_sync(struct kv *kv, struct sl_err *err);
/* Memtables to files: the write-ahead logs before are gone. */
enum sl_result kv_flush(struct kv *kv, struct sl_err *err);
enum sl_result kv_flush_family(struct kv *kv, enum kv_family family, struct sl_err *err);
/* Rewrite a range down to the bottom level, so that deleted rows are gone from the files. */
enum sl_result kv_compact(struct kv *kv, enum kv_family family, struct sl_span from,
    struct sl_span to, struct sl_err *err);
/* Whether compactions from now on take more time for smaller files: not while batches come. */
enum sl_result kv_pack_hard(struct kv *kv, bool hard, struct sl_err *err);

/* Bytes on disk of one family as RocksDB estimates them, and of caches and memtables together. */
uint64_t kv_family_bytes(struct kv *kv, enum kv_family family);
uint64_t kv_memory_bytes(struct kv *kv);
/* Bytes in memtables: the next start reads them back from the write-ahead log. */
uint64_t kv_unflushed_bytes(struct kv *kv);

/* The seam where tests inject faults: the n-th kv_write from now on (0: the next) fails, and all
   after it, as on a dead disk; negative: none. */
void kv_fault_after(long writes);

#endif
