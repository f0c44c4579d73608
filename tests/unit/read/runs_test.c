/* What a list of runs makes of stretches and items. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/runs.h"
#include "tests/support/alloc_fault.h"

static void assert_run(const struct run *run, uint64_t offset, uint64_t length, uint32_t item)
{
    assert_int_equal(run->offset, offset);
    assert_int_equal(run->length, length);
    assert_int_equal(run->item, item);
}

static void stretches_join(void **state)
{
    (void)state;
    struct runs runs = {0};
    runs_add_stretch(&runs, 1, 10);
    runs_add_stretch(&runs, 11, 20); /* a comma lies between them */
    runs_add_item(&runs, 7);
    runs_add_stretch(&runs, 21, 30); /* an item lies between them */
    runs_add_stretch(&runs, 32, 40); /* not right behind */
    runs_add_item(&runs, 0);
    runs_add_item(&runs, 1);
    assert_int_equal(runs.count, 6);
    assert_run(&runs.list[0], 1, 19, 0);
    assert_run(&runs.list[1], 0, 0, 7);
    assert_run(&runs.list[2], 21, 9, 0);
    assert_run(&runs.list[3], 32, 8, 0);
    assert_run(&runs.list[4], 0, 0, 0);
    assert_run(&runs.list[5], 0, 0, 1);
    runs.made = true;
    runs_clear(&runs);
    assert_int_equal(runs.count, 0);
    assert_false(runs.made);
    runs_fini(&runs);
    assert_null(runs.list);
}

static void no_memory(void **state)
{
    (void)state;
    struct runs runs = {0};
    for (uint32_t i = 0; i < 64; i++)
        runs_add_item(&runs, i);
    alloc_fail_from(0);
    runs_add_item(&runs, 64);
    assert_int_equal(alloc_never(), 1);
    assert_true(runs.failed);
    assert_int_equal(runs.count, 64);
    runs_clear(&runs);
    assert_false(runs.failed);
    runs_add_item(&runs, 1);
    assert_int_equal(runs.count, 1);
    runs_fini(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretches_join), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
