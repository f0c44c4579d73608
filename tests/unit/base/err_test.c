/* Results keep their numbers, and messages grow from the bottom up without running over. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/err.h"

#include <string.h>

/* They are in scripts and in other programs: only new ones may come. */
static void numbers(void **state)
{
    (void)state;
    static const struct {
        enum sl_result result;
        int number;
        const char *text;
    } all[] = {{SL_OK, 0, "ok"}, {SL_NOT_FOUND, 1, "not found"}, {SL_REMOVED, 2, "removed"},
        {SL_BAD_SECRET, 3, "bad secret"}, {SL_INVALID, 4, "invalid input"},
        {SL_TOO_LARGE, 5, "too large"}, {SL_NO_MOMENT, 6, "no such moment"},
        {SL_HELD, 7, "taken down by the owner"}, {SL_READ_ONLY, 8, "read-only"},
        {SL_CLOSING, 9, "closing"}, {SL_LOCKED, 10, "in use by another process"},
        {SL_FORMAT, 11, "made by a newer version"}, {SL_STOPPED, 12, "stopped by the caller"},
        {SL_REDACTED, 13, "redacted meanwhile"}, {SL_IO, 32, "input/output error"},
        {SL_CORRUPT, 33, "corrupt"}, {SL_NOMEM, 34, "out of memory"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(all[i].result, all[i].number);
        assert_string_equal(sl_result_text(all[i].result), all[i].text);
    }
    assert_string_equal(sl_result_text((enum sl_result)99), "unknown result");
}

static void levels(void **state)
{
    (void)state;
    struct sl_err err = {0};
    assert_int_equal(sl_fail(&err, SL_IO, "write: %s", "no space"), SL_IO);
    assert_int_equal(sl_fail_in(&err, "append"), SL_IO);
    assert_int_equal(sl_fail_in(&err, "sync share %s", "q7Zk2bXa"), SL_IO);
    assert_string_equal(err.text, "sync share q7Zk2bXa: append: write: no space");
    assert_int_equal(err.result, SL_IO);
    assert_int_equal(sl_fail(NULL, SL_NOMEM, "nobody listens"), SL_NOMEM);
}

/* Whatever the lengths, the text ends within its room, and what is above stays. */
static void cut(void **state)
{
    (void)state;
    static char longest[1000];
    memset(longest, 'x', sizeof(longest) - 1);
    for (size_t below = 0; below < sizeof(longest); below += 37)
        for (size_t above = 0; above < sizeof(longest); above += 41) {
            struct {
                struct sl_err err;
                char guard[8];
            } room = {.guard = "guarded"};
            sl_fail(&room.err, SL_CORRUPT, "%.*s", (int)below, longest);
            assert_int_equal(sl_fail_in(&room.err, "%.*s", (int)above, longest), SL_CORRUPT);
            size_t len = strnlen(room.err.text, sizeof(room.err.text));
            assert_true(len < sizeof(room.err.text));
            assert_true(len >= (above < 470 ? above : 470));
            assert_string_equal(room.guard, "guarded");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(levels),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
