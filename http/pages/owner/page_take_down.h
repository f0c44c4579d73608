#ifndef SHARELOG_HTTP_PAGES_OWNER_PAGE_TAKE_DOWN_H
#define SHARELOG_HTTP_PAGES_OWNER_PAGE_TAKE_DOWN_H

/* The owner takes a share down: GET /sessions/ID/remove asks whether that is meant, POST does it.
 */

#include "http/pages/frame.h"

void page_take_down_ask(struct http_call *call);
void page_take_down(struct http_call *call);

#endif
