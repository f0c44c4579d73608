/* The escaping emitter: one pass, character by character, nothing held. */

#include "http/pages/text/html.h"

#include "core/base/json.h"

#include <inttypes.h>
#include <stdio.h>

bool html_markup_without_escaping(struct http_reply *reply, const char *literal)
{
    return http_write(reply, literal, strlen(literal));
}

/* One character of a text, as it came. */
struct character {
    uint32_t code; /* a surrogate of WTF-8 too; of a byte that isn't UTF-8: INVALID */
    size_t bytes;
};

#define INVALID UINT32_MAX

/* A word longer than this many characters may be broken. */
#define WORD_MAX 80

/* So many characters of one text are shown as elements, the rest by their symbols alone: a text
   made of nothing else must not become ten million elements. */
#define SPANS_MAX 2000

/* What the writing of one text carries from character to character, and from piece to piece. */
struct writing {
    struct http_reply *reply;
    bool element; /* not an attribute: elements may be written */
    size_t word, spans;
    uint32_t before; /* the character before this one */
};

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The character at the front of a text that isn't empty. Well-formed UTF-8 (no overlong form,
   nothing above U+10FFFF) and surrogates in their three bytes; of anything else one byte. */
static struct character character_at(const char *at, size_t len)
{
    unsigned char c = (unsigned char)*at;
    if (c < 0x80) return (struct character){c, 1};
    size_t bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < 0xc2 || c > 0xf4 || bytes > len) return (struct character){INVALID, 1};
    uint32_t code = c & (0x7fU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (!is_continuation(at[i])) return (struct character){INVALID, 1};
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    }
    if (code < least[bytes] || code > 0x10ffff) return (struct character){INVALID, 1};
    return (struct character){code, bytes};
}

/* Characters that can't be seen or that change how others are seen, in order. */
static const uint32_t acting[][2] = {{0x00, 0x08}, {0x0b, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad},
    {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xd800, 0xdfff},
    {0xfdd0, 0xfdef}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

static bool is_acting(uint32_t code)
{
    size_t from = 0, to = sizeof(acting) / sizeof(*acting);
    if ((code & 0xfffe) == 0xfffe) return true; /* no character in any plane */
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (code > acting[middle][1])
            from = middle + 1;
        else
            to = middle;
    }
    return from < sizeof(acting) / sizeof(*acting) && code >= acting[from][0];
}

/* Joiners make one sign of several emoji and are spelling in Persian and Hindi; between characters
   of such scripts they do what they are for. */
static bool is_joiner_in_place(const struct writing *writing, uint32_t code, struct sl_span rest)
{
    if ((code != 0x200c && code != 0x200d) || writing->before < 0x300 || !rest.len) return false;
    struct character next = character_at(rest.ptr, rest.len);
    return next.code >= 0x300 && next.code != INVALID && !is_acting(next.code);
}

/* Show an acting character that stands `times` in a row. */
static bool show(struct writing *writing, uint32_t code, size_t times)
{
    char symbol[32], title[32], count[32] = "";
    struct http_reply *reply = writing->reply;
    snprintf(title, sizeof(title), "U+%04" PRIX32, code);
    memcpy(symbol, title, sizeof(symbol));
    if (code < 0x20 || code == 0x7f) { /* U+2400 and on picture U+0000 and on */
        unsigned picture = code == 0x7f ? 0x21 : (unsigned)code;
        snprintf(symbol, sizeof(symbol), "\xe2\x90%c", (char)(0x80 + picture));
    }
    if (times > 1) snprintf(count, sizeof(count), "\xc3\x97%zu", times);
    if (writing->spans++ >= SPANS_MAX) return http_print(reply, "%s%s", symbol, count);
    return http_print(reply, "<span class=\"char\" title=\"%s%s%s\">%s%s</span>", title,
        times > 1 ? " " : "", count, symbol, count);
}

static const char *entity(uint32_t code)
{
    switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* Write what stands for the character at the front of `text`, if it can't stand for itself: *taken
   is how many bytes that was for, 0 if it can. */
static bool write_instead(struct writing *writing, struct sl_span text, size_t *taken)
{
    struct character c = character_at(text.ptr, text.len);
    const char *escaped = entity(c.code);
    struct sl_span rest = {text.ptr + c.bytes, text.len - c.bytes};
    *taken = c.bytes;
    if (escaped) return html_markup_without_escaping(writing->reply, escaped);
    if (c.code == INVALID) return html_markup_without_escaping(writing->reply, "\xef\xbf\xbd");
    if (c.code == '\r' && rest.len && *rest.ptr == '\n') return true;
    if (!is_acting(c.code) || is_joiner_in_place(writing, c.code, rest)) {
        *taken = 0;
        return true;
    }
    if (!writing->element) return html_markup_without_escaping(writing->reply, "\xef\xbf\xbd");
    size_t times = 1;
    while (rest.len >= c.bytes && memcmp(rest.ptr, text.ptr, c.bytes) == 0) {
        rest = (struct sl_span){rest.ptr + c.bytes, rest.len - c.bytes};
        times++;
    }
    if (c.code == '\r' && rest.len && *rest.ptr == '\n' && times > 1) times--;
    *taken = times * c.bytes;
    writing->word = 0; /* one shown is a place to break, as the style sheet has it */
    return show(writing, c.code, times);
}

/* Is this a place to break in the word so far? Ideographs break anywhere, by rules of their own. */
static bool breaks(struct writing *writing, const char *at)
{
    unsigned char c = (unsigned char)*at;
    if (c <= ' ' || (c >= 0xe2 && c < 0xf0 && !(c == 0xe2 && (unsigned char)at[1] < 0xba)))
        writing->word = 0;
    else if (++writing->word > WORD_MAX)
        writing->word = 1;
    else
        return false;
    return writing->word == 1 && writing->element;
}

/* ASCII that stands for itself, the most of all text. */
static bool is_plain(char c)
{
    return (c >= ' ' && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'') ||
           c == '\n' || c == '\t';
}

static bool write_text(struct writing *writing, struct sl_span text)
{
    size_t done = 0, taken;
    for (size_t i = 0; i < text.len; i += taken) {
        struct sl_span rest = {text.ptr + i, text.len - i};
        bool plain = is_plain(*rest.ptr);
        struct character c = {(unsigned char)*rest.ptr, 1};
        if (!plain) c = character_at(rest.ptr, rest.len);
        bool instead = !plain && (c.code == INVALID || entity(c.code) || is_acting(c.code));
        bool breaking = breaks(writing, rest.ptr);
        taken = c.bytes;
        if (instead || breaking) {
            if (i > done && !http_write(writing->reply, text.ptr + done, i - done)) return false;
            done = i;
        }
        if (breaking && !html_markup_without_escaping(writing->reply, "<wbr>")) return false;
        if (instead) {
            if (!write_instead(writing, rest, &taken)) return false;
            done = i + taken;
            if (!taken) taken = c.bytes;
        }
        writing->before = c.code;
    }
    return done == text.len || http_write(writing->reply, text.ptr + done, text.len - done);
}

bool html_text(struct http_reply *reply, struct sl_span text)
{
    struct writing writing = {.reply = reply, .element = true};
    return write_text(&writing, text);
}

bool html_attribute(struct http_reply *reply, struct sl_span text)
{
    struct writing writing = {.reply = reply};
    return write_text(&writing, text);
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

static bool is_carriage_return(struct sl_span raw)
{
    return json_raw_eq(raw, "\r");
}

/* How many bytes of a raw JSON string to decode at once: at most `cap`, no character cut, and a
   carriage return together with what follows it. */
static size_t piece_bytes(struct sl_span raw, size_t cap)
{
    size_t at = 0, last = 0;
    while (at < raw.len) {
        size_t step = character_bytes((struct sl_span){raw.ptr + at, raw.len - at});
        if (at + step > cap || at + step > raw.len) break;
        last = at;
        at += step;
    }
    if (!at)
        return raw.len; /* nothing fits only where the text isn't what it should be: all of it,
                           if it fits */
    bool wait =
        at < raw.len && last && is_carriage_return((struct sl_span){raw.ptr + last, at - last});
    return wait ? last : at;
}

bool html_json_string(struct http_reply *reply, struct sl_span value)
{
    char text[4096];
    struct writing writing = {.reply = reply, .element = true};
    struct sl_span raw;
    if (!json_string_raw(value, &raw)) return false;
    while (raw.len) {
        size_t piece = piece_bytes(raw, sizeof(text));
        if (piece > sizeof(text)) return false;
        size_t len = json_decode((struct sl_span){raw.ptr, piece}, text);
        if (!write_text(&writing, (struct sl_span){text, len})) return false;
        raw = (struct sl_span){raw.ptr + piece, raw.len - piece};
    }
    return true;
}

bool html_decode(struct sl_span json_string, struct buf *out)
{
    struct sl_span raw;
    if (!json_string_raw(json_string, &raw) || !buf_reserve(out, raw.len)) return false;
    if (raw.len) out->len += json_decode(raw, out->ptr + out->len);
    return true;
}
