/* The two designs that sharelog replaces, on the same RocksDB and the same disk, beside sharelog
   itself, as a session grows by a part a sync: what the next sync costs, and a read of all.

     blob    a share is one value: each sync reads it, puts the batch's items in their places and
             writes it whole
     files   each sync is one file, written and synced; a read opens them all and folds them

   Both are kinder than what they stand for: no JSON tree is built, items are copied as they lie. */

#include "bench/suite/models.h"

#include <stdlib.h>
#include <string.h>

#define SYNCS 11
#define READS 5

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What all three are asked. */
static bool measure(struct bench *bench, const struct model *model, void *ctx, uint64_t from,
    uint64_t parts, struct buf *state)
{
    double syncs[SYNCS], reads[READS];
    struct buf body = {0};
    char name[96];
    bool good = true;
    for (uint64_t n = from; n < parts - SYNCS && good; n++) {
        buf_clear(&body);
        bodies_grown(n, model->secret(ctx), &body);
        good = model->sync(ctx, n, buf_span(&body), false);
    }
    good = good && model->settle(ctx);
    for (int i = 0; i < SYNCS && good; i++) {
        uint64_t n = parts - SYNCS + (uint64_t)i;
        buf_clear(&body);
        bodies_grown(n, model->secret(ctx), &body);
        uint64_t begun = clock_ns();
        good = model->sync(ctx, n, buf_span(&body), true);
        syncs[i] = (double)(clock_ns() - begun) / 1000;
    }
    good = good && model->settle(ctx);
    for (int i = 0; i < READS && good; i++) {
        uint64_t begun = clock_ns();
        buf_clear(state);
        good = model->read(ctx, state);
        reads[i] = (double)(clock_ns() - begun) / 1000;
    }
    buf_fini(&body);
    if (!good) return false;
    qsort(syncs, SYNCS, sizeof(*syncs), by_value);
    qsort(reads, READS, sizeof(*reads), by_value);
    snprintf(name, sizeof(name), "models.%s.sync_by_size", model->name);
    series_add(bench, name, (double)parts, syncs[SYNCS / 2]);
    snprintf(name, sizeof(name), "models.%s.read_by_size", model->name);
    series_add(bench, name, (double)parts, reads[READS / 2]);
    snprintf(name, sizeof(name), "models.%s.sync.%llu", model->name, (unsigned long long)parts);
    figure_add(bench, name, "us", BETTER_LOW, syncs[SYNCS / 2]);
    snprintf(name, sizeof(name), "models.%s.read.%llu", model->name, (unsigned long long)parts);
    figure_add(bench, name, "us", BETTER_LOW, reads[READS / 2]);
    return true;
}

static bool run(struct bench *bench)
{
    static const uint64_t sizes[] = {100, 200, 500, 1000, 2000, 5000};
    static const struct model *const models[] = {&model_sharelog, &model_blob, &model_files};
    size_t count = (size_t)bench_pick(bench, 4, 6, 6);
    void *ctx[3] = {0};
    struct buf state[3] = {{0}};
    bool good = true;
    for (int m = 0; m < 3 && good; m++) {
        ctx[m] = models[m]->create(bench);
        good = ctx[m] != NULL;
    }
    for (size_t s = 0; s < count && good; s++) {
        bench_tell("models: %llu parts", (unsigned long long)sizes[s]);
        for (int m = 0; m < 3 && good; m++)
            good = measure(bench, models[m], ctx[m], s ? sizes[s - 1] : 0, sizes[s], &state[m]);
        for (int m = 1; m < 3 && good; m++)
            if (!sl_span_eq(buf_span(&state[0]), buf_span(&state[m])))
                good = bench_fail("%s reads another state than sharelog (%zu bytes, %zu)",
                    models[m]->name, state[m].len, state[0].len);
    }
    for (int m = 0; m < 3; m++) {
        if (ctx[m]) good = models[m]->destroy(ctx[m], good) && good;
        buf_fini(&state[m]);
    }
    return good;
}

const struct part part_models = {
    "models", "the two designs that sharelog replaces, against the size of a session", run};
