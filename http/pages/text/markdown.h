#ifndef SHARELOG_HTTP_PAGES_TEXT_MARKDOWN_H
#define SHARELOG_HTTP_PAGES_TEXT_MARKDOWN_H

/* Markdown as GitHub has it (tables, task lists, strikethrough, bare links), as HTML that can do
   nothing: raw HTML is shown as the text it is, pictures are links, a link goes to http, https
   or mailto, or is none (its address shows as a title). */

#include "http/pages/text/html.h"

/* Write `text` as block elements (<p>, <h3> …, <pre class="code">). Any bytes; a text too large for
   a document is shown preformatted. False: the client is gone. */
bool markdown_write(struct http_reply *reply, struct sl_span text);

#endif
