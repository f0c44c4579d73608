/* One message: the meta line, its parts, its end. */

#include "http/pages/session/message.h"

#include "http/pages/session/diffs.h"
#include "http/pages/session/message_newer.h"
#include "http/pages/session/message_part.h"
#include "http/pages/session/part_text.h"
#include "http/pages/session/pretty.h"
#include "http/pages/value.h"

#include <assert.h>
#include <stdio.h>

enum sl_result message_data(struct message_reader *reader, const struct outline_message *message,
    struct sl_span *data, struct sl_err *err)
{
    struct sl_view_item item;
    *data = (struct sl_span){0};
    if (message->item == OUTLINE_NONE) return SL_OK;
    bool on = reader->open && message->element != OUTLINE_NONE && reader->item == message->item &&
              reader->element <= message->element;
    if (!on) {
        enum sl_result result =
            sl_view_item(reader->outline->view, SL_BY_KEY, message->item, &item, err);
        if (result != SL_OK) return result;
        reader->open = message->element != OUTLINE_NONE;
        reader->key = item.key;
        reader->item = message->item;
        reader->element = 0;
        if (!reader->open) {
            *data = item.data;
            return SL_OK;
        }
        outline_elements(item.data, &reader->rest);
    }
    while (reader->element++ <= message->element)
        if (!json_next(&reader->rest, data)) return SL_OK;
    reader->element = message->element + 1;
    return SL_OK;
}

/* Is it one of the newer generation, whose content is in itself? It has a type, and no role. */
static bool is_newer(struct sl_span data)
{
    static const char *const names[] = {"role", "type"};
    struct sl_span v[2];
    value_pick(data, 2, names, v);
    return !v[0].len && value_is_string(v[1]);
}

/* ---- the meta line ---- */

static bool put_name(struct page *page, const struct outline_message *message, struct sl_span data)
{
    static const char *const names[] = {"role", "modelID", "type", "model"};
    struct sl_span v[4];
    value_pick(data, 4, names, v);
    struct sl_span kind = v[0].len ? v[0] : v[2];
    struct sl_span model = value_is_some(v[1]) ? v[1] : value_at(v[3], "id");
    if (message->item == OUTLINE_NONE) return put(page, "Missing message");
    if (value_is(kind, "user")) return put(page, "You");
    if (value_is(kind, "assistant"))
        return value_is_some(model) ? put_value(page, model) : put(page, "Assistant");
    return value_is_some(kind) ? put_value(page, kind) : put(page, "Message");
}

static bool put_older_meta(struct page *page, struct sl_span data)
{
    static const char *const names[] = {
        "agent", "mode", "variant", "providerID", "finish", "summary", "time", "role"};
    struct sl_span v[8];
    value_pick(data, 8, names, v);
    bool same = sl_span_eq(v[0], v[1]);
    bool usual = value_is(v[4], "stop") || value_is(v[4], "tool-calls");
    return put_span(page, "provider", v[3]) && put_span(page, "agent", v[0]) &&
           (same || put_span(page, "mode", v[1])) && put_span(page, "variant", v[2]) &&
           (!value_is_true(v[5]) || put(page, "<span class=\"mark\">summary</span> ")) &&
           (usual || put_span(page, "finish", v[4])) &&
           put_time_value(page, value_at(v[6], "created")) &&
           put_took_values(page, value_at(v[6], "created"), value_at(v[6], "completed")) &&
           (!value_is_some(v[6]) || value_is_kind(v[6], JSON_OBJECT) ||
               put_span(page, "time", v[6]));
}

static const char *class_of(const struct outline_message *message, struct sl_span data)
{
    struct sl_span role = value_at(data, "role");
    if (!role.len) role = value_at(data, "type");
    if (message->item == OUTLINE_NONE) return "missing";
    if (value_is(role, "user")) return "user";
    if (value_is(role, "assistant")) return "assistant";
    return "other";
}

static bool put_head(
    struct page *page, const struct outline *outline, size_t index, struct sl_span data)
{
    assert(index < outline->count);
    const struct outline_message *message = &outline->messages[index];
    return put(page, "<article class=\"message ") && put(page, class_of(message, data)) &&
           put(page, "\" id=\"") && put_id(page, message->id) && put(page, "\" data-after=\"") &&
           (!index || put_id(page, outline->messages[index - 1].id)) &&
           put(page, message->undone ? "\" data-undone=\"1" : "") &&
           put(page, "\" aria-labelledby=\"h-") && put_id(page, message->id) &&
           put(page, "\">\n<header class=\"meta\"><h2 id=\"h-") && put_id(page, message->id) &&
           put(page, "\">") && put_name(page, message, data) && put(page, "</h2> ") &&
           (is_newer(data) ? message_newer_meta(page, data) : put_older_meta(page, data)) &&
           put(page, "<a class=\"permalink\" href=\"#") && put_id_url(page, message->id) &&
           put(page, "\" aria-label=\"Link to this message\">#</a></header>\n");
}

/* ---- what stands behind the parts ---- */

static bool put_ending(struct page *page, struct sl_span data)
{
    struct sl_span time = value_at(data, "time");
    struct sl_span error = value_at(data, "error");
    bool ended = value_is_some(value_at(time, "completed")) || value_is_some(error);
    /* A message that goes on looks like one that broke off: `run --share` leaves before its last
     * batch. */
    return ended || put(page, "<p class=\"unfinished\">No end was recorded.</p>\n");
}

static bool put_older_tail(struct page *page, struct sl_span data, bool steps)
{
    static const char *const names[] = {
        "error", "summary", "role", "tokens", "cost", "system", "structured"};
    struct sl_span v[7];
    value_pick(data, 7, names, v);
    if (value_is_some(v[0]) && !part_put_error(page, v[0], "error.data.message")) return false;
    if (value_is_some(v[5]) &&
        !(put(page, "<details class=\"system\"><summary>System prompt</summary>\n") &&
            pretty_put(page, v[5], "system") && put(page, "</details>\n")))
        return false;
    if (value_is_some(v[6]) && !pretty_put(page, v[6], "structured")) return false;
    if (!diffs_put_list(page, value_at(v[1], "diffs"), "This turn changed", "summary.diffs"))
        return false;
    bool spent = value_u64(value_at(v[3], "input")) || value_u64(value_at(v[3], "output"));
    if (!steps && (spent || !value_is_kind(v[3], JSON_OBJECT)) && value_is_some(v[3]) &&
        !(put(page, "<p class=\"totals\">") && part_put_tokens(page, v[3], v[4]) &&
            put(page, "</p>\n")))
        return false;
    if (value_is(v[2], "assistant")) return put_ending(page, data);
    /* of no role that is known: what it is, then */
    return value_is(v[2], "user") || pretty_put(page, data, NULL);
}

/* ---- all of it ---- */

static struct sl_span part_id(struct sl_span key)
{
    const char *slash = memrchr(key.ptr, '/', key.len);
    const char *id = slash ? slash + 1 : key.ptr;
    return (struct sl_span){id, (size_t)(key.ptr + key.len - id)};
}

static enum sl_result put_parts(struct page *page, const struct outline *outline,
    const struct outline_message *message, bool *steps, struct sl_err *err)
{
    struct sl_view_item item;
    for (uint32_t i = 0; i < message->count; i++) {
        enum sl_result result =
            sl_view_item(outline->view, SL_BY_KEY, message->first + i, &item, err);
        if (result != SL_OK) return result;
        struct sl_span id = part_id(item.key);
        page->key = item.key;
        if (i == 0 || !*steps) *steps = value_is(value_at(item.data, "type"), "step-finish");
        if (!part_write(page, id, item.data, outline_part_undone(outline, message, id)))
            return SL_STOPPED;
    }
    return SL_OK;
}

enum sl_result message_put(
    struct page *page, struct message_reader *reader, size_t index, struct sl_err *err)
{
    const struct outline *outline = reader->outline;
    const struct outline_message *message = &outline->messages[index];
    struct sl_view_item item = {0};
    struct sl_span data;
    bool steps = false;
    enum sl_result result = message_data(reader, message, &data, err);
    if (result != SL_OK) return result;
    if (!put_head(page, outline, index, data)) return SL_STOPPED;
    bool newer = is_newer(data);
    if (message->element != OUTLINE_NONE) {
        page->key = reader->key;
        snprintf(page->front, sizeof(page->front), "messages.%u.", (unsigned)message->element);
    } else {
        result = put_parts(page, outline, message, &steps, err);
        reader->open = false; /* the parts' bytes took the place of any other item's */
        if (result == SL_OK && message->item != OUTLINE_NONE)
            result = sl_view_item(outline->view, SL_BY_KEY, message->item, &item, err);
        if (result != SL_OK) return result;
        data = item.data;
        page->key = item.key;
        page->front[0] = 0;
    }
    bool ok = message->item == OUTLINE_NONE
                  ? put(page, "<p class=\"none\">These parts came without their message.</p>\n")
              : newer ? message_newer_body(page, message->id, data)
                      : put_older_tail(page, data, steps);
    return ok && put(page, "</article>\n") ? SL_OK : SL_STOPPED;
}
