#ifndef SHARELOG_HTTP_PAGES_SESSION_PART_TEXT_H
#define SHARELOG_HTTP_PAGES_SESSION_PART_TEXT_H

/* What parts of both generations of messages are made of, and tools too: texts, thoughts, tokens,
   errors. Each returns false once the client is gone. */

#include "http/pages/session/put.h"

/* `<TAG class="part CLASS" id="ID">`: how every part begins. */
bool part_open(struct page *page, const char *tag, const char *class, struct sl_span id);

/* A text, a thought. `id` may be anything that is unique in the page. */
bool part_put_text(struct page *page, struct sl_span id, struct sl_span text, const char *field);
bool part_put_thought(struct page *page, struct sl_span id, struct sl_span text,
    struct sl_span start, struct sl_span end, const char *field);
/* `1,024 in · 22 out · …`, and the cost; nothing for what is no object or number. */
bool part_put_tokens(struct page *page, struct sl_span tokens, struct sl_span cost);
/* Markdown of a JSON string, cut where it is absurdly long. */
bool part_put_prose(struct page *page, struct sl_span text, const char *field);
/* An error as opencode has it: {name, data:{message, …}}, or {type, message}. */
bool part_put_error(struct page *page, struct sl_span error, const char *field);

#endif
