/* The parts of the API's answer about an event, taken out of its JSON. They only look at it;
   decoding a string alone takes memory, and the buffer says when there is none. */

#include "core/proof/answer.h"

#include "core/base/crypto.h"
#include "core/base/json.h"

#include <assert.h>

bool answer_take_members(
    struct sl_span object, const char *const *names, size_t count, struct sl_span *values)
{
    struct sl_span name, value;
    assert(count > 0);
    for (size_t i = 0; i < count; i++)
        values[i] = (struct sl_span){0};
    if (json_kind_of(object) != JSON_OBJECT) return false;
    while (json_next_member(&object, &name, &value))
        for (size_t i = 0; i < count; i++) {
            if (!json_raw_eq(name, names[i])) continue;
            if (values[i].ptr) return false;
            values[i] = value;
        }
    return true;
}

bool answer_has_all(const struct sl_span *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!values[i].ptr) return false;
    return true;
}

bool answer_is_null(struct sl_span value)
{
    return !value.ptr || json_kind_of(value) == JSON_NULL;
}

bool answer_is_u64(struct sl_span value, uint64_t expected)
{
    uint64_t number;
    return json_u64(value, &number) && number == expected;
}

bool answer_is_text(struct sl_span value, const char *expected)
{
    struct sl_span raw;
    return json_string_raw(value, &raw) && sl_span_eq(raw, sl_span_of(expected));
}

bool answer_take_bytes(struct sl_span value, uint8_t *out, size_t len)
{
    struct sl_span raw;
    size_t got;
    return value.ptr && json_string_raw(value, &raw) && crypto_base64_parse(raw, out, len, &got) &&
           got == len;
}

bool answer_take_text(struct sl_span value, struct buf *out)
{
    struct sl_span raw;
    buf_clear(out);
    if (!json_string_raw(value, &raw)) return false;
    if (raw.len && buf_reserve(out, raw.len)) out->len = json_decode(raw, out->ptr);
    assert(out->len <= raw.len);
    return true;
}
