/* A reply's way onto its connection.

   What is written collects in the thread's buffer of 64 KiB. When it is full, or the reply ends,
   the buffer goes out behind the head, compressed if the client takes that:

       | room for the head | payload, up to 64 KiB | room for a chunk's end |

   The first push decides for good: all of a short answer with its length, a longer one measured,
   chunked, or (HTTP/1.0) up to the connection's end. A failure before the head is out becomes a
   500; one behind it breaks the connection off (socket_break), so that no client takes the part for
   the whole. */

#include "http/edge/wire.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/decimal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* In a buffer the payload has room before it for the head and a chunk's length, and behind it for a
 * chunk's end. */
#define FRONT_BYTES ((size_t)3072)
#define PAYLOAD_BYTES ((size_t)64 * 1024)
#define BACK_BYTES ((size_t)16)
/* A piece of this size or more costs less as a write of its own than as a copy into the buffer. */
#define STRAIGHT_BYTES ((size_t)16 * 1024)
/* A shorter answer fits into a packet or two whether it is compressed or not. */
#define COMPRESS_MIN_BYTES ((size_t)1024)

static _Thread_local unsigned char *plain_buffer, *packed_buffer;

void wire_connection_end(void)
{
    free(plain_buffer);
    free(packed_buffer);
    plain_buffer = packed_buffer = NULL;
}

static unsigned char *buffer_of(unsigned char **kept)
{
    if (!*kept) *kept = malloc(FRONT_BYTES + PAYLOAD_BYTES + BACK_BYTES);
    return *kept;
}

const char *wire_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"}, {204, "No Content"}, {302, "Found"}, {303, "See Other"},
        {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
        {404, "Not Found"}, {405, "Method Not Allowed"}, {406, "Not Acceptable"},
        {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"},
        {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Status";
}

/* ---- the head ---- */

static void date_text(char out[32])
{
    /* The text changes once a second, and formatting it takes longer than all the rest of a head.
     */
    static _Thread_local time_t second;
    static _Thread_local char text[32];
    time_t now = (time_t)(clock_real_ms() / 1000);
    if (now != second) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        second = now;
    }
    memcpy(out, text, sizeof(text));
}

static bool bodiless(int status)
{
    return status == 204 || status == 304;
}

/* Copied piece by piece: of a short answer printf took more time than all else here. */
static void add(struct buf *head, const char *text)
{
    buf_add(head, text, strlen(text));
}

static void add_number(struct buf *head, uint64_t number, unsigned base)
{
    char digits[SL_DECIMAL_DIGITS], *at = digits + sizeof(digits);
    assert(base >= 10 && base <= 16);
    do
        *--at = "0123456789abcdef"[number % base];
    while (number /= base);
    buf_add(head, at, (size_t)(digits + sizeof(digits) - at));
}

static void add_line(struct buf *head, const char *name, const char *value)
{
    add(head, name);
    add(head, value);
    add(head, "\r\n");
}

static void add_length(struct buf *head, uint64_t length)
{
    add(head, "Content-Length: ");
    add_number(head, length, 10);
    add(head, "\r\n");
}

static void head_text(
    struct wire *wire, const struct http_reply *reply, bool final, size_t payload, struct buf *head)
{
    char date[32];
    date_text(date);
    wire->measured = !final && reply->has_length && wire->encoding == ENCODING_IDENTITY;
    wire->chunked = !final && !wire->measured && wire->http11;
    wire->keep = (final || wire->measured || wire->chunked) && !reply->close &&
                 wire->out.keep(wire->out.ctx);
    add(head, "HTTP/1.1 ");
    add_number(head, (uint64_t)reply->status, 10);
    add_line(head, " ", wire_reason(reply->status));
    add_line(head, "Date: ", date);
    if (reply->content_type) add_line(head, "Content-Type: ", reply->content_type);
    add_line(head, "Cache-Control: ", reply->cache_control ? reply->cache_control : "no-store");
    if (reply->compress) add(head, "Vary: Accept-Encoding\r\n");
    if (encoding_name(wire->encoding))
        add_line(head, "Content-Encoding: ", encoding_name(wire->encoding));
    buf_add(head, reply->headers, reply->headers_len);
    if (wire->chunked)
        add(head, "Transfer-Encoding: chunked\r\n");
    else if (wire->measured)
        add_length(head, reply->length);
    else if (final && !bodiless(reply->status))
        add_length(head, payload);
    add_line(head, "Connection: ", wire->keep ? "keep-alive\r\n" : "close\r\n");
}

/* ---- the payload ---- */

/* Send what a buffer holds, `final` or more to come, in one write. */
static bool emit(struct wire *wire, const struct http_reply *reply, unsigned char *buffer,
    size_t len, bool final)
{
    char room[FRONT_BYTES];
    struct buf front = buf_fixed(room, sizeof(room));
    assert(len <= PAYLOAD_BYTES);
    unsigned char *from = buffer + FRONT_BYTES, *to = from + len;
    bool bare = wire->head_only || bodiless(reply->status);
    if (!wire->head_sent) head_text(wire, reply, final, len, &front);
    if (bare) {
        to = from;
    } else if (wire->chunked) {
        if (len > 0) {
            add_number(&front, len, 16);
            add(&front, "\r\n");
            memcpy(to, "\r\n", 2);
            to += 2;
        }
        if (final) {
            memcpy(to, "0\r\n\r\n", 5);
            to += 5;
        }
    }
    assert(!front.failed);
    from -= front.len;
    memcpy(from, front.ptr, front.len);
    wire->head_sent = true;
    size_t total = (size_t)(to - from);
    wire->sent_bytes += total;
    if (total > 0 && !wire->out.send(wire->out.ctx, from, total)) return false;
    return !bare || final; /* a client that asked for the head alone needs no more */
}

static void choose(struct wire *wire, const struct http_reply *reply, bool last)
{
    if (!reply->compress || (last && wire->plain_len < COMPRESS_MIN_BYTES)) return;
    enum encoding encoding = encoding_choose(wire->accept);
    if (encoding == ENCODING_IDENTITY) return;
    wire->packed = buffer_of(&packed_buffer);
    if (wire->packed) wire->encoder = encoder_open(encoding);
    if (wire->encoder) wire->encoding = encoding;
}

enum push { PUSH_MORE, PUSH_FLUSH, PUSH_LAST };

/* Send what was written so far: as much as fills a buffer, or all of it, or all and nothing comes
 * after it. */
static bool push(struct wire *wire, const struct http_reply *reply, enum push how)
{
    bool last = how == PUSH_LAST;
    if (!wire->head_sent && !wire->encoder) choose(wire, reply, last);
    if (!wire->encoder) {
        bool ok = emit(wire, reply, wire->plain, wire->plain_len, last);
        wire->plain_len = 0;
        return ok;
    }
    struct encoder_step step = {.in = wire->plain + FRONT_BYTES,
        .in_len = wire->plain_len,
        .last = last,
        .flush = how == PUSH_FLUSH};
    for (;;) {
        step.out = wire->packed + FRONT_BYTES + wire->packed_len;
        step.out_cap = PAYLOAD_BYTES - wire->packed_len;
        if (!encoder_run(wire->encoder, &step)) return false;
        wire->packed_len += step.made;
        step.in = (const char *)step.in + step.taken;
        step.in_len -= step.taken;
        bool full = wire->packed_len == PAYLOAD_BYTES;
        if (step.done || full) {
            if (!emit(wire, reply, wire->packed, wire->packed_len, last && step.done)) return false;
            wire->packed_len = 0;
        }
        if (step.done || (how == PUSH_MORE && !full && step.in_len == 0)) break;
    }
    wire->plain_len = 0;
    return true;
}

/* ---- the reply's transport ---- */

static bool wire_begin(struct http_reply *reply)
{
    struct wire *wire = reply->transport;
    wire->plain = buffer_of(&plain_buffer);
    wire->begun = wire->plain != NULL;
    return wire->begun;
}

static bool give_up(struct wire *wire)
{
    wire->ended = true;
    return false;
}

/* May a piece go out from where it lies? Only behind the head, uncompressed and unchunked, with an
 * empty buffer. */
static bool goes_straight(const struct wire *wire)
{
    return wire->head_sent && !wire->encoder && !wire->chunked && wire->plain_len == 0;
}

static bool straight(struct wire *wire, const void *bytes, size_t len)
{
    wire->sent_bytes += len;
    return wire->out.send(wire->out.ctx, bytes, len);
}

static bool wire_write(struct http_reply *reply, const void *bytes, size_t len)
{
    struct wire *wire = reply->transport;
    if (wire->ended) return false;
    if (reply->has_length && len > reply->length - wire->given) return give_up(wire);
    wire->given += len;
    while (len > 0) {
        if (wire->plain_len == PAYLOAD_BYTES && !push(wire, reply, PUSH_MORE)) return give_up(wire);
        if (goes_straight(wire) && len >= STRAIGHT_BYTES)
            return straight(wire, bytes, len) || give_up(wire);
        size_t n = PAYLOAD_BYTES - wire->plain_len;
        if (n > len) n = len;
        memcpy(wire->plain + FRONT_BYTES + wire->plain_len, bytes, n);
        wire->plain_len += n;
        bytes = (const char *)bytes + n;
        len -= n;
    }
    return true;
}

static bool wire_flush(struct http_reply *reply)
{
    struct wire *wire = reply->transport;
    if (wire->ended) return false;
    return wire->plain_len == 0 || push(wire, reply, PUSH_FLUSH) || give_up(wire);
}

static void wire_abort(struct http_reply *reply);

static void wire_end(struct http_reply *reply)
{
    struct wire *wire = reply->transport;
    if (!wire->begun || wire->ended) return;
    if (reply->has_length && !reply->cut && wire->given != reply->length) {
        wire_abort(reply);
        return;
    }
    wire->ended = true;
    if (!reply->cut && !push(wire, reply, PUSH_LAST)) {
        reply->cut = true;
        wire->keep = false;
    }
}

static void wire_abort(struct http_reply *reply)
{
    struct wire *wire = reply->transport;
    if (!wire->begun || wire->ended) return;
    if (!wire->head_sent) {
        /* Nothing is out yet, so the client can be told properly. */
        static const char text[] = "{\"error\":\"internal error\"}";
        encoder_close(wire->encoder);
        wire->encoder = NULL;
        wire->encoding = ENCODING_IDENTITY;
        wire->packed_len = 0;
        wire->plain_len = sizeof(text) - 1;
        memcpy(wire->plain + FRONT_BYTES, text, wire->plain_len);
        reply->status = 500;
        reply->content_type = "application/json";
        reply->cache_control = NULL;
        reply->has_length = reply->compress = false;
        reply->close = true;
        wire_end(reply);
    } else {
        wire->ended = true;
        wire->keep = false;
        wire->out.break_off(wire->out.ctx);
    }
    reply->cut = true;
}

void wire_init(struct wire *wire, struct http_reply *reply)
{
    assert(!wire->begun && !reply->begun);
    reply->begin = wire_begin;
    reply->write = wire_write;
    reply->end = wire_end;
    reply->flush = wire_flush;
    reply->abort = wire_abort;
    reply->transport = wire;
}

void wire_fini(struct wire *wire, struct http_reply *reply)
{
    wire_end(reply);
    encoder_close(wire->encoder);
    wire->encoder = NULL;
}
