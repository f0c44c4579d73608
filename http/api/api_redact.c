/* Redaction: an item, every version of a key, or a text goes; the event that it was in stays.

   The text that is redacted must not be known any more: it is in no answer and in no line of a log,
   and the memory it was read into is wiped. */

#include "core/base/json.h"
#include "http/api/api.h"
#include "http/call/auth.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const no_share = "Share not found";

/* What a request asks for, decoded. */
struct wanted {
    struct sl_redaction redaction;
    char secret[API_STRING_BYTES(SL_SECRET_BYTES)], reason[API_STRING_BYTES(SL_REASON_BYTES)];
    char key[API_STRING_BYTES(SL_ITEM_KEY_BYTES)], text[API_STRING_BYTES(SL_REDACT_TEXT_BYTES)];
};

static void forget(struct wanted *wanted)
{
    explicit_bzero(wanted, sizeof(*wanted));
}

/* ---- reading the request ---- */

/* A string that may lack: then it stays empty. False: answered. */
static bool read_string(struct http_call *call, struct sl_span object, const char *name, char *buf,
    size_t max, struct sl_span *text)
{
    struct sl_span member;
    return !json_get(object, name, &member) ||
           api_string_needed(call, object, name, buf, max, text);
}

/* False: answered. */
static bool read_number(struct http_call *call, struct sl_span object, const char *name,
    uint64_t min, bool *given, uint64_t *number)
{
    struct sl_span member;
    *given = json_get(object, name, &member);
    if (!*given || (json_u64(member, number) && *number >= min)) return true;
    http_error(call->reply, 400, "%s: expected a whole number, at least %" PRIu64, name, min);
    return false;
}

/* Exactly one of what the route takes. False: answered. */
static bool read_subject(struct http_call *call, struct sl_span object, struct wanted *wanted)
{
    struct sl_redaction *redaction = &wanted->redaction;
    bool seq = false, item = false;
    if (!read_string(call, object, "text", wanted->text, SL_REDACT_TEXT_BYTES, &redaction->text))
        return false;
    if (call->route->handler == handle_redact_all) {
        if (redaction->text.len) return true;
        http_error(call->reply, 400, "text: missing");
        return false;
    }
    if (!read_string(call, object, "key", wanted->key, SL_ITEM_KEY_BYTES, &redaction->key) ||
        !read_number(call, object, "seq", 1, &seq, &redaction->sequence) ||
        !read_number(call, object, "item", 0, &item, &redaction->item))
        return false;
    int meant = (redaction->text.len > 0) + (redaction->key.len > 0) + (seq && item);
    if (meant == 1 && seq == item) return true;
    http_error(call->reply, 400, "expected seq and item, or key, or text");
    return false;
}

/* False: answered. */
static bool read_secret(struct http_call *call, struct sl_span object, struct wanted *wanted)
{
    wanted->redaction.who = SL_WHO_SECRET;
    switch (api_string(
        object, "secret", wanted->secret, sizeof(wanted->secret), &wanted->redaction.secret)) {
    case API_ABSENT: http_error(call->reply, 400, "secret: missing"); return false;
    case API_NOT_STRING: http_error(call->reply, 400, "secret: expected a string"); return false;
    case API_LONG: http_error(call->reply, 403, "Invalid secret"); return false;
    case API_STRING: break;
    }
    return true;
}

static bool read_wanted(struct http_call *call, bool owner, struct wanted *wanted)
{
    struct sl_span object;
    wanted->redaction.who = SL_WHO_OWNER;
    return api_body_object(call, &object) && (owner || read_secret(call, object, wanted)) &&
           read_subject(call, object, wanted) &&
           read_string(
               call, object, "reason", wanted->reason, SL_REASON_BYTES, &wanted->redaction.reason);
}

/* ---- answering ---- */

static void redact(struct http_call *call, const struct sl_redaction *redaction)
{
    struct sl_redacted redacted;
    struct sl_err err = {0};
    enum sl_result result = sl_redact(call->app->store, redaction, NULL, &redacted, &err);
    if (result != SL_OK) {
        /* The share was there a moment ago. */
        api_fail(call, result, &err, result == SL_NOT_FOUND ? "No such event or item" : no_share);
        return;
    }
    if (!http_begin(call->reply, 200, API_JSON)) return;
    if (redaction->share_id.len == 0)
        http_print(call->reply, "{\"shares\":%" PRIu64 ",", redacted.shares);
    else
        http_print(call->reply, "{");
    http_print(call->reply, "\"events\":%" PRIu64 ",\"items\":%" PRIu64 ",\"inKeys\":%" PRIu64 "}",
        redacted.events, redacted.items, redacted.in_keys);
}

static void read_and_redact(struct http_call *call, bool owner, struct sl_span share_id)
{
    struct wanted *wanted = calloc(1, sizeof(*wanted));
    if (!wanted) {
        http_error(call->reply, 500, "Internal error");
        return;
    }
    wanted->redaction.share_id = share_id;
    if (read_wanted(call, owner, wanted)) redact(call, &wanted->redaction);
    forget(wanted);
    free(wanted);
}

void handle_redact(struct http_call *call)
{
    struct sl_share_info info;
    if (!api_live_share(call, no_share, &info)) return;
    bool owner = auth_role(call->app, call->request) == SL_ROLE_OWNER;
    read_and_redact(call, owner, api_id(call));
}

void handle_redact_all(struct http_call *call)
{
    read_and_redact(call, true, (struct sl_span){"", 0});
}
