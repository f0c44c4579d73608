#ifndef SHARELOG_HTTP_PAGES_HISTORY_PAGE_EVENT_H
#define SHARELOG_HTTP_PAGES_HISTORY_PAGE_EVENT_H

/* GET /share/ID/history/SEQ: one event, with what each of its items changed; ?item=N begins with
   the item N (1 is the first). */

#include "http/pages/frame.h"

void page_event(struct http_call *call);

#define EVENT_ITEMS 100 /* a page */

#endif
