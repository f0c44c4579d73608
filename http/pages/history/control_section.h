#ifndef SHARELOG_HTTP_PAGES_HISTORY_CONTROL_SECTION_H
#define SHARELOG_HTTP_PAGES_HISTORY_CONTROL_SECTION_H

/* What an event of the server itself says: created, removed, redacted, allowed again. */

#include "http/pages/frame.h"

/* Write it as <section class="control">. The event is no sync and its content is there. */
enum sl_result control_write(struct http_call *call, const struct sl_share_info *share,
    struct sl_event *event, struct sl_err *err);

#define CONTROL_ITEMS 200          /* of a redaction, listed */
#define CONTROL_BYTES (8 * SL_MIB) /* a larger one isn't read */

#endif
