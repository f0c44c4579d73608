#ifndef SHARELOG_HTTP_PAGES_TEXT_HTML_H
#define SHARELOG_HTTP_PAGES_TEXT_HTML_H

/* The escaping emitter: all text of a page that isn't a literal of this program goes out through
   it, and any bytes at all may be given to it. `& < > " '` become entities. A character that would
   act on its surroundings is made visible and does nothing: control characters but tab and line
   feed, bidirectional marks, zero-width characters, byte order marks, line and paragraph
   separators, tag characters, noncharacters, lone surrogates. Bytes that aren't UTF-8 become
   U+FFFD. Each function returns false when the client is gone. */

#include "core/base/buf.h"
#include "http/call/reply.h"

/* Plain text as an element's text: a character that must not act is
   `<span class="char" title="U+202E">U+202E</span>` (a control character has its symbol inside, ␀;
   a run of one is one span, ␀×7), a carriage return before a line feed is left out, and a word that
   doesn't end gets `<wbr>`s, so that no line is one endless piece. Not for an attribute and not for
   <title>: the spans would show. */
bool html_text(struct http_reply *reply, struct sl_span text);

/* Plain text as the value of a quoted attribute, or inside <title> or <textarea>: a character that
   must not act is U+FFFD. */
bool html_attribute(struct http_reply *reply, struct sl_span text);

/* A JSON string value (with its quotes), decoded, as html_text has it. False if it is no string, or
   the client is gone. */
bool html_json_string(struct http_reply *reply, struct sl_span value);

/* Append what a JSON string value says to `out`: UTF-8, with lone surrogates (WTF-8) and NULs as
   they came. False if it is no string or memory runs out, and `out` is as it was. */
bool html_decode(struct sl_span json_string, struct buf *out);

/* Markup of this program, as it stands: never a text that came from outside. */
bool html_markup_without_escaping(struct http_reply *reply, const char *literal);

#endif
