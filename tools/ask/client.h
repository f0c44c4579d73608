#ifndef SHARELOG_TOOLS_CLIENT_H
#define SHARELOG_TOOLS_CLIENT_H

/* One way to ask the API, whoever answers: a server over HTTP, or this process on an open store. So
   every command that reads is written once, and shows what the API shows. One thread at a time uses
   a client. */

#include "http/http.h"
#include "tools/shared/buffer.h"

#include <stdatomic.h>

struct client;

struct client_remote {
    const char *url;         /* http://host:port, a path behind it is kept */
    const char *key;         /* NULL: none */
    const char *user_agent;  /* NULL: sharelog's own */
    bool direct;             /* past any proxy: the key in use is this machine's own */
    uint64_t stall_s;        /* give up when nothing arrives for so long; 0: never */
    uint64_t timeout_s;      /* give up a request that takes longer; 0: never */
    const atomic_bool *stop; /* give up, within a second, once it is set; may be NULL */
    bool text;               /* what is sent is plain text, not JSON */
};

/* libcurl's own set-up: before the first thread. */
void client_global_init(void);

/* SL_INVALID: no URL of http or https. */
enum sl_result client_create_remote(
    const struct client_remote *remote, struct client **client, struct sl_err *err);
/* Answers from an application on an open store, as the owner. Borrows it. */
struct client *client_create_local(struct http_app *app);
void client_destroy(struct client *client);

/* Ask, and let the answer's body go to the sink as it comes. *status is set before its first byte.
   SL_STOPPED: the sink stopped it. SL_IO: no answer, or none that is whole. `body` is JSON, empty
   for none. Connections are kept open. */
enum sl_result client_request(struct client *client, const char *method, const char *target,
    struct sl_span body, struct sl_sink sink, int *status, struct sl_err *err);

/* GET what is at most `cap` bytes into `out`, in place of what it held; SL_TOO_LARGE. */
enum sl_result client_fetch(struct client *client, const char *target, size_t cap,
    struct buffer *out, int *status, struct sl_err *err);

/* Is the last answer of that type? What stands behind a semicolon doesn't count. */
bool client_answer_is(struct client *client, const char *content_type);

/* libcurl's version. */
const char *client_version(void);

#endif
