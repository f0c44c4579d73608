/* report.html: a run in one file that needs nothing else, neither a script nor the net. */

#include "bench/suite/figures.h"

#include <math.h>

static const char style[] =
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8884}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.met{color:#177a3d}.missed{color:#c0261f;font-weight:600}"
    "figure{margin:1.5rem 0}figure svg{width:100%;height:auto;background:#fff}code{font-size:.92em}"
    "@media(prefers-color-scheme:dark){.met{color:#5fd38a}.missed{color:#ff8a80}}";

static void put_escaped(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        default: fputc(*text, file);
        }
}

static void put_row(FILE *file, const char *name, const char *text)
{
    if (!*text) return;
    fprintf(file, "<tr><th scope=\"row\">%s</th><td>", name);
    put_escaped(file, text);
    fputs("</td></tr>\n", file);
}

static void put_run(FILE *file, const struct run *run)
{
    const struct machine *machine = &run->machine;
    char memory[64], rounds[64];
    snprintf(memory, sizeof(memory), "%u cores, %.1f GiB of memory", machine->cores,
        (double)machine->memory_bytes / 1073741824.0);
    snprintf(rounds, sizeof(rounds), "%u, seed %llu, %.0f s", run->rounds,
        (unsigned long long)run->bench.seed, run->seconds);
    fputs("<table>\n", file);
    put_row(file, "When", run->when);
    put_row(file, "Processor", machine->cpu);
    put_row(file, "Machine", memory);
    put_row(file, "Kernel", machine->kernel);
    put_row(file, "File system", machine->file_system);
    put_row(file, "sharelog", SL_VERSION);
    put_row(file, "Commit", machine->commit);
    put_row(file, "RocksDB", machine->rocksdb);
    put_row(file, "CivetWeb", machine->civetweb);
    put_row(file, "OpenSSL", machine->openssl);
    put_row(file, "Compiler", machine->compiler);
    put_row(file, "Flags", run->flags);
    put_row(file, "Rounds", rounds);
    fputs("</table>\n", file);
    if (machine->volatile_folder)
        fputs(
            "<p class=\"missed\">The measured folder lies in memory: no durable figure here means anything.</p>\n",
            file);
    if (run->failed)
        fputs("<p class=\"missed\">A part failed; its figures are missing.</p>\n", file);
}

static void put_goals(FILE *file, const struct figures *figures)
{
    fputs(
        "<h2>Goals</h2>\n<table><thead><tr><th>Goal</th><th>What by what</th><th class=\"n\">Wanted</th>"
        "<th class=\"n\">Measured</th><th></th></tr></thead><tbody>\n",
        file);
    for (size_t i = 0; i < figures->goals_count; i++) {
        const struct goal *goal = &figures->goals[i];
        double value = goal_value(figures, goal);
        char bound[32], measured[32];
        number_text(goal->bound, bound, sizeof(bound));
        number_text(value, measured, sizeof(measured));
        bool met = goal_met(goal, value);
        fputs("<tr><td>", file);
        put_escaped(file, goal->text);
        fprintf(file, "</td><td><code>%s</code>", goal->over);
        if (goal->under) fprintf(file, " / <code>%s</code>", goal->under);
        const struct figure *over = figures_find(figures, goal->over);
        const char *unit = !goal->under && over ? over->unit : "";
        fprintf(file,
            "</td><td class=\"n\">%s %s %s</td><td class=\"n\">%s</td><td class=\"%s\">%s</td></tr>\n",
            goal->at_least ? "≥" : "≤", bound, unit, measured,
            isnan(value) ? ""
            : met        ? "met"
                         : "missed",
            isnan(value) ? "not measured"
            : met        ? "met"
                         : "missed");
    }
    fputs("</tbody></table>\n", file);
}

static void put_figures(FILE *file, const struct figures *figures)
{
    fputs(
        "<h2>Figures</h2>\n<table><thead><tr><th>Figure</th><th class=\"n\">Median</th><th>Unit</th>"
        "<th class=\"n\">Least</th><th class=\"n\">Most</th><th class=\"n\">Samples</th></tr></thead><tbody>\n",
        file);
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->list[i];
        double least = INFINITY, most = -INFINITY;
        char texts[3][32];
        for (size_t k = 0; k < figure->count; k++) {
            least = fmin(least, figure->samples[k].value);
            most = fmax(most, figure->samples[k].value);
        }
        number_text(figure_middle(figure), texts[0], sizeof(texts[0]));
        number_text(least, texts[1], sizeof(texts[1]));
        number_text(most, texts[2], sizeof(texts[2]));
        fprintf(file, "<tr><td><code>%s</code></td><td class=\"n\">%s</td><td>", figure->name,
            texts[0]);
        put_escaped(file, figure->unit);
        fprintf(file,
            "</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n\">%zu</td></tr>\n",
            texts[1], texts[2], figure->count);
    }
    fputs("</tbody></table>\n", file);
}

struct page {
    const struct run *run;
    FILE *file;
};

/* Everything from <svg on: what stands before it belongs to a file of its own. */
static bool put_plot(void *ctx, const char *name)
{
    const struct page *page = ctx;
    char path[4096], *text = NULL;
    size_t cap = 0;
    snprintf(path, sizeof(path), "%s/%s", page->run->bench.out, name);
    FILE *svg = fopen(path, "r");
    ssize_t len = svg ? getdelim(&text, &cap, 0, svg) : -1;
    if (svg) fclose(svg);
    const char *begin = len > 0 ? strstr(text, "<svg") : NULL;
    if (begin) {
        fputs("<figure>\n", page->file);
        fputs(begin, page->file);
        fputs("</figure>\n", page->file);
    }
    free(text);
    return true;
}

void html_write(const struct run *run)
{
    FILE *file = out_open(&run->bench, "report", ".html", "w");
    fprintf(file,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>sharelog: benchmark report</title>"
        "<style>%s</style></head><body>\n<h1>sharelog: benchmark report</h1>\n",
        style);
    put_run(file, run);
    put_goals(file, run->bench.figures);
    fputs("<h2>Curves</h2>\n", file);
    plots_each(run, put_plot, &(struct page){run, file});
    put_figures(file, run->bench.figures);
    fputs("</body></html>\n", file);
    fclose(file);
}
