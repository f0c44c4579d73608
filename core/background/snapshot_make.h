#ifndef SHARELOG_SNAPSHOT_MAKE_H
#define SHARELOG_SNAPSHOT_MAKE_H

/* Making snapshots, on the calling thread: all of a share that are due, each at exactly the
   sequence that the rule names, however late. It can be cut short at any point (SL_STOPPED, or a
   crash) and begun again. The snapshots are not on disk before their family is flushed (due.h). */

#include "core/log/store.h"

enum sl_result make_due_snapshots(
    struct sl_store *store, struct sl_span share_id, struct sl_err *err);

#endif
