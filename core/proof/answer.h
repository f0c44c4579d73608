#ifndef SHARELOG_ANSWER_H
#define SHARELOG_ANSWER_H

/* What an answer of the API says, asked strictly: a stranger hands it to whoever verifies an event.
   `value` is valid JSON, or has no bytes where the member isn't there. */

#include "core/base/buf.h"

/* An object's members by their names, each at most once; ptr NULL: not there. Others may be there.
   False: no object, or one of them twice. */
bool answer_take_members(
    struct sl_span object, const char *const *names, size_t count, struct sl_span *values);
bool answer_has_all(const struct sl_span *values, size_t count);

/* Not there, or null. */
bool answer_is_null(struct sl_span value);
bool answer_is_u64(struct sl_span value, uint64_t expected);
/* A string of just these characters, none of them escaped. */
bool answer_is_text(struct sl_span value, const char *expected);

/* A base64 string of exactly `len` bytes. */
bool answer_take_bytes(struct sl_span value, uint8_t *out, size_t len);
/* A string, decoded. False: none. `out` is cleared first, and `failed` where memory ran out. */
bool answer_take_text(struct sl_span value, struct buf *out);

#endif
