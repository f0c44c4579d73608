/* A share as it grows: GET /api/share/ID/live (server-sent events) and GET /ws/ID (a WebSocket).

   A request is checked here like any other; then its connection is taken over and handed to the hub
   (http/live/live_hub.h), and the handler returns without an answer of its own: the hub sends what
   stands in `front` of the viewer first. Until the connection is taken over every failure is
   answered: 400 (a parameter, a handshake that is none), 404 (no such share, or a removed one), 426
   (a WebSocket's route without an upgrade), 500, 501 (no server runs, so there is no socket), 503
   (too many viewers, no memory, no descriptor). Nothing is left behind then: the room that was
   taken among the viewers is given back.

   HEAD is answered with the head that GET would have. */

#include "core/base/decimal.h"
#include "http/api/api.h"
#include "http/call/param.h"
#include "http/edge/head.h"
#include "http/live/live_hub.h"

#include <assert.h>
#include <stdio.h>

/* Where a viewer begins that names no sequence: with the events that come after it. */
#define FROM_NOW UINT64_MAX
/* The last sequence that can be named: one more is still below FROM_NOW. */
#define SEQUENCE_MAX (UINT64_MAX - 2)

static const char *const no_share = "Share not found";

static const char sse_head[] = "HTTP/1.1 200 OK\r\n"
                               "Content-Type: text/event-stream; charset=utf-8\r\n"
                               "Cache-Control: no-store\r\n"
                               "X-Accel-Buffering: no\r\n" /* or nginx would hold events back */
                               "Access-Control-Allow-Origin: *\r\n"
                               "Connection: close\r\n\r\n"
                               "retry: 2000\n\n";

/* ---- what is asked for ---- */

/* Where a viewer wants to go on: Last-Event-ID (the last sequence it has), else ?from (the first
   one it wants), else now. False: answered. */
static bool want_from(struct http_call *call, uint64_t *from)
{
    struct sl_span last = call->request->header(call->request, "Last-Event-ID");
    uint64_t sequence = 0;
    bool good;
    if (last.len > 0) {
        good = sl_decimal(last, SEQUENCE_MAX, &sequence);
        *from = sequence + 1;
    } else {
        enum param given = param_u64(call->request, "from", &sequence);
        good = given != PARAM_WRONG && sequence <= SEQUENCE_MAX;
        *from = given == PARAM_GIVEN ? sequence : FROM_NOW;
    }
    if (!good) http_error(call->reply, 400, "Last-Event-ID, from: expected a sequence");
    return good;
}

/* Does the viewer only want to know that there is something new? False: answered. */
static bool want_quiet(struct http_call *call, bool *quiet)
{
    char text[4];
    enum param given = param_text(call->request, "quiet", text, sizeof(text));
    *quiet = given == PARAM_GIVEN && strcmp(text, "1") == 0;
    if (*quiet || given == PARAM_ABSENT) return true;
    if (given == PARAM_GIVEN && strcmp(text, "0") == 0) return true;
    http_error(call->reply, 400, "quiet: expected 0 or 1");
    return false;
}

static bool socket_there(struct http_call *call)
{
    if (call->app->live && call->request->take_over) return true;
    http_error(call->reply, 501, "live events need a server");
    return false;
}

/* ---- from a request to a viewer ---- */

/* Find room for a viewer, and the sequence it begins with. False: answered. */
static bool admit(struct http_call *call, uint64_t *from, struct topic **topic)
{
    struct live *live = call->app->live;
    struct sl_share_info info;
    struct sl_err err = {0};
    if (!live_admit(live, api_id(call), topic)) {
        http_error(call->reply, 503, "too many viewers");
        return false;
    }
    /* Only now: an event that is committed after this look is told to the hub. */
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &info, &err);
    if (result == SL_OK && info.state != SL_SHARE_LIVE) result = SL_REMOVED;
    if (result != SL_OK) {
        live_dismiss(live, *topic);
        api_fail(call, result, &err, no_share);
        return false;
    }
    live_note(live, *topic, info.sequence);
    if (*from == FROM_NOW) *from = info.sequence + 1;
    if (*from == 0) *from = 1;
    return true;
}

/* Admit a viewer, take its connection over, hand both to the hub. `viewer` is owned from here on;
   NULL: there was no memory for it. */
static void watch(struct http_call *call, struct viewer *viewer)
{
    struct topic *topic;
    struct sl_err err = {0};
    int fd;
    if (!viewer) {
        http_error(call->reply, 503, "no memory for a viewer");
        return;
    }
    if (admit(call, &viewer->cursor, &topic)) {
        enum sl_result result = call->request->take_over(call->request, &fd, &err);
        if (result == SL_OK) {
            live_add(call->app->live, topic, viewer, fd);
            return;
        }
        live_dismiss(call->app->live, topic);
        api_note(call, result, &err);
        http_error(call->reply, 503, "no descriptor for a viewer");
    }
    viewer_destroy(viewer);
}

/* ---- server-sent events ---- */

void handle_live(struct http_call *call)
{
    uint64_t from;
    bool quiet;
    struct topic *topic;
    if (!want_from(call, &from) || !want_quiet(call, &quiet) || !socket_there(call)) return;
    if (call->request->method == HTTP_HEAD) {
        if (!admit(call, &from, &topic)) return;
        live_dismiss(call->app->live, topic);
        http_begin(call->reply, 200, "text/event-stream; charset=utf-8");
        return;
    }
    struct viewer *viewer = viewer_create(VIEWER_SSE, sse_head, sizeof(sse_head) - 1, from);
    if (viewer) viewer->quiet = quiet;
    watch(call, viewer);
}

/* ---- a WebSocket ---- */

static void refuse(struct http_call *call, int status, const char *text)
{
    http_header(call->reply, "Upgrade", "websocket");
    http_header(call->reply, "Sec-WebSocket-Version", "13");
    if (http_begin(call->reply, status, "text/plain; charset=utf-8"))
        http_write(call->reply, text, strlen(text));
}

static bool wants_upgrade(const struct http_request *request)
{
    return head_lists(request->header(request, "Upgrade"), "websocket") &&
           head_lists(request->header(request, "Connection"), "upgrade") &&
           request->method == HTTP_GET;
}

void handle_ws(struct http_call *call)
{
    const struct http_request *request = call->request;
    char accept[WS_ACCEPT_BYTES], head[256];
    uint64_t from;
    if (!want_from(call, &from)) return;
    if (!wants_upgrade(request)) {
        refuse(call, 426, "Expected WebSocket upgrade");
        return;
    }
    if (!socket_there(call)) return;
    if (!sl_span_eq(request->header(request, "Sec-WebSocket-Version"), SL_SPAN("13"))) {
        refuse(call, 400, "Expected WebSocket version 13");
        return;
    }
    if (!ws_accept(request->header(request, "Sec-WebSocket-Key"), accept)) {
        refuse(call, 400, "Expected a WebSocket key of 16 bytes");
        return;
    }
    int len = snprintf(head, sizeof(head),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    assert(len > 0 && (size_t)len < sizeof(head));
    watch(call, viewer_create(VIEWER_WS, head, (size_t)len, from));
}
