/* How long a large store takes to open. It is made once a run, of tiny events, by several threads
   that don't wait for the disk. */

#include "bench/suite/scratch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 64
#define SHARES_A_THREAD 4

struct filling {
    struct sl_store *store;
    struct sl_credentials shares[THREADS][SHARES_A_THREAD];
    uint64_t wanted;
    atomic_ullong next;
};

static bool sync_tiny(struct filling *filling, const struct sl_credentials *share, uint64_t n)
{
    char body[160];
    struct sl_err err = {0};
    struct sl_synced synced;
    int len = snprintf(body, sizeof(body),
        "{\"secret\":\"%s\",\"data\":[{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\"}}]}",
        share->secret, (unsigned)(n % 100));
    struct sl_span text = {body, (size_t)len};
    return scratch_ok(
        sl_share_sync(filling->store, sl_span_of(share->id), text, n + 1, &synced, &err), &err,
        "sync");
}

struct filler {
    struct filling *filling;
    unsigned number;
    bool good;
    pthread_t thread;
};

static void *fill_on(void *arg)
{
    struct filler *filler = arg;
    struct filling *filling = filler->filling;
    uint64_t n;
    filler->good = true;
    while (filler->good && (n = atomic_fetch_add_explicit(
                                &filling->next, 1, memory_order_relaxed)) < filling->wanted)
        filler->good =
            sync_tiny(filling, &filling->shares[filler->number][n / THREADS % SHARES_A_THREAD], n);
    return NULL;
}

static bool fill(struct sl_store *store, uint64_t events)
{
    struct filling *filling = calloc(1, sizeof(*filling));
    struct filler fillers[THREADS];
    if (!filling) abort();
    bool good = true;
    filling->store = store;
    filling->wanted = events - THREADS * SHARES_A_THREAD;
    for (unsigned i = 0; i < THREADS * SHARES_A_THREAD && good; i++)
        good = scratch_share(store, i, &filling->shares[i / SHARES_A_THREAD][i % SHARES_A_THREAD]);
    unsigned started = 0;
    for (; started < THREADS && good; started++) {
        fillers[started] = (struct filler){.filling = filling, .number = started};
        if (pthread_create(&fillers[started].thread, NULL, fill_on, &fillers[started]) != 0)
            abort();
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(fillers[i].thread, NULL);
        good = good && fillers[i].good;
    }
    free(filling);
    return good;
}

/* Made in the first round, for all. */
static bool make(struct bench *bench, uint64_t events, const char *path)
{
    struct sl_store *store;
    if (access(path, F_OK) == 0) return true;
    bench_tell("open: making a store of %llu events", (unsigned long long)events);
    uint64_t begun = clock_ns();
    if (!scratch_open(path, SL_DURABLE_PROCESS, &store)) return false;
    bool good = fill(store, events);
    if (good) {
        char name[96];
        snprintf(name, sizeof(name), "open.%llu.made", (unsigned long long)events);
        figure_add(bench, name, "1/s", BETTER_NEITHER,
            (double)events * 1e9 / (double)(clock_ns() - begun));
    }
    sl_store_close(store);
    return good;
}

static bool open_once(
    const char *path, uint64_t events, bool verify, double *seconds, uint64_t *bytes)
{
    struct sl_store *store;
    struct sl_stats stats;
    struct sl_err err = {0};
    uint64_t begun = clock_ns();
    if (!scratch_open(path, SL_DURABLE_FSYNC, &store)) return false;
    *seconds = (double)(clock_ns() - begun) / 1e9;
    bool good = scratch_ok(sl_store_stats(store, &stats, &err), &err, "stats");
    if (good && stats.events != events)
        good = bench_fail("open: %llu events are there", (unsigned long long)stats.events);
    *bytes = stats.disk_bytes;
    good = good && (!verify || scratch_verified(store, events));
    sl_store_close(store);
    return good;
}

/* The server's own start: its port answers. */
static bool serve_once(struct bench *bench, const char *path, double *seconds)
{
    struct server server;
    const char *const flags[] = {NULL};
    uint64_t begun = clock_ns();
    if (!server_start(bench, path, flags, &server)) return false;
    *seconds = (double)(clock_ns() - begun) / 1e9;
    return server_stop(&server);
}

static void record(struct bench *bench, const char *what, uint64_t events, double seconds)
{
    char name[96], text[128];
    unsigned long long e = events;
    snprintf(name, sizeof(name), "open.%llu.%s", e, what);
    figure_add(bench, name, "s", BETTER_LOW, seconds);
    snprintf(text, sizeof(text), "open a store of %llu events (%s), in seconds", e, what);
    goal_add(bench, text, name, NULL, false, 1);
}

static bool measure(struct bench *bench, uint64_t events)
{
    char path[SCRATCH_PATH_BYTES], name[96];
    unsigned long long e = events;
    double written, clean, serving;
    uint64_t bytes;
    snprintf(path, sizeof(path), "%s/open-%llu", bench->folder, e);
    bool fresh = access(path, F_OK) != 0;
    if (!make(bench, events, path)) return false;
    bench_tell("open: a store of %llu events", e);
    /* The first opening finds what was written last in the WAL, the next ones find it in files.
       The largest store would take minutes to verify. */
    bool verify = fresh && events <= 1000000;
    if (fresh && !open_once(path, events, false, &written, &bytes)) return false;
    if (!open_once(path, events, verify, &clean, &bytes) || !serve_once(bench, path, &serving))
        return false;
    if (fresh) record(bench, "written", events, written);
    record(bench, "clean", events, clean);
    record(bench, "serving", events, serving);
    snprintf(name, sizeof(name), "open.%llu.bytes", e);
    figure_add(bench, name, "B", BETTER_NEITHER, (double)bytes);
    series_add(bench, "open.seconds_by_events", (double)events, clean);
    return true;
}

/* The longest recording, again and again, each time into a new share. */
static bool play(const struct server *server, struct bodies *bodies, uint64_t wanted)
{
    struct sl_credentials share;
    struct buf answer = {0};
    char target[128], session_id[64];
    uint64_t sent = 0;
    bool good = true;
    for (unsigned i = 0; good && sent < wanted; i++, sent += bodies->bytes.len) {
        snprintf(session_id, sizeof(session_id), "ses_bench%08u", i);
        if (!server_create_share(server, session_id, &share)) return false;
        bodies_sign(bodies, share.secret);
        snprintf(target, sizeof(target), "/api/share/%s/sync", share.id);
        for (size_t n = 0; n < bodies->count && good; n++) {
            int status = 0;
            buf_clear(&answer);
            good = server_ask(server, "POST", target, bodies_get(bodies, n), &status, &answer) &&
                   status == 200;
            if (!good) bench_fail("sync: status %d", status);
        }
    }
    buf_fini(&answer);
    return good;
}

/* With much of it in the WAL alone, as after a crash: a server that is killed. */
static bool killed(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    const char *const flags[] = {"--durability", "process", NULL};
    struct server server, again;
    struct bodies bodies = {0};
    struct sl_store *store;
    bench_tell("open: after a kill");
    scratch_path(bench, "open-killed", path);
    if (!bodies_of_recording(bench, "long", &bodies) || !server_start(bench, path, flags, &server))
        return false;
    bool good = play(&server, &bodies, bench_pick(bench, 20, 100, 220) * 1000000);
    bodies_fini(&bodies);
    kill(server.pid, SIGKILL);
    waitpid(server.pid, NULL, 0);
    uint64_t begun = clock_ns();
    good = good && server_start(bench, path, flags, &again);
    double seconds = (double)(clock_ns() - begun) / 1e9;
    good = good && server_stop(&again) && scratch_open(path, SL_DURABLE_FSYNC, &store);
    if (good) {
        good = scratch_verified(store, 0);
        sl_store_close(store);
    }
    if (good) figure_add(bench, "open.killed.seconds", "s", BETTER_LOW, seconds);
    scratch_remove(path);
    return good;
}

static bool run(struct bench *bench)
{
    if (!measure(bench, 10000)) return false;
    if (bench->size >= BENCH_NORMAL && !measure(bench, 1000000)) return false;
    if (bench->size >= BENCH_FULL && !measure(bench, 10000000)) return false;
    return killed(bench);
}

const struct part part_open = {"open", "start of a large store, and after a kill", run};
