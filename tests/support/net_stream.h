#ifndef TESTS_SUPPORT_NET_STREAM_H
#define TESTS_SUPPORT_NET_STREAM_H

/* A connection byte by byte, for what no well-behaved client sends, and for what never ends: event
   streams and WebSockets. Every wait is bounded. Nothing here fails a test. */

#include "core/base/buf.h"
#include "tests/support/net_server.h"

struct net_stream {
    int fd; /* -1: not connected */
    struct buf in;
    size_t at;  /* what was taken of `in` */
    bool ended; /* the peer closed, or reset */
    int status; /* of the last head read */
    struct sl_span head, body;
};

/* Connect to 127.0.0.1. `receive_bytes`, if not 0: a small receive buffer, for a peer that should
   soon find no room. */
bool net_stream_open(struct net_stream *stream, unsigned port);
bool net_stream_open_small(struct net_stream *stream, unsigned port, int receive_bytes);
void net_stream_close(struct net_stream *stream);

bool net_stream_send(struct net_stream *stream, const void *bytes, size_t len);
bool net_stream_print(struct net_stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* At least one more byte, within that time. False: none came; `ended` says whether any can. */
bool net_stream_more(struct net_stream *stream, unsigned timeout_ms);

/* Read a head (of a 100 too); its status, 0 if none came in time. `head` is its text, valid until
   the next call. */
int net_stream_head(struct net_stream *stream, unsigned timeout_ms);

/* Read a whole answer: head, and its body by length, chunks or end. The status, 0 if it didn't come
   whole. `body` is valid until the next call. */
int net_stream_answer(struct net_stream *stream, unsigned timeout_ms);

/* Does the peer close within that time? (What else comes is dropped.) */
bool net_stream_ends(struct net_stream *stream, unsigned timeout_ms);

/* One connection, one text, one answer, which is left in `stream` (closed). Returns the status. */
int net_stream_once(struct net_stream *stream, unsigned port, struct sl_span request);

/* A header's value in the last head, in a buffer of this thread; "" if it is not there. */
const char *net_stream_header(const struct net_stream *stream, const char *name);

/* ---- event streams ---- */

struct net_sse {
    uint64_t id;
    char event[24];
    struct sl_span data; /* valid until the next call */
};

/* Ask for a share's events (`path` with its query; `last_id` 0: no Last-Event-ID), and read the
   answer's head. The status. */
int net_sse_open(
    struct net_stream *stream, unsigned port, const char *path, uint64_t last_event_id);

/* The next event; comments are passed over. False: none in time, or the stream ended. */
bool net_sse_next(struct net_stream *stream, struct net_sse *event, unsigned timeout_ms);

/* ---- WebSockets ---- */

struct net_frame {
    unsigned opcode;
    bool final;
    struct sl_span payload; /* valid until the next call */
};

#define NET_WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define NET_WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* RFC 6455, 1.3 */

/* Shake hands. The status (101). */
int net_ws_open(struct net_stream *stream, unsigned port, const char *path);
bool net_ws_next(struct net_stream *stream, struct net_frame *frame, unsigned timeout_ms);
/* Send a masked frame. */
bool net_ws_send(struct net_stream *stream, unsigned opcode, const void *bytes, size_t len);

#endif
