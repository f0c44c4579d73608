/* A run as one screen of text: its figures, then its goals, those that were missed marked. */

#include "bench/suite/figures.h"

#include <math.h>

#define NAME_WIDTH 36
#define HALF_WIDTH 60

void number_text(double value, char *out, size_t cap)
{
    double size = fabs(value);
    if (isnan(value))
        snprintf(out, cap, "-");
    else if (size >= 100 || size == 0)
        snprintf(out, cap, "%.0f", value);
    else
        snprintf(out, cap, size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.2g", value);
}

void value_text(double value, const char *unit, char *out, size_t cap)
{
    static const struct {
        const char *unit, *shown;
        double from;
    } scales[] = {{"B", "GB", 1e9}, {"B", "MB", 1e6}, {"B", "KB", 1e4}, {"us", "s", 1e6},
        {"us", "ms", 1e4}, {"B/s", "MB/s", 1e5}, {"ns", "us", 1e4}};
    static const double divisors[] = {1e9, 1e6, 1e3, 1e6, 1e3, 1e6, 1e3};
    char number[32];
    for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++)
        if (strcmp(unit, scales[i].unit) == 0 && fabs(value) >= scales[i].from) {
            value /= divisors[i];
            unit = scales[i].shown;
            break;
        }
    number_text(value, number, sizeof(number));
    snprintf(out, cap, "%s%s%s", number, *unit ? " " : "", unit);
}

static const char *const quantiles[] = {"p50", "p90", "p99", "p999", "p9999", "max"};
#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

/* Is it a percentile of a histogram? Those share a line. */
static bool of_histogram(const struct figures *figures, const char *name)
{
    const char *last = strrchr(name, '.');
    bool quantile = false;
    for (size_t i = 0; last && i < QUANTILES; i++)
        quantile = quantile || strcmp(last + 1, quantiles[i]) == 0;
    for (size_t i = 0; quantile && i < figures->histograms_count; i++)
        if (strlen(figures->histograms[i]) == (size_t)(last - name) &&
            strncmp(name, figures->histograms[i], (size_t)(last - name)) == 0)
            return true;
    return false;
}

/* What a goal divides it by; NULL: none does. */
static const struct goal *goal_of(const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->goals_count; i++)
        if (figures->goals[i].under && strcmp(figures->goals[i].over, name) == 0)
            return &figures->goals[i];
    return NULL;
}

/* How far apart its samples lie, in per cent of the median. */
static double spread(const struct figure *figure)
{
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < figure->count; i++) {
        least = fmin(least, figure->samples[i].value);
        most = fmax(most, figure->samples[i].value);
    }
    return 100 * (most - least) / fabs(figure_middle(figure));
}

/* A percentile that some rounds had too few samples for is left out: its median would be of other
   rounds than its neighbours'. */
static void print_histogram(const struct figures *figures, const char *name, FILE *out)
{
    size_t rounds = 0;
    fprintf(out, "%-*s", NAME_WIDTH, name);
    for (size_t i = 0; i < QUANTILES; i++) {
        char full[160], text[48] = "-";
        snprintf(full, sizeof(full), "%s.%s", name, quantiles[i]);
        const struct figure *figure = figures_find(figures, full);
        if (figure && figure->count >= rounds)
            value_text(figure_middle(figure), figure->unit, text, sizeof(text));
        if (figure && i == 0) rounds = figure->count;
        fprintf(out, " %9s", text);
    }
    fputc('\n', out);
}

/* Plain figures, two a line; one that a goal compares has its ratio behind it. */
static void print_figures(const struct figures *figures, FILE *out)
{
    bool left = false;
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->list[i];
        if (of_histogram(figures, figure->name) || strncmp(figure->name, "seconds.", 8) == 0)
            continue;
        char text[48], line[256], noise[32] = "";
        value_text(figure_middle(figure), figure->unit, text, sizeof(text));
        if (figure->count > 1) snprintf(noise, sizeof(noise), " ±%.0f%%", spread(figure) / 2);
        int len =
            snprintf(line, sizeof(line), "%-*s %11s%s", NAME_WIDTH, figure->name, text, noise);
        if (noise[0]) len--; /* the plus-minus sign: two bytes, one column */
        const struct goal *goal = goal_of(figures, figure->name);
        double ratio = goal ? goal_value(figures, goal) : NAN;
        bool wide = len > HALF_WIDTH || !isnan(ratio);
        if (left && wide) fputc('\n', out);
        if (wide && !isnan(ratio)) {
            fprintf(out, "%s   %.2f of %s\n", line, ratio, goal->under);
        } else {
            fprintf(out, "%s%*s", line, wide || left ? 0 : HALF_WIDTH + 2 - len, "");
            if (wide || left) fputc('\n', out);
        }
        left = !wide && !left;
    }
    if (left) fputc('\n', out);
}

void report_text(const struct run *run, FILE *out)
{
    const struct figures *figures = run->bench.figures;
    const struct machine *machine = &run->machine;
    fprintf(out, "%s, %u cores, %.0f GiB, %s, %s%s%s; %u round%s, %.0f s\n\n", machine->cpu,
        machine->cores, (double)machine->memory_bytes / 1073741824.0, machine->file_system,
        machine->kernel, machine->commit[0] ? ", commit " : "", machine->commit, run->rounds,
        run->rounds == 1 ? "" : "s", run->seconds);
    print_figures(figures, out);
    if (figures->histograms_count > 0) {
        fprintf(out, "\n%-*s %9s %9s %9s %9s %9s %9s\n", NAME_WIDTH, "latency", "p50", "p90", "p99",
            "p99.9", "p99.99", "max");
        for (size_t i = 0; i < figures->histograms_count; i++)
            print_histogram(figures, figures->histograms[i], out);
    }
    if (machine->volatile_folder)
        fprintf(out, "\nThe folder lies in memory (%s): no durable figure here means anything.\n",
            machine->file_system);
}

unsigned report_goals(const struct run *run, FILE *out)
{
    const struct figures *figures = run->bench.figures;
    unsigned missed = 0, absent = 0;
    if (figures->goals_count == 0) return 0;
    fprintf(out, "\n%-72s %11s %11s\n", "goal", "wanted", "measured");
    for (size_t i = 0; i < figures->goals_count; i++) {
        const struct goal *goal = &figures->goals[i];
        double value = goal_value(figures, goal);
        const struct figure *over = figures_find(figures, goal->over);
        const char *unit = !goal->under && over ? over->unit : "";
        char bound[48], measured[48];
        value_text(goal->bound, unit, bound, sizeof(bound));
        value_text(value, unit, measured, sizeof(measured));
        bool known = !isnan(value), met = known && goal_met(goal, value);
        missed += known && !met;
        absent += !known;
        fprintf(out, "%-72s %s %8s %11s  %s\n", goal->text, goal->at_least ? ">=" : "<=", bound,
            measured,
            !known ? "not measured"
            : met  ? "ok"
                   : "MISSED");
    }
    fprintf(out, "%zu goals: %zu met, %u missed, %u not measured\n", figures->goals_count,
        figures->goals_count - missed - absent, missed, absent);
    if (run->failed) fprintf(out, "A part failed: see above; its figures are missing.\n");
    return missed;
}
