/* Redacted JSON: what stays and what doesn't, on texts made to hide something, on every recorded
 * item. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/redact/redact_text.h"
#include "tests/support/core_store.h"
#include "tests/support/exact_span.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define REDACTED "[redacted]"

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void assert_is(const struct buf *got, const char *expected, const char *what)
{
    if (sl_span_eq(buf_span(got), sl_span_of(expected))) return;
    fail_msg("%s: got %.*s, not %s", what, (int)got->len, got->ptr, expected);
}

/* ---- as a whole ---- */

static void whole_is(const char *data, const char *expected)
{
    struct buf out = {0};
    struct sl_err err = {0};
    struct sl_span copy = exact(sl_span_of(data));
    core_expect(redact_whole(copy, &out, &err), SL_OK, &err);
    assert_is(&out, expected, data);
    assert_int_equal(json_check(buf_span(&out), SL_JSON_DEPTH, NULL), SL_OK);
    buf_fini(&out);
    release(copy);
}

static void test_whole_values(void **state)
{
    (void)state;
    whole_is("\"text\"", "\"[redacted]\"");
    whole_is("\"\"", "\"[redacted]\"");
    whole_is(" null ", "null");
    whole_is("[true,false,null,-1.5e3,0]", "[true,false,null,-1.5e3,0]");
    whole_is(" [ ] ", "[]");
    whole_is("{ }", "{}");
    whole_is("[[],{},[[]],\"\",{\"a\":{}},[{}]]", "[[],{},[[]],\"[redacted]\",{\"a\":{}},[{}]]");
    whole_is(
        "{\"a\" : \"x\" , \"b\":[ \"y\" ,1]}", "{\"a\":\"[redacted]\",\"b\":[\"[redacted]\",1]}");
    /* Digits that no double has. */
    whole_is("[12345678901234567890123456789012,123456789012345678901234567890123]",
        "[12345678901234567890123456789012,0]");
}

static void test_whole_kept(void **state)
{
    (void)state;
    whole_is(
        "{\"id\":\"msg_1\",\"sessionID\":\"ses_1\",\"callID\":\"c/1\",\"childSessionId\":\"s\","
        "\"tail_start_id\":\"msg_0\",\"type\":\"tool\",\"role\":\"user\",\"tool\":\"bash\","
        "\"mode\":\"build\",\"agent\":\"b\",\"finish\":\"stop\",\"mime\":\"text/plain\","
        "\"state\":{\"status\":\"completed\"},\"permission\":[{\"action\":\"ask\"}]}",
        "{\"id\":\"msg_1\",\"sessionID\":\"ses_1\",\"callID\":\"c/1\",\"childSessionId\":\"s\","
        "\"tail_start_id\":\"msg_0\",\"type\":\"tool\",\"role\":\"user\",\"tool\":\"bash\","
        "\"mode\":\"build\",\"agent\":\"b\",\"finish\":\"stop\",\"mime\":\"text/plain\","
        "\"state\":{\"status\":\"completed\"},\"permission\":[{\"action\":\"ask\"}]}");
    /* Names that only look like it. */
    whole_is(
        "{\"ID\":\"a\",\"Id\":\"a\",\"VALID\":\"a\",\"paid\":\"a\",\"typ\":\"a\",\"Type\":\"a\","
        "\"types\":\"a\",\"\":\"a\"}",
        "{\"ID\":\"[redacted]\",\"Id\":\"[redacted]\",\"VALID\":\"[redacted]\",\"paid\":\"[redacted]"
        "\",\"typ\":\"[redacted]\",\"Type\":\"[redacted]\",\"types\":\"[redacted]\",\"[redacted]\":"
        "\"[redacted]\"}");
    /* An escaped name is the name, and an escaped id is no way around the list of characters. */
    whole_is("{\"\\u0069d\":\"msg\\u005f1\",\"type\":\"a\\u0020b\",\"\\u0000id\":\"a\"}",
        "{\"id\":\"msg_1\",\"type\":\"[redacted]\",\"[redacted]\":\"[redacted]\"}");
    whole_is("{\"id\":\"two words\",\"type\":\"a\\nb\",\"role\":\"\xc3\xa9\",\"tool\":\"a\\u0000\","
             "\"agent\":\"\"}",
        "{\"id\":\"[redacted]\",\"type\":\"[redacted]\",\"role\":\"[redacted]\",\"tool\":"
        "\"[redacted]\",\"agent\":\"\"}");
    /* Only a string right there is an id; duplicates are each judged by themselves. */
    whole_is("{\"id\":[\"a\"],\"type\":{\"x\":\"a\"},\"id\":\"a b\",\"id\":\"b\"}",
        "{\"id\":[\"[redacted]\"],\"type\":{\"x\":\"[redacted]\"},\"id\":\"[redacted]\",\"id\":"
        "\"b\"}");
    /* The name of an error is its type. */
    whole_is(
        "{\"name\":\"a\",\"error\":{\"name\":\"APIError\",\"data\":{\"name\":\"a\"},\"list\":[{"
        "\"name\":\"a\"}]},\"x\":{\"name\":\"a\"}}",
        "{\"name\":\"[redacted]\",\"error\":{\"name\":\"APIError\",\"data\":{\"name\":\"[redacted]"
        "\"},\"list\":[{\"name\":\"[redacted]\"}]},\"x\":{\"name\":\"[redacted]\"}}");
}

static void test_whole_bounds(void **state)
{
    (void)state;
    char data[512], expected[512], letters[130];
    memset(letters, 'x', sizeof(letters));
    for (int n = 127; n <= 129; n++) {
        snprintf(data, sizeof(data), "{\"id\":\"%.*s\"}", n, letters);
        snprintf(expected, sizeof(expected), "{\"id\":\"%.*s\"}", n, letters);
        whole_is(data, n <= 128 ? expected : "{\"id\":\"[redacted]\"}");
    }
    for (int n = 63; n <= 65; n++) {
        snprintf(data, sizeof(data), "{\"%.*s\":1}", n, letters);
        whole_is(data, n <= 64 ? data : "{\"[redacted]\":1}");
    }
    whole_is("{\"a_$.-9Z\":1,\"a b\":1,\"\xc3\xa9\":1,\"a/b\":1,\"a\\nb\":\"c\"}",
        "{\"a_$.-9Z\":1,\"[redacted]\":1,\"[redacted]\":1,\"[redacted]\":1,\"[redacted]\":"
        "\"[redacted]\"}");
}

static void test_whole_free_form(void **state)
{
    (void)state;
    whole_is(
        "{\"state\":{\"input\":{\"id\":\"a\",\"b\":[1]},\"metadata\":[{\"c\":1},2]},\"input\":5,"
        "\"metadata\":\"x\",\"in\\u0070ut\":{\"d\":1},\"z\":[{\"input\":[]},1]}",
        "{\"state\":{\"input\":{},\"metadata\":[]},\"input\":5,\"metadata\":\"[redacted]\",\"input\":"
        "{},\"z\":[{\"input\":[]},1]}");
    whole_is("{\"structured\":{\"a\":1},\"schema\":{\"a\":1},\"headers\":{\"a\":1},"
             "\"responseHeaders\":{\"a\":1},\"options\":{\"a\":1},\"variants\":{\"a\":{}}}",
        "{\"structured\":{},\"schema\":{},\"headers\":{},\"responseHeaders\":{},\"options\":{},"
        "\"variants\":{}}");
}

static void test_whole_deep(void **state)
{
    (void)state;
    struct buf data = {0}, out = {0};
    struct sl_err err = {0};
    for (unsigned depth = 511; depth <= 1025; depth += depth == 512 ? 512 : 1) {
        buf_clear(&data);
        buf_clear(&out);
        add(&out, "before");
        for (unsigned i = 0; i < depth; i++)
            add(&data, i % 2 ? "{\"a\":" : "[");
        add(&data, "\"deep\"");
        for (unsigned i = depth; i-- > 0;)
            add(&data, i % 2 ? "}" : "]");
        bool fits = depth <= JSON_DEPTH_CEILING, found = false;
        core_expect(redact_whole(buf_span(&data), &out, &err), fits ? SL_OK : SL_INVALID, &err);
        assert_int_equal(out.len, fits ? 6 + data.len + 6 : 6);
        buf_clear(&out);
        core_expect(
            redact_matches(buf_span(&data), SL_SPAN("deep"), &out, &found, &err), SL_OK, &err);
        assert_true(found && out.len == data.len + 6);
    }
    buf_fini(&data);
    buf_fini(&out);
}

static void test_whole_invalid(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[", "{\"a\"", "[1", "{\"a\":1", "\"a", "[1}",
        "1 2", "{\"a\":1]", "[1,]", "{\"input\":{}", "nul", "[\"\\"};
    struct buf out = {0};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sl_span copy = exact(sl_span_of(texts[i]));
        struct sl_err err = {0};
        bool found = true;
        if (redact_whole(copy, &out, &err) != SL_INVALID || !err.text[0] || out.len != 0)
            fail_msg("%s", texts[i]);
        core_expect(redact_matches(copy, SL_SPAN("abcd"), &out, &found, &err), SL_OK, &err);
        assert_true(!found && out.len == 0);
        release(copy);
    }
    buf_fini(&out);
}

/* ---- for a text ---- */

/* `expected` NULL: not found. */
static void matches_are(const char *data, struct sl_span text, const char *expected)
{
    struct buf out = {0}, again = {0};
    struct sl_err err = {0};
    struct sl_span copy = exact(sl_span_of(data));
    bool found = expected == NULL, more = true;
    core_expect(redact_matches(copy, text, &out, &found, &err), SL_OK, &err);
    assert_is(&out, expected ? expected : "", data);
    assert_true(found == (expected != NULL));
    core_expect(redact_matches(buf_span(&out), text, &again, &more, &err), SL_OK, &err);
    assert_true(!more && again.len == 0);
    buf_fini(&out);
    buf_fini(&again);
    release(copy);
}

static void test_matches(void **state)
{
    (void)state;
    matches_are("\"secret\"", SL_SPAN("secret"), "\"[redacted]\"");
    matches_are(" { \"a\" : [\"a secret b\", \"secre\", \"\"],\"b\":\"secret\"} ",
        SL_SPAN("secret"), " { \"a\" : [\"[redacted]\", \"secre\", \"\"],\"b\":\"[redacted]\"} ");
    matches_are("{\"id\":\"secret\",\"secret\":1,\"x\":{\"asecret\":\"y\"}}", SL_SPAN("secret"),
        "{\"id\":\"[redacted]\",\"[redacted]\":1,\"x\":{\"[redacted]\":\"y\"}}");
    /* Outside of strings, or over their ends, there is no text. */
    matches_are("[true,1234,\"a\",\"b\",null]", SL_SPAN("true"), NULL);
    matches_are("[true,1234,\"a\",\"b\",null]", SL_SPAN("1234"), NULL);
    matches_are("[true,1234,\"a\",\"b\",null]", SL_SPAN("\",\"b"), NULL);
    matches_are("[\"se\",\"cret\"]", SL_SPAN("secret"), NULL);
    matches_are("[]", SL_SPAN("secret"), NULL);
    /* However it is escaped. */
    matches_are("[\"\\u0073ecret\",\"secre\\u0074\",\"s\\u0065c\\u0072et\\n\",\"\\\\u0073ecret\"]",
        SL_SPAN("secret"), "[\"[redacted]\",\"[redacted]\",\"[redacted]\",\"\\\\u0073ecret\"]");
    matches_are("[\"a\\/b/c\",\"\\\"quo\\\\te\",\"\\\"\"]", SL_SPAN("a/b/"),
        "[\"[redacted]\",\"\\\"quo\\\\te\",\"\\\"\"]");
    matches_are("[\"a\\/b/c\",\"\\\"quo\\\\te\",\"\\\\\",\"\\\\\\\"\"]", SL_SPAN("\"quo\\"),
        "[\"a\\/b/c\",\"[redacted]\",\"\\\\\",\"\\\\\\\"\"]");
    matches_are("[\"line\\nline\",\"linenline\",\"line\\\\nline\"]", SL_SPAN("line\nline"),
        "[\"[redacted]\",\"linenline\",\"line\\\\nline\"]");
    matches_are("[\"ab\\u0000cd\",\"abcd\"]", SL_SPAN("b\0cd"), "[\"[redacted]\",\"abcd\"]");
    matches_are("{\"\\u0073ecret\":1,\"secret\":2}", SL_SPAN("secret"),
        "{\"[redacted]\":1,\"[redacted]\":2}");
    /* What it already reads is no hit, even if the text is a part of it. */
    matches_are("[\"[redacted]\",\"\\u005bredacted]\",\"redacted\"]", SL_SPAN("redact"),
        "[\"[redacted]\",\"\\u005bredacted]\",\"[redacted]\"]");
}

static void test_matches_unicode(void **state)
{
    (void)state;
    struct sl_span smile = SL_SPAN("\xf0\x9f\x98\x80");
    matches_are(
        "[\"\xf0\x9f\x98\x80\",\"\\ud83d\\ude00\",\"\\uD83D\\uDE00\",\"\\ud83d\",\"\\ude00\","
        "\"\\ud83d\\ud83d\\ude00\",\"\\ude00\\ud83d\"]",
        smile,
        "[\"[redacted]\",\"[redacted]\",\"[redacted]\",\"\\ud83d\",\"\\ude00\",\"[redacted]\","
        "\"\\ude00\\ud83d\"]");
    matches_are("[\"caf\\u00e9s\",\"caf\xc3\xa9s\",\"cafes\"]", SL_SPAN("caf\xc3\xa9"),
        "[\"[redacted]\",\"[redacted]\",\"cafes\"]");
    /* A lone surrogate is three bytes; half of a pair isn't one. */
    matches_are("[\"a\\ud83d!\",\"a\\ud83d\\ude00!\"]", SL_SPAN("a\xed\xa0\xbd"),
        "[\"[redacted]\",\"a\\ud83d\\ude00!\"]");
}

/* Long strings with escapes are decoded in pieces: the text is moved through them byte by byte. */
static void test_matches_over_pieces(void **state)
{
    (void)state;
    static const char *const ways[] = {"\xf0\x9f\x98\x80!secret", "\\ud83d\\ude00!secret",
        "\\ud83d\\ude00\\u0021\\u0073ecr\\u0065t"};
    struct sl_span text = SL_SPAN("\xf0\x9f\x98\x80!secret");
    for (size_t way = 0; way < 3; way++) {
        for (size_t before = (12 << 10) - 60; before < (12 << 10) + 20; before++) {
            struct buf data = {0}, out = {0};
            bool found = false;
            add(&data, "[\"\\n");
            for (size_t i = 0; i < before; i++)
                add(&data, i % 1000 == 7 ? "\\"
                                           "t"
                                         : "x");
            add(&data, ways[way]);
            add(&data, "\\n\",1]");
            assert_int_equal(
                redact_matches(buf_span(&data), SL_SPAN("xsecret"), &out, &found, NULL), SL_OK);
            assert_false(found);
            assert_int_equal(redact_matches(buf_span(&data), text, &out, &found, NULL), SL_OK);
            assert_is(&out, "[\"[redacted]\",1]", "pieces");
            buf_fini(&data);
            buf_fini(&out);
        }
    }
}

static void test_matches_lengths(void **state)
{
    (void)state;
    struct buf data = {0}, out = {0};
    struct sl_err err = {0};
    bool found;
    add(&data, "[\"\\n");
    for (size_t i = 0; i < 20000; i++)
        add(&data, "abcdefgh");
    add(&data, "\"]");
    const char *at = data.ptr + 4;
    struct sl_span longest = {at, SL_REDACT_TEXT_BYTES}, longer = {at, SL_REDACT_TEXT_BYTES + 1};
    core_expect(redact_matches(buf_span(&data), longest, &out, &found, &err), SL_OK, &err);
    assert_is(&out, "[\"[redacted]\"]", "longest");
    assert_true(found);
    core_expect(redact_matches(buf_span(&data), longer, &out, &found, &err), SL_INVALID, &err);
    core_expect(
        redact_matches(buf_span(&data), SL_SPAN("abc"), &out, &found, &err), SL_INVALID, &err);
    core_expect(redact_matches(buf_span(&data), SL_SPAN(""), &out, &found, &err), SL_INVALID, &err);
    buf_fini(&data);
    buf_fini(&out);
}

/* ---- recorded items ---- */

static bool raw_in(struct sl_span raw, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (json_raw_eq(raw, names[i])) return true;
    return false;
}

/* What the captures have, spelled out: this list is not the code's. */
static bool stays(struct sl_span name, struct sl_span within)
{
    static const char *const names[] = {"id", "sessionID", "messageID", "parentID", "callID",
        "modelID", "providerID", "projectID", "type", "role", "status", "tool", "mode", "agent",
        "finish", "mime", "action"};
    return raw_in(name, names, sizeof(names) / sizeof(names[0])) ||
           (json_raw_eq(name, "name") && json_raw_eq(within, "error"));
}

static size_t kept_strings, other_strings;

/* `was` and `is` side by side. */
static void compare(
    struct sl_span was, struct sl_span is, struct sl_span name, struct sl_span within)
{
    enum json_kind kind = json_kind_of(was);
    struct sl_span a = {0}, b = {0}, name_a, name_b, rest_a = was, rest_b = is;
    assert_int_equal(kind, json_kind_of(is));
    if (kind == JSON_STRING) {
        assert_true(json_string_raw(was, &a) && json_string_raw(is, &b));
        bool same = stays(name, within) && a.len <= 128 && !memchr(a.ptr, ' ', a.len);
        assert_true(sl_span_eq(b, same ? a : SL_SPAN(REDACTED)));
        kept_strings += same;
        other_strings += !same;
    } else if (kind == JSON_ARRAY || kind == JSON_OBJECT) {
        static const char *const emptied[] = {
            "input", "metadata", "headers", "options", "variants"};
        if (raw_in(name, emptied, 5)) {
            assert_true(sl_span_eq(is, kind == JSON_ARRAY ? SL_SPAN("[]") : SL_SPAN("{}")));
            return;
        }
        while (kind == JSON_ARRAY && json_next(&rest_a, &a)) {
            assert_true(json_next(&rest_b, &b));
            compare(a, b, SL_SPAN(""), SL_SPAN(""));
        }
        while (kind == JSON_OBJECT && json_next_member(&rest_a, &name_a, &a)) {
            assert_true(json_next_member(&rest_b, &name_b, &b) && sl_span_eq(name_a, name_b));
            compare(a, b, name_a, name);
        }
        assert_false(
            kind == JSON_ARRAY ? json_next(&rest_b, &b) : json_next_member(&rest_b, NULL, &b));
    } else {
        assert_true(sl_span_eq(was, is));
    }
}

/* The strings of `was`, at any depth, that aren't kept as they are: none is left in `is`. */
static void none_survives(struct sl_span was, struct sl_span is, const struct buf *kept)
{
    enum json_kind kind = json_kind_of(was);
    struct sl_span raw, value, name, rest = was;
    if (kind == JSON_STRING && json_string_raw(was, &raw) && raw.len >= 4) {
        char *text = malloc(raw.len);
        struct sl_span decoded = {text, json_decode(raw, text)};
        /* An id may be said in a text, too; and "text" is also a name. */
        if (decoded.len >= 4 && !memmem(kept->ptr, kept->len, text, decoded.len) &&
            memmem(is.ptr, is.len, text, decoded.len))
            fail_msg("left: %.*s in %.*s", (int)decoded.len, text, (int)is.len, is.ptr);
        free(text);
    }
    while (kind == JSON_ARRAY && json_next(&rest, &value))
        none_survives(value, is, kept);
    while (kind == JSON_OBJECT && json_next_member(&rest, &name, &value))
        none_survives(value, is, kept);
}

/* What may be in a redacted item: names, and the strings that stay. */
static void allowed(struct sl_span is, struct buf *out)
{
    enum json_kind kind = json_kind_of(is);
    struct sl_span value, name, rest = is;
    add(out, "\n");
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) buf_add_span(out, is);
    while (kind == JSON_ARRAY && json_next(&rest, &value))
        allowed(value, out);
    while (kind == JSON_OBJECT && json_next_member(&rest, &name, &value)) {
        add(out, "\n");
        buf_add_span(out, name);
        allowed(value, out);
    }
}

static void one_item(struct sl_span data)
{
    struct buf out = {0}, kept = {0}, again = {0};
    struct sl_err err = {0};
    core_expect(redact_whole(data, &out, &err), SL_OK, &err);
    core_expect(json_check(buf_span(&out), SL_JSON_DEPTH, &err), SL_OK, &err);
    compare(data, buf_span(&out), SL_SPAN(""), SL_SPAN(""));
    allowed(buf_span(&out), &kept);
    none_survives(data, buf_span(&out), &kept);
    core_expect(redact_whole(buf_span(&out), &again, &err), SL_OK, &err);
    core_assert_same(buf_span(&again), buf_span(&out), "redacted twice");
    buf_fini(&out);
    buf_fini(&kept);
    buf_fini(&again);
}

static size_t capture_items(struct sl_span capture)
{
    const char *at = capture.ptr, *end = capture.ptr + capture.len;
    size_t items = 0;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        struct sl_span line = {at, (size_t)((line_end ? line_end : end) - at)}, body, rest, item;
        at = line_end ? line_end + 1 : end;
        if (!json_get(line, "body", &body) || !json_get(body, "data", &rest)) continue;
        while (json_next(&rest, &item)) {
            struct sl_span data;
            assert_true(json_get(item, "data", &data));
            one_item(data);
            items++;
        }
    }
    return items;
}

static void test_captures(void **state)
{
    (void)state;
    glob_t found;
    size_t items = 0;
    assert_int_equal(glob("tests/captures/*.jsonl", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct buf capture = {0};
        assert_true(core_read_file(found.gl_pathv[i], &capture));
        items += capture_items(buf_span(&capture));
        buf_fini(&capture);
    }
    globfree(&found);
    print_message(
        "%zu items: %zu strings stayed, %zu did not\n", items, kept_strings, other_strings);
    assert_true(items > 3000 && kept_strings > 10000 && other_strings > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_values),
        cmocka_unit_test(test_whole_kept),
        cmocka_unit_test(test_whole_bounds),
        cmocka_unit_test(test_whole_free_form),
        cmocka_unit_test(test_whole_deep),
        cmocka_unit_test(test_whole_invalid),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_matches_unicode),
        cmocka_unit_test(test_matches_over_pieces),
        cmocka_unit_test(test_matches_lengths),
        cmocka_unit_test(test_captures),
    };
    return cmocka_run_group_tests_name("redact_text", tests, NULL, NULL);
}
