/* Reading: a share at a moment, and what changed between two.

   Bodies go from the store's rows straight into the reply; nothing here holds more than a line of
   them. A view that fails, or is redacted, behind the first byte breaks the answer off. */

#include "http/api/api.h"
#include "http/call/param.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const no_session = "Session not found";

/* The share as it was at the moment asked for. False: answered. */
static bool open_view(struct http_call *call, const char *missing, struct sl_view **view)
{
    struct sl_moment moment;
    struct sl_err err = {0};
    enum sl_result result = param_moment(call->request, &moment, &err);
    if (result == SL_OK) result = sl_view_open(call->app->store, api_id(call), moment, view, &err);
    if (result == SL_OK) return true;
    api_fail(call, result, &err, missing);
    return false;
}

/* ---- AgentSession ---- */

static bool want_latest_diffs(struct http_call *call, bool *latest)
{
    char text[16];
    enum param given = param_text(call->request, "diffs", text, sizeof(text));
    bool all = given == PARAM_ABSENT || (given == PARAM_GIVEN && strcmp(text, "all") == 0);
    *latest = given == PARAM_GIVEN && strcmp(text, "latest") == 0;
    if (all || *latest) return true;
    http_error(call->reply, 400, "diffs: expected all or latest");
    return false;
}

static enum sl_result write_sections(
    struct http_call *call, struct sl_view *view, bool latest_diffs, struct sl_err *err)
{
    const struct {
        const char *lead;
        enum sl_section section;
    } parts[] = {
        {"{\"session\":", SL_SECTION_SESSION},
        {",\"messages\":", SL_SECTION_MESSAGES},
        {",\"parts\":", SL_SECTION_PARTS},
        {",\"diffs\":", latest_diffs ? SL_SECTION_LATEST_DIFFS : SL_SECTION_DIFFS},
        {",\"models\":", SL_SECTION_MODELS},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (!api_write_span(call->reply, sl_span_of(parts[i].lead))) return SL_STOPPED;
        enum sl_result result =
            sl_view_section(view, parts[i].section, http_sink(call->reply), err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

static bool write_session_metadata(struct http_reply *reply, const struct sl_metadata *m)
{
    return http_print(reply,
               ",\"metadata\":{\"createdAt\":%" PRIu64 ",\"lastUpdated\":%" PRIu64
               ",\"syncCount\":%" PRIu64 ",\"sessionID\":",
               m->created_ms, m->updated_ms, m->syncs) &&
           http_write_json_string(reply, m->session_id) && http_print(reply, "}}");
}

void handle_session(struct http_call *call)
{
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct sl_err err = {0};
    bool latest;
    if (!want_latest_diffs(call, &latest) || !open_view(call, no_session, &view)) return;
    enum sl_result result = sl_view_metadata(view, &metadata, &err);
    if (result == SL_OK) {
        result = api_begin(call) ? write_sections(call, view, latest, &err) : SL_STOPPED;
        if (result == SL_OK) write_session_metadata(call->reply, &metadata);
    }
    api_finish(call, result, &err, no_session);
    sl_view_close(view);
}

/* ---- the upstream view ---- */

void handle_data(struct http_call *call)
{
    char missing[sizeof("Share not found: ") + SL_SHARE_ID_BYTES];
    struct sl_view *view = NULL;
    struct sl_err err = {0};
    snprintf(missing, sizeof(missing), "Share not found: %s", call->id);
    if (!open_view(call, missing, &view)) return;
    call->reply->cache_control = "private, no-store";
    enum sl_result result = sl_view_data_bytes(view, &call->reply->length, &err);
    call->reply->has_length = result == SL_OK;
    if (result == SL_OK)
        result = api_begin(call) ? sl_view_data(view, http_sink(call->reply), &err) : SL_STOPPED;
    api_finish(call, result, &err, missing);
    sl_view_close(view);
}

/* ---- metadata ---- */

void handle_metadata(struct http_call *call)
{
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct sl_err err = {0};
    if (!open_view(call, no_session, &view)) return;
    enum sl_result result = sl_view_metadata(view, &metadata, &err);
    if (result == SL_OK && api_begin(call)) api_write_metadata(call->reply, &metadata);
    api_finish(call, result, &err, no_session);
    sl_view_close(view);
}

/* ---- changes ---- */

/* The three arrays, opened one after the other as keys of their kind come. Nothing is written
   before the first key, so that a range that doesn't exist still gets its status. */
struct changes {
    struct http_call *call;
    uint64_t from, to;
    int open; /* the array that is open, an sl_change; -1: none yet */
    bool first;
};

static bool open_array(struct changes *changes, int want)
{
    static const char *const names[] = {"added", "changed", "removed"};
    struct http_reply *reply = changes->call->reply;
    if (changes->open < 0 &&
        !(api_begin(changes->call) &&
            http_print(reply, "{\"from\":%" PRIu64 ",\"to\":%" PRIu64, changes->from, changes->to)))
        return false;
    while (changes->open < want) {
        const char *close = changes->open < 0 ? "" : "]";
        if (!http_print(reply, "%s,\"%s\":[", close, names[++changes->open])) return false;
        changes->first = true;
    }
    return true;
}

static bool write_change(void *ctx, enum sl_change change, struct sl_span key)
{
    struct changes *changes = ctx;
    struct http_reply *reply = changes->call->reply;
    if (!open_array(changes, (int)change)) return false;
    bool comma = !changes->first;
    changes->first = false;
    return (!comma || http_print(reply, ",")) && http_write_json_string(reply, key);
}

void handle_changes(struct http_call *call)
{
    static const char *const missing = "Share not found";
    struct changes changes = {.call = call, .open = -1};
    struct sl_share_info info;
    struct sl_err err = {0};
    if (!api_live_share(call, missing, &info)) return;
    changes.from = UINT64_MAX;
    changes.to = info.sequence;
    if (!api_number(call, "from", 0, UINT64_MAX - 1, &changes.from) ||
        !api_number(call, "to", 0, UINT64_MAX - 1, &changes.to))
        return;
    if (changes.from == UINT64_MAX) {
        http_error(call->reply, 400, "from: missing");
        return;
    }
    enum sl_result result = sl_share_changes(
        call->app->store, api_id(call), changes.from, changes.to, write_change, &changes, &err);
    if (result == SL_OK && open_array(&changes, SL_DROPPED)) http_print(call->reply, "]}");
    api_finish(call, result, &err, missing);
}
