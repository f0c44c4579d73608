/* Connections byte by byte. */

#include "tests/support/net_stream.h"

#include "tests/support/net_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- bytes ---- */

bool net_stream_open_small(struct net_stream *stream, unsigned port, int receive_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    *stream = (struct net_stream){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (stream->fd < 0) return false;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (receive_bytes)
        setsockopt(stream->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    struct timeval wait = {.tv_sec = NET_WAIT_MS / 1000};
    setsockopt(stream->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (connect(stream->fd, (struct sockaddr *)&address, sizeof(address)) == 0) return true;
    net_stream_close(stream);
    return false;
}

bool net_stream_open(struct net_stream *stream, unsigned port)
{
    return net_stream_open_small(stream, port, 0);
}

void net_stream_close(struct net_stream *stream)
{
    if (stream->fd >= 0) close(stream->fd);
    stream->fd = -1;
    buf_fini(&stream->in);
    *stream = (struct net_stream){.fd = -1};
}

bool net_stream_send(struct net_stream *stream, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(stream->fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool net_stream_print(struct net_stream *stream, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return n >= 0 && (size_t)n < sizeof(text) && net_stream_send(stream, text, (size_t)n);
}

bool net_stream_more(struct net_stream *stream, unsigned timeout_ms)
{
    struct pollfd ready = {.fd = stream->fd, .events = POLLIN};
    if (stream->ended || stream->fd < 0) return false;
    int polled;
    do {
        polled = poll(&ready, 1, (int)timeout_ms);
    } while (polled < 0 && errno == EINTR);
    if (polled <= 0 || !buf_reserve(&stream->in, 65536)) return false;
    ssize_t n = recv(stream->fd, stream->in.ptr + stream->in.len, 65536, 0);
    if (n <= 0) {
        stream->ended = true;
        return false;
    }
    stream->in.len += (size_t)n;
    return true;
}

/* Forget what was taken: only at the start of a step, since spans point there. */
static void settle(struct net_stream *stream)
{
    if (stream->at)
        memmove(stream->in.ptr, stream->in.ptr + stream->at, stream->in.len - stream->at);
    stream->in.len -= stream->at;
    stream->at = 0;
}

static unsigned left(uint64_t until)
{
    uint64_t now = net_now_ms();
    return now >= until ? 0 : (unsigned)(until - now);
}

/* Until there are `len` bytes behind `at`. */
static bool need(struct net_stream *stream, size_t len, uint64_t until)
{
    while (stream->in.len - stream->at < len)
        if (!net_stream_more(stream, left(until)) && (stream->ended || !left(until))) return false;
    return true;
}

/* Until `text` is found behind `at`; *end is behind it. */
static bool need_text(
    struct net_stream *stream, const char *text, size_t len, size_t *end, uint64_t until)
{
    for (size_t from = stream->at;;) {
        const char *found = stream->in.len > from
                                ? memmem(stream->in.ptr + from, stream->in.len - from, text, len)
                                : NULL;
        if (found) {
            *end = (size_t)(found - stream->in.ptr) + len;
            return true;
        }
        if (stream->in.len > from + len) from = stream->in.len - len;
        if (!net_stream_more(stream, left(until)) && (stream->ended || !left(until))) return false;
    }
}

/* ---- answers ---- */

static int take_head(struct net_stream *stream, uint64_t until)
{
    size_t begin = stream->at, end;
    unsigned status;
    stream->status = 0;
    if (!need_text(stream, "\r\n\r\n", 4, &end, until)) return 0;
    stream->at = end;
    stream->head = (struct sl_span){stream->in.ptr + begin, end - begin};
    char line[32];
    snprintf(line, sizeof(line), "%.*s", 16, stream->head.ptr);
    if (sscanf(line, "HTTP/1.1 %3u", &status) != 1) return 0;
    return stream->status = (int)status;
}

int net_stream_head(struct net_stream *stream, unsigned timeout_ms)
{
    settle(stream);
    return take_head(stream, net_now_ms() + timeout_ms);
}

const char *net_stream_header(const struct net_stream *stream, const char *name)
{
    static _Thread_local char value[1024];
    size_t len = strlen(name), at = 0;
    const char *text = stream->head.ptr;
    value[0] = 0;
    while (at < stream->head.len) {
        const char *end = memmem(text + at, stream->head.len - at, "\r\n", 2);
        size_t line = end ? (size_t)(end - text) - at : stream->head.len - at;
        if (line > len && strncasecmp(text + at, name, len) == 0 && text[at + len] == ':') {
            size_t skip = len + 1;
            while (skip < line && text[at + skip] == ' ')
                skip++;
            snprintf(value, sizeof(value), "%.*s", (int)(line - skip), text + at + skip);
            return value;
        }
        at += line + 2;
    }
    return value;
}

/* The chunks' contents, moved together where they lie. */
static bool take_chunks(struct net_stream *stream, size_t begin, uint64_t until)
{
    size_t to = begin, end;
    for (;;) {
        if (!need_text(stream, "\r\n", 2, &end, until)) return false;
        unsigned long len = strtoul(stream->in.ptr + stream->at, NULL, 16);
        stream->at = end;
        if (!need(stream, len + 2, until)) return false;
        memmove(stream->in.ptr + to, stream->in.ptr + stream->at, len);
        to += len;
        stream->at += len + 2;
        if (len == 0) break;
    }
    stream->body = (struct sl_span){stream->in.ptr + begin, to - begin};
    return true;
}

int net_stream_answer(struct net_stream *stream, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    settle(stream);
    stream->body = (struct sl_span){"", 0};
    if (!take_head(stream, until)) return 0;
    size_t head = stream->at;
    const char *length = net_stream_header(stream, "Content-Length");
    bool whole = true;
    if (*length) {
        size_t len = strtoul(length, NULL, 10);
        whole = need(stream, len, until);
        stream->at = whole ? head + len : stream->in.len;
        stream->body = (struct sl_span){stream->in.ptr + head, stream->at - head};
    } else if (strcmp(net_stream_header(stream, "Transfer-Encoding"), "chunked") == 0) {
        whole = take_chunks(stream, head, until);
    } else if (stream->status != 204) {
        while (net_stream_more(stream, left(until)) || (!stream->ended && left(until)))
            continue;
        whole = stream->ended;
        stream->at = stream->in.len;
        stream->body = (struct sl_span){stream->in.ptr + head, stream->at - head};
    }
    stream->head = (struct sl_span){stream->in.ptr, head}; /* it may have moved */
    return whole ? stream->status : 0;
}

bool net_stream_ends(struct net_stream *stream, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    while (!stream->ended && left(until)) {
        stream->at = stream->in.len;
        settle(stream);
        net_stream_more(stream, left(until));
    }
    return stream->ended;
}

int net_stream_once(struct net_stream *stream, unsigned port, struct sl_span request)
{
    net_stream_close(stream);
    if (!net_stream_open(stream, port)) return 0;
    net_stream_send(stream, request.ptr, request.len); /* the answer may come before all is sent */
    int status = net_stream_answer(stream, NET_WAIT_MS);
    close(stream->fd);
    stream->fd = -1;
    return status;
}

/* ---- event streams ---- */

int net_sse_open(struct net_stream *stream, unsigned port, const char *path, uint64_t last_event_id)
{
    char last[64] = "";
    if (last_event_id)
        snprintf(last, sizeof(last), "Last-Event-ID: %llu\r\n", (unsigned long long)last_event_id);
    if (!net_stream_open(stream, port) ||
        !net_stream_print(stream,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n%s\r\n", path,
            last))
        return 0;
    return net_stream_head(stream, NET_WAIT_MS);
}

static void take_line(struct net_sse *event, struct sl_span line)
{
    static const char data[] = "data: ", id[] = "id: ", name[] = "event: ";
    if (line.len >= 6 && memcmp(line.ptr, data, 6) == 0)
        event->data = (struct sl_span){line.ptr + 6, line.len - 6};
    else if (line.len >= 4 && memcmp(line.ptr, id, 4) == 0)
        event->id = strtoull(line.ptr + 4, NULL, 10);
    else if (line.len >= 7 && memcmp(line.ptr, name, 7) == 0)
        snprintf(event->event, sizeof(event->event), "%.*s", (int)(line.len - 7), line.ptr + 7);
}

bool net_sse_next(struct net_stream *stream, struct net_sse *event, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    for (;;) {
        size_t end;
        settle(stream);
        if (!need_text(stream, "\n\n", 2, &end, until)) return false;
        *event = (struct net_sse){0};
        const char *at = stream->in.ptr, *stop = stream->in.ptr + end - 1;
        while (at < stop) {
            const char *line_end = memchr(at, '\n', (size_t)(stop - at) + 1);
            take_line(event, (struct sl_span){at, (size_t)(line_end - at)});
            at = line_end + 1;
        }
        stream->at = end;
        if (event->data.ptr) return true;
    }
}

/* ---- WebSockets ---- */

int net_ws_open(struct net_stream *stream, unsigned port, const char *path)
{
    if (!net_stream_open(stream, port) ||
        !net_stream_print(stream,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: keep-alive, "
            "Upgrade\r\nSec-WebSocket-Key: " NET_WS_KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
            path))
        return 0;
    return net_stream_head(stream, NET_WAIT_MS);
}

bool net_ws_next(struct net_stream *stream, struct net_frame *frame, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    settle(stream);
    if (!need(stream, 2, until)) return false;
    uint8_t first = (uint8_t)stream->in.ptr[0], second = (uint8_t)stream->in.ptr[1];
    size_t extra = (second & 127) == 126 ? 2 : (second & 127) == 127 ? 8 : 0;
    if (second & 128 || !need(stream, 2 + extra, until)) return false; /* a server never masks */
    uint64_t len = extra ? be_get(stream->in.ptr + 2, extra) : second & 127;
    if (!need(stream, 2 + extra + len, until)) return false;
    *frame = (struct net_frame){first & 15, first & 128, {stream->in.ptr + 2 + extra, (size_t)len}};
    stream->at = 2 + extra + (size_t)len;
    return true;
}

bool net_ws_send(struct net_stream *stream, unsigned opcode, const void *bytes, size_t len)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t frame[14 + 65536];
    size_t at = 2;
    if (len > 65535) return false;
    frame[0] = (uint8_t)(128 | opcode);
    frame[1] = (uint8_t)(128 | (len < 126 ? len : 126));
    if (len >= 126) {
        be_put(frame + 2, len, 2);
        at = 4;
    }
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        frame[at + i] = (uint8_t)(((const uint8_t *)bytes)[i] ^ mask[i % 4]);
    return net_stream_send(stream, frame, at + len);
}
