/* The bench's own arithmetic, against plainer ways of doing the same: `bench selftest`. */

#include "bench/suite/selftest_check.h"
#include "bench/suite/selftest_mixed.h"

#include "bench/suite/figures.h"

#include "core/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static bool near(double value, double expected, double relative)
{
    return fabs(value - expected) <= relative * fabs(expected) + 1e-12;
}

/* ---- histograms ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Against the sorted values themselves, over all magnitudes. */
static void check_histogram(uint64_t seed, size_t count, unsigned bits)
{
    static const double quantiles[] = {0, .001, .1, .25, .5, .75, .9, .99, .999, .9999, 1};
    uint64_t *values = malloc(count * sizeof(*values)), state = seed;
    struct histogram *all = histogram_create(),
                     *halves[2] = {histogram_create(), histogram_create()};
    for (size_t i = 0; i < count; i++) {
        values[i] = bench_random(&state) >> (64 - bits + bench_random(&state) % bits);
        histogram_add(all, values[i]);
        histogram_add(halves[i % 2], values[i]);
    }
    qsort(values, count, sizeof(*values), by_value);
    histogram_merge(halves[0], halves[1]);
    check(histogram_count(all) == count && histogram_count(halves[0]) == count, "count");
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        double rank = ceil(quantiles[i] * (double)count);
        uint64_t expected = values[rank < 1 ? 0 : (size_t)rank - 1];
        uint64_t got = histogram_at(all, quantiles[i]);
        check(near((double)got, (double)expected, 0.01),
            "%zu values: quantile %g is %llu, not %llu", count, quantiles[i],
            (unsigned long long)got, (unsigned long long)expected);
        check(got == histogram_at(halves[0], quantiles[i]), "merged: quantile %g", quantiles[i]);
    }
    check(histogram_at(all, 1) == values[count - 1], "the largest is exact");
    histogram_clear(all);
    check(histogram_count(all) == 0 && histogram_at(all, 0.5) == 0, "cleared");
    histogram_destroy(all);
    histogram_destroy(halves[0]);
    histogram_destroy(halves[1]);
    free(values);
}

static void check_one_value(uint64_t value)
{
    struct histogram *histogram = histogram_create();
    histogram_add(histogram, value);
    check(histogram_at(histogram, 0.5) == value, "alone: %llu", (unsigned long long)value);
    histogram_add(histogram, value * 3 + 1); /* so that the bounds don't help */
    check(near((double)histogram_at(histogram, 0.5), (double)value, 0.005), "of two: %llu",
        (unsigned long long)value);
    histogram_destroy(histogram);
}

static void check_histograms(void)
{
    for (unsigned bits = 1; bits <= 44; bits++) {
        check_histogram(bits, 1 + bits * 37, bits);
        for (int d = -1; d <= 1; d++)
            if (bits < 43) check_one_value((UINT64_C(1) << bits) + (uint64_t)(int64_t)d);
    }
    check_histogram(99, 200000, 40);
    struct histogram *histogram = histogram_create();
    histogram_add(histogram, UINT64_MAX);
    check(histogram_at(histogram, 1) > UINT64_C(3600) * 1000000000, "hours fit");
    histogram_destroy(histogram);
}

/* ---- the rank test ---- */

/* By going through every way to deal the values out. */
static double rank_test_slowly(const double *values, unsigned count, unsigned mask_a)
{
    unsigned size = (unsigned)__builtin_popcount(mask_a), ways = 0, as_far = 0;
    double ranks[16], mean = 0, observed = 0;
    for (unsigned i = 0; i < count; i++) {
        double below = 0, equal = 0;
        for (unsigned k = 0; k < count; k++) {
            below += values[k] < values[i];
            equal += values[k] == values[i];
        }
        ranks[i] = below + (equal + 1) / 2;
        mean += ranks[i] * size / count;
        if (mask_a >> i & 1) observed += ranks[i];
    }
    for (unsigned mask = 0; mask < 1u << count; mask++) {
        double sum = 0;
        if ((unsigned)__builtin_popcount(mask) != size) continue;
        for (unsigned i = 0; i < count; i++)
            if (mask >> i & 1) sum += ranks[i];
        ways++;
        as_far += fabs(sum - mean) >= fabs(observed - mean) - 1e-9;
    }
    return (double)as_far / ways;
}

static void check_ranks(void)
{
    uint64_t state = 7;
    for (unsigned round = 0; round < 300; round++) {
        unsigned count = 4 + (unsigned)(bench_random(&state) % 8), a_count = 0, b_count = 0;
        unsigned mask = 1 + (unsigned)(bench_random(&state) % ((1u << count) - 2));
        double values[16], a[16], b[16];
        for (unsigned i = 0; i < count; i++) {
            values[i] = (double)(bench_random(&state) % (round % 2 ? 6 : 1000000)); /* ties too */
            if (mask >> i & 1)
                a[a_count++] = values[i];
            else
                b[b_count++] = values[i];
        }
        double slowly = rank_test_slowly(values, count, mask);
        check(near(rank_test(a, a_count, b, b_count), slowly, 1e-9), "rank test of %u and %u",
            a_count, b_count);
    }
    double low[5] = {1, 2, 3, 4, 5}, high[5] = {6, 7, 8, 9, 10};
    check(near(rank_test(low, 5, high, 5), 2.0 / 252, 1e-9), "five below five");
    check(near(rank_test(low, 3, high, 3), 0.1, 1e-9), "three below three");
    check(rank_test(low, 5, low, 5) == 1, "the same samples");
}

/* ---- batches ---- */

static size_t count_items(struct sl_span body)
{
    struct sl_span data, item;
    size_t count = 0;
    if (!json_get(body, "data", &data)) return 0;
    while (json_next(&data, &item))
        count++;
    return count;
}

static void check_shape(const struct shape_kind *kind)
{
    struct shape *shapes[3] = {shape_create(kind, 5), shape_create(kind, 5), shape_create(kind, 6)};
    struct buf bodies[3] = {{0}};
    size_t differing = 0, bytes = 0;
    for (uint64_t n = 0; n < 300; n++) {
        for (int i = 0; i < 3; i++) {
            buf_clear(&bodies[i]);
            shape_body(shapes[i], n, "00000000-0000-0000-0000-000000000000", &bodies[i]);
        }
        check(json_check(buf_span(&bodies[0]), 64, NULL) == SL_OK, "%s: batch %llu is no JSON",
            kind->name, (unsigned long long)n);
        check(sl_span_eq(buf_span(&bodies[0]), buf_span(&bodies[1])), "%s: same seed, same bytes",
            kind->name);
        differing += !sl_span_eq(buf_span(&bodies[0]), buf_span(&bodies[2]));
        size_t items = count_items(buf_span(&bodies[0]));
        if (kind->source == SHAPE_MADE) {
            check(items >= kind->items && items <= kind->items + 3, "%s: %zu items", kind->name,
                items);
            if (n > 0)
                check(near((double)bodies[0].len, (double)(kind->items * kind->bytes), 0.25),
                    "%s: %zu bytes", kind->name, bodies[0].len);
        } else {
            check(items > 0, "%s: a batch without items", kind->name);
        }
        bytes += bodies[0].len;
    }
    check(differing == 300, "%s: %zu of 300 batches differ between shares", kind->name, differing);
    printf("%-8s mean batch %zu bytes\n", kind->name, bytes / 300);
    for (int i = 0; i < 3; i++) {
        shape_destroy(shapes[i]);
        buf_fini(&bodies[i]);
    }
}

static void check_shape_names(void)
{
    static const char *const bad[] = {"", "3k", "x", "2x", "2x1000:", "2x1000:50:1", "2x1000 ",
        "0x1000", "2x159", "1001x200", "17x1000000", "2x1000:100", "-2x1000",
        "18446744073709551618x1000"};
    struct shape_kind kind;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        check(!shape_named(bad[i], &kind), "\"%s\" is no shape", bad[i]);
    check(shape_named("10k", &kind) && kind.items == 8 && kind.resent == 25, "10k by its name");
    check(shape_named("capture", &kind) && kind.source == SHAPE_RECORDED, "capture by its name");
    check(shape_named("3x1200", &kind) && kind.items == 3 && kind.bytes == 1200 && kind.resent == 0,
        "3x1200");
    check(shape_named("40x500:75", &kind) && kind.items == 40 && kind.bytes == 500 &&
              kind.resent == 75,
        "40x500:75");
}

/* ---- run.json ---- */

static void check_json(void)
{
    char folder[] = "/tmp/sharelog-selftest-XXXXXX", path[64];
    if (!mkdtemp(folder)) abort();
    struct run run = {.rounds = 2, .bench = {.out = folder, .figures = figures_create()}};
    for (run.bench.round = 0; run.bench.round < 2; run.bench.round++) {
        figure_add(&run.bench, "a.rate", "1/s", BETTER_HIGH, 100.25 + run.bench.round);
        figure_add(&run.bench, "b.cost", "us", BETTER_LOW, 4);
        goal_add(&run.bench, "a \"by\" b", "a.rate", "b.cost", true, 25);
    }
    json_write(&run);
    snprintf(path, sizeof(path), "%s/run.json", folder);
    struct figures *again = json_read(path);
    check(again && again->count == 2 && again->goals_count == 1, "run.json read again");
    if (again) {
        check(again->list[0].samples[1].value == 101.25 && again->list[0].samples[1].round == 1,
            "samples");
        check(again->list[1].better == BETTER_LOW, "direction");
        check(near(goal_value(again, &again->goals[0]), 100.75 / 4, 1e-9), "a goal's ratio");
        double ratios[2];
        check(goal_samples(again, &again->goals[0], ratios) == 2 && ratios[1] == 101.25 / 4,
            "a goal's ratios by round");
    }
    figures_destroy(again);
    figures_destroy(run.bench.figures);
    unlink(path);
    rmdir(folder);
}

bool selftest_run(void)
{
    if (!shapes_load("tests/captures")) return false;
    check_histograms();
    check_ranks();
    check_shape(&shape_capture);
    check_shape(&shape_mixed);
    check_shape(&shape_2k);
    check_shape(&shape_10k);
    check_shape_names();
    check_mixed();
    check_json();
    return check_end();
}
