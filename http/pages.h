#ifndef SHARELOG_HTTP_PAGES_H
#define SHARELOG_HTTP_PAGES_H

/* Plain HTML pages: one session to read, the owner's list of sessions. No script runs on them and
 * nothing is loaded. */

#include "http/routes.h"

void page_root(struct http_call *call); /* to /sessions */
void page_share(
    struct http_call *call); /* /share/ID: 404 when there is none, 410 when it was removed */
void page_missing(struct http_call *call); /* 404 */

/* Begin a page: headers, head, title. The caller writes the body's content, then ends it. */
bool page_begin(struct http_call *call, int status, const char *title);
void page_end(struct http_call *call);

/* A page of a title and a line. */
void page_message(struct http_call *call, int status, const char *title, const char *text);

#endif
