#ifndef SHARELOG_VERIFY_WALK_H
#define SHARELOG_VERIFY_WALK_H

/* All shares, on all processors, and the log beside them. */

#include "core/verify/verify_log.h"

struct shares_verified {
    struct sl_verified verified;
    uint64_t holds; /* shares that hold a session */
};

/* Check the log on this thread and the shares on all: both are needed, whichever is through first.
 *out is set on SL_OK alone. SL_CORRUPT: the first fault, named; the others stop at it. */
enum sl_result shares_check(struct sl_store *store, struct log_check *log, uint64_t total,
    const struct sl_progress *progress, struct shares_verified *out, struct sl_err *err);

#endif
