/* What the parts record: samples of figures, goals, points of curves. */

#include "bench/suite/figures.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

void *room_for(void *list, size_t count, size_t *cap, size_t bytes)
{
    if (count < *cap) return list;
    *cap = *cap ? *cap * 2 : 8;
    list = realloc(list, *cap * bytes);
    if (!list) abort();
    return list;
}

char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy) abort();
    return copy;
}

struct figures *figures_create(void)
{
    struct figures *figures = calloc(1, sizeof(*figures));
    if (!figures) abort();
    return figures;
}

void figures_destroy(struct figures *figures)
{
    if (!figures) return;
    for (size_t i = 0; i < figures->count; i++) {
        free(figures->list[i].name);
        free(figures->list[i].unit);
        free(figures->list[i].samples);
    }
    for (size_t i = 0; i < figures->goals_count; i++) {
        free(figures->goals[i].text);
        free(figures->goals[i].over);
        free(figures->goals[i].under);
    }
    for (size_t i = 0; i < figures->series_count; i++) {
        if (figures->series[i].file) fclose(figures->series[i].file);
        free(figures->series[i].name);
    }
    for (size_t i = 0; i < figures->histograms_count; i++)
        free(figures->histograms[i]);
    free(figures->list);
    free(figures->goals);
    free(figures->series);
    free(figures->histograms);
    free(figures);
}

bool figure_name_fits(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '.' && *at != '_') return false;
    return *name && strlen(name) < 120;
}

/* A part's mistake, not a user's. */
static void need_name(const char *name)
{
    if (figure_name_fits(name)) return;
    fprintf(stderr, "bench: \"%s\" is no name for a figure\n", name);
    abort();
}

FILE *out_open(const struct bench *bench, const char *name, const char *suffix, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s%s", bench->out, name, suffix);
    FILE *file = fopen(path, mode);
    if (file) return file;
    fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
    exit(2);
}

/* ---- figures ---- */

struct figure *figures_find(const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->list[i].name, name) == 0) return &figures->list[i];
    return NULL;
}

struct figure *figures_want(
    struct figures *figures, const char *name, const char *unit, enum better better)
{
    struct figure *figure = figures_find(figures, name);
    if (figure) return figure;
    figures->list = room_for(figures->list, figures->count, &figures->cap, sizeof(*figures->list));
    figure = &figures->list[figures->count++];
    *figure = (struct figure){.name = copy_text(name), .unit = copy_text(unit), .better = better};
    return figure;
}

void figure_push(struct figure *figure, unsigned round, double value)
{
    figure->samples =
        room_for(figure->samples, figure->count, &figure->cap, sizeof(*figure->samples));
    figure->samples[figure->count++] = (struct sample){round, value};
}

void figure_add(
    struct bench *bench, const char *name, const char *unit, enum better better, double value)
{
    need_name(name);
    if (!isfinite(value)) {
        fprintf(stderr, "bench: %s is not a number\n", name);
        abort();
    }
    figure_push(figures_want(bench->figures, name, unit, better), bench->round, value);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(const double *values, size_t count)
{
    if (count == 0) return NAN;
    double *sorted = malloc(count * sizeof(*sorted));
    if (!sorted) abort();
    memcpy(sorted, values, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_value);
    double middle = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    free(sorted);
    return middle;
}

/* Of the samples of one round; of all: any_round. */
static double median_in(const struct figure *figure, bool any_round, unsigned round)
{
    double *values = malloc((figure->count + 1) * sizeof(*values));
    if (!values) abort();
    size_t count = 0;
    for (size_t i = 0; i < figure->count; i++)
        if (any_round || figure->samples[i].round == round)
            values[count++] = figure->samples[i].value;
    double middle = median_of(values, count);
    free(values);
    return middle;
}

double figure_middle(const struct figure *figure)
{
    return median_in(figure, true, 0);
}

double figure_median(const struct bench *bench, const char *name)
{
    const struct figure *figure = figures_find(bench->figures, name);
    return figure ? figure_middle(figure) : NAN;
}

/* ---- goals ---- */

void goal_add(struct bench *bench, const char *text, const char *over, const char *under,
    bool at_least, double bound)
{
    struct figures *figures = bench->figures;
    for (size_t i = 0; i < figures->goals_count; i++)
        if (strcmp(figures->goals[i].text, text) == 0) return; /* a later round's */
    need_name(over);
    if (under) need_name(under);
    figures->goals = room_for(
        figures->goals, figures->goals_count, &figures->goals_cap, sizeof(*figures->goals));
    figures->goals[figures->goals_count++] = (struct goal){.text = copy_text(text),
        .over = copy_text(over),
        .under = under ? copy_text(under) : NULL,
        .at_least = at_least,
        .bound = bound};
}

double goal_value(const struct figures *figures, const struct goal *goal)
{
    const struct figure *over = figures_find(figures, goal->over);
    const struct figure *under = goal->under ? figures_find(figures, goal->under) : NULL;
    if (!over || (goal->under && !under)) return NAN;
    return under ? figure_middle(over) / figure_middle(under) : figure_middle(over);
}

bool goal_met(const struct goal *goal, double value)
{
    return goal->at_least ? value >= goal->bound : value <= goal->bound;
}

size_t goal_samples(const struct figures *figures, const struct goal *goal, double *values)
{
    const struct figure *over = figures_find(figures, goal->over);
    const struct figure *under = goal->under ? figures_find(figures, goal->under) : NULL;
    if (!over || (goal->under && !under)) return 0;
    size_t count = 0;
    for (size_t i = 0; i < over->count; i++) {
        unsigned round = over->samples[i].round;
        if (i > 0 && over->samples[i - 1].round == round) continue;
        double value = median_in(over, false, round);
        if (under) value /= median_in(under, false, round);
        if (isfinite(value)) values[count++] = value;
    }
    return count;
}

/* ---- curves ---- */

void series_add(struct bench *bench, const char *name, double x, double y)
{
    struct figures *figures = bench->figures;
    struct series *series = NULL;
    for (size_t i = 0; i < figures->series_count; i++)
        if (strcmp(figures->series[i].name, name) == 0) series = &figures->series[i];
    if (!series) {
        need_name(name);
        figures->series =
            room_for(figures->series, figures->series_count, &figures->series_cap, sizeof(*series));
        series = &figures->series[figures->series_count++];
        *series = (struct series){copy_text(name), out_open(bench, name, ".csv", "w")};
        fputs("round,x,y\n", series->file);
    }
    fprintf(series->file, "%u,%.10g,%.10g\n", bench->round, x, y);
}
