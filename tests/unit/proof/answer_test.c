/* Parts of an answer: members once, numbers and texts as they stand, bytes of just their length. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/proof/answer.h"
#include "tests/support/alloc_fault.h"

static const char *const names[] = {"a", "b"};

static void members(void **state)
{
    (void)state;
    struct sl_span values[2];
    assert_true(answer_take_members(SL_SPAN("{\"x\":0,\"\\u0061\":1}"), names, 2, values));
    assert_true(sl_span_eq(values[0], SL_SPAN("1")));
    assert_null(values[1].ptr);
    assert_false(answer_has_all(values, 2));
    assert_true(answer_has_all(values, 1));
    assert_true(answer_is_null(values[1]) && !answer_is_null(values[0]));
    assert_true(answer_take_members(SL_SPAN("{\"b\":null,\"a\":{}}"), names, 2, values));
    assert_true(answer_has_all(values, 2) && answer_is_null(values[1]));
    assert_true(answer_take_members(SL_SPAN("{\"x\":1,\"x\":2}"), names, 2, values));
    assert_false(answer_take_members(SL_SPAN("{\"a\":1,\"\\u0061\":1}"), names, 2, values));
    assert_false(answer_take_members(SL_SPAN("[1]"), names, 2, values));
    assert_false(answer_take_members((struct sl_span){0}, names, 2, values));
}

static void scalars(void **state)
{
    (void)state;
    assert_true(answer_is_u64(SL_SPAN("18446744073709551615"), UINT64_MAX));
    assert_false(answer_is_u64(SL_SPAN("18446744073709551616"), 0));
    assert_false(answer_is_u64(SL_SPAN("7.0"), 7));
    assert_false(answer_is_u64(SL_SPAN("\"7\""), 7));
    assert_false(answer_is_u64((struct sl_span){0}, 0));
    assert_true(answer_is_text(SL_SPAN("\"sync\""), "sync"));
    assert_false(answer_is_text(SL_SPAN("\"s\\u0079nc\""), "sync"));
    assert_false(answer_is_text(SL_SPAN("1"), "1"));
}

static void bytes(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    assert_true(answer_take_bytes(SL_SPAN("\"AQID\""), out, 3));
    assert_memory_equal(out, ((uint8_t[]){1, 2, 3, 9}), 4);
    assert_false(answer_take_bytes(SL_SPAN("\"AQID\""), out, 2));
    assert_false(answer_take_bytes(SL_SPAN("\"AQID\""), out, 4));
    assert_false(answer_take_bytes(SL_SPAN("\"AQI\""), out, 2));
    assert_false(answer_take_bytes(SL_SPAN("null"), out, 3));
    assert_false(answer_take_bytes((struct sl_span){0}, out, 3));
}

static void texts(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_true(answer_take_text(SL_SPAN("\"\\u00e9\\n\""), &out));
    assert_true(sl_span_eq(buf_span(&out), SL_SPAN("\xc3\xa9\n")));
    assert_true(answer_take_text(SL_SPAN("\"\""), &out));
    assert_int_equal(out.len, 0);
    assert_false(answer_take_text(SL_SPAN("{}"), &out));
    buf_fini(&out);
    alloc_fail_from(0);
    bool text = answer_take_text(SL_SPAN("\"a\""), &out);
    alloc_never();
    assert_true(text && out.failed); /* it is a text, for which there is no memory */
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(scalars),
        cmocka_unit_test(bytes),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
