#ifndef SHARELOG_HTTP_PAGES_EXPORT_TRANSCRIPT_H
#define SHARELOG_HTTP_PAGES_EXPORT_TRANSCRIPT_H

/* A session to read from top to bottom, as Markdown or as plain text: its head, then its messages
   with all of their texts, thoughts, tools, errors. Whatever isn't known is there as its JSON. */

#include "core/sharelog.h"
#include "http/pages/text/prose.h"

/* `link` is the session's address. SL_STOPPED: the client is gone. */
enum sl_result transcript_write(struct http_reply *reply, enum prose how, struct sl_view *view,
    struct sl_span link, struct sl_err *err);

#endif
