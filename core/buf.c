#include "buf.h"

bool buf_reserve(struct buf *buf, size_t more)
{
    if (buf->failed) return false;
    if (buf->cap - buf->len >= more) return true;
    size_t cap = buf->cap ? buf->cap : 256;
    while (cap - buf->len < more)
        cap *= 2;
    char *ptr = realloc(buf->ptr, cap);
    if (!ptr) {
        buf->failed = true;
        return false;
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !buf_reserve(buf, len)) return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){0};
}
