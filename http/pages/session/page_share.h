#ifndef SHARELOG_HTTP_PAGES_SESSION_PAGE_SHARE_H
#define SHARELOG_HTTP_PAGES_SESSION_PAGE_SHARE_H

/* GET /share/ID, /s/ID: the page of a session, now or at ?at=SEQ, ?t=TIME. */

#include "http/call/call.h"

void page_share(struct http_call *call);

#endif
