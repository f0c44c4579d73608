/* What a byte that was synced takes on disk in the end, and how many bytes are written for it on
   the way: the longest recording, played into several shares. */

#include "bench/suite/scratch.h"

#include <stdlib.h>
#include <string.h>

/* What this process has written to files so far. */
static uint64_t written(void)
{
    char line[128];
    unsigned long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, "wchar: ", 7) == 0) bytes = strtoull(line + 7, NULL, 10);
    if (file) fclose(file);
    return bytes;
}

struct disk {
    uint64_t synced, events;          /* bytes of bodies; events */
    uint64_t wrote, wrote_compacting; /* without the last compaction; with it */
    struct sl_stats stats;            /* compacted */
};

static bool fill(
    struct bench *bench, struct sl_store *store, struct bodies *bodies, struct disk *disk)
{
    unsigned shares = (unsigned)bench_pick(bench, 8, 24, 60);
    struct sl_err err = {0};
    for (unsigned i = 0; i < shares; i++) {
        struct sl_credentials share;
        if (!scratch_share(store, i, &share)) return false;
        bodies_sign(bodies, share.secret);
        if (!bodies_play(bodies, store, share.id)) return false;
        disk->synced += bodies->bytes.len;
        disk->events += 1 + bodies->count;
        if (!scratch_ok(sl_store_stats(store, &disk->stats, &err), &err, "stats")) return false;
        series_add(bench, "disk.uncompacted.disk_by_events", (double)disk->events,
            (double)disk->stats.disk_bytes);
    }
    return scratch_ok(sl_store_settle(store, &err), &err, "settle");
}

static void record(struct bench *bench, const struct disk *disk)
{
    const struct sl_stats *stats = &disk->stats;
    double synced = (double)disk->synced;
    const struct {
        const char *name;
        double bytes;
    } families[] = {{"disk.event", (double)stats->event_bytes},
        {"disk.body", (double)stats->body_bytes}, {"disk.log", (double)stats->log_bytes},
        {"disk.snapshot", (double)stats->snapshot_bytes},
        {"disk.derived", (double)stats->derived_bytes}};
    series_add(
        bench, "disk.compacted.disk_by_events", (double)disk->events, (double)stats->disk_bytes);
    figure_add(bench, "disk.kept", "", BETTER_LOW, (double)stats->disk_bytes / synced);
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        figure_add(bench, families[i].name, "", BETTER_LOW, families[i].bytes / synced);
    figure_add(bench, "disk.written", "", BETTER_LOW, (double)disk->wrote / synced);
    figure_add(
        bench, "disk.written_compacting", "", BETTER_LOW, (double)disk->wrote_compacting / synced);
    goal_add(bench, "bytes on disk a byte synced, compacted", "disk.kept", NULL, false, 0.15);
    goal_add(bench, "WAL and compaction bytes written a byte synced", "disk.written_compacting",
        NULL, false, 4);
}

static bool run(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_err err = {0};
    struct bodies bodies = {0};
    struct disk disk = {0};
    bench_tell("disk: the longest recording, several times");
    scratch_path(bench, "disk", path);
    if (!bodies_of_recording(bench, "long", &bodies)) return false;
    uint64_t before = written();
    bool good = scratch_open(path, SL_DURABLE_PROCESS, &store);
    if (good) {
        good = fill(bench, store, &bodies, &disk);
        disk.wrote = written() - before;
        good = good && scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
        disk.wrote_compacting = written() - before;
        good = good && scratch_verified(store, disk.events) &&
               scratch_ok(sl_store_stats(store, &disk.stats, &err), &err, "stats");
        sl_store_close(store);
    }
    uint64_t closed = scratch_bytes(path);
    if (good) {
        record(bench, &disk);
        figure_add(bench, "disk.files", "", BETTER_LOW, (double)closed / (double)disk.synced);
    }
    scratch_remove(path);
    bodies_fini(&bodies);
    return good;
}

const struct part part_disk = {
    "disk", "bytes kept and bytes written for a byte that was synced", run};
