/* What one event costs that no cache of the store holds; and one that the kernel doesn't hold
   either.

   Shares that code, each of more bytes than a pack or a block holds, compacted. A pass opens the
   store anew and reads one event of each share, all of its text: so no event is near one that was
   read. The first of a pass is not counted, since what all events need of the files (indexes,
   filters) comes with it. */

#include "bench/suite/read_cold.h"

#include "bench/suite/scratch.h"
#include "core/base/json.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#define SHARE_BYTES 5000000
#define PASSES 4

struct cold_share {
    struct sl_credentials credentials;
    struct shape *shape;
    uint64_t syncs;
};

static bool fill(struct bench *bench, struct sl_store *store, struct cold_share *share, unsigned i)
{
    struct buf body = {0};
    struct sl_err err = {0};
    struct sl_synced synced;
    uint64_t bytes = 0;
    share->shape = shape_create(&shape_mixed, 8 * (bench->seed + i)); /* a share that codes */
    bool good = scratch_share(store, i, &share->credentials);
    while (good && bytes < SHARE_BYTES) {
        buf_clear(&body);
        shape_body(share->shape, share->syncs++, share->credentials.secret, &body);
        bytes += body.len;
        good = scratch_ok(sl_share_sync(store, sl_span_of(share->credentials.id), buf_span(&body),
                              clock_ns() / 1000, &synced, &err),
            &err, "sync");
    }
    buf_fini(&body);
    return good;
}

static int forget_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)ftw;
    int file = kind == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    fsync(file); /* what isn't on disk yet can't be forgotten */
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    return 0;
}

static bool read_text(
    struct sl_store *store, const struct cold_share *share, uint64_t sequence, struct buf *text)
{
    struct sl_event *event;
    struct sl_err err = {0};
    enum sl_result result =
        sl_event_open(store, sl_span_of(share->credentials.id), sequence, &event, &err);
    if (result == SL_OK) {
        size_t bytes = (size_t)sl_event_text_bytes(event), len = 0;
        buf_clear(text);
        if (!buf_reserve(text, bytes)) abort();
        for (; result == SL_OK && text->len < bytes; text->len += len)
            result = sl_event_text(
                event, text->len, text->ptr + text->len, bytes - text->len, &len, &err);
        sl_event_close(event);
    }
    return scratch_ok(result, &err, "read an event");
}

/* Its text is what was synced. */
static bool is_right(const struct cold_share *share, uint64_t sequence, struct sl_span text)
{
    struct buf body = {0};
    struct sl_span data = {0};
    shape_body(share->shape, sequence - 2, BODIES_NO_SECRET, &body);
    bool good = json_get(buf_span(&body), "data", &data) && sl_span_eq(data, text);
    buf_fini(&body);
    return good || bench_fail("event %llu isn't what was synced", (unsigned long long)sequence);
}

struct cold_times {
    struct histogram *wall, *cpu;
};

/* One event of each share. */
static bool pass(const char *path, const struct cold_share *shares, unsigned count,
    uint64_t *chance, struct cold_times *times)
{
    struct sl_store *store;
    struct buf text = {0};
    bool good = scratch_open(path, SL_DURABLE_PROCESS, &store);
    if (!good) return false;
    for (unsigned i = 0; good && i < count; i++) {
        uint64_t sequence = 2 + bench_random(chance) % shares[i].syncs;
        uint64_t begun = clock_ns(), cpu_begun = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
        good = read_text(store, &shares[i], sequence, &text);
        uint64_t cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_begun;
        uint64_t ns = clock_ns() - begun;
        good = good && is_right(&shares[i], sequence, buf_span(&text));
        if (!good || i == 0) continue;
        histogram_add(times->wall, ns);
        histogram_add(times->cpu, cpu_ns);
    }
    buf_fini(&text);
    sl_store_close(store);
    return good;
}

/* Some passes; the kernel forgets the files before each, or keeps them. */
static bool measure(struct bench *bench, const char *path, const struct cold_share *shares,
    unsigned count, bool forget)
{
    struct cold_times times = {histogram_create(), histogram_create()};
    uint64_t chance = bench->seed;
    bool good = true;
    for (unsigned i = 0; good && i < PASSES; i++) {
        if (forget) nftw(path, forget_one, 32, FTW_PHYS);
        good = pass(path, shares, count, &chance, &times);
    }
    if (good) {
        histogram_record(
            bench, forget ? "read.event_disk.wall" : "read.event_cold.wall", times.wall);
        histogram_record(bench, forget ? "read.event_disk.cpu" : "read.event_cold.cpu", times.cpu);
    }
    histogram_destroy(times.wall);
    histogram_destroy(times.cpu);
    return good;
}

static bool make(struct bench *bench, const char *path, struct cold_share *shares, unsigned count)
{
    struct sl_store *store;
    struct sl_err err = {0};
    if (!scratch_open(path, SL_DURABLE_PROCESS, &store)) return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++)
        good = fill(bench, store, &shares[i], i);
    good = good && scratch_ok(sl_store_settle(store, &err), &err, "settle") &&
           scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
    sl_store_close(store);
    return good;
}

bool read_cold(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    unsigned count = (unsigned)bench_pick(bench, 6, 16, 48);
    struct cold_share *shares = calloc(count, sizeof(*shares));
    if (!shares) abort();
    bench_tell("read: events that no cache holds");
    scratch_path(bench, "cold", path);
    bool good = make(bench, path, shares, count) && measure(bench, path, shares, count, false) &&
                measure(bench, path, shares, count, true);
    scratch_remove(path);
    for (unsigned i = 0; i < count; i++)
        if (shares[i].shape) shape_destroy(shares[i].shape);
    free(shares);
    if (!good) return false;
    goal_add(bench, "one event that no cache holds: time, in µs", "read.event_cold.wall.p50", NULL,
        false, 1000);
    goal_add(bench, "one event that no cache holds: processor, in µs", "read.event_cold.cpu.p50",
        NULL, false, 1000);
    return true;
}
