#ifndef SHARELOG_MOMENT_H
#define SHARELOG_MOMENT_H

/* A share at a moment: the last event that counts, and the snapshot that a read begins with.

       event     1    2    3    4    5    6    7    8
                      │                   │
                base: a snapshot      at: the moment
                      └───── pending ─────┘

   A moment is begun for a share, then set to one of its events; the snapshot is looked for when
   something first needs it. A moment holds the share, and none of its content. Once the share is
   removed or redacted moment_still_there fails; every read asks it, so that nothing that was taken
   away is shown. A function that fails leaves the moment as it was. One thread at a time uses a
   moment. */

#include "core/log/share.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"

/* Which snapshot a moment begins with. Allowed: UNSOUGHT to either of the others, once. */
enum moment_base { BASE_UNSOUGHT, BASE_NONE, BASE_SNAPSHOT };

struct moment {
    struct sl_store *store;
    struct share *share; /* held */
    unsigned long epoch; /* of the share: what is read counts as long as it holds (log/epoch.h) */
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    uint64_t created_ms; /* of the share; found by moment_find, even when that fails */
    struct head at;
    enum moment_base sought;
    struct snapshot_head base; /* all zero but for BASE_SNAPSHOT */
};

/* Begin a moment of a share, which it holds until moment_fini. moment_still_there notices removals
   and redactions from here on, so nothing may be read of the share before. */
void moment_begin(struct moment *moment, struct sl_store *store, struct share *share);
void moment_fini(struct moment *moment);

/* Set it to the moment that was asked for; *newest: it is the share's last event. SL_REMOVED,
   SL_NOT_FOUND (the share is just being made), SL_NO_MOMENT, SL_CORRUPT, SL_IO. */
enum sl_result moment_find(
    struct moment *moment, struct sl_moment asked, bool *newest, struct sl_err *err);

/* Set it to a sequence that the share has. SL_CORRUPT: the event is missing or unreadable. */
enum sl_result moment_set(struct moment *moment, uint64_t sequence, struct sl_err *err);

/* Look for the snapshot, if that isn't done yet. SL_CORRUPT, SL_IO. */
enum sl_result moment_seek_base(struct moment *moment, struct sl_err *err);

/* Is the content still what it was? SL_REMOVED, SL_REDACTED. One atomic load. */
static inline enum sl_result moment_still_there(const struct moment *moment, struct sl_err *err)
{
    return share_unchanged(moment->share, moment->epoch, err);
}

/* Why a row of the snapshot isn't there: the share's content was taken away, or SL_CORRUPT. */
enum sl_result moment_row_missing(struct moment *moment, struct sl_err *err);

static inline bool moment_has_base(const struct moment *moment)
{
    return moment->sought == BASE_SNAPSHOT;
}

/* Is there a snapshot at just this moment, so that nothing is pending? */
static inline bool moment_is_snapshot(const struct moment *moment)
{
    return moment_has_base(moment) && moment->base.sequence == moment->at.sequence;
}

/* Bytes of events behind the snapshot. */
static inline uint64_t moment_pending_bytes(const struct moment *moment)
{
    return moment->at.stored - moment->base.stored;
}

/* Larger than SL_VIEW_CACHED_BYTES: read past the cache, and its memory is given back at once. */
static inline bool moment_is_large(const struct moment *moment)
{
    return moment->base.stream_bytes + moment_pending_bytes(moment) > SL_VIEW_CACHED_BYTES;
}

#endif
