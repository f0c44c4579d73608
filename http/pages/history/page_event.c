/* One event, and what it changed.

   The mark is written before the items: where the store is damaged, it says so, and an item that
   can't be shown doesn't take that away again. */

#include "http/pages/history/page_event.h"

#include "core/base/buf.h"
#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/history/change.h"
#include "http/pages/history/control_section.h"
#include "http/pages/history/mark.h"
#include "http/pages/history/redaction.h"
#include "http/pages/text/html.h"

#include <inttypes.h>

#define MARKUP html_markup_without_escaping

/* ---- its facts ---- */

static bool write_facts(struct http_reply *reply, const struct sl_event *event)
{
    const struct sl_event_info *info = sl_event_info(event);
    char size[FIGURE_BYTES];
    return http_print(reply,
               "<dl class=\"facts\">\n<div><dt>Kind</dt><dd>%s</dd></div>\n"
               "<div><dt>Time</dt><dd>",
               sl_kind_name(info->kind)) &&
           figure_write_time(reply, info->time_ms) && MARKUP(reply, " UTC</dd></div>\n") &&
           (info->erased || (MARKUP(reply, "<div><dt>Arrived</dt><dd>") &&
                                figure_write_time(reply, info->arrived_us / 1000) &&
                                MARKUP(reply, " UTC</dd></div>\n"))) &&
           (info->erased ||
               http_print(reply, "<div><dt>Holds</dt><dd>%" PRIu64 " %s, %s</dd></div>\n",
                   info->items, info->items == 1 ? "item" : "items",
                   figure_size(info->bytes, size))) &&
           MARKUP(reply, "</dl>\n");
}

static bool write_neighbours(struct http_call *call, uint64_t last, bool live)
{
    struct http_reply *reply = call->reply;
    uint64_t seq = call->sequence;
    if (!MARKUP(reply, "<nav class=\"pages\" aria-label=\"Events\">\n")) return false;
    if (seq > 1 && !http_print(reply,
                       "<a href=\"/share/%s/history/%" PRIu64 "\" rel=\"prev\">Event before</a>\n",
                       call->id, seq - 1))
        return false;
    if (seq < last &&
        !http_print(reply,
            "<a href=\"/share/%s/history/%" PRIu64 "\" rel=\"next\">Event after</a>\n", call->id,
            seq + 1))
        return false;
    if (live && !http_print(reply, "<a href=\"/share/%s?at=%" PRIu64 "\">The session then</a>\n",
                    call->id, seq))
        return false;
    if (live && seq > 1 &&
        !http_print(reply,
            "<a href=\"/share/%s/compare?from=%" PRIu64 "&amp;to=%" PRIu64 "\">Compare</a>\n",
            call->id, seq - 1, seq))
        return false;
    return http_print(reply,
        "<a href=\"/api/share/%s/events/%" PRIu64 "\">JSON</a>\n"
        "<a href=\"/api/share/%s/events/%" PRIu64 "/proof\">Proof</a>\n</nav>\n",
        call->id, seq, call->id, seq);
}

static bool write_head(
    struct http_call *call, const struct sl_share_info *info, const struct sl_event *event)
{
    struct http_reply *reply = call->reply;
    bool live = info->state == SL_SHARE_LIVE;
    return found_begin(call, info, "Event") &&
           MARKUP(reply, "<nav class=\"crumbs\" aria-label=\"Place\">") &&
           (live ? http_print(reply, "<a href=\"/share/%s\">Session</a>", call->id)
                 : MARKUP(reply, "Removed")) &&
           http_print(reply,
               " › <a href=\"/share/%s/history?from=%" PRIu64 "\">History</a> › Event %" PRIu64
               "</nav>\n<section class=\"head\"><h1>Event %" PRIu64 " of %" PRIu64 "</h1>\n",
               call->id, call->sequence, call->sequence, call->sequence, info->sequence) &&
           write_facts(reply, event) && MARKUP(reply, "</section>\n") &&
           write_neighbours(call, info->sequence, live);
}

/* ---- its items ---- */

/* The item as it was sent: it may not be what is there afterwards, where a batch names a key twice
   or adds to what was there (models). A large one isn't read: it is only linked to. */
static enum sl_result write_item(struct change_range *range, struct sl_event *event, size_t index,
    struct buf *data, struct sl_err *err)
{
    struct sl_item item = sl_event_item(event, index);
    enum sl_result result = SL_OK;
    buf_clear(data);
    if (item.bytes <= CHANGE_JSON_BYTES)
        result = sl_event_item_data(event, index, buf_sink(data), err);
    if (data->failed) result = sl_fail(err, SL_NOMEM, "event page");
    return result == SL_OK ? change_write(range, item.key, buf_span(data), err) : result;
}

static bool write_more(struct http_call *call, uint64_t begin, uint64_t end, uint64_t items)
{
    struct http_reply *reply = call->reply;
    if (begin == 0 && end == items) return true;
    if (!MARKUP(reply, "<nav class=\"pages\" aria-label=\"Items\">\n")) return false;
    if (begin &&
        !http_print(reply,
            "<a href=\"/share/%s/history/%" PRIu64 "?item=%" PRIu64 "\">Items before</a>\n",
            call->id, call->sequence, begin > EVENT_ITEMS ? begin - EVENT_ITEMS + 1 : (uint64_t)1))
        return false;
    if (end < items &&
        !http_print(reply,
            "<a href=\"/share/%s/history/%" PRIu64 "?item=%" PRIu64 "\">Items after</a>\n",
            call->id, call->sequence, end + 1))
        return false;
    return MARKUP(reply, "</nav>\n");
}

struct note {
    struct http_call *call;
    const struct redactions *redactions;
    uint64_t item;
};

static bool write_note(void *ctx)
{
    const struct note *note = ctx;
    return redaction_write(note->call, note->redactions, note->item);
}

static enum sl_result write_items(struct http_call *call, struct sl_event *event,
    const struct redactions *redactions, struct sl_err *err)
{
    struct change_range range;
    struct buf data = {0};
    struct note note = {call, redactions, 0};
    uint64_t items = sl_event_info(event)->items;
    uint64_t begin = redactions->begin, end = redactions->end;
    enum sl_result result = change_open(call, call->sequence - 1, call->sequence, &range, err);
    range.note = write_note;
    range.note_ctx = &note;
    if (result == SL_OK &&
        !http_print(call->reply,
            "<section class=\"changes\"><h2>What it changed</h2>\n<p class=\"quiet\">Items %" PRIu64
            " to %" PRIu64 " of %" PRIu64 "</p>\n",
            begin + 1, end, items))
        result = SL_STOPPED;
    for (uint64_t i = begin; result == SL_OK && i < end; i++) {
        note.item = i;
        result = write_item(&range, event, (size_t)i, &data, err);
    }
    if (result == SL_OK &&
        !(MARKUP(call->reply, "</section>\n") && write_more(call, begin, end, items)))
        result = SL_STOPPED;
    change_close(&range);
    buf_fini(&data);
    return result;
}

static bool is_own(enum sl_kind kind)
{
    return kind == SL_CREATE || kind == SL_REMOVE || kind == SL_REDACT || kind == SL_ALLOW;
}

static enum sl_result write_content(struct http_call *call, const struct sl_share_info *info,
    struct sl_event *event, const struct redactions *redactions, struct sl_err *err)
{
    const struct sl_event_info *facts = sl_event_info(event);
    if (facts->kind == SL_SYNC && facts->items) return write_items(call, event, redactions, err);
    if (is_own(facts->kind) && !facts->erased) {
        /* what a redact event put in a place may hold a text that was redacted later */
        if (!redaction_write(call, redactions, 0)) return SL_STOPPED;
        return control_write(call, info, event, err);
    }
    const char *line = facts->erased            ? "Its content was erased; the hashes stay."
                       : facts->kind == SL_SYNC ? "A sync without items: it changed nothing."
                                                : "An event that this version doesn't know.";
    return http_print(call->reply, "<p class=\"notice\">%s</p>\n", line) ? SL_OK : SL_STOPPED;
}

/* Where the store is damaged, the mark says so; what can't be shown then doesn't take that away
   again. */
static enum sl_result write_event(struct http_call *call, const struct sl_share_info *info,
    struct sl_event *event, uint64_t first, struct sl_err *err)
{
    struct mark_log log;
    struct mark mark;
    struct redactions redactions = {0};
    uint64_t items = sl_event_info(event)->items;
    uint64_t begin = first - 1 < items ? first - 1 : 0;
    uint64_t end = begin + EVENT_ITEMS < items ? begin + EVENT_ITEMS : items;
    mark_log_read(call, &log);
    enum sl_result result = mark_check(call, event, &log, &mark, err);
    if (result == SL_OK) result = redaction_find(call, event, begin, end, &redactions, err);
    if (result == SL_OK && !(write_head(call, info, event) && mark_write(call, event, &log, &mark)))
        result = SL_STOPPED;
    if (result == SL_OK) {
        result = write_content(call, info, event, &redactions, err);
        if (result == SL_CORRUPT) {
            api_note(call, result, err);
            result = MARKUP(call->reply, "<p class=\"notice\">What is stored of it is damaged, and "
                                         "can't be shown.</p>\n")
                         ? SL_OK
                         : SL_STOPPED;
        }
    }
    redaction_fini(&redactions);
    return result;
}

void page_event(struct http_call *call)
{
    struct sl_event *event = NULL;
    struct sl_share_info info;
    struct sl_err err = {0};
    uint64_t first = 1;
    enum sl_result result = SL_OK;
    if (!found_share(call, &info)) return;
    if (param_u64(call->request, "item", &first) == PARAM_WRONG || first == 0)
        result = sl_fail(&err, SL_INVALID, "item: expected a number from 1 on.");
    if (result == SL_OK && (call->sequence < 1 || call->sequence > info.sequence))
        result = sl_fail(
            &err, SL_NO_MOMENT, "There are the events 1 to %" PRIu64 " alone.", info.sequence);
    if (result == SL_OK)
        result = sl_event_open(call->app->store, api_id(call), call->sequence, &event, &err);
    if (result == SL_OK) result = write_event(call, &info, event, first, &err);
    if (result == SL_OK)
        frame_end(call);
    else
        found_fail(call, result, &err);
    sl_event_close(event);
}
