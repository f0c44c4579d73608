/* Who took an item out of an event. An item whose redact event isn't found within the bounds is
 * shown as redacted by a later event. */

#include "http/pages/history/redaction.h"

#include "http/api/api.h"
#include "http/pages/figure.h"
#include "http/pages/text/html.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define MARKUP html_markup_without_escaping

struct redaction_event {
    uint64_t sequence, time_ms;
    struct sl_control control;
};

/* ---- where they may be ---- */

struct place {
    uint64_t sequence, time_ms;
};

struct search {
    struct redactions *redactions;
    uint64_t sequence; /* of the event whose items were taken */
    struct place places[REDACTION_EVENTS];
    size_t places_count;
    uint64_t looked, bytes;
    size_t left;   /* items withheld whose event isn't known */
    size_t number; /* of the event being read; 0: it has taken none of them yet */
};

/* No read of the store is made from within a read of it: places are gathered, then looked at. */
static bool take_place(void *ctx, const struct sl_event_info *info)
{
    struct search *search = ctx;
    if (info->sequence <= search->sequence || search->looked == REDACTION_SCAN) return false;
    search->looked++;
    if (info->kind != SL_REDACT || info->bytes > REDACTION_BYTES) return true;
    if (search->bytes + info->bytes > REDACTION_TOTAL_BYTES) return false;
    search->bytes += info->bytes;
    search->places[search->places_count++] = (struct place){info->sequence, info->time_ms};
    return search->places_count < REDACTION_EVENTS;
}

/* ---- what they say ---- */

static bool take_replaced(void *ctx, const struct sl_replaced *replaced)
{
    struct search *search = ctx;
    struct redactions *r = search->redactions;
    if (replaced->sequence != search->sequence || replaced->item < r->begin ||
        replaced->item >= r->end)
        return true;
    size_t i = (size_t)(replaced->item - r->begin);
    if (!r->withheld[i] || r->by[i]) return true;
    r->by[i] = search->number;
    search->left--;
    return true;
}

static enum sl_result read_one(
    struct http_call *call, struct search *search, const struct place *place, struct sl_err *err)
{
    struct redactions *r = search->redactions;
    struct sl_event *event = NULL;
    struct sl_control control;
    size_t left = search->left;
    search->number = r->count + 1;
    enum sl_result result =
        sl_event_open(call->app->store, api_id(call), place->sequence, &event, err);
    if (result == SL_OK) result = sl_event_control(event, take_replaced, search, &control, err);
    sl_event_close(event);
    if (result != SL_OK || search->left == left) return result;
    struct redaction_event *events = realloc(r->events, (r->count + 1) * sizeof(*events));
    if (!events) return sl_fail(err, SL_NOMEM, "event page");
    r->events = events;
    events[r->count++] = (struct redaction_event){place->sequence, place->time_ms, control};
    return SL_OK;
}

static enum sl_result look(struct http_call *call, struct search *search, struct sl_err *err)
{
    uint64_t next;
    enum sl_result result = sl_share_events(
        call->app->store, api_id(call), 0, REDACTION_SCAN, true, take_place, search, &next, err);
    for (size_t i = 0; result == SL_OK && i < search->places_count && search->left; i++) {
        result = read_one(call, search, &search->places[i], err);
        if (result == SL_CORRUPT) result = SL_OK; /* its own page says so */
    }
    return result;
}

enum sl_result redaction_find(struct http_call *call, struct sl_event *event, uint64_t begin,
    uint64_t end, struct redactions *r, struct sl_err *err)
{
    *r = (struct redactions){.begin = begin, .end = end};
    size_t left = 0;
    if (sl_event_info(event)->kind == SL_CREATE) return SL_OK; /* withheld from the beginning */
    for (uint64_t i = begin; i < end; i++) {
        struct sl_item item = sl_event_item(event, (size_t)i);
        r->withheld[i - begin] = item.withheld;
        r->marked[i - begin] = item.marked;
        left += r->withheld[i - begin];
    }
    if (!left) return SL_OK;
    struct search *search = calloc(1, sizeof(*search));
    if (!search) return sl_fail(err, SL_NOMEM, "event page");
    search->redactions = r;
    search->sequence = sl_event_info(event)->sequence;
    search->left = left;
    enum sl_result result = look(call, search, err);
    free(search);
    return result;
}

void redaction_fini(struct redactions *redactions)
{
    free(redactions->events);
    redactions->events = NULL;
}

/* ---- writing ---- */

bool redaction_write_who(struct http_reply *reply, const struct sl_control *control)
{
    static const char *const names[] = {[SL_WHO_SECRET] = "by who holds the share's secret",
        [SL_WHO_OWNER] = "by the owner of this server"};
    return http_print(reply, "%s", names[control->who]) &&
           (!control->reason_bytes ? MARKUP(reply, ", without a reason given")
                                   : MARKUP(reply, ". Reason: <q dir=\"auto\">") &&
                                         html_text(reply, (struct sl_span){control->reason,
                                                              control->reason_bytes}) &&
                                         MARKUP(reply, "</q>"));
}

static bool write_marked(struct http_reply *reply)
{
    return MARKUP(reply,
        "<p class=\"withheld\"><strong>Redacted on arrival</strong> by this server: it held what was "
        "redacted before. What was sent was not kept, and nothing proves it; what stands here is what "
        "the event commits to.</p>\n");
}

bool redaction_write(struct http_call *call, const struct redactions *r, uint64_t item)
{
    struct http_reply *reply = call->reply;
    if (item < r->begin || item >= r->end) return true;
    if (r->marked[item - r->begin] && !write_marked(reply)) return false;
    if (!r->withheld[item - r->begin]) return true;
    size_t by = r->by[item - r->begin];
    if (!MARKUP(reply, "<p class=\"withheld\"><strong>Redacted</strong> ")) return false;
    assert(by <= r->count);
    if (by) {
        const struct redaction_event *event = &r->events[by - 1];
        if (!(MARKUP(reply, "on ") && figure_write_time(reply, event->time_ms) &&
                http_print(reply,
                    " UTC (<a href=\"/share/%s/history/%" PRIu64 "\">event %" PRIu64 "</a>) ",
                    call->id, event->sequence, event->sequence) &&
                redaction_write_who(reply, &event->control)))
            return false;
    } else if (!MARKUP(reply, "by a later event, too far on to be looked up here"))
        return false;
    return MARKUP(reply,
        ". What was sent is withheld. This stands in its place, and is the word of "
        "this server: nothing proves what of it was sent.</p>\n");
}
