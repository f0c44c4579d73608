/* What a byte that was synced takes on disk in the end, and how many bytes are written for it on
   the way:

     disk.*         the longest recording, played into several shares
     disk.mixed.*   sessions that never repeat, as many bytes a share
     disk.list.*    one client of the second generation, which sends its whole list again each time
 */

#include "bench/suite/mixed.h"
#include "bench/suite/scratch.h"

#include <stdlib.h>
#include <string.h>

#define LIST_SYNCS 400
#define MIXED_BYTES 2800000 /* a share; as the longest recording */

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
    const char *name; /* of its figures */
    unsigned shares;
    /* The bodies of the i-th share into `bodies`, which is empty the first time. */
    bool (*make)(struct bench *bench, unsigned share, struct bodies *bodies);
    uint64_t synced, events;                            /* bytes of bodies; events */
    uint64_t wrote, wrote_compacting, kept_uncompacted; /* without the last compaction; with it */
    struct sl_stats stats;                              /* compacted */
};

static bool make_recorded(struct bench *bench, unsigned share, struct bodies *bodies)
{
    (void)share;
    return bodies->count > 0 || bodies_of_recording(bench, "long", bodies);
}

static bool make_mixed(struct bench *bench, unsigned share, struct bodies *bodies)
{
    struct shape *shape = shape_create(&shape_mixed, bench->seed + share);
    bodies_fini(bodies);
    for (uint64_t n = 0; bodies->bytes.len < MIXED_BYTES; n++)
        bodies_add(shape, n, bodies);
    shape_destroy(shape);
    return true;
}

static bool make_list(struct bench *bench, unsigned share, struct bodies *bodies)
{
    struct mixed list = mixed_of(bench->seed + share);
    list.kind = MIXED_LIST;
    list.list_syncs = LIST_SYNCS;
    for (uint64_t n = 0; n < LIST_SYNCS; n++)
        bodies_add_mixed(&list, n, bodies);
    return true;
}

static bool fill(
    struct bench *bench, struct sl_store *store, struct bodies *bodies, struct disk *disk)
{
    struct sl_err err = {0};
    char name[96];
    snprintf(name, sizeof(name), "%s.uncompacted.disk_by_events", disk->name);
    for (unsigned i = 0; i < disk->shares; i++) {
        struct sl_credentials share;
        if (!disk->make(bench, i, bodies) || !scratch_share(store, i, &share)) return false;
        bodies_sign(bodies, share.secret);
        if (!bodies_play(bodies, store, share.id)) return false;
        disk->synced += bodies->bytes.len;
        disk->events += 1 + bodies->count;
        if (!scratch_ok(sl_store_stats(store, &disk->stats, &err), &err, "stats")) return false;
        series_add(bench, name, (double)disk->events, (double)disk->stats.disk_bytes);
    }
    return scratch_ok(sl_store_settle(store, &err), &err, "settle") &&
           scratch_ok(sl_store_stats(store, &disk->stats, &err), &err, "stats");
}

static void record(struct bench *bench, const struct disk *disk, uint64_t closed)
{
    const struct sl_stats *stats = &disk->stats;
    double synced = (double)disk->synced;
    char name[96];
    const struct {
        const char *name;
        uint64_t bytes;
    } figures[] = {{"kept", stats->disk_bytes}, {"kept_uncompacted", disk->kept_uncompacted},
        {"event", stats->event_bytes}, {"body", stats->body_bytes}, {"log", stats->log_bytes},
        {"snapshot", stats->snapshot_bytes}, {"derived", stats->derived_bytes},
        {"written", disk->wrote}, {"written_compacting", disk->wrote_compacting},
        {"files", closed}};
    snprintf(name, sizeof(name), "%s.compacted.disk_by_events", disk->name);
    series_add(bench, name, (double)disk->events, (double)stats->disk_bytes);
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
        snprintf(name, sizeof(name), "%s.%s", disk->name, figures[i].name);
        figure_add(bench, name, "", BETTER_LOW, (double)figures[i].bytes / synced);
    }
}

static bool measure(struct bench *bench, struct disk *disk)
{
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_err err = {0};
    struct bodies bodies = {0};
    bench_tell("%s: %u shares", disk->name, disk->shares);
    scratch_path(bench, "disk", path);
    uint64_t before = written();
    bool good = scratch_open(path, SL_DURABLE_PROCESS, &store);
    if (good) {
        good = fill(bench, store, &bodies, disk);
        disk->wrote = written() - before;
        disk->kept_uncompacted = disk->stats.disk_bytes;
        good = good && scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
        disk->wrote_compacting = written() - before;
        good = good && scratch_verified(store, disk->events) &&
               scratch_ok(sl_store_stats(store, &disk->stats, &err), &err, "stats");
        sl_store_close(store);
    }
    if (good) record(bench, disk, scratch_bytes(path));
    scratch_remove(path);
    bodies_fini(&bodies);
    return good;
}

static void goals(struct bench *bench)
{
    goal_add(bench, "bytes on disk a byte synced, compacted", "disk.kept", NULL, false, 0.16);
    goal_add(bench, "WAL and compaction bytes written a byte synced", "disk.written_compacting",
        NULL, false, 1.3);
    goal_add(bench, "the same of sessions that never repeat: kept", "disk.mixed.kept", NULL, false,
        0.16);
    goal_add(bench, "the same of sessions that never repeat: written",
        "disk.mixed.written_compacting", NULL, false, 1.3);
}

static bool run(struct bench *bench)
{
    unsigned shares = (unsigned)bench_pick(bench, 8, 24, 60);
    struct disk disks[] = {{.name = "disk", .shares = shares, .make = make_recorded},
        {.name = "disk.mixed", .shares = shares, .make = make_mixed},
        {.name = "disk.list", .shares = 1, .make = make_list}};
    for (size_t i = 0; i < sizeof(disks) / sizeof(*disks); i++)
        if (!measure(bench, &disks[i])) return false;
    goals(bench);
    return true;
}

const struct part part_disk = {
    "disk", "bytes kept and bytes written for a byte that was synced", run};
