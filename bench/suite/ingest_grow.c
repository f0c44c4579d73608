/* What a sync costs in a share that grows, and beside folds. */

#include "bench/suite/ingest_grow.h"

#include "bench/suite/ingest_prove.h"
#include "bench/suite/ingest_sync.h"
#include "bench/suite/load_wire.h"
#include "bench/suite/scratch.h"
#include "bench/suite/server_process.h"
#include "core/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCKS 20
/* Slices without a fold behind which none comes any more; and all that are waited for. */
#define RESTING 10
#define SLICES_MOST 6000
#define WARM_UP 200
/* Of a state that is compared byte for byte; of larger ones the counts, and `verify`. */
#define COMPARED_PARTS 20000

/* ---- one client, one sync at a time ---- */

struct client {
    int fd;
    struct buf out, in, body;
};

static bool client_open(struct client *client, unsigned port)
{
    *client = (struct client){.fd = connect_to(port)};
    return client->fd >= 0 || bench_fail("grow: connect: %s", strerror(errno));
}

static void client_close(struct client *client)
{
    if (client->fd >= 0) close(client->fd);
    buf_fini(&client->out);
    buf_fini(&client->in);
    buf_fini(&client->body);
}

static bool exchange(struct client *client, struct answer *answer)
{
    *answer = (struct answer){0};
    buf_clear(&client->in);
    return send_all(client->fd, client->out.ptr, client->out.len) &&
           receive_answer(client->fd, http_answer, &client->in, answer) == ANSWER_WHOLE;
}

/* The next sync of a share that grows by a part each time. *ns: how long it took. */
static bool sync_next(struct client *client, struct writer *writer, uint64_t *ns)
{
    struct answer answer;
    buf_clear(&client->body);
    buf_clear(&client->out);
    bodies_grown(writer->sent, writer->credentials.secret, &client->body);
    sync_head(writer->credentials.id, client->body.len, &client->out);
    buf_add_span(&client->out, buf_span(&client->body));
    uint64_t begun = clock_ns();
    bool good = exchange(client, &answer);
    *ns = clock_ns() - begun;
    writer->sent++;
    if (!good || !sync_counted(answer.status, answer.body, writer->acknowledged + 1))
        return bench_fail("grow: sync %llu of share %s isn't acknowledged",
            (unsigned long long)writer->sent, writer->credentials.id);
    writer->acknowledged++;
    return true;
}

/* So many syncs; *median in µs (may be NULL). */
static bool sync_some(struct client *client, struct writer *writer, uint64_t count, double *median)
{
    struct histogram *histogram = histogram_create();
    bool good = true;
    for (uint64_t i = 0, ns; good && i < count; i++) {
        good = sync_next(client, writer, &ns);
        if (good) histogram_add(histogram, ns);
    }
    if (good && median) *median = (double)histogram_at(histogram, 0.5) / 1000;
    histogram_destroy(histogram);
    return good;
}

/* ---- a share that grows ---- */

static bool in_blocks(
    struct bench *bench, struct client *client, struct writer *grown, uint64_t parts)
{
    double median = 0;
    bench_tell("ingest: a share that grows to %llu parts", (unsigned long long)parts);
    for (unsigned block = 0; block < BLOCKS; block++) {
        if (!sync_some(client, grown, parts / BLOCKS, &median)) return false;
        series_add(bench, "ingest.sharelog.sync_by_size", (double)grown->acknowledged, median);
        if (block == 0) figure_add(bench, "ingest.grow.first", "us", BETTER_LOW, median);
    }
    figure_add(bench, "ingest.grow.last", "us", BETTER_LOW, median);
    return true;
}

/* From outside, one run: what the first of a new share cost, and those at the end of 5,000, beside
   the folds that it makes due. */
static bool to_5000(struct bench *bench, struct client *client, struct writer *writer)
{
    double first = 0, last = 0;
    bench_tell("ingest: 5,000 syncs into one share");
    bool good = sync_some(client, writer, 300, &first) && sync_some(client, writer, 4400, NULL) &&
                sync_some(client, writer, 300, &last);
    if (!good) return false;
    figure_add(bench, "ingest.grow.first_300", "us", BETTER_LOW, first);
    figure_add(bench, "ingest.grow.to_5000", "us", BETTER_LOW, last);
    return true;
}

/* By turns, so that what the machine does meanwhile is the same for both. */
static bool by_turns(
    struct bench *bench, struct client *client, struct writer *grown, struct writer *fresh)
{
    struct histogram *old = histogram_create(), *new = histogram_create();
    uint64_t turns = bench_pick(bench, 200, 1000, 4000), ns;
    bool good = true;
    for (uint64_t i = 0; good && i < turns; i++) {
        good = sync_next(client, grown, &ns);
        if (good) histogram_add(old, ns);
        good = good && sync_next(client, fresh, &ns);
        if (good) histogram_add(new, ns);
    }
    if (good) {
        figure_add(
            bench, "ingest.grow.grown", "us", BETTER_LOW, (double)histogram_at(old, 0.5) / 1000);
        figure_add(
            bench, "ingest.grow.new", "us", BETTER_LOW, (double)histogram_at(new, 0.5) / 1000);
    }
    histogram_destroy(old);
    histogram_destroy(new);
    return good;
}

static bool counted(struct sl_span answer, const char *name, uint64_t want)
{
    struct sl_span field;
    uint64_t value = UINT64_MAX;
    if (json_get(answer, name, &field)) json_u64(field, &value);
    return value == want || bench_fail("grow: %s is %llu, not %llu", name,
                                (unsigned long long)value, (unsigned long long)want);
}

/* The share counts its syncs and parts, and (if it isn't too large) is what its bodies give. */
static bool grown_proved(const struct server *server, const struct writer *writer)
{
    char target[SL_SHARE_ID_BYTES + 64];
    struct buf answer = {0};
    int status = 0;
    uint64_t syncs = writer->acknowledged;
    snprintf(target, sizeof(target), "/api/share/%s/metadata", writer->credentials.id);
    bool good = server_ask(server, "GET", target, SL_SPAN(""), &status, &answer) && status == 200 &&
                counted(buf_span(&answer), "syncCount", syncs) &&
                counted(buf_span(&answer), "partCount", syncs);
    if (!good || syncs > COMPARED_PARTS + WARM_UP) goto out;
    struct buf text = {0};
    size_t *ends = calloc(syncs, sizeof(*ends));
    struct sl_span *spans = calloc(syncs, sizeof(*spans));
    if (!ends || !spans) abort();
    for (uint64_t i = 0; i < syncs; i++) {
        bodies_grown(i, writer->credentials.secret, &text);
        ends[i] = text.len;
    }
    for (uint64_t i = 0; i < syncs; i++) {
        size_t from = i ? ends[i - 1] : 0;
        spans[i] = (struct sl_span){text.ptr + from, ends[i] - from};
    }
    snprintf(target, sizeof(target), "/api/share/%s/data", writer->credentials.id);
    buf_clear(&answer);
    good = (server_ask(server, "GET", target, SL_SPAN(""), &status, &answer) && status == 200 &&
               data_fits(buf_span(&answer), spans, syncs)) ||
           bench_fail("grow: /data isn't what %llu syncs give", (unsigned long long)syncs);
    free(ends);
    free(spans);
    buf_fini(&text);
out:
    buf_fini(&answer);
    return good;
}

bool ingest_grow(struct bench *bench)
{
    static const char *const flags[] = {"--durability", "fsync", NULL};
    struct server server;
    struct client client = {.fd = -1};
    struct writer warm = {0}, early = {0}, grown = {0}, fresh = {0};
    char path[SCRATCH_PATH_BYTES];
    scratch_path(bench, "grow", path);
    if (!server_start(bench, path, flags, &server)) return false;
    bool good = server_create_share(&server, "ses_warm00000001", &warm.credentials) &&
                server_create_share(&server, "ses_early0000004", &early.credentials) &&
                server_create_share(&server, "ses_grown0000002", &grown.credentials) &&
                server_create_share(&server, "ses_fresh0000003", &fresh.credentials) &&
                client_open(&client, server.port) && sync_some(&client, &warm, WARM_UP, NULL) &&
                to_5000(bench, &client, &early) && grown_proved(&server, &early) &&
                in_blocks(bench, &client, &grown, bench_pick(bench, 2000, 20000, 100000)) &&
                by_turns(bench, &client, &grown, &fresh) && grown_proved(&server, &grown) &&
                grown_proved(&server, &fresh);
    client_close(&client);
    ingest_note_rss(&server);
    good = server_stop(&server) && good && store_verified(bench, path);
    scratch_remove(path);
    return good;
}

/* ---- beside folds ---- */

/* A store whose snapshots are all still to be made: what the compactor of the next server that
   opens it begins with. */
static bool make_unfolded(const char *path, unsigned shares, uint64_t syncs)
{
    struct sl_err err = {0};
    struct sl_store *store = NULL;
    struct sl_options options = {
        .dir = path, .durability = SL_DURABLE_PROCESS, .no_compactor = true};
    struct sl_credentials credentials;
    struct sl_synced synced;
    struct buf body = {0};
    bool good = scratch_ok(sl_store_open(&options, NULL, &store, &err), &err, "open");
    for (unsigned share = 0; good && share < shares; share++) {
        good = scratch_share(store, share, &credentials);
        for (uint64_t n = 0; good && n < syncs; n++) {
            buf_clear(&body);
            bodies_grown(n, credentials.secret, &body);
            good = scratch_ok(sl_share_sync(store, sl_span_of(credentials.id), buf_span(&body),
                                  clock_ns() / 1000, &synced, &err),
                &err, "sync");
        }
    }
    buf_fini(&body);
    sl_store_close(store);
    return good;
}

/* Syncs into another share for a slice of time, and whether a fold went on in it. */
static bool slice(const struct server *server, struct client *client, struct writer *writer,
    struct histogram *histogram, bool *folded)
{
    uint64_t before = 0, after = 0, ns;
    if (!snapshot_groups(server, &before)) return false;
    for (uint64_t until = clock_ns() + 100000000; clock_ns() < until;) {
        if (!sync_next(client, writer, &ns)) return false;
        histogram_add(histogram, ns);
    }
    if (!snapshot_groups(server, &after)) return false;
    *folded = after > before;
    return true;
}

static bool measure_folds(struct bench *bench, const struct server *server, struct writer *writer)
{
    struct client client;
    struct histogram *now = histogram_create(), *folding = histogram_create(),
                     *quiet = histogram_create();
    unsigned slices = 0, still = 0;
    bool folded = false, good = client_open(&client, server->port);
    /* the compactor rests between its rows, so one slice without is not the end */
    for (unsigned resting = 0, tries = 0; good && resting < RESTING; tries++) {
        histogram_clear(now);
        good = slice(server, &client, writer, now, &folded) &&
               (tries < SLICES_MOST || bench_fail("fold: no end of folds"));
        resting = folded ? 0 : resting + 1;
        slices += folded;
        if (good && folded) histogram_merge(folding, now);
    }
    /* its own snapshots aside, it is quiet from then on */
    for (unsigned tries = 0; good && still < slices && tries < 10 * slices; tries++) {
        histogram_clear(now);
        good = slice(server, &client, writer, now, &folded);
        if (!folded) histogram_merge(quiet, now);
        still += !folded;
    }
    if (good && (histogram_count(folding) < 100 || histogram_count(quiet) < 100))
        good = bench_fail("fold: %llu syncs beside folds, %llu without: too few to compare",
            (unsigned long long)histogram_count(folding),
            (unsigned long long)histogram_count(quiet));
    if (good) {
        histogram_record(bench, "ingest.fold", folding);
        histogram_record(bench, "ingest.quiet", quiet);
    }
    client_close(&client);
    histogram_destroy(now);
    histogram_destroy(folding);
    histogram_destroy(quiet);
    return good;
}

bool ingest_fold(struct bench *bench)
{
    static const char *const flags[] = {"--durability", "fsync", NULL};
    struct server server;
    struct writer writer = {0};
    char path[SCRATCH_PATH_BYTES];
    scratch_path(bench, "fold", path);
    bench_tell("ingest: beside folds");
    /* 8 MB a share */
    if (!make_unfolded(path, (unsigned)bench_pick(bench, 4, 16, 64), 5000)) return false;
    if (!server_start(bench, path, flags, &server)) return false;
    bool good = server_create_share(&server, "ses_beside000001", &writer.credentials) &&
                measure_folds(bench, &server, &writer) && grown_proved(&server, &writer);
    ingest_note_rss(&server);
    good = server_stop(&server) && good && store_verified(bench, path);
    scratch_remove(path);
    return good;
}
