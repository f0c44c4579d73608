#ifndef SHARELOG_HTTP_PAGES_TEXT_ANSI_H
#define SHARELOG_HTTP_PAGES_TEXT_ANSI_H

/* What a terminal would have shown: colours and weights as classes, lines overwritten by carriage
   returns and backspaces as they ended, everything else that a terminal would have obeyed left
   out. */

#include "http/pages/text/html.h"

/* Write `text` as what goes into a `<pre class="terminal">`. Any bytes. False: the client is gone.
 */
bool ansi_write(struct http_reply *reply, struct sl_span text);

#endif
