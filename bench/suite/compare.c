/* Two runs side by side: change, or noise?

   For each figure the samples of both runs are ranked together, and the chance is computed that
   ranks dealt out blindly would lie at least as far apart (the Wilcoxon-Mann-Whitney test, exact,
   ties included). A figure has changed when that chance is at most SURE and the medians differ by
   EFFECT. Between SURE and LIKELY it is marked with a question mark and never fails a gate: of a
   hundred figures that didn't change ten would be. With five rounds a side the smallest chance
   there is, is 1/126; with four 1/35; with three 1/10. */

#include "figures.h"

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
    number_text(a->median, left, sizeof(left));
    number_text(b->median, right, sizeof(right));
    if (a->median != 0)
        snprintf(change, sizeof(change), "%+.1f %%", 100 * (b->median / a->median - 1));
    fprintf(tally->out, "%-50.50s %10s %10s %-4s %9s %7.4f  %s\n", name, left, right, unit, change,
        chance, verdict_words[verdict]);
}

static void compare_figures(struct tally *tally, const struct figures *a, const struct figures *b)
{
    struct side left, right;
    fprintf(tally->out, "%-50s %10s %10s %-4s %9s %7s\n", "figure (medians)", "A", "B", "",
        "change", "chance");
    for (size_t i = 0; i < a->count; i++) {
        const struct figure *other = figures_find(b, a->list[i].name);
        if (!other || strncmp(other->name, "seconds.", 8) == 0) continue;
        fill_figure(&left, &a->list[i]);
        fill_figure(&right, other);
        compare_one(tally, other->name, other->unit, other->better, &left, &right);
    }
    fprintf(tally->out, "\nratios of goals, by round\n");
    for (size_t i = 0; i < a->goals_count; i++) {
        const struct goal *goal = &a->goals[i], *other = NULL;
        for (size_t k = 0; k < b->goals_count; k++)
            if (strcmp(b->goals[k].text, goal->text) == 0) other = &b->goals[k];
        if (!other || !goal->under || !other->under) continue;
        const struct figure *over_a = figures_find(a, goal->over);
        const struct figure *over_b = figures_find(b, other->over);
        if (!over_a || !over_b) continue;
        double *values = malloc((over_a->count + over_b->count) * sizeof(*values));
        if (!values) abort();
        fill(&left, values, goal_samples(a, goal, values));
        fill(&right, values, goal_samples(b, other, values));
        free(values);
        if (left.count == 0 || right.count == 0) continue;
        compare_one(
            tally, goal->text, "", goal->at_least ? BETTER_HIGH : BETTER_LOW, &left, &right);
    }
}

static size_t missing_from(const struct figures *a, const struct figures *b)
{
    size_t missing = 0;
    for (size_t i = 0; i < a->count; i++)
        missing += !figures_find(b, a->list[i].name);
    return missing;
}

int compare_runs(const char *path_a, const char *path_b, FILE *out)
{
    struct figures *a = json_read(path_a), *b = a ? json_read(path_b) : NULL;
    struct tally tally = {.out = out};
    int result = -2;
    if (!b) goto out;
    compare_figures(&tally, a, b);
    fprintf(out,
        "\n%zu compared: %zu better, %zu worse, %zu different beyond doubt (chance at most %.2f, "
        "%.0f %% apart);\n%zu perhaps so (chance at most %.1f; of figures that did not change, one in ten is among "
        "them); %zu of too few samples.\n",
        tally.compared, tally.verdicts[BETTER], tally.verdicts[WORSE], tally.verdicts[DIFFERENT],
        SURE, 100 * EFFECT,
        tally.verdicts[BETTER_MAYBE] + tally.verdicts[WORSE_MAYBE] +
            tally.verdicts[DIFFERENT_MAYBE],
        LIKELY, tally.verdicts[TOO_FEW]);
    size_t gone = missing_from(a, b), fresh = missing_from(b, a);
    if (gone || fresh) fprintf(out, "%zu figures are in A alone, %zu in B alone.\n", gone, fresh);
    if (tally.decidable == 0)
        fprintf(
            out, "No figure has samples enough to tell change from noise: give both --rounds 5.\n");
    result = tally.decidable == 0 ? -1 : (int)tally.verdicts[WORSE];
out:
    figures_destroy(a);
    figures_destroy(b);
    return result;
}
