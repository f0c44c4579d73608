/* Histograms of latencies. Log-linear: each power of two is cut into as many equal buckets, so a
   value is known to within half a bucket, 1/256 of itself. Values below 2^(BITS+1) have a bucket
   each. */

#include "bench/suite/figures.h"

#include <assert.h>

#define BITS 7
#define CELLS (1u << BITS)
#define VALUE_MAX ((UINT64_C(1) << 45) - 1) /* nearly ten hours; what is above counts as this */
#define BUCKETS ((45 - BITS) * CELLS + CELLS)

struct histogram {
    uint64_t count, least, most;
    uint64_t buckets[BUCKETS];
};

static size_t bucket_of(uint64_t value)
{
    if (value < CELLS) return (size_t)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - BITS;
    return (size_t)(shift + 1) * CELLS + (size_t)((value >> shift) - CELLS);
}

/* The middle of a bucket. */
static uint64_t value_of(size_t bucket)
{
    if (bucket < 2 * CELLS) return bucket;
    unsigned shift = (unsigned)(bucket / CELLS - 1);
    uint64_t least = (uint64_t)(CELLS + bucket % CELLS) << shift;
    return least + ((UINT64_C(1) << shift) - 1) / 2;
}

struct histogram *histogram_create(void)
{
    struct histogram *histogram = malloc(sizeof(*histogram));
    if (!histogram) abort();
    histogram_clear(histogram);
    return histogram;
}

void histogram_destroy(struct histogram *histogram)
{
    free(histogram);
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    histogram->least = UINT64_MAX;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    if (ns > VALUE_MAX) ns = VALUE_MAX;
    size_t bucket = bucket_of(ns);
    assert(bucket < BUCKETS);
    histogram->buckets[bucket]++;
    histogram->count++;
    if (ns < histogram->least) histogram->least = ns;
    if (ns > histogram->most) histogram->most = ns;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (size_t i = 0; i < BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
    into->count += from->count;
    if (from->least < into->least) into->least = from->least;
    if (from->most > into->most) into->most = from->most;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    return histogram->count;
}

uint64_t histogram_at(const struct histogram *histogram, double quantile)
{
    if (histogram->count == 0) return 0;
    if (quantile <= 0) return histogram->least;
    /* The smallest value that at least this share of all is no larger than. */
    double exact = quantile * (double)histogram->count;
    uint64_t rank = (uint64_t)exact, seen = 0;
    if ((double)rank < exact || rank == 0) rank++;
    if (rank >= histogram->count) return histogram->most;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen < rank) continue;
        uint64_t value = value_of(i);
        if (value < histogram->least) return histogram->least;
        return value > histogram->most ? histogram->most : value;
    }
    assert(false); /* the buckets hold as many values as were counted */
    return histogram->most;
}

/* Each bucket that has something: the share of all up to and with it, its value, its count. */
static void write_file(struct bench *bench, const char *name, const struct histogram *histogram)
{
    struct figures *figures = bench->figures;
    bool known = false;
    for (size_t i = 0; i < figures->histograms_count; i++)
        known = known || strcmp(figures->histograms[i], name) == 0;
    if (!known) {
        figures->histograms = room_for(figures->histograms, figures->histograms_count,
            &figures->histograms_cap, sizeof(char *));
        figures->histograms[figures->histograms_count++] = copy_text(name);
    }
    /* One block a round, blank lines between: gnuplot's `index`. */
    FILE *file = out_open(bench, name, ".hist", known ? "a" : "w");
    fprintf(file, "%s# round %u: percentile us count\n", known ? "\n\n" : "", bench->round);
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        if (histogram->buckets[i] == 0) continue;
        seen += histogram->buckets[i];
        uint64_t value = seen == histogram->count ? histogram->most : value_of(i);
        fprintf(file, "%.7f %.3f %llu\n", 100 * (double)seen / (double)histogram->count,
            (double)value / 1000, (unsigned long long)histogram->buckets[i]);
    }
    fclose(file);
}

void histogram_record(struct bench *bench, const char *name, const struct histogram *histogram)
{
    static const struct {
        const char *name;
        double at;
    } quantiles[] = {
        {"p50", .5}, {"p90", .9}, {"p99", .99}, {"p999", .999}, {"p9999", .9999}, {"max", 1}};
    if (histogram->count == 0) return;
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        /* A percentile that fewer than one sample lies beyond is the largest under another name. */
        double beyond = (1 - quantiles[i].at) * (double)histogram->count;
        if (quantiles[i].at < 1 && beyond < 0.9999) continue;
        char full[160];
        snprintf(full, sizeof(full), "%s.%s", name, quantiles[i].name);
        figure_add(
            bench, full, "us", BETTER_LOW, (double)histogram_at(histogram, quantiles[i].at) / 1000);
    }
    write_file(bench, name, histogram);
}
