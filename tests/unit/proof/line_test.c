/* Lines of the audit's texts, and canonical base64 of any length. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/proof/line.h"

#include <stdlib.h>

static void taking(void **state)
{
    (void)state;
    struct sl_span rest = SL_SPAN("one\n\ntwo\nrest"), line;
    assert_true(line_take(&rest, &line) && sl_span_eq(line, SL_SPAN("one")));
    assert_true(line_take(&rest, &line) && line.len == 0);
    assert_true(line_take(&rest, &line) && sl_span_eq(line, SL_SPAN("two")));
    assert_false(line_take(&rest, &line)); /* it has no end */
    assert_true(sl_span_eq(rest, SL_SPAN("rest")));
    rest = (struct sl_span){0};
    assert_false(line_take(&rest, &line));
}

static void splitting(void **state)
{
    (void)state;
    struct sl_span before, behind;
    assert_true(line_split(SL_SPAN("a+b+c"), '+', &before, &behind));
    assert_true(sl_span_eq(before, SL_SPAN("a")) && sl_span_eq(behind, SL_SPAN("b+c")));
    assert_true(line_split(SL_SPAN("+"), '+', &before, &behind));
    assert_true(before.len == 0 && behind.len == 0);
    assert_false(line_split(SL_SPAN("abc"), '+', &before, &behind));
    assert_false(line_split((struct sl_span){0}, '+', &before, &behind));
    assert_true(line_starts(SL_SPAN("index 4"), SL_SPAN("index ")));
    assert_false(line_starts(SL_SPAN("inde"), SL_SPAN("index ")));
}

/* Every length around where the pieces end; then with one character that spoils it. */
static void base64(void **state)
{
    (void)state;
    enum { MOST = 1600 };
    static uint8_t bytes[MOST];
    char *text = malloc(4 * ((MOST + 2) / 3) + 1);
    assert_non_null(text);
    for (size_t len = 0; len <= MOST; len += len % 768 > 700 || len % 768 < 9 ? 1 : 31) {
        struct sl_span line = {text, crypto_base64(bytes, len, text)};
        assert_true(line_base64(line, len));
        assert_false(line_base64(line, len + 1));
        if (len == 0) continue;
        for (size_t at = line.len % 53; at < line.len; at += at + 53 < line.len ? 53 : 1) {
            char kept = text[at];
            text[at] = ' ';
            assert_false(line_base64(line, 0));
            text[at] = '='; /* padding, which belongs at the end alone */
            bool ends = at + 1 == line.len || (at + 2 == line.len && text[at + 1] == '=');
            assert_int_equal(line_base64(line, 0), ends);
            text[at] = kept;
        }
        line.len--;
        assert_false(line_base64(line, 0));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taking),
        cmocka_unit_test(splitting),
        cmocka_unit_test(base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
