/* A load as someone has it: so many clients, each of which syncs so often, for so long. What
   its flags ask for is in struct custom; everything that was acknowledged is read back. */

#include "bench/suite/ingest_prove.h"

#define SECOND UINT64_C(1000000000)

static bool run(struct bench *bench)
{
    const struct custom *custom = bench->custom;
    struct ingest ingest;
    struct load_outcome outcome;
    uint64_t shares = custom->shares > 0 ? custom->shares : custom->connections;
    bench_tell("custom: %s, %llu connections, %llu shares, %llu s", custom->shape.name,
        (unsigned long long)custom->connections, (unsigned long long)shares,
        (unsigned long long)custom->seconds);
    if (!ingest_start(bench, &custom->shape, (unsigned)shares, "custom", &ingest)) return false;
    ingest.connections = (unsigned)custom->connections;
    bool ran =
        ingest_load(&ingest, (double)custom->rate, SECOND, custom->seconds * SECOND, &outcome);
    if (ran) bench_tell("custom: reading back what was acknowledged");
    bool good = ran && ingest_proved(&ingest);
    uint64_t rss = server_rss(&ingest.server, true);
    good = ingest_finish(&ingest, good);
    if (good) {
        ingest_record(bench, "custom", custom->rate > 0, &outcome);
        figure_add(bench, "custom.rss", "B", BETTER_LOW, (double)rss);
        load_record_seconds(bench, "custom", &outcome);
    }
    if (ran) load_outcome_fini(&outcome);
    return good;
}

const struct part part_custom = {
    "custom", "a load of your own (its flags: below), run when it is named", run};
