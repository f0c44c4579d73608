/* What the handlers of /api share: errors, bodies, fields.

   A client is told what it can act on: messages about what it sent itself, and that something isn't
   there. The text of a failure of the server's own is for the operator (api_note), never in an
   answer. */

#include "http/api/api.h"

#include "core/base/json.h"
#include "http/call/auth.h"
#include "http/call/param.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

/* ---- errors ---- */

int api_status(enum sl_result result)
{
    switch (result) {
    case SL_OK: return 200;
    case SL_NOT_FOUND:
    case SL_REMOVED:
    case SL_NO_MOMENT: return 404;
    case SL_BAD_SECRET:
    case SL_HELD: return 403;
    case SL_INVALID: return 400;
    case SL_TOO_LARGE: return 413;
    case SL_READ_ONLY:
    case SL_REDACTED:
    case SL_CLOSING: return 503;
    case SL_LOCKED:
    case SL_FORMAT:
    case SL_STOPPED:
    case SL_IO:
    case SL_CORRUPT:
    case SL_NOMEM: break;
    }
    return 500;
}

/* The message for a client. It gets that of `err` only where that is about what it sent itself. */
static const char *public_message(
    enum sl_result result, const struct sl_err *err, const char *missing)
{
    switch (result) {
    case SL_NOT_FOUND:
    case SL_REMOVED: return missing;
    case SL_BAD_SECRET: return "Invalid secret";
    case SL_HELD:
        return "This session was taken down by the owner of this server and can't be shared here";
    case SL_READ_ONLY: return "The store is read-only";
    case SL_CLOSING: return "The server is stopping";
    case SL_REDACTED: return "Something was redacted while it was read: ask again";
    case SL_INVALID:
    case SL_TOO_LARGE:
    case SL_NO_MOMENT: return err->text[0] ? err->text : sl_result_text(result);
    default: return "Internal error";
    }
}

void api_note(const struct http_call *call, enum sl_result result, const struct sl_err *err)
{
    if (api_status(result) == 500)
        fprintf(stderr, "sharelog: %s: %s\n", call->route->pattern,
            err->text[0] ? err->text : sl_result_text(result));
}

void api_fail(
    struct http_call *call, enum sl_result result, const struct sl_err *err, const char *missing)
{
    assert(result != SL_OK);
    api_note(call, result, err);
    if (call->reply->begun)
        call->reply->abort(call->reply);
    else
        http_error(call->reply, api_status(result), "%s", public_message(result, err, missing));
}

void api_finish(
    struct http_call *call, enum sl_result result, const struct sl_err *err, const char *missing)
{
    /* SL_STOPPED: a write failed, so the client is gone. */
    if (result == SL_OK || (result == SL_STOPPED && call->reply->begun)) return;
    api_fail(call, result, err, missing);
}

/* ---- bodies ---- */

bool api_type_is_json(struct sl_span type)
{
    const char *semicolon = memchr(type.ptr, ';', type.len);
    size_t len = semicolon ? (size_t)(semicolon - type.ptr) : type.len;
    while (len && (type.ptr[len - 1] == ' ' || type.ptr[len - 1] == '\t'))
        len--;
    if (len == 16 && strncasecmp(type.ptr, API_JSON, 16) == 0) return true;
    return len > 17 && strncasecmp(type.ptr, "application/", 12) == 0 &&
           strncasecmp(type.ptr + len - 5, "+json", 5) == 0;
}

bool api_body(struct http_call *call, struct sl_span *body)
{
    struct http_request *request = call->request;
    struct sl_err err = {0};
    size_t max = call->route->body_bytes;
    if (max == ROUTE_BODY_CONFIGURED) max = call->app->config.body_bytes;
    if (!request->has_length) {
        http_error(call->reply, 411, "Content-Length is needed");
        return false;
    }
    if (request->length > max) {
        http_error(call->reply, 413, "A body of %" PRIu64 " bytes is over the limit of %zu bytes",
            request->length, max);
        return false;
    }
    struct sl_span type = request->header(request, "Content-Type");
    if (type.len && !api_type_is_json(type)) {
        http_error(call->reply, 415, "Content-Type: expected " API_JSON);
        return false;
    }
    enum sl_result result = request->read_body(request, max, body, &err);
    if (result == SL_OK) return true;
    if (result ==
        SL_IO) /* the client is gone or too slow; the server answers one that is still there */
        call->reply->close = true;
    else
        api_fail(call, result, &err, "Not found");
    return false;
}

bool api_body_object(struct http_call *call, struct sl_span *object)
{
    struct sl_span body;
    struct sl_err err = {0};
    if (!api_body(call, &body)) return false;
    if (json_check(body, SL_JSON_DEPTH, &err) != SL_OK) {
        http_error(call->reply, 400, "%s", err.text);
        return false;
    }
    if (json_kind_of(body) != JSON_OBJECT) {
        http_error(call->reply, 400, "expected an object");
        return false;
    }
    *object = body;
    return true;
}

enum api_string api_string(
    struct sl_span object, const char *name, char *buf, size_t cap, struct sl_span *text)
{
    struct sl_span value, raw;
    if (!json_get(object, name, &value)) return API_ABSENT;
    if (!json_string_raw(value, &raw)) return API_NOT_STRING;
    if (raw.len > cap) return API_LONG;
    *text = (struct sl_span){buf, json_decode(raw, buf)};
    return API_STRING;
}

bool api_string_needed(struct http_call *call, struct sl_span object, const char *name, char *buf,
    size_t max, struct sl_span *text)
{
    struct sl_span found = {"", 0};
    switch (api_string(object, name, buf, API_STRING_BYTES(max), &found)) {
    case API_ABSENT: http_error(call->reply, 400, "%s: missing", name); return false;
    case API_NOT_STRING: http_error(call->reply, 400, "%s: expected a string", name); return false;
    case API_STRING:
        if (found.len <= max) break;
        __attribute__((fallthrough));
    case API_LONG:
        http_error(call->reply, 400, "%s: longer than %zu bytes", name, max);
        return false;
    }
    *text = found;
    return true;
}

bool api_number(
    struct http_call *call, const char *name, uint64_t min, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    enum param given = param_u64(call->request, name, &value);
    if (given == PARAM_ABSENT) return true;
    if (given == PARAM_WRONG || value < min || value > max) {
        if (max == UINT64_MAX)
            http_error(call->reply, 400, "%s: expected a whole number", name);
        else
            http_error(call->reply, 400, "%s: expected a whole number from %" PRIu64 " to %" PRIu64,
                name, min, max);
        return false;
    }
    *number = value;
    return true;
}

/* ---- shares ---- */

static bool find_share(
    struct http_call *call, bool removed_too, const char *missing, struct sl_share_info *info)
{
    struct sl_err err = {0};
    struct sl_share_info found;
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &found, &err);
    if (result == SL_OK && found.state != SL_SHARE_LIVE && !removed_too) result = SL_REMOVED;
    if (result != SL_OK) {
        api_fail(call, result, &err, missing);
        return false;
    }
    *info = found;
    return true;
}

bool api_live_share(struct http_call *call, const char *missing, struct sl_share_info *info)
{
    return find_share(call, false, missing, info);
}

bool api_logged_share(struct http_call *call, const char *missing, struct sl_share_info *info)
{
    bool owner = auth_role(call->app, call->request) == SL_ROLE_OWNER;
    return find_share(call, owner, missing, info);
}

/* ---- writing ---- */

bool api_begin(struct http_call *call)
{
    call->reply->compress = true;
    return http_begin(call->reply, 200, API_JSON);
}

bool api_write_span(struct http_reply *reply, struct sl_span text)
{
    return http_write(reply, text.ptr, text.len);
}

static bool api_write_json(struct http_reply *reply, struct sl_span value)
{
    return api_write_span(reply, value.len ? value : SL_SPAN("null"));
}

bool api_write_metadata(struct http_reply *reply, const struct sl_metadata *m)
{
    return http_print(reply, "{\"id\":\"%s\",\"sessionID\":", m->id) &&
           http_write_json_string(reply, m->session_id) && http_print(reply, ",\"title\":") &&
           api_write_json(reply, m->title) && http_print(reply, ",\"directory\":") &&
           api_write_json(reply, m->directory) &&
           http_print(reply,
               ",\"messageCount\":%" PRIu64 ",\"partCount\":%" PRIu64 ",\"diffCount\":%" PRIu64
               ",\"modelCount\":%" PRIu64 ",\"lastUpdated\":%" PRIu64 ",\"syncCount\":%" PRIu64
               ",\"createdAt\":%" PRIu64 "}",
               m->messages, m->parts, m->diffs, m->models, m->updated_ms, m->syncs, m->created_ms);
}
