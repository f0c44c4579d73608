/* One item, or one field of it, in full: where a page's cuts and its files lead to.

   Text goes out as text/plain, a data: URL of a safe type as what it holds, in a sandbox; anything
   else as a download. */

#include "http/pages/session/page_item.h"

#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/found.h"
#include "http/pages/session/attachment.h"
#include "http/pages/text/html.h"
#include "http/pages/value.h"

#define FIELD_BYTES 512
#define PIECE_BYTES ((size_t)12 * 1024) /* of base64 at once, a multiple of four */

/* ---- finding it ---- */

static enum sl_result find(
    struct sl_view *view, struct sl_span key, struct sl_view_item *item, struct sl_err *err)
{
    size_t low = 0, high = 0;
    enum sl_result counted = sl_view_items(view, &high, err);
    if (counted != SL_OK) return counted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        enum sl_result result = sl_view_item(view, SL_BY_KEY, middle, item, err);
        if (result != SL_OK) return result;
        int d = sl_span_cmp(item->key, key);
        if (d == 0) return SL_OK;
        if (d < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return sl_fail(err, SL_NOT_FOUND, "no such item");
}

/* ---- writing it ---- */

/* What came from outside is shown as text, or as a picture; it has no origin to act in. */
static bool begin(struct http_reply *reply, const char *type, const char *disposition)
{
    bool pdf = strcmp(type, "application/pdf") == 0; /* its viewer does not run in a sandbox */
    http_header(reply, "Content-Security-Policy",
        pdf ? "default-src 'none'; frame-ancestors 'none'"
            : "default-src 'none'; sandbox; frame-ancestors 'none'");
    http_header(reply, "Referrer-Policy", "no-referrer");
    http_header(reply, "X-Robots-Tag", "noindex, nofollow");
    if (disposition) http_header(reply, "Content-Disposition", disposition);
    reply->compress = !attachment_is_picture(type);
    return http_begin(reply, 200, type);
}

/* A lone surrogate has no UTF-8: a question mark stands for it. */
static void mend(struct buf *text)
{
    for (size_t i = 0; i + 2 < text->len; i++) {
        unsigned char *at = (unsigned char *)text->ptr + i;
        if (at[0] == 0xed && at[1] >= 0xa0) memcpy(at, "\xef\xbf\xbd", 3);
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

/* What isn't base64 is passed over, as browsers have it. */
static bool write_base64(struct http_reply *reply, struct sl_span text)
{
    unsigned char out[PIECE_BYTES / 4 * 3 + 3];
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] != '='; i++) {
        int value = digit(text.ptr[i]);
        if (value < 0) continue;
        bits = bits << 6 | (uint32_t)value;
        if (++count % 4) continue;
        out[len++] = (unsigned char)(bits >> 16);
        out[len++] = (unsigned char)(bits >> 8);
        out[len++] = (unsigned char)bits;
        if (len + 3 < sizeof(out)) continue;
        if (!http_write(reply, out, len)) return false;
        len = 0;
    }
    if (count % 4 >= 2) out[len++] = (unsigned char)(bits >> (count % 4 == 2 ? 4 : 10));
    if (count % 4 == 3) out[len++] = (unsigned char)(bits >> 2);
    return http_write(reply, out, len);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool write_percent(struct http_reply *reply, struct sl_span text)
{
    for (size_t i = 0, run; i < text.len; i += run) {
        const char *percent = memchr(text.ptr + i, '%', text.len - i);
        run = percent ? (size_t)(percent - text.ptr) - i : text.len - i;
        if (run && !http_write(reply, text.ptr + i, run)) return false;
        if (run) continue;
        int high = text.len - i > 2 ? hex(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex(text.ptr[i + 2]) : -1;
        char byte = low >= 0 ? (char)(high << 4 | low) : '%';
        if (!http_write(reply, &byte, 1)) return false;
        run = low >= 0 ? 3 : 1;
    }
    return true;
}

static bool write_text(struct http_reply *reply, struct sl_span string)
{
    struct buf text = {0};
    struct sl_span type, content;
    bool base64, ok;
    if (!html_decode(string, &text)) {
        buf_fini(&text);
        http_error(reply, 500, "out of memory");
        return false;
    }
    if (attachment_data_url(buf_span(&text), &type, &base64, &content)) {
        const char *safe = attachment_safe_type(type);
        ok = begin(
                 reply, safe ? safe : "application/octet-stream", safe ? "inline" : "attachment") &&
             (base64 ? write_base64 : write_percent)(reply, content);
    } else {
        mend(&text);
        ok = begin(reply, "text/plain; charset=utf-8", NULL) &&
             http_write(reply, text.ptr, text.len);
    }
    buf_fini(&text);
    return ok;
}

void page_item(struct http_call *call)
{
    char key[SL_ITEM_KEY_BYTES + 1], field[FIELD_BYTES] = "";
    struct sl_moment moment;
    struct sl_view *view = NULL;
    struct sl_view_item item;
    struct sl_err err = {0};
    enum sl_result result = param_moment(call->request, &moment, &err);
    if (result == SL_OK && param_text(call->request, "key", key, sizeof(key)) != PARAM_GIVEN)
        result = sl_fail(&err, SL_INVALID, "key: expected the key of an item");
    if (result == SL_OK && param_text(call->request, "field", field, sizeof(field)) == PARAM_WRONG)
        result = sl_fail(&err, SL_INVALID, "field: expected a path such as state.output");
    if (result == SL_OK) result = sl_view_open(call->app->store, api_id(call), moment, &view, &err);
    if (result == SL_OK) result = find(view, sl_span_of(key), &item, &err);
    if (result == SL_OK) {
        struct sl_span value = field[0] ? value_at(item.data, field) : item.data;
        if (!value.len)
            result = sl_fail(&err, SL_NOT_FOUND, "the item has no such field");
        else if (value_is_string(value))
            write_text(call->reply, value);
        else if (begin(call->reply, API_JSON, NULL))
            http_write(call->reply, value.ptr, value.len);
    }
    found_fail(call, result, &err);
    sl_view_close(view);
}
