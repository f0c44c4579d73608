#include "core/base/buf.h"

bool buf_grow(struct buf *buf, size_t more)
{
    if (buf->failed) return false;
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

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){0};
}
