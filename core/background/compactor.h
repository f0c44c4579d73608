#ifndef SHARELOG_COMPACTOR_H
#define SHARELOG_COMPACTOR_H

/* The background thread: makes the snapshots that are due, and erases what was removed. What it has
   to do is in the store as well
   (`due` rows of the index, `erase/` rows of meta), so that a crash loses none of it. */

#include "core/log/store.h"

/* Takes up what an earlier process left. With store->no_compactor there is no thread:
   compactor_settle does the work. */
enum sl_result compactor_create(
    struct sl_store *store, struct compactor **compactor, struct sl_err *err);
/* Stops after the piece that is being written. NULL is fine. */
void compactor_destroy(struct compactor *compactor);

/* A snapshot of this share is due; this share is to be erased. Quick; may be called with the shares
   locked. NULL compactor: nothing. */
void compactor_due(struct compactor *compactor, struct sl_span share_id);
void compactor_erase(struct compactor *compactor, struct sl_span share_id);

/* Wait until there is nothing left to do. SL_CLOSING. */
enum sl_result compactor_settle(
    struct compactor *compactor, const struct sl_progress *progress, struct sl_err *err);

/* Has it been told to stop? For long work. */
bool compactor_stopping(struct compactor *compactor);

/* The two kinds of work, done by the calling thread. Each can be cut short at any point and begun
   again.

   Shares are erased together, since the files are rewritten for all of them at once; what came of
   each is said with it. One that isn't there is erased. The list comes back in order of ids.

   The snapshots are not on disk before their family is flushed: only then may the mark that they
   were due be dropped (it stays if one is due again). */
enum sl_result make_due_snapshots(
    struct sl_store *store, struct sl_span share_id, struct sl_err *err);
enum sl_result drop_due_mark(struct sl_store *store, struct sl_span share_id, struct sl_err *err);
struct erasing {
    char id[SL_SHARE_ID_BYTES + 1];
    enum sl_result result;
    struct sl_err err;
    /* its own: */
    bool live; /* so it is a redaction's */
    uint64_t generation;
};
void erase_shares(struct sl_store *store, struct erasing *list, size_t count);
/* So many bytes of a snapshot were put, past the log: flush, once many have gathered. When that
   fails they count still, and the next call tries again. For the thread that makes snapshots alone.
 */
enum sl_result compactor_put(struct compactor *compactor, size_t bytes, struct sl_err *err);

#endif
