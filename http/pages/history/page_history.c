/* Every event of a share, a page of rows at a time. A filter looks through HISTORY_SCAN events,
   then offers to go on. */

#include "http/pages/history/page_history.h"

#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/figure.h"
#include "http/pages/found.h"
#include "http/pages/history/mark.h"
#include "http/pages/text/html.h"

#include <inttypes.h>
#include <stdio.h>

#define MARKUP html_markup_without_escaping

struct listing {
    struct http_call *call;
    struct sl_share_info info;
    struct mark_log log;
    uint64_t last_position; /* of the share's last event */
    /* what was asked for: */
    uint64_t from; /* a sequence; 0: from the end where the list begins */
    bool oldest_first;
    char kind[16], type[SL_ITEM_TYPE_BYTES + 1]; /* empty: all */
    char from_text[64];
    /* how far it is: */
    uint64_t rows, seen, last; /* last: the sequence that was looked at last */
    bool stopped;
};

/* ---- what was asked for ---- */

static enum sl_result read_order(struct listing *listing, struct sl_err *err)
{
    char order[8];
    enum param given = param_text(listing->call->request, "order", order, sizeof(order));
    listing->oldest_first = given == PARAM_GIVEN && strcmp(order, "asc") == 0;
    bool newest_first = given == PARAM_GIVEN && (strcmp(order, "desc") == 0 || !order[0]);
    if (given == PARAM_ABSENT || listing->oldest_first || newest_first) return SL_OK;
    return sl_fail(err, SL_INVALID, "order: expected asc or desc.");
}

static enum sl_result read_kind(struct listing *listing, struct sl_err *err)
{
    enum param given =
        param_text(listing->call->request, "kind", listing->kind, sizeof(listing->kind));
    if (given == PARAM_ABSENT) listing->kind[0] = 0;
    bool known = given == PARAM_ABSENT || !listing->kind[0];
    for (unsigned kind = SL_CREATE; kind <= SL_ALLOW && !known; kind++)
        known = given == PARAM_GIVEN && strcmp(listing->kind, sl_kind_name(kind)) == 0;
    return known
               ? SL_OK
               : sl_fail(err, SL_INVALID, "kind: expected create, sync, remove, redact or allow.");
}

static enum sl_result read_query(struct listing *listing, struct sl_err *err)
{
    const struct http_request *request = listing->call->request;
    enum sl_result result = read_order(listing, err);
    if (result == SL_OK) result = read_kind(listing, err);
    if (result != SL_OK) return result;
    enum param given = param_text(request, "type", listing->type, sizeof(listing->type));
    if (given == PARAM_ABSENT) listing->type[0] = 0;
    if (given == PARAM_WRONG) return sl_fail(err, SL_INVALID, "type: no type of an item.");
    given = param_text(request, "from", listing->from_text, sizeof(listing->from_text));
    if (given == PARAM_ABSENT) listing->from_text[0] = 0;
    if (given == PARAM_WRONG)
        return sl_fail(err, SL_INVALID, "from: expected a sequence or a time.");
    if (!listing->from_text[0]) return SL_OK; /* also what a form sends that was left empty */
    return found_sequence(
        listing->call, &listing->info, "from", listing->from_text, &listing->from, err);
}

/* ---- the head ---- */

static bool write_option(struct http_reply *reply, const char *value, const char *chosen)
{
    return http_print(reply, "<option value=\"%s\"%s>%s</option>", value,
        strcmp(value, chosen) == 0 ? " selected" : "", value);
}

static bool write_kinds(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    if (!MARKUP(reply, "<label>Kind <select name=\"kind\"><option value=\"\">all</option>"))
        return false;
    for (unsigned kind = SL_CREATE; kind <= SL_ALLOW; kind++)
        if (!write_option(reply, sl_kind_name(kind), listing->kind)) return false;
    return MARKUP(reply, "</select></label>\n");
}

static bool write_form(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    return http_print(reply,
               "<form class=\"filter\" method=\"get\" action=\"/share/%s/history\">\n"
               "<label>Type <input name=\"type\" list=\"types\" size=\"14\" value=\"",
               listing->call->id) &&
           html_attribute(reply, sl_span_of(listing->type)) &&
           MARKUP(reply,
               "\"></label>\n<datalist id=\"types\"><option>session<option>message<option>part"
               "<option>session_diff<option>model<option>messages</datalist>\n") &&
           write_kinds(listing) &&
           MARKUP(reply, "<label>From event or time <input name=\"from\" size=\"20\" "
                         "placeholder=\"12 or 2026-01-31T23:59Z\" value=\"") &&
           html_attribute(reply, sl_span_of(listing->from_text)) &&
           MARKUP(reply, "\"></label>\n<label>Order <select name=\"order\">"
                         "<option value=\"desc\">newest first</option>") &&
           http_print(reply, "<option value=\"asc\"%s>oldest first</option>",
               listing->oldest_first ? " selected" : "") &&
           MARKUP(reply, "</select></label>\n<button>Show</button>\n</form>\n");
}

static bool write_head(struct listing *listing)
{
    struct http_call *call = listing->call;
    struct http_reply *reply = call->reply;
    const struct sl_share_info *info = &listing->info;
    bool removed = info->state != SL_SHARE_LIVE;
    return found_begin(call, info, "History") &&
           http_print(reply, "<nav class=\"crumbs\" aria-label=\"Place\">") &&
           http_print(reply, removed ? "%s" : "<a href=\"/share/%s\">Session</a>",
               removed ? "Removed" : call->id) &&
           MARKUP(reply, " › History</nav>\n<section class=\"head\"><h1>History</h1>\n<p>") &&
           figure_write_count(reply, info->sequence, "event") && MARKUP(reply, " from ") &&
           figure_write_time(reply, info->created_ms) && MARKUP(reply, " to ") &&
           figure_write_time(reply, info->updated_ms) && MARKUP(reply, " UTC.</p>\n") &&
           (!removed || (MARKUP(reply, "<p class=\"notice\">This share was removed on ") &&
                            figure_write_time(reply, info->removed_ms) &&
                            MARKUP(reply, " UTC. Its content is gone; what is left is the record "
                                          "of its events, for you as the owner.</p>\n"))) &&
           mark_write_line(call, &listing->log, info->sequence, listing->last_position) &&
           MARKUP(reply, "</section>\n") && write_form(listing);
}

/* The rows' form compares the two events that are chosen, as a wiki's history does. */
static bool begin_rows(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    return http_print(reply,
               "<form class=\"events\" method=\"get\" action=\"/share/%s/compare\">\n"
               "<table class=\"events\">\n<thead><tr><th scope=\"col\">Event</th>"
               "<th scope=\"col\">Time (UTC)</th><th scope=\"col\">Kind</th>"
               "<th scope=\"col\">Items</th><th scope=\"col\">Size</th><th scope=\"col\">In the log</th>",
               listing->call->id) &&
           (listing->info.state != SL_SHARE_LIVE ||
               MARKUP(reply, "<th scope=\"col\">Session</th><th scope=\"col\">Compare</th>")) &&
           MARKUP(reply, "</tr></thead>\n<tbody>\n");
}

/* ---- a row ---- */

static bool write_types(struct http_reply *reply, const struct sl_event_info *info)
{
    if (info->erased) return MARKUP(reply, "<span class=\"quiet\">erased</span>");
    for (size_t i = 0; i < info->types_count; i++) {
        char count[FIGURE_BYTES];
        if (!http_print(reply, "%s<span class=\"type\">", i ? ", " : "") ||
            !http_print(reply, "%s ", figure_count(info->types[i].items, count)) ||
            !html_text(reply, info->types[i].type) || !MARKUP(reply, "</span>"))
            return false;
    }
    char marked[FIGURE_BYTES];
    return !info->marked ||
           http_print(reply, "; <span class=\"on-arrival\">%s redacted on arrival</span>",
               figure_count(info->marked, marked));
}

static bool write_links(struct listing *listing, const struct sl_event_info *info)
{
    if (listing->info.state != SL_SHARE_LIVE) return true;
    return http_print(listing->call->reply,
        "<td><a href=\"/share/%s?at=%" PRIu64 "\">then</a></td>"
        "<td><input type=\"radio\" name=\"from\" value=\"%" PRIu64
        "\" aria-label=\"From event %" PRIu64
        "\"><input type=\"radio\" name=\"to\" value=\"%" PRIu64 "\" aria-label=\"To event %" PRIu64
        "\"></td>",
        listing->call->id, info->sequence, info->sequence, info->sequence, info->sequence,
        info->sequence);
}

static bool write_row(struct listing *listing, const struct sl_event_info *info)
{
    char size[FIGURE_BYTES];
    struct http_reply *reply = listing->call->reply;
    return http_print(reply,
               "<tr id=\"e%" PRIu64 "\"><th scope=\"row\"><a href=\"/share/%s/history/%" PRIu64
               "\">%" PRIu64 "</a></th><td>",
               info->sequence, listing->call->id, info->sequence, info->sequence) &&
           figure_write_time(reply, info->time_ms) &&
           http_print(reply, "</td><td>%s</td><td>", sl_kind_name(info->kind)) &&
           write_types(reply, info) &&
           http_print(reply, "</td><td class=\"number\">%s</td><td class=\"log\">",
               figure_size(info->bytes, size)) &&
           mark_write_row(reply, &listing->log, info) && MARKUP(reply, "</td>") &&
           write_links(listing, info) && MARKUP(reply, "</tr>\n");
}

static bool fits(const struct listing *listing, const struct sl_event_info *info)
{
    if (listing->kind[0] && strcmp(listing->kind, sl_kind_name(info->kind)) != 0) return false;
    if (!listing->type[0]) return true;
    for (size_t i = 0; i < info->types_count; i++)
        if (sl_span_eq(info->types[i].type, sl_span_of(listing->type))) return true;
    return false;
}

static bool take_event(void *ctx, const struct sl_event_info *info)
{
    struct listing *listing = ctx;
    listing->seen++;
    listing->last = info->sequence;
    if (!fits(listing, info)) return true;
    listing->stopped = !((listing->rows || begin_rows(listing)) && write_row(listing, info));
    listing->rows++;
    return !listing->stopped && listing->rows < HISTORY_ROWS;
}

/* ---- the end ---- */

static bool write_link(struct listing *listing, uint64_t from, bool oldest_first, const char *text)
{
    struct http_reply *reply = listing->call->reply;
    char hex[4];
    if (!http_print(reply, "<a href=\"/share/%s/history?order=%s", listing->call->id,
            oldest_first ? "asc" : "desc") ||
        (from && !http_print(reply, "&amp;from=%" PRIu64, from)) ||
        (listing->kind[0] && !http_print(reply, "&amp;kind=%s", listing->kind)) ||
        (listing->type[0] && !MARKUP(reply, "&amp;type=")))
        return false;
    for (const char *at = listing->type; *at; at++) {
        snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)*at);
        if (!MARKUP(reply, hex)) return false;
    }
    return http_print(reply, "\">%s</a>\n", text);
}

static bool write_pager(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    uint64_t last = listing->info.sequence, from = listing->from;
    bool up = listing->oldest_first;
    bool more = listing->last && (up ? listing->last < last : listing->last > 1);
    bool full = listing->rows >= HISTORY_ROWS;
    if (!MARKUP(reply, "<nav class=\"pages\" aria-label=\"Pages\">\n")) return false;
    if (!write_link(listing, 0, false, "Newest")) return false;
    /* The page before this one, where it can be known: without a filter. */
    if (from && !listing->kind[0] && !listing->type[0]) {
        uint64_t back = up ? (from > HISTORY_ROWS ? from - HISTORY_ROWS : 1)
                           : (from + HISTORY_ROWS < last ? from + HISTORY_ROWS : last);
        if (back != from && !write_link(listing, back, up, up ? "Older" : "Newer")) return false;
    }
    if (more && !write_link(listing, up ? listing->last + 1 : listing->last - 1, up,
                    !full ? "Look further"
                    : up  ? "Newer"
                          : "Older"))
        return false;
    return write_link(listing, 0, true, "Oldest") && MARKUP(reply, "</nav>\n");
}

static bool write_end(struct listing *listing)
{
    struct http_reply *reply = listing->call->reply;
    char seen[FIGURE_BYTES];
    bool live = listing->info.state == SL_SHARE_LIVE;
    if (listing->rows)
        return MARKUP(reply, "</tbody></table>\n") &&
               (!live || MARKUP(reply, "<button>Compare</button>\n")) && MARKUP(reply, "</form>\n");
    return http_print(reply, "<p class=\"notice\">None of %s looked through fits.</p>\n",
        listing->seen == 1
            ? "the one event"
            : (snprintf(seen, sizeof(seen), "the %" PRIu64 " events", listing->seen), seen));
}

/* A part of the events at a time: no read of the store is held open for as long as a slow client
   takes. */
static enum sl_result write_rows(struct listing *listing, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    uint64_t next = listing->from;
    do {
        result = sl_share_events(listing->call->app->store, api_id(listing->call), next,
            HISTORY_ROWS, !listing->oldest_first, take_event, listing, &next, err);
    } while (result == SL_OK && next && !listing->stopped && listing->rows < HISTORY_ROWS &&
             listing->seen < HISTORY_SCAN);
    return listing->stopped ? SL_STOPPED : result;
}

static bool note_position(void *ctx, const struct sl_event_info *info)
{
    *(uint64_t *)ctx = info->position;
    return false;
}

/* Where the log stands, and the share's last event in it. */
static enum sl_result read_log(struct listing *listing, struct sl_err *err)
{
    uint64_t next;
    mark_log_read(listing->call, &listing->log);
    return sl_share_events(listing->call->app->store, api_id(listing->call), listing->info.sequence,
        1, false, note_position, &listing->last_position, &next, err);
}

void page_history(struct http_call *call)
{
    struct listing listing = {.call = call};
    struct sl_err err = {0};
    if (!found_share(call, &listing.info)) return;
    enum sl_result result = read_query(&listing, &err);
    if (result == SL_OK) result = read_log(&listing, &err);
    if (result == SL_OK) result = write_head(&listing) ? write_rows(&listing, &err) : SL_STOPPED;
    if (result != SL_OK)
        found_fail(call, result, &err);
    else if (write_end(&listing) && write_pager(&listing))
        frame_end(call);
}
