/* run.json: everything that a run recorded. The schema is in bench/README.md. */

#include "bench/suite/figures.h"

#include "core/base/json.h"

#include <errno.h>
#include <math.h>

#define SCHEMA 1
#define DEPTH 8

static const char *const betters[] = {"high", "low", "neither"};

static void put_text(FILE *file, const char *text)
{
    struct sl_span span = sl_span_of(text);
    char *quoted = malloc(json_quoted_bytes(span));
    if (!quoted) abort();
    fwrite(quoted, 1, json_quote(span, quoted), file);
    free(quoted);
}

static void put_member(FILE *file, const char *name, const char *text)
{
    fprintf(file, "    \"%s\": ", name);
    put_text(file, text);
    fputs(",\n", file);
}

static void put_machine(FILE *file, const struct machine *machine)
{
    fputs("  \"machine\": {\n", file);
    put_member(file, "cpu", machine->cpu);
    put_member(file, "kernel", machine->kernel);
    put_member(file, "fileSystem", machine->file_system);
    put_member(file, "compiler", machine->compiler);
    put_member(file, "rocksdb", machine->rocksdb);
    put_member(file, "openssl", machine->openssl);
    put_member(file, "civetweb", machine->civetweb);
    put_member(file, "msgpack", machine->msgpack);
    put_member(file, "zstd", machine->zstd);
    fprintf(file, "    \"cores\": %u,\n    \"memoryBytes\": %llu,\n    \"inMemory\": %s\n  },\n",
        machine->cores, (unsigned long long)machine->memory_bytes,
        machine->volatile_folder ? "true" : "false");
}

static void put_figure(FILE *file, const struct figure *figure)
{
    fputs("    {\"name\": ", file);
    put_text(file, figure->name);
    fputs(", \"unit\": ", file);
    put_text(file, figure->unit);
    fprintf(file, ", \"better\": \"%s\", \"median\": %.10g, \"samples\": [",
        betters[figure->better], figure_middle(figure));
    for (size_t i = 0; i < figure->count; i++)
        fprintf(file, "%s[%u, %.10g]", i ? ", " : "", figure->samples[i].round,
            figure->samples[i].value);
    fputs("]}", file);
}

static void put_goal(FILE *file, const struct figures *figures, const struct goal *goal)
{
    double value = goal_value(figures, goal);
    fputs("    {\"text\": ", file);
    put_text(file, goal->text);
    fputs(", \"over\": ", file);
    put_text(file, goal->over);
    fputs(", \"under\": ", file);
    if (goal->under)
        put_text(file, goal->under);
    else
        fputs("null", file);
    fprintf(file, ", \"atLeast\": %s, \"bound\": %.10g, ", goal->at_least ? "true" : "false",
        goal->bound);
    if (isfinite(value))
        fprintf(file, "\"measured\": %.10g, \"met\": %s}", value,
            goal_met(goal, value) ? "true" : "false");
    else
        fputs("\"measured\": null, \"met\": null}", file);
}

void json_write(const struct run *run)
{
    static const char *const sizes[] = {"quick", "normal", "full"};
    const struct figures *figures = run->bench.figures;
    FILE *file = out_open(&run->bench, "run", ".json", "w");
    fprintf(file, "{\n  \"schema\": %d,\n  \"sharelog\": \"%s\",\n", SCHEMA, SL_VERSION);
    fprintf(file, "  \"when\": \"%s\",\n  \"commit\": ", run->when);
    put_text(file, run->machine.commit);
    fputs(",\n  \"flags\": ", file);
    put_text(file, run->flags);
    fprintf(file,
        ",\n  \"size\": \"%s\",\n  \"rounds\": %u,\n  \"seed\": %llu,\n  \"seconds\": %.1f,\n  \"failed\": %s,\n",
        sizes[run->bench.size], run->rounds, (unsigned long long)run->bench.seed, run->seconds,
        run->failed ? "true" : "false");
    put_machine(file, &run->machine);
    fputs("  \"figures\": [\n", file);
    for (size_t i = 0; i < figures->count; i++) {
        put_figure(file, &figures->list[i]);
        fputs(i + 1 < figures->count ? ",\n" : "\n", file);
    }
    fputs("  ],\n  \"goals\": [\n", file);
    for (size_t i = 0; i < figures->goals_count; i++) {
        put_goal(file, figures, &figures->goals[i]);
        fputs(i + 1 < figures->goals_count ? ",\n" : "\n", file);
    }
    fputs("  ]\n}\n", file);
    if (fclose(file) != 0) {
        fprintf(stderr, "bench: run.json: %s\n", strerror(errno));
        exit(2);
    }
}

/* ---- read again ---- */

static bool get_number(struct sl_span value, double *number)
{
    char text[64];
    if (json_kind_of(value) != JSON_NUMBER || value.len >= sizeof(text)) return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = 0;
    *number = strtod(text, NULL);
    return true;
}

static bool get_text(struct sl_span object, const char *name, char *out, size_t cap)
{
    struct sl_span value, raw;
    if (!json_get(object, name, &value) || !json_string_raw(value, &raw) || raw.len >= cap)
        return false;
    out[json_decode(raw, out)] = 0;
    return true;
}

static bool read_figure(struct figures *figures, struct sl_span object)
{
    char name[128], unit[32], better[16];
    struct sl_span samples, sample;
    enum better kind = BETTER_HIGH;
    if (!get_text(object, "name", name, sizeof(name)) || !figure_name_fits(name) ||
        !get_text(object, "unit", unit, sizeof(unit)) ||
        !get_text(object, "better", better, sizeof(better)) ||
        !json_get(object, "samples", &samples))
        return false;
    while (kind < BETTER_NEITHER && strcmp(better, betters[kind]) != 0)
        kind++;
    if (strcmp(better, betters[kind]) != 0) return false;
    struct figure *figure = figures_want(figures, name, unit, kind);
    while (json_next(&samples, &sample)) {
        struct sl_span pair = sample, part;
        double round, value;
        if (!json_next(&pair, &part) || !get_number(part, &round) || !json_next(&pair, &part) ||
            !get_number(part, &value) || !(round >= 0 && round < 1e6))
            return false;
        figure_push(figure, (unsigned)round, value);
    }
    return figure->count > 0;
}

static bool read_goal(struct figures *figures, struct sl_span object)
{
    char text[256], over[128], under[128];
    struct sl_span at_least, bound;
    double number;
    if (!get_text(object, "text", text, sizeof(text)) ||
        !get_text(object, "over", over, sizeof(over)) || !figure_name_fits(over) ||
        !json_get(object, "atLeast", &at_least) || !json_get(object, "bound", &bound) ||
        !get_number(bound, &number))
        return false;
    bool ratio = get_text(object, "under", under, sizeof(under));
    if (ratio && !figure_name_fits(under)) return false;
    struct bench bench = {.figures = figures};
    goal_add(&bench, text, over, ratio ? under : NULL, json_kind_of(at_least) == JSON_TRUE, number);
    return true;
}

static bool read_run(struct figures *figures, struct sl_span text)
{
    struct sl_span schema, list, element;
    uint64_t number;
    if (json_check(text, DEPTH, NULL) != SL_OK || !json_get(text, "schema", &schema) ||
        !json_u64(schema, &number) || number != SCHEMA || !json_get(text, "figures", &list) ||
        json_kind_of(list) != JSON_ARRAY)
        return false;
    while (json_next(&list, &element))
        if (!read_figure(figures, element)) return false;
    if (!json_get(text, "goals", &list) || json_kind_of(list) != JSON_ARRAY) return false;
    while (json_next(&list, &element))
        if (!read_goal(figures, element)) return false;
    return true;
}

struct figures *json_read(const char *path)
{
    char *text = NULL;
    size_t cap = 0;
    FILE *file = fopen(path, "r");
    ssize_t len = file ? getdelim(&text, &cap, EOF, file) : -1;
    if (len < 0) {
        fprintf(stderr, "bench: %s: %s\n", path, file ? "empty" : strerror(errno));
        if (file) fclose(file);
        free(text);
        return NULL;
    }
    fclose(file);
    struct figures *figures = figures_create();
    if (!read_run(figures, (struct sl_span){text, (size_t)len})) {
        fprintf(stderr, "bench: %s: not a run.json of this version\n", path);
        figures_destroy(figures);
        figures = NULL;
    }
    free(text);
    return figures;
}
