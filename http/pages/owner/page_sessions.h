#ifndef SHARELOG_HTTP_PAGES_OWNER_PAGE_SESSIONS_H
#define SHARELOG_HTTP_PAGES_OWNER_PAGE_SESSIONS_H

/* GET /sessions: the live shares, the one with the newest event first; ?q searches titles and
   directories, ?cursor goes on. For the owner (?key lets in, a form asks for the key); with
   --public-index the list alone is for everybody. */

#include "http/pages/frame.h"

void page_sessions(struct http_call *call);

#define SESSIONS_ROWS 50
/* A search looks through so many shares for a page, then offers to go on. */
#define SESSIONS_SCAN 1000
/* A share is live when somebody watches it, or its last event is no older. */
#define SESSIONS_LIVE_MS 60000

#endif
