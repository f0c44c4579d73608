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

static bool add_piece(void *ctx, const void *bytes, size_t len)
{
    struct buf *buf = ctx;
    buf_add(buf, bytes, len);
    return !buf->failed;
}

struct sl_sink buf_sink(struct buf *buf)
{
    return (struct sl_sink){add_piece, buf};
}

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){0};
}
