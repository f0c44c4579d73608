#ifndef TESTS_SUPPORT_API_STREAM_H
#define TESTS_SUPPORT_API_STREAM_H

/* A connection byte by byte, for what no well-behaved client sends, and for what never ends: event
   streams and WebSockets. Every wait is bounded. Nothing here fails a test. */

#include "core/buf.h"

#define API_WAIT_MS 30000

struct api_stream {
    int fd; /* -1: not connected */
    struct buf in;
    size_t at;  /* what was taken of `in` */
    bool ended; /* the peer closed, or reset */
    int status; /* of the last head read */
    struct sl_span head, body;
};

/* Connect to 127.0.0.1. `receive_bytes`, if not 0: a small receive buffer, for a peer that should
   soon find no room. */
bool api_stream_open(struct api_stream *stream, unsigned port);
bool api_stream_open_small(struct api_stream *stream, unsigned port, int receive_bytes);
void api_stream_close(struct api_stream *stream);

bool api_stream_send(struct api_stream *stream, const void *bytes, size_t len);
bool api_stream_print(struct api_stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* At least one more byte, within that time. False: none came; `ended` says whether any can. */
bool api_stream_more(struct api_stream *stream, unsigned timeout_ms);

/* Read a head (of a 100 too); its status, 0 if none came in time. `head` is its text, valid until
   the next call. */
int api_stream_head(struct api_stream *stream, unsigned timeout_ms);

/* Read a whole answer: head, and its body by length, chunks or end. The status, 0 if it didn't come
   whole. `body` is valid until the next call. */
int api_stream_answer(struct api_stream *stream, unsigned timeout_ms);

/* Does the peer close within that time? (What else comes is dropped.) */
bool api_stream_ends(struct api_stream *stream, unsigned timeout_ms);

/* One connection, one text, one answer, which is left in `stream` (closed). Returns the status. */
int api_stream_once(struct api_stream *stream, unsigned port, struct sl_span request);

/* A header's value in the last head, in a buffer of this thread; "" if it is not there. */
const char *api_stream_header(const struct api_stream *stream, const char *name);

/* ---- event streams ---- */

struct api_sse {
    uint64_t id;
    char event[24];
    struct sl_span data; /* valid until the next call */
};

/* Ask for a share's events (`path` with its query; `last_id` 0: no Last-Event-ID), and read the
   answer's head. The status. */
int api_sse_open(
    struct api_stream *stream, unsigned port, const char *path, uint64_t last_event_id);

/* The next event; comments are passed over. False: none in time, or the stream ended. */
bool api_sse_next(struct api_stream *stream, struct api_sse *event, unsigned timeout_ms);

/* ---- WebSockets ---- */

struct api_frame {
    unsigned opcode;
    bool final;
    struct sl_span payload; /* valid until the next call */
};

#define API_WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define API_WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* RFC 6455, 1.3 */

/* Shake hands. The status (101). */
int api_ws_open(struct api_stream *stream, unsigned port, const char *path);
bool api_ws_next(struct api_stream *stream, struct api_frame *frame, unsigned timeout_ms);
/* Send a masked frame. */
bool api_ws_send(struct api_stream *stream, unsigned opcode, const void *bytes, size_t len);

#endif
