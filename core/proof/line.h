#ifndef SHARELOG_LINE_H
#define SHARELOG_LINE_H

/* Lines of the log's text formats: notes, policies, proof files, what a witness is sent. Nothing
   here fails but by saying that a text isn't what it should be. */

#include "core/base/crypto.h"

/* Take the next line of `rest`, without its newline. False: nothing is left, or what is left has no
   newline. */
static inline bool line_take(struct sl_span *rest, struct sl_span *line)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end) return false;
    *line = (struct sl_span){rest->ptr, (size_t)(end - rest->ptr)};
    rest->len -= line->len + 1;
    rest->ptr = end + 1;
    return true;
}

/* What stands before the first `mark`, and what behind it. False: there is none. */
static inline bool line_split(
    struct sl_span line, char mark, struct sl_span *before, struct sl_span *behind)
{
    const char *at = line.len ? memchr(line.ptr, mark, line.len) : NULL;
    if (!at) return false;
    *before = (struct sl_span){line.ptr, (size_t)(at - line.ptr)};
    *behind = (struct sl_span){at + 1, line.len - before->len - 1};
    return true;
}

static inline bool line_starts(struct sl_span line, struct sl_span start)
{
    return line.len >= start.len && memcmp(line.ptr, start.ptr, start.len) == 0;
}

/* Canonical base64 of at least `least` bytes, however many: decoded piece by piece, of which only
   the last may be padded. */
static inline bool line_base64(struct sl_span text, size_t least)
{
    uint8_t bytes[768];
    size_t whole = 0, len;
    for (; text.len > 1024; text.ptr += 1024, text.len -= 1024) {
        if (!crypto_base64_parse((struct sl_span){text.ptr, 1024}, bytes, sizeof(bytes), &len))
            return false;
        if (len != sizeof(bytes)) return false;
        whole += len;
    }
    return crypto_base64_parse(text, bytes, sizeof(bytes), &len) && whole + len >= least;
}

#endif
