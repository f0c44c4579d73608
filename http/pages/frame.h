#ifndef SHARELOG_HTTP_PAGES_FRAME_H
#define SHARELOG_HTTP_PAGES_FRAME_H

/* What every page stands in: the headers that keep it harmless, head, header, footer. */

#include "http/call/call.h"

struct frame {
    const char *class;                 /* of the body */
    struct sl_span title, description; /* plain text; the second may be empty */
    const char *share;                 /* id of the share that the page is of, or NULL */
    uint64_t sequence, last, at;       /* of a share's page; at 0: now */
    uint64_t updated_ms;
    bool is_session; /* the page of a session itself, which scripts bring up to date */
};

/* Begin the reply of a page, 200, with what stands in every head, and send it at once: the browser
   loads style and scripts while the rest is being made. frame_begin then goes on. After this no
   other status can be told. */
bool frame_open(struct http_call *call);

/* Begin the reply and write up to the page's content, which goes into <main>. False: the client is
   gone. */
bool frame_begin(struct http_call *call, int status, const struct frame *frame);
bool frame_end(struct http_call *call);

/* The headers of every page: nothing from elsewhere, nothing inline, in no frame, in no index. To
   be set before http_begin. */
void frame_protect(struct http_reply *reply);

/* A page of a title alone, for pages that need no more; the content goes between the two. */
bool page_begin(struct http_call *call, int status, const char *title);
void page_end(struct http_call *call);

/* A page of a title and a line. */
void page_message(struct http_call *call, int status, const char *title, const char *text);
void page_missing(struct http_call *call); /* 404 */
void page_root(struct http_call *call);    /* / leads to /sessions */

#endif
