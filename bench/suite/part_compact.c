/* The work behind ingest: snapshots that are due, made all at once, and the files compacted. */

#include "bench/suite/scratch.h"

#include <stdlib.h>

#define SHARES 16

static bool ingest(const struct bench *bench, const struct shape_kind *kind, struct sl_store *store,
    uint64_t wanted, uint64_t *bytes, uint64_t *events)
{
    bool good = true;
    *bytes = *events = 0;
    for (unsigned i = 0; i < SHARES && good; i++) {
        struct sl_credentials share;
        struct shape *shape = shape_create(kind, bench->seed + i);
        struct buf body = {0};
        struct sl_err err = {0};
        struct sl_synced synced;
        good = shape && scratch_share(store, i, &share);
        ++*events;
        for (uint64_t n = 0; good && *bytes < wanted * (i + 1) / SHARES; n++) {
            buf_clear(&body);
            shape_body(shape, n, share.secret, &body);
            good = scratch_ok(
                sl_share_sync(store, sl_span_of(share.id), buf_span(&body), n + 1, &synced, &err),
                &err, "sync");
            *bytes += body.len;
            ++*events;
        }
        buf_fini(&body);
        shape_destroy(shape);
    }
    return good;
}

struct compacting {
    const struct shape_kind *kind;
    const char *name; /* of its figures */
    uint64_t bytes, events;
    double settle_s, compact_s;
    struct sl_stats before, after;
};

static void record(struct bench *bench, const struct compacting *c)
{
    double bytes = (double)c->bytes;
    const struct {
        const char *name, *unit;
        enum better better;
        double value;
    } figures[] = {{"settle.rate", "B/s", BETTER_HIGH, bytes / c->settle_s},
        {"settle.seconds", "s", BETTER_LOW, c->settle_s},
        {"compact.rate", "B/s", BETTER_HIGH, bytes / c->compact_s},
        {"compact.seconds", "s", BETTER_LOW, c->compact_s},
        {"snapshots", "B", BETTER_LOW, (double)c->after.snapshot_bytes},
        {"snapshots_a_byte", "", BETTER_LOW, (double)c->after.snapshot_bytes / bytes},
        {"disk_before", "B", BETTER_LOW, (double)c->before.disk_bytes},
        {"disk_after", "B", BETTER_LOW, (double)c->after.disk_bytes}};
    char name[96];
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
        snprintf(name, sizeof(name), "%s.%s", c->name, figures[i].name);
        figure_add(bench, name, figures[i].unit, figures[i].better, figures[i].value);
    }
}

static bool measure(struct bench *bench, struct compacting *c)
{
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_err err = {0};
    uint64_t wanted = bench_pick(bench, 20, 100, 500) * 1000000;
    scratch_path(bench, "compact", path);
    struct sl_options options = {
        .dir = path, .durability = SL_DURABLE_PROCESS, .no_compactor = true};
    bench_tell("compact: %llu MB of %s", (unsigned long long)(wanted / 1000000), c->kind->name);
    if (!scratch_ok(sl_store_open(&options, NULL, &store, &err), &err, "open")) return false;
    bool good = ingest(bench, c->kind, store, wanted, &c->bytes, &c->events);
    uint64_t begun = clock_ns();
    good = good && scratch_ok(sl_store_settle(store, &err), &err, "settle");
    c->settle_s = (double)(clock_ns() - begun) / 1e9;
    good = good && scratch_ok(sl_store_stats(store, &c->before, &err), &err, "stats");
    begun = clock_ns();
    good = good && scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
    c->compact_s = (double)(clock_ns() - begun) / 1e9;
    good = good && scratch_ok(sl_store_stats(store, &c->after, &err), &err, "stats") &&
           scratch_verified(store, c->events);
    sl_store_close(store);
    scratch_remove(path);
    if (good) record(bench, c);
    return good;
}

static bool run(struct bench *bench)
{
    struct compacting recorded = {.kind = &shape_capture, .name = "compact"},
                      mixed = {.kind = &shape_mixed, .name = "compact.mixed"};
    return measure(bench, &recorded) && measure(bench, &mixed);
}

const struct part part_compact = {
    "compact", "making all snapshots that are due, compacting the files", run};
