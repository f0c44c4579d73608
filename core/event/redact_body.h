#ifndef SHARELOG_REDACT_BODY_H
#define SHARELOG_REDACT_BODY_H

/* A redact event's body: [who, reason, [[sequence, item, replacement (bin)] …]]: what was replaced,
   and by what. Of a redact event whose body was made anew with it, the SHA-256 of that. */

#include "core/base/buf.h"
#include "core/sharelog.h"

struct redact_entry {
    uint64_t sequence, item;
    struct sl_span replacement;
};

struct redact_body {
    enum sl_who who;
    struct sl_span reason;
    struct redact_entry *entries;
    size_t count;
};

void redact_body_encode(const struct redact_body *body, struct buf *out);
/* Spans point into `bytes`. SL_CORRUPT: malformed; then, as after SL_NOMEM, there is nothing to
   free. */
enum sl_result redact_body_decode(struct sl_span bytes, struct redact_body *body);
void redact_body_fini(struct redact_body *body);

#endif
