#ifndef SHARELOG_HTTP_H
#define SHARELOG_HTTP_H

/* sharelog's edge: HTTP on top of core/, CivetWeb at the very edge only.

   server.c (CivetWeb's wall) turns a connection's request into an http_request and an http_reply,
   and calls http_dispatch. routes.c holds the one table of routes; api_*.c and pages.c hold the
   handlers, which take a request and fill a reply and know no sockets. The same dispatch answers
   the command line on a data directory (http_local), so that a command shows what the API shows.
   live.c sends events to viewers from a thread of its own. */

#include "core/sharelog.h"

struct http_app;
struct http_server;

/* ---- one request ---- */

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
    /* Hand the connection to live.c: it belongs to `live` from then on, and the handler returns
       without an answer. NULL where there is no socket. */
    enum sl_result (*take_over)(struct http_request *request, int *fd, struct sl_err *err);
    void *transport;
};

/* Decoded value of a query parameter into buf (terminated); false if absent, malformed or longer
 * than cap - 1. */
bool http_query(const struct http_request *request, const char *name, char *buf, size_t cap);

/* ---- its reply ---- */

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

/* ---- the application ---- */

/* What is known of one witness of the log. Its texts are good for as long as the application. */
struct http_witness_status {
    const char *url, *name;
    uint64_t size, time_ms; /* the last checkpoint that it cosigned, and when; 0: none yet */
    char error[256];        /* why the last try failed; empty: it didn't */
};

struct http_config {
    const char *listen;      /* "127.0.0.1:8787"; port 0 takes a free one */
    const char *public_url;  /* NULL: built from each request's Host */
    const char *control_key; /* NULL, or a key that counts as the owner's: the command line's on the
                                same machine */
    bool private_create;     /* a key is needed to create */
    bool public_log;
    bool public_index; /* the list of sessions, and only the list, is open to all */
    size_t body_bytes, inflight_bytes;
    unsigned threads, viewers, viewers_per_share;
    unsigned stop_ms;
    /* Fill at most `cap` of them, and return how many there are. NULL: the server has no witnesses.
     */
    size_t (*witnesses)(void *ctx, struct http_witness_status *status, size_t cap);
    void *witnesses_ctx;
    unsigned witness_quorum;
};

/* Defaults, from core/base/limits.h. */
struct http_config http_config_default(void);

/* An application over an open store: what a handler needs. Without a server it answers http_local
   alone. The store must outlive it. */
enum sl_result http_app_create(struct sl_store *store, const struct http_config *config,
    struct http_app **app, struct sl_err *err);
void http_app_destroy(struct http_app *app);

/* Answer one request: finds the route, checks method and keys, calls the handler. Always leaves a
 * reply. */
void http_dispatch(struct http_app *app, struct http_request *request, struct http_reply *reply);

/* Answer without a socket: what a server on this store would answer to `method target` (such as GET
   "/api/share/ID/data?at=7"), body into the sink as it comes. *status is set before the first byte.
 */
enum sl_result http_local(struct http_app *app, const char *method, const char *target,
    struct sl_span body, enum sl_role role, int *status, struct sl_sink sink, struct sl_err *err);

/* Listen and serve until http_server_stop. `url` is "http://HOST:PORT" as bound. */
enum sl_result http_server_start(
    struct http_app *app, struct http_server **server, struct sl_err *err);
const char *http_server_url(const struct http_server *server);

/* Graceful: no new connections, what is in flight is finished (at most stop_ms), viewers are let
   go; then the server is gone. False if something had to be cut off. The store is still open. */
bool http_server_stop(struct http_server *server);

#endif
