#ifndef SHARELOG_HTTP_PAGES_EXPORT_PAGE_EXPORT_H
#define SHARELOG_HTTP_PAGES_EXPORT_PAGE_EXPORT_H

/* A session to take along, now or as it was at ?at=SEQ or ?t=TIME. */

#include "http/call/call.h"

void page_markdown(struct http_call *call); /* /share/ID.md: a transcript */
void page_text(struct http_call *call);     /* /share/ID.txt: the same without Markdown */
void page_events(struct http_call *call);   /* /share/ID.jsonl: an event a line, with its data */
/* /share/ID.json is the API's answer: handle_session. */

/* /share/ID: the page, or the transcript for who rather takes text/markdown than text/html. */
void page_share_or_markdown(struct http_call *call);

/* Does an Accept header rather take text/markdown than text/html? `*` counts for the page. */
bool export_wants_markdown(struct sl_span accept);

#endif
