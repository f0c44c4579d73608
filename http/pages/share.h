#ifndef SHARELOG_HTTP_PAGES_SHARE_H
#define SHARELOG_HTTP_PAGES_SHARE_H

/* The page of a session, and what brings it from one moment to another. */

#include "http/routes.h"

void page_share(struct http_call *call);    /* /share/ID, /s/ID; ?at, ?t */
void page_update(struct http_call *call);   /* /share/ID/update?from&to */
void page_timeline(struct http_call *call); /* /share/ID/timeline */
void page_item(struct http_call *call);     /* /share/ID/item?key&field&at */

#endif
