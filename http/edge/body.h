#ifndef SHARELOG_HTTP_EDGE_BODY_H
#define SHARELOG_HTTP_EDGE_BODY_H

/* One request's body: read whole, when and if its handler asks for it, within what may be in
 * flight. */

#include "core/base/err.h"
#include "core/base/limits.h"
#include "http/edge/budget.h"
#include "http/edge/head.h"

/* Where the bytes come from. */
struct body_source {
    /* Up to `len` bytes, waiting for them: how many, 0 when none came for a while, below 0 when
     * none will come. */
    long (*read)(void *ctx, void *bytes, size_t len);
    /* Tell the client to go on (100 Continue). */
    bool (*go_on)(void *ctx);
    void *ctx;
};

struct body {
    /* set by the server: */
    struct head_body declared;
    bool expects_continue;
    struct body_source source;
    struct budget *large, *small; /* pools: of bodies beyond SL_SMALL_BODY_BYTES, and the others */
    unsigned grace_ms;            /* 0: SL_BODY_RATE_GRACE_MS */
    /* its own: */
    bool told_to_go_on, whole, gone, late;
    bool unmeasured;  /* it was asked for and has no length: where it ends can't be known */
    uint64_t arrived; /* of the declared length */
    char *bytes;
    size_t mapped; /* bytes of a mapping of its own; 0: the thread's small buffer */
    uint64_t reserved;
};

/* Read it all: waits for room, tells a waiting client to go on, reads. The bytes are valid until
   body_fini; a second call gives them again. SL_TOO_LARGE: longer than `max`, named; nothing was
   read. SL_INVALID: no Content-Length; nothing was read. SL_NOMEM. SL_IO: the client went away, or
   was slower than SL_BODY_RATE_BYTES_PER_S (then body->late). */
enum sl_result body_read(struct body *body, size_t max, struct sl_span *bytes, struct sl_err *err);

/* Can the connection be used for another request, all of this body being read, or little enough
   left to be dropped? Judged before the answer, so that it can say so. */
bool body_leaves_connection(const struct body *body);

/* Read and drop what is left of a body that leaves the connection usable. False: it doesn't after
 * all. */
bool body_drop_rest(struct body *body);

/* Give back memory and room. */
void body_fini(struct body *body);

/* When the connection ends whose bodies this thread read: give back what was kept for the next. */
void body_connection_end(void);

#endif
