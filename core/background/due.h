#ifndef SHARELOG_DUE_H
#define SHARELOG_DUE_H

/* What is due, and how it is paced. A share's snapshot is due once enough bytes of events lie
   behind the last one; the sequencer then puts a mark into the index (`due` rows), and the
   compactor's thread makes the snapshot. Its rows go past the write-ahead log, so they are on disk
   only once their family is flushed:

     mark put ──> snapshot made ──> family flushed ──> mark dropped
                        └── a crash before the flush: the mark is still there, and the next
                            start makes the snapshot again

   The functions are for the thread that makes snapshots alone, but due_stopping. */

#include "core/log/share.h"
#include "core/log/store.h"

struct made;

struct due {
    struct sl_store *store;
    atomic_bool stopping;
    struct made *made; /* shares whose mark is to be dropped after a flush */
    unsigned long flushes;
    uint64_t unflushed; /* bytes put since the last flush */
    uint64_t appended;  /* events, when the thread last rested */
    uint64_t resumed;   /* ns, the monotonic clock's: when the thread last began to work */
};

void due_init(struct due *due, struct sl_store *store);
/* Forgets what was made; the marks in the store stay. */
void due_fini(struct due *due);

/* Is the work to stop? For long work of any thread. */
void due_stop(struct due *due);
bool due_stopping(const struct due *due);

/* Work on a share's snapshots begins: its mark stays while more is made of it. */
void due_begin(struct due *due, const char *share_id);
/* The share's snapshots are made: its mark goes with the next flush. */
void due_end(struct due *due, const char *share_id);

/* Rest as long as syncs come, for some times as long as the thread has worked since it last did. */
void due_rest(struct due *due);
/* So many bytes of a snapshot were put, past the log: rest as long as syncs come, and flush once
   many bytes have gathered. When the flush fails they count still, and the next call tries again.
 */
enum sl_result due_put(struct due *due, size_t bytes, struct sl_err *err);
/* Flush, and drop the marks of all that was made. */
enum sl_result due_flush(struct due *due, struct sl_err *err);

/* Is a snapshot of the share due? Called by the thread that commits. */
bool share_is_due(const struct share *share);

#endif
