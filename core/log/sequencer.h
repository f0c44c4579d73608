#ifndef SHARELOG_SEQUENCER_H
#define SHARELOG_SEQUENCER_H

/* The owner of order. A caller asks for one append: an event, or derived rows alone. When nobody
   commits, the caller commits its own append and waits for nobody; else it queues, and the
   sequencer's thread takes all that waits, as one group:

     caller A ── idle ──> stage, write, fsync, publish ──> answered
     caller B ──────> queue ─┐                  │ wakes the thread
     caller C ──────> queue ─┴─> stage B, stage C, one write, one fsync, publish ──> both answered

   One thread commits at a time, and it never waits for more: groups form while one is written. */

#include "core/event/batch.h"
#include "core/log/share.h"
#include "core/log/store.h"

#include <semaphore.h>

struct append;

/* What a caller wants written; on its stack until sequencer_append returns. */
struct append {
    /* An event: */
    struct share *share; /* held by the caller */
    struct batch *batch; /* sealed; NULL: no event, derived rows alone */
    enum sl_kind kind;
    /* Further rows in the same write. Called by who commits, with the event's place known: it only
       puts what was made before, since nothing may fail once an event has its place. Without an
       event it may refuse, having put nothing. */
    enum sl_result (*derive)(struct append *append, struct kv_batch *kv_batch);
    /* Called once it is written, under the shares' lock: changes what memory holds to match. */
    void (*committed)(struct append *append);
    void *ctx;
    size_t derived_bytes; /* about how many bytes `derive` adds */
    /* Never committed on its caller's thread: that runs at a low priority, and others would wait
       for it. */
    bool gives_way;
    /* An epoch (epoch.h) and its number when the caller looked at what the append depends on: once
       it has moved the append is refused with SL_STOPPED. Judged by who commits, where nothing can
       come between. NULL: it depends on nothing. */
    const struct epoch *guard;
    unsigned long seen;
    /* The outcome: */
    enum sl_result result;
    struct sl_err err;
    struct head place; /* of the event */
    struct header header;
    bool makes_due; /* with it a snapshot of the share is due */
    struct append *next;
    sem_t done;
};

enum sl_result sequencer_create(
    struct sl_store *store, struct sequencer **sequencer, struct sl_err *err);
/* Finishes what is queued. NULL is fine. */
void sequencer_destroy(struct sequencer *sequencer);

/* Commit it, or queue it and wait. Returns append->result; err gets its message. SL_CLOSING,
   SL_READ_ONLY: nothing was written. SL_STOPPED: the guard's epoch has moved; nothing was written.
   SL_REMOVED: the share takes no more batches. SL_IO: the write failed, its fate is unknown, the
   store is read-only from now on. Else what `derive` refused with. */
enum sl_result sequencer_append(
    struct sequencer *sequencer, struct append *append, struct sl_err *err);

/* Take no writes from now on, as after a write that failed; `why` says why. A group that is being
   written is written. From any thread; of several reasons the first stays. */
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
