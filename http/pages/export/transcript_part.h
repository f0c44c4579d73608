#ifndef SHARELOG_HTTP_PAGES_EXPORT_TRANSCRIPT_PART_H
#define SHARELOG_HTTP_PAGES_EXPORT_TRANSCRIPT_PART_H

/* The pieces of a transcript: parts, texts, errors, sums. All return false once the client is
   gone. */

#include "core/base/buf.h"
#include "http/pages/text/prose.h"

struct transcript {
    struct http_reply *reply;
    enum prose how;
    struct buf *text; /* what is being written, decoded */
};

/* One part of a message, of either generation. */
bool transcript_part(struct transcript *transcript, struct sl_span part);

/* A JSON value as a block. */
bool transcript_json(struct transcript *transcript, struct sl_span value);

/* A string value: as people wrote it; in a line; as a block. Of another
   type: its JSON. Nothing for an empty span. */
bool transcript_prose(struct transcript *transcript, struct sl_span value);
bool transcript_line(struct transcript *transcript, struct sl_span value);
bool transcript_block(struct transcript *transcript, struct sl_span value, const char *info);

/* An error as opencode has it: {name, data:{message}}, {type, message}, or a text. */
bool transcript_error(struct transcript *transcript, struct sl_span error);

/* Tokens and cost in a line of their own; nothing for what is none. */
bool transcript_tokens(struct transcript *transcript, struct sl_span tokens, struct sl_span cost);

#endif
