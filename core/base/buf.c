/* The half of a buffer that allocates. Growing doubles; when memory runs out the buffer keeps what
   it had and is marked as failed. */

#include "core/base/buf.h"

#define FIRST_BYTES 256

bool buf_grow(struct buf *buf, size_t more)
{
    assert(buf->len <= buf->cap && (buf->ptr || buf->cap == 0));
    if (buf->failed) return false;
    size_t cap = buf->cap ? buf->cap : FIRST_BYTES;
    while (cap - buf->len < more && cap <= SIZE_MAX / 2)
        cap *= 2;
    char *ptr = buf->fixed || cap - buf->len < more ? NULL : realloc(buf->ptr, cap);
    if (!ptr) {
        buf->failed = true;
        return false;
    }
    buf->ptr = ptr;
    buf->cap = cap;
    assert(buf->cap - buf->len >= more);
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
    if (!buf->fixed) free(buf->ptr);
    *buf = (struct buf){0};
}
