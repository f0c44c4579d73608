/* RocksDB by itself: durable puts of the bodies that sharelog gets, from so many writers. The best
   of three ways to write and sync puts together is the floor; what was put is counted afterwards.
 */

#include "bench/suite/floor.h"
#include "bench/suite/group.h"
#include "bench/suite/scratch.h"

#include <stdatomic.h>
#include <string.h>

struct putting {
    struct group *group;
    const struct bodies *bodies;
    unsigned writers;
    atomic_ullong bytes;
};

static bool put_one(void *ctx, unsigned thread, uint64_t n)
{
    struct putting *putting = ctx;
    struct sl_span body = bodies_get(putting->bodies, n * putting->writers + thread);
    atomic_fetch_add_explicit(&putting->bytes, body.len, memory_order_relaxed);
    return group_put(putting->group, body);
}

static bool put_all(struct bench *bench, const struct bodies *bodies, enum group_kind kind,
    unsigned threads, struct writers_outcome *outcome)
{
    char path[SCRATCH_PATH_BYTES];
    scratch_path(bench, "group", path);
    struct putting putting = {group_create(path, kind), bodies, threads, 0};
    if (!putting.group) return false;
    struct writers writers = {
        threads, bench_measure_ns(bench) / 4, bench_measure_ns(bench), put_one, &putting};
    bool good = writers_run(&writers, outcome);
    uint64_t puts = 0, bytes = 0;
    good = good && group_count(putting.group, &puts, &bytes);
    if (good && (puts != outcome->done || bytes != putting.bytes))
        good = bench_fail("rocksdb: what was put isn't what is there");
    group_destroy(putting.group);
    scratch_remove(path);
    return good;
}

bool floor_rocksdb(struct bench *bench, const struct shape_kind *kind, unsigned writers)
{
    static const char *const ways[GROUP_KINDS] = {"own", "led", "thread"};
    struct bodies bodies = {0};
    char name[128];
    if (!bodies_of_shape(bench, kind, 0, 512, NULL, &bodies)) return false;
    struct histogram *best = NULL;
    double best_rate = 0;
    bool good = true;
    for (int way = 0; way < GROUP_KINDS && good; way++) {
        struct writers_outcome outcome = {0};
        good = put_all(bench, &bodies, (enum group_kind)way, writers, &outcome);
        if (good) {
            snprintf(
                name, sizeof(name), "floor.rocksdb_%s.%s.%u.rate", ways[way], kind->name, writers);
            figure_add(bench, name, "1/s", BETTER_HIGH, outcome.rate);
        }
        if (good && outcome.rate > best_rate) {
            histogram_destroy(best);
            best = outcome.latency;
            best_rate = outcome.rate;
            outcome.latency = NULL;
        }
        if (outcome.latency) writers_outcome_fini(&outcome);
    }
    if (good) {
        snprintf(name, sizeof(name), "floor.rocksdb.%s.%u.rate", kind->name, writers);
        figure_add(bench, name, "1/s", BETTER_HIGH, best_rate);
        *strrchr(name, '.') = 0;
        histogram_record(bench, name, best);
    }
    if (best) histogram_destroy(best);
    bodies_fini(&bodies);
    return good;
}
