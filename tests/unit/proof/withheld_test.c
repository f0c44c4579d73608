/* Withheld items wait for a redact event that names them with just what stands in their place; the
   last one that names an item counts, and the first item that isn't settled is the fault. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/proof/withheld.h"
#include "tests/support/alloc_fault.h"

#include <string.h>

static const uint8_t right[32] = {1}, wrong[32] = {2};

static void add(struct withheld *withheld, uint64_t sequence, uint64_t item)
{
    struct sl_err err = {0};
    assert_int_equal(withheld_add(withheld, sequence, item, right, &err), SL_OK);
}

static void naming(void **state)
{
    (void)state;
    struct withheld withheld = {0};
    assert_null(withheld_fault(&withheld));
    assert_int_equal(withheld_name(&withheld, 1, 0, right), WITHHELD_UNNAMED);
    for (uint64_t sequence = 2; sequence < 60; sequence++)
        for (uint64_t item = 0; item < 5; item++)
            add(&withheld, sequence, item * 3);
    assert_int_equal(withheld_name(&withheld, 7, 4, right), WITHHELD_UNNAMED); /* it is there */
    assert_int_equal(withheld_name(&withheld, 60, 0, right), WITHHELD_UNNAMED);
    for (uint64_t sequence = 2; sequence < 60; sequence++)
        for (uint64_t item = 0; item < 5; item++) {
            const struct withheld_item *fault = withheld_fault(&withheld);
            assert_non_null(fault);
            assert_int_equal(fault->sequence, sequence);
            assert_int_equal(fault->item, item * 3);
            assert_int_equal(withheld_name(&withheld, sequence, item * 3, wrong), WITHHELD_DIFFERS);
            assert_ptr_equal(withheld_fault(&withheld), fault);
            assert_int_equal(withheld_name(&withheld, sequence, item * 3, right), WITHHELD_FITS);
        }
    assert_null(withheld_fault(&withheld));
    assert_int_equal(
        withheld_name(&withheld, 30, 6, wrong), WITHHELD_DIFFERS); /* the last counts */
    assert_int_equal(withheld_fault(&withheld)->sequence, 30);
    withheld_fini(&withheld);
    assert_int_equal(withheld.count, 0);
}

static void no_memory(void **state)
{
    (void)state;
    struct withheld withheld = {0};
    struct sl_err err = {0};
    uint64_t i = 0;
    enum sl_result result;
    alloc_fail_from(1);
    do
        result = withheld_add(&withheld, 1, i++, right, &err);
    while (result == SL_OK && i < 1000);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
    assert_int_equal(withheld.count, i - 1); /* what was there stays */
    add(&withheld, 1, i);
    assert_int_equal(withheld_name(&withheld, 1, i, right), WITHHELD_FITS);
    withheld_fini(&withheld);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(naming), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
