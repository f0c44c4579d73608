/* Files that belong to a message, or to what a tool gave. */

#include "http/pages/session/attachment.h"

#include "http/pages/session/pretty.h"
#include "http/pages/value.h"

#include <stdio.h>
#include <strings.h>

static const char *const safe_types[] = {
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf"};

const char *attachment_safe_type(struct sl_span type)
{
    for (size_t i = 0; i < sizeof(safe_types) / sizeof(*safe_types); i++)
        if (type.len == strlen(safe_types[i]) &&
            strncasecmp(type.ptr, safe_types[i], type.len) == 0)
            return safe_types[i];
    return NULL;
}

bool attachment_is_picture(const char *type)
{
    return type && strncmp(type, "image/", 6) == 0;
}

bool attachment_data_url(
    struct sl_span url, struct sl_span *type, bool *base64, struct sl_span *content)
{
    if (url.len < 5 || strncasecmp(url.ptr, "data:", 5) != 0) return false;
    const char *comma = memchr(url.ptr, ',', url.len);
    if (!comma) return false;
    struct sl_span head = {url.ptr + 5, (size_t)(comma - url.ptr) - 5};
    const char *semicolon = memchr(head.ptr, ';', head.len);
    *type = (struct sl_span){head.ptr, semicolon ? (size_t)(semicolon - head.ptr) : head.len};
    *base64 = head.len >= 7 && strncasecmp(head.ptr + head.len - 7, ";base64", 7) == 0;
    *content = (struct sl_span){comma + 1, (size_t)(url.ptr + url.len - comma) - 1};
    return true;
}

static bool put_picture(struct page *page, struct sl_span name, const char *path)
{
    return put(page, "<a class=\"picture\" href=\"") && put_item_url(page, path) &&
           put(page, "\"><img loading=\"lazy\" src=\"") && put_item_url(page, path) &&
           put(page, "\" alt=\"") &&
           (value_is_some(name) ? put_value_attribute(page, name) : put(page, "picture")) &&
           put(page, "\"></a>\n");
}

static bool put_data(
    struct page *page, struct sl_span name, struct sl_span url_raw, const char *path)
{
    struct sl_span type, content;
    bool base64;
    if (!attachment_data_url(url_raw, &type, &base64, &content))
        return put_span(page, "url", name); /* no comma: nothing in it */
    const char *safe = attachment_safe_type(type);
    if (attachment_is_picture(safe) && !put_picture(page, name, path)) return false;
    return put(page, "<a class=\"file-name\" href=\"") && put_item_url(page, path) &&
           put(page, safe ? "\">" : "\" download>") &&
           (value_is_some(name) ? put_value(page, name) : put(page, "file")) &&
           put(page, "</a> ") &&
           http_print(page->reply, "<span class=\"size\">%.1f KB</span> ",
               (double)(base64 ? content.len / 4 * 3 : content.len) / 1024);
}

bool attachment_put(struct page *page, struct sl_span file, const char *field)
{
    static const char *const names[] = {
        "filename", "name", "url", "uri", "mime", "source", "description"};
    struct sl_span v[7], raw;
    char path[160];
    value_pick(file, 7, names, v);
    bool uri = !v[2].len;
    struct sl_span name = v[0].len ? v[0] : v[1], url = uri ? v[3] : v[2];
    if (!value_is_string(url) || !json_string_raw(url, &raw)) return pretty_put(page, file, NULL);
    snprintf(path, sizeof(path), "%s%s", field, uri ? "uri" : "url");
    bool data = raw.len >= 5 && strncasecmp(raw.ptr, "data:", 5) == 0;
    if (data ? !put_data(page, name, raw, path)
             : !(put_span(page, "file-name", name) && put_span(page, "url", url)))
        return false;
    struct sl_span from = value_at(v[5], "path");
    if (!value_is_some(from)) from = value_at(v[5], "uri");
    if (sl_span_eq(from, name)) from = (struct sl_span){NULL, 0};
    return put_span(page, "mime", v[4]) && put_span(page, "path", from) &&
           put_span(page, "description", v[6]);
}

bool attachment_put_all(struct page *page, struct sl_span files, const char *field)
{
    struct sl_span rest = files, file;
    char path[128];
    if (!value_is_some(files)) return true;
    if (!value_is_kind(files, JSON_ARRAY)) return pretty_put(page, files, field);
    if (!put(page, "<ul class=\"attachments\">\n")) return false;
    for (size_t i = 0; json_next(&rest, &file); i++) {
        snprintf(path, sizeof(path), "%s.%zu.", field, i);
        if (!(put(page, "<li>") && attachment_put(page, file, path) && put(page, "</li>\n")))
            return false;
    }
    return put(page, "</ul>\n");
}
