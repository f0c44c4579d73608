#ifndef TESTS_SUPPORT_FAKE_HTTP_H
#define TESTS_SUPPORT_FAKE_HTTP_H

/* A small HTTP server in the test's own process, for what a real one would never answer. One
   connection after the other, in a thread of its own. */

#include "core/base/buf.h"

#include <pthread.h>
#include <stdatomic.h>

struct fake_request {
    const char *method, *path; /* terminated */
    struct sl_span body;
};

struct fake_reply {
    int status; /* 0: close without an answer */
    const char *type;
    struct buf body;
};

struct fake_http {
    unsigned port;
    char url[64];
    void (*answer)(void *ctx, const struct fake_request *request, struct fake_reply *reply);
    void *ctx;
    int fd;
    pthread_t thread;
    atomic_bool stop; /* an answer that hangs looks at it */
};

/* False: it can't listen. `port` 0 takes a free one. */
bool fake_http_open(struct fake_http *fake, unsigned port,
    void (*answer)(void *ctx, const struct fake_request *request, struct fake_reply *reply),
    void *ctx);
void fake_http_close(struct fake_http *fake);

#endif
