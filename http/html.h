#ifndef SHARELOG_HTTP_HTML_H
#define SHARELOG_HTTP_HTML_H

/* The escaping emitter: all text of a page that isn't a literal of this program goes out through
   it. What it writes is safe as an element's text and within a quoted attribute: `& < > " '` become
   entities, control characters but tab and newline, and lone surrogates, become U+FFFD. */

#include "http/http.h"

/* Plain text (UTF-8 or WTF-8). */
bool html_text(struct http_reply *reply, struct sl_span text);

/* A JSON string value (with its quotes), decoded. False if it is no string, or the client is gone.
 */
bool html_json_string(struct http_reply *reply, struct sl_span value);

/* Markup of this program, as it stands: never a text that came from outside. */
bool html_markup_without_escaping(struct http_reply *reply, const char *literal);

#endif
