/* HTTP/1.1 answers, piece by piece: each call looks on where the last one ended. What isn't HTTP is
   ANSWER_BROKEN, which ends the connection. */

#include "bench/suite/load_wire.h"

#include "core/base/decimal.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

static bool begins(struct sl_span line, const char *text, struct sl_span *rest)
{
    size_t len = strlen(text);
    if (line.len < len || strncasecmp(line.ptr, text, len) != 0) return false;
    *rest = (struct sl_span){line.ptr + len, line.len - len};
    while (rest->len && *rest->ptr == ' ')
        *rest = (struct sl_span){rest->ptr + 1, rest->len - 1};
    return true;
}

/* A chunk's size; extensions may follow it. */
static bool hexadecimal(struct sl_span text, size_t *value)
{
    static const char digits[] = "0123456789abcdef";
    size_t sum = 0, i = 0;
    for (; i < text.len; i++) {
        const char *digit = memchr(digits, text.ptr[i] | 0x20, 16);
        if (!digit || sum > SIZE_MAX / 32) break;
        sum = sum * 16 + (size_t)(digit - digits);
    }
    *value = sum;
    return i > 0 && (i == text.len || text.ptr[i] == ' ' || text.ptr[i] == ';');
}

/* The line at `at`, without its end; false: it isn't there whole. */
static bool take_line(const struct buf *in, size_t *at, struct sl_span *line)
{
    const char *end = memmem(in->ptr + *at, in->len - *at, "\r\n", 2);
    if (!end) return false;
    *line = (struct sl_span){in->ptr + *at, (size_t)(end - (in->ptr + *at))};
    *at += line->len + 2;
    return true;
}

static bool read_head(const struct buf *in, struct answer *answer)
{
    struct sl_span line, rest;
    uint64_t status, length;
    size_t at = 0;
    if (!take_line(in, &at, &line) || !begins(line, "HTTP/1.", &rest) || rest.len < 5) return false;
    if (!sl_decimal((struct sl_span){rest.ptr + 2, 3}, 999, &status)) return false;
    answer->status = (int)status;
    while (take_line(in, &at, &line) && line.len) {
        if (begins(line, "content-length:", &rest)) {
            if (!sl_decimal(rest, SIZE_MAX, &length)) return false;
            answer->length = (size_t)length;
            answer->sized = true;
        } else if (begins(line, "transfer-encoding:", &rest)) {
            if (!begins(rest, "chunked", &rest)) return false;
            answer->chunked = true;
        } else if (begins(line, "connection:", &rest)) {
            answer->closes = begins(rest, "close", &rest);
        }
    }
    if (status == 204 || status == 304) answer->sized = true;
    if (!answer->sized && !answer->chunked) answer->closes = true;
    answer->head = answer->at = at;
    return true;
}

static enum answer_state whole(struct buf *in, struct answer *answer, size_t used)
{
    assert(answer->head + answer->body_bytes <= used && used <= in->len);
    answer->body = (struct sl_span){in->ptr + answer->head, answer->body_bytes};
    answer->used = used;
    return ANSWER_WHOLE;
}

/* Chunks are joined where they lie, so that the body is one span. */
static enum answer_state read_chunks(struct buf *in, struct answer *answer)
{
    for (;;) {
        size_t at = answer->at, size;
        struct sl_span line;
        if (!take_line(in, &at, &line)) return ANSWER_MORE;
        if (!hexadecimal(line, &size)) return ANSWER_BROKEN;
        if (size == 0) { /* trailers, up to an empty line */
            while (take_line(in, &at, &line))
                if (!line.len) return whole(in, answer, at);
            return ANSWER_MORE;
        }
        if (in->len - at < size + 2) return ANSWER_MORE;
        if (memcmp(in->ptr + at + size, "\r\n", 2) != 0) return ANSWER_BROKEN;
        memmove(in->ptr + answer->head + answer->body_bytes, in->ptr + at, size);
        answer->body_bytes += size;
        answer->at = at + size + 2;
    }
}

enum answer_state http_answer(struct buf *in, struct answer *answer, bool ended)
{
    if (!answer->head) {
        size_t from = answer->at > 3 ? answer->at - 3 : 0;
        answer->at = in->len;
        if (in->len - from < 4 || !memmem(in->ptr + from, in->len - from, "\r\n\r\n", 4))
            return ended ? ANSWER_BROKEN : ANSWER_MORE;
        if (!read_head(in, answer)) return ANSWER_BROKEN;
    }
    if (answer->chunked) {
        enum answer_state state = read_chunks(in, answer);
        return state == ANSWER_MORE && ended ? ANSWER_BROKEN : state;
    }
    if (!answer->sized) {
        if (!ended) return ANSWER_MORE;
        answer->body_bytes = in->len - answer->head;
        return whole(in, answer, in->len);
    }
    if (in->len - answer->head < answer->length) return ended ? ANSWER_BROKEN : ANSWER_MORE;
    answer->body_bytes = answer->length;
    return whole(in, answer, answer->head + answer->length);
}
