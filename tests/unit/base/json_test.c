/* The scanner by tables: what is JSON, what isn't and where it stops being so, and what its values
 * mean. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/exact_span.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH 8 /* of the tables; deeper texts are built */

/* ---- the grammar ---- */

#define T(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct sl_span valid[] = {
    T("null"),
    T("true"),
    T("false"),
    T(" \t\r\n0 \t\r\n"),
    T("-0"),
    T("0.0"),
    T("-0.0e-0"),
    T("1E+2"),
    T("1e999"), /* what it means is nobody's business here */
    T("-1e-999"),
    T("123456789012345678901234567890"),
    T("18446744073709551615"),
    T("-9223372036854775808"),
    T("\"\""),
    T("\"a\""),
    T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u12aF\""),
    T("\"\\u0000\""),
    T("\"\\ud800\""), /* lone surrogates, either half, and in the wrong order */
    T("\"\\udfff\""),
    T("\"\\udc00\\ud800\""),
    T("\"\\ud83d\\ude00\""),
    T("\"\x7f\""),
    T("\"\xc2\x80\xdf\xbf\""), /* first and last of each length and each special lead byte */
    T("\"\xe0\xa0\x80\xe0\xbf\xbf\xe1\x80\x80\xec\xbf\xbf\""),
    T("\"\xed\x80\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""),
    T("\"\xf0\x90\x80\x80\xf0\xbf\xbf\xbf\xf1\x80\x80\x80\xf3\xbf\xbf\xbf\""),
    T("\"\xf4\x80\x80\x80\xf4\x8f\xbf\xbf\""),
    T("\"\xef\xbb\xbf\""), /* U+FEFF is a character like others inside a string */
    T("[]"),
    T("[ ]"),
    T("{}"),
    T("{\n}"),
    T("[1,2 , 3]"),
    T("[[],{},[[]],[{}]]"),
    T("{\"\":{\"\":[]}}"),
    T("{\"a\":1,\"a\":2}"),
    T(" { \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : \"d\" } "),
    T("[[[[[[[[]]]]]]]]"),
    T("[[[[[[[{}]]]]]]]"),
    T("[[[[[[[[],[]]]]]]],[]]"),
};

static const struct {
    struct sl_span text;
    size_t at; /* the byte that is wrong */
    const char *what;
} invalid[] = {
    {T(""), 0, "unexpected end of text"},
    {T(" \n"), 2, "unexpected end of text"},
    {T("\xef\xbb\xbf"
       "1"),
        0, "expected a value"},
    {T("\xff\xfe"), 0, "expected a value"},
    {T("\0"), 0, "expected a value"},
    {T("\f1"), 0, "expected a value"},
    {T("\v1"), 0, "expected a value"},
    {T("\xc2\xa0"
       "1"),
        0, "expected a value"},
    {T("/**/1"), 0, "expected a value"},
    {T("1//"), 1, "something follows the value"},
    {T("1 2"), 2, "something follows the value"},
    {T("1\0"), 1, "something follows the value"},
    {T("[]]"), 2, "something follows the value"},
    {T("{}{}"), 2, "something follows the value"},
    {T("\"\"\""), 2, "something follows the value"},
    /* words */
    {T("nul"), 3, "unexpected end of text"},
    {T("nulL"), 3, "expected a value"},
    {T("True"), 0, "expected a value"},
    {T("truee"), 4, "something follows the value"},
    {T("[fals]"), 5, "expected a value"},
    {T("NaN"), 0, "expected a value"},
    {T("Infinity"), 0, "expected a value"},
    {T("undefined"), 0, "expected a value"},
    /* numbers */
    {T("-"), 1, "unexpected end of text"},
    {T("-a"), 1, "expected a digit"},
    {T("-Infinity"), 1, "expected a digit"},
    {T("--1"), 1, "expected a digit"},
    {T("+1"), 0, "expected a value"},
    {T("01"), 1, "something follows the value"},
    {T("-01"), 2, "something follows the value"},
    {T("[00]"), 2, "expected ',' or ']'"},
    {T(".5"), 0, "expected a value"},
    {T("1."), 2, "unexpected end of text"},
    {T("[1.]"), 3, "expected a digit"},
    {T("1.e1"), 2, "expected a digit"},
    {T("1e"), 2, "unexpected end of text"},
    {T("[1e]"), 3, "expected a digit"},
    {T("1e+"), 3, "unexpected end of text"},
    {T("1e1.5"), 3, "something follows the value"},
    {T("0x10"), 1, "something follows the value"},
    {T("1_000"), 1, "something follows the value"},
    /* strings */
    {T("\""), 1, "unexpected end of text"},
    {T("\"a"), 2, "unexpected end of text"},
    {T("\"\\\""), 3, "unexpected end of text"},
    {T("\"\\"), 2, "unexpected end of text"},
    {T("'a'"), 0, "expected a value"},
    {T("\"\n\""), 1, "control character in a string"},
    {T("\"abc\0def\""), 4, "control character in a string"},
    {T("\"\x1f\""), 1, "control character in a string"},
    {T("\"0123456789abcdef\t\""), 17, "control character in a string"},
    {T("\"\\a\""), 2, "invalid escape"},
    {T("\"\\'\""), 2, "invalid escape"},
    {T("\"\\U0041\""), 2, "invalid escape"},
    {T("\"\\\n\""), 2, "invalid escape"},
    {T("\"\\\0\""), 2, "invalid escape"},
    {T("\"\\u12\""), 5, "expected a hexadecimal digit"},
    {T("\"\\u123g\""), 6, "expected a hexadecimal digit"},
    {T("\"\\u+123\""), 3, "expected a hexadecimal digit"},
    {T("\"\\u12"), 5, "unexpected end of text"},
    /* UTF-8: the sequence's first byte is the wrong one */
    {T("\"\x80\""), 1, "invalid UTF-8"},
    {T("\"a\xbf\""), 2, "invalid UTF-8"},
    {T("\"\xc0\x80\""), 1, "invalid UTF-8"}, /* overlong */
    {T("\"\xc1\xbf\""), 1, "invalid UTF-8"},
    {T("\"\xe0\x9f\xbf\""), 1, "invalid UTF-8"},
    {T("\"\xf0\x8f\xbf\xbf\""), 1, "invalid UTF-8"},
    {T("\"\xed\xa0\x80\""), 1, "invalid UTF-8"}, /* surrogates */
    {T("\"\xed\xbf\xbf\""), 1, "invalid UTF-8"},
    {T("\"\xf4\x90\x80\x80\""), 1, "invalid UTF-8"}, /* above U+10FFFF */
    {T("\"\xf5\x80\x80\x80\""), 1, "invalid UTF-8"},
    {T("\"\xfe\""), 1, "invalid UTF-8"},
    {T("\"\xff\""), 1, "invalid UTF-8"},
    {T("\"\xc3\""), 1, "invalid UTF-8"}, /* cut short */
    {T("\"\xc3"), 1, "invalid UTF-8"},
    {T("\"\xe4\xb8\""), 1, "invalid UTF-8"},
    {T("\"\xe4\xb8"), 1, "invalid UTF-8"},
    {T("\"\xf0\x9f\x98\""), 1, "invalid UTF-8"},
    {T("\"\xf0\x9f\x98"), 1, "invalid UTF-8"},
    {T("\"\xc3(\""), 1, "invalid UTF-8"}, /* continued wrongly */
    {T("\"\xe4(\xad\""), 1, "invalid UTF-8"},
    {T("\"\xe4\xb8(\""), 1, "invalid UTF-8"},
    {T("\"\xf0\x9f\x98(\""), 1, "invalid UTF-8"},
    {T("\"\xe4\xb8\xad\xe4\xb8\""), 4, "invalid UTF-8"},
    {T("{\"\xff\":1}"), 2, "invalid UTF-8"},
    /* arrays and objects */
    {T("["), 1, "unexpected end of text"},
    {T("[1"), 2, "unexpected end of text"},
    {T("[1,"), 3, "unexpected end of text"},
    {T("[1,]"), 3, "expected a value"},
    {T("[,1]"), 1, "expected a value"},
    {T("[1,,2]"), 3, "expected a value"},
    {T("[1 2]"), 3, "expected ',' or ']'"},
    {T("[1}"), 2, "expected ',' or ']'"},
    {T("]"), 0, "expected a value"},
    {T("{"), 1, "unexpected end of text"},
    {T("{]"), 1, "expected a name in quotes"},
    {T("{,}"), 1, "expected a name in quotes"},
    {T("{a:1}"), 1, "expected a name in quotes"},
    {T("{1:1}"), 1, "expected a name in quotes"},
    {T("{\"a\"}"), 4, "expected ':'"},
    {T("{\"a\",1}"), 4, "expected ':'"},
    {T("{\"a\":}"), 5, "expected a value"},
    {T("{\"a\"::1}"), 5, "expected a value"},
    {T("{\"a\":1,}"), 7, "expected a name in quotes"},
    {T("{\"a\":1]"), 6, "expected ',' or '}'"},
    {T("{\"a\":1 \"b\":2}"), 7, "expected ',' or '}'"},
    {T("{\"a\":1:2}"), 6, "expected ',' or '}'"},
    {T("{\"a\":[1}"), 7, "expected ',' or ']'"},
    /* depth */
    {T("[[[[[[[[[]]]]]]]]]"), 8, "nested too deep"},
    {T("[[[[[[[[{}]]]]]]]]"), 8, "nested too deep"},
    {T("[[],[[[[[[[[1]]]]]]]]]"), 11, "nested too deep"},
};

static void test_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        struct sl_span text = exact(valid[i]);
        struct sl_err err = {0};
        if (json_check(text, DEPTH, &err) != SL_OK)
            fail_msg("%.*s: %s", (int)text.len, text.ptr, err.text);
        release(text);
    }
}

static void assert_refused(struct sl_span text, size_t at, const char *what)
{
    char message[96];
    struct sl_err err = {0};
    snprintf(message, sizeof(message), "%s at byte %zu", what, at);
    struct sl_span copy = exact(text);
    if (json_check(copy, DEPTH, &err) != SL_INVALID || err.result != SL_INVALID)
        fail_msg("%.*s: accepted", (int)text.len, text.ptr);
    if (strcmp(err.text, message) != 0)
        fail_msg("%.*s: %s; should be: %s", (int)text.len, text.ptr, err.text, message);
    release(copy);
}

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_refused(invalid[i].text, invalid[i].at, invalid[i].what);
    assert_int_equal(json_check((struct sl_span){NULL, 0}, DEPTH, NULL), SL_INVALID);
}

/* Every special byte at every place relative to the blocks that long strings are read in. */
static void test_string_blocks(void **state)
{
    (void)state;
    static const struct {
        struct sl_span special;
        const char *what;
    } cases[] = {
        {T("\\n"), NULL},
        {T("\xe4\xb8\xad"), NULL},
        {T("\x7f"), NULL},
        {T("\x1f"), "control character in a string"},
        {T("\x80"), "invalid UTF-8"},
        {T("\""), "something follows the value"},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        for (size_t before = 0; before < 70; before++) {
            char text[160];
            struct sl_span special = cases[c].special;
            size_t after = before * 7 % 40, len = 1 + before + special.len + after + 1;
            memset(text, 'x', sizeof(text));
            text[0] = text[len - 1] = '"';
            memcpy(text + 1 + before, special.ptr, special.len);
            if (cases[c].what)
                assert_refused((struct sl_span){text, len}, 1 + before + (special.ptr[0] == '"'),
                    cases[c].what);
            else
                assert_int_equal(json_check((struct sl_span){text, len}, 0, NULL), SL_OK);
        }
}

/* `depth` arrays and objects inside each other, in turns. */
static struct sl_span nested(unsigned depth)
{
    char *text = malloc(6 * (size_t)depth + 1), *out = text;
    assert_non_null(text);
    for (unsigned i = 0; i < depth; i++)
        out += sprintf(out, i % 3 ? "[" : "{\"\":");
    *out++ = '1';
    for (unsigned i = depth; i-- > 0;)
        *out++ = i % 3 ? ']' : '}';
    return (struct sl_span){text, (size_t)(out - text)};
}

static void test_depth(void **state)
{
    (void)state;
    static const unsigned limits[] = {0, 1, 2, 63, 64, 65, 511, 512, 1023, 1024};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct sl_span at_limit = nested(limits[i]), above = nested(limits[i] + 1);
        assert_int_equal(json_check(at_limit, limits[i], NULL), SL_OK);
        assert_int_equal(json_check(above, limits[i], NULL), SL_INVALID);
        release(at_limit);
        release(above);
    }
    struct sl_span bomb = nested(JSON_DEPTH_CEILING + 1), unclosed = {bomb.ptr, bomb.len / 2};
    assert_int_equal(json_check(bomb, 1000000, NULL), SL_INVALID);
    assert_int_equal(json_check(unclosed, 1000000, NULL), SL_INVALID);
    release(bomb);
}

/* ---- the cursor ---- */

static void test_value_steps(void **state)
{
    (void)state;
    struct json json;
    struct sl_span value;
    json_init(&json, SL_SPAN(" [1, {\"a\":2}]\n\"x\" 3"), DEPTH);
    assert_true(json_value(&json, &value));
    assert_span(value, "[1, {\"a\":2}]");
    assert_false(json_end(&json));
    assert_string_equal(json.what, "something follows the value");
    assert_ptr_equal(json.at, json.start + 14);
    assert_false(json_value(&json, &value)); /* an error stays */
    assert_span(value, "[1, {\"a\":2}]");

    json_init(&json, SL_SPAN("\"x\" 3 "), DEPTH);
    assert_true(json_value(&json, NULL));
    assert_true(json_value(&json, &value));
    assert_span(value, "3");
    assert_true(json_end(&json));
    assert_false(json_value(&json, NULL));
    assert_string_equal(json.what, "unexpected end of text");
}

static void test_peek(void **state)
{
    (void)state;
    static const char *const begins[] = {" n", "f", "\tt", "-", "\"", "[", "{"};
    struct json json;
    enum json_kind kind;
    for (unsigned i = 0; i < 7; i++) {
        json_init(&json, sl_span_of(begins[i]), DEPTH);
        assert_true(json_peek(&json, &kind));
        assert_int_equal(kind, i);
    }
    for (char digit[] = "0"; *digit <= '9'; ++*digit) {
        json_init(&json, SL_SPAN(digit), DEPTH);
        assert_true(json_peek(&json, &kind));
        assert_int_equal(kind, JSON_NUMBER);
    }
    json_init(&json, SL_SPAN(" x"), DEPTH);
    assert_false(json_peek(&json, &kind));
    assert_ptr_equal(json.at, json.start + 1);
    json_init(&json, SL_SPAN(""), DEPTH);
    assert_false(json_peek(&json, &kind));
}

static void test_walk(void **state)
{
    (void)state;
    struct json json;
    struct sl_span name = {0}, value = {0};
    enum json_kind kind;
    json_init(
        &json, SL_SPAN(" { \"a\" : 1 , \"b\" : [ ] ,\"c\":[ 2 , [3] ] , \"d\\n\" : { } } "), 2);
    assert_true(json_enter(&json, JSON_OBJECT));
    assert_true(json_member(&json, &name) && json_value(&json, &value));
    assert_span(name, "a");
    assert_span(value, "1");
    assert_true(json_member(&json, &name));
    assert_span(name, "b");
    assert_true(json_enter(&json, JSON_ARRAY));
    assert_int_equal(json.depth, 2);
    assert_true(json_peek(&json, &kind) == false); /* a bracket begins no value … */
    json.what = NULL;                  /* … and where it stands, white space was passed: */
    assert_false(json_element(&json)); /* the walk doesn't mind. */
    assert_null(json.what);
    assert_int_equal(json.depth, 1);
    assert_true(json_member(&json, &name) && json_enter(&json, JSON_ARRAY));
    assert_true(json_peek(&json, &kind) && kind == JSON_NUMBER);
    assert_true(json_element(&json) && json_value(&json, &value));
    assert_span(value, "2");
    assert_true(json_element(&json));
    struct json deeper = json;
    assert_false(json_value(&deeper, &value)); /* what was entered counts */
    assert_string_equal(deeper.what, "nested too deep");
    assert_false(json_enter(&json, JSON_ARRAY));
    assert_string_equal(json.what, "nested too deep");
    assert_string_equal(json.at, "[3] ] , \"d\\n\" : { } } ");
    assert_false(json_element(&json) || json_member(&json, &name) || json_end(&json));

    json_init(&json, SL_SPAN("{\"d\\n\":{}}"), 2);
    assert_true(json_enter(&json, JSON_OBJECT) && json_member(&json, &name));
    assert_span(name, "d\\n");
    assert_true(json_value(&json, NULL));
    assert_false(json_member(&json, &name));
    assert_true(json_end(&json));
    assert_int_equal(json.depth, 0);
}

/* A walk one level deep refuses what json_check refuses, at the same byte. */
static void walk(struct json *json, enum json_kind kind)
{
    struct sl_span name;
    if (!json_enter(json, kind)) return;
    while (kind == JSON_OBJECT ? json_member(json, &name) : json_element(json))
        json_value(json, NULL);
    if (!json->what) json_end(json);
}

static void test_walk_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        struct json json;
        struct sl_span text = exact(invalid[i].text);
        enum json_kind kind = json_kind_of(text);
        if (kind == JSON_ARRAY || kind == JSON_OBJECT) {
            json_init(&json, text, DEPTH);
            walk(&json, kind);
            assert_non_null(json.what);
            assert_string_equal(json.what, invalid[i].what);
            assert_int_equal(json.at - json.start, invalid[i].at);
        }
        release(text);
    }
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        struct json json;
        enum json_kind kind = json_kind_of(valid[i]);
        json_init(&json, valid[i], DEPTH);
        if (kind == JSON_ARRAY || kind == JSON_OBJECT) walk(&json, kind);
        assert_null(json.what);
    }
}

static void test_enter_refuses(void **state)
{
    (void)state;
    struct json json;
    json_init(&json, SL_SPAN("[]"), DEPTH);
    assert_false(json_enter(&json, JSON_OBJECT));
    assert_string_equal(json.what, "expected an object");
    json_init(&json, SL_SPAN(" 1"), DEPTH);
    assert_false(json_enter(&json, JSON_ARRAY));
    assert_string_equal(json.what, "expected an array");
    assert_ptr_equal(json.at, json.start + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_string_blocks),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_value_steps),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_walk_refuses),
        cmocka_unit_test(test_enter_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
