/* Differences as tables. */

#include "http/pages/diff.h"

bool diff_write_patch(struct http_reply *reply, struct sl_span patch, struct sl_span file)
{
    (void)file;
    return html_markup_without_escaping(reply, "<pre class=\"code\">") && html_text(reply, patch) &&
           html_markup_without_escaping(reply, "</pre>\n");
}

bool diff_write_texts(
    struct http_reply *reply, struct sl_span before, struct sl_span after, struct sl_span file)
{
    return diff_write_patch(reply, before, file) && diff_write_patch(reply, after, file);
}
