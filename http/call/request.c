/* A query's parameters, decoded. What is malformed reads as absent here; param.c tells the two
   apart. */

#include "http/call/request.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Decode a query's `+` and %XX into out (terminated). False: an escape that is none, a NUL (it
   would end the text early and hide what follows), or no room. */
static bool decode(struct sl_span raw, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.ptr[i];
        if (c == '%') {
            if (raw.len - i < 3) return false;
            int high = hex_digit(raw.ptr[i + 1]), low = hex_digit(raw.ptr[i + 2]);
            if (high < 0 || low < 0) return false;
            c = high * 16 + low;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == 0 || n + 1 >= cap) return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

bool http_query(const struct http_request *request, const char *name, char *buf, size_t cap)
{
    struct sl_span rest = request->query;
    size_t name_len = strlen(name);
    if (cap == 0) return false;
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '&', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        const char *equals = memchr(rest.ptr, '=', len);
        size_t key_len = equals ? (size_t)(equals - rest.ptr) : len;
        if (key_len == name_len && memcmp(rest.ptr, name, name_len) == 0) {
            size_t skip = equals ? key_len + 1 : key_len;
            return decode((struct sl_span){rest.ptr + skip, len - skip}, buf, cap);
        }
        if (!end) break;
        rest.ptr += len + 1;
        rest.len -= len + 1;
    }
    return false;
}
