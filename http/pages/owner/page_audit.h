#ifndef SHARELOG_HTTP_PAGES_OWNER_PAGE_AUDIT_H
#define SHARELOG_HTTP_PAGES_OWNER_PAGE_AUDIT_H

/* GET /audit: what the owner has to know of the log, at a glance: its size and root, checkpoints,
   witnesses, the key that others verify with, what the store holds, whether it is well. */

#include "http/pages/frame.h"

void page_audit(struct http_call *call);

#define AUDIT_WITNESSES 64 /* listed */

#endif
