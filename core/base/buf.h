#ifndef SHARELOG_BUF_H
#define SHARELOG_BUF_H

/* Bytes that grow, owned by whoever holds the struct. Zeroed is empty. Additions go behind what is
   there; the holder checks `failed` once, at the end. When memory runs out `failed` is set, further
   additions do nothing, and what was there before stays.

     ptr                 len            cap
      |  bytes that are there  |  room   |      len <= cap; ptr is NULL only while cap is 0

   A fixed buffer fills room that the caller has and never asks for more: where it is too small,
   `failed` is set as if memory had run out. What must not fail uses one, with room for its most. */

#include "core/base/sink.h"
#include "core/base/span.h"

#include <assert.h>
#include <stdlib.h>

struct buf {
    char *ptr;
    size_t len, cap;
    bool failed, fixed;
};

bool buf_grow(struct buf *buf, size_t more); /* buf_reserve's rare half */
void buf_fini(struct buf *buf);              /* of a fixed one the room stays the caller's */

static inline struct buf buf_fixed(char *room, size_t cap)
{
    return (struct buf){.ptr = room, .cap = cap, .fixed = true};
}

/* A sink that adds what it is given, and stops whoever writes when memory runs out. `buf` is
   borrowed for as long as the sink is used. */
struct sl_sink buf_sink(struct buf *buf);

/* Room for `more` bytes behind len. */
static inline bool buf_reserve(struct buf *buf, size_t more)
{
    return (!buf->failed && buf->cap - buf->len >= more) || buf_grow(buf, more);
}

static inline void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    assert(bytes || len == 0);
    if (len == 0 || !buf_reserve(buf, len) || !buf->ptr) return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

static inline void buf_add_span(struct buf *buf, struct sl_span span)
{
    buf_add(buf, span.ptr, span.len);
}

static inline struct sl_span buf_span(const struct buf *buf)
{
    return (struct sl_span){buf->ptr, buf->len};
}

static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

/* Big-endian numbers, as the storage keys and the log have them. */
static inline void be_put(void *out, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; value >>= 8)
        ((uint8_t *)out)[i] = (uint8_t)value;
}

static inline uint64_t be_get(const void *in, size_t bytes)
{
    uint64_t value = 0;
    assert(bytes <= 8);
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | ((const uint8_t *)in)[i];
    return value;
}

#endif
