#ifndef SHARELOG_HTTP_PAGES_SESSION_PAGE_ITEM_H
#define SHARELOG_HTTP_PAGES_SESSION_PAGE_ITEM_H

/* GET /share/ID/item?key=KEY[&field=PATH][&at=SEQ]: one item in full, or one field of it. */

#include "http/call/call.h"

void page_item(struct http_call *call);

#endif
