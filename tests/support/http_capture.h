#ifndef TESTS_SUPPORT_HTTP_CAPTURE_H
#define TESTS_SUPPORT_HTTP_CAPTURE_H

/* Recorded sessions, sent into the store of http_ask: what pages of real sessions are tested with.
 */

#include "core/base/buf.h"
#include "tests/support/http_ask.h"

#define CAPTURE_SHARES 8

struct capture {
    struct share shares[CAPTURE_SHARES]; /* as the requests made them */
    bool removed[CAPTURE_SHARES];
    size_t count;
    struct buf bytes; /* the file */
};

/* The names of all captures, NULL at the end. */
extern const char *const captures[];

/* Send tests/captures/NAME.jsonl, each request as it came but for ids and secrets. */
void capture_send(const char *name, struct capture *capture);
void capture_fini(struct capture *capture);

/* `each` gets every string member called `name` (raw, between its quotes) at any depth of `value`,
   but for those in `metadata`: there tools say again what their output says. */
void capture_strings(
    struct sl_span value, const char *name, void (*each)(void *ctx, struct sl_span raw), void *ctx);

#endif
