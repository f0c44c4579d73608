/* Writing: create or recover, sync, remove, take down, allow.

   A 200 means that the change is durable. After any other answer nothing was changed, but for a 5xx
   or a connection that broke: then the client can't know, and asks again (all of these may be
   repeated). */

#include "http/api/api.h"
#include "http/call/auth.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const no_share = "Share not found";

/* Is there a body to be read? An owner's request may come without. */
static bool has_body(const struct http_request *request)
{
    return request->has_length && request->length > 0;
}

static void succeed(struct http_call *call)
{
    if (http_begin(call->reply, 200, API_JSON)) http_print(call->reply, "{\"success\":true}");
}

/* ---- create ---- */

static void answer_credentials(struct http_call *call, const struct sl_credentials *credentials)
{
    char url[2048];
    struct http_reply *reply = call->reply;
    struct sl_span base = call->request->base;
    int len = snprintf(url, sizeof(url), "%.*s/share/%s", (int)base.len, base.ptr, credentials->id);
    if (!http_begin(reply, 200, API_JSON)) return;
    (void)(http_print(reply, "{\"id\":\"%s\",\"secret\":\"%s\",\"url\":", credentials->id,
               credentials->secret) &&
           http_write_json_string(reply, (struct sl_span){url, (size_t)len}) &&
           http_print(reply, "}"));
}

void handle_create(struct http_call *call)
{
    char buf[API_STRING_BYTES(SL_SESSION_ID_BYTES)];
    struct sl_span object, session_id;
    struct sl_credentials credentials;
    struct sl_err err = {0};
    struct http_app *app = call->app;
    enum sl_role role = auth_role(app, call->request);
    if (app->config.private_create && role == SL_ROLE_NONE) {
        http_error(call->reply, 401, "A key is needed to share here");
        return;
    }
    /* The base of the link is judged before the share is made: one whose link can't be told would
     * be lost. */
    if (call->request->base.len > 1024) {
        http_error(call->reply, 400, "Host: too long");
        return;
    }
    if (!api_body_object(call, &object) ||
        !api_string_needed(call, object, "sessionID", buf, SL_SESSION_ID_BYTES, &session_id))
        return;
    enum sl_result result =
        sl_share_create(app->store, session_id, role, call->request->peer, &credentials, &err);
    if (result == SL_OK)
        answer_credentials(call, &credentials);
    else
        api_fail(call, result, &err, no_share);
    explicit_bzero(&credentials, sizeof(credentials));
}

/* ---- sync ---- */

void handle_sync(struct http_call *call)
{
    struct sl_share_info info;
    struct sl_synced synced;
    struct sl_span body;
    struct sl_err err = {0};
    /* The share is looked up before the body is read: no client sends 256 MiB to learn that there
     * is no such share. */
    if (!api_live_share(call, no_share, &info) || !api_body(call, &body)) return;
    enum sl_result result = sl_share_sync(
        call->app->store, api_id(call), body, call->request->arrived_us, &synced, &err);
    if (result != SL_OK) {
        api_fail(call, result, &err, no_share);
    } else if (http_begin(call->reply, 200, API_JSON)) {
        http_print(call->reply, "{\"success\":true,\"syncCount\":%" PRIu64 ",\"seq\":%" PRIu64 "}",
            synced.syncs, synced.sequence);
    }
}

/* ---- remove ---- */

/* An owner may say why: {reason} is kept with the removal. False: answered. */
static bool read_reason(
    struct http_call *call, struct sl_span object, char *buf, struct sl_span *reason)
{
    enum api_string got =
        api_string(object, "reason", buf, API_STRING_BYTES(SL_REASON_BYTES), reason);
    if (got == API_STRING || got == API_ABSENT) return true; /* too long: the store says so */
    if (got == API_LONG)
        http_error(call->reply, 400, "reason: longer than %d bytes", SL_REASON_BYTES);
    else
        http_error(call->reply, 400, "reason: expected a string");
    return false;
}

static void remove_by_owner(struct http_call *call, struct sl_span id, struct sl_span reason)
{
    struct sl_err err = {0};
    enum sl_result result =
        sl_share_remove(call->app->store, id, SL_WHO_OWNER, (struct sl_span){"", 0}, reason, &err);
    if (result != SL_OK)
        api_fail(call, result, &err, no_share);
    else if (call->route->handler != handle_take_down)
        succeed(call);
    else if (http_begin(call->reply, 200, API_JSON)) /* upstream's words */
        http_print(call->reply, "{\"success\":true,\"message\":\"Share removed\"}");
}

static void remove_by_secret(struct http_call *call, struct sl_span object)
{
    const struct sl_span no_reason = {"", 0};
    char buf[API_STRING_BYTES(SL_SECRET_BYTES)];
    struct sl_span secret = {"", 0};
    struct sl_err err = {0};
    switch (api_string(object, "secret", buf, sizeof(buf), &secret)) {
    case API_ABSENT: http_error(call->reply, 400, "secret: missing"); return;
    case API_NOT_STRING: http_error(call->reply, 400, "secret: expected a string"); return;
    case API_LONG: http_error(call->reply, 403, "Invalid secret"); return;
    case API_STRING: break;
    }
    enum sl_result result =
        sl_share_remove(call->app->store, api_id(call), SL_WHO_SECRET, secret, no_reason, &err);
    explicit_bzero(buf, sizeof(buf));
    if (result == SL_OK)
        succeed(call);
    else
        api_fail(call, result, &err, no_share);
}

void handle_remove(struct http_call *call)
{
    char buf[API_STRING_BYTES(SL_REASON_BYTES)];
    struct sl_span object, reason = {"", 0};
    struct sl_share_info info;
    struct sl_err err = {0};
    /* A removed share is not refused here: removing it again with its secret is a success. */
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &info, &err);
    if (result != SL_OK) {
        api_fail(call, result, &err, no_share);
        return;
    }
    bool owner = auth_role(call->app, call->request) == SL_ROLE_OWNER;
    if (owner && !has_body(call->request)) {
        remove_by_owner(call, api_id(call), reason);
    } else if (api_body_object(call, &object)) {
        if (!owner)
            remove_by_secret(call, object);
        else if (read_reason(call, object, buf, &reason))
            remove_by_owner(call, api_id(call), reason);
    }
}

void handle_take_down(struct http_call *call)
{
    char id_buf[API_STRING_BYTES(SL_SHARE_ID_BYTES)], buf[API_STRING_BYTES(SL_REASON_BYTES)];
    struct sl_span object, id, reason = {"", 0};
    if (!api_body_object(call, &object) ||
        !api_string_needed(call, object, "shareID", id_buf, SL_SHARE_ID_BYTES, &id) ||
        !read_reason(call, object, buf, &reason))
        return;
    if (sl_share_id_valid(id))
        remove_by_owner(call, id, reason);
    else
        http_error(call->reply, 404, "%s", no_share);
}

/* ---- allow ---- */

void handle_allow(struct http_call *call)
{
    char buf[API_STRING_BYTES(SL_SESSION_ID_BYTES)];
    struct sl_span object, session_id;
    struct sl_err err = {0};
    if (!api_body_object(call, &object) ||
        !api_string_needed(call, object, "sessionID", buf, SL_SESSION_ID_BYTES, &session_id))
        return;
    enum sl_result result = sl_session_allow(call->app->store, session_id, &err);
    if (result == SL_OK)
        succeed(call);
    else
        api_fail(call, result, &err, "Session not found");
}
