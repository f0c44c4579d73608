#ifndef SHARELOG_HTTP_EDGE_WIRE_H
#define SHARELOG_HTTP_EDGE_WIRE_H

/* A reply's way onto a connection: head, length or chunks, compression. An answer that fits into
   one buffer goes out as one write with its length; a longer one with its length too if that is
   known beforehand, large pieces of it straight from where they lie; else in chunks as the buffer
   fills (HTTP/1.0: until the connection ends). */

#include "http/call/reply.h"
#include "http/edge/encoding.h"

/* The connection. */
struct wire_out {
    bool (*send)(
        void *ctx, const void *bytes, size_t len); /* all of it, or false: the client is gone */
    bool (*keep)(
        void *ctx); /* may the connection go on after this answer? Asked once, for the head */
    void (*break_off)(
        void *ctx); /* end the connection in a way that no client takes for a proper end */
    void *ctx;
};

struct wire {
    /* set by the server: */
    struct wire_out out;
    bool http11;           /* the client knows chunks */
    bool head_only;        /* HEAD */
    struct sl_span accept; /* Accept-Encoding */
    /* to be read afterwards: */
    bool keep; /* the client was told that the connection goes on */
    uint64_t sent_bytes;
    /* its own: */
    bool begun, head_sent, chunked, ended;
    bool measured;  /* the head said how long the body is */
    uint64_t given; /* of the body, so far */
    enum encoding encoding;
    struct encoder *encoder;
    unsigned char *plain, *packed; /* the thread's buffers */
    size_t plain_len, packed_len;
};

/* Make `reply` write to `wire`, whose first part is filled in. Both must stay where they are until
 * wire_fini. */
void wire_init(struct wire *wire, struct http_reply *reply);

/* End the reply if it was begun, and give back what it holds. */
void wire_fini(struct wire *wire, struct http_reply *reply);

/* When the connection ends that this thread replied on: give back what was kept for the next reply.
 */
void wire_connection_end(void);

/* `OK`, `Not Found`, … */
const char *wire_reason(int status);

#endif
