/* The scanner beside json-c, on made documents, on the captures, and on both with bytes changed at
   random: they must agree on what is JSON, and on what it means.

   json-c (0.16, strict) takes more than the grammar. Each thing known to be so is a `leniency`
   below, with a repair that takes just it out of the text; then the two must agree on the rest, so
   that one leniency hides nothing else.

   json-c 0.18 (Debian 13), strict, refuses what is JSON: every byte above 0x7f, which it takes for
   a control character, and integers beyond 64 bits. Nothing is to be learnt beside it, and the
   tests are skipped. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/core_store.h"

#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 512, TEXT_BYTES = 32 << 10, MADE_BYTES = 2000 };

/* ---- chance ---- */

static uint64_t seed, chance_state;

static uint64_t chance(uint64_t below)
{
    return core_random(&chance_state) % below;
}

/* ---- texts ---- */

struct text {
    char *bytes;
    size_t len, room;
};

/* Put `with` in the place of `gone` bytes at `at`; nothing happens where there is no room for it.
 */
static void splice(struct text *text, size_t at, size_t gone, struct sl_span with)
{
    if (text->len - gone + with.len > text->room) return;
    memmove(text->bytes + at + with.len, text->bytes + at + gone, text->len - at - gone);
    memcpy(text->bytes + at, with.ptr, with.len);
    text->len = text->len - gone + with.len;
}

static void add(struct text *text, const char *bytes)
{
    splice(text, text->len, 0, sl_span_of(bytes));
}

/* The text's bytes in a block of exactly their size, so that the address sanitizer sees a read past
 * the end. */
static struct sl_span exact(const struct text *text)
{
    char *copy = malloc(text->len ? text->len : 1);
    assert_non_null(copy);
    memcpy(copy, text->bytes, text->len);
    return (struct sl_span){copy, text->len};
}

static void show(const char *title, struct sl_span text)
{
    print_message("%s (%zu bytes): ", title, text.len);
    for (size_t i = 0; i < text.len && i < 4000; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        print_message(c >= 0x20 && c < 0x7f && c != '\\' ? "%c" : "\\x%02x", c);
    }
    print_message("\n");
}

/* ---- json-c ---- */

static bool other_parses(struct sl_span text, struct json_object **tree)
{
    struct json_tokener *tokener = json_tokener_new_ex(2 * DEPTH_MAX);
    assert_non_null(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* A NUL at the end tells it that the text is complete. */
    char *copy = malloc(text.len + 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *tree = json_tokener_parse_ex(tokener, copy, (int)text.len + 1);
    bool parsed = json_tokener_get_error(tokener) == json_tokener_success;
    free(copy);
    json_tokener_free(tokener);
    return parsed;
}

struct leniency {
    const char *name;
    /* Does the text fail at `at` for this reason? Then take it out. */
    bool (*repair)(struct text *text, size_t at, const char *what);
    unsigned long seen;
};

static char byte_at(const struct text *text, size_t at)
{
    return at < text->len ? text->bytes[at] : '\0';
}

static bool begins(const struct text *text, size_t at, const char *with)
{
    size_t n = strlen(with);
    return text->len - at >= n && memcmp(text->bytes + at, with, n) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Raw control characters in strings; U+0000 it refuses as well. */
static bool repair_control(struct text *text, size_t at, const char *what)
{
    if (strcmp(what, "control character in a string") != 0 || text->bytes[at] == '\0') return false;
    text->bytes[at] = ' ';
    return true;
}

/* It looks at UTF-8's lengths alone: overlong forms, surrogates and what is above U+10FFFF pass. */
static bool repair_utf8(struct text *text, size_t at, const char *what)
{
    unsigned lead = (unsigned char)byte_at(text, at);
    if (strcmp(what, "invalid UTF-8") != 0 || lead < 0xc0 || lead > 0xf7) return false;
    size_t n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)byte_at(text, at + i) & 0xc0) != 0x80) return false;
    splice(text, at, n, SL_SPAN("?"));
    return true;
}

/* `01`, `-01`: the zero is the number's first digit, another follows. */
static bool repair_leading_zero(struct text *text, size_t at, const char *what)
{
    (void)what;
    if (at == 0 || !is_digit(byte_at(text, at)) || text->bytes[at - 1] != '0') return false;
    size_t begin = at - 1;
    if (begin > 0 && text->bytes[begin - 1] == '-') begin--;
    char before = begin > 0 ? text->bytes[begin - 1] : ' ';
    if (is_digit(before) || strchr("+-.eE", before)) return false;
    splice(text, at - 1, 1, SL_SPAN(""));
    return true;
}

/* `1.`, `1.e1`, `-.5` */
static bool repair_lone_point(struct text *text, size_t at, const char *what)
{
    if (at == 0) return false;
    char before = text->bytes[at - 1];
    bool no_fraction = before == '.' && !is_digit(byte_at(text, at));
    bool no_integer = before == '-' && byte_at(text, at) == '.';
    bool digit_missing = at == text->len || strcmp(what, "expected a digit") == 0;
    if (!digit_missing || (!no_fraction && !no_integer)) return false;
    splice(text, at, 0, SL_SPAN("0"));
    return true;
}

/* NaN, Infinity, -Infinity */
static bool repair_no_number(struct text *text, size_t at, const char *what)
{
    bool minus = at > 0 && text->bytes[at - 1] == '-';
    size_t n = begins(text, at, "NaN") ? 3 : begins(text, at, "Infinity") ? 8 : 0;
    if (n == 0 || strcmp(what, minus ? "expected a digit" : "expected a value") != 0) return false;
    splice(text, at, n, SL_SPAN("0"));
    return true;
}

/* Names, but not values, in single quotes. Backslashes work in there as usual. */
static bool repair_single_quotes(struct text *text, size_t at, const char *what)
{
    if (strcmp(what, "expected a name in quotes") != 0 || byte_at(text, at) != '\'') return false;
    text->bytes[at] = '"';
    while (++at < text->len && text->bytes[at] != '\'') {
        if (text->bytes[at] == '\\')
            at++;
        else if (text->bytes[at] == '"')
            text->bytes[at] = '_';
    }
    if (at >= text->len) return false;
    text->bytes[at] = '"';
    return true;
}

/* A NUL behind the value ends the text, whatever follows. */
static bool repair_nul(struct text *text, size_t at, const char *what)
{
    if (strcmp(what, "something follows the value") != 0 || byte_at(text, at) != '\0') return false;
    text->len = at;
    return true;
}

static struct leniency leniencies[] = {
    {"control characters", repair_control, 0},
    {"ill-formed UTF-8 of the right length", repair_utf8, 0},
    {"leading zeros", repair_leading_zero, 0},
    {"a point without digits", repair_lone_point, 0},
    {"NaN and Infinity", repair_no_number, 0},
    {"names in single quotes", repair_single_quotes, 0},
    {"a NUL ends the text", repair_nul, 0},
};
enum { LENIENCIES = sizeof(leniencies) / sizeof(leniencies[0]) };

/* ---- what the two make of a text ---- */

/* As json_decode, but with U+FFFD for a lone surrogate, which is what json-c makes of one. */
static size_t decode_as_other(struct sl_span raw, char *out)
{
    size_t len = json_decode(raw, out);
    for (size_t i = 0; i + 2 < len; i++)
        if ((unsigned char)out[i] == 0xed && (unsigned char)out[i + 1] >= 0xa0)
            memcpy(out + i, "\xef\xbf\xbd", 3);
    return len;
}

static bool same_string(struct sl_span value, struct json_object *other)
{
    struct sl_span raw;
    if (!json_string_raw(value, &raw)) return false;
    char *text = malloc(raw.len + 1);
    assert_non_null(text);
    size_t len = decode_as_other(raw, text);
    bool same = len == (size_t)json_object_get_string_len(other) &&
                memcmp(text, json_object_get_string(other), len) == 0;
    free(text);
    return same;
}

static bool same_number(struct sl_span value, struct json_object *other)
{
    uint64_t number;
    char *text = strndup(value.ptr, value.len);
    assert_non_null(text);
    bool same, whole = strpbrk(text, ".eE") == NULL;
    if (json_u64(value, &number))
        same = json_object_get_uint64(other) == number;
    else if (whole && *text == '-')
        same = json_object_get_int64(other) == strtoll(text, NULL, 10);
    else if (whole)
        same = json_object_get_uint64(other) == UINT64_MAX; /* json-c stops there */
    else
        same = json_object_get_double(other) == strtod(text, NULL);
    free(text);
    return same && json_object_is_type(other, whole ? json_type_int : json_type_double);
}

static bool same(struct sl_span value, struct json_object *other);

static bool same_array(struct sl_span value, struct json_object *other)
{
    struct sl_span element;
    size_t i = 0;
    for (; json_next(&value, &element); i++)
        if (i == json_object_array_length(other) ||
            !same(element, json_object_array_get_idx(other, i)))
            return false;
    return i == json_object_array_length(other);
}

static char *decoded_name(struct sl_span raw)
{
    char *name = malloc(raw.len + 1);
    assert_non_null(name);
    size_t len = decode_as_other(raw, name);
    name[len] = '\0';
    if (strlen(name) == len) return name;
    free(name); /* json-c would cut it at its U+0000 */
    return NULL;
}

/* Does the walk, from `rest` on, come upon this name again? */
static bool comes_again(struct sl_span rest, const char *name)
{
    struct sl_span raw, member;
    while (json_next_member(&rest, &raw, &member)) {
        char *later = decoded_name(raw);
        bool found = later && strcmp(later, name) == 0;
        free(later);
        if (found) return true;
    }
    return false;
}

/* Where json-c cuts one name, two may have become one: nothing to be learnt there. */
static bool any_name_cut(struct sl_span rest)
{
    struct sl_span raw, member;
    while (json_next_member(&rest, &raw, &member)) {
        char *name = decoded_name(raw);
        bool cut = !name;
        free(name);
        if (cut) return true;
    }
    return false;
}

static bool same_object(struct sl_span value, struct json_object *other)
{
    struct sl_span rest = value, raw, member, got;
    int names = 0;
    if (any_name_cut(value)) return true;
    while (json_next_member(&rest, &raw, &member)) {
        char *name = decoded_name(raw);
        struct json_object *counterpart = NULL;
        bool last = !comes_again(rest, name), ascii = true;
        bool found = json_object_object_get_ex(other, name, &counterpart);
        for (const char *c = name; *c; c++)
            ascii = ascii && (unsigned char)*c < 0x80;
        if (last && ascii) found = found && json_get(value, name, &got) && got.ptr == member.ptr;
        free(name);
        if (!found || (last && !same(member, counterpart))) return false;
        names += last;
    }
    return names == json_object_object_length(other);
}

static bool same_kind(struct sl_span value, struct json_object *other)
{
    switch (json_kind_of(value)) {
    case JSON_NULL: return other == NULL;
    case JSON_FALSE:
    case JSON_TRUE:
        return json_object_is_type(other, json_type_boolean) &&
               json_object_get_boolean(other) == (json_kind_of(value) == JSON_TRUE);
    case JSON_NUMBER: return same_number(value, other);
    case JSON_STRING:
        return json_object_is_type(other, json_type_string) && same_string(value, other);
    case JSON_ARRAY: return json_object_is_type(other, json_type_array) && same_array(value, other);
    case JSON_OBJECT:
        return json_object_is_type(other, json_type_object) && same_object(value, other);
    }
    return false;
}

static bool same(struct sl_span value, struct json_object *other)
{
    if (same_kind(value, other)) return true;
    show("not the same", value);
    return false;
}

static bool repair(struct text *text, size_t at, const char *what)
{
    for (size_t i = 0; i < LENIENCIES; i++)
        if (leniencies[i].repair(text, at, what)) {
            leniencies[i].seen++;
            return true;
        }
    return false;
}

/* Returns whether the text, as it came, was valid. Repairs change it. */
static bool compare(struct text *text)
{
    for (bool as_it_came = true;; as_it_came = false) {
        struct sl_span copy = exact(text), value = {0};
        struct json json;
        struct json_object *tree = NULL;
        json_init(&json, copy, DEPTH_MAX);
        bool ours = json_value(&json, &value) && json_end(&json);
        bool others = other_parses(copy, &tree);
        size_t at = (size_t)(json.at - json.start);
        bool agree = ours == others && (!ours || same(value, tree));
        bool repaired = !ours && others && repair(text, at, json.what);
        if (!agree && !repaired) {
            show("text", copy);
            fail_msg("seed %llu: sharelog says %s at byte %zu, json-c says %s",
                (unsigned long long)seed, ours ? "valid" : json.what, at,
                others ? "valid" : "invalid");
        }
        json_object_put(tree);
        free((char *)(uintptr_t)copy.ptr);
        if (!repaired) return ours && as_it_came;
    }
}

/* ---- made documents ---- */

static const char *const characters[] = {"a", "Z", "0", " ", "/", "'", "\x7f", "\\\"", "\\\\",
    "\\/", "\\n", "\\u0000", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\uDE00",
    "\xc2\x80", "\xc3\xa9", "\xe0\xa0\x80", "\xe4\xb8\xad", "\xed\x9f\xbf", "\xef\xbf\xbd",
    "\xef\xbb\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
static const char *const numbers[] = {"0", "-0", "7", "-1", "1795368174945", "18446744073709551615",
    "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "0.5", "-12.25", "1e5",
    "1E+2", "3e-2", "0.0", "1e999", "-1e999", "1e-999", "123456789012345678901234567890", "0.1e1"};
static const char *const names[] = {
    "id", "type", "data", "messageID", "", "\\u0069d", "t\\u0079pe"};

#define ONE_OF(table) (table)[chance(sizeof(table) / sizeof((table)[0]))]

static void make_space(struct text *text)
{
    static const char *const spaces[] = {" ", "\n", "\t", "\r\n", "    "};
    if (chance(6) == 0) add(text, ONE_OF(spaces));
}

static void make_string(struct text *text)
{
    add(text, "\"");
    if (chance(3) == 0)
        add(text, ONE_OF(names));
    else
        for (uint64_t n = chance(chance(8) == 0 ? 80 : 12); n > 0; n--)
            add(text, chance(3) ? "x" : ONE_OF(characters));
    add(text, "\"");
}

static void make_value(struct text *text, unsigned depth)
{
    static const char *const words[] = {"null", "true", "false"};
    uint64_t kind = chance(depth < 12 && text->len < MADE_BYTES ? 8 : 4);
    make_space(text);
    if (kind < 1)
        add(text, ONE_OF(words));
    else if (kind < 2)
        add(text, ONE_OF(numbers));
    else if (kind < 4)
        make_string(text);
    else {
        bool object = kind < 6;
        add(text, object ? "{" : "[");
        make_space(text);
        for (uint64_t n = chance(6); n > 0; n--) {
            if (object) {
                make_string(text);
                make_space(text);
                add(text, ":");
            }
            make_value(text, depth + 1);
            if (n > 1) add(text, ",");
        }
        add(text, object ? "}" : "]");
    }
    make_space(text);
}

static void mutate(struct text *text)
{
    static const char *const bits[] = {"\"", "\\", "[", "]", "{", "}", ",", ":", "0", "1", "-", ".",
        "e", "E", "+", "'", " ", "\n", "\f", "\x01", "\x1f", "\x80", "\xc0\x80", "\xc3",
        "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
        "\xef\xbb\xbf", "NaN", "Infinity", "-Infinity", "null", "tru", "\\u12", "\\ud800",
        "\"a\":", "'a':", "{'a':1}", ",'\"':2", "/**/", "//", "01", "-.5", "1.", "0x1", "[[", "]]"};
    for (uint64_t n = 1 + chance(3); n > 0; n--) {
        size_t at = chance(text->len + 1), left = text->len - at;
        char byte = (char)chance(256);
        size_t some = chance(left < 8 ? left + 1 : 8);
        switch (chance(7)) {
        case 0:
            if (left) text->bytes[at] = (char)(text->bytes[at] ^ 1 << chance(8));
            break;
        case 1: splice(text, at, left > 0, (struct sl_span){&byte, 1}); break;
        case 2: splice(text, at, 0, (struct sl_span){&byte, 1}); break;
        case 3: splice(text, at, 0, sl_span_of(ONE_OF(bits))); break;
        case 4: splice(text, at, some, sl_span_of(ONE_OF(bits))); break;
        case 5: splice(text, at, some, SL_SPAN("")); break;
        default:
            if (chance(4) == 0) text->len = at;
        }
    }
}

/* ---- captures ---- */

struct lines {
    struct sl_span *spans;
    size_t count;
    char *files[64];
    size_t file_count;
};

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *len, file), *len);
    fclose(file);
    return bytes;
}

static int load_captures(void **state)
{
    static struct lines lines;
    glob_t found;
    if (glob("tests/captures/*.jsonl", 0, NULL, &found) != 0) return -1;
    for (size_t i = 0; i < found.gl_pathc && i < 64; i++) {
        size_t len;
        char *at = lines.files[lines.file_count++] = read_whole(found.gl_pathv[i], &len),
             *end = at + len;
        for (char *newline; at < end && (newline = memchr(at, '\n', (size_t)(end - at)));
             at = newline + 1) {
            lines.spans = realloc(lines.spans, (lines.count + 1) * sizeof(*lines.spans));
            assert_non_null(lines.spans);
            lines.spans[lines.count++] = (struct sl_span){at, (size_t)(newline - at)};
        }
    }
    globfree(&found);
    *state = &lines;
    return lines.count ? 0 : -1;
}

static int drop_captures(void **state)
{
    struct lines *lines = *state;
    while (lines->file_count > 0)
        free(lines->files[--lines->file_count]);
    free(lines->spans);
    return 0;
}

/* ---- tests ---- */

static void test_captures(void **state)
{
    const struct lines *lines = *state;
    for (size_t i = 0; i < lines->count; i++) {
        struct text text = {
            (char *)(uintptr_t)lines->spans[i].ptr, lines->spans[i].len, lines->spans[i].len};
        assert_true(compare(&text));
    }
}

static void test_made(void **state)
{
    (void)state;
    char bytes[TEXT_BYTES];
    for (uint64_t round = 5000 * core_rounds(); round > 0; round--) {
        struct text text = {bytes, 0, sizeof(bytes)};
        make_value(&text, 0);
        assert_true(compare(&text));
    }
}

static void test_mutated(void **state)
{
    const struct lines *lines = *state;
    char bytes[TEXT_BYTES];
    unsigned long valid = 0, total = 0;
    for (uint64_t round = 20000 * core_rounds(); round > 0; round--, total++) {
        struct text text = {bytes, 0, sizeof(bytes)};
        if (round % 20 == 0) {
            splice(&text, 0, 0,
                lines->spans[chance(lines->count)]); /* the longest don't fit, and stay out */
            if (text.len == 0) continue;
        } else {
            make_value(&text, 8 + (unsigned)chance(5));
        }
        mutate(&text);
        valid += compare(&text);
    }
    print_message("of %lu changed texts %lu were valid; where json-c took more than the grammar:\n",
        total, valid);
    for (size_t i = 0; i < LENIENCIES; i++)
        print_message("  %-38s %lu\n", leniencies[i].name, leniencies[i].seen);
}

static bool refuses_json(void)
{
    struct json_object *tree = NULL;
    bool parsed = other_parses(SL_SPAN("[\"\xc3\xa9\"]"), &tree);
    json_object_put(tree);
    return !parsed;
}

int main(void)
{
    if (refuses_json()) {
        printf("skipped: json-c %s refuses what is JSON\n", json_c_version());
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_mutated),
    };
    seed = chance_state = core_seed("json_diff");
    return cmocka_run_group_tests(tests, load_captures, drop_captures);
}
