#ifndef SHARELOG_SHARE_H
#define SHARELOG_SHARE_H

/* Shares in memory: each one's record, and its head, which is where its next event goes. A bounded
   cache over the families `share`, `event` and `snapshot`. Whoever acquires a share holds it in
   memory until the release, and may keep pointers to it and numbers of its epoch until then. */

#include "core/event/event.h"
#include "core/kv/kv.h"
#include "core/log/epoch.h"
#include "core/log/share_record.h"
#include "core/sharelog.h"

#include <pthread.h>

struct summary;

/* The end of a share's log. All zero before the first event. */
struct head {
    uint64_t sequence, position, time_ms, syncs, stored;
    uint8_t leaf[32];
};

/* Where a share stands in its life.

                  its id was never given           its create event is written
     ┌─> LOADING ─────────────────────────> MAKING ───────────┐
     │      │ └─ its record says that it is live ──────────┐ │
     │      │                                              v v   a redact event is staged
   acquire, │                                         ┌──> LIVE ──────────────────────────┐
   claim    │                                         │    │ ^                            v
            │    the removal was given up             │    │ └─────────────────────── REDACTING
            │                 ┌───────────────────────┘    │   it is written, or was given up
            │                 │                            │ a removal takes its turn
            │              CLOSING <───────────────────────┘
            v                 │ its remove event is written
         REMOVED <────────────┘

   What each means:

     LOADING    its rows are being read by one thread; who acquires it waits
     MAKING     its create event is on its way: for everybody else there is no such share
     LIVE       read and written
     REDACTING  as LIVE; its rows are being exchanged, and its epoch is odd
     CLOSING    as LIVE to readers; takes no more batches, so that the removal can name them all
     REMOVED    for ever; its content is unreadable, and is being erased

   A share that is LOADING or MAKING and comes to nothing leaves the cache. */
enum share_phase {
    SHARE_LOADING,
    SHARE_MAKING,
    SHARE_LIVE,
    SHARE_REDACTING,
    SHARE_CLOSING,
    SHARE_REMOVED
};

struct share {
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    uint8_t ref[32];
    struct share_record record;
    _Atomic(enum share_phase) phase; /* moved by share_enter alone, read by anybody */
    struct epoch epoch;              /* moved by share_enter alone */
    struct head head;                /* as committed; under the cache's lock */
    struct head staged;              /* as the sequencer has it while it makes a group; its alone */
    /* the last snapshot: what the next one's place depends on */
    uint64_t snapshot_sequence, snapshot_stored, snapshot_size;
    bool due;                /* the compactor knows that a snapshot is due; the sequencer's */
    struct summary *summary; /* of the head or stale, or NULL: see summary.h; under the lock */
    bool acting;             /* somebody has its turn; under the lock */
    atomic_uint pins;        /* raised from 0 under the lock alone */
    struct share *hash_next, *older, *newer;
};

struct shares;
struct shares *shares_create(struct kv *kv); /* NULL: out of memory */
void shares_destroy(struct shares *shares);  /* NULL is fine */
void shares_clear(struct shares *shares);    /* forget all; none may be held */

/* SL_NOT_FOUND: no such id was ever given; err is left alone. SL_CORRUPT, SL_IO, SL_NOMEM. A share
   that is being made is found: share_exists tells. */
enum sl_result share_acquire(
    struct shares *shares, struct sl_span id, struct share **share, struct sl_err *err);
/* Hold it once more, for another holder. */
void share_hold(struct share *share);
void share_release(struct share *share); /* NULL is fine */

/* Take an id that was never given for a share that is to be made, held, and MAKING. *share is NULL
   when the id is taken. SL_CORRUPT, SL_IO, SL_NOMEM. */
enum sl_result share_claim(struct shares *shares, struct sl_span id,
    const struct share_record *record, struct share **share, struct sl_err *err);
/* Release one that was not made after all, and forget it. */
void share_abandon(struct shares *shares, struct share *share);

/* The lock that guards every share's record, head, snapshot fields and summary. Held briefly. */
void shares_lock(struct shares *shares);
void shares_unlock(struct shares *shares);

/* Move a share to a phase that its drawing has an arrow to, and its epoch with it; what its summary
   tells is dropped when it may be gone. Under the lock. */
void share_enter(struct shares *shares, struct share *share, enum share_phase phase);

/* Is it made? Once true, always true. */
static inline bool share_exists(const struct share *share)
{
    return atomic_load(&share->phase) >= SHARE_LIVE;
}

/* Is it made and not removed? */
static inline bool share_is_live(const struct share *share)
{
    enum share_phase phase = atomic_load(&share->phase);
    return phase >= SHARE_LIVE && phase < SHARE_REMOVED;
}

/* May a batch be appended to it? For good on the sequencer's thread alone. */
static inline bool share_takes_batches(const struct share *share)
{
    enum share_phase phase = atomic_load(&share->phase);
    return phase == SHARE_LIVE || phase == SHARE_REDACTING;
}

/* ---- its epoch (epoch.h) ---- */

/* The number of it to read under: waits while its rows are being exchanged. */
unsigned long share_epoch(struct shares *shares, const struct share *share);

/* Why the epoch doesn't hold any more: SL_REMOVED or SL_REDACTED. */
enum sl_result share_changed(const struct share *share, struct sl_err *err);

/* The one check of who reads: SL_OK, or SL_REMOVED or SL_REDACTED since `seen`. An atomic load. */
static inline enum sl_result share_unchanged(
    const struct share *share, unsigned long seen, struct sl_err *err)
{
    return epoch_holds(&share->epoch, seen) ? SL_OK : share_changed(share, err);
}

/* ---- turns: one removal or redaction of a share at a time, however long it looks first ---- */

/* Waits for its turn. Nobody else's create, sync or read waits for it. */
void share_turn_begin(struct shares *shares, struct share *share);
/* Waits for nobody. False: somebody else has it. */
bool share_turn_try(struct shares *shares, struct share *share);
void share_turn_end(struct shares *shares, struct share *share);

/* How many bytes of events after the last snapshot make the next one due. */
static inline uint64_t share_due_bytes(uint64_t snapshot_size)
{
    return snapshot_size > SL_SNAPSHOT_MIN_BYTES ? snapshot_size : SL_SNAPSHOT_MIN_BYTES;
}

/* ---- the summary of its head (summary.h) ---- */

/* Let the share keep it, or free it: it is not of the head, what it tells was removed or redacted
   since `seen`, or it is NULL. */
void share_keep_summary(
    struct shares *shares, struct share *share, unsigned long seen, struct summary *summary);

/* A copy of the share's, if it has one of that sequence and its epoch holds; else NULL. The caller
   frees. */
struct summary *share_copy_summary(
    struct shares *shares, const struct share *share, unsigned long seen, uint64_t sequence);

#endif
