#ifndef SHARELOG_COMPACTOR_H
#define SHARELOG_COMPACTOR_H

/* The background thread: makes the snapshots that are due, and erases what was removed. What it has
   to do is in the store as well (`due` rows of the index, `erase/` rows of meta), so that a crash
   loses none of it. */

#include "core/log/store.h"

/* Takes up what an earlier process left, and from then on what the sequencer says is due. With
   store->no_compactor there is no thread: compactor_settle does the work. */
enum sl_result compactor_create(
    struct sl_store *store, struct compactor **compactor, struct sl_err *err);
/* Stops after the piece that is being written. Nothing may be appended meanwhile. NULL is fine. */
void compactor_destroy(struct compactor *compactor);

/* This share is to be erased. Quick. NULL compactor: nothing; the mark in the store stays. */
void compactor_erase(struct compactor *compactor, struct sl_span share_id);

/* Wait until there is nothing left to do. SL_CLOSING. */
enum sl_result compactor_settle(
    struct compactor *compactor, const struct sl_progress *progress, struct sl_err *err);

#endif
