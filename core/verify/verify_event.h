#ifndef SHARELOG_VERIFY_EVENT_H
#define SHARELOG_VERIFY_EVENT_H

/* One event: its row, its header, its place in the share and in the log, and the commitments to all
   that it holds. */

#include "core/verify/verify_check.h"

/* The share's next event; its snapshot too, where there is one at it. SL_CORRUPT: the fault,
   named. */
enum sl_result share_check_event(
    struct share_check *check, uint64_t sequence, struct sl_span row, struct sl_err *err);

#endif
