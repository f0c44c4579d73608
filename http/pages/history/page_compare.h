#ifndef SHARELOG_HTTP_PAGES_HISTORY_PAGE_COMPARE_H
#define SHARELOG_HTTP_PAGES_HISTORY_PAGE_COMPARE_H

/* GET /share/ID/compare?from=A&to=B: what differs between two moments of a share, each a sequence
   or a time; ?item=N begins with the Nth key that differs. Without `from` the first moment, without
   `to` the last. */

#include "http/pages/frame.h"

void page_compare(struct http_call *call);

#define COMPARE_ITEMS 100 /* a page */

#endif
