#ifndef SHARELOG_VERIFY_SHARE_H
#define SHARELOG_VERIFY_SHARE_H

/* One share's check, from its first event to its last. */

#include "core/verify/verify_check.h"

/* The next share is not the one behind the last. */
void share_check_jump(struct share_check *check);

/* Begin with a share whose first event is at the cursor. SL_CORRUPT: it has no record, or no id. */
enum sl_result share_check_begin(struct share_check *check, struct sl_span id, struct sl_err *err);

/* The share's events were checked, and at.next is known: nothing may be left over, and the derived
   records must be what the events say. SL_CORRUPT: the fault, named. */
enum sl_result share_check_end(struct share_check *check, struct sl_err *err);

void share_check_fini(struct share_check *check); /* zeroed is fine */

#endif
