/* What a player needs to know of all events: when they were, where the prompts are, and with which
   of them messages came. */

#include "http/pages/session/page_timeline.h"

#include "http/api/api.h"
#include "http/pages/found.h"
#include "http/pages/frame.h"
#include "http/pages/session/turns.h"

#include <inttypes.h>
#include <stdlib.h>

struct events {
    struct http_reply *reply;
    bool first, stopped;
};

static bool write_event(void *ctx, const struct sl_event_info *info)
{
    struct events *events = ctx;
    events->stopped = !http_print(events->reply, "%s[%" PRIu64 ",%" PRIu64 ",\"%s\"]",
        events->first ? "" : ",", info->sequence, info->time_ms, sl_kind_name(info->kind));
    events->first = false;
    return !events->stopped;
}

static enum sl_result write_events(struct http_call *call, struct sl_err *err)
{
    struct events events = {.reply = call->reply, .first = true};
    uint64_t from = 0, next = 0;
    do {
        enum sl_result result = sl_share_events(call->app->store, api_id(call), from,
            SL_HISTORY_PAGE, false, write_event, &events, &next, err);
        if (result != SL_OK) return result;
        from = next;
    } while (next && !events.stopped);
    return events.stopped ? SL_STOPPED : SL_OK;
}

/* The element's id, as put_id writes it, inside a JSON string: what the page calls the message. */
static bool write_id(struct http_reply *reply, struct sl_span id)
{
    struct buf text = {0};
    bool own = id.len > 4 && memcmp(id.ptr, "msg_", 4) == 0;
    if (!own) buf_add(&text, "x-", 2);
    buf_add_span(&text, id);
    bool ok = !text.failed && http_write_json_string(reply, buf_span(&text));
    buf_fini(&text);
    return ok;
}

/* Gathers in `arrivals` with which event each message came. */
static enum sl_result write_prompts(
    struct http_call *call, const struct outline *outline, struct buf *arrivals, struct sl_err *err)
{
    struct http_reply *reply = call->reply;
    struct buf words = {0};
    struct sl_view_item item;
    bool first = true;
    enum sl_result result = SL_OK;
    for (size_t i = 0; result == SL_OK && i < outline->count; i++) {
        const struct outline_message *message = &outline->messages[i];
        if (message->item == OUTLINE_NONE) continue;
        result = sl_view_item_key(outline->view, SL_BY_KEY, message->item, &item, err);
        if (result != SL_OK) break;
        buf_add(arrivals, &item.first_sequence, sizeof(item.first_sequence));
        if (!message->user) continue;
        buf_clear(&words);
        result = turns_words(outline, message, &words, err);
        if (result != SL_OK) break;
        bool ok = http_print(reply, "%s[%" PRIu64 ",", first ? "" : ",", item.first_sequence) &&
                  write_id(reply, message->id) && http_print(reply, ",") &&
                  http_write_json_string(reply, buf_span(&words)) && http_print(reply, "]");
        if (!ok) result = SL_STOPPED;
        first = false;
    }
    buf_fini(&words);
    return result;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* The events that messages came with, each once, in order. */
static enum sl_result write_arrivals(
    struct http_call *call, struct buf *arrivals, struct sl_err *err)
{
    uint64_t last = 0, sequence;
    if (arrivals->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    if (arrivals->len)
        qsort(arrivals->ptr, arrivals->len / sizeof(sequence), sizeof(sequence), by_size);
    for (size_t at = 0; at < arrivals->len; at += sizeof(sequence)) {
        memcpy(&sequence, arrivals->ptr + at, sizeof(sequence));
        if (sequence == last) continue;
        if (!http_print(call->reply, "%s%" PRIu64, last ? "," : "", sequence)) return SL_STOPPED;
        last = sequence;
    }
    return SL_OK;
}

void page_timeline(struct http_call *call)
{
    struct sl_moment now = {SL_NOW, 0};
    struct sl_view *view = NULL;
    struct outline outline = {0};
    struct buf arrivals = {0};
    struct sl_err err = {0};
    enum sl_result result = sl_view_open(call->app->store, api_id(call), now, &view, &err);
    if (result == SL_OK) result = outline_make(view, NULL, &outline, &err);
    if (result == SL_OK) {
        frame_protect(call->reply);
        call->reply->compress = true;
        if (!http_begin(call->reply, 200, API_JSON) || !http_print(call->reply, "{\"events\":["))
            result = SL_STOPPED;
    }
    if (result == SL_OK) result = write_events(call, &err);
    if (result == SL_OK && !http_print(call->reply, "],\"prompts\":[")) result = SL_STOPPED;
    if (result == SL_OK) result = write_prompts(call, &outline, &arrivals, &err);
    if (result == SL_OK && !http_print(call->reply, "],\"messages\":[")) result = SL_STOPPED;
    if (result == SL_OK) result = write_arrivals(call, &arrivals, &err);
    if (result == SL_OK && !http_print(call->reply, "]}")) result = SL_STOPPED;
    found_fail(call, result, &err);
    buf_fini(&arrivals);
    outline_fini(&outline);
    sl_view_close(view);
}
