/* What became of an item between two moments.

   Both moments are views that stay open for as long as the range does. Of an item that is too large
   its size is told, and a link leads to it. */

#include "http/pages/history/change.h"

#include "http/api/api.h"
#include "http/pages/figure.h"
#include "http/pages/text/diff.h"
#include "http/pages/text/html.h"
#include "http/pages/text/spread.h"
#include "http/pages/value.h"

#include <inttypes.h>

#define MARKUP html_markup_without_escaping

static const struct sl_span nothing = {"", 0};

/* ---- the two moments ---- */

static enum sl_result open_at(
    struct http_call *call, uint64_t sequence, struct sl_view **view, struct sl_err *err)
{
    struct sl_moment moment = {SL_AT_SEQUENCE, sequence};
    if (sequence == 0) return SL_OK; /* nothing is there yet, so no view */
    return sl_view_open(call->app->store, api_id(call), moment, view, err);
}

enum sl_result change_open(struct http_call *call, uint64_t from, uint64_t to,
    struct change_range *range, struct sl_err *err)
{
    *range = (struct change_range){.call = call, .from = from, .to = to};
    enum sl_result result = open_at(call, from, &range->before, err);
    return result == SL_OK ? open_at(call, to, &range->after, err) : result;
}

void change_close(struct change_range *range)
{
    sl_view_close(range->before);
    sl_view_close(range->after);
    range->before = range->after = NULL;
}

/* The version that a view has of a key; an empty span if it has none. */
static enum sl_result find(
    struct sl_view *view, struct sl_span key, struct sl_span *data, struct sl_err *err)
{
    struct sl_view_item item;
    size_t low = 0, high = 0;
    *data = nothing;
    if (!view) return SL_OK;
    enum sl_result counted = sl_view_items(view, &high, err);
    if (counted != SL_OK) return counted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        enum sl_result result = sl_view_item(view, SL_BY_KEY, middle, &item, err);
        if (result != SL_OK) return result;
        int d = sl_span_cmp(item.key, key);
        if (d == 0) {
            *data = item.data;
            break;
        }
        if (d < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SL_OK;
}

/* ---- how it is written ---- */

/* `href="/share/ID/item?key=KEY&at=SEQ"`: the item's JSON as it is. */
static bool write_href(struct http_call *call, struct sl_span key, uint64_t at)
{
    struct http_reply *reply = call->reply;
    if (!http_print(reply, "href=\"/share/%s/item?key=", call->id)) return false;
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.' || c == '/';
        if (!http_print(reply, plain ? "%c" : "%%%02X", c)) return false;
    }
    return http_print(reply, "&amp;at=%" PRIu64 "\"", at);
}

static bool write_json(
    struct change_range *range, struct sl_span key, struct sl_span json, uint64_t at, bool open)
{
    struct http_reply *reply = range->call->reply;
    char size[FIGURE_BYTES];
    struct buf text = {0};
    figure_size(json.len, size);
    if (json.len > CHANGE_JSON_BYTES)
        return http_print(reply, "<p class=\"cut\">%s of JSON: <a ", size) &&
               write_href(range->call, key, at) && MARKUP(reply, ">all of it</a></p>\n");
    spread_add(&text, json, SPREAD_JSON);
    bool ok = http_print(reply, "<details class=\"json\"%s><summary>JSON, %s</summary>",
                  open ? " open" : "", size) &&
              MARKUP(reply, "<pre class=\"code\"><code class=\"language-json\">") &&
              html_text(reply, text.failed ? json : buf_span(&text)) &&
              MARKUP(reply, "</code></pre></details>\n");
    buf_fini(&text);
    return ok;
}

static bool write_difference(
    struct change_range *range, struct sl_span key, struct sl_span before, struct sl_span after)
{
    struct http_reply *reply = range->call->reply;
    struct buf old = {0}, new = {0};
    bool ok;
    if (before.len > CHANGE_DIFF_BYTES || after.len > CHANGE_DIFF_BYTES)
        return MARKUP(reply, "<p class=\"cut\">Too large to compare here: <a ") &&
               write_href(range->call, key, range->from) && MARKUP(reply, ">before</a>, <a ") &&
               write_href(range->call, key, range->to) && MARKUP(reply, ">after</a></p>\n");
    spread_add(&old, before, SPREAD_LINES);
    spread_add(&new, after, SPREAD_LINES);
    if (old.failed || new.failed)
        ok = MARKUP(reply, "<p class=\"cut\">Not compared: the server is short of memory.</p>\n");
    else if (sl_span_eq(buf_span(&old), buf_span(&new)))
        ok =
            MARKUP(reply, "<p class=\"quiet\">Only the order or the spacing of its members.</p>\n");
    else
        ok = diff_write_texts(reply, buf_span(&old), buf_span(&new), nothing);
    buf_fini(&old);
    buf_fini(&new);
    return ok;
}

/* What it is, at a glance: a message's role, a part's type and tool. */
static bool write_about(struct http_reply *reply, struct sl_span json)
{
    static const char *const names[] = {"role", "type", "tool"};
    struct sl_span values[3];
    if (!value_is_kind(json, JSON_OBJECT)) return true;
    value_pick(json, 3, names, values);
    for (size_t i = 0; i < 3; i++)
        if (value_is_text(values[i]) && values[i].len < 100 &&
            !(MARKUP(reply, "<span class=\"type\">") && html_json_string(reply, values[i]) &&
                MARKUP(reply, "</span> ")))
            return false;
    return true;
}

static bool write_change(struct change_range *range, struct sl_span key, struct sl_span json,
    struct sl_span before, struct sl_span after)
{
    struct http_reply *reply = range->call->reply;
    bool same = before.len && sl_span_eq(before, after);
    const char *what = !before.len && !after.len ? "gone"
                       : !before.len             ? "added"
                       : !after.len              ? "removed"
                       : same                    ? "same"
                                                 : "edited";
    uint64_t at = after.len ? range->to : range->from;
    if (!json.len) json = after.len ? after : before;
    return http_print(reply, "<article class=\"change %s\">\n<h3><code dir=\"auto\">", what) &&
           html_text(reply, key) && MARKUP(reply, "</code> ") && write_about(reply, json) &&
           http_print(reply, "<span class=\"change-kind\">%s</span></h3>\n",
               same ? "sent again, unchanged" : what) &&
           (!range->note || range->note(range->note_ctx)) &&
           (!(before.len && after.len) || same || write_difference(range, key, before, after)) &&
           (!json.len || write_json(range, key, json, at, !before.len)) &&
           MARKUP(reply, "</article>\n");
}

enum sl_result change_write(
    struct change_range *range, struct sl_span key, struct sl_span json, struct sl_err *err)
{
    struct sl_span before, after;
    enum sl_result result = find(range->before, key, &before, err);
    if (result == SL_OK) result = find(range->after, key, &after, err);
    if (result != SL_OK) return result;
    return write_change(range, key, json, before, after) ? SL_OK : SL_STOPPED;
}
