/* Every string of a JSON text held against a search: escapes decoded, long strings in pieces that
   overlap, all else left byte for byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/redact/redact_strings.h"
#include "core/redact/redact_text.h"

#include <stdio.h>

static bool has_word(void *ctx, struct sl_span text)
{
    const char *word = ctx;
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static bool search(const char *word, struct sl_span data, struct buf *out)
{
    struct redact_search by = {strlen(word), strlen(word), has_word, (void *)(uintptr_t)word};
    struct sl_err err = {0};
    bool found = false;
    buf_clear(out);
    assert_int_equal(redact_strings(data, &by, out, &found, &err), SL_OK);
    assert_true(found || out->len == 0);
    return found;
}

static void expect(const char *word, const char *data, const char *expected)
{
    struct buf out = {0};
    bool found = search(word, sl_span_of(data), &out);
    assert_int_equal(found, expected != NULL);
    if (expected) assert_true(sl_span_eq(buf_span(&out), sl_span_of(expected)));
    buf_fini(&out);
}

static void strings_and_names(void **state)
{
    (void)state;
    expect("word", "{ \"a\" : [ \"a word\", 1 , \"other\" ] }",
        "{ \"a\" : [ \"[redacted]\", 1 , \"other\" ] }");
    expect("word", "{\"word\":\"word\"}", "{\"[redacted]\":\"[redacted]\"}");
    expect("word", "\"wor\"", NULL);
    expect("word", "\"\"", NULL);
    expect("word", "12345", NULL);
    expect("redacted", "\"[redacted]\"", NULL); /* never again */
    expect("redacted", "\"\\u005bredacted]\"", NULL);
}

static void escapes(void **state)
{
    (void)state;
    expect("word", "\"\\u0077o\\u0072d\"", "\"[redacted]\"");
    expect("a\"b", "[\"a\\\"b\",\"a\"]", "[\"[redacted]\",\"a\"]");
    expect("a\\b", "[\"a\\\\b\",\"\\\\\"]", "[\"[redacted]\",\"\\\\\"]");
    expect("\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\"", "\"[redacted]\"");
}

/* Wherever in a long string with escapes the word lies, no cut between two pieces hides it. */
static void long_strings(void **state)
{
    (void)state;
    struct buf data = {0}, out = {0};
    const char word[] = "the-word-to-find";
    for (size_t at = 12250; at < 12330; at++) {
        buf_clear(&data);
        buf_add_span(&data, SL_SPAN("[\"\\n"));
        for (size_t i = 0; i < at; i++)
            buf_add(&data, i % 7 ? "x" : "\\t", i % 7 ? 1 : 2);
        size_t before = data.len;
        buf_add_span(&data, SL_SPAN("\",\"\\n"));
        for (size_t i = 0; i < at; i++)
            buf_add(&data, "x", 1);
        buf_add(&data, word, sizeof(word) - 1);
        for (size_t i = 0; i < 500; i++)
            buf_add(&data, "\\u0061", 6);
        buf_add_span(&data, SL_SPAN("\"]"));
        assert_true(search(word, buf_span(&data), &out));
        assert_int_equal(out.len, before + strlen("\",\"[redacted]\"]"));
        assert_memory_equal(out.ptr, data.ptr, before);
    }
    buf_fini(&data);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_and_names),
        cmocka_unit_test(escapes),
        cmocka_unit_test(long_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
