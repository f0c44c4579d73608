/* Stores in the scratch folder, and threads that write into them, as scratch.h describes them. What
   a part leaves in the folder is removed by the next use of the same name, and all of it by main.c
   at the end. */

#include "bench/suite/scratch.h"

#include <assert.h>
#include <ftw.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders and stores ---- */

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    (void)ftw;
    remove(path);
    return 0;
}

void scratch_remove(const char *path)
{
    nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

static _Thread_local uint64_t bytes_found;

static int count_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    if (kind == FTW_F) bytes_found += (uint64_t)stat->st_size;
    return 0;
}

uint64_t scratch_bytes(const char *path)
{
    bytes_found = 0;
    nftw(path, count_one, 32, FTW_PHYS);
    return bytes_found;
}

void scratch_path(const struct bench *bench, const char *name, char path[SCRATCH_PATH_BYTES])
{
    snprintf(path, SCRATCH_PATH_BYTES, "%s/%s", bench->folder, name);
    scratch_remove(path);
}

bool scratch_ok(enum sl_result result, const struct sl_err *err, const char *what)
{
    return result == SL_OK || bench_fail("%s: %s", what, err->text);
}

bool scratch_open(const char *path, enum sl_durability durability, struct sl_store **store)
{
    struct sl_err err = {0};
    struct sl_options options = {.dir = path, .durability = durability};
    mallopt(M_ARENA_MAX, 4); /* as `sharelog serve` has them */
    mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    return scratch_ok(sl_store_open(&options, NULL, store, &err), &err, "open");
}

bool scratch_share(struct sl_store *store, unsigned number, struct sl_credentials *credentials)
{
    struct sl_err err = {0};
    char session[64];
    snprintf(session, sizeof(session), "ses_bench%08u", number);
    return scratch_ok(sl_share_create(store, sl_span_of(session), SL_ROLE_NONE, SL_SPAN("bench"),
                          credentials, &err),
        &err, "create");
}

bool scratch_verified(struct sl_store *store, uint64_t events)
{
    struct sl_err err = {0};
    struct sl_verified verified;
    if (!scratch_ok(sl_store_settle(store, &err), &err, "settle")) return false;
    if (!scratch_ok(sl_store_verify(store, NULL, &verified, &err), &err, "verify")) return false;
    return !events || verified.events == events ||
           bench_fail("verify: %llu events in the log, not %llu",
               (unsigned long long)verified.events, (unsigned long long)events);
}

/* ---- threads ---- */

enum phase { WARM_UP, MEASURE, OVER };

struct crew {
    const struct writers *writers;
    pthread_barrier_t begin;
    atomic_int phase;
    atomic_bool failed;
};

struct writer {
    struct crew *crew;
    unsigned number;
    uint64_t done, counted;
    struct histogram *latency;
    pthread_t thread;
};

static void *write_on(void *arg)
{
    struct writer *writer = arg;
    struct crew *crew = writer->crew;
    const struct writers *writers = crew->writers;
    pthread_barrier_wait(&crew->begin);
    for (;;) {
        int phase = atomic_load_explicit(&crew->phase, memory_order_relaxed);
        if (phase == OVER || atomic_load_explicit(&crew->failed, memory_order_relaxed)) return NULL;
        uint64_t begun = clock_ns();
        if (!writers->op(writers->ctx, writer->number, writer->done)) {
            atomic_store_explicit(&crew->failed, true, memory_order_relaxed);
            return NULL;
        }
        writer->done++;
        if (phase != MEASURE || atomic_load_explicit(&crew->phase, memory_order_relaxed) != MEASURE)
            continue;
        histogram_add(writer->latency, clock_ns() - begun);
        writer->counted++;
    }
}

static void pause_ns(uint64_t ns)
{
    struct timespec time = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    while (nanosleep(&time, &time) != 0) {
    }
}

bool writers_run(const struct writers *writers, struct writers_outcome *outcome)
{
    struct crew crew = {.writers = writers};
    assert(writers->threads > 0);
    struct writer *each = calloc(writers->threads, sizeof(*each));
    if (!each) abort();
    *outcome = (struct writers_outcome){.latency = histogram_create()};
    pthread_barrier_init(&crew.begin, NULL, writers->threads + 1);
    for (unsigned i = 0; i < writers->threads; i++) {
        each[i] = (struct writer){.crew = &crew, .number = i, .latency = histogram_create()};
        if (pthread_create(&each[i].thread, NULL, write_on, &each[i]) != 0) abort();
    }
    pthread_barrier_wait(&crew.begin);
    pause_ns(writers->warm_up_ns);
    uint64_t begun = clock_ns(), counted = 0;
    atomic_store_explicit(&crew.phase, MEASURE, memory_order_relaxed);
    pause_ns(writers->measure_ns);
    atomic_store_explicit(&crew.phase, OVER, memory_order_relaxed);
    uint64_t took = clock_ns() - begun;
    assert(took > 0);
    for (unsigned i = 0; i < writers->threads; i++) {
        pthread_join(each[i].thread, NULL);
        histogram_merge(outcome->latency, each[i].latency);
        histogram_destroy(each[i].latency);
        outcome->done += each[i].done;
        counted += each[i].counted;
    }
    outcome->rate = (double)counted * 1e9 / (double)took;
    pthread_barrier_destroy(&crew.begin);
    free(each);
    return !crew.failed;
}

void writers_outcome_fini(struct writers_outcome *outcome)
{
    histogram_destroy(outcome->latency);
    *outcome = (struct writers_outcome){0};
}

uint64_t bench_measure_ns(const struct bench *bench)
{
    return bench_pick(bench, 200, 700, 2000) * 1000000;
}
