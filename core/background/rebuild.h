#ifndef SHARELOG_REBUILD_H
#define SHARELOG_REBUILD_H

/* Derived data out of the events. Each derived family has a row that says that it is whole; while
   the families are being made, or when one was lost, the row is missing, and the next open makes
   them all again. Snapshots are only marked as due here: the compactor makes them at the very
   sequences where they were before. */

#include "core/log/store.h"

void rebuild_mark_whole(struct kv *kv, struct kv_batch *batch);
bool rebuild_is_whole(struct kv *kv);

/* Nothing else may be using the store. Safe to interrupt. SL_CORRUPT: an event is unreadable. */
enum sl_result rebuild(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err);
/* The log's tiles alone, from its headers. */
enum sl_result rebuild_tiles(struct sl_store *store, struct sl_err *err);

#endif
