#ifndef SHARELOG_HTTP_PAGES_SESSION_PAGE_TIMELINE_H
#define SHARELOG_HTTP_PAGES_SESSION_PAGE_TIMELINE_H

/* GET /share/ID/timeline: when each event was, and where the prompts are, as JSON. */

#include "http/call/call.h"

void page_timeline(struct http_call *call);

#endif
