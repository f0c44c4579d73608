#ifndef SHARELOG_HTTP_PAGES_SESSION_MESSAGE_NEWER_H
#define SHARELOG_HTTP_PAGES_SESSION_MESSAGE_NEWER_H

/* A message of the newer generation: an element of a `messages` item, with its content in itself
   rather than in parts of their own. message.c writes what is around it. */

#include "http/pages/session/put.h"

/* What stands in the meta line, and the body. `id` is the message's. */
bool message_newer_meta(struct page *page, struct sl_span data);
bool message_newer_body(struct page *page, struct sl_span id, struct sl_span data);

#endif
