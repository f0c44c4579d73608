#ifndef SHARELOG_REDACTED_H
#define SHARELOG_REDACTED_H

/* A sync's item that was redacted, as who verifies a bundle or an event tells it: what is there of
   it now is the server's word. */

#include "core/sharelog.h"

struct redacted_item {
    uint64_t sequence, item;
    struct sl_span key;
    bool marked;   /* redacted on arrival: what stands there is committed to, what was sent isn't */
    bool withheld; /* redacted later: what was sent is committed to, what stands there isn't */
    /* the last redact event that named it; `by` 0: none that is known */
    uint64_t by, time_ms;
    enum sl_who who;
    struct sl_span reason;
};

/* Called for each, in order; the item is valid for the call. */
struct redacted_each {
    void (*each)(void *ctx, const struct redacted_item *item);
    void *ctx;
};

#endif
