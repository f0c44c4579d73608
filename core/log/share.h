#ifndef SHARELOG_SHARE_H
#define SHARELOG_SHARE_H

/* Shares in memory: each one's record, and its head, which is where its next event goes. A bounded
   cache over the families `share`, `event` and `snapshot`; whoever acquires a share holds it there
   until the release. */

#include "core/event/control.h"
#include "core/event/event.h"
#include "core/kv/kv.h"

#include <pthread.h>

struct summary;

/* The end of a share's log. All zero before the first event. */
struct head {
    uint64_t sequence, position, time_ms, syncs, stored;
    uint8_t leaf[32];
};

/* What the family `share` holds. */
struct share_record {
    struct sl_span session_id;     /* in the share's own memory once loaded */
    uint64_t created_ms, position; /* of its create event */
    uint8_t salt[32], secret_hash[32];
    enum secret_kind secret_kind;
    uint64_t expiry_ms; /* the record has a place for it; always 0 */
    enum sl_share_state state;
    uint64_t removed_ms;
    enum sl_who removed_by;
};

struct share {
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    uint8_t ref[32];
    struct share_record record;
    struct head head;   /* as committed; under the cache's lock */
    struct head staged; /* as the sequencer has it while it makes a group; its alone */
    /* the last snapshot: what the next one's place depends on */
    uint64_t snapshot_sequence, snapshot_stored, snapshot_size;
    bool due;            /* the sequencer has said so to the compactor */
    bool removing;       /* takes no more batches; the sequencer's */
    uint64_t generation; /* counts what makes a snapshot begun before it worthless */
    /* Odd while a redaction is being written; what was read under another number, or an odd one,
       may be of two minds. Under the cache's lock. */
    unsigned long redactions;
    struct summary *summary; /* of the head or stale, or NULL: see summary.h; under the lock */
    unsigned pins;
    struct share *hash_next, *older, *newer;
};

struct shares;
struct shares *shares_create(struct kv *kv);
void shares_destroy(struct shares *shares);
void shares_clear(struct shares *shares); /* forget all; none may be held */

/* SL_NOT_FOUND: no such id was ever given; err is left alone. */
enum sl_result share_acquire(
    struct shares *shares, struct sl_span id, struct share **share, struct sl_err *err);
void share_release(struct shares *shares, struct share *share); /* NULL is fine */

/* Put a new one in, held. Its id must be in no other. */
struct share *share_add(
    struct shares *shares, struct sl_span id, const struct share_record *record);
/* Take out one whose creation failed. */
void share_drop(struct shares *shares, struct share *share);

/* The lock that guards every share's record, head and snapshot fields. Held briefly. */
void shares_lock(struct shares *shares);
void shares_unlock(struct shares *shares);

/* The share's `redactions`, once none is being written. */
unsigned long share_redactions(struct shares *shares, const struct share *share);

/* How many bytes of events after the last snapshot make the next one due. */
static inline uint64_t share_due_bytes(uint64_t snapshot_size)
{
    return snapshot_size > SL_SNAPSHOT_MIN_BYTES ? snapshot_size : SL_SNAPSHOT_MIN_BYTES;
}

/* Is it the secret that the record holds the hash of? In constant time. */
bool share_secret_fits(const struct share_record *record, struct sl_span secret);

/* The record of a live share, from its create event; session_id points into the body's bytes. */
struct share_record share_record_begin(
    const struct create_body *body, uint64_t created_ms, uint64_t position);
/* The record's bytes, as the family `share` keeps them. */
void share_record_encode(const struct share_record *record, struct buf *out);
/* session_id points into bytes */
bool share_record_decode(struct sl_span bytes, struct share_record *record);

/* ---- the summary of its head (summary.h) ---- */

/* Let the share keep it, or free it: it is not of the head, what it tells was removed or redacted
   meanwhile, or it is NULL. */
void share_keep_summary(struct shares *shares, struct share *share, struct summary *summary);

/* A copy of the share's, if it has one of that sequence and number of redactions; else NULL. The
   caller frees. */
struct summary *share_copy_summary(
    struct shares *shares, const struct share *share, uint64_t sequence, unsigned long redactions);

/* Under the cache's lock. */
void share_drop_summary(struct share *share);

#endif
