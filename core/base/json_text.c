/* Values that are known to be valid, strings decoded, strings written. Walking a value validates it
   again, which costs little: a value that isn't valid after all reads as one that ends early, and
   is never read past its end. */

#include "core/base/json.h"

#include "core/base/decimal.h"
#include "core/base/json_bytes.h"

#include <assert.h>

enum json_kind json_kind_of(struct sl_span value)
{
    struct json json;
    enum json_kind kind = JSON_NULL;
    json_init(&json, value, JSON_DEPTH_CEILING);
    json_peek(&json, &kind);
    return kind;
}

static bool high_surrogate(uint32_t unit)
{
    return (unit & 0xfffffc00) == 0xd800;
}

static bool low_surrogate(uint32_t unit)
{
    return (unit & 0xfffffc00) == 0xdc00;
}

/* The UTF-16 unit of `\uXXXX` at `at`; not one at all: more than 16 bits. */
static uint32_t unit_at(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return UINT32_MAX;
    uint32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = json_hex(at[i]);
        if (digit < 0) return UINT32_MAX;
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* The code point of the escape at `at` (a backslash): a pair of surrogates is one, a lone surrogate
 * is itself. */
static const char *take_escape(const char *at, const char *end, uint32_t *point)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    *point = '\\';
    if (end - at < 2) return end;
    const char *letter = memchr(letters, at[1], sizeof(letters) - 1);
    if (letter) {
        *point = (unsigned char)meanings[letter - letters];
        return at + 2;
    }
    uint32_t unit = unit_at(at, end);
    if (unit > 0xffff) return at + 1;
    *point = unit;
    at += 6;
    if (!high_surrogate(unit)) return at;
    uint32_t next = unit_at(at, end);
    if (!low_surrogate(next)) return at;
    *point = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
    return at + 6;
}

bool json_raw_eq(struct sl_span raw, const char *text)
{
    const char *at = raw.ptr;
    size_t left = raw.len;
    for (; left > 0; text++) {
        uint32_t point = (unsigned char)*at;
        const char *next = at + 1;
        if (*at == '\\') next = take_escape(at, at + left, &point);
        /* U+0000 must not pass for the text's end, nor U+00E9 for a byte 0xe9. */
        if (point == 0 || point > 0x7f || point != (unsigned char)*text) return false;
        left -= (size_t)(next - at);
        at = next;
    }
    return *text == '\0';
}

/* Write a code point, surrogates too, as UTF-8 has it. Returns the number of bytes. */
static size_t put_point(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

size_t json_decode(struct sl_span raw, char *out)
{
    if (raw.len == 0) return 0;
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    size_t used = 0;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape ? escape : end) - at);
        memcpy(out + used, at, plain);
        used += plain;
        at += plain;
        if (at == end) break;
        uint32_t point;
        at = take_escape(at, end, &point);
        used += put_point(point, out + used);
    }
    assert(used <= raw.len); /* no escape is shorter than what it stands for */
    return used;
}

bool json_get(struct sl_span value, const char *name, struct sl_span *member)
{
    struct json json;
    struct sl_span found, with;
    bool any = false;
    json_init(&json, value, JSON_DEPTH_CEILING);
    if (!json_enter(&json, JSON_OBJECT)) return false;
    while (json_member(&json, &found)) {
        bool wanted = json_raw_eq(found, name);
        if (!json_value(&json, &with)) return any;
        if (wanted) *member = with;
        any = any || wanted;
    }
    return any;
}

bool json_string_raw(struct sl_span value, struct sl_span *raw)
{
    struct json json;
    struct sl_span string;
    json_init(&json, value, 0);
    if (json_kind_of(value) != JSON_STRING || !json_value(&json, &string)) return false;
    *raw = (struct sl_span){string.ptr + 1, string.len - 2};
    return true;
}

/* Put the cursor into the array or object that `rest` is, or is left of: then it begins with a
   comma or the closing bracket, and the cursor stands as it does behind a value. */
static bool walk_on(struct json *json, struct sl_span rest, enum json_kind kind)
{
    bool object = kind == JSON_OBJECT;
    json_init(json, rest, JSON_DEPTH_CEILING);
    while (json->at < json->end && json_space(*json->at))
        json->at++;
    if (json->at == json->end) return false;
    if (*json->at == (object ? '{' : '[')) return json_enter(json, kind);
    json->start = json->at;
    json->depth = 1;
    return *json->at == ',' || *json->at == (object ? '}' : ']');
}

static bool walked(const struct json *json, bool more, struct sl_span *rest)
{
    assert(json->at >= json->start && json->at <= json->end);
    *rest = (struct sl_span){json->at, more ? (size_t)(json->end - json->at) : 0};
    return more;
}

bool json_next(struct sl_span *rest, struct sl_span *element)
{
    struct json json;
    if (!walk_on(&json, *rest, JSON_ARRAY)) return false;
    return walked(&json, json_element(&json) && json_value(&json, element), rest);
}

bool json_next_member(struct sl_span *rest, struct sl_span *name_raw, struct sl_span *member)
{
    struct json json;
    struct sl_span name;
    if (!walk_on(&json, *rest, JSON_OBJECT)) return false;
    bool more = json_member(&json, &name) && json_value(&json, member);
    if (more && name_raw) *name_raw = name;
    return walked(&json, more, rest);
}

static struct sl_span without_space(struct sl_span text)
{
    while (text.len && memchr(" \t\n\r", *text.ptr, 4))
        text = (struct sl_span){text.ptr + 1, text.len - 1};
    return text;
}

bool json_token(struct sl_span *rest, struct sl_span *token)
{
    struct sl_span from = without_space(*rest), taken = {from.ptr, 1};
    if (!from.len) return false;
    if (!memchr("{}[],:", *from.ptr, 6)) {
        struct json json;
        json_init(&json, from, JSON_DEPTH_CEILING);
        if (!json_value(&json, &taken)) return false;
    }
    *token = taken;
    *rest = without_space((struct sl_span){from.ptr + taken.len, from.len - taken.len});
    return true;
}

bool json_u64(struct sl_span value, uint64_t *number)
{
    return sl_decimal(value, UINT64_MAX, number);
}

static size_t put_unit(unsigned unit, char *out)
{
    static const char hex[] = "0123456789abcdef";
    memcpy(out, "\\u", 2);
    for (int i = 0; i < 4; i++)
        out[2 + i] = hex[unit >> (12 - 4 * i) & 15];
    return 6;
}

/* What is at `at` and isn't plain, as it is written in a string: at most 6 bytes. Returns how many;
 *next is behind what was read. */
static size_t quote_special(const char *at, const char *end, const char **next, char out[6])
{
    static const char meanings[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    unsigned c = (unsigned char)*at;
    const char *meaning = memchr(meanings, *at, sizeof(meanings) - 1);
    *next = at + 1;
    if (meaning) {
        out[0] = '\\';
        out[1] = letters[meaning - meanings];
        return 2;
    }
    if (c < 0x20) return put_unit(c, out);
    unsigned n = json_utf8_bytes(at, end);
    if (n > 0) {
        memcpy(out, at, n);
        *next = at + n;
        return n;
    }
    /* In three bytes, yet not UTF-8, and after 0xed: nothing but a surrogate. */
    if (c == 0xed && end - at >= 3 && json_continuation(at[1]) && json_continuation(at[2])) {
        *next = at + 3;
        return put_unit(0xd000 | ((unsigned)at[1] & 0x3f) << 6 | ((unsigned)at[2] & 0x3f), out);
    }
    memcpy(out, "\xef\xbf\xbd", 3);
    return 3;
}

/* The text as a JSON string; `out` NULL for its length alone. One function does both, so that they
 * can't disagree. */
static size_t quoted(struct sl_span text, char *out)
{
    const char *at = text.len ? text.ptr : "", *end = at + text.len;
    size_t used = 1;
    if (out) out[0] = '"';
    while (at < end) {
        const char *next = json_plain_run(at, end), *from = at;
        size_t n = (size_t)(next - at);
        char special[6];
        if (n == 0) {
            n = quote_special(at, end, &next, special);
            from = special;
        }
        if (out) memcpy(out + used, from, n);
        used += n;
        at = next;
    }
    if (out) out[used] = '"';
    return used + 1;
}

size_t json_quoted_bytes(struct sl_span text)
{
    return quoted(text, NULL);
}

size_t json_quote(struct sl_span text, char *out)
{
    return quoted(text, out);
}
