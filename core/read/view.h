#ifndef SHARELOG_VIEW_H
#define SHARELOG_VIEW_H

/* A share at a moment, for the files of core/ that read it: where it begins (a snapshot), what
   comes after (events), and the bytes of any entry. The fold is made when something first needs it:
   with nothing pending, /data and the metadata don't. */

#include "core/log/store.h"
#include "core/state/fold.h"
#include "core/state/snapshot_rows.h"
#include "core/state/summary.h"

#define VIEW_PINS 3

struct view_pin {
    enum kv_family family;
    uint64_t sequence;
    uint32_t chunk;
    struct kv_pin pin;
};

/* Rows of the snapshot that lie one behind the other, read past the cache in one go. */
#define VIEW_PAST_ROWS 8
struct view_past {
    uint64_t sequence;
    uint32_t chunk; /* of the first */
    uint32_t count;
    size_t at[VIEW_PAST_ROWS + 1];
    struct buf bytes;
};

/* Bodies of events that lie one behind the other, read in one go: items of one event lie together
   there, but far apart in the order of keys. */
struct view_ahead {
    uint64_t first; /* sequence */
    size_t count;
    size_t *at; /* where each event's body, its prefix included, begins in bytes; one more for the
                   end */
    size_t at_cap;
    struct buf bytes;
    size_t want; /* bytes that the last one was to take in */
};

/* What the text of /data consists of (data.h). */
struct view_run {
    uint64_t offset, length; /* of a stretch of the snapshot's stream; length 0: an item of ours */
    uint32_t item;           /* its entry in the fold */
};
struct view_runs {
    struct view_run *list;
    size_t count, cap;
    bool made, failed;
};

/* How far a view is folded: the events behind its snapshot alone, or all of it. */
enum view_folded { VIEW_UNFOLDED, VIEW_EVENTS, VIEW_WHOLE };

struct sl_view {
    struct sl_store *store;
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    uint64_t created_ms;
    struct head at;   /* the moment: the last event that counts */
    bool base_sought; /* see view_base */
    bool has_base;
    struct snapshot_head base; /* all zero without one */
    struct snapshot_rows rows; /* of its stream, once they are asked for */
    struct summary *summary;   /* of this moment, if the share had one when the view was opened */
    enum view_folded folded;
    struct fold fold;
    struct view_runs runs;
    uint32_t *by_key, *by_arrival, *models; /* orders, made when needed */
    size_t items_count, models_count;
    size_t ordered;           /* entries of the fold, when by_key was made */
    unsigned long removals;   /* of the store when last looked */
    unsigned long redactions; /* of the share when the view was opened */
    struct view_pin pins[VIEW_PINS];
    unsigned pins_next;
    uint64_t rows_read; /* into pins */
    struct view_past past;
    struct view_ahead ahead;
    struct buf scratch, session;
};

enum view_base { VIEW_FROM_SNAPSHOT, VIEW_FROM_NOTHING /* for who checks snapshots */ };

/* As sl_view_open, of a sequence that exists. */
enum sl_result view_open_at(struct sl_store *store, const struct share *share, uint64_t sequence,
    enum view_base from, struct sl_view **view, struct sl_err *err);

/* SL_REMOVED once the share is, also for a view that was opened before. Quick: every read asks. */
enum sl_result view_still_there(struct sl_view *view, struct sl_err *err);

/* Larger than SL_VIEW_CACHED_BYTES: read past the cache, and its memory is given back at once. */
bool view_is_large(const struct sl_view *view);

/* Find the snapshot to begin with, if that isn't done yet: the metadata may do without. */
enum sl_result view_base(struct sl_view *view, struct sl_err *err);

/* Fold, if that isn't done yet: all of it, or what comes behind the snapshot by itself, which is
   all of it where there is none. */
enum sl_result view_fold(struct sl_view *view, struct sl_err *err);
enum sl_result view_fold_events(struct sl_view *view, struct sl_err *err);
static inline bool view_is_whole(const struct sl_view *view)
{
    return view->folded == VIEW_WHOLE;
}

/* A row of the snapshot isn't there: the share is gone, or something is wrong. */
enum sl_result view_row_missing(struct sl_view *view, struct sl_err *err);

/* Who opened the view VIEW_FROM_NOTHING has applied the events up to this one to its fold. */
void view_applied(struct sl_view *view, const struct head *at);

/* Fold, and put by_key and models in order; by_arrival too. */
enum sl_result view_order(struct sl_view *view, struct sl_err *err);
enum sl_result view_order_arrival(struct sl_view *view, struct sl_err *err);

/* The bytes at `offset` of a place, as far as one row holds them: a piece of at least one byte,
 * valid until the next call. */
enum sl_result view_piece(struct sl_view *view, const struct fold_place *place, uint64_t offset,
    struct sl_span *piece, struct sl_err *err);

/* A place's bytes in one piece, in a row if it lies in one, else in `into`. */
enum sl_result view_bytes(struct sl_view *view, const struct fold_place *place, struct buf *into,
    struct sl_span *bytes, struct sl_err *err);

/* A place's bytes to a sink. */
enum sl_result view_copy(
    struct sl_view *view, const struct fold_place *place, struct sl_sink sink, struct sl_err *err);

static inline enum sl_result sink_write(
    struct sl_sink sink, const void *bytes, size_t len, struct sl_err *err)
{
    return len == 0 || sink.write(sink.ctx, bytes, len)
               ? SL_OK
               : sl_fail(err, SL_STOPPED, "stopped by the reader");
}

#endif
