/* The engine alone, in this process: sl_share_sync from many threads, each with a share of its own,
   beside raw RocksDB group commit of the same bytes. */

#include "bench/suite/floor.h"
#include "bench/suite/scratch.h"

#include "core/base/json.h"

#include <stdlib.h>

struct appender {
    struct sl_credentials share;
    struct bodies bodies;
    uint64_t syncs;
};

struct appending {
    struct sl_store *store;
    struct appender *appenders;
    unsigned count;
};

static bool sync_one(void *ctx, unsigned thread, uint64_t n)
{
    struct appending *appending = ctx;
    struct appender *appender = &appending->appenders[thread];
    struct sl_err err = {0};
    struct sl_synced synced;
    if (!scratch_ok(sl_share_sync(appending->store, sl_span_of(appender->share.id),
                        bodies_get(&appender->bodies, n), clock_ns() / 1000, &synced, &err),
            &err, "sync"))
        return false;
    appender->syncs = n + 1;
    return synced.syncs == n + 1 ||
           bench_fail("sync %llu was counted as %llu", (unsigned long long)n + 1,
               (unsigned long long)synced.syncs);
}

static bool event_text(struct sl_store *store, const char *id, uint64_t sequence, struct buf *out)
{
    struct sl_event *event;
    struct sl_err err = {0};
    if (!scratch_ok(
            sl_event_open(store, sl_span_of(id), sequence, &event, &err), &err, "open event"))
        return false;
    uint64_t bytes = sl_event_text_bytes(event);
    enum sl_result result = SL_OK;
    buf_clear(out);
    if (!buf_reserve(out, bytes)) abort();
    for (size_t len = 1; result == SL_OK && len > 0; out->len += len) {
        len = 0;
        result =
            sl_event_text(event, out->len, out->ptr + out->len, out->cap - out->len, &len, &err);
        if (out->len + len == bytes) {
            out->len += len;
            break;
        }
    }
    sl_event_close(event);
    return scratch_ok(result, &err, "read event") &&
           (out->len == bytes || bench_fail("read event: cut short"));
}

/* Is each share's last sync there, byte for byte, and every event verified? */
static bool check(const struct appending *appending)
{
    struct buf text = {0};
    uint64_t events = 0;
    bool good = true;
    for (unsigned i = 0; i < appending->count && good; i++) {
        const struct appender *appender = &appending->appenders[i];
        struct sl_span data;
        events += 1 + appender->syncs;
        if (appender->syncs == 0) continue;
        struct sl_span sent = bodies_get(&appender->bodies, appender->syncs - 1);
        good = event_text(appending->store, appender->share.id, 1 + appender->syncs, &text);
        if (good && (!json_get(sent, "data", &data) || !sl_span_eq(data, buf_span(&text))))
            good = bench_fail("the last event isn't what was synced last");
    }
    buf_fini(&text);
    return good && scratch_verified(appending->store, events);
}

static bool make_appenders(
    struct bench *bench, const struct shape_kind *kind, struct appending *appending)
{
    appending->appenders = calloc(appending->count, sizeof(*appending->appenders));
    if (!appending->appenders) abort();
    size_t each = appending->count == 1 ? 512 : 32;
    for (unsigned i = 0; i < appending->count; i++) {
        struct appender *appender = &appending->appenders[i];
        if (!scratch_share(appending->store, i, &appender->share) ||
            !bodies_of_shape(
                bench, kind, i * each, each, appender->share.secret, &appender->bodies))
            return false;
    }
    return true;
}

static bool measure(struct bench *bench, const struct shape_kind *kind, struct appending *appending)
{
    struct writers writers = {appending->count, bench_measure_ns(bench) / 4,
        bench_measure_ns(bench), sync_one, appending};
    struct writers_outcome outcome;
    struct sl_stats before, after;
    struct sl_err err = {0};
    char name[128], rate[160];
    snprintf(name, sizeof(name), "append.%s.%u", kind->name, appending->count);
    if (!scratch_ok(sl_store_stats(appending->store, &before, &err), &err, "stats")) return false;
    uint64_t cpu = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    bool good = writers_run(&writers, &outcome);
    cpu = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    good = scratch_ok(sl_store_stats(appending->store, &after, &err), &err, "stats") && good;
    if (good && (good = check(appending))) {
        snprintf(rate, sizeof(rate), "%s.rate", name);
        figure_add(bench, rate, "1/s", BETTER_HIGH, outcome.rate);
        histogram_record(bench, name, outcome.latency);
        snprintf(rate, sizeof(rate), "%s.cpu", name);
        figure_add(bench, rate, "us", BETTER_LOW, (double)cpu / 1000 / (double)outcome.done);
        snprintf(rate, sizeof(rate), "%s.group", name);
        figure_add(bench, rate, "", BETTER_NEITHER,
            (double)(after.appended - before.appended) / (double)(after.groups - before.groups));
    }
    writers_outcome_fini(&outcome);
    return good;
}

static bool append(struct bench *bench, const struct shape_kind *kind, unsigned count)
{
    char path[SCRATCH_PATH_BYTES], over[128], under[128], text[160];
    struct appending appending = {.count = count};
    bench_tell("append: %s, %u writers", kind->name, count);
    if (!floor_rocksdb(bench, kind, count)) return false;
    scratch_path(bench, "append", path);
    if (!scratch_open(path, SL_DURABLE_FSYNC, &appending.store)) return false;
    bool good = make_appenders(bench, kind, &appending) && measure(bench, kind, &appending);
    sl_store_close(appending.store);
    for (unsigned i = 0; i < count; i++)
        bodies_fini(&appending.appenders[i].bodies);
    free(appending.appenders);
    scratch_remove(path);
    snprintf(over, sizeof(over), "append.%s.%u.rate", kind->name, count);
    snprintf(under, sizeof(under), "floor.rocksdb.%s.%u.rate", kind->name, count);
    snprintf(text, sizeof(text), "engine append against raw RocksDB group commit, %s, %u writer%s",
        kind->name, count, count == 1 ? "" : "s");
    goal_add(bench, text, over, under, true, kind->source == SHAPE_RECORDED ? 0.95 : 0.9);
    return good;
}

static bool run(struct bench *bench)
{
    static const unsigned counts[] = {1, 16, 64};
    for (size_t i = 0; i < 3; i++)
        if (!append(bench, &shape_2k, counts[i]) || !append(bench, &shape_capture, counts[i]))
            return false;
    return true;
}

const struct part part_append = {
    "append", "the engine alone: durable syncs by 1, 16 and 64 threads", run};
