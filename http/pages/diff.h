#ifndef SHARELOG_HTTP_PAGES_DIFF_H
#define SHARELOG_HTTP_PAGES_DIFF_H

/* A difference as a table of lines, `<div class="diff">`. `file` names what was changed and may be
   empty; any bytes are taken. False: the client is gone. */

#include "http/html.h"

/* A patch: unified (as diff and git write it) or `*** Begin Patch`, of one file or several. What
   can't be read as one is shown preformatted. */
bool diff_write_patch(struct http_reply *reply, struct sl_span patch, struct sl_span file);

/* What differs between two texts. */
bool diff_write_texts(
    struct http_reply *reply, struct sl_span before, struct sl_span after, struct sl_span file);

#endif
