/* Requests that want to become viewers: checked and answered here like any other, then handed to
 * the hub. */
#include "http/head.h"
#include "http/hub.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char sse_head[] = "HTTP/1.1 200 OK\r\n"
                               "Content-Type: text/event-stream; charset=utf-8\r\n"
                               "Cache-Control: no-store\r\n"
                               "X-Accel-Buffering: no\r\n" /* or nginx would hold events back */
                               "Access-Control-Allow-Origin: *\r\n"
                               "Connection: close\r\n\r\n"
                               "retry: 2000\n\n";

static bool number(struct sl_span text, uint64_t *value)
{
    uint64_t n = 0;
    if (text.len == 0 || text.len > 19) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
        n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *value = n;
    return true;
}

/* Is a parameter of that name in the query at all, however malformed? */
static bool asked(struct sl_span query, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len <= query.len; i++) {
        bool begins = i == 0 || query.ptr[i - 1] == '&';
        bool ends = i + len == query.len || query.ptr[i + len] == '=' || query.ptr[i + len] == '&';
        if (begins && ends && memcmp(query.ptr + i, name, len) == 0) return true;
    }
    return false;
}

bool live_from(const struct http_request *request, uint64_t *from)
{
    char text[32];
    uint64_t value;
    struct sl_span last = request->header(request, "Last-Event-ID");
    if (last.len > 0) {
        if (!number(last, &value)) return false;
        *from = value + 1;
        return true;
    }
    if (!asked(request->query, "from")) {
        *from = LIVE_FROM_NOW;
        return true;
    }
    if (!http_query(request, "from", text, sizeof text) || !number(sl_span_of(text), &value))
        return false;
    *from = value;
    return true;
}

/* Admit a viewer, and find where it begins. On failure the error has been answered. */
static bool admit(struct live *live, struct http_reply *reply, struct sl_span id, uint64_t *from,
    struct topic **topic)
{
    struct sl_share_info info;
    struct sl_err err = {0};
    if (!sl_share_id_valid(id)) {
        http_error(reply, 404, "Share not found");
        return false;
    }
    if (!live_admit(live, id, topic)) {
        http_error(reply, 503, "too many viewers");
        return false;
    }
    /* Only now: an event that is committed after this look is told to the hub. */
    enum sl_result result = sl_share_info(live_store(live), id, &info, &err);
    if (result == SL_OK && info.state == SL_SHARE_LIVE) {
        live_note(live, *topic, info.sequence);
        if (*from == LIVE_FROM_NOW) *from = info.sequence + 1;
        if (*from == 0) *from = 1;
        return true;
    }
    live_dismiss(live, *topic);
    if (result == SL_OK || result == SL_NOT_FOUND || result == SL_REMOVED)
        http_error(reply, 404, "Share not found");
    else
        http_error(reply, 500, "%s", err.text);
    return false;
}

/* Admit, take the connection over, hand it to the hub. `viewer` is owned from here on; NULL: there
 * was no memory for it. */
static void watch(struct live *live, struct http_request *request, struct http_reply *reply,
    struct sl_span id, struct viewer *viewer)
{
    struct topic *topic;
    struct sl_err err = {0};
    int fd;
    if (!viewer) {
        http_error(reply, 503, "no memory for a viewer");
        return;
    }
    if (admit(live, reply, id, &viewer->cursor, &topic)) {
        if (request->take_over(request, &fd, &err) == SL_OK) {
            live_add(live, topic, viewer, fd);
            return;
        }
        live_dismiss(live, topic);
        http_error(reply, 503, "%s", err.text);
    }
    viewer_destroy(viewer);
}

static bool socket_there(
    struct live *live, const struct http_request *request, struct http_reply *reply)
{
    if (live && request->take_over) return true;
    http_error(reply, 501, "live events need a server");
    return false;
}

void live_handle_sse(struct live *live, struct http_request *request, struct http_reply *reply,
    struct sl_span share_id, uint64_t from, bool quiet)
{
    if (!socket_there(live, request, reply)) return;
    if (request->method == HTTP_HEAD) {
        struct topic *topic;
        if (!admit(live, reply, share_id, &from, &topic)) return;
        live_dismiss(live, topic);
        http_begin(reply, 200, "text/event-stream; charset=utf-8");
        return;
    }
    struct viewer *viewer = viewer_create(VIEWER_SSE, sse_head, sizeof sse_head - 1, from);
    if (viewer) viewer->quiet = quiet;
    watch(live, request, reply, share_id, viewer);
}

static void refuse_text(struct http_reply *reply, int status, const char *text)
{
    http_header(reply, "Upgrade", "websocket");
    http_header(reply, "Sec-WebSocket-Version", "13");
    if (http_begin(reply, status, "text/plain; charset=utf-8"))
        http_write(reply, text, strlen(text));
}

void live_handle_ws(struct live *live, struct http_request *request, struct http_reply *reply,
    struct sl_span share_id, uint64_t from)
{
    char accept[WS_ACCEPT_BYTES], head[256];
    if (!head_lists(request->header(request, "Upgrade"), "websocket") ||
        !head_lists(request->header(request, "Connection"), "upgrade") ||
        request->method != HTTP_GET) {
        refuse_text(reply, 426, "Expected WebSocket upgrade");
        return;
    }
    if (!socket_there(live, request, reply)) return;
    if (!sl_span_eq(request->header(request, "Sec-WebSocket-Version"), SL_SPAN("13"))) {
        refuse_text(reply, 400, "Expected WebSocket version 13");
        return;
    }
    if (!ws_accept(request->header(request, "Sec-WebSocket-Key"), accept)) {
        refuse_text(reply, 400, "Expected a WebSocket key of 16 bytes");
        return;
    }
    int len = snprintf(head, sizeof head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    assert(len > 0 && (size_t)len < sizeof head);
    watch(live, request, reply, share_id, viewer_create(VIEWER_WS, head, (size_t)len, from));
}
