/* Curves: a gnuplot script over the run's own CSV and histogram files, so that anyone can draw them
   again otherwise (`cd OUT && gnuplot plots.gp`). */

#include "bench/suite/figures.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* One way of drawing, by the last component of a series' name. */
struct way {
    const char *kind;
    bool for_all; /* one plot for all parts, else one for each */
    const char *title, *x, *y, *settings;
};

static const struct way ways[] = {
    {"hist", false, "Latency by percentile", "percentile", "µs",
        "set logscale xy\nset xtics (\"50 %%\" 2, \"90 %%\" 10, \"99 %%\" 100, \"99.9 %%\" 1000, "
        "\"99.99 %%\" 10000, \"99.999 %%\" 100000)\nset xrange [1:*]"},
    {"per_second", false, "Throughput over time (first round)", "second", "answers a second",
        "set yrange [0:*]\nset y2range [0:1]"},
    {"by_rate", false, "Latency against the rate asked for", "requests a second", "µs",
        "set logscale y"},
    {"sync_by_size", true, "Cost of a sync against session size", "parts in the session", "µs",
        "set logscale xy"},
    {"read_by_size", true, "Cost of a read against session size", "parts in the session", "µs",
        "set logscale xy"},
    {"read_by_sequence", false, "Cost of a read at a moment against that moment's sequence",
        "sequence", "", ""},
    {"disk_by_events", true, "Disk against events", "events", "bytes", ""},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))
static const struct way way_other = {"", false, "", "x", "y", ""};

static const char *last_component(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static bool is_mark(const char *name)
{
    const char *last = last_component(name);
    return strcmp(last, "folds") == 0 || strcmp(last, "compactions") == 0;
}

static bool is_kind(const char *name, const char *kind)
{
    return strcmp(last_component(name), kind) == 0;
}

static const struct way *way_of(const char *name)
{
    for (size_t i = 0; i < WAYS; i++)
        if (is_kind(name, ways[i].kind)) return &ways[i];
    return &way_other;
}

/* How much of a name says which plot it goes to: its first component; of histograms with variants
   (`floor.http.2k.16`), of which there are many, two. */
static size_t group_of(const char *name, const struct way *way)
{
    size_t len = strcspn(name, ".");
    size_t second = name[len] ? 1 + strcspn(name + len + 1, ".") : 0;
    return way == &ways[0] && name[len + second] ? len + second : len;
}

static bool same_group(const char *a, const char *b, const struct way *way)
{
    size_t len = group_of(a, way);
    return len == group_of(b, way) && strncmp(a, b, len) == 0;
}

/* ---- the script ---- */

struct script {
    const struct figures *figures;
    FILE *file; /* NULL: only the names of the plots are asked for */
    bool (*each)(void *ctx, const char *file);
    void *ctx;
};

/* The label is the name without the part, where the plot is one part's, and without the kind. */
static void put_label(const struct script *script, const char *name, const struct way *way)
{
    const char *begin = name;
    if (!way->for_all && name[group_of(name, way)]) begin = name + group_of(name, way) + 1;
    size_t len = strlen(begin), kind = strlen(way->kind) + 1;
    if (way->kind[0] && way != &ways[0] && len >= kind) len -= kind;
    if (len == 0) {
        begin = name;
        len = group_of(name, way);
    }
    fprintf(script->file, " title \"%.*s\"", (int)len, begin);
}

static void put_series(
    const struct script *script, const char *name, const struct way *way, bool first)
{
    fputs(first ? "plot " : ", \\\n     ", script->file);
    if (way == &ways[0])
        fprintf(script->file,
            "\"%s.hist\" index 0 using ($1 < 100 ? 1 / (1 - $1 / 100) : NaN):2 with lines lw 1.5",
            name);
    else if (is_mark(name))
        fprintf(script->file,
            "\"%s.csv\" every ::1 using ($1 == 0 ? $2 : NaN):(1) axes x1y2 with impulses lw 1 dt 3",
            name);
    else if (is_kind(name, "per_second"))
        fprintf(script->file,
            "\"%s.csv\" every ::1 using ($1 == 0 ? $2 : NaN):3 with linespoints lw 1.5 ps 0.4",
            name);
    else /* the mean of the rounds */
        fprintf(script->file,
            "\"%s.csv\" every ::1 using 2:3 smooth unique with linespoints lw 1.5 ps 0.4", name);
    put_label(script, name, is_mark(name) ? &way_other : way);
}

static void begin_plot(
    const struct script *script, const char *file, const struct way *way, const char *part)
{
    size_t len = group_of(part, way);
    fprintf(script->file, "\nreset\nset output \"%s\"\n", file);
    fputs(
        way == &ways[0] ? "set datafile separator whitespace\n" : "set datafile separator \",\"\n",
        script->file);
    fputs(
        "set grid lc rgb \"#dddddd\"\nset border 3\nset tics nomirror\nset key outside bottom center horizontal\n",
        script->file);
    if (way == &way_other)
        fprintf(script->file, "set title \"%s\"\n", part);
    else if (way->for_all)
        fprintf(script->file, "set title \"%s\"\n", way->title);
    else
        fprintf(script->file, "set title \"%s: %.*s\"\n", way->title, (int)len, part);
    fprintf(
        script->file, "set xlabel \"%s\"\nset ylabel \"%s\"\n%s\n", way->x, way->y, way->settings);
}

/* The plot that `name` begins: everything that belongs with it. */
static bool do_plot(const struct script *script, const char *name, char **names, size_t count,
    const struct way *way)
{
    char file[192];
    bool first = true;
    if (way == &way_other)
        snprintf(file, sizeof(file), "other.%s.svg", name);
    else if (way->for_all)
        snprintf(file, sizeof(file), "%s.svg", way->kind);
    else
        snprintf(file, sizeof(file), "%s.%.*s.svg", way->kind, (int)group_of(name, way), name);
    if (!script->file) return script->each(script->ctx, file);
    begin_plot(script, file, way, name);
    for (size_t i = 0; i < count; i++) {
        bool with = way == &way_other ? strcmp(names[i], name) == 0
                                      : (way->for_all || same_group(names[i], name, way)) &&
                                            (way == &ways[0] || way_of(names[i]) == way);
        if (with) put_series(script, names[i], way, first);
        first = first && !with;
    }
    if (way->kind[0] && strcmp(way->kind, "per_second") == 0)
        for (size_t i = 0; i < count; i++)
            if (is_mark(names[i]) && same_group(names[i], name, way))
                put_series(script, names[i], way, false);
    fputc('\n', script->file);
    return true;
}

/* A plot is made where the first of its series comes. */
static bool do_all(const struct script *script, char **names, size_t count, bool histograms)
{
    for (size_t i = 0; i < count; i++) {
        const struct way *way = histograms ? &ways[0] : way_of(names[i]);
        bool begun = !histograms && is_mark(names[i]);
        for (size_t k = 0; k < i && !begun; k++)
            begun = way != &way_other && (histograms || way_of(names[k]) == way) &&
                    (way->for_all || same_group(names[k], names[i], way));
        if (!begun && !do_plot(script, names[i], names, count, way)) return false;
    }
    return true;
}

static bool do_script(const struct script *script)
{
    const struct figures *figures = script->figures;
    char **names = malloc((figures->series_count + 1) * sizeof(*names));
    if (!names) abort();
    for (size_t i = 0; i < figures->series_count; i++)
        names[i] = figures->series[i].name;
    bool good = do_all(script, figures->histograms, figures->histograms_count, true) &&
                do_all(script, names, figures->series_count, false);
    free(names);
    return good;
}

bool plots_each(const struct run *run, bool (*each)(void *ctx, const char *file), void *ctx)
{
    struct script script = {.figures = run->bench.figures, .each = each, .ctx = ctx};
    return do_script(&script);
}

/* ---- gnuplot ---- */

/* 127: there is no gnuplot. */
static int run_gnuplot(const char *folder)
{
    int status = 0, pid = fork();
    if (pid == 0) {
        int log = chdir(folder) == 0 ? open("plots.log", O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
        if (log < 0) _exit(126);
        dup2(log, 1);
        dup2(log, 2);
        execlp("gnuplot", "gnuplot", "plots.gp", (char *)NULL);
        _exit(errno == ENOENT ? 127 : 126);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) return 126;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* Those of a run before this one. */
static bool forget(void *ctx, const char *file)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", (const char *)ctx, file);
    unlink(path);
    return true;
}

void plots_draw(const struct run *run)
{
    struct script script = {.figures = run->bench.figures};
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s", run->bench.out);
    plots_each(run, forget, folder);
    script.file = out_open(&run->bench, "plots", ".gp", "w");
    fputs(
        "set encoding utf8\n"
        "set terminal svg size 860,460 dynamic noenhanced font \"sans-serif,13\" background \"white\"\n",
        script.file);
    do_script(&script);
    fclose(script.file);
    int status = run_gnuplot(run->bench.out);
    if (status == 127)
        puts(
            "\ngnuplot is not installed, so nothing was drawn (Debian: gnuplot-nox); plots.gp draws it later");
    else if (status != 0)
        printf("\ngnuplot failed (%d): see plots.log\n", status);
}
