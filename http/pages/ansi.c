/* Terminal output. */

#include "http/pages/ansi.h"

bool ansi_write(struct http_reply *reply, struct sl_span text)
{
    return html_text(reply, text);
}
