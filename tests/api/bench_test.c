/* The benchmarks' program: its arithmetic, its words, and a load that proves itself. How fast
   anything is, is no test's business. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/tools_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char bench_path[4096];
static struct tools_run run = {.program = bench_path};

static int find_bench(void **state)
{
    const char *sharelog = getenv("SL_BIN");
    (void)state;
    if (!sharelog) fail_msg("SL_BIN is not set: tests/run sets it");
    const char *slash = strrchr(sharelog, '/');
    snprintf(bench_path, sizeof(bench_path), "%.*sbench/bench",
        slash ? (int)(slash + 1 - sharelog) : 0, sharelog);
    return access(bench_path, X_OK);
}

static void arithmetic(void **state)
{
    (void)state;
    tools_expect(&run, 0, " 0 faults", "selftest");
}

static void words(void **state)
{
    (void)state;
    tools_expect(&run, 0, "bench custom --connections", "--help");
    tools_expect(&run, 2, "there is no part nothing", "nothing");
    tools_expect(&run, 2, "there is no flag --fast", "append", "--fast", "1");
    tools_expect(&run, 2, "a number from 1 to 1000 belongs behind --rounds", "--rounds", "0");
    tools_expect(&run, 2, "belongs behind --rate", "custom", "--rate", "-1");
    tools_expect(&run, 2, "belongs behind --connections", "custom", "--connections");
    tools_expect(&run, 2, "belongs behind --shape", "custom", "--shape", "3k");
    tools_expect(&run, 2, "at least as many as connections", "custom", "--shares", "3");
    tools_expect(&run, 2, "only the part custom has a flag --rate", "append", "--rate", "3");
    tools_expect(&run, 2, "compare takes two", "compare", "run.json");
    tools_expect(&run, 2, "no server there", "custom", "--sharelog", "/nonexistent", "--out",
        tools_path("out"));
}

/* The median of a figure in OUT/run.json. */
static double figure(const char *text, const char *name)
{
    struct sl_span all = sl_span_of(text), figures, one, field, raw;
    assert_int_equal(json_check(all, 16, NULL), SL_OK);
    assert_true(json_get(all, "figures", &figures));
    while (json_next(&figures, &one))
        if (json_get(one, "name", &field) && json_string_raw(field, &raw) &&
            sl_span_eq(raw, sl_span_of(name)) && json_get(one, "median", &field))
            return strtod(field.ptr, NULL);
    fail_msg("no figure %s", name);
    return 0;
}

static bool is_file(const char *name)
{
    struct stat status;
    return stat(tools_path(name), &status) == 0 && status.st_size > 0;
}

/* Ten shares over four connections, at a rate: what was due was answered, or is counted as late. */
static void a_load_at_a_rate(void **state)
{
    size_t len;
    (void)state;
    tools_expect(&run, 0, "custom.rate", "custom", "--connections", "4", "--shares", "10", "--rate",
        "40", "--seconds", "2", "--shape", "3x400:34", "--sharelog", getenv("SL_BIN"), "--out",
        tools_path("out"));
    char *text = tools_read("out/run.json", &len);
    double answered = 2 * figure(text, "custom.rate"), late = figure(text, "custom.late");
    assert_true(answered + late > 78.5 && answered + late < 81.5);
    assert_true(figure(text, "custom.bytes") > 40 * 1000);
    assert_true(figure(text, "custom.p50") >= figure(text, "custom.uncorrected.p50"));
    free(text);
    assert_true(is_file("out/custom.hist") && is_file("out/custom.uncorrected.hist"));
    assert_true(is_file("out/custom.per_second.csv") && is_file("out/report.html"));
    const char *json = tools_path("out/run.json");
    tools_expect(&run, 0, NULL, "compare", json, json);
    tools_expect(&run, 2, NULL, "compare", json, json, "--assert"); /* one sample says nothing */
}

/* Recorded batches, as fast as they are answered. */
static void a_closed_loop(void **state)
{
    (void)state;
    tools_expect(&run, 0, "custom.rate", "custom", "--connections", "3", "--seconds", "1",
        "--sharelog", getenv("SL_BIN"), "--out", tools_path("out"));
}

/* Nothing is recorded of a server that goes away: the run says why, and fails. The server is killed
   once a tenth of a megabyte of syncs lies in its write-ahead log; its end ends the load. */
static void a_server_that_dies(void **state)
{
    char script[8192];
    size_t len;
    (void)state;
    snprintf(script, sizeof(script),
        "#!/bin/sh\n"
        "'%s' \"$@\" &\n"
        "while [ \"$1\" != --data ]; do shift; done\n"
        "until [ $(cat \"$2\"/db/*.log 2>/dev/null | wc -c) -gt 100000 ]; do sleep 0.1; done\n"
        "kill -9 $!\nwait\n",
        getenv("SL_BIN"));
    tools_write("dies", sl_span_of(script));
    assert_int_equal(chmod(tools_path("dies"), 0700), 0);
    tools_expect(&run, 1, "bench: custom failed", "custom", "--connections", "3", "--seconds",
        "600", "--sharelog", tools_path("dies"), "--out", tools_path("out"));
    char *text = tools_read("out/run.json", &len);
    assert_non_null(strstr(text, "\"failed\": true"));
    assert_null(strstr(text, "\"custom.rate\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(words),
        cmocka_unit_test(a_load_at_a_rate),
        cmocka_unit_test(a_closed_loop),
        cmocka_unit_test(a_server_that_dies),
    };
    return cmocka_run_group_tests(tests, find_bench, NULL);
}
