#ifndef SHARELOG_VERIFIED_H
#define SHARELOG_VERIFIED_H

/* What the last verification of a store found, kept in a file beside the database, so that a page
   and a report can tell. It proves nothing: whoever can write there can write it. */

#include "core/sharelog.h"

/* After a verification that came to an end: SL_OK, or SL_CORRUPT with the fault. A folder that
   can't be written to is no fault. */
void verified_keep(
    struct sl_store *store, const struct sl_verified *verified, const struct sl_err *fault);

/* Fills the verified_ fields; leaves them zero where none is kept. */
void verified_read(struct sl_store *store, struct sl_log_facts *facts);

#endif
