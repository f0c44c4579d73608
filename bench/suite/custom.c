/* A load as someone has it: so many clients, each of which syncs so often, for so long. */

#include "bench/suite/ingest.h"

#define SECOND UINT64_C(1000000000)

static void record(struct bench *bench, uint64_t rss, const struct load_outcome *outcome)
{
    ingest_record(bench, "custom", bench->custom->rate > 0, outcome);
    figure_add(bench, "custom.rss", "B", BETTER_LOW, (double)rss);
    for (size_t i = 0; i < outcome->per_second_count; i++)
        series_add(bench, "custom.per_second", (double)i, (double)outcome->per_second[i]);
}

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
    if (good) record(bench, rss, &outcome);
    if (ran) load_outcome_fini(&outcome);
    return good;
}

const struct part part_custom = {
    "custom", "a load of your own (its flags: below), run when it is named", run};
