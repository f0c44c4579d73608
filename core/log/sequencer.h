#ifndef SHARELOG_SEQUENCER_H
#define SHARELOG_SEQUENCER_H

/* Who owns order: one thread at a time. A caller that finds nobody at work commits its own append,
   and waits for nobody. Others queue; the sequencer's thread takes all that waits, gives each event
   its sequence, position, time and `prev`, writes the group as one RocksDB batch with one fsync,
   and wakes the callers. It never waits for more: groups form while one is being written. */

#include "core/event/batch.h"
#include "core/log/store.h"

#include <semaphore.h>

struct append;

/* What a caller wants written; on its stack until sequencer_append returns. */
struct append {
    /* An event: */
    struct share *share; /* held by the caller */
    struct batch *batch; /* sealed; NULL: no event, derived rows alone */
    enum sl_kind kind;
    /* Further rows in the same write. Called on the sequencer's thread with the event's place
       known. Without an event it may refuse, having put nothing. */
    enum sl_result (*derive)(struct append *append, struct kv_batch *kv_batch);
    /* Called once it is written, under the shares' lock: change what memory holds to match. */
    void (*committed)(struct append *append);
    void *ctx;
    size_t derived_bytes; /* about how many bytes `derive` adds */
    /* Of a caller that gives way to others: it never commits by itself, on a thread that is hardly
       run while others would wait for it. */
    bool gives_way;
    /* May it go ahead? Asked on the sequencer's thread, where nothing can come between. Any result
       but SL_OK refuses it, with nothing written. NULL: yes. */
    enum sl_result (*admit)(const struct append *append);
    uint64_t generation; /* `admit`'s: what the caller looked at before */
    /* The outcome: */
    enum sl_result result;
    struct sl_err err;
    struct head place; /* of the event */
    struct header header;
    bool makes_due; /* with it a snapshot of the share is due */
    struct append *next;
    sem_t done;
};

/* An `admit`: SL_STOPPED once the share is being removed, or has another generation than
   append->generation. */
enum sl_result append_if_unchanged(const struct append *append);

enum sl_result sequencer_create(
    struct sl_store *store, struct sequencer **sequencer, struct sl_err *err);
/* Finishes what is queued. NULL is fine. */
void sequencer_destroy(struct sequencer *sequencer);

/* Queue and wait. Returns append->result; err gets its message. SL_CLOSING, SL_READ_ONLY: nothing
   was written. SL_REMOVED: the share takes no more batches. SL_IO: the write failed, its fate is
   unknown, the store is read-only from now on. */
enum sl_result sequencer_append(
    struct sequencer *sequencer, struct append *append, struct sl_err *err);

/* Take no writes from now on, as after a write that failed; `why` says why. */
void sequencer_stop(struct sequencer *sequencer, const struct sl_err *why);

/* SL_OK, or SL_READ_ONLY with why. */
enum sl_result sequencer_health(struct sequencer *sequencer, struct sl_err *err);

/* Events appended, groups written, fsyncs made since it was created. */
void sequencer_counts(
    struct sequencer *sequencer, uint64_t *appended, uint64_t *groups, uint64_t *synced);

/* SL_OK, or SL_READ_ONLY: the store was opened to be read. */
enum sl_result store_writable(const struct sl_store *store, struct sl_err *err);

/* The log's size: of what is durable, or, read beside, of what is seen. */
enum sl_result log_committed(struct sl_store *store, uint64_t *size, struct sl_err *err);

#endif
