/* Rules: what is redacted again, that it is just what a text, a key or the data would have hit, and
   that a rule doesn't tell its text. With random documents beside a naive redaction. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/redact/redact_text.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXTS = 48 };

static const uint8_t key[32] = {"a key of thirty-two secret byte"};
static const uint8_t other_key[32] = {"a key of thirty-two secret bytf"};
static uint64_t seed, chance_state;

static uint64_t chance(uint64_t below)
{
    return core_random(&chance_state) % below;
}

static enum sl_result redact_again(const struct redact_rule *rules, size_t count,
    struct sl_span item_key, struct sl_span data, struct buf *out, bool *found, struct sl_err *err)
{
    struct redact_rules *ready = redact_rules_create(rules, count, key);
    assert_non_null(ready);
    enum sl_result result = redact_by_rules(ready, item_key, data, out, found, err);
    redact_rules_destroy(ready);
    return result;
}

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

/* ---- a naive redaction ---- */

struct texts {
    struct sl_span spans[TEXTS];
    size_t count;
};

static bool holds(struct sl_span raw, const struct texts *texts)
{
    char *text = malloc(raw.len + 1);
    assert_non_null(text);
    size_t len = json_decode(raw, text);
    bool any = false;
    for (size_t i = 0; i < texts->count && !any; i++)
        any = memmem(text, len, texts->spans[i].ptr, texts->spans[i].len) != NULL;
    any = any && !sl_span_eq((struct sl_span){text, len}, SL_SPAN("[redacted]"));
    free(text);
    return any;
}

/* *at is how far the document was copied. */
static void naive_string(
    struct sl_span raw, const struct texts *texts, const char **at, struct buf *out)
{
    if (!holds(raw, texts)) return;
    buf_add(out, *at, (size_t)(raw.ptr - *at));
    add(out, "[redacted]");
    *at = raw.ptr + raw.len;
}

static void naive_value(
    struct json *json, const struct texts *texts, const char **at, struct buf *out)
{
    enum json_kind kind;
    struct sl_span value, name;
    assert_true(json_peek(json, &kind));
    if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
        json_enter(json, kind);
        while (kind == JSON_OBJECT ? json_member(json, &name) : json_element(json)) {
            if (kind == JSON_OBJECT) naive_string(name, texts, at, out);
            naive_value(json, texts, at, out);
        }
        assert_null(json->what);
    } else {
        assert_true(json_value(json, &value));
        if (kind == JSON_STRING)
            naive_string((struct sl_span){value.ptr + 1, value.len - 2}, texts, at, out);
    }
}

static bool naive(struct sl_span data, const struct texts *texts, struct buf *out)
{
    struct json json;
    const char *at = data.ptr;
    json_init(&json, data, JSON_DEPTH_CEILING);
    naive_value(&json, texts, &at, out);
    assert_true(json_end(&json));
    bool found = at != data.ptr;
    if (found) buf_add(out, at, (size_t)(data.ptr + data.len - at));
    return found;
}

/* ---- random documents ---- */

/* Few characters, each in several spellings, so that texts come up again, spelled otherwise. */
static void make_string(struct buf *out)
{
    static const char *const letters[] = {"a", "a", "a", "b", "b", "c", "\\u0061", "\\u0062", "\\n",
        "\\u000A", "\\\"", "\\\\", "\\/", "/", "\xc3\xa9", "\\u00E9", "\xf0\x9f\x98\x80",
        "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\ud83d", "\\ude00", "\\u0000", " "};
    /* Some have no escapes, and some are longer than what is decoded at a time. */
    size_t first_letters = chance(3) ? sizeof(letters) / sizeof(letters[0]) : 6;
    size_t count = chance(300) ? chance(40) : 4000 + chance(6000);
    add(out, "\"");
    if (chance(60) == 0)
        add(out, "[redacted]");
    else
        while (count-- > 0)
            add(out, letters[chance(first_letters)]);
    add(out, "\"");
}

static void space(struct buf *out)
{
    if (chance(5) == 0) add(out, chance(2) ? " " : "\n\t");
}

static void make_value(struct buf *out, unsigned depth)
{
    static const char *const scalars[] = {"null", "true", "false", "0", "-1.5e+3", "{}", "[]"};
    unsigned kind = (unsigned)chance(depth < 6 ? 10 : 6);
    space(out);
    if (kind < 4) {
        make_string(out);
    } else if (kind < 6) {
        add(out, scalars[chance(7)]);
    } else {
        bool object = kind < 8;
        size_t count = chance(6);
        add(out, object ? "{" : "[");
        for (size_t i = 0; i < count; i++) {
            if (i) add(out, ",");
            if (object) make_string(out), add(out, ":");
            make_value(out, depth + 1);
        }
        add(out, object ? "}" : "]");
    }
    space(out);
}

/* A piece of a string of the document, decoded, or letters that may be in none. */
static struct sl_span make_text(struct sl_span document)
{
    static const char letters[] = "aaabbc\n\"";
    size_t len = SL_REDACT_TEXT_MIN_BYTES + (chance(8) ? chance(8) : chance(4000));
    char *text = malloc(document.len + SL_REDACT_TEXT_BYTES);
    assert_non_null(text);
    const char *from = document.ptr + chance(document.len), *end = document.ptr + document.len;
    const char *quote = memchr(from, '"', (size_t)(end - from));
    if (quote && chance(4)) { /* the bytes before a quote may end in a backslash: so be it */
        size_t decoded = json_decode((struct sl_span){from, (size_t)(quote - from)}, text);
        size_t skip = decoded > len ? chance(decoded - len + 1) : 0;
        memmove(text, text + skip, decoded - skip);
        if (decoded - skip >= SL_REDACT_TEXT_MIN_BYTES)
            return (struct sl_span){text, decoded - skip < len ? decoded - skip : len};
    }
    for (size_t i = 0; i < len; i++)
        text[i] = letters[chance(8)];
    return (struct sl_span){text, len};
}

static void fail_round(const char *what, const struct buf *document)
{
    fail_msg("SL_TEST_SEED=%llu: %s: %.*s", (unsigned long long)seed, what,
        document->len < 2000 ? (int)document->len : 2000, document->ptr);
}

/* The same through rules made ready, twice: what one item has confirmed holds for the next. */
static void many_items(const struct redact_rule *rules, size_t count, const struct buf *document,
    const struct buf *expected, bool any)
{
    struct redact_rules *ready = redact_rules_create(rules, count, key);
    struct buf got = {0};
    struct sl_err err = {0};
    assert_non_null(ready);
    for (int i = 0; i < 2; i++) {
        bool found = !any;
        buf_clear(&got);
        core_expect(redact_by_rules(ready, SL_SPAN("k"), buf_span(document), &got, &found, &err),
            SL_OK, &err);
        if (found != any || !sl_span_eq(buf_span(&got), buf_span(expected)))
            fail_round("redact_by_rules", document);
    }
    redact_rules_destroy(ready);
    buf_fini(&got);
}

static void one_document(size_t *hits)
{
    struct buf document = {0}, expected = {0}, got = {0};
    struct texts texts = {.count = chance(12) ? 1 + chance(5) : TEXTS};
    struct redact_rule rules[TEXTS];
    struct sl_err err = {0};
    bool found = false;
    do {
        buf_clear(&document);
        make_value(&document, 0);
    } while (document.len < 4);
    for (size_t i = 0; i < texts.count; i++) {
        texts.spans[i] = make_text(buf_span(&document));
        redact_rule_make(&rules[i], REDACT_RULE_TEXT, texts.spans[i], key);
    }
    struct texts first = {{texts.spans[0]}, 1};
    bool any = naive(buf_span(&document), &first, &expected);
    core_expect(
        redact_matches(buf_span(&document), texts.spans[0], &got, &found, &err), SL_OK, &err);
    if (found != any || !sl_span_eq(buf_span(&got), buf_span(&expected)))
        fail_round("redact_matches", &document);
    buf_clear(&expected);
    buf_clear(&got);
    any = naive(buf_span(&document), &texts, &expected);
    core_expect(redact_again(
                    rules, texts.count, SL_SPAN("part/1"), buf_span(&document), &got, &found, &err),
        SL_OK, &err);
    if (found != any || !sl_span_eq(buf_span(&got), buf_span(&expected)))
        fail_round("redact_again", &document);
    *hits += any;
    many_items(rules, texts.count, &document, &expected, any);
    if (any &&
        redact_again(rules, texts.count, SL_SPAN("part/1"), buf_span(&got), &expected, &found,
            &err) == SL_OK &&
        found)
        fail_round("redacted twice", &document);
    for (size_t i = 0; i < texts.count; i++)
        free((char *)(uintptr_t)texts.spans[i].ptr);
    buf_fini(&document);
    buf_fini(&expected);
    buf_fini(&got);
}

static void test_random(void **state)
{
    (void)state;
    size_t hits = 0, rounds = 3000 * core_rounds();
    for (size_t round = 0; round < rounds; round++)
        one_document(&hits);
    print_message("%zu of %zu documents were hit\n", hits, rounds);
    assert_true(hits > rounds / 10 && hits < rounds * 9 / 10);
}

/* ---- what rules are ---- */

static const char secret[] = "hunter2 is the password";

static void test_tells_nothing(void **state)
{
    (void)state;
    struct sl_span text = {secret, sizeof(secret) - 1};
    struct redact_rule rules[4];
    redact_rule_make(&rules[0], REDACT_RULE_TEXT, text, key);
    redact_rule_make(&rules[1], REDACT_RULE_KEY, text, key);
    redact_rule_make(&rules[2], REDACT_RULE_DATA, text, key);
    redact_rule_make(&rules[3], REDACT_RULE_TEXT, text, other_key);
    assert_int_equal(sizeof(rules[0]), 56); /* no room for a text, no pointer to one */
    for (size_t i = 0; i < text.len - 3; i++)
        assert_null(memmem(rules, sizeof(rules), text.ptr + i, 4));
    assert_true(rules[0].length == text.len && rules[1].length == 0 && rules[2].length == text.len);
    assert_true(rules[1].rolling == 0 && rules[2].rolling == 0);
    assert_true(rules[0].rolling != rules[3].rolling);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(rules[i].mac, rules[k].mac, 32);
    struct redact_rule again;
    redact_rule_make(&again, REDACT_RULE_TEXT, text, key);
    assert_memory_equal(&again, &rules[0], sizeof(again));
}

/* Stored rules are for ever: these bytes may not change. */
static void test_golden(void **state)
{
    (void)state;
    struct redact_rule rule;
    redact_rule_make(&rule, REDACT_RULE_TEXT, SL_SPAN("hunter2"), key);
    assert_true(rule.rolling == 0x6fc830a768560b1d);
    assert_memory_equal(rule.mac, "\x98\xca\x81\x97", 4);
}

/* ---- what they do ---- */

static void again_is(const struct redact_rule *rules, size_t count, const char *item_key,
    const char *data, const char *expected)
{
    struct buf out = {0};
    struct sl_err err = {0};
    bool found = expected == NULL;
    core_expect(
        redact_again(rules, count, sl_span_of(item_key), sl_span_of(data), &out, &found, &err),
        SL_OK, &err);
    assert_true(found == (expected != NULL));
    core_assert_same(buf_span(&out), sl_span_of(expected ? expected : ""), data);
    buf_fini(&out);
}

static void test_kinds(void **state)
{
    (void)state;
    static const char data[] = "{\"id\":\"prt_1\",\"text\":\"hunter2\",\"n\": 1}";
    static const char whole[] = "{\"id\":\"prt_1\",\"text\":\"[redacted]\",\"n\":1}";
    struct redact_rule rules[4];
    redact_rule_make(&rules[0], REDACT_RULE_KEY, SL_SPAN("part/1"), key);
    redact_rule_make(&rules[1], REDACT_RULE_DATA, sl_span_of(data), key);
    redact_rule_make(&rules[2], REDACT_RULE_TEXT, SL_SPAN("prt_"), key);
    redact_rule_make(&rules[3], REDACT_RULE_TEXT, SL_SPAN("nter"), key);
    again_is(NULL, 0, "part/1", data, NULL);
    again_is(rules, 1, "part/1", data, whole);
    again_is(rules, 1, "part/2", data, NULL);
    again_is(rules, 1, "part/", data, NULL);
    again_is(rules, 2, "part/2", data, whole);
    again_is(rules, 2, "part/2", "{\"id\":\"prt_1\",\"text\":\"hunter2\",\"n\":1 }", NULL);
    again_is(rules + 3, 1, "part/1", data, "{\"id\":\"prt_1\",\"text\":\"[redacted]\",\"n\": 1}");
    again_is(
        rules + 2, 2, "part/1", data, "{\"id\":\"[redacted]\",\"text\":\"[redacted]\",\"n\": 1}");
    /* As a whole, and for the text that an id holds. */
    again_is(rules, 4, "part/1", data, "{\"id\":\"[redacted]\",\"text\":\"[redacted]\",\"n\":1}");
    /* One subject's rule is not that of another kind, nor of another key. */
    redact_rule_make(&rules[0], REDACT_RULE_KEY, sl_span_of(data), key);
    redact_rule_make(&rules[1], REDACT_RULE_DATA, SL_SPAN("part/1"), key);
    redact_rule_make(&rules[2], REDACT_RULE_TEXT, SL_SPAN("hunter2"), other_key);
    again_is(rules, 3, "part/1", data, NULL);
}

/* Rules that weren't made here, or were damaged: they hit nothing, and nothing breaks. */
static void test_broken_rules(void **state)
{
    (void)state;
    static const char data[] = "{\"id\":\"prt_1\",\"text\":\"hunter2 hunter2 hunter2\"}";
    static const uint64_t lengths[] = {0, 1, 3, 8, 4097, UINT64_MAX, UINT64_MAX - 1};
    struct redact_rule good, rule;
    redact_rule_make(&good, REDACT_RULE_TEXT, SL_SPAN("hunter2"), key);
    again_is(&good, 1, "k", data, "{\"id\":\"prt_1\",\"text\":\"[redacted]\"}");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        rule = good;
        rule.length = lengths[i];
        again_is(&rule, 1, "k", data, NULL);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        rule = good;
        rule.rolling ^= UINT64_C(1) << bit;
        again_is(&rule, 1, "k", data, NULL);
    }
    rule = good;
    rule.kind = (enum redact_rule_kind)7;
    again_is(&rule, 1, "k", data, NULL);
    rule = good;
    rule.mac[31] ^= 1;
    again_is(&rule, 1, "k", data, NULL);
}

/* Data that isn't valid, before and behind a failure: `out` is as it was. */
static void test_failure(void **state)
{
    (void)state;
    struct redact_rule rule;
    struct buf out = {0};
    struct sl_err err = {0};
    bool found = true;
    add(&out, "before");
    redact_rule_make(&rule, REDACT_RULE_KEY, SL_SPAN("k"), key);
    core_expect(redact_again(&rule, 1, SL_SPAN("k"), SL_SPAN("{\"a"), &out, &found, &err),
        SL_INVALID, &err);
    core_assert_same(buf_span(&out), SL_SPAN("before"), "after a failure");
    buf_fini(&out);
}

/* ---- what it costs ---- */

/* Texts by which a search that goes back, or that asks its HMAC at each place, never ends: none of
   these may take more than moments. */
static void test_hostile_cost(void **state)
{
    (void)state;
    enum { COUNT = 400000 };
    struct redact_rule rules[40];
    struct buf data = {0}, out = {0};
    struct sl_err err = {0};
    char text[2048];
    bool found;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 'b';
    redact_rule_make(&rules[0], REDACT_RULE_TEXT, (struct sl_span){text, sizeof(text)}, key);
    for (unsigned i = 1; i < 40; i++) {
        char at[8];
        snprintf(at, sizeof(at), "ab%02u", i);
        redact_rule_make(&rules[i], REDACT_RULE_TEXT, sl_span_of(at), key);
    }
    /* Almost the text, over and over, with an escape at the end of it all. */
    add(&data, "[\"");
    for (unsigned i = 0; i < COUNT; i++)
        add(&data, "aaaaaaaa");
    add(&data, "\\n\",\"");
    for (unsigned i = 0; i < COUNT; i++)
        add(&data, "\\\"");
    add(&data, "\"]");
    core_expect(
        redact_again(rules, 40, SL_SPAN("k"), buf_span(&data), &out, &found, &err), SL_OK, &err);
    assert_true(!found && out.len == 0);
    /* Nothing but hits. */
    buf_clear(&data);
    add(&data, "[1");
    for (unsigned i = 0; i < COUNT; i++)
        add(&data, ",\"ab01\"");
    add(&data, "]");
    core_expect(
        redact_again(rules, 40, SL_SPAN("k"), buf_span(&data), &out, &found, &err), SL_OK, &err);
    assert_true(found && out.len == 3 + COUNT * (size_t)13);
    /* A rule whose HMAC denies every one of them. */
    rules[1].mac[0] ^= 1;
    buf_clear(&out);
    core_expect(
        redact_again(rules + 1, 1, SL_SPAN("k"), buf_span(&data), &out, &found, &err), SL_OK, &err);
    assert_true(!found && out.len == 0);
    buf_fini(&data);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_tells_nothing),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_broken_rules),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_hostile_cost),
    };
    seed = chance_state = core_seed("redact_rule");
    return cmocka_run_group_tests_name("redact_rule", tests, NULL, NULL);
}
