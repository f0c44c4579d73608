/* A sync over HTTP: its head, the answer that acknowledges it, and what /api/stats says of the
   server that takes it. */

#include "bench/suite/ingest_sync.h"

#include "core/base/json.h"

void sync_head(const char *id, size_t body_bytes, struct buf *out)
{
    char head[256];
    int len = snprintf(head, sizeof(head),
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        id, body_bytes);
    buf_add(out, head, (size_t)len);
}

bool sync_counted(int status, struct sl_span answer, uint64_t syncs)
{
    char want[128];
    int len = snprintf(want, sizeof(want), "{\"success\":true,\"syncCount\":%llu,\"seq\":%llu}",
        (unsigned long long)syncs, (unsigned long long)syncs + 1);
    return status == 200 && sl_span_eq(answer, (struct sl_span){want, (size_t)len});
}

bool snapshot_groups(const struct server *server, uint64_t *groups)
{
    struct buf answer = {0};
    struct sl_span field;
    uint64_t all = 0, synced = 0;
    int status = 0;
    bool good = server_ask(server, "GET", "/api/stats", SL_SPAN(""), &status, &answer) &&
                status == 200 && json_get(buf_span(&answer), "groups", &field) &&
                json_u64(field, &all) && json_get(buf_span(&answer), "synced", &field) &&
                json_u64(field, &synced);
    buf_fini(&answer);
    *groups = all - synced;
    return good || bench_fail("fold: /api/stats: status %d", status);
}

/* ---- memory ---- */

static uint64_t rss_most; /* since it was taken last */

void ingest_note_rss(const struct server *server)
{
    uint64_t rss = server_rss(server, true);
    if (rss > rss_most) rss_most = rss;
}

uint64_t ingest_take_rss(void)
{
    uint64_t rss = rss_most;
    rss_most = 0;
    return rss;
}
