#ifndef SHARELOG_BENCH_FIGURES_H
#define SHARELOG_BENCH_FIGURES_H

/* What a run has recorded, as the programs that print, write, draw and compare it see it. */

#include "bench/suite/bench.h"

struct sample {
    unsigned round;
    double value;
};

struct figure {
    char *name, *unit;
    enum better better;
    struct sample *samples;
    size_t count, cap;
};

struct goal {
    char *text, *over, *under; /* under NULL: the figure itself */
    bool at_least;
    double bound;
};

struct series {
    char *name;
    FILE *file;
};

struct figures {
    struct figure *list;
    size_t count, cap;
    struct goal *goals;
    size_t goals_count, goals_cap;
    struct series *series;
    size_t series_count, series_cap;
    char **histograms; /* names of those in out/, without .hist */
    size_t histograms_count, histograms_cap;
};

struct figures *figures_create(void);
void figures_destroy(struct figures *figures);

struct figure *figures_find(const struct figures *figures, const char *name);
/* The same with an element made when there is none. */
struct figure *figures_want(
    struct figures *figures, const char *name, const char *unit, enum better better);
void figure_push(struct figure *figure, unsigned round, double value);
double figure_middle(const struct figure *figure);
double median_of(const double *values, size_t count);

/* What was measured for a goal; NAN: a figure of it is missing. */
double goal_value(const struct figures *figures, const struct goal *goal);
bool goal_met(const struct goal *goal, double value);
/* The goal's ratio in each round that has both figures, into `values`, which has room for one each
   round of `over`. Returns how many. */
size_t goal_samples(const struct figures *figures, const struct goal *goal, double *values);

/* Is `name` letters, digits, '.' and '_'? */
bool figure_name_fits(const char *name);
/* out/NAME, opened for writing; it ends the process with a message when that fails. */
FILE *out_open(const struct bench *bench, const char *name, const char *suffix, const char *mode);
/* Room for one more element of `bytes` each. */
void *room_for(void *list, size_t count, size_t *cap, size_t bytes);
char *copy_text(const char *text);

/* ---- what it ran on (machine.c) ---- */

struct machine {
    char cpu[128], kernel[128], file_system[64], commit[64], compiler[96];
    char rocksdb[32], openssl[64], civetweb[32], msgpack[32], zstd[32];
    unsigned cores;
    uint64_t memory_bytes;
    bool volatile_folder; /* the measured folder lies in memory: fsync costs nothing there */
};
void machine_look(const struct bench *bench, struct machine *machine);

/* ---- what a run gives out ---- */

struct run {
    struct bench bench;
    struct machine machine;
    char flags[512]; /* as they were given */
    char when[32];
    double seconds;
    unsigned rounds;
    bool failed; /* a part did, so the figures are not all there */
};

void report_text(const struct run *run, FILE *out); /* run_text.c */
/* How many goals were measured and missed. */
unsigned report_goals(const struct run *run, FILE *out);
void number_text(double value, char *out, size_t cap); /* three figures */
/* With its unit, in a size that reads well. */
void value_text(double value, const char *unit, char *out, size_t cap);
void json_write(const struct run *run);      /* run_json.c */
struct figures *json_read(const char *path); /* NULL: said why */
void plots_draw(const struct run *run);      /* run_plots.c */
bool plots_each(const struct run *run, bool (*each)(void *ctx, const char *file), void *ctx);
void html_write(const struct run *run); /* run_html.c */

/* Print the two runs side by side (run_compare.c). Returns how much is worse, beyond doubt and
   beyond what chance does to so many figures; -1: nothing could be told, for want of samples; -2: a
   file can't be read. */
int compare_runs(const char *path_a, const char *path_b, FILE *out);
/* The two-sided chance that two sets of samples of one kind are ranked at least as far apart as
   these: exact, ties included. */
double rank_test(const double *a, size_t a_count, const double *b, size_t b_count);

bool selftest_run(void); /* selftest.c */

#endif
