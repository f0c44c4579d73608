/* Reads over HTTP of a session of 200 messages, 1,000 parts and 2 MB: as JSON, as AgentSession, its
   metadata, its page. */

#include "bench/suite/read_at.h"

#include "bench/suite/floor.h"
#include "bench/suite/read_cold.h"
#include "bench/suite/scratch.h"
#include "bench/suite/server_process.h"
#include "bench/suite/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 4
#define PAGES 21

/* ---- the session ---- */

/* Sent over HTTP in so many batches. */
static bool send_session(const struct server *server, const char *session_id, unsigned batches,
    struct sl_credentials *share)
{
    char *text = NULL, target[128];
    size_t len = 0;
    struct bodies bodies = {0};
    struct buf answer = {0};
    FILE *out = open_memstream(&text, &len);
    if (!out) abort();
    session_write(out, batches, 200 / batches, 1000 / batches, 2300);
    fclose(out);
    bool good = bodies_of_lines((struct sl_span){text, len}, &bodies) &&
                server_create_share(server, session_id, share);
    if (good) bodies_sign(&bodies, share->secret);
    snprintf(target, sizeof(target), "/api/share/%s/sync", share->id);
    for (size_t i = 0; i < bodies.count && good; i++) {
        int status = 0;
        buf_clear(&answer);
        good = server_ask(server, "POST", target, bodies_get(&bodies, i), &status, &answer) &&
               status == 200;
        if (!good) bench_fail("sync of the session: status %d", status);
    }
    free(text);
    bodies_fini(&bodies);
    buf_fini(&answer);
    return good;
}

/* ---- answers that are always the same, by load ---- */

struct asking {
    char target[128];
    struct buf expected;
};

static void ask(void *ctx, unsigned connection, struct buf *out)
{
    struct asking *asking = ctx;
    char head[256];
    (void)connection;
    int len =
        snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", asking->target);
    buf_add(out, head, (size_t)len);
}

static bool look(void *ctx, unsigned connection, int status, struct sl_span body)
{
    const struct asking *asking = ctx;
    (void)connection;
    return status == 200 && body.len == asking->expected.len &&
           memcmp(body.ptr, asking->expected.ptr, body.len) == 0;
}

static bool measure(
    struct bench *bench, const struct server *server, const char *name, struct asking *asking)
{
    int status = 0;
    buf_clear(&asking->expected);
    if (!server_ask(server, "GET", asking->target, SL_SPAN(""), &status, &asking->expected) ||
        status != 200)
        return bench_fail("%s: status %d", asking->target, status);
    struct load load = {.port = server->port,
        .connections = CONNECTIONS,
        .warm_up_ns = bench_measure_ns(bench) / 4,
        .measure_ns = bench_measure_ns(bench),
        .request = ask,
        .answer = look,
        .ctx = asking};
    struct load_outcome outcome;
    if (!load_run(&load, &outcome)) return false;
    bool good = load_record(bench, name, BETTER_HIGH, &outcome);
    load_outcome_fini(&outcome);
    return good;
}

/* ---- a page, by one visitor ---- */

/* When the first byte came, and the last, in ns from the connect on. */
static bool visit(
    unsigned port, const char *target, uint64_t *first, uint64_t *whole, size_t *bytes)
{
    char piece[65536], head[256];
    uint64_t begun = clock_ns();
    int fd = connect_to(port);
    if (fd < 0) return bench_fail("connect: %s", strerror(errno));
    int len = snprintf(head, sizeof(head),
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", target);
    bool good = send(fd, head, (size_t)len, MSG_NOSIGNAL) == len;
    ssize_t n = 0;
    *bytes = 0;
    while (good && (n = recv(fd, piece, sizeof(piece), 0)) > 0) {
        if (*bytes == 0) {
            *first = clock_ns() - begun;
            good = n > 12 && memcmp(piece + 8, " 200", 4) == 0;
        }
        *bytes += (size_t)n;
    }
    *whole = clock_ns() - begun;
    close(fd);
    return (good && n == 0 && *bytes > 0) || bench_fail("%s: not a whole page", target);
}

static bool pages(struct bench *bench, const struct server *server, const char *id)
{
    char target[128];
    struct histogram *firsts = histogram_create(), *wholes = histogram_create();
    bool good = true;
    size_t bytes = 0, bytes_before = 0;
    snprintf(target, sizeof(target), "/share/%s", id);
    for (int i = 0; i <= PAGES && good; i++) {
        uint64_t first = 0, whole = 0;
        good = visit(server->port, target, &first, &whole, &bytes);
        if (good && i > 0) { /* the first is warm-up */
            histogram_add(firsts, first);
            histogram_add(wholes, whole);
            /* a session of 2 MB, whose page may say how long ago something was */
            if (bytes < 1000000 || bytes > bytes_before + 100 || bytes + 100 < bytes_before)
                good = bench_fail("%s: %zu bytes after %zu", target, bytes, bytes_before);
        }
        bytes_before = bytes;
    }
    if (good) {
        histogram_record(bench, "read.page.first_byte", firsts);
        histogram_record(bench, "read.page.whole", wholes);
        figure_add(bench, "read.page.bytes", "B", BETTER_NEITHER, (double)bytes);
    }
    histogram_destroy(firsts);
    histogram_destroy(wholes);
    return good;
}

/* ---- the part ---- */

static void goals(struct bench *bench)
{
    goal_add(bench, "/data of 2 MB, nothing pending, against sending it from memory by CivetWeb",
        "read.data.rate", "floor.send_data.rate", true, 0.8);
    goal_add(bench, "metadata against the bare answer", "read.metadata.rate",
        "floor.send_metadata.rate", true, 0.7);
    goal_add(bench, "share page of 2 MB: first byte, in µs", "read.page.first_byte.p50", NULL,
        false, 5000);
    goal_add(bench, "share page of 2 MB: whole, in µs", "read.page.whole.p50", NULL, false, 40000);
}

/* Each read, its floor right before it. */
static bool read_all(struct bench *bench, const struct server *server, const char *whole,
    const char *pending, struct asking *data)
{
    struct asking asking = {0};
    snprintf(data->target, sizeof(data->target), "/api/share/%s/data", whole);
    int status = 0;
    bool good = server_ask(server, "GET", data->target, SL_SPAN(""), &status, &data->expected) &&
                floor_send(bench, "floor.send_data", data->expected.len, CONNECTIONS) &&
                measure(bench, server, "read.data", data);
    snprintf(asking.target, sizeof(asking.target), "/api/share/%s/data", pending);
    good = good && measure(bench, server, "read.data_pending", &asking);
    snprintf(asking.target, sizeof(asking.target), "/api/share/%s", whole);
    good = good && measure(bench, server, "read.session", &asking);
    snprintf(asking.target, sizeof(asking.target), "/api/share/%s/metadata", whole);
    buf_clear(&asking.expected);
    good = good &&
           server_ask(server, "GET", asking.target, SL_SPAN(""), &status, &asking.expected) &&
           floor_send(bench, "floor.send_metadata", asking.expected.len, CONNECTIONS) &&
           measure(bench, server, "read.metadata", &asking) && pages(bench, server, pending);
    buf_fini(&asking.expected);
    return good;
}

/* What was served is what the store holds. */
static bool check(const char *folder, const char *id, const struct asking *data)
{
    struct sl_store *store;
    struct sl_view *view;
    struct sl_err err = {0};
    struct buf state = {0};
    if (!scratch_open(folder, SL_DURABLE_FSYNC, &store)) return false;
    enum sl_result result =
        sl_view_open(store, sl_span_of(id), (struct sl_moment){SL_NOW, 0}, &view, &err);
    size_t items = 0;
    if (result == SL_OK) {
        result = sl_view_data(view, buf_sink(&state), &err);
        if (result == SL_OK) result = sl_view_items(view, &items, &err);
        sl_view_close(view);
    }
    bool good = scratch_ok(result, &err, "read the session") && scratch_verified(store, 0);
    if (good && (items != 1203 || !sl_span_eq(buf_span(&state), buf_span(&data->expected))))
        good = bench_fail("/data isn't the session that was sent (%zu items)", items);
    sl_store_close(store);
    buf_fini(&state);
    return good;
}

static bool run(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    const char *const flags[] = {NULL};
    struct server server;
    struct sl_credentials whole, pending;
    struct asking data = {0};
    bench_tell("read: a session of 2 MB");
    scratch_path(bench, "read", path);
    if (!server_start(bench, path, flags, &server)) return false;
    /* In one batch there is a snapshot at the last event, in 40 there are events behind it. */
    bool good = send_session(&server, "ses_benchwhole01", 1, &whole) &&
                send_session(&server, "ses_benchparts02", 40, &pending);
    usleep(500000); /* the snapshot */
    good = good && read_all(bench, &server, whole.id, pending.id, &data);
    good = server_stop(&server) && good;
    good = good && check(server.folder, whole.id, &data);
    buf_fini(&data.expected);
    scratch_remove(server.folder);
    if (good) goals(bench);
    return good && read_at(bench) && read_cold(bench);
}

const struct part part_read = {
    "read", "a session of 2 MB: JSON, AgentSession, metadata, page; any moment of long ones", run};
