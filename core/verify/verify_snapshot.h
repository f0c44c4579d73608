#ifndef SHARELOG_VERIFY_SNAPSHOT_H
#define SHARELOG_VERIFY_SNAPSHOT_H

/* A share's snapshots against the fold of its events. */

#include "core/verify/verify_check.h"

/* The share's snapshot at its last checked event: must be there if it is due and must not if it
   isn't, and must be what the fold makes. SL_CORRUPT: the fault, named. */
enum sl_result snapshot_check(struct share_check *check, struct sl_err *err);

/* No row of one is left behind the last. SL_CORRUPT. */
enum sl_result snapshots_end(struct share_check *check, struct sl_err *err);

#endif
