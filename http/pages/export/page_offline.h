#ifndef SHARELOG_HTTP_PAGES_EXPORT_PAGE_OFFLINE_H
#define SHARELOG_HTTP_PAGES_EXPORT_PAGE_OFFLINE_H

/* GET /share/ID.html: the page of a session as one file that needs no server: style and scripts in
   it, and every step between two events, so that it plays. ?at=SEQ or ?t=TIME ends it there. Its
   script http/assets/offline.js answers from the file what the page would ask the server for. */

#include "http/call/call.h"

void page_offline(struct http_call *call);

/* A longer history is thinned out to so many steps. */
#define OFFLINE_STEPS 500

#endif
