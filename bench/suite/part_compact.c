/* The work behind ingest: snapshots that are due, made all at once, and the files compacted. */

#include "bench/suite/scratch.h"

#include <stdlib.h>

#define SHARES 16

static bool ingest(const struct bench *bench, struct sl_store *store, uint64_t wanted,
    uint64_t *bytes, uint64_t *events)
{
    bool good = true;
    *bytes = *events = 0;
    for (unsigned i = 0; i < SHARES && good; i++) {
        struct sl_credentials share;
        struct shape *shape = shape_create(bench, &shape_capture, bench->seed + i);
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

static void record(struct bench *bench, uint64_t bytes, double settle_s, double compact_s,
    const struct sl_stats *before, const struct sl_stats *after)
{
    figure_add(bench, "compact.settle.rate", "B/s", BETTER_HIGH, (double)bytes / settle_s);
    figure_add(bench, "compact.settle.seconds", "s", BETTER_LOW, settle_s);
    figure_add(bench, "compact.compact.rate", "B/s", BETTER_HIGH, (double)bytes / compact_s);
    figure_add(bench, "compact.compact.seconds", "s", BETTER_LOW, compact_s);
    figure_add(bench, "compact.snapshots", "B", BETTER_LOW, (double)after->snapshot_bytes);
    figure_add(bench, "compact.snapshots_a_byte", "", BETTER_LOW,
        (double)after->snapshot_bytes / (double)bytes);
    figure_add(bench, "compact.disk_before", "B", BETTER_LOW, (double)before->disk_bytes);
    figure_add(bench, "compact.disk_after", "B", BETTER_LOW, (double)after->disk_bytes);
}

static bool run(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_err err = {0};
    struct sl_stats before, after;
    uint64_t bytes, events, wanted = bench_pick(bench, 20, 100, 500) * 1000000;
    scratch_path(bench, "compact", path);
    struct sl_options options = {
        .dir = path, .durability = SL_DURABLE_PROCESS, .no_compactor = true};
    bench_tell("compact: %llu MB of recorded batches", (unsigned long long)(wanted / 1000000));
    if (!scratch_ok(sl_store_open(&options, NULL, &store, &err), &err, "open")) return false;
    bool good = ingest(bench, store, wanted, &bytes, &events);
    uint64_t begun = clock_ns();
    good = good && scratch_ok(sl_store_settle(store, &err), &err, "settle");
    double settle_s = (double)(clock_ns() - begun) / 1e9;
    good = good && scratch_ok(sl_store_stats(store, &before, &err), &err, "stats");
    begun = clock_ns();
    good = good && scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
    double compact_s = (double)(clock_ns() - begun) / 1e9;
    good = good && scratch_ok(sl_store_stats(store, &after, &err), &err, "stats") &&
           scratch_verified(store, events);
    sl_store_close(store);
    scratch_remove(path);
    if (good) record(bench, bytes, settle_s, compact_s, &before, &after);
    return good;
}

const struct part part_compact = {
    "compact", "making all snapshots that are due, compacting the files", run};
