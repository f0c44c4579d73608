#ifndef SHARELOG_HTTP_PAGES_TEXT_DIFF_H
#define SHARELOG_HTTP_PAGES_TEXT_DIFF_H

/* A difference as a table of lines, a `<div class="diff">` for each file. `file` names what was
   changed and may be empty; any bytes are taken. A line that was changed into another has the
   same `data-pair` as that one, for showing the two side by side, and what changed in it is a <del>
   or <ins>. False: the client is gone. */

#include "http/pages/text/html.h"

/* A patch: unified (as diff and git write it) or `*** Begin Patch`, of one file or several, which
   then have their own names. What can't be read as one is shown preformatted. */
bool diff_write_patch(struct http_reply *reply, struct sl_span patch, struct sl_span file);

/* What differs between two texts. */
bool diff_write_texts(
    struct http_reply *reply, struct sl_span before, struct sl_span after, struct sl_span file);

#endif
