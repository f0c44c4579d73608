/* Routes: one table, and how a raw path is held against it.

   The first line whose pattern fits the path and whose method fits the request is the route. A path
   that fits none is unknown; one that fits with other methods only is told them. */

#include "http/routes.h"

#include "core/base/decimal.h"
#include "http/api/api.h"
#include "http/pages/asset.h"
#include "http/pages/export/page_export.h"
#include "http/pages/export/page_offline.h"
#include "http/pages/frame.h"
#include "http/pages/history/page_compare.h"
#include "http/pages/history/page_event.h"
#include "http/pages/history/page_history.h"
#include "http/pages/owner/page_audit.h"
#include "http/pages/owner/page_sessions.h"
#include "http/pages/owner/page_take_down.h"
#include "http/pages/owner/sign_in.h"
#include "http/pages/session/page_item.h"
#include "http/pages/session/page_timeline.h"
#include "http/pages/session/page_update.h"
#include "http/tile.h"

#include <stdio.h>

#define CONTROL SL_CONTROL_BODY_BYTES

/* clang-format off */
static const struct route table[] = {
    {HTTP_POST, "/api/share", ROUTE_ANYONE, CONTROL, handle_create, "create a share for {sessionID}, or recover the one that the same key made"},
    {HTTP_POST, "/api/share/:id/sync", ROUTE_SECRET, ROUTE_BODY_CONFIGURED, handle_sync, "append a batch {secret, data:[{type,data}…]}; 200 means durable"},
    {HTTP_DELETE, "/api/share/:id", ROUTE_SECRET, CONTROL, handle_remove, "remove a share for ever: {secret}, or the owner key"},
    {HTTP_POST, "/api/share/:id/redact", ROUTE_SECRET, CONTROL, handle_redact, "take out {seq,item}, {key} or {text}, {reason}: {secret}, or the owner key; 400, 403, 404"},
    {HTTP_DELETE, "/api/support/actions/remove-share", ROUTE_OWNER, CONTROL, handle_take_down, "take down {shareID} and hold its session"},

    {HTTP_GET, "/api/share/:id", ROUTE_ANYONE, 0, handle_session, "the session: {session,messages,parts,diffs,models,metadata}; ?at=SEQ|?t=TIME, ?diffs=latest"},
    {HTTP_GET, "/api/share/:id/data", ROUTE_ANYONE, 0, handle_data, "the newest item of each key; ?at=SEQ|?t=TIME"},
    {HTTP_GET, "/api/share/:id/metadata", ROUTE_ANYONE, 0, handle_metadata, "title, directory, counts and times; ?at=SEQ|?t=TIME"},
    {HTTP_GET, "/api/share/:id/changes", ROUTE_ANYONE, 0, handle_changes, "keys added, changed and removed between sequences ?from and ?to"},
    {HTTP_GET, "/api/share/:id/events", ROUTE_ANYONE, 0, handle_events, "history; ?from=SEQ, ?limit=1…1000, ?order=asc|desc"},
    {HTTP_GET, "/api/share/:id/events/:seq", ROUTE_ANYONE, 0, handle_event, "one event with its data, and what a verifier needs"},
    {HTTP_GET, "/api/share/:id/events/:seq/proof", ROUTE_ANYONE, 0, handle_proof, "that event's inclusion in the log, as c2sp.org/tlog-proof@v1; of removed shares too; may wait a second for a checkpoint, 503 when none can be signed"},
    {HTTP_GET, "/api/share/:id/events/:seq/receipt", ROUTE_ANYONE, 0, handle_receipt, "what the sharer of that event may keep: a head statement of the share as of it, signed; the same bytes each time; waits and fails as a proof does"},
    {HTTP_GET, "/api/share/:id/head", ROUTE_ANYONE, 0, handle_head, "where the share ends now: a head statement, signed; of removed shares too, whose last event is then the removal; waits and fails as a proof does"},
    {HTTP_GET, "/api/share/:id/bundle", ROUTE_ANYONE, 0, handle_bundle, "everything to verify a share without the server; of removed shares too; 503 when no checkpoint can be signed"},
    {HTTP_GET, "/api/share/:id/live", ROUTE_ANYONE, 0, handle_live, "server-sent events; Last-Event-ID (the last sequence seen) or ?from (the first wanted), ?quiet=1 without data"},
    {HTTP_GET, "/ws/:id", ROUTE_ANYONE, 0, handle_ws, "a WebSocket: each batch's data array is one text message"},

    {HTTP_GET, "/api/sessions", ROUTE_OWNER, 0, handle_sessions, "live shares, newest first; ?limit, ?cursor"},
    {HTTP_POST, "/api/sessions/allow", ROUTE_OWNER, CONTROL, handle_allow, "let {sessionID}, once taken down, be shared again"},
    {HTTP_GET, "/api/events", ROUTE_OWNER, 0, handle_all_events, "all shares' events by position, NDJSON; ?from, ?limit"},
    {HTTP_GET, "/api/stats", ROUTE_OWNER, 0, handle_stats, "what the store holds"},
    {HTTP_POST, "/api/compact", ROUTE_OWNER, CONTROL, handle_compact, "make what snapshots are due, finish erasures, compact the files"},
    {HTTP_POST, "/api/redact", ROUTE_OWNER, CONTROL, handle_redact_all, "take {text} out of every live share: {shares,events,items,inKeys}; {reason}"},
    {HTTP_GET, "/api/log", ROUTE_OWNER, 0, handle_log_facts, "the log: size, origin, key, checkpoints, the last verification"},

    {HTTP_GET, "/log/checkpoint", ROUTE_ANYONE, 0, handle_checkpoint, "the log's size and root, signed; a C2SP checkpoint; no-cache, with an ETag"},
    {HTTP_GET, "/log/tile/:level/:tile", ROUTE_ANYONE, 0, handle_tile, "hashes of the log's tree, as C2SP tiles; immutable; 404 where the log has no such tile"},
    {HTTP_GET, "/log/tile/entries/:tile", ROUTE_ANYONE, 0, handle_entries, "the log's leaves, for the owner, or for anyone with --public-log; immutable; 401, 404"},

    {HTTP_GET, "/api/doc", ROUTE_ANYONE, 0, handle_doc, "this text"},
    {HTTP_GET, "/livez", ROUTE_ANYONE, 0, handle_livez, "the process answers"},
    {HTTP_GET, "/readyz", ROUTE_ANYONE, 0, handle_readyz, "the store takes writes"},
    {HTTP_GET, "/healthz", ROUTE_ANYONE, 0, handle_readyz, "the same as /readyz"},

    {HTTP_GET, "/", ROUTE_ANYONE, 0, page_root, "to /sessions"},
    {HTTP_GET, "/sessions", ROUTE_ANYONE, 0, page_sessions, "the list of sessions, for the owner; ?q searches"},
    {HTTP_POST, "/sessions", ROUTE_ANYONE, CONTROL, page_sign_in, "the owner's key from the form"},
    {HTTP_POST, "/sessions/logout", ROUTE_ANYONE, CONTROL, page_sign_out, "forget the owner's browser"},
    {HTTP_GET, "/sessions/:id/remove", ROUTE_ANYONE, 0, page_take_down_ask, "ask the owner whether to take a share down"},
    {HTTP_POST, "/sessions/:id/remove", ROUTE_ANYONE, CONTROL, page_take_down, "the owner's yes, from that form"},
    {HTTP_GET, "/audit", ROUTE_ANYONE, 0, page_audit, "the log, its checkpoints and witnesses, and the store's health, for the owner"},
    {HTTP_GET, "/share/:id", ROUTE_ANYONE, 0, page_share_or_markdown, "a session to read; ?at=SEQ|?t=TIME; as Markdown for who prefers text/markdown"},
    {HTTP_GET, "/s/:id", ROUTE_ANYONE, 0, page_share_or_markdown, "the same as /share/:id"},
    {HTTP_GET, "/share/:id.md", ROUTE_ANYONE, 0, page_markdown, "a transcript in Markdown; ?at=SEQ|?t=TIME, as all of these"},
    {HTTP_GET, "/share/:id.txt", ROUTE_ANYONE, 0, page_text, "a transcript in plain text"},
    {HTTP_GET, "/share/:id.json", ROUTE_ANYONE, 0, handle_session, "the same as /api/share/:id"},
    {HTTP_GET, "/share/:id.html", ROUTE_ANYONE, 0, page_offline, "the page as one file that plays without a server"},
    {HTTP_GET, "/share/:id.bundle", ROUTE_ANYONE, 0, handle_bundle, "the same as /api/share/:id/bundle"},
    {HTTP_GET, "/share/:id.jsonl", ROUTE_ANYONE, 0, page_events, "the events, a line each, with their data"},
    {HTTP_GET, "/share/:id/update", ROUTE_ANYONE, 0, page_update, "HTML of what differs between the pages at sequences ?from and ?to"},
    {HTTP_GET, "/share/:id/timeline", ROUTE_ANYONE, 0, page_timeline, "when each event was, and where the prompts are, as JSON"},
    {HTTP_GET, "/share/:id/item", ROUTE_ANYONE, 0, page_item, "one item in full, or one field of it; ?key, ?field=a.b, ?at=SEQ|?t=TIME"},
    {HTTP_GET, "/share/:id/history", ROUTE_ANYONE, 0, page_history, "every event; ?from=SEQ|TIME, ?order=desc|asc, ?kind, ?type"},
    {HTTP_GET, "/share/:id/history/:seq", ROUTE_ANYONE, 0, page_event, "one event, and what each of its items changed"},
    {HTTP_GET, "/share/:id/compare", ROUTE_ANYONE, 0, page_compare, "what differs between ?from and ?to, sequences or times"},
    {HTTP_GET, "/assets/:file", ROUTE_ANYONE, 0, page_asset, "a style sheet, script or icon, by a name that carries its hash"},
};
/* clang-format on */

const struct route *routes_table(size_t *count)
{
    *count = sizeof(table) / sizeof(*table);
    return table;
}

/* Take "/segment" off the front of a path; false at its end, or where no slash is. */
static bool next_segment(struct sl_span *path, struct sl_span *segment)
{
    if (path->len == 0 || path->ptr[0] != '/') return false;
    const char *begin = path->ptr + 1;
    size_t left = path->len - 1;
    const char *slash = left ? memchr(begin, '/', left) : NULL;
    segment->ptr = begin;
    segment->len = slash ? (size_t)(slash - begin) : left;
    *path = (struct sl_span){begin + segment->len, left - segment->len};
    return true;
}

/* The handler looks the path up in a table of its own. */
static bool file_name(struct sl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && (c != '.' || i == 0)) return false;
    }
    return text.len > 0;
}

static bool segment_fits(
    struct sl_span want, struct sl_span got, size_t depth, struct http_call *call)
{
    if (want.len >= 3 && memcmp(want.ptr, ":id", 3) == 0) {
        /* An id has no dot: an ending is never taken for a part of one. */
        struct sl_span ending = {want.ptr + 3, want.len - 3};
        if (got.len < ending.len) return false;
        got.len -= ending.len;
        if (memcmp(got.ptr + got.len, ending.ptr, ending.len) != 0 || !sl_share_id_valid(got))
            return false;
        memcpy(call->id, got.ptr, got.len);
        call->id[got.len] = 0;
        return true;
    }
    if (sl_span_eq(want, SL_SPAN(":file"))) return file_name(got);
    if (sl_span_eq(want, SL_SPAN(":level"))) return tile_parse_level(got, &call->level);
    if (sl_span_eq(want, SL_SPAN(":seq"))) return sl_decimal(got, UINT64_MAX, &call->sequence);
    if (depth == 1 && sl_span_eq(want, SL_SPAN("share")) && sl_span_eq(got, SL_SPAN("shares")))
        return true;
    return sl_span_eq(want, got);
}

/* Its number takes as many segments as it takes. */
static bool tile_fits(struct sl_span path, struct http_call *call)
{
    return path.len > 0 && path.ptr[0] == '/' &&
           tile_parse((struct sl_span){path.ptr + 1, path.len - 1}, &call->tile, &call->width);
}

bool route_fits(const char *pattern, struct sl_span path, struct http_call *call)
{
    struct sl_span rest = sl_span_of(pattern), want, got;
    call->id[0] = 0;
    call->sequence = 0;
    for (size_t depth = 0; next_segment(&rest, &want); depth++) {
        if (sl_span_eq(want, SL_SPAN(":tile"))) return tile_fits(path, call);
        if (!next_segment(&path, &got) || !segment_fits(want, got, depth, call)) return false;
    }
    return path.len == 0;
}

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET: return "GET, HEAD";
    case HTTP_POST: return "POST";
    case HTTP_DELETE: return "DELETE";
    case HTTP_HEAD:
    case HTTP_OPTIONS:
    case HTTP_OTHER: break;
    }
    return NULL;
}

const struct route *route_find(
    enum http_method method, struct sl_span path, struct http_call *call, char *allow, size_t cap)
{
    size_t used = 0;
    allow[0] = 0;
    if (method == HTTP_HEAD) method = HTTP_GET;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (!route_fits(table[i].pattern, path, call)) continue;
        if (table[i].method == method) return &table[i];
        int n = snprintf(
            allow + used, cap - used, "%s%s", used ? ", " : "", method_name(table[i].method));
        if (n > 0 && (size_t)n < cap - used) used += (size_t)n;
    }
    return NULL;
}

static bool begins_with(struct sl_span path, struct sl_span segment)
{
    struct sl_span first;
    return next_segment(&path, &first) && sl_span_eq(first, segment);
}

bool route_is_api(struct sl_span path)
{
    return begins_with(path, SL_SPAN("api"));
}

bool route_is_page(struct sl_span path)
{
    return begins_with(path, SL_SPAN("share")) || begins_with(path, SL_SPAN("s")) ||
           begins_with(path, SL_SPAN("sessions")) || begins_with(path, SL_SPAN("audit"));
}

struct sl_span route_path(struct sl_span path)
{
    if (path.len >= 2 && path.ptr[0] == '/' && path.ptr[1] == '/') {
        struct sl_span rest = {path.ptr + 1, path.len - 1};
        if (route_is_api(rest)) return rest;
    }
    return path;
}
