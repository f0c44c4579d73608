/* The store as a whole: the list of sessions, figures, compaction, health. */

#include "http/api/api.h"

#include <inttypes.h>

/* ---- the list ---- */

struct list {
    struct http_call *call;
    uint64_t written;
    bool stopped;
};

static bool write_session(void *ctx, const struct sl_metadata *metadata)
{
    struct list *list = ctx;
    struct http_reply *reply = list->call->reply;
    const char *lead = list->written ? "," : "{\"sessions\":[";
    list->stopped = !((list->written || api_begin(list->call)) && http_print(reply, "%s", lead) &&
                      api_write_metadata(reply, metadata));
    list->written++;
    return !list->stopped;
}

void handle_sessions(struct http_call *call)
{
    struct list list = {.call = call};
    struct sl_err err = {0};
    uint64_t limit = SL_LIST_PAGE, cursor = 0, next = 0, live = 0, removed = 0;
    if (!api_number(call, "limit", 1, SL_LIST_PAGE, &limit) ||
        !api_number(call, "cursor", 0, UINT64_MAX, &cursor))
        return;
    enum sl_result result = sl_store_shares(call->app->store, &live, &removed, &err);
    if (result == SL_OK)
        result =
            sl_shares(call->app->store, cursor, (size_t)limit, write_session, &list, &next, &err);
    if (list.stopped) return;
    if (result == SL_OK && !list.written && api_begin(call))
        http_print(call->reply, "{\"sessions\":[");
    if (result == SL_OK && next)
        http_print(call->reply, "],\"count\":%" PRIu64 ",\"next\":%" PRIu64 "}", live, next);
    else if (result == SL_OK)
        http_print(call->reply, "],\"count\":%" PRIu64 ",\"next\":null}", live);
    api_finish(call, result, &err, "Session not found");
}

/* ---- figures, compaction ---- */

void handle_stats(struct http_call *call)
{
    struct sl_stats stats;
    struct sl_err err = {0};
    enum sl_result result = sl_store_stats(call->app->store, &stats, &err);
    if (result != SL_OK) {
        api_fail(call, result, &err, "Not found");
        return;
    }
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"sharesLive", stats.shares_live},
        {"sharesRemoved", stats.shares_removed},
        {"erasuresPending", stats.erasures_pending},
        {"events", stats.events},
        {"diskBytes", stats.disk_bytes},
        {"eventBytes", stats.event_bytes},
        {"bodyBytes", stats.body_bytes},
        {"logBytes", stats.log_bytes},
        {"snapshotBytes", stats.snapshot_bytes},
        {"derivedBytes", stats.derived_bytes},
        {"memoryBytes", stats.memory_bytes},
        {"appended", stats.appended},
        {"groups", stats.groups},
        {"synced", stats.synced},
        {"readOnly", sl_store_health(call->app->store, NULL) != SL_OK},
    };
    if (!api_begin(call)) return;
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
        http_print(
            call->reply, "%s\"%s\":%" PRIu64, i ? "," : "{", figures[i].name, figures[i].value);
    http_print(call->reply, "}");
}

void handle_compact(struct http_call *call)
{
    struct sl_err err = {0};
    enum sl_result result = sl_store_compact(call->app->store, NULL, &err);
    if (result != SL_OK)
        api_fail(call, result, &err, "Not found");
    else if (http_begin(call->reply, 200, API_JSON))
        http_print(call->reply, "{\"success\":true}");
}

/* ---- health ---- */

void handle_livez(struct http_call *call)
{
    if (http_begin(call->reply, 200, API_JSON)) http_print(call->reply, "{\"status\":\"ok\"}");
}

void handle_readyz(struct http_call *call)
{
    struct sl_err err = {0};
    enum sl_result result = sl_store_health(call->app->store, &err);
    if (result == SL_OK)
        handle_livez(call);
    else /* the reason is for the operator's log, since this is asked without a key */
        http_error(call->reply, 503, "%s", sl_result_text(result));
}
