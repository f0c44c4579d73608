/* History: a share's events, one event with what a verifier needs, the whole store's events.

   Pages of history go out event by event as the store gives them. A failure before the first one
   has its status; a later one breaks the answer off. */

#include "core/base/crypto.h"
#include "http/api/api.h"
#include "http/call/param.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const no_share = "Share not found";

/* ---- one event's fields ---- */

/* `"seq":…` up to the kind; the caller goes on. */
static bool write_place(struct http_reply *reply, const struct sl_event_info *info)
{
    return http_print(reply,
        "\"seq\":%" PRIu64 ",\"position\":%" PRIu64 ",\"time\":%" PRIu64 ",\"kind\":\"%s\"",
        info->sequence, info->position, info->time_ms, sl_kind_name(info->kind));
}

/* `,"bytes":…,"types":{…},"hash":…`, and before the hash how many items were redacted on arrival,
   if any were. */
static bool write_content(struct http_reply *reply, const struct sl_event_info *info)
{
    char hash[65];
    crypto_hex(info->leaf, sizeof(info->leaf), hash);
    if (!http_print(reply, ",\"bytes\":%" PRIu64 ",\"types\":{", info->bytes)) return false;
    for (size_t i = 0; i < info->types_count; i++)
        if (!(http_print(reply, "%s", i ? "," : "") &&
                http_write_json_string(reply, info->types[i].type) &&
                http_print(reply, ":%" PRIu64, info->types[i].items)))
            return false;
    return http_print(reply, "}") &&
           (!info->marked || http_print(reply, ",\"redactedOnArrival\":%" PRIu64, info->marked)) &&
           http_print(reply, ",\"hash\":\"%s\"", hash);
}

/* ---- a share's history ---- */

struct page {
    struct http_call *call;
    uint64_t written, limit;
    bool stopped;
};

static bool write_listed(void *ctx, const struct sl_event_info *info)
{
    struct page *page = ctx;
    struct http_reply *reply = page->call->reply;
    /* Begun with the first event: a store that fails before it still gets its status. */
    const char *lead = page->written ? "," : "{\"events\":[";
    page->stopped =
        !((page->written || api_begin(page->call)) && http_print(reply, "%s{", lead) &&
            write_place(reply, info) && http_print(reply, ",\"items\":%" PRIu64, info->items) &&
            write_content(reply, info) && http_print(reply, "}"));
    page->written++;
    return !page->stopped;
}

static bool want_newest_first(struct http_call *call, bool *newest_first)
{
    char order[8];
    enum param given = param_text(call->request, "order", order, sizeof(order));
    *newest_first = given == PARAM_GIVEN && strcmp(order, "desc") == 0;
    if (given == PARAM_ABSENT || *newest_first ||
        (given == PARAM_GIVEN && strcmp(order, "asc") == 0))
        return true;
    http_error(call->reply, 400, "order: expected asc or desc");
    return false;
}

void handle_events(struct http_call *call)
{
    struct page page = {.call = call, .limit = SL_HISTORY_PAGE};
    struct sl_share_info info;
    struct sl_err err = {0};
    uint64_t from = 0, next = 0;
    bool newest_first;
    if (!api_logged_share(call, no_share, &info) ||
        !api_number(call, "from", 0, UINT64_MAX, &from) ||
        !api_number(call, "limit", 1, SL_HISTORY_PAGE, &page.limit) ||
        !want_newest_first(call, &newest_first))
        return;
    enum sl_result result = sl_share_events(call->app->store, api_id(call), from,
        (size_t)page.limit, newest_first, write_listed, &page, &next, &err);
    if (page.stopped) return;
    if (result == SL_OK &&
        (page.written || (api_begin(call) && http_print(call->reply, "{\"events\":[")))) {
        if (next)
            http_print(call->reply, "],\"next\":%" PRIu64 "}", next);
        else
            http_print(call->reply, "],\"next\":null}");
    }
    api_finish(call, result, &err, no_share);
}

/* ---- one event ---- */

/* Base64 of bytes that come piece by piece: what doesn't fill three waits for the next piece. */
struct base64 {
    struct http_reply *reply;
    uint8_t rest[3];
    size_t rest_len;
};

static bool base64_write(void *ctx, const void *bytes, size_t len)
{
    struct base64 *base64 = ctx;
    const uint8_t *at = bytes;
    char text[4 * 256 + 1];
    while (len) {
        if (base64->rest_len == 0 && len >= 3) {
            size_t take = len < 768 ? len - len % 3 : 768;
            size_t n = crypto_base64(at, take, text);
            if (!http_write(base64->reply, text, n)) return false;
            at += take;
            len -= take;
            continue;
        }
        base64->rest[base64->rest_len++] = *at++;
        len--;
        if (base64->rest_len < 3) continue;
        base64->rest_len = 0;
        if (!http_write(base64->reply, text, crypto_base64(base64->rest, 3, text))) return false;
    }
    return true;
}

static bool base64_end(struct base64 *base64)
{
    char text[8];
    size_t n = crypto_base64(base64->rest, base64->rest_len, text);
    return http_write(base64->reply, text, n);
}

/* `,"name":"…"`, or null for what is gone. */
static bool write_base64(struct http_reply *reply, const char *name, struct sl_span bytes)
{
    struct base64 base64 = {.reply = reply};
    if (bytes.len == 0) return http_print(reply, ",\"%s\":null", name);
    return http_print(reply, ",\"%s\":\"", name) && base64_write(&base64, bytes.ptr, bytes.len) &&
           base64_end(&base64) && http_print(reply, "\"");
}

/* What an item that is withheld was committed to: with it, and without its bytes, the manifest can
   still be checked. */
static bool write_commitment(struct http_reply *reply, const struct sl_item *item)
{
    return http_print(
               reply, ",\"withheld\":true,\"committedBytes\":%" PRIu64, item->committed_bytes) &&
           write_base64(reply, "commitment", (struct sl_span){(const char *)item->commitment, 32});
}

static bool write_item(struct http_reply *reply, const struct sl_item *item)
{
    return http_print(reply, "{\"type\":") && http_write_json_string(reply, item->type) &&
           http_print(reply, ",\"key\":") && http_write_json_string(reply, item->key) &&
           http_print(reply, ",\"bytes\":%" PRIu64, item->bytes) &&
           (!item->marked || http_print(reply, ",\"redactedOnArrival\":true")) &&
           (!item->withheld || write_commitment(reply, item)) && http_print(reply, "}");
}

static bool write_items(struct http_reply *reply, struct sl_event *event)
{
    const struct sl_event_info *info = sl_event_info(event);
    if (!http_print(reply, ",\"items\":[")) return false;
    for (uint64_t i = 0; i < info->items; i++) {
        struct sl_item item = sl_event_item(event, (size_t)i);
        if (!((i == 0 || http_print(reply, ",")) && write_item(reply, &item))) return false;
    }
    return http_print(reply, "]");
}

/* The event's nonce; where it would give away what is withheld, those of the others, one by one. */
static bool write_nonces(struct http_reply *reply, struct sl_event *event)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct sl_span nonce = sl_event_nonce(event), manifest = sl_event_manifest_nonce(event);
    char text[32];
    if (!write_base64(reply, "nonce", nonce)) return false;
    if (nonce.len || !manifest.len) return true;
    crypto_base64(manifest.ptr, manifest.len, text);
    if (!http_print(reply, ",\"nonces\":{\"manifest\":\"%s\",\"items\":[", text)) return false;
    for (uint64_t i = 0; i < info->items; i++) {
        struct sl_item item = sl_event_item(event, (size_t)i);
        const char *comma = i ? "," : "";
        if (item.nonce) crypto_base64(item.nonce, 16, text);
        if (!(item.nonce ? http_print(reply, "%s\"%s\"", comma, text)
                         : http_print(reply, "%snull", comma)))
            return false;
    }
    return http_print(reply, "]}");
}

/* A sync's data is JSON, and goes out as the client sent it. */
static enum sl_result write_text(
    struct http_reply *reply, struct sl_event *event, struct sl_err *err)
{
    char piece[16 * 1024];
    for (uint64_t offset = 0;;) {
        size_t len = 0;
        enum sl_result result = sl_event_text(event, offset, piece, sizeof(piece), &len, err);
        if (result != SL_OK || len == 0) return result;
        if (!http_write(reply, piece, len)) return SL_STOPPED;
        offset += len;
    }
}

/* The other kinds' is msgpack: base64 of each item. Nothing stands in the place of a create's. */
static enum sl_result write_records(
    struct http_reply *reply, struct sl_event *event, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    const char *comma = "";
    if (!http_print(reply, "[")) return SL_STOPPED;
    for (uint64_t i = 0; i < info->items; i++) {
        struct base64 base64 = {.reply = reply};
        struct sl_item item = sl_event_item(event, (size_t)i);
        if (item.withheld && item.bytes == 0) continue;
        if (!(http_print(reply, "%s{\"type\":", comma) &&
                http_write_json_string(reply, item.type) && http_print(reply, ",\"data\":\"")))
            return SL_STOPPED;
        enum sl_result result =
            sl_event_item_data(event, (size_t)i, (struct sl_sink){base64_write, &base64}, err);
        if (result != SL_OK) return result;
        if (!base64_end(&base64) || !http_print(reply, "\"}")) return SL_STOPPED;
        comma = ",";
    }
    return http_print(reply, "]") ? SL_OK : SL_STOPPED;
}

static enum sl_result write_event(
    struct http_call *call, struct sl_event *event, struct sl_err *err)
{
    struct http_reply *reply = call->reply;
    const struct sl_event_info *info = sl_event_info(event);
    char leaf[65];
    crypto_hex(info->leaf, sizeof(info->leaf), leaf);
    /* `items` lists them here, where a page of history counts them. `arrived` is in µs: the
     * manifest binds it so. */
    if (!(api_begin(call) && http_print(reply, "{\"id\":\"%s\",", call->id) &&
            write_place(reply, info) &&
            http_print(reply, ",\"arrived\":%" PRIu64, info->arrived_us) &&
            write_items(reply, event) && write_content(reply, info) &&
            http_print(reply, ",\"leaf\":\"%s\"", leaf) &&
            write_base64(reply, "header", sl_event_header(event)) && write_nonces(reply, event) &&
            write_base64(reply, "salt", sl_event_salt(event)) && http_print(reply, ",\"data\":")))
        return SL_STOPPED;
    enum sl_result result =
        info->kind == SL_SYNC ? write_text(reply, event, err) : write_records(reply, event, err);
    if (result != SL_OK) return result;
    return http_print(reply, "}") ? SL_OK : SL_STOPPED;
}

void handle_event(struct http_call *call)
{
    struct sl_event *event = NULL;
    struct sl_share_info info;
    struct sl_err err = {0};
    if (!api_logged_share(call, no_share, &info)) return;
    enum sl_result result =
        sl_event_open(call->app->store, api_id(call), call->sequence, &event, &err);
    if (result == SL_OK) result = write_event(call, event, &err);
    api_finish(call, result, &err, no_share);
    sl_event_close(event);
}

/* ---- the whole store's history ---- */

static bool write_line(void *ctx, const struct sl_event_info *info)
{
    struct page *page = ctx;
    struct http_reply *reply = page->call->reply;
    const char *id = info->share_id ? info->share_id : "";
    page->stopped = !(http_print(reply, "{\"id\":\"%s\",", id) && write_place(reply, info) &&
                      http_print(reply, ",\"items\":%" PRIu64, info->items) &&
                      write_content(reply, info) && http_print(reply, "}\n"));
    page->written++;
    return !page->stopped;
}

void handle_all_events(struct http_call *call)
{
    struct page page = {.call = call, .limit = UINT64_MAX};
    struct sl_err err = {0};
    enum sl_result result = SL_OK;
    uint64_t from = 0;
    if (!api_number(call, "from", 0, UINT64_MAX, &from) ||
        !api_number(call, "limit", 1, UINT64_MAX, &page.limit))
        return;
    call->reply->compress = true;
    if (!http_begin(call->reply, 200, "application/x-ndjson")) return;
    /* A page at a time: no read of the store is held open for as long as a slow client takes to the
     * end. */
    while (result == SL_OK && !page.stopped && page.written < page.limit) {
        uint64_t before = page.written, left = page.limit - before;
        size_t limit = left < SL_HISTORY_PAGE ? (size_t)left : SL_HISTORY_PAGE;
        result = sl_store_events(call->app->store, from, limit, write_line, &page, &from, &err);
        if (page.written == before) break;
    }
    if (!page.stopped) api_finish(call, result, &err, no_share);
}
