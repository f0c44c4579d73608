/* The scanner: one pass over the text by one loop with an explicit stack of brackets, so that a
   text's depth never becomes the thread's. It hands out spans of the text. At the first byte that
   is wrong it stops for good: the cursor stays there, and says what is wrong with it. */

#include "core/base/json.h"

#include "core/base/json_bytes.h"

#include <assert.h>

static const char *const text_ends = "unexpected end of text";
static const char *const no_value = "expected a value";

/* Every scanning function below takes and returns a place in the text; NULL after `fail`. */
static const char *fail(struct json *json, const char *at, const char *what)
{
    assert(at >= json->start && at <= json->end && !json->what);
    json->at = at;
    json->what = at == json->end ? text_ends : what;
    return NULL;
}

static inline const char *pass_space(const char *at, const char *end)
{
    while (at < end && json_space(*at))
        at++;
    return at;
}

static inline bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `at` is the backslash. */
static const char *pass_escape(struct json *json, const char *at)
{
    const char *end = json->end;
    if (++at == end) return fail(json, at, text_ends);
    switch (*at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at;
    case 'u': break;
    default: return fail(json, at - 1, "invalid escape");
    }
    for (int i = 0; i < 4; i++, at++)
        if (at == end || json_hex(*at) < 0) return fail(json, at, "expected a hexadecimal digit");
    return at;
}

/* `at` is behind the opening quote, what is returned is behind the closing one. Of bytes that
   aren't UTF-8 the first of the sequence is the wrong one. */
static inline const char *pass_string(struct json *json, const char *at)
{
    const char *end = json->end;
    for (;;) {
        at = json_plain_run(at, end);
        if (at == end) return fail(json, at, text_ends);
        if (*at == '"') return at + 1;
        if (*at == '\\') {
            at = pass_escape(json, at);
            if (!at) return NULL;
        } else if ((unsigned char)*at < 0x20) {
            return fail(json, at, "control character in a string");
        } else {
            do {
                unsigned n = json_utf8_bytes(at, end);
                if (n == 0) return fail(json, at, "invalid UTF-8");
                at += n;
            } while (at < end && (unsigned char)*at >= 0x80);
        }
    }
}

static inline const char *pass_digits(struct json *json, const char *at)
{
    const char *end = json->end;
    if (at == end || !digit(*at)) return fail(json, at, "expected a digit");
    while (at < end && digit(*at))
        at++;
    return at;
}

static const char *pass_number(struct json *json, const char *at)
{
    const char *end = json->end;
    if (*at == '-') at++;
    if (at < end && *at == '0')
        at++; /* a digit behind it is what follows the number, and wrong there */
    else if (!(at = pass_digits(json, at)))
        return NULL;
    if (at < end && *at == '.' && !(at = pass_digits(json, at + 1))) return NULL;
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        at = pass_digits(json, at);
    }
    return at;
}

static const char *pass_word(struct json *json, const char *at, const char *word)
{
    for (; *word; word++, at++)
        if (at == json->end || *at != *word) return fail(json, at, no_value);
    return at;
}

/* A member's name, its colon and the white space around them; `at` is where the quote should be. */
static inline const char *pass_name(struct json *json, const char *at, struct sl_span *name)
{
    if (at == json->end || *at != '"') return fail(json, at, "expected a name in quotes");
    const char *from = at + 1;
    at = pass_string(json, from);
    if (!at) return NULL;
    *name = (struct sl_span){from, (size_t)(at - from) - 1};
    at = pass_space(at, json->end);
    if (at == json->end || *at != ':') return fail(json, at, "expected ':'");
    return pass_space(at + 1, json->end);
}

static const char *no_comma(struct json *json, const char *at, char closer)
{
    return fail(json, at, closer == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

/* A value that has no values in it. */
static inline const char *pass_scalar(struct json *json, const char *at)
{
    switch (*at) {
    case '"': return pass_string(json, at + 1);
    case 't': return pass_word(json, at, "true");
    case 'f': return pass_word(json, at, "false");
    case 'n': return pass_word(json, at, "null");
    default: return *at == '-' || digit(*at) ? pass_number(json, at) : fail(json, at, no_value);
    }
}

/* A value of any depth; `at` is its first byte. */
static const char *pass_value(struct json *json, const char *at)
{
    char closers[JSON_DEPTH_CEILING];
    unsigned depth = 0, room = json->depth_max - json->depth;
    const char *end = json->end;
    struct sl_span name;
    assert(room <= JSON_DEPTH_CEILING);
    for (;;) {
        if (at == end) return fail(json, at, no_value);
        if (*at == '{' || *at == '[') {
            if (depth == room) return fail(json, at, "nested too deep");
            char closer = *at == '{' ? '}' : ']';
            closers[depth++] = closer;
            at = pass_space(at + 1, end);
            if (at == end || *at != closer) {
                if (closer == '}' && !(at = pass_name(json, at, &name))) return NULL;
                continue;
            }
            /* empty: the closing bracket is passed below */
        } else {
            at = pass_scalar(json, at);
            if (!at) return NULL;
            if (depth == 0) return at;
            at = pass_space(at, end);
        }
        /* A value is complete, and with it perhaps what it is the last of. */
        // cppcheck-suppress uninitvar ; each level of depth has written its own
        while (at < end && *at == closers[depth - 1]) {
            at++;
            if (--depth == 0) return at;
            at = pass_space(at, end);
        }
        if (at == end || *at != ',') return no_comma(json, at, closers[depth - 1]);
        at = pass_space(at + 1, end);
        if (closers[depth - 1] == '}' && !(at = pass_name(json, at, &name))) return NULL;
    }
}

void json_init(struct json *json, struct sl_span text, unsigned depth_max)
{
    /* An empty span may have no address, and NULL + 0 isn't defined. */
    const char *start = text.ptr ? text.ptr : "";
    *json = (struct json){
        .start = start,
        .at = start,
        .end = start + text.len,
        .depth_max = depth_max < JSON_DEPTH_CEILING ? depth_max : JSON_DEPTH_CEILING,
    };
}

bool json_value(struct json *json, struct sl_span *value)
{
    if (json->what) return false;
    const char *from = pass_space(json->at, json->end);
    const char *at = pass_value(json, from);
    if (!at) return false;
    assert(at > from && at <= json->end);
    json->at = at;
    if (value) *value = (struct sl_span){from, (size_t)(at - from)};
    return true;
}

bool json_peek(struct json *json, enum json_kind *kind)
{
    if (json->what) return false;
    json->at = pass_space(json->at, json->end);
    switch (json->at == json->end ? '\0' : *json->at) {
    case 'n': *kind = JSON_NULL; return true;
    case 'f': *kind = JSON_FALSE; return true;
    case 't': *kind = JSON_TRUE; return true;
    case '"': *kind = JSON_STRING; return true;
    case '[': *kind = JSON_ARRAY; return true;
    case '{': *kind = JSON_OBJECT; return true;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': *kind = JSON_NUMBER; return true;
    default: return fail(json, json->at, no_value) != NULL;
    }
}

bool json_enter(struct json *json, enum json_kind kind)
{
    assert(kind == JSON_ARRAY || kind == JSON_OBJECT);
    if (json->what) return false;
    const char *at = pass_space(json->at, json->end);
    bool object = kind == JSON_OBJECT;
    if (at == json->end || *at != (object ? '{' : '['))
        return fail(json, at, object ? "expected an object" : "expected an array") != NULL;
    if (json->depth == json->depth_max) return fail(json, at, "nested too deep") != NULL;
    json->depth++;
    json->at = at + 1;
    return true;
}

/* To the next element, or behind the closing bracket, with *more saying which. */
static const char *pass_comma(struct json *json, char opener, char closer, bool *more)
{
    assert(json->depth > 0);
    /* Is it the first? The text itself knows: only a bracket that was just entered stands before
       the cursor, but for white space that json_peek may have passed; no value ends with one. */
    const char *before = json->at;
    while (before > json->start && json_space(before[-1]))
        before--;
    bool first = before > json->start && before[-1] == opener;
    const char *at = pass_space(json->at, json->end);
    *more = at == json->end || *at != closer;
    if (!*more) {
        json->depth--;
        return at + 1;
    }
    if (first) return at;
    if (at == json->end || *at != ',') return no_comma(json, at, closer);
    return pass_space(at + 1, json->end);
}

bool json_member(struct json *json, struct sl_span *name)
{
    bool more = false;
    struct sl_span found;
    if (json->what) return false;
    const char *at = pass_comma(json, '{', '}', &more);
    if (at && more) at = pass_name(json, at, &found);
    if (!at) return false;
    json->at = at;
    if (more && name) *name = found;
    return more;
}

bool json_element(struct json *json)
{
    bool more = false;
    if (json->what) return false;
    const char *at = pass_comma(json, '[', ']', &more);
    if (!at) return false;
    json->at = at;
    return more;
}

bool json_end(struct json *json)
{
    if (json->what) return false;
    json->at = pass_space(json->at, json->end);
    if (json->at == json->end) return true;
    return fail(json, json->at, "something follows the value") != NULL;
}

enum sl_result json_check(struct sl_span text, unsigned depth_max, struct sl_err *err)
{
    struct json json;
    json_init(&json, text, depth_max);
    if (json_value(&json, NULL) && json_end(&json)) return SL_OK;
    return sl_fail(err, SL_INVALID, "%s at byte %zu", json.what, (size_t)(json.at - json.start));
}
