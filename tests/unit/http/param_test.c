/* Query parameters: numbers, times, moments; and who is asking, as far as headers tell. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/api/api.h"
#include "http/call/auth.h"
#include "http/call/param.h"
#include "tests/support/exact_span.h"

static void times(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } right[] = {
        {"0", 0},
        {"1767225599999", 1767225599999},
        {"1970-01-01", 0},
        {"1970-01-01T00:00Z", 0},
        {"2000-02-29", 951782400000},
        {"2026-01-31T23:59Z", 1769903940000},
        {"2026-01-31T23:59:59Z", 1769903999000},
        {"2026-01-31T23:59:59.1Z", 1769903999100},
        {"2026-01-31T23:59:59.12Z", 1769903999120},
        {"2026-01-31T23:59:59.123Z", 1769903999123},
        {"2026-01-31T23:59:59.123999999Z", 1769903999123}, /* cut, not rounded: not a later event */
        {"2026-02-01T01:59:59+02:00", 1769903999000},
        {"2026-02-01T01:59:59 02:00", 1769903999000},
        {"2026-01-31T18:29:59-05:30", 1769903999000},
        {"1969-12-31T23:59:59Z", 0},
        {"0000-01-01", 0},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    static const char *const wrong[] = {"", "now", "2026", "-1", "2026-1-1", "2026-13-01",
        "2026-00-01", "2026-02-29", "1900-02-29", "2026-04-31", "2026-01-00", "2026-01-31T",
        "2026-01-31T24:00Z", "2026-01-31T23:60Z", "2026-01-31T23:59:60Z", "2026-01-31T23:59",
        "2026-01-31T23:59:59", "2026-01-31T23:59:59.Z", "2026-01-31T23:59:59.1234567890Z",
        "2026-01-31T23:59:59+2:00", "2026-01-31T23:59:59+0200", "2026-01-31T23:59:59+24:00",
        "2026-01-31T23:59:59Zx", "2026-01-31 23:59:59Z", "2026-01-31t23:59:59z", " 2026-01-31",
        "2026-01-31T23Z", "2026-01-31Z", "20260131"};
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
        uint64_t ms = 1;
        if (!param_parse_time(sl_span_of(right[i].text), &ms) || ms != right[i].ms)
            fail_msg("%s: %llu", right[i].text, (unsigned long long)ms);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        uint64_t ms = 1;
        bool digits = strspn(wrong[i], "0123456789") == strlen(wrong[i]) && wrong[i][0];
        if (param_parse_time(sl_span_of(wrong[i]), &ms) != digits) fail_msg("%s", wrong[i]);
    }
}

static enum sl_result moment_of(const char *query, struct sl_moment *moment)
{
    struct http_request request = {.query = sl_span_of(query)};
    struct sl_err err = {0};
    enum sl_result result = param_moment(&request, moment, &err);
    if (result != SL_OK) assert_true(err.text[0] != 0);
    return result;
}

static void moments(void **state)
{
    struct sl_moment m;
    (void)state;
    assert_int_equal(moment_of("", &m), SL_OK);
    assert_int_equal(m.kind, SL_NOW);
    assert_int_equal(moment_of("x=1&attic=2&tt=3", &m), SL_OK);
    assert_int_equal(m.kind, SL_NOW);
    assert_int_equal(moment_of("at=12", &m), SL_OK);
    assert_int_equal(m.kind, SL_AT_SEQUENCE);
    assert_int_equal(m.value, 12);
    assert_int_equal(moment_of("x&t=2026-01-31T23%3A59%3A59Z", &m), SL_OK);
    assert_int_equal(m.kind, SL_AT_TIME);
    assert_true(m.value == 1769903999000);
    assert_int_equal(moment_of("t=2026-02-01T01:59:59%2B02:00", &m), SL_OK);
    assert_true(m.value == 1769903999000);
    static const char *const wrong[] = {"at", "at=", "at=x", "at=-1", "at=1&at=1", "at=1&t=1",
        "t=", "t=yesterday", "t=%", "t=%zz", "at=1%00", "at=18446744073709551616"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (moment_of(wrong[i], &m) != SL_INVALID) fail_msg("%s", wrong[i]);
}

static void bearers(void **state)
{
    (void)state;
    assert_span(auth_bearer(SL_SPAN("Bearer abc")), "abc");
    assert_span(auth_bearer(SL_SPAN("bearer  abc ")), "abc");
    assert_span(auth_bearer(SL_SPAN("Bearer")), "");
    assert_span(auth_bearer(SL_SPAN("Bearer ")), "");
    assert_span(auth_bearer(SL_SPAN("Bearerabc")), "");
    assert_span(auth_bearer(SL_SPAN("Bearer a b")), "");
    assert_span(auth_bearer(SL_SPAN("Basic abc")), "");
    assert_span(auth_bearer(SL_SPAN("")), "");
}

static void cookies(void **state)
{
    char a[65], b[65];
    (void)state;
    assert_span(auth_cookie(SL_SPAN("k=v"), "k"), "v");
    assert_span(auth_cookie(SL_SPAN("xk=1; k=v; y"), "k"), "v");
    assert_span(auth_cookie(SL_SPAN("k="), "k"), "");
    assert_span(auth_cookie(SL_SPAN("k"), "k"), "");
    assert_span(auth_cookie(SL_SPAN(""), "k"), "");
    assert_span(auth_cookie(SL_SPAN(";;;"), "k"), "");
    auth_cookie_value("one", a);
    auth_cookie_value("two", b);
    assert_int_equal(strlen(a), 64);
    assert_string_not_equal(a, b);
}

static void json_types(void **state)
{
    (void)state;
    assert_true(api_type_is_json(SL_SPAN("application/json")));
    assert_true(api_type_is_json(SL_SPAN("Application/JSON; charset=utf-8")));
    assert_true(api_type_is_json(SL_SPAN("application/json ;x")));
    assert_true(api_type_is_json(SL_SPAN("application/vnd.api+json")));
    assert_false(api_type_is_json(SL_SPAN("application/jsonl")));
    assert_false(api_type_is_json(SL_SPAN("application/+json")));
    assert_false(api_type_is_json(SL_SPAN("text/plain")));
    assert_false(api_type_is_json(SL_SPAN("text/plain;application/json")));
    assert_false(api_type_is_json(SL_SPAN("application/x-www-form-urlencoded")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(moments),
        cmocka_unit_test(bearers),
        cmocka_unit_test(cookies),
        cmocka_unit_test(json_types),
    };
    return cmocka_run_group_tests_name("http parameters", tests, NULL, NULL);
}
