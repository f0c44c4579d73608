/* What valid values mean, and strings on their way in and out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/exact_span.h"

#include <stdio.h>
#include <stdlib.h>

#define T(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* ---- values ---- */

static void test_get(void **state)
{
    (void)state;
    static const char text[] =
        " {\"a\":1,\"b\":{\"a\":9},\"\\u0061\":2,\"\\u0062\\/\":3,\"a\\u0000\":4,\"\":5,\"\xc3\xa9\":6,"
        "\"\\u00e9\":7,\"a\\\\b\":8,\"ab\":9}";
    struct sl_span value = {text, sizeof(text) - 1}, member = SL_SPAN("untouched");
    assert_false(json_get(value, "c", &member));
    assert_false(json_get(value, "A", &member));
    assert_false(json_get(value, "b/c", &member));
    assert_false(json_get(value, "\\u0061", &member));
    assert_false(json_get(SL_SPAN("[\"a\",1]"), "a", &member));
    assert_false(json_get(SL_SPAN("\"a\""), "a", &member));
    assert_false(json_get(SL_SPAN("{}"), "", &member));
    assert_span(member, "untouched");
    assert_true(json_get(value, "a", &member)); /* the last one, escaped or not */
    assert_span(member, "2");
    assert_true(json_get(value, "b/", &member));
    assert_span(member, "3");
    assert_true(json_get(value, "", &member));
    assert_span(member, "5");
    assert_true(json_get(value, "a\\b", &member));
    assert_span(member, "8");
    assert_true(json_get(value, "ab", &member));
    assert_span(member, "9");
    assert_true(json_get(value, "b", &member));
    assert_span(member, "{\"a\":9}");
}

static void test_raw_eq(void **state)
{
    (void)state;
    assert_true(json_raw_eq(SL_SPAN(""), ""));
    assert_true(json_raw_eq((struct sl_span){NULL, 0}, ""));
    assert_false(json_raw_eq((struct sl_span){NULL, 0}, "a"));
    assert_true(json_raw_eq(SL_SPAN("type"), "type"));
    assert_false(json_raw_eq(SL_SPAN("typ"), "type"));
    assert_false(json_raw_eq(SL_SPAN("types"), "type"));
    assert_true(json_raw_eq(SL_SPAN("\\u0074\\u0079p\\u0065"), "type"));
    assert_true(json_raw_eq(SL_SPAN("\\n\\\\"), "\n\\"));
    assert_false(json_raw_eq(SL_SPAN("\\n"), "\\n"));
    assert_false(json_raw_eq(SL_SPAN("\\u0000"), ""));
    assert_false(json_raw_eq(SL_SPAN("\\u0161"), "a"));
    assert_false(json_raw_eq(SL_SPAN("\\u00e9"), "\xe9"));
}

static void test_walk_values(void **state)
{
    (void)state;
    struct sl_span rest = SL_SPAN(" [ [1,2] , \"]\" ,{}\n] "), value, name;
    assert_true(json_next(&rest, &value));
    assert_span(value, "[1,2]");
    assert_true(json_next(&rest, &value));
    assert_span(value, "\"]\"");
    assert_true(json_next(&rest, &value));
    assert_span(value, "{}");
    assert_false(json_next(&rest, &value));
    assert_false(json_next(&rest, &value));
    rest = SL_SPAN("[]");
    assert_false(json_next(&rest, &value));
    rest = SL_SPAN("{}");
    assert_false(json_next(&rest, &value) || json_next_member(&rest, &name, &value));
    rest = SL_SPAN("1");
    assert_false(json_next(&rest, &value) || json_next_member(&rest, &name, &value));
    rest = SL_SPAN(" { \"a\" : [1] , \"\\\"\":{\"c\":[]},\"a\":null}");
    assert_true(json_next_member(&rest, &name, &value));
    assert_span(name, "a");
    assert_span(value, "[1]");
    assert_true(json_next_member(&rest, &name, &value));
    assert_span(name, "\\\"");
    assert_span(value, "{\"c\":[]}");
    assert_true(json_next_member(&rest, &name, &value));
    assert_span(name, "a");
    assert_span(value, "null");
    assert_false(json_next_member(&rest, &name, &value));
    assert_false(json_next_member(&rest, &name, &value));
}

static void test_kinds_and_numbers(void **state)
{
    (void)state;
    static const char *const values[] = {"null", "false", "true", "-1", "\"\"", "[]", "{}"};
    static const char *const no_u64[] = {"-1", "-0", "1.0", "1e3", "18446744073709551616",
        "99999999999999999999", "184467440737095516150", "\"1\"", "null", "[1]", ""};
    struct sl_span raw = SL_SPAN("untouched");
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(json_kind_of(sl_span_of(values[i])), i);
    uint64_t number = 7;
    for (size_t i = 0; i < sizeof(no_u64) / sizeof(no_u64[0]); i++)
        assert_false(json_u64(sl_span_of(no_u64[i]), &number));
    assert_int_equal(number, 7);
    assert_true(json_u64(SL_SPAN("0"), &number) && number == 0);
    assert_true(json_u64(SL_SPAN("1795368174945"), &number) && number == 1795368174945);
    assert_true(json_u64(SL_SPAN("18446744073709551615"), &number) && number == UINT64_MAX);
    assert_false(json_string_raw(SL_SPAN("1"), &raw) || json_string_raw(SL_SPAN("[\"\"]"), &raw));
    assert_span(raw, "untouched");
    assert_true(json_string_raw(SL_SPAN("\"\""), &raw));
    assert_span(raw, "");
    assert_true(json_string_raw(SL_SPAN("\"a\\\"\""), &raw));
    assert_span(raw, "a\\\"");
}

/* ---- strings ---- */

static void test_tokens(void **state)
{
    (void)state;
    static const char *const tokens[] = {"{", "\"a:\\\"}\"", ":", "[", "-1.5e3", ",", "true", ",",
        "null", ",", "\"\"", ",", "{", "}", "]", "}"};
    struct sl_span text = exact(SL_SPAN(" {\t\"a:\\\"}\" : [-1.5e3,true\r, null ,\"\",{ }\n] } "));
    struct sl_span rest = text, token;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        assert_true(json_token(&rest, &token));
        assert_int_equal(token.len, strlen(tokens[i]));
        assert_memory_equal(token.ptr, tokens[i], token.len);
        if (i + 1 < sizeof(tokens) / sizeof(tokens[0])) assert_int_equal(*rest.ptr, *tokens[i + 1]);
    }
    assert_int_equal(rest.len, 0);
    assert_false(json_token(&rest, &token));
    release(text);
}

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        struct sl_span raw, text;
    } cases[] = {
        {T(""), T("")},
        {T("plain"), T("plain")},
        {T("\\\"\\\\\\/\\b\\f\\n\\r\\t"), T("\"\\/\b\f\n\r\t")},
        {T("a\\u0000b"), T("a\0b")},
        {T("\\u0041\\u00e9\\u4E2d\\uFFFF"), T("A\xc3\xa9\xe4\xb8\xad\xef\xbf\xbf")},
        {T("\\ud83d\\ude00"), T("\xf0\x9f\x98\x80")},
        {T("\\uD800\\uDC00\\uDBFF\\uDFFF"), T("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {T("\\ud800"), T("\xed\xa0\x80")},
        {T("\\udfffx"), T("\xed\xbf\xbfx")},
        {T("\\ud83d\\ud83d\\ude00"), T("\xed\xa0\xbd\xf0\x9f\x98\x80")},
        {T("\\ude00\\ud83d"), T("\xed\xb8\x80\xed\xa0\xbd")},
        {T("\\ud83d\\n\\ude00"), T("\xed\xa0\xbd\n\xed\xb8\x80")},
        {T("\\ud83d\\u0041"), T("\xed\xa0\xbd"
                                "A")},
        {T("\xe4\xb8\xad\\n\xe4\xb8\xad"), T("\xe4\xb8\xad\n\xe4\xb8\xad")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sl_span raw = exact(cases[i].raw);
        char *out = malloc(raw.len ? raw.len : 1);
        size_t len = json_decode(raw, out);
        assert_int_equal(len, cases[i].text.len);
        assert_memory_equal(out, cases[i].text.ptr, len);
        free(out);
        release(raw);
    }
    assert_int_equal(json_decode((struct sl_span){NULL, 0}, NULL), 0);
}

static void test_quote(void **state)
{
    (void)state;
    static const struct {
        struct sl_span text, quoted;
    } cases[] = {
        {T(""), T("\"\"")},
        {T("plain"), T("\"plain\"")},
        {T("\"\\/\b\f\n\r\t\x7f"), T("\"\\\"\\\\/\\b\\f\\n\\r\\t\x7f\"")},
        {T("\0\x01\x1f"), T("\"\\u0000\\u0001\\u001f\"")},
        {T("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), T("\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"")},
        {T("\xed\xa0\xbd\xed\xbf\xbf"), T("\"\\ud83d\\udfff\"")},
        {T("\xff"
           "a\x80"),
            T("\"\xef\xbf\xbd"
              "a\xef\xbf\xbd\"")},
        {T("\xe4\xb8"), T("\"\xef\xbf\xbd\xef\xbf\xbd\"")},
        {T("\xed\xa0"), T("\"\xef\xbf\xbd\xef\xbf\xbd\"")},
        {T("\xc0\x80"), T("\"\xef\xbf\xbd\xef\xbf\xbd\"")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sl_span text = exact(cases[i].text);
        char out[64];
        size_t len = json_quote(text, out);
        assert_int_equal(len, json_quoted_bytes(text));
        if (!sl_span_eq((struct sl_span){out, len}, cases[i].quoted))
            fail_msg("case %zu: %.*s", i, (int)len, out);
        release(text);
    }
    assert_int_equal(json_quoted_bytes((struct sl_span){NULL, 0}), 2);
}

/* Every code point, surrogates too, comes back from quoting and decoding; and from `\uXXXX`. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char escaped[13], text[12], quoted[16], again[16];
        uint32_t high = 0xd800 + ((point - 0x10000) >> 10), low = 0xdc00 + (point & 0x3ff);
        int n = point < 0x10000 ? snprintf(escaped, sizeof(escaped), "\\u%04x", point)
                                : snprintf(escaped, sizeof(escaped), "\\u%04X\\u%04x", high, low);
        size_t len = json_decode((struct sl_span){escaped, (size_t)n}, text);
        size_t expected = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        size_t quoted_len = json_quote((struct sl_span){text, len}, quoted);
        struct sl_span raw = {quoted + 1, quoted_len - 2};
        if (len != expected || json_check((struct sl_span){quoted, quoted_len}, 0, NULL) != SL_OK ||
            json_decode(raw, again) != len || memcmp(text, again, len) != 0 ||
            (point < 0x80 && text[0] != (char)point))
            fail_msg("U+%04X", point);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_raw_eq),
        cmocka_unit_test(test_walk_values),
        cmocka_unit_test(test_kinds_and_numbers),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_every_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
