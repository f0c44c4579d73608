#ifndef SHARELOG_CHECKPOINT_H
#define SHARELOG_CHECKPOINT_H

/* The log's checkpoints: signed when they are asked for, kept in files beside the database, held
   against the log when the store is opened.

   Once a checkpoint has been signed, the log may only grow out of it. So one is on disk before
   anybody sees it, and a store whose log is shorter than the kept one, or another one, is opened
   for reading alone: its owner decides (sl_log_new_origin).

       log       0 ─────────── 5 ─────────── 8 ──── 9
                               │             └ newest: signed by this log's key
                               └ published: an earlier one, which witnesses have cosigned too */

#include "core/log/store.h"

/* The files. */
#define CHECKPOINT_NEWEST "checkpoint"
#define CHECKPOINT_PUBLISHED "checkpoint.cosigned"

struct checkpoints;

/* Load the kept ones. A store that keeps none gets one, of the log as it is. It fails only where
   the files or the store can't be read; a log that doesn't fit opens, and checkpoints_fault says
   so. SL_CORRUPT: the log fits, but its tiles don't fit it. */
enum sl_result checkpoints_open(
    struct sl_store *store, struct checkpoints **checkpoints, struct sl_err *err);
void checkpoints_close(struct checkpoints *checkpoints); /* NULL is fine */

/* SL_OK, or SL_READ_ONLY: why the log must not go on. */
enum sl_result checkpoints_fault(const struct checkpoints *checkpoints, struct sl_err *err);

/* Sign and keep nothing from now on. */
void checkpoints_end(struct checkpoints *checkpoints);
bool checkpoints_ended(struct checkpoints *checkpoints);

/* The newest that is kept, for verifying the store; SL_NOT_FOUND. */
enum sl_result checkpoints_kept(struct checkpoints *checkpoints, struct sl_checkpoint *checkpoint);

#endif
