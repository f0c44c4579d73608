/* The front of a long text: counted in raw JSON, so that only what is shown is ever decoded. */

#include "http/pages/text/cut.h"

#include "core/base/json.h"

/* An escape at the front of a raw string: its length, what it decodes to at most, and whether it is
   a line feed. A pair of surrogates is one. */
static size_t escape(const char *at, size_t left, size_t *decoded, bool *line)
{
    *decoded = 1;
    *line = left >= 2 && at[1] == 'n';
    if (left < 6 || at[1] != 'u') return left < 2 ? left : 2;
    *decoded = 3;
    *line = memcmp(at + 2, "000", 3) == 0 && (at[5] == 'a' || at[5] == 'A');
    bool high = (at[2] == 'd' || at[2] == 'D') && memchr("89abAB", at[3], 6);
    bool pair = high && left >= 12 && at[6] == '\\' && at[7] == 'u';
    return pair ? 12 : 6;
}

/* How many bytes of `raw` to show. */
static size_t front_of(struct sl_span raw, size_t lines, size_t bytes)
{
    size_t at = 0, decoded;
    bool line;
    while (at < raw.len && lines && bytes) {
        size_t run = raw.len - at < bytes ? raw.len - at : bytes;
        const char *backslash = memchr(raw.ptr + at, '\\', run);
        if (backslash) run = (size_t)(backslash - raw.ptr) - at;
        /* the run ends at the limit, perhaps inside a character */
        while (!backslash && run && at + run < raw.len &&
               ((unsigned char)raw.ptr[at + run] & 0xc0) == 0x80)
            run--;
        at += run;
        bytes -= run;
        if (!backslash) break;
        at += escape(raw.ptr + at, raw.len - at, &decoded, &line);
        bytes -= decoded < bytes ? decoded : bytes;
        lines -= line;
    }
    return at;
}

static uint64_t lines_of(struct sl_span raw)
{
    uint64_t lines = 0;
    size_t decoded;
    bool line = false;
    const char *at = raw.ptr, *end = at + raw.len;
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
        at += escape(at, (size_t)(end - at), &decoded, &line);
        lines += line;
        if (at == end && line) return lines;
    }
    return lines + (raw.len > 0);
}

bool cut_decode(struct sl_span string, size_t lines, size_t bytes, struct buf *out, struct cut *cut)
{
    struct sl_span raw;
    *cut = (struct cut){0};
    if (!string.len || !json_string_raw(string, &raw)) return false;
    struct sl_span front = {raw.ptr, front_of(raw, lines, bytes)};
    struct sl_span rest = {raw.ptr + front.len, raw.len - front.len};
    cut->lines = lines_of(rest);
    cut->bytes = rest.len;
    if (!front.len) return true;
    if (!buf_reserve(out, front.len)) return false;
    out->len += json_decode(front, out->ptr + out->len);
    return true;
}
