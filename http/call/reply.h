#ifndef SHARELOG_HTTP_CALL_REPLY_H
#define SHARELOG_HTTP_CALL_REPLY_H

/* One reply, as a handler fills it: begun once, then written piece by piece to whatever transport
   is behind it (edge/wire.c, local.c, a test's buffer).

   The happy path is http_header…, http_begin, http_write…; the transport ends it. A handler that
   fails before http_begin answers with http_error. One that fails behind it can't tell a status any
   more: it calls reply->abort, and the client sees an answer that broke off. A write returns false
   once the client is gone; nothing is left to do then but to return. */

#include "core/sharelog.h"

/* A reply is begun once, then written piece by piece. Small ones go out in one write with a
   Content-Length, long ones as they come (chunked), compressed when the client takes it and
   `compress` is set. A write returns false once the client is gone; the handler then just returns.
 */
struct http_reply {
    /* set before http_begin: */
    int status;
    const char *content_type;
    const char *cache_control; /* NULL: "no-store" */
    bool compress;
    bool close; /* end the connection after this answer */
    /* The body's length, where it is known before it is written: sent as it is, it goes out with it
       and unchunked. To end it with less breaks it; more is not taken. */
    bool has_length;
    uint64_t length;
    bool begun, cut;
    /* the transport's: */
    bool (*begin)(struct http_reply *reply);
    bool (*write)(struct http_reply *reply, const void *bytes, size_t len);
    void (*end)(struct http_reply *reply);
    /* Send what was written so far now, though more will come. NULL: nothing to do. */
    bool (*flush)(struct http_reply *reply);
    /* Give up a reply whose head is out: the client sees a broken answer, never a short one that
     * looks whole. */
    void (*abort)(struct http_reply *reply);
    void *transport;
    char headers[1024]; /* further ones, "Name: value\r\n" each */
    size_t headers_len;
};

bool http_header(struct http_reply *reply, const char *name, const char *value);
bool http_begin(struct http_reply *reply, int status, const char *content_type);
bool http_write(struct http_reply *reply, const void *bytes, size_t len);
bool http_flush(struct http_reply *reply);
bool http_print(struct http_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool http_write_json_string(struct http_reply *reply, struct sl_span text);
struct sl_sink http_sink(struct http_reply *reply);
/* {"error": text} with a status. */
void http_error(struct http_reply *reply, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
