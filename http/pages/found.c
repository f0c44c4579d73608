/* What a page is about, found, or the page that says why not.

   Statuses are the API's (api_status), but that a removed share is a 410 with the time of its
   removal. Behind the first byte of a page a failure breaks it off. */

#include "http/pages/found.h"

#include "core/base/decimal.h"
#include "http/api/api.h"
#include "http/call/auth.h"
#include "http/call/param.h"
#include "http/pages/figure.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- what isn't there ---- */

static void say_removed(struct http_call *call)
{
    char text[160], when[FIGURE_BYTES];
    struct sl_share_info info;
    snprintf(text, sizeof(text), "This session was shared here, and removed.");
    if (sl_share_info(call->app->store, api_id(call), &info, NULL) == SL_OK && info.removed_ms)
        snprintf(text, sizeof(text), "This session was shared here, and removed on %s UTC.",
            figure_time(info.removed_ms, when));
    page_message(call, 410, "Removed", text);
}

void found_fail(struct http_call *call, enum sl_result result, const struct sl_err *err)
{
    int status = api_status(result);
    if (result == SL_OK) return;
    if (call->reply->begun) {
        api_finish(call, result, err, "Not found");
        return;
    }
    api_note(call, result, err);
    if (result == SL_REMOVED)
        say_removed(call);
    else if (result == SL_NOT_FOUND)
        page_missing(call);
    else if (result == SL_REDACTED)
        page_message(call, status, "Changed while it was read",
            "Something was redacted here while this page was being made. Reload it.");
    else if (status >= 500)
        page_message(call, status, "Out of order", "This can't be shown now.");
    else /* about what was asked for: a moment that is none */
        page_message(call, status, status == 404 ? "Not found" : "Not understood",
            err->text[0] ? err->text : sl_result_text(result));
}

bool found_share(struct http_call *call, struct sl_share_info *info)
{
    struct sl_share_info found;
    struct sl_err err = {0};
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &found, &err);
    if (result == SL_OK && found.state != SL_SHARE_LIVE &&
        !auth_page_owner(call->app, call->request))
        result = SL_REMOVED;
    if (result != SL_OK) {
        found_fail(call, result, &err);
        return false;
    }
    *info = found;
    return true;
}

bool found_begin(struct http_call *call, const struct sl_share_info *info, const char *title)
{
    struct frame frame = {.class = "page", .title = sl_span_of(title)};
    if (info->state == SL_SHARE_LIVE) frame.share = call->id;
    return frame_begin(call, 200, &frame);
}

/* ---- a place in its history ---- */

static bool note_time(void *ctx, const struct sl_event_info *info)
{
    *(uint64_t *)ctx = info->time_ms;
    return false;
}

/* Times never go back along a share's events, so the last one at or before a time is found by
   halving. No view is opened: a removed share has a history too. */
static enum sl_result last_before(struct http_call *call, const struct sl_share_info *info,
    uint64_t ms, uint64_t *sequence, struct sl_err *err)
{
    uint64_t low = 0, high = info->sequence; /* the answer is in [low, high], 0: before the first */
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2, time_ms = 0, next;
        enum sl_result result = sl_share_events(
            call->app->store, api_id(call), middle, 1, false, note_time, &time_ms, &next, err);
        if (result != SL_OK) return result;
        if (time_ms <= ms)
            low = middle;
        else
            high = middle - 1;
    }
    if (low == 0) return sl_fail(err, SL_NO_MOMENT, "There was nothing yet at that time.");
    *sequence = low;
    return SL_OK;
}

enum sl_result found_sequence(struct http_call *call, const struct sl_share_info *info,
    const char *name, const char *text, uint64_t *sequence, struct sl_err *err)
{
    uint64_t number = 0;
    if (sl_decimal(sl_span_of(text), UINT64_MAX, &number)) {
        if (number < 1 || number > info->sequence)
            return sl_fail(err, SL_NO_MOMENT, "%s: there are the events 1 to %" PRIu64 ".", name,
                info->sequence);
        *sequence = number;
        return SL_OK;
    }
    if (param_parse_time(sl_span_of(text), &number))
        return last_before(call, info, number, sequence, err);
    return sl_fail(err, SL_INVALID,
        "%s: expected a sequence, or a time such as 2026-01-31 or 2026-01-31T23:59Z.", name);
}
