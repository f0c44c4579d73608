/* Syncs over HTTP, durable: how many, and how soon. In this order:

     one connection's floor   fsync and a bare round trip
     closed loop              1, 16 and 64 connections, as fast as they are answered
     open loop                rates that nobody slows down, up to the knee
     over time                syncs by the second, beside compactions and folds
     growth and folds         ingest_grow.c

   Every server's store is proved and verified before anything of it is recorded. */

#include "bench/suite/floor.h"
#include "bench/suite/ingest_grow.h"
#include "bench/suite/ingest_prove.h"
#include "bench/suite/load_wire.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define SWEEP_CONNECTIONS 64u
#define FOLDS_EVERY_US 250000
#define FOLDS_MOST 1024
/* The knee is the highest rate with a p99 of at most so many times what an idle server takes for
   the slowest batches. */
#define KNEE_TIMES 5
#define IDLE_RATE 100 /* few a second, so that one never meets another */
#define STEADY 0.4    /* of what a closed loop reaches */

/* ---- closed loop ---- */

static bool closed(struct bench *bench, const struct shape_kind *kind, unsigned connections)
{
    struct ingest ingest;
    struct load_outcome outcome;
    char name[64];
    uint64_t measure_ns = bench_measure_ns(bench);
    bench_tell("ingest: %s, %u connections", kind->name, connections);
    snprintf(name, sizeof(name), "ingest.%s.%u", kind->name, connections);
    /* the floor, minutes of the machine's moods ago, once more */
    if (!floor_bare(bench, kind, connections)) return false;
    if (!ingest_start(bench, kind, connections, "ingest", &ingest)) return false;
    bool ran = ingest_load(&ingest, 0, measure_ns / 4, measure_ns, &outcome);
    bool good = ingest_finish(&ingest, ran && ingest_proved(&ingest));
    if (good) ingest_record(bench, name, false, &outcome);
    if (ran) load_outcome_fini(&outcome);
    return good;
}

/* ---- open loop ---- */

struct sweep {
    struct bench *bench;
    struct ingest *ingest;
    const char *shape;
    double slowest;               /* µs, of an idle server */
    double best, best_p99, worst; /* rates: the highest that is good, the lowest that isn't */
};

/* Where the slowest batches of an idle server are, in the middle of those that are about as large
   as the largest. Recorded batches have one of 1.3 MB among 127, too few for p99: whether that was
   the time of a large one or of a small one was a matter of chance. */
static double slowest_quantile(const struct bodies *bodies)
{
    size_t largest = 0, count = 0;
    for (size_t i = 0; i < bodies->count; i++)
        largest = bodies_get(bodies, i).len > largest ? bodies_get(bodies, i).len : largest;
    for (size_t i = 0; i < bodies->count; i++)
        count += bodies_get(bodies, i).len > largest / 2;
    return fmax(0.99, 1 - (double)count / (double)bodies->count / 2);
}

/* A window of whole passes over the batches, so that each rate is tried with the same mix. */
static uint64_t window_ns(const struct sweep *sweep, double rate)
{
    double pass_ns = (double)sweep->ingest->bodies.count / rate * 1e9;
    return (uint64_t)(ceil((double)bench_measure_ns(sweep->bench) / pass_ns) * pass_ns);
}

struct tried {
    double p50, p99, slowest; /* µs */
    bool kept_up;
};

static bool step(struct sweep *sweep, double rate, struct tried *tried)
{
    struct load_outcome outcome;
    uint64_t measure_ns = window_ns(sweep, rate);
    bench_tell("ingest: %s, open loop at %.0f/s", sweep->shape, rate);
    if (!ingest_load(sweep->ingest, rate, bench_measure_ns(sweep->bench) / 4, measure_ns, &outcome))
        return false;
    double quantile = slowest_quantile(&sweep->ingest->bodies);
    tried->p50 = (double)histogram_at(outcome.latency, 0.5) / 1000;
    tried->p99 = (double)histogram_at(outcome.latency, 0.99) / 1000;
    tried->slowest = (double)histogram_at(outcome.latency, quantile) / 1000;
    tried->kept_up = outcome.answered > 0 && outcome.late == 0 && outcome.busy < 0.9;
    load_outcome_fini(&outcome);
    return true;
}

static bool is_good(const struct sweep *sweep, const struct tried *tried)
{
    return tried->kept_up && tried->p99 <= KNEE_TIMES * sweep->slowest;
}

/* A load that it bears, as a rate that nobody slows down: what waits because an answer before it
   was slow is in the corrected latency, and not in the other. */
static bool steady(struct sweep *sweep, double rate)
{
    struct bench *bench = sweep->bench;
    struct load_outcome outcome;
    char name[96];
    bench_tell("ingest: %s, open loop at %.0f/s", sweep->shape, rate);
    if (!ingest_load(
            sweep->ingest, rate, bench_measure_ns(bench) / 4, window_ns(sweep, rate), &outcome))
        return false;
    snprintf(name, sizeof(name), "ingest.%s.open", sweep->shape);
    ingest_record(bench, name, true, &outcome);
    load_outcome_fini(&outcome);
    return true;
}

/* What is not good is tried once more: a disk that held its breath is no knee. */
static bool try_rate(struct sweep *sweep, double rate)
{
    char name[96];
    struct tried tried;
    if (!step(sweep, rate, &tried)) return false;
    if (!is_good(sweep, &tried) && !step(sweep, rate, &tried)) return false;
    snprintf(name, sizeof(name), "ingest.%s_p50.by_rate", sweep->shape);
    series_add(sweep->bench, name, rate, tried.p50);
    snprintf(name, sizeof(name), "ingest.%s_p99.by_rate", sweep->shape);
    series_add(sweep->bench, name, rate, tried.p99);
    if (is_good(sweep, &tried)) {
        sweep->best = rate;
        sweep->best_p99 = tried.p99;
    } else {
        sweep->worst = rate;
    }
    return true;
}

/* Up by steps until it no longer holds, then closer to where that begins. */
static bool find_knee(struct sweep *sweep, double limit)
{
    static const double steps[] = {0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.6, 2.0};
    unsigned halvings = (unsigned)bench_pick(sweep->bench, 1, 3, 4);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && sweep->worst == 0; i++)
        if (!try_rate(sweep, limit * steps[i])) return false;
    for (unsigned i = 0; i < halvings && sweep->worst > 0; i++)
        if (!try_rate(sweep, (sweep->best + sweep->worst) / 2)) return false;
    return true;
}

static bool swept(struct bench *bench, const struct shape_kind *kind)
{
    struct ingest ingest;
    struct sweep sweep = {.bench = bench, .ingest = &ingest, .shape = kind->name};
    struct tried idle = {0};
    char name[96];
    snprintf(name, sizeof(name), "ingest.%s.%u.rate", kind->name, SWEEP_CONNECTIONS);
    double limit = figure_median(bench, name);
    if (!ingest_start(bench, kind, SWEEP_CONNECTIONS, "ingest", &ingest)) return false;
    bool good = step(&sweep, IDLE_RATE, &idle);
    sweep.slowest = idle.slowest;
    good = good && steady(&sweep, limit * STEADY) && find_knee(&sweep, limit);
    good = ingest_finish(&ingest, good && ingest_proved(&ingest));
    if (!good) return false;
    snprintf(name, sizeof(name), "ingest.%s.idle_slowest", kind->name);
    figure_add(bench, name, "us", BETTER_LOW, sweep.slowest);
    snprintf(name, sizeof(name), "ingest.%s.knee.rate", kind->name);
    figure_add(bench, name, "1/s", BETTER_HIGH, sweep.best);
    snprintf(name, sizeof(name), "ingest.%s.knee.p99", kind->name);
    figure_add(bench, name, "us", BETTER_NEITHER, sweep.best_p99);
    return true;
}

/* ---- over time ---- */

/* RocksDB's own log tells when it compacted: lines of JSON behind a tag. */
static void mark_compactions(
    struct bench *bench, const char *folder, const char *name, uint64_t from_us)
{
    char path[SCRATCH_PATH_BYTES], *line = NULL;
    size_t cap = 0;
    snprintf(path, sizeof(path), "%s/db/LOG", folder);
    FILE *file = fopen(path, "r");
    while (file && getline(&line, &cap, file) > 0) {
        const char *time = strstr(line, "\"time_micros\": ");
        if (!time || !strstr(line, "\"event\": \"compaction_finished\"")) continue;
        uint64_t us = strtoull(time + sizeof("\"time_micros\": ") - 1, NULL, 10);
        if (us >= from_us) series_add(bench, name, (double)(us - from_us) / 1e6, 0);
    }
    if (file) fclose(file);
    free(line);
}

/* When folds went on: asked for several times a second, beside the load. */
struct fold_watch {
    const struct server *server;
    uint64_t begun;
    atomic_bool over;
    double at[FOLDS_MOST]; /* seconds */
    size_t count;
    pthread_t thread;
    bool threaded;
};

static void *watch_folds(void *arg)
{
    struct fold_watch *watch = arg;
    uint64_t before = 0, groups;
    bool first = true;
    while (!atomic_load(&watch->over) && watch->count < FOLDS_MOST &&
           snapshot_groups(watch->server, &groups)) {
        if (!first && groups > before)
            watch->at[watch->count++] = (double)(clock_ns() - watch->begun) / 1e9;
        before = groups;
        first = false;
        usleep(FOLDS_EVERY_US);
    }
    return NULL;
}

static void watch_begin(struct fold_watch *watch, const struct server *server)
{
    *watch = (struct fold_watch){.server = server, .begun = clock_ns()};
    watch->threaded = pthread_create(&watch->thread, NULL, watch_folds, watch) == 0;
}

static void watch_end(struct fold_watch *watch)
{
    atomic_store(&watch->over, true);
    if (watch->threaded) pthread_join(watch->thread, NULL);
}

static bool over_time(struct bench *bench, const struct shape_kind *kind)
{
    char name[96];
    struct ingest ingest;
    struct load_outcome outcome;
    struct fold_watch watch;
    uint64_t measure_ns = bench_pick(bench, 1, 10, 30) * 1000000000;
    bench_tell("ingest: %s over time", kind->name);
    if (!ingest_start(bench, kind, 16, "ingest", &ingest)) return false;
    uint64_t begun_us = clock_real_us();
    watch_begin(&watch, &ingest.server);
    bool ran = ingest_load(&ingest, 0, 0, measure_ns, &outcome);
    watch_end(&watch);
    bool good = ran && ingest_proved(&ingest);
    snprintf(name, sizeof(name), "ingest.%s_16.compactions", kind->name);
    if (good) mark_compactions(bench, ingest.server.folder, name, begun_us);
    good = ingest_finish(&ingest, good);
    snprintf(name, sizeof(name), "ingest.%s_16.folds", kind->name);
    for (size_t i = 0; good && i < watch.count; i++)
        series_add(bench, name, watch.at[i], 0);
    if (good) {
        snprintf(name, sizeof(name), "ingest.%s_16", kind->name);
        load_record_seconds(bench, name, &outcome);
        snprintf(name, sizeof(name), "ingest.%s.16.sustained.rate", kind->name);
        figure_add(bench, name, "1/s", BETTER_HIGH, (double)outcome.answered / outcome.seconds);
        snprintf(name, sizeof(name), "ingest.%s.16.sustained.bytes", kind->name);
        figure_add(bench, name, "B/s", BETTER_HIGH, (double)outcome.bytes_out / outcome.seconds);
        snprintf(name, sizeof(name), "ingest.%s.16.sustained.generator_busy", kind->name);
        figure_add(bench, name, "", BETTER_NEITHER, outcome.busy);
    }
    if (ran) load_outcome_fini(&outcome);
    return good;
}

/* ---- one connection's floor ---- */

/* A sync can't be answered sooner than its bytes are synced and a request goes round. */
static bool one_connection_floor(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES], record[2048];
    struct histogram *syncs = histogram_create();
    bool good = true;
    memset(record, 'x', sizeof(record));
    scratch_path(bench, "synced", path);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uint64_t until = clock_ns() + bench_measure_ns(bench);
    for (uint64_t now = clock_ns(), after; good && now < until; now = after) {
        good = write(file, record, sizeof(record)) == sizeof(record) && fdatasync(file) == 0;
        after = clock_ns();
        histogram_add(syncs, after - now);
    }
    if (file >= 0) close(file);
    scratch_remove(path);
    double fsync_us = (double)histogram_at(syncs, 0.5) / 1000;
    histogram_destroy(syncs);
    if (!good) return bench_fail("%s: can't be synced", path);
    if (!floor_http(bench, &shape_2k, 1)) return false;
    figure_add(bench, "ingest.2k.1.floor", "us", BETTER_LOW,
        fsync_us + figure_median(bench, "floor.http.2k.1.p50"));
    return true;
}

/* ---- the part ---- */

static void add_goals(struct bench *bench)
{
    goal_add(bench, "ingest of 2 KB batches, 16 connections, against the bare server",
        "ingest.2k.16.rate", "floor.bare.2k.16.rate", true, 0.9);
    goal_add(bench, "ingest of captures' batches, 16 connections, against the bare server",
        "ingest.capture.16.rate", "floor.bare.capture.16.rate", true, 1);
    goal_add(bench, "a sync on one connection, against fsync and a bare round trip",
        "ingest.2k.1.p50", "ingest.2k.1.floor", false, 1.3);
    goal_add(bench, "a sync into the share once it has grown, against the first",
        "ingest.grow.last", "ingest.grow.first", false, 1.05);
    goal_add(bench, "the same, in turn with syncs into a new share", "ingest.grow.grown",
        "ingest.grow.new", false, 1.05);
    goal_add(bench, "syncs 4,700 to 5,000 of a share that grows, against its first 300",
        "ingest.grow.to_5000", "ingest.grow.first_300", false, 1.1);
    goal_add(bench, "p99 of a sync while folds go on, against none", "ingest.fold.p99",
        "ingest.quiet.p99", false, 2);
    goal_add(bench, "resident memory of the server", "ingest.rss", NULL, false, 256e6);
}

static bool run(struct bench *bench)
{
    static const struct shape_kind *const kinds[] = {&shape_2k, &shape_capture};
    static const unsigned connections[] = {1, 16, SWEEP_CONNECTIONS};
    ingest_take_rss(); /* what other parts noted */
    if (!load_check(bench) || !one_connection_floor(bench)) return false;
    for (size_t k = 0; k < 2; k++) {
        for (size_t c = 0; c < 3; c++)
            if (!closed(bench, kinds[k], connections[c])) return false;
        if (!swept(bench, kinds[k])) return false;
    }
    if (!over_time(bench, &shape_capture) || !over_time(bench, &shape_mixed)) return false;
    if (!ingest_grow(bench) || !ingest_fold(bench)) return false;
    figure_add(bench, "ingest.rss", "B", BETTER_LOW, (double)ingest_take_rss());
    add_goals(bench);
    return true;
}

const struct part part_ingest = {
    "ingest", "syncs over HTTP, durable: rate, latency, the knee, as a share grows", run};
