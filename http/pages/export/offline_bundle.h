#ifndef SHARELOG_HTTP_PAGES_EXPORT_OFFLINE_BUNDLE_H
#define SHARELOG_HTTP_PAGES_EXPORT_OFFLINE_BUNDLE_H

/* The share's bundle inside its page as one file: compressed, as base64, in an element that does
   nothing; http/assets/bundle.js makes a file of it again. */

#include "http/call/call.h"

struct offline_bundle {
    const char *left_out; /* why there is none; NULL: there is one */
    uint64_t events, bytes;
};

/* May it be in the file? `last`: the newest event that the file shows. It is left out of a file
   that ends before the share's last event, for it would tell what came after; where it is too
   large; and where no checkpoint would cover it. */
enum sl_result offline_bundle_plan(
    struct http_call *call, uint64_t last, struct offline_bundle *bundle, struct sl_err *err);

/* What people read of it. */
bool offline_bundle_write_note(struct http_call *call, const struct offline_bundle *bundle);

/* The element; nothing if it is left out. Memory: a piece of it. */
enum sl_result offline_bundle_write(
    struct http_call *call, const struct offline_bundle *bundle, struct sl_err *err);

#define OFFLINE_BUNDLE_BYTES (64 * SL_MIB) /* of contents, before they are compressed */

#endif
