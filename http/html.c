/* The escaping emitter. */

#include "http/html.h"

#include "core/json.h"

static const char replacement[] = "\xef\xbf\xbd";

bool html_markup_without_escaping(struct http_reply *reply, const char *literal)
{
    return http_write(reply, literal, strlen(literal));
}

/* What stands for the character at `at`, and how many bytes it takes there; NULL: itself. */
static const char *stand_in(const char *at, size_t len, size_t *taken)
{
    unsigned char c = (unsigned char)*at;
    *taken = 1;
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t':
    case '\n': return NULL;
    default: break;
    }
    if (c < 0x20 || c == 0x7f) return replacement;
    if (c == 0xed && len >= 3 && (unsigned char)at[1] >= 0xa0) { /* a surrogate in WTF-8 */
        *taken = 3;
        return replacement;
    }
    return NULL;
}

bool html_text(struct http_reply *reply, struct sl_span text)
{
    size_t done = 0, taken;
    for (size_t i = 0; i < text.len; i += taken) {
        const char *instead = stand_in(text.ptr + i, text.len - i, &taken);
        if (!instead) continue;
        if (i > done && !http_write(reply, text.ptr + done, i - done)) return false;
        if (!html_markup_without_escaping(reply, instead)) return false;
        done = i + taken;
    }
    return done == text.len || http_write(reply, text.ptr + done, text.len - done);
}

/* How many bytes the character at the front of a raw JSON string takes: an escape, a pair of them,
 * or UTF-8. */
static size_t character_bytes(struct sl_span raw)
{
    unsigned char c = (unsigned char)raw.ptr[0];
    if (c != '\\') return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (raw.len < 6 || raw.ptr[1] != 'u') return 2;
    bool high = (raw.ptr[2] == 'd' || raw.ptr[2] == 'D') && memchr("89abAB", raw.ptr[3], 6);
    return high && raw.len >= 12 && raw.ptr[6] == '\\' && raw.ptr[7] == 'u' ? 12 : 6;
}

/* How many bytes of a raw JSON string to decode at once: at most `cap`, and no character cut. */
static size_t piece_bytes(struct sl_span raw, size_t cap)
{
    size_t at = 0;
    while (at < raw.len) {
        size_t step = character_bytes((struct sl_span){raw.ptr + at, raw.len - at});
        if (at + step > cap || at + step > raw.len) break;
        at += step;
    }
    return at ? at : raw.len; /* nothing fits only where the text isn't what it should be: all of
                                 it, if it fits */
}

bool html_json_string(struct http_reply *reply, struct sl_span value)
{
    char text[4096];
    struct sl_span raw;
    if (!json_string_raw(value, &raw)) return false;
    while (raw.len) {
        size_t piece = piece_bytes(raw, sizeof(text));
        if (piece > sizeof(text)) return false;
        size_t len = json_decode((struct sl_span){raw.ptr, piece}, text);
        if (!html_text(reply, (struct sl_span){text, len})) return false;
        raw = (struct sl_span){raw.ptr + piece, raw.len - piece};
    }
    return true;
}

bool html_attribute(struct http_reply *reply, struct sl_span text)
{
    return html_text(reply, text);
}

bool html_decode(struct sl_span json_string, struct buf *out)
{
    struct sl_span raw;
    if (!json_string_raw(json_string, &raw) || !buf_reserve(out, raw.len)) return false;
    if (raw.len) out->len += json_decode(raw, out->ptr + out->len);
    return true;
}
