#ifndef SHARELOG_HTTP_PAGES_SESSION_PAGE_UPDATE_H
#define SHARELOG_HTTP_PAGES_SESSION_PAGE_UPDATE_H

/* GET /share/ID/update?from=A&to=B: what brings the page of one moment to another. */

#include "http/call/call.h"

void page_update(struct http_call *call);

/* For who needs more than one: a chain of updates opens each moment once. */
struct update_side;

/* A moment of the call's share. `other`, another one or NULL, saves some of the reading; it may be
   closed before. */
enum sl_result update_side_open(struct http_call *call, uint64_t sequence,
    const struct update_side *other, struct update_side **side, struct sl_err *err);
void update_side_close(struct update_side *side); /* NULL is fine */

/* Answer the call with what page_update answers. */
enum sl_result update_write(
    struct http_call *call, struct update_side *from, struct update_side *to, struct sl_err *err);

#endif
