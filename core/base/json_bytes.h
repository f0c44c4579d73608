#ifndef SHARELOG_JSON_BYTES_H
#define SHARELOG_JSON_BYTES_H

/* Bytes of JSON text: which are plain, which make a UTF-8 character. For the scanner (json.c), the
   writer (json_text.c), and notes, whose text is UTF-8 too (proof/note.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* SL_PORTABLE takes the vector code out, so that the other path can be tested where it isn't
 * needed. */
#if defined(__SSE2__) && !defined(SL_PORTABLE)
#include <emmintrin.h>
#define JSON_SSE2 1
#else
#define JSON_SSE2 0
#endif

/* ASCII that stands for itself in a string: no quote, no backslash, no control character. */
static inline bool json_plain(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
}

/* The first byte in [at, end) that is not plain, or end. Most of a share's bytes pass through here.
 */
static inline const char *json_plain_run(const char *at, const char *end)
{
#if JSON_SSE2
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* As signed bytes, control characters and all that isn't ASCII are both below the space. */
        __m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, space),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
        int mask = _mm_movemask_epi8(special);
        if (mask) return at + __builtin_ctz((unsigned)mask);
    }
#else
    const uint64_t ones = UINT64_MAX / 255, high = ones << 7;
    for (; end - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, at, 8);
        /* x - 1 borrows into the high bit where a byte x is 0. A borrow may run on into the byte
           above, which at worst ends this loop early: the loop below has the last word. */
        uint64_t quote = (bytes ^ ones * '"') - ones, backslash = (bytes ^ ones * '\\') - ones;
        if ((bytes | (bytes - ones * ' ') | quote | backslash) & high) break;
    }
#endif
    while (at < end && json_plain(*at))
        at++;
    return at;
}

static inline bool json_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the well-formed UTF-8 sequence (RFC 3629) at `at`, whose first byte isn't ASCII; 0
 * if it is none. */
static inline unsigned json_utf8_bytes(const char *at, const char *end)
{
    unsigned lead = (unsigned char)*at;
    if (lead < 0xe0) return lead >= 0xc2 && end - at >= 2 && json_continuation(at[1]) ? 2 : 0;
    if (end - at < 3 || !json_continuation(at[1]) || !json_continuation(at[2])) return 0;
    unsigned second = (unsigned char)at[1];
    if (lead < 0xf0) {
        if (lead == 0xe0) return second >= 0xa0 ? 3 : 0; /* below: overlong */
        if (lead == 0xed) return second < 0xa0 ? 3 : 0;  /* above: surrogates */
        return 3;
    }
    if (lead > 0xf4 || end - at < 4 || !json_continuation(at[3])) return 0;
    if (lead == 0xf0) return second >= 0x90 ? 4 : 0; /* below: overlong */
    if (lead == 0xf4) return second < 0x90 ? 4 : 0;  /* above: past U+10FFFF */
    return 4;
}

static inline bool json_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A hexadecimal digit's value, or -1. */
static inline int json_hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
