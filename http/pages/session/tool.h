#ifndef SHARELOG_HTTP_PAGES_SESSION_TOOL_H
#define SHARELOG_HTTP_PAGES_SESSION_TOOL_H

/* A tool's call: a frame that all share, and a view for each tool that is known. A call whose input
   isn't what its tool takes is shown as one of an unknown tool, by its JSON. */

#include "http/pages/session/put.h"

/* A part of a message. */
bool tool_put_part(struct page *page, struct sl_span id, struct sl_span data);
/* An element of a newer message's content. */
bool tool_put_element(struct page *page, struct sl_span id, struct sl_span data);

#endif
