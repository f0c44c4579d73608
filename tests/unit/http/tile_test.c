/* Paths of tiles: every number has one, and nothing else is one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/tile.h"
#include "tests/support/core_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The text lies in memory of exactly its size. */
static bool parse(const char *text, size_t len, uint64_t *index, unsigned *width)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len) memcpy(copy, text, len);
    bool ok = tile_parse((struct sl_span){copy, len}, index, width);
    free(copy);
    return ok;
}

static void write_path(uint64_t index, unsigned width, char out[64])
{
    uint64_t groups[8];
    size_t count = 0, at = 0;
    do
        groups[count++] = index % 1000;
    while ((index /= 1000) > 0);
    while (count-- > 0)
        at += (size_t)snprintf(
            out + at, 64 - at, count ? "x%03" PRIu64 "/" : "%03" PRIu64, groups[count]);
    if (width < 256) snprintf(out + at, 64 - at, ".p/%u", width);
}

static void fits(void **state)
{
    static const struct {
        const char *path;
        uint64_t index;
        unsigned width;
    } cases[] = {{"000", 0, 256}, {"067", 67, 256}, {"999.p/1", 999, 1}, {"x001/000", 1000, 256},
        {"x001/x234/067", 1234067, 256}, {"x001/x234/067.p/255", 1234067, 255},
        {"x018/x446/x744/x073/x709/x551/615", UINT64_MAX, 256}};
    uint64_t index = 7;
    unsigned width = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (!parse(cases[i].path, strlen(cases[i].path), &index, &width))
            fail_msg("%s is refused", cases[i].path);
        assert_true(index == cases[i].index);
        assert_int_equal(width, cases[i].width);
    }
}

static void never_fits(void **state)
{
    static const char *const paths[] = {"", "0", "00", "67", "0067", "x067", "x067/", "067/",
        "/067", "x000/067", "x000/x001/067", "001/067", "x01/067", "x0001/067", "X001/067",
        "x001/x067", "x001//067", "x001/ 67", "x001/+67", "x001/-67", "x001/0x7", "x001/06", "a67",
        "067.p", "067.p/", "067.p/0", "067.p/256", "067.p/01", "067.p/1/", "067.p/1x", "067.p/-1",
        "067.p/+1", "067.p/ 1", "067.P/1", "067.q/1", "067p/1", "067.p1", "067.p//1", "067.p/1000",
        "067.p/18446744073709551617", "x001.p/1", "x001.p/1/067", "067.", "067..", "..", "x../067",
        "x001/../067", "%30%36%37", "x018/x446/x744/x073/x709/x551/616",
        "x999/x999/x999/x999/x999/x999/999", "x001/x000/x000/x000/x000/x000/x000/000"};
    uint64_t index = 7;
    unsigned width = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (parse(paths[i], strlen(paths[i]), &index, &width)) fail_msg("%s is taken", paths[i]);
    assert_false(parse("067\0", 4, &index, &width));
    assert_false(parse("067.p/1\0", 8, &index, &width));
    assert_true(index == 7 && width == 7);
}

/* What is taken is written again as it came: so no tile has two paths. */
static void one_path_each(void **state)
{
    static const char alphabet[] = "0012345679xx//.p";
    uint64_t seed = core_seed("http_tile"), index;
    unsigned width, taken = 0;
    char path[64], again[64];
    (void)state;
    for (unsigned i = 0; i < 20000 * core_rounds(); i++) {
        write_path(core_random(&seed) >> core_random(&seed) % 64,
            1 + (unsigned)(core_random(&seed) % 256), path);
        size_t len = strlen(path);
        assert_true(parse(path, len, &index, &width));
        write_path(index, width, again);
        assert_string_equal(again, path);
        for (uint64_t n = core_random(&seed) % 3; n < 3; n++)
            path[core_random(&seed) % len] = alphabet[core_random(&seed) % (sizeof(alphabet) - 1)];
        if (!parse(path, len, &index, &width)) continue;
        write_path(index, width, again);
        assert_string_equal(again, path);
        taken++;
    }
    assert_true(taken > 100);
}

static void levels(void **state)
{
    static const char *const wrong[] = {"", "00", "01", "64", "-1", "+1", " 1", "1 ", "0x1", "1e0",
        "100", "18446744073709551616", "entries"};
    unsigned level = 99;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (tile_parse_level(sl_span_of(wrong[i]), &level)) fail_msg("%s is taken", wrong[i]);
    assert_int_equal(level, 99);
    for (unsigned i = 0; i <= 63; i++) {
        char text[8];
        snprintf(text, sizeof(text), "%u", i);
        assert_true(tile_parse_level(sl_span_of(text), &level));
        assert_int_equal(level, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),
        cmocka_unit_test(never_fits),
        cmocka_unit_test(one_path_each),
        cmocka_unit_test(levels),
    };
    return cmocka_run_group_tests_name("http tile", tests, NULL, NULL);
}
