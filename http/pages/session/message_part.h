#ifndef SHARELOG_HTTP_PAGES_SESSION_MESSAGE_PART_H
#define SHARELOG_HTTP_PAGES_SESSION_MESSAGE_PART_H

/* One part of a message. Whatever it holds it shows: a part of no known type, or of a known type
   without what makes it one, is shown as its JSON. */

#include "http/pages/session/put.h"

/* `id` as the part's key has it. page->key is the part's. */
bool part_write(struct page *page, struct sl_span id, struct sl_span data, bool undone);

#endif
