/* A request without a socket: the command line and tests ask the same handlers.

   The body is in memory, there are no headers, the role is the caller's to say, and the answer goes
   into a sink as it is written. An answer that its handler broke off, or that the sink stopped, is
   a failure here, since no connection is there to show it. */

#include "core/base/clock.h"
#include "http/call/call.h"
#include "http/http.h"

#include <string.h>

struct local {
    struct http_request request;
    struct http_reply reply;
    struct sl_span body;
    struct sl_sink sink;
    int *status;
    bool stopped, aborted;
};

static struct sl_span no_header(const struct http_request *request, const char *name)
{
    (void)request;
    (void)name;
    return (struct sl_span){0};
}

static enum sl_result local_read_body(
    struct http_request *request, size_t max, struct sl_span *body, struct sl_err *err)
{
    struct local *local = request->transport;
    if (local->body.len > max)
        return sl_fail(
            err, SL_TOO_LARGE, "body of %zu bytes, the limit is %zu", local->body.len, max);
    *body = local->body;
    return SL_OK;
}

static bool local_begin(struct http_reply *reply)
{
    struct local *local = reply->transport;
    *local->status = reply->status;
    return true;
}

static bool local_write(struct http_reply *reply, const void *bytes, size_t len)
{
    struct local *local = reply->transport;
    if (local->request.method == HTTP_HEAD) return true;
    if (!local->sink.write(local->sink.ctx, bytes, len)) local->stopped = true;
    return !local->stopped;
}

static void local_end(struct http_reply *reply)
{
    (void)reply;
}

static void local_abort(struct http_reply *reply)
{
    struct local *local = reply->transport;
    local->aborted = true;
    reply->cut = true;
}

static enum http_method method_of(const char *name)
{
    if (strcmp(name, "GET") == 0) return HTTP_GET;
    if (strcmp(name, "HEAD") == 0) return HTTP_HEAD;
    if (strcmp(name, "POST") == 0) return HTTP_POST;
    if (strcmp(name, "DELETE") == 0) return HTTP_DELETE;
    if (strcmp(name, "OPTIONS") == 0) return HTTP_OPTIONS;
    return HTTP_OTHER;
}

enum sl_result http_local(struct http_app *app, const char *method, const char *target,
    struct sl_span body, enum sl_role role, int *status, struct sl_sink sink, struct sl_err *err)
{
    const char *question = strchr(target, '?');
    struct local local = {.body = body, .sink = sink, .status = status};
    local.request = (struct http_request){
        .method = method_of(method),
        .path = {target, question ? (size_t)(question - target) : strlen(target)},
        .query = question ? sl_span_of(question + 1) : (struct sl_span){0},
        .peer = SL_SPAN("local"),
        .base = app->config.public_url ? sl_span_of(app->config.public_url)
                                       : SL_SPAN("http://localhost"),
        .arrived_us = clock_real_us(),
        .has_length = true,
        .length = body.len,
        .local_role = role,
        .header = no_header,
        .read_body = local_read_body,
        .transport = &local,
    };
    local.reply = (struct http_reply){
        .begin = local_begin,
        .write = local_write,
        .end = local_end,
        .abort = local_abort,
        .transport = &local,
    };
    http_dispatch(app, &local.request, &local.reply);
    if (local.stopped) return sl_fail(err, SL_STOPPED, "%s %s: stopped", method, target);
    if (local.aborted) return sl_fail(err, SL_IO, "%s %s: the answer broke off", method, target);
    if (!local.reply.begun) return sl_fail(err, SL_IO, "%s %s: no answer", method, target);
    return SL_OK;
}
