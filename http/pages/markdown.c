#include "http/pages/markdown.h"

bool markdown_write(struct http_reply *reply, struct sl_span text)
{
    return html_markup_without_escaping(reply, "<pre>") && html_text(reply, text) &&
           html_markup_without_escaping(reply, "</pre>\n");
}
