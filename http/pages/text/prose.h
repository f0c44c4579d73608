#ifndef SHARELOG_HTTP_PAGES_TEXT_PROSE_H
#define SHARELOG_HTTP_PAGES_TEXT_PROSE_H

/* Text of a session as Markdown or as plain text, for files and terminals. What a terminal would
   obey is made visible: ^[ for a control character, <U+202E> for a mark that changes how others
   look. Colours of a terminal (ESC [ … m) are left out, since they carry no text; a carriage return
   is a line's end. Any bytes are taken. False: the client is gone. */

#include "http/call/reply.h"

enum prose { PROSE_MARKDOWN, PROSE_TEXT };

/* In a line: line ends are spaces, and in Markdown what has a meaning is escaped. */
bool prose_line(struct http_reply *reply, enum prose how, struct sl_span text);

/* All lines, each begun with `prefix`, the last one ended. */
bool prose_lines(struct http_reply *reply, struct sl_span text, const char *prefix);

/* What people and models write, which is Markdown: as it is, but that a fence left open is closed,
   and that no line begins a block of HTML, which could swallow or hide what follows. As plain text:
   all lines. */
bool prose_write(struct http_reply *reply, enum prose how, struct sl_span text);

/* As it stands: in a fence longer than any inside (`info` behind it), or indented by four. */
bool prose_block(struct http_reply *reply, enum prose how, struct sl_span text, const char *info);

#endif
