#ifndef SHARELOG_HTTP_PAGES_PART_H
#define SHARELOG_HTTP_PAGES_PART_H

/* One part of a message. Whatever it holds it shows: a part of no known type, or of a known type
   without what makes it one, is shown as its JSON. */

#include "http/pages/page.h"

/* `id` as the part's key has it. page->key is the part's. */
bool part_write(struct page *page, struct sl_span id, struct sl_span data, bool undone);

/* What both generations of messages have. `id` may be anything that is unique in the page. */
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
