#ifndef SHARELOG_HTTP_PAGES_HISTORY_PAGE_HISTORY_H
#define SHARELOG_HTTP_PAGES_HISTORY_PAGE_HISTORY_H

/* GET /share/ID/history: every event of a share, a page at a time. */

#include "http/pages/frame.h"

/* ?from=SEQ|TIME, ?order=desc|asc, ?kind=KIND, ?type=TYPE. 410 when the share was removed, but its
   owner sees what is left. */
void page_history(struct http_call *call);

#define HISTORY_ROWS 100
/* A filter looks through so many events for a page, then offers to go on. */
#define HISTORY_SCAN 20000

#endif
