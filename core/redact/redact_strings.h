#ifndef SHARELOG_REDACT_STRINGS_H
#define SHARELOG_REDACT_STRINGS_H

/* Every string of a JSON text, names too, held against a search, and replaced where it hits.
   Internal to redacting. */

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/event/redact_whole.h"

/* `hits` sees a string decoded; a long one that has escapes in pieces that overlap by `longest` - 1
   bytes, so that nothing of up to `longest` bytes is cut. Strings that can't have `shortest` bytes
   are passed over, and so are those that read `[redacted]` already: redacting again changes
   nothing. 1 <= shortest <= longest <= SL_REDACT_TEXT_BYTES. */
struct redact_search {
    size_t shortest, longest;
    bool (*hits)(void *ctx, struct sl_span text);
    void *ctx;
};

/* `data`, one valid JSON value, with every string that is hit replaced, all else byte for byte.
 *found false: none is, and nothing is appended. SL_NOMEM is the one failure. */
enum sl_result redact_strings(struct sl_span data, const struct redact_search *search,
    struct buf *out, bool *found, struct sl_err *err);

#endif
