/* The log to the outside: checkpoint and tiles as C2SP has them, proofs and bundles out of it.

   Answers begin with their first byte (struct late), so that what fails before it still has its
   status. 404: the log has no such tile, or no such share; 503: no checkpoint covers it yet. */

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/call/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const no_share = "Share not found";
static const char *const for_ever = "public, max-age=31536000, immutable";

/* ---- answers that begin with their first byte ---- */

/* What fails before that still gets its status, and none of these headers. */
struct late {
    struct http_call *call;
    const char *type, *cache_control, *file_name; /* NULL: none of its own */
    bool compress;
};

static bool late_write(void *ctx, const void *bytes, size_t len)
{
    const struct late *late = ctx;
    struct http_reply *reply = late->call->reply;
    if (!reply->begun) {
        char disposition[SL_SHARE_ID_BYTES + 80];
        reply->cache_control = late->cache_control;
        reply->compress = late->compress;
        if (late->file_name) {
            snprintf(
                disposition, sizeof(disposition), "attachment; filename=\"%s\"", late->file_name);
            http_header(reply, "Content-Disposition", disposition);
            http_header(reply, "X-Robots-Tag", "noindex, nofollow");
        }
        if (!http_begin(reply, 200, late->type)) return false;
    }
    return http_write(reply, bytes, len);
}

static struct sl_sink late_sink(struct late *late)
{
    return (struct sl_sink){late_write, late};
}

/* ---- the checkpoint ---- */

/* Weakly compared, as If-None-Match is: our tags are hexadecimal, so none can be a part of
   another. */
static bool has_tag(struct sl_span header, const char *tag)
{
    return sl_span_eq(header, SL_SPAN("*")) ||
           (header.len && memmem(header.ptr, header.len, tag, strlen(tag)));
}

void handle_checkpoint(struct http_call *call)
{
    struct http_reply *reply = call->reply;
    struct sl_checkpoint checkpoint;
    struct sl_err err = {0};
    uint8_t hash[32];
    char hex[65], tag[40];
    enum sl_result result = sl_log_published(call->app->store, &checkpoint, &err);
    if (result != SL_OK) {
        api_fail(call, result, &err, "No checkpoint was signed yet");
        return;
    }
    crypto_sha256(checkpoint.note, checkpoint.len, hash);
    crypto_hex(hash, sizeof(hash), hex);
    snprintf(tag, sizeof(tag), "\"%.32s\"", hex);
    reply->cache_control = "no-cache";
    http_header(reply, "ETag", tag);
    if (has_tag(call->request->header(call->request, "If-None-Match"), tag))
        http_begin(reply, 304, NULL);
    else if (http_begin(reply, 200, "text/plain; charset=utf-8"))
        http_write(reply, checkpoint.note, checkpoint.len);
}

/* ---- tiles ---- */

static const char *const no_tile = "The log has no such tile";

/* Hashes of leaves tell nothing of them, so these are open to all. */
void handle_tile(struct http_call *call)
{
    struct late late = {
        .call = call, .type = "application/octet-stream", .cache_control = for_ever};
    uint8_t hashes[256 * 32];
    struct sl_err err = {0};
    enum sl_result result =
        sl_log_tile(call->app->store, call->level, call->tile, call->width, hashes, &err);
    if (result == SL_OK)
        late_write(&late, hashes, (size_t)call->width * 32);
    else
        api_fail(call, result, &err, no_tile);
}

void handle_entries(struct http_call *call)
{
    bool open = call->app->config.public_log;
    struct late late = {.call = call,
        .type = "application/octet-stream",
        /* A cache that is shared must not give away what took a key to get. */
        .cache_control = open ? for_ever : "private, max-age=31536000, immutable",
        .compress = true};
    struct sl_err err = {0};
    if (!open && auth_role(call->app, call->request) != SL_ROLE_OWNER) {
        http_header(call->reply, "WWW-Authenticate", "Bearer");
        http_error(call->reply, 401, "The owner key is needed");
        return;
    }
    enum sl_result result =
        sl_log_entries(call->app->store, call->tile, call->width, late_sink(&late), &err);
    api_finish(call, result, &err, no_tile);
}

/* ---- one share's ---- */

/* The share is there, live or removed: a verifier must be able to see that a removed one was in the
 * log. False: answered. */
static bool is_known(struct http_call *call)
{
    struct sl_share_info info;
    struct sl_err err = {0};
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &info, &err);
    if (result != SL_OK) api_fail(call, result, &err, no_share);
    return result == SL_OK;
}

/* The share is there, so what wasn't found is a checkpoint: a read-only store signs none. */
static void finish(struct http_call *call, enum sl_result result, const struct sl_err *err)
{
    if (result == SL_NOT_FOUND && !call->reply->begun)
        http_error(call->reply, 503, "No checkpoint covers this yet");
    else
        api_finish(call, result, err, no_share);
}

/* This may wait up to a second for the next checkpoint, on this connection's own thread. */
void handle_proof(struct http_call *call)
{
    char name[SL_SHARE_ID_BYTES + 40];
    struct late late = {
        .call = call, .type = "text/plain; charset=utf-8", .file_name = name, .compress = true};
    struct sl_err err = {0};
    if (!is_known(call)) return;
    snprintf(name, sizeof(name), "%s-%" PRIu64 ".tlog-proof", call->id, call->sequence);
    finish(call,
        sl_event_proof(call->app->store, api_id(call), call->sequence, late_sink(&late), &err),
        &err);
}

/* Signed when it is asked for; it may wait as a proof does. Of a removed share too: what it proves
   then is the removal. */
static void give_head(struct http_call *call, uint64_t sequence, const char *file_name)
{
    struct late late = {.call = call, .type = "text/plain; charset=utf-8", .file_name = file_name};
    struct sl_err err = {0};
    finish(call, sl_share_head(call->app->store, api_id(call), sequence, late_sink(&late), &err),
        &err);
}

void handle_head(struct http_call *call)
{
    char name[SL_SHARE_ID_BYTES + 16];
    if (!is_known(call)) return;
    snprintf(name, sizeof(name), "%s.head", call->id);
    give_head(call, 0, name);
}

void handle_receipt(struct http_call *call)
{
    char name[SL_SHARE_ID_BYTES + 40];
    if (!is_known(call)) return;
    if (call->sequence == 0) {
        http_error(call->reply, 404, "No such event or item");
        return;
    }
    snprintf(name, sizeof(name), "%s-%" PRIu64 ".receipt", call->id, call->sequence);
    give_head(call, call->sequence, name);
}

void handle_bundle(struct http_call *call)
{
    char name[SL_SHARE_ID_BYTES + 16];
    struct late late = {
        .call = call, .type = "application/vnd.msgpack", .file_name = name, .compress = true};
    struct sl_err err = {0};
    if (!is_known(call)) return;
    snprintf(name, sizeof(name), "%s.bundle", call->id);
    finish(call, sl_share_bundle(call->app->store, api_id(call), late_sink(&late), &err), &err);
}

/* ---- for the operator ---- */

static bool write_checkpoint(
    struct http_reply *reply, const char *name, bool there, const struct sl_checkpoint *checkpoint)
{
    char root[48];
    if (!there) return http_print(reply, ",\"%s\":null", name);
    crypto_base64(checkpoint->root, sizeof(checkpoint->root), root);
    return http_print(reply, ",\"%s\":{\"size\":%" PRIu64 ",\"root\":\"%s\",\"signedAt\":", name,
               checkpoint->size, root) &&
           (checkpoint->signed_ms ? http_print(reply, "%" PRIu64, checkpoint->signed_ms)
                                  : http_print(reply, "null")) &&
           http_print(reply, ",\"note\":") &&
           http_write_json_string(reply, (struct sl_span){checkpoint->note, checkpoint->len}) &&
           http_print(reply, "}");
}

static bool write_disputed(struct http_reply *reply, const struct sl_log_facts *facts)
{
    return http_print(reply, ",\"disputed\":") &&
           (facts->disputed[0] ? http_write_json_string(reply, sl_span_of(facts->disputed))
                               : http_print(reply, "null"));
}

static bool write_verified(struct http_reply *reply, const struct sl_log_facts *facts)
{
    if (!facts->verified_ms) return http_print(reply, ",\"verified\":null");
    return http_print(reply,
               ",\"verified\":{\"at\":%" PRIu64 ",\"size\":%" PRIu64 ",\"ok\":%s,\"fault\":",
               facts->verified_ms, facts->verified_size, facts->verified_ok ? "true" : "false") &&
           (facts->verified_ok
                   ? http_print(reply, "null")
                   : http_write_json_string(reply, sl_span_of(facts->verified_fault))) &&
           http_print(reply, "}");
}

#define WITNESSES 64 /* no server has more */

static bool write_witness(
    struct http_reply *reply, const char *lead, const struct http_witness_status *witness)
{
    return http_print(reply, "%s{\"url\":", lead) &&
           http_write_json_string(reply, sl_span_of(witness->url)) &&
           http_print(reply, ",\"name\":") &&
           http_write_json_string(reply, sl_span_of(witness->name)) &&
           http_print(reply, ",\"size\":%" PRIu64 ",\"time\":%" PRIu64 ",\"error\":", witness->size,
               witness->time_ms) &&
           http_write_json_string(reply, sl_span_of(witness->error)) && http_print(reply, "}");
}

static bool write_witnesses(struct http_reply *reply, const struct http_config *config)
{
    struct http_witness_status *all = config->witnesses ? calloc(WITNESSES, sizeof(*all)) : NULL;
    size_t count = all ? config->witnesses(config->witnesses_ctx, all, WITNESSES) : 0;
    bool ok = http_print(reply, ",\"quorum\":%u,\"witnesses\":[", config->witness_quorum);
    for (size_t i = 0; ok && i < count && i < WITNESSES; i++)
        ok = write_witness(reply, i ? "," : "", &all[i]);
    free(all);
    return ok && http_print(reply, "]");
}

void handle_log_facts(struct http_call *call)
{
    struct sl_log_facts facts;
    struct sl_err err = {0};
    struct http_reply *reply = call->reply;
    enum sl_result result = sl_log_facts(call->app->store, &facts, &err);
    if (result != SL_OK) {
        api_fail(call, result, &err, "Not found");
        return;
    }
    (void)(api_begin(call) && http_print(reply, "{\"size\":%" PRIu64 ",\"origin\":", facts.size) &&
           http_write_json_string(reply, sl_span_of(facts.origin)) &&
           http_print(reply, ",\"key\":") &&
           http_write_json_string(reply, sl_span_of(facts.log_key)) &&
           http_print(reply, ",\"headKey\":") &&
           http_write_json_string(reply, sl_span_of(facts.head_key)) &&
           write_checkpoint(reply, "checkpoint", facts.has_checkpoint, &facts.newest) &&
           write_checkpoint(reply, "published", facts.has_published, &facts.published) &&
           write_disputed(reply, &facts) && write_verified(reply, &facts) &&
           write_witnesses(reply, &call->app->config) && http_print(reply, "}"));
}
