/* Withheld items wait for a redact event that names them with just what stands in their place; the
   first that none names is the fault. Who redacted them, when and why is told of each. */

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
    struct withheld_item place = {.sequence = sequence, .item = item};
    assert_int_equal(withheld_add(withheld, &place, SL_SPAN("part/a/b"), right, &err), SL_OK);
}

static void begin(struct withheld *withheld, uint64_t sequence, const char *reason)
{
    struct sl_err err = {0};
    struct withheld_act act = {
        .sequence = sequence, .time_ms = 1000 + sequence, .who = SL_WHO_OWNER};
    assert_int_equal(withheld_begin(withheld, &act, sl_span_of(reason), &err), SL_OK);
}

static void naming(void **state)
{
    (void)state;
    struct withheld withheld = {0};
    assert_null(withheld_fault(&withheld));
    begin(&withheld, 1, "");
    assert_false(withheld_name(&withheld, 1, 0, right));
    for (uint64_t sequence = 2; sequence < 60; sequence++)
        for (uint64_t item = 0; item < 5; item++)
            add(&withheld, sequence, item * 3);
    assert_false(withheld_name(&withheld, 7, 4, right)); /* it is there */
    assert_false(withheld_name(&withheld, 60, 0, right));
    for (uint64_t sequence = 2; sequence < 60; sequence++)
        for (uint64_t item = 0; item < 5; item++) {
            const struct withheld_item *fault = withheld_fault(&withheld);
            assert_non_null(fault);
            assert_int_equal(fault->sequence, sequence);
            assert_int_equal(fault->item, item * 3);
            assert_false(withheld_name(&withheld, sequence, item * 3, wrong));
            assert_ptr_equal(withheld_fault(&withheld), fault);
            assert_true(withheld_name(&withheld, sequence, item * 3, right));
        }
    assert_null(withheld_fault(&withheld));
    withheld_clear(&withheld);
    begin(&withheld, 1, "");
    assert_false(withheld_name(&withheld, 7, 3, right));
    withheld_fini(&withheld);
    assert_int_equal(withheld.count, 0);
}

static struct redacted_item told(const struct withheld *withheld, size_t *at)
{
    struct redacted_item item;
    assert_true(withheld_told(withheld, at, &item));
    return item;
}

/* Of one that was redacted on arrival alone nobody is known; of one that was named twice the last
   event counts; a redact event's own record is no item that is told. */
static void telling(void **state)
{
    (void)state;
    struct withheld withheld = {0};
    struct sl_err err = {0};
    struct withheld_item marked = {.sequence = 3, .item = 1, .marked = true};
    struct withheld_item record = {.sequence = 4, .item = 0, .record = true};
    add(&withheld, 2, 0);
    assert_int_equal(withheld_add(&withheld, &marked, SL_SPAN("message/m"), NULL, &err), SL_OK);
    begin(&withheld, 4, "first");
    assert_true(withheld_name(&withheld, 2, 0, right));
    assert_false(withheld_name(&withheld, 3, 1, right)); /* what stands there is committed to */
    assert_int_equal(withheld_add(&withheld, &record, SL_SPAN("redact"), right, &err), SL_OK);
    marked.sequence = 5;
    assert_int_equal(withheld_add(&withheld, &marked, SL_SPAN("k"), right, &err), SL_OK);
    begin(&withheld, 6, "second");
    assert_true(withheld_name(&withheld, 2, 0, right));
    assert_true(withheld_name(&withheld, 4, 0, right));
    assert_true(withheld_name(&withheld, 5, 1, right));
    assert_null(withheld_fault(&withheld));
    size_t at = 0;
    struct redacted_item item = told(&withheld, &at);
    assert_true(item.withheld && !item.marked && item.sequence == 2 && item.by == 6);
    assert_true(item.time_ms == 1006 && item.who == SL_WHO_OWNER);
    assert_true(sl_span_eq(item.reason, SL_SPAN("second")));
    assert_true(sl_span_eq(item.key, SL_SPAN("part/a/b")));
    item = told(&withheld, &at);
    assert_true(!item.withheld && item.marked && item.sequence == 3 && item.item == 1);
    assert_true(item.by == 0 && item.reason.len == 0);
    item = told(&withheld, &at);
    assert_true(item.withheld && item.marked && item.sequence == 5 && item.by == 6);
    assert_false(withheld_told(&withheld, &at, &item));
    withheld_fini(&withheld);
}

static void no_memory(void **state)
{
    (void)state;
    struct sl_err err = {0};
    for (int at = 1; at <= 3; at++) {
        struct withheld withheld = {0};
        struct withheld_item place = {.sequence = 1};
        struct withheld_act act = {.sequence = 2};
        enum sl_result result = SL_OK;
        size_t items = 0, acts = 0;
        alloc_fail_from((size_t)at);
        for (; result == SL_OK && items < 1000; items += result == SL_OK) {
            place.item = items;
            result = withheld_add(&withheld, &place, SL_SPAN("key"), right, &err);
        }
        assert_int_equal(result, SL_NOMEM);
        result = SL_OK;
        for (; result == SL_OK && acts < 1000; acts += result == SL_OK)
            result = withheld_begin(&withheld, &act, SL_SPAN("why"), &err);
        alloc_never();
        assert_int_equal(result, SL_NOMEM);
        assert_int_equal(withheld.count, items); /* what was there stays */
        assert_int_equal(withheld.acts_count, acts);
        withheld_fini(&withheld);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(naming), cmocka_unit_test(telling), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
