/* Ids of shares, keys of items, and the JSON in front of an item's data. All of it only looks at
   texts, or adds to a buffer, whose `failed` says when memory ran out. */

#include "core/event/item.h"

#include "core/base/json.h"
#include "core/sharelog.h"

#include <assert.h>

static const struct sl_span data_infix = {",\"data\":", 8};

bool sl_share_id_valid(struct sl_span id)
{
    if (id.len == 0 || id.len > SL_SHARE_ID_BYTES) return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    c == '_' || c == '-';
        if (!fine) return false;
    }
    return true;
}

/* ---- keys ---- */

void item_key_add(struct buf *out, struct sl_span text)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *p = (const uint8_t *)text.ptr, *end = p + text.len;
    while (p < end) {
        const uint8_t *plain = p;
        while (p < end && *p >= 0x20 && *p != '%' && *p != '/' && *p != 0x7f && *p != 0xc2 &&
               *p != 0xed)
            p++;
        buf_add(out, plain, (size_t)(p - plain));
        if (p == end) break;
        size_t left = (size_t)(end - p);
        if (*p == 0xed && left >= 3 && p[1] >= 0xa0) { /* U+D800–U+DFFF */
            unsigned unit = 0xd000u | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
            char escape[6] = {'%', 'u', digits[unit >> 12], digits[unit >> 8 & 15],
                digits[unit >> 4 & 15], digits[unit & 15]};
            buf_add(out, escape, 6);
            p += 3;
            continue;
        }
        /* U+0080–U+009F are control characters of two bytes; whatever else begins with 0xc2 or
           0xed is plain. */
        size_t encode = *p == 0xc2 && left >= 2    ? (p[1] < 0xa0 ? 2 : 0)
                        : *p == 0xed || *p == 0xc2 ? 0
                                                   : 1;
        if (encode == 0) buf_add(out, p++, 1);
        assert(encode <= left);
        for (; encode > 0; encode--, p++)
            buf_add(out, (char[]){'%', digits[*p >> 4], digits[*p & 15]}, 3);
    }
}

size_t item_prefix_bytes(struct sl_span type)
{
    return 8 + json_quoted_bytes(type) + data_infix.len;
}

void item_prefix_add(struct buf *out, struct sl_span type)
{
    size_t from = out->len;
    buf_add(out, "{\"type\":", 8);
    if (buf_reserve(out, json_quoted_bytes(type)))
        out->len += json_quote(type, out->ptr + out->len);
    buf_add_span(out, data_infix);
    assert(out->failed || out->len - from == item_prefix_bytes(type));
}
