#ifndef SHARELOG_HTTP_CALL_REQUEST_H
#define SHARELOG_HTTP_CALL_REQUEST_H

/* One request, as a handler sees it. Whoever has a connection (server.c) or stands in for one
   (local.c, tests) fills it in; nothing here knows a socket. */

#include "core/sharelog.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

struct http_request {
    enum http_method method;
    struct sl_span path;     /* raw, as it came, behind any /k/KEY; nothing decoded */
    struct sl_span query;    /* raw, behind '?', may be empty */
    struct sl_span path_key; /* KEY of /k/KEY, empty if none */
    struct sl_span peer;     /* the client's address */
    struct sl_span
        base; /* "http://host:port" to build links with: the public URL, or from the Host header */
    uint64_t arrived_us; /* when its first byte came */
    bool has_length;     /* Content-Length was given (a chunked body has none) */
    uint64_t length;
    enum sl_role local_role; /* the command line acts with this role; SL_ROLE_NONE from a socket */
    /* A header's value, or an empty span. Name in any case. */
    struct sl_span (*header)(const struct http_request *request, const char *name);
    /* Read the whole body (bounded by `max`, waiting for room among bodies in flight), valid until
       the request ends. SL_TOO_LARGE, SL_INVALID (wrong or missing length: err says so), SL_IO: the
       client went away, there is nobody to answer. */
    enum sl_result (*read_body)(
        struct http_request *request, size_t max, struct sl_span *body, struct sl_err *err);
    /* Hand the connection over: *fd is the caller's from then on, and the handler returns
       without an answer. NULL where there is no socket. */
    enum sl_result (*take_over)(struct http_request *request, int *fd, struct sl_err *err);
    void *transport;
};

/* Decoded value of a query parameter into buf (terminated); false if absent, malformed or longer
 * than cap - 1. */
bool http_query(const struct http_request *request, const char *name, char *buf, size_t cap);

#endif
