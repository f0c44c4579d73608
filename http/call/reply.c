/* What a handler writes a reply with, over whatever transport there is.

   Behind a write that failed the reply is `cut`: all further writes fail at once. Where memory runs
   out in the middle, the answer is broken off rather than left with a hole. */

#include "http/call/reply.h"

#include "core/base/buf.h"
#include "core/base/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A header is made of what handlers choose; where a client's text got in, a line end would add a
   header of the client's own. */
static bool header_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) return false;
    return true;
}

bool http_header(struct http_reply *reply, const char *name, const char *value)
{
    struct buf headers =
        buf_fixed(reply->headers + reply->headers_len, sizeof(reply->headers) - reply->headers_len);
    if (reply->begun || !header_text(name) || !header_text(value)) return false;
    buf_add(&headers, name, strlen(name));
    buf_add(&headers, ": ", 2);
    buf_add(&headers, value, strlen(value));
    buf_add(&headers, "\r\n", 2);
    if (headers.failed) return false;
    reply->headers_len += headers.len;
    assert(reply->headers_len <= sizeof(reply->headers));
    return true;
}

bool http_begin(struct http_reply *reply, int status, const char *content_type)
{
    if (reply->begun || reply->cut) return false;
    assert(status >= 200 && status <= 599); /* 1xx is the edge's */
    reply->status = status;
    reply->content_type = content_type;
    reply->begun = true;
    if (!reply->begin(reply)) reply->cut = true;
    return !reply->cut;
}

bool http_write(struct http_reply *reply, const void *bytes, size_t len)
{
    if (!reply->begun || reply->cut) return false;
    if (len > 0 && !reply->write(reply, bytes, len)) reply->cut = true;
    return !reply->cut;
}

bool http_flush(struct http_reply *reply)
{
    if (!reply->begun || reply->cut) return false;
    if (reply->flush && !reply->flush(reply)) reply->cut = true;
    return !reply->cut;
}

bool http_print(struct http_reply *reply, const char *format, ...)
{
    char few[512], *many = NULL;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(few, sizeof(few), format, args);
    va_end(args);
    if (n < 0) return false;
    if ((size_t)n >= sizeof(few)) {
        many = malloc((size_t)n + 1);
        if (!many) {
            if (reply->begun) reply->abort(reply);
            return false;
        }
        va_start(args, format);
        n = vsnprintf(many, (size_t)n + 1, format, args);
        va_end(args);
    }
    bool ok = http_write(reply, many ? many : few, (size_t)n);
    free(many);
    return ok;
}

/* How much of a text is quoted at a time: long ones are not copied as a whole. */
#define QUOTE_BYTES 1024

/* The longest piece of at most QUOTE_BYTES that doesn't cut a character in two. */
static size_t quote_piece(struct sl_span text)
{
    if (text.len <= QUOTE_BYTES) return text.len;
    size_t n = QUOTE_BYTES;
    for (unsigned back = 0; back < 3 && ((unsigned char)text.ptr[n] & 0xc0) == 0x80; back++)
        n--;
    return n;
}

bool http_write_json_string(struct http_reply *reply, struct sl_span text)
{
    char quoted[6 * QUOTE_BYTES + 2];
    if (!http_write(reply, "\"", 1)) return false;
    while (text.len > 0) {
        size_t n = quote_piece(text);
        size_t len = json_quote((struct sl_span){text.ptr, n}, quoted);
        if (!http_write(reply, quoted + 1, len - 2)) return false;
        text.ptr += n;
        text.len -= n;
    }
    return http_write(reply, "\"", 1);
}

static bool sink_write(void *ctx, const void *bytes, size_t len)
{
    return http_write(ctx, bytes, len);
}

struct sl_sink http_sink(struct http_reply *reply)
{
    return (struct sl_sink){.write = sink_write, .ctx = reply};
}

void http_error(struct http_reply *reply, int status, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (reply->begun) {
        reply->abort(reply);
        return;
    }
    reply->cache_control = NULL;
    reply->compress = false;
    if (n < 0 || !http_begin(reply, status, "application/json")) return;
    http_write(reply, "{\"error\":", 9);
    http_write_json_string(reply, sl_span_of(text));
    http_write(reply, "}", 1);
}
