/* Decimal numbers as queries, headers, flags and the log's text formats have them: digits alone, up
 * to a bound, and what is no such number changes nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/decimal.h"

#define UNTOUCHED UINT64_C(0x5eed)

static void numbers(void **state)
{
    (void)state;
    const struct {
        struct sl_span text;
        uint64_t max, number;
        bool decimal, exact;
    } table[] = {
        {SL_SPAN("0"), 0, 0, true, true}, {SL_SPAN("7"), 7, 7, true, true},
        {SL_SPAN("8"), 7, 0, false, false}, {SL_SPAN("007"), UINT64_MAX, 7, true, false},
        {SL_SPAN("00"), UINT64_MAX, 0, true, false},
        {SL_SPAN("18446744073709551615"), UINT64_MAX, UINT64_MAX, true, true},
        {SL_SPAN("18446744073709551615"), UINT64_MAX - 1, 0, false, false},
        {SL_SPAN("18446744073709551616"), UINT64_MAX, 0, false, false},
        {SL_SPAN("99999999999999999999"), UINT64_MAX, 0, false, false},
        {SL_SPAN("00000000000000000001"), UINT64_MAX, 1, true, false},
        {SL_SPAN("000000000000000000001"), UINT64_MAX, 0, false, false}, /* 21 digits */
        {SL_SPAN(""), UINT64_MAX, 0, false, false}, {SL_SPAN("+1"), UINT64_MAX, 0, false, false},
        {SL_SPAN("-1"), UINT64_MAX, 0, false, false}, {SL_SPAN(" 1"), UINT64_MAX, 0, false, false},
        {SL_SPAN("1 "), UINT64_MAX, 0, false, false}, {SL_SPAN("1\0"), UINT64_MAX, 0, false, false},
        {SL_SPAN("1e3"), UINT64_MAX, 0, false, false},
        {SL_SPAN("0x1"), UINT64_MAX, 0, false, false},
        {SL_SPAN("1/"), UINT64_MAX, 0, false, false}, /* the bytes beside '0' and '9' */
        {SL_SPAN("1:"), UINT64_MAX, 0, false, false},
        {SL_SPAN("\xd9\xa1"), UINT64_MAX, 0, false, false}, /* U+0661, a digit elsewhere */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint64_t number = UNTOUCHED, exact = UNTOUCHED;
        assert_int_equal(sl_decimal(table[i].text, table[i].max, &number), table[i].decimal);
        assert_int_equal(number, table[i].decimal ? table[i].number : UNTOUCHED);
        assert_int_equal(sl_decimal_exact(table[i].text, table[i].max, &exact), table[i].exact);
        assert_int_equal(exact, table[i].exact ? table[i].number : UNTOUCHED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
