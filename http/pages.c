/* The pages' frame, and the page of a session. */

#include "http/pages.h"

#include "core/json.h"
#include "http/api.h"
#include "http/html.h"
#include "http/param.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MARKUP html_markup_without_escaping

/* ---- the frame ---- */

static void protect(struct http_reply *reply)
{
    http_header(reply, "Content-Security-Policy",
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    http_header(reply, "Referrer-Policy", "no-referrer");
    http_header(reply, "X-Robots-Tag", "noindex, nofollow");
}

bool page_begin(struct http_call *call, int status, const char *title)
{
    struct http_reply *reply = call->reply;
    protect(reply);
    reply->compress = true;
    return http_begin(reply, status, "text/html; charset=utf-8") &&
           MARKUP(reply,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"robots\" content=\"noindex\">\n<title>") &&
           html_text(reply, sl_span_of(title)) && MARKUP(reply, "</title>\n</head>\n<body>\n");
}

void page_end(struct http_call *call)
{
    MARKUP(call->reply, "</body>\n</html>\n");
}

void page_message(struct http_call *call, int status, const char *title, const char *text)
{
    struct http_reply *reply = call->reply;
    if (page_begin(call, status, title) && MARKUP(reply, "<h1>") &&
        html_text(reply, sl_span_of(title)) && MARKUP(reply, "</h1>\n<p>") &&
        html_text(reply, sl_span_of(text)) && MARKUP(reply, "</p>\n"))
        page_end(call);
}

void page_missing(struct http_call *call)
{
    page_message(call, 404, "Not found", "There is nothing here.");
}

void page_root(struct http_call *call)
{
    http_header(call->reply, "Location", "/sessions");
    http_begin(call->reply, 302, NULL);
}

/* ---- a session ---- */

/* Every part's key is `part/<message>/<id>`: in order of key those of a message lie together. */
struct parts {
    struct sl_span *keys; /* by key; valid with the view */
    size_t count;
};

static enum sl_result list_keys(struct sl_view *view, struct parts *parts, struct sl_err *err)
{
    struct sl_view_item item;
    size_t count = sl_view_items(view);
    parts->keys = calloc(count ? count : 1, sizeof(*parts->keys));
    if (!parts->keys) return sl_fail(err, SL_NOMEM, "page");
    for (parts->count = 0; parts->count < count; parts->count++) {
        enum sl_result result = sl_view_item(view, SL_BY_KEY, parts->count, &item, err);
        if (result != SL_OK) return result;
        parts->keys[parts->count] = item.key;
    }
    return SL_OK;
}

/* The first key that is not before `key`. */
static size_t place_of(const struct parts *parts, struct sl_span key)
{
    size_t low = 0, high = parts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sl_span_cmp(parts->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool begins_with(struct sl_span text, struct sl_span front)
{
    return text.len >= front.len && memcmp(text.ptr, front.ptr, front.len) == 0;
}

static bool write_text_part(struct http_reply *reply, struct sl_span data)
{
    struct sl_span type, raw, text;
    if (!json_get(data, "type", &type) || !json_string_raw(type, &raw)) return true;
    if (!json_raw_eq(raw, "text") || !json_get(data, "text", &text)) return true;
    if (json_kind_of(text) != JSON_STRING) return true;
    return MARKUP(reply, "<pre dir=\"auto\">") && html_json_string(reply, text) &&
           MARKUP(reply, "</pre>\n");
}

static enum sl_result write_parts(struct http_reply *reply, struct sl_view *view,
    const struct parts *parts, struct sl_span message_key, struct sl_err *err)
{
    char text[SL_ITEM_KEY_BYTES + 8];
    size_t lead = sizeof("message/") - 1;
    int len = snprintf(
        text, sizeof(text), "part/%.*s/", (int)(message_key.len - lead), message_key.ptr + lead);
    if (len < 0 || (size_t)len >= sizeof(text)) return SL_OK;
    struct sl_span front = {text, (size_t)len};
    for (size_t i = place_of(parts, front); i < parts->count && begins_with(parts->keys[i], front);
         i++) {
        struct sl_view_item item;
        enum sl_result result = sl_view_item(view, SL_BY_KEY, i, &item, err);
        if (result != SL_OK) return result;
        if (!write_text_part(reply, item.data)) return SL_STOPPED;
    }
    return SL_OK;
}

static bool write_role(struct http_reply *reply, struct sl_span data)
{
    struct sl_span role;
    bool known = json_get(data, "role", &role) && json_kind_of(role) == JSON_STRING;
    return MARKUP(reply, "<h2>") &&
           (known ? html_json_string(reply, role) : MARKUP(reply, "message")) &&
           MARKUP(reply, "</h2>\n");
}

static enum sl_result write_messages(
    struct http_reply *reply, struct sl_view *view, uint64_t messages, struct sl_err *err)
{
    struct parts parts = {0};
    struct sl_view_item item;
    enum sl_result result = list_keys(view, &parts, err);
    size_t count = sl_view_items(view);
    /* Messages that are there but can't be read must not show as an empty session. */
    if (result == SL_OK && count == 0 && messages)
        result = sl_view_item(view, SL_BY_ARRIVAL, 0, &item, err);
    for (size_t i = 0; result == SL_OK && i < count; i++) {
        result = sl_view_item(view, SL_BY_ARRIVAL, i, &item, err);
        if (result != SL_OK || !begins_with(item.key, SL_SPAN("message/"))) continue;
        if (!write_role(reply, item.data))
            result = SL_STOPPED;
        else
            result = write_parts(reply, view, &parts, item.key, err);
    }
    free(parts.keys);
    return result;
}

static bool write_time(struct http_reply *reply, uint64_t ms)
{
    char text[32];
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        return true;
    return MARKUP(reply, text);
}

static bool write_head(struct http_call *call, const struct sl_metadata *m)
{
    struct http_reply *reply = call->reply;
    return MARKUP(reply, "<h1 dir=\"auto\">") &&
           (m->title.len ? html_json_string(reply, m->title) : MARKUP(reply, "Untitled session")) &&
           MARKUP(reply, "</h1>\n<p>") &&
           (!m->directory.len ||
               (MARKUP(reply, "<code>") && html_json_string(reply, m->directory) &&
                   MARKUP(reply, "</code> · "))) &&
           http_print(reply,
               "%" PRIu64 " messages, %" PRIu64 " parts, %" PRIu64 " diffs, %" PRIu64
               " models · sequence %" PRIu64 " · ",
               m->messages, m->parts, m->diffs, m->models, m->sequence) &&
           write_time(reply, m->updated_ms) && MARKUP(reply, "</p>\n<p><code>opencode import ") &&
           html_text(reply, call->request->base) &&
           http_print(reply, "/share/%s</code></p>\n", m->id);
}

static void fail_page(struct http_call *call, enum sl_result result, const struct sl_err *err)
{
    int status = api_status(result);
    if (call->reply->begun) {
        api_finish(call, result, err, "Not found");
        return;
    }
    api_note(call, result, err);
    if (result == SL_REMOVED)
        page_message(call, 410, "Removed", "This session was shared here, and removed.");
    else if (result == SL_NOT_FOUND)
        page_missing(call);
    else if (status >= 500)
        page_message(call, status, "Out of order", "This can't be shown now.");
    else /* about what was asked for: a moment that is none */
        page_message(call, status, sl_result_text(result), err->text);
}

void page_share(struct http_call *call)
{
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct sl_moment moment;
    struct sl_err err = {0};
    enum sl_result result = param_moment(call->request, &moment, &err);
    if (result == SL_OK) result = sl_view_open(call->app->store, api_id(call), moment, &view, &err);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &err);
    if (result == SL_OK) {
        bool begun = page_begin(call, 200, "Session") && write_head(call, &metadata);
        result = begun ? write_messages(call->reply, view, metadata.messages, &err) : SL_STOPPED;
    }
    if (result == SL_OK)
        page_end(call);
    else
        fail_page(call, result, &err);
    sl_view_close(view);
}
