/* Two runs side by side: change, or noise?

   For each figure the samples of both runs are ranked together, and the chance is computed that
   ranks dealt out blindly would lie at least as far apart (the Wilcoxon-Mann-Whitney test, exact,
   ties included). A figure has changed when that chance is at most SURE and the medians differ by
   EFFECT. Between SURE and LIKELY it is marked with a question mark and never fails a gate: of a
   hundred figures that didn't change ten would be. Even of those beyond SURE some are chance when
   there are hundreds, and no test can say which: a gate therefore lets as many figures be worse as
   chance would make of figures that didn't change, in 99 runs of 100. Goals' ratios are few, and
   none may be. With five rounds a side the smallest chance
   there is, is 1/126; with four 1/35; with three 1/10. */

#include "bench/suite/figures.h"

#include <assert.h>
#include <math.h>

#define SURE 0.01
#define LIKELY 0.1
#define EFFECT 0.05
#define SAMPLES_MIN 3
#define SAMPLES_MAX 128 /* of each side; more are left out */

enum verdict {
    SAME,
    TOO_FEW,
    BETTER,
    WORSE,
    DIFFERENT,
    BETTER_MAYBE,
    WORSE_MAYBE,
    DIFFERENT_MAYBE
};
#define VERDICTS 8

static const char *const verdict_words[VERDICTS] = {
    "", "too few", "better", "WORSE", "different", "better?", "worse?", "different?"};

/* Twice the rank of one value among all, so that ties stay whole numbers. */
static size_t rank_twice(double value, const double *all, size_t count)
{
    size_t below = 0, equal = 0;
    for (size_t i = 0; i < count; i++) {
        below += all[i] < value;
        equal += all[i] == value;
    }
    return 2 * below + equal + 1;
}

/* The number of ways to choose `a_count` of the ranks, by their sum, counted up rank by rank. */
double rank_test(const double *a, size_t a_count, const double *b, size_t b_count)
{
    double all[2 * SAMPLES_MAX];
    size_t ranks[2 * SAMPLES_MAX], total = 0, observed = 0;
    if (a_count > SAMPLES_MAX) a_count = SAMPLES_MAX;
    if (b_count > SAMPLES_MAX) b_count = SAMPLES_MAX;
    size_t count = a_count + b_count;
    if (a_count == 0 || b_count == 0) return 1;
    memcpy(all, a, a_count * sizeof(*a));
    memcpy(all + a_count, b, b_count * sizeof(*b));
    for (size_t i = 0; i < count; i++) {
        ranks[i] = rank_twice(all[i], all, count);
        total += ranks[i];
        if (i < a_count) observed += ranks[i];
    }
    assert(observed <= total);
    double *ways = calloc((a_count + 1) * (total + 1), sizeof(*ways));
    if (!ways) abort();
    ways[0] = 1;
    for (size_t i = 0; i < count; i++)
        for (size_t chosen = i + 1 < a_count ? i + 1 : a_count; chosen > 0; chosen--)
            for (size_t sum = total; sum + 1 > ranks[i]; sum--)
                ways[chosen * (total + 1) + sum] +=
                    ways[(chosen - 1) * (total + 1) + sum - ranks[i]];
    double mean = (double)total * (double)a_count / (double)count, all_ways = 0, as_far = 0;
    double far = fabs((double)observed - mean) - 1e-9;
    for (size_t sum = 0; sum <= total; sum++) {
        double here = ways[a_count * (total + 1) + sum];
        all_ways += here;
        if (fabs((double)sum - mean) >= far) as_far += here;
    }
    free(ways);
    assert(all_ways > 0 && as_far <= all_ways);
    return as_far / all_ways;
}

struct side {
    double values[SAMPLES_MAX];
    size_t count;
    double median;
};

static void fill(struct side *side, const double *values, size_t count)
{
    side->count = count < SAMPLES_MAX ? count : SAMPLES_MAX;
    memcpy(side->values, values, side->count * sizeof(*values));
    side->median = median_of(side->values, side->count);
}

static void fill_figure(struct side *side, const struct figure *figure)
{
    double values[SAMPLES_MAX];
    size_t count = figure->count < SAMPLES_MAX ? figure->count : SAMPLES_MAX;
    for (size_t i = 0; i < count; i++)
        values[i] = figure->samples[i].value;
    fill(side, values, count);
}

static enum verdict judge(
    const struct side *a, const struct side *b, enum better better, double *chance)
{
    double base = fabs(a->median), change = b->median - a->median;
    *chance = rank_test(a->values, a->count, b->values, b->count);
    if (a->count < SAMPLES_MIN || b->count < SAMPLES_MIN) return TOO_FEW;
    if (*chance > LIKELY || fabs(change) < EFFECT * base || change == 0) return SAME;
    bool sure = *chance <= SURE;
    if (better == BETTER_NEITHER) return sure ? DIFFERENT : DIFFERENT_MAYBE;
    if ((better == BETTER_HIGH) == (change > 0)) return sure ? BETTER : BETTER_MAYBE;
    return sure ? WORSE : WORSE_MAYBE;
}

struct tally {
    size_t verdicts[VERDICTS], compared, decidable;
    int name_width;
    FILE *out;
};

/* Could any samples of so many have been beyond doubt? */
static bool decidable(size_t a, size_t b)
{
    double ways = 1;
    for (size_t i = 1; i <= a; i++)
        ways = ways * (double)(b + i) / (double)i;
    return a >= SAMPLES_MIN && b >= SAMPLES_MIN && 2 / ways <= SURE;
}

static void compare_one(struct tally *tally, const char *name, const char *unit, enum better better,
    const struct side *a, const struct side *b)
{
    char left[32], right[32], change[32] = "";
    double chance;
    enum verdict verdict = judge(a, b, better, &chance);
    tally->compared++;
    tally->verdicts[verdict]++;
    tally->decidable += decidable(a->count, b->count);
    value_text(a->median, unit, left, sizeof(left));
    value_text(b->median, unit, right, sizeof(right));
    if (a->median != 0)
        snprintf(change, sizeof(change), "%+.1f %%", 100 * (b->median / a->median - 1));
    fprintf(tally->out, "%-*s %12s %12s %9s %7.4f  %s\n", tally->name_width, name, left, right,
        change, chance, verdict_words[verdict]);
}

static void print_head(const struct tally *tally, const char *what)
{
    fprintf(tally->out, "%-*s %12s %12s %9s %7s\n", tally->name_width, what, "A", "B", "change",
        "chance");
}

static void compare_figures(struct tally *tally, const struct figures *a, const struct figures *b)
{
    struct side left, right;
    tally->name_width = 44;
    print_head(tally, "figure (medians)");
    for (size_t i = 0; i < a->count; i++) {
        const struct figure *other = figures_find(b, a->list[i].name);
        if (!other || strncmp(other->name, "seconds.", 8) == 0) continue;
        fill_figure(&left, &a->list[i]);
        fill_figure(&right, other);
        compare_one(tally, other->name, other->unit, other->better, &left, &right);
    }
}

/* A goal's ratio in each round; empty: it is no ratio, or was not measured. */
static void fill_goal(struct side *side, const struct figures *figures, const struct goal *goal)
{
    const struct figure *over = goal && goal->under ? figures_find(figures, goal->over) : NULL;
    double *values = calloc(over ? over->count : 1, sizeof(*values));
    if (!values) abort();
    fill(side, values, over ? goal_samples(figures, goal, values) : 0);
    free(values);
}

/* On a machine that drifts these tell more than the figures do. */
static void compare_goals(struct tally *tally, const struct figures *a, const struct figures *b)
{
    struct side left, right;
    tally->name_width = 76;
    fputc('\n', tally->out);
    print_head(tally, "ratios of goals (medians of each round's)");
    for (size_t i = 0; i < a->goals_count; i++) {
        const struct goal *goal = &a->goals[i], *other = NULL;
        for (size_t k = 0; k < b->goals_count; k++)
            if (strcmp(b->goals[k].text, goal->text) == 0) other = &b->goals[k];
        fill_goal(&left, a, goal);
        fill_goal(&right, b, other);
        if (left.count > 0 && right.count > 0)
            compare_one(
                tally, goal->text, "", goal->at_least ? BETTER_HIGH : BETTER_LOW, &left, &right);
    }
}

/* The most figures that chance alone makes worse, in 99 runs of 100 (Poisson). */
static size_t worse_by_chance(size_t decidable_count)
{
    double mean = (double)decidable_count * SURE / 2, term = exp(-mean), sum = term;
    size_t count = 0;
    while (sum < 0.99) {
        term *= mean / (double)++count;
        sum += term;
    }
    return count;
}

static size_t missing_from(const struct figures *a, const struct figures *b)
{
    size_t missing = 0;
    for (size_t i = 0; i < a->count; i++)
        missing += !figures_find(b, a->list[i].name);
    return missing;
}

static void sum_up(const struct tally *tally, const char *what)
{
    const size_t *verdicts = tally->verdicts;
    fprintf(tally->out,
        "%zu %s: %zu better, %zu worse, %zu different; %zu perhaps; %zu of too few samples\n",
        tally->compared, what, verdicts[BETTER], verdicts[WORSE], verdicts[DIFFERENT],
        verdicts[BETTER_MAYBE] + verdicts[WORSE_MAYBE] + verdicts[DIFFERENT_MAYBE],
        verdicts[TOO_FEW]);
}

int compare_runs(const char *path_a, const char *path_b, FILE *out)
{
    struct figures *a = json_read(path_a), *b = a ? json_read(path_b) : NULL;
    struct tally single = {.out = out}, goals = {.out = out};
    int result = -2;
    if (!b) goto out;
    compare_figures(&single, a, b);
    compare_goals(&goals, a, b);
    fprintf(out,
        "\nChanged: %.0f %% apart, and chance at most %.2f. Perhaps (?): chance at most %.1f.\n",
        100 * EFFECT, SURE, LIKELY);
    sum_up(&single, "figures");
    sum_up(&goals, "goals");
    size_t gone = missing_from(a, b), fresh = missing_from(b, a);
    if (gone || fresh) fprintf(out, "%zu figures are in A alone, %zu in B alone.\n", gone, fresh);
    if (single.decidable + goals.decidable == 0) {
        fprintf(
            out, "No figure has samples enough to tell change from noise: give both --rounds 5.\n");
        result = -1;
        goto out;
    }
    size_t allowed = worse_by_chance(single.decidable), worse = single.verdicts[WORSE];
    fprintf(out, "Of so many figures chance alone makes up to %zu worse.\n", allowed);
    result = (int)(goals.verdicts[WORSE] + (worse > allowed ? worse - allowed : 0));
out:
    figures_destroy(a);
    figures_destroy(b);
    return result;
}
