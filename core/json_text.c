/* Values that are known to be valid, strings decoded, strings written. Walking one validates it again, which costs
   little and keeps what turns out not to be valid from being read past its end. */

#include "json.h"

#include "json_bytes.h"

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

/* The code point of the escape at `at` (a backslash): a pair of surrogates is one, a lone surrogate is itself. */
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
        /* The text's own end is looked at first, for U+0000 must not pass for it. */
        if (*text == '\0' || point != (unsigned char)*text) return false;
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
    return used;
}

/* `rest` is a whole array or object, or what the walk has left of it: a comma or the closing bracket comes next. Puts
   the cursor inside as if the walk had entered there. */
static bool walk_on(struct sl_span rest, char opener, char closer, struct json *json)
{
    json_init(json, rest, JSON_DEPTH_CEILING);
    while (json->at < json->end && strchr(" \n\r\t", *json->at) && *json->at)
        json->at++;
    if (json->at == json->end || (*json->at != opener && *json->at != ',')) return false;
    json->at++;
    while (json->at < json->end && strchr(" \n\r\t", *json->at) && *json->at)
        json->at++;
    return json->at < json->end && *json->at != closer;
}

static struct sl_span left_of(const struct json *json)
{
    return (struct sl_span){json->at, (size_t)(json->end - json->at)};
}
