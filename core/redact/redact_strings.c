/* Strings are found by their quotes alone: the text is valid, so a quote outside of a string begins
   one. No depth, no grammar. */

#include "core/redact/redact_strings.h"

#include "core/base/json.h"
#include "core/base/limits.h"

#include <assert.h>

/* Of a string that has escapes, so many raw bytes at a time are decoded, behind what is kept of the
   piece before. */
enum { PIECE_BYTES = 12 << 10 };

struct string {
    struct sl_span raw; /* between the quotes */
    bool escaped;
};

/* The next string at or behind `*at`, which is moved behind its closing quote. */
static bool next_string(const char **at, const char *end, struct string *string)
{
    const char *from = memchr(*at, '"', (size_t)(end - *at));
    if (!from) return false;
    const char *place = ++from, *quote = NULL;
    string->escaped = false;
    for (;;) {
        /* Looked for again only once an escape reached past it, or a long string with many escapes
           would be read once for each. */
        if (!quote || quote < place) quote = memchr(place, '"', (size_t)(end - place));
        if (!quote) return false;
        const char *escape = memchr(place, '\\', (size_t)(quote - place));
        if (!escape) break;
        string->escaped = true;
        if (end - escape < 2) return false;
        place = escape + 2;
    }
    string->raw = (struct sl_span){from, (size_t)(quote - from)};
    *at = quote + 1;
    return true;
}

/* Is `\uXXXX` at `at`, of a surrogate whose fourth-highest digit is in `digits`? */
static bool surrogate_at(const char *at, const char *end, const char *digits)
{
    return end - at >= 6 && at[0] == '\\' && at[1] == 'u' && (at[2] | 0x20) == 'd' && at[3] &&
           strchr(digits, at[3]);
}

static size_t escape_bytes(const char *at, const char *end)
{
    if (end - at < 2 || at[1] != 'u') return 2;
    bool pair = surrogate_at(at, end, "89abAB") && surrogate_at(at + 6, end, "cdefCDEF");
    return pair ? 12 : 6;
}

/* The length of the longest start of `raw`, of at most PIECE_BYTES, that ends neither in an escape
   nor between the two of a pair of surrogates. */
static size_t piece_of(struct sl_span raw)
{
    if (raw.len <= PIECE_BYTES) return raw.len;
    const char *at = raw.ptr, *stop = raw.ptr + PIECE_BYTES;
    for (;;) {
        const char *escape = memchr(at, '\\', (size_t)(stop - at));
        if (!escape) return PIECE_BYTES;
        size_t bytes = escape_bytes(escape, raw.ptr + raw.len);
        if (bytes >= (size_t)(stop - escape)) {
            bool fits = bytes == (size_t)(stop - escape);
            return fits ? PIECE_BYTES : (size_t)(escape - raw.ptr);
        }
        at = escape + bytes;
    }
}

static bool hits_escaped(const struct redact_search *search, struct sl_span raw)
{
    char text[SL_REDACT_TEXT_BYTES + PIECE_BYTES];
    size_t kept = 0;
    while (raw.len > 0) {
        size_t piece = piece_of(raw);
        size_t len = kept + json_decode((struct sl_span){raw.ptr, piece}, text + kept);
        raw = (struct sl_span){raw.ptr + piece, raw.len - piece};
        if (kept == 0 && raw.len == 0 && sl_span_eq((struct sl_span){text, len}, SL_SPAN(REDACTED)))
            return false;
        if (search->hits(search->ctx, (struct sl_span){text, len})) return true;
        kept = len < search->longest - 1 ? len : search->longest - 1;
        memmove(text, text + len - kept, kept);
    }
    return false;
}

static bool hits(const struct redact_search *search, const struct string *string)
{
    if (string->raw.len < search->shortest) return false;
    if (string->escaped) return hits_escaped(search, string->raw);
    if (sl_span_eq(string->raw, SL_SPAN(REDACTED))) return false;
    return search->hits(search->ctx, string->raw);
}

enum sl_result redact_strings(struct sl_span data, const struct redact_search *search,
    struct buf *out, bool *found, struct sl_err *err)
{
    assert(search->shortest >= 1 && search->shortest <= search->longest);
    assert(search->longest <= SL_REDACT_TEXT_BYTES);
    const char *at = data.len ? data.ptr : "", *end = at + data.len, *copied = at;
    size_t before = out->len;
    struct string string;
    while (next_string(&at, end, &string)) {
        if (!hits(search, &string)) continue;
        if (copied == data.ptr) buf_reserve(out, data.len + sizeof(REDACTED));
        buf_add(out, copied, (size_t)(string.raw.ptr - copied));
        buf_add(out, REDACTED, sizeof(REDACTED) - 1);
        copied = string.raw.ptr + string.raw.len;
    }
    bool any = data.len && copied != data.ptr;
    if (any) buf_add(out, copied, (size_t)(end - copied));
    if (out->failed) {
        out->len = before;
        return sl_fail(err, SL_NOMEM, "redact: out of memory");
    }
    *found = any;
    return SL_OK;
}
