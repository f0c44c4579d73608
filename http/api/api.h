#ifndef SHARELOG_HTTP_API_API_H
#define SHARELOG_HTTP_API_API_H

/* The handlers of /api (and of what programs ask beside it), and what they share. */

#include "http/call/call.h"

/* ---- api_share.c: writing ---- */
void handle_create(struct http_call *call);
void handle_sync(struct http_call *call);
void handle_remove(struct http_call *call);
void handle_take_down(struct http_call *call);
void handle_allow(struct http_call *call);

/* ---- api_read.c: a share at a moment ---- */
void handle_session(struct http_call *call);
void handle_data(struct http_call *call);
void handle_metadata(struct http_call *call);
void handle_changes(struct http_call *call);

/* ---- api_events.c: history ---- */
void handle_events(struct http_call *call);
void handle_event(struct http_call *call);
void handle_all_events(struct http_call *call);

/* ---- api_log.c: the log, and proofs out of it ---- */
void handle_checkpoint(struct http_call *call);
void handle_tile(struct http_call *call);
void handle_entries(struct http_call *call);
void handle_proof(struct http_call *call);
void handle_head(struct http_call *call);
void handle_receipt(struct http_call *call);
void handle_bundle(struct http_call *call);
void handle_log_facts(struct http_call *call);

/* ---- api_redact.c: taking something out of what stays ---- */
void handle_redact(struct http_call *call);
void handle_redact_all(struct http_call *call);

/* ---- api_live.c: as it grows ---- */
void handle_live(struct http_call *call);
void handle_ws(struct http_call *call);

/* ---- api_store.c: the store as a whole ---- */
void handle_sessions(struct http_call *call);
void handle_stats(struct http_call *call);
void handle_compact(struct http_call *call);
void handle_livez(struct http_call *call);
void handle_readyz(struct http_call *call);

/* ---- api_doc.c: what can be asked ---- */
void handle_doc(struct http_call *call);

/* ---- api.c: what they share ---- */

#define API_JSON "application/json"

static inline struct sl_span api_id(const struct http_call *call)
{
    return (struct sl_span){call->id, strlen(call->id)};
}

/* Answer a result that is not SL_OK. `missing` is the text of a share that isn't there (or no
   more); a 500 tells the client nothing. With a reply that is begun, breaks it off. */
void api_fail(
    struct http_call *call, enum sl_result result, const struct sl_err *err, const char *missing);

/* Tell the operator, on stderr, what a 500 doesn't tell the client. Names the route, not the path:
   a share's id is a link to it. */
void api_note(const struct http_call *call, enum sl_result result, const struct sl_err *err);

/* The status that a result is answered with. */
int api_status(enum sl_result result);

/* Read the request's body, or answer why not (411, 413, 415, 400) and return false. */
bool api_body(struct http_call *call, struct sl_span *body);

/* The same, for a JSON object. */
bool api_body_object(struct http_call *call, struct sl_span *object);

/* A string member of a JSON object that is known to be valid, decoded into buf, which has
   API_STRING_BYTES(max) of the longest text that counts. API_LONG: it is longer than that. */
enum api_string { API_STRING, API_ABSENT, API_NOT_STRING, API_LONG };
enum api_string api_string(
    struct sl_span object, const char *name, char *buf, size_t cap, struct sl_span *text);

/* The same, demanded: otherwise answers 400 and returns false. `max` bounds the decoded text, buf
   holds API_STRING_BYTES(max). */
#define API_STRING_BYTES(max) (6 * (size_t)(max)) /* each byte may come as \u00XX */
bool api_string_needed(struct http_call *call, struct sl_span object, const char *name, char *buf,
    size_t max, struct sl_span *text);

/* Is a Content-Type one of JSON? */
bool api_type_is_json(struct sl_span type);

/* What the store knows of the call's share, if it is live; else answers 404 with `missing` and
   returns false. */
bool api_live_share(struct http_call *call, const char *missing, struct sl_share_info *info);

/* The same, but the owner finds a removed share too: what is left of it is its history. */
bool api_logged_share(struct http_call *call, const char *missing, struct sl_share_info *info);

/* An answer of one JSON text, begun with 200. */
bool api_begin(struct http_call *call);

/* A span as it is. What `sl_view_metadata` says of a share, as a JSON object. */
bool api_write_span(struct http_reply *reply, struct sl_span text);
bool api_write_metadata(struct http_reply *reply, const struct sl_metadata *metadata);

/* End a reply whose handler failed or finished after it was begun: anything but SL_OK breaks it
 * off. */
void api_finish(
    struct http_call *call, enum sl_result result, const struct sl_err *err, const char *missing);

/* A whole-number parameter from min to max; absent leaves *number as it is. Otherwise answers 400,
 * returns false. */
bool api_number(
    struct http_call *call, const char *name, uint64_t min, uint64_t max, uint64_t *number);

#endif
