/* A session to take along: transcripts, events, and which of page and transcript a client would
   rather have.

   Who asks for a file gets errors as a line of text, with the page's statuses. */

#include "http/pages/export/page_export.h"

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/export/transcript.h"
#include "http/pages/figure.h"
#include "http/pages/session/page_share.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- what all have in common ---- */

static bool begin(struct http_call *call, int status, const char *type)
{
    struct http_reply *reply = call->reply;
    http_header(reply, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    http_header(reply, "Referrer-Policy", "no-referrer");
    http_header(reply, "X-Robots-Tag", "noindex, nofollow");
    reply->compress = true;
    return http_begin(reply, status, type);
}

/* A line of text: who asks for a file has no use for a page. */
static void finish(struct http_call *call, enum sl_result result, const struct sl_err *err)
{
    struct sl_share_info info;
    char when[FIGURE_BYTES];
    int status = result == SL_REMOVED ? 410 : api_status(result);
    if (result == SL_OK) return;
    if (call->reply->begun) {
        api_finish(call, result, err, "Not found");
        return;
    }
    api_note(call, result, err);
    if (!begin(call, status, "text/plain; charset=utf-8")) return;
    if (result == SL_REMOVED && sl_share_info(call->app->store, api_id(call), &info, NULL) == SL_OK)
        http_print(call->reply, "This session was shared here, and removed on %s UTC.\n",
            figure_time(info.removed_ms, when));
    else if (result == SL_NOT_FOUND)
        http_print(call->reply, "There is no such session here.\n");
    else if (status >= 500)
        http_print(call->reply, "This can't be read now.\n");
    else
        http_print(call->reply, "%s\n", err->text[0] ? err->text : sl_result_text(result));
}

static enum sl_result open_view(struct http_call *call, struct sl_view **view, struct sl_err *err)
{
    struct sl_moment moment;
    enum sl_result result = param_moment(call->request, &moment, err);
    return result == SL_OK ? sl_view_open(call->app->store, api_id(call), moment, view, err)
                           : result;
}

/* ---- transcripts ---- */

static void write_transcript(struct http_call *call, enum prose how, const char *type)
{
    char link[2048], at[32] = "";
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    struct sl_err err = {0};
    struct sl_span base = call->request->base;
    enum sl_result result = open_view(call, &view, &err);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &err);
    if (result == SL_OK) {
        if (call->request->query.len) snprintf(at, sizeof(at), "?at=%" PRIu64, metadata.sequence);
        snprintf(link, sizeof(link), "%.*s/share/%s%s", base.len < 1024 ? (int)base.len : 0,
            base.ptr, call->id, at);
        result = begin(call, 200, type)
                     ? transcript_write(call->reply, how, view, sl_span_of(link), &err)
                     : SL_STOPPED;
    }
    finish(call, result, &err);
    sl_view_close(view);
}

void page_markdown(struct http_call *call)
{
    write_transcript(call, PROSE_MARKDOWN, "text/markdown; charset=utf-8");
}

void page_text(struct http_call *call)
{
    write_transcript(call, PROSE_TEXT, "text/plain; charset=utf-8");
}

/* ---- events ---- */

/* JSON as the client sent it may have line ends between its tokens, and only there. */
static enum sl_result write_data(
    struct http_reply *reply, struct sl_event *event, struct sl_err *err)
{
    char piece[16 * 1024];
    for (uint64_t offset = 0;;) {
        size_t len = 0;
        enum sl_result result = sl_event_text(event, offset, piece, sizeof(piece), &len, err);
        if (result != SL_OK || len == 0) return result;
        for (size_t i = 0; i < len; i++)
            if (piece[i] == '\n' || piece[i] == '\r') piece[i] = ' ';
        if (!http_write(reply, piece, len)) return SL_STOPPED;
        offset += len;
    }
}

static enum sl_result write_event(struct http_call *call, uint64_t sequence, struct sl_err *err)
{
    char hash[65];
    struct sl_event *event = NULL;
    struct http_reply *reply = call->reply;
    enum sl_result result = sl_event_open(call->app->store, api_id(call), sequence, &event, err);
    if (result == SL_OK) {
        const struct sl_event_info *info = sl_event_info(event);
        crypto_hex(info->leaf, sizeof(info->leaf), hash);
        bool ok = http_print(reply,
            "{\"seq\":%" PRIu64 ",\"position\":%" PRIu64 ",\"time\":%" PRIu64
            ",\"arrived\":%" PRIu64 ",\"kind\":\"%s\",\"hash\":\"%s\",\"data\":",
            info->sequence, info->position, info->time_ms, info->arrived_us,
            sl_kind_name(info->kind), hash);
        result = ok ? write_data(reply, event, err) : SL_STOPPED;
        if (result == SL_OK && !http_print(reply, "}\n")) result = SL_STOPPED;
    }
    sl_event_close(event);
    return result;
}

void page_events(struct http_call *call)
{
    struct sl_view *view = NULL;
    struct sl_metadata metadata = {0};
    struct sl_err err = {0};
    enum sl_result result = open_view(call, &view, &err);
    if (result == SL_OK) result = sl_view_metadata(view, &metadata, &err);
    sl_view_close(view); /* its last sequence is all that is needed */
    if (result == SL_OK && !begin(call, 200, "application/x-ndjson")) result = SL_STOPPED;
    for (uint64_t i = 1; result == SL_OK && i <= metadata.sequence; i++)
        result = write_event(call, i, &err);
    finish(call, result, &err);
}

/* ---- which of them ---- */

/* The q-value of one element of an Accept header, in thousandths. */
static unsigned quality(struct sl_span parameters)
{
    char text[16];
    const char *q = parameters.len ? memmem(parameters.ptr, parameters.len, "q=", 2) : NULL;
    if (!q) return 1000;
    size_t left = parameters.len - (size_t)(q + 2 - parameters.ptr);
    snprintf(text, sizeof(text), "%.*s", left < 8 ? (int)left : 8, q + 2);
    double value = strtod(text, NULL);
    return value > 0 && value <= 1 ? (unsigned)(value * 1000) : 0;
}

bool export_wants_markdown(struct sl_span accept)
{
    unsigned markdown = 0, html = 0;
    while (accept.len) {
        const char *comma = memchr(accept.ptr, ',', accept.len);
        size_t len = comma ? (size_t)(comma - accept.ptr) : accept.len;
        struct sl_span element = {accept.ptr, len};
        accept =
            comma ? (struct sl_span){comma + 1, accept.len - len - 1} : (struct sl_span){"", 0};
        while (element.len && (*element.ptr == ' ' || *element.ptr == '\t'))
            element = (struct sl_span){element.ptr + 1, element.len - 1};
        size_t type = 0;
        while (type < element.len && !strchr(" \t;", element.ptr[type]))
            type++;
        struct sl_span rest = {element.ptr + type, element.len - type};
        if (type == 13 && strncasecmp(element.ptr, "text/markdown", type) == 0)
            markdown = quality(rest);
        if (type == 9 && strncasecmp(element.ptr, "text/html", type) == 0) html = quality(rest);
    }
    return markdown > 0 && markdown >= html;
}

void page_share_or_markdown(struct http_call *call)
{
    http_header(call->reply, "Vary", "Accept");
    if (export_wants_markdown(call->request->header(call->request, "Accept")))
        page_markdown(call);
    else
        page_share(call);
}
