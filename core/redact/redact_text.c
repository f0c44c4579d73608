/* A value redacted for a text. */

#include "core/redact/redact_text.h"

#include "core/redact/redact_strings.h"

static bool text_hits(void *ctx, struct sl_span text)
{
    const struct sl_span *wanted = ctx;
    return memmem(text.ptr, text.len, wanted->ptr, wanted->len) != NULL;
}

static bool fit(struct sl_span text)
{
    return text.len >= SL_REDACT_TEXT_MIN_BYTES && text.len <= SL_REDACT_TEXT_BYTES;
}

enum sl_result redact_matches(
    struct sl_span data, struct sl_span text, struct buf *out, bool *found, struct sl_err *err)
{
    if (!fit(text))
        return sl_fail(err, SL_INVALID, "a text to redact has %d to %d bytes",
            SL_REDACT_TEXT_MIN_BYTES, SL_REDACT_TEXT_BYTES);
    struct redact_search search = {text.len, text.len, text_hits, &text};
    return redact_strings(data, &search, out, found, err);
}
