#ifndef SHARELOG_PACK_H
#define SHARELOG_PACK_H

/* msgpack's wall: records out of and into bytes. Numbers take their smallest encoding, byte strings
   are bin, text is str, so that a record has one encoding and a hash of it means something. */

#include "core/base/buf.h"

void pack_array(struct buf *out, size_t count);
void pack_u64(struct buf *out, uint64_t value);
/* always nine bytes: its length doesn't depend on it */
void pack_u64_fixed(struct buf *out, uint64_t value);
void pack_str(struct buf *out, struct sl_span text);
void pack_bin(struct buf *out, struct sl_span bytes);
/* what comes before the bytes of a bin; the caller adds them */
void pack_bin_begin(struct buf *out, size_t len);
void pack_nil(struct buf *out);

/* How many bytes each of them takes. */
static inline size_t pack_array_bytes(size_t count)
{
    return count < 16 ? 1 : count < 0x10000 ? 3 : 5;
}
static inline size_t pack_u64_bytes(uint64_t value)
{
    return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9;
}
static inline size_t pack_str_bytes(size_t len)
{
    return len + (len < 32 ? 1 : len < 0x100 ? 2 : len < 0x10000 ? 3 : 5);
}

/* Read one record: begin, then take its parts in order, then end. A part that isn't there or is of
   another kind sets `bad` and gives 0 or an empty span, so a reader checks once, at the end. Spans
   point into `bytes`. */
#define UNPACK_DEPTH 4
struct unpack {
    const char *at, *end;
    size_t left[UNPACK_DEPTH]; /* values, of each array that was entered */
    unsigned depth;
    bool bad;
};

/* False: not one well-formed value and nothing else. */
bool unpack_begin(struct unpack *in, struct sl_span bytes);
size_t unpack_array(struct unpack *in); /* enters it; returns its count */
void unpack_leave(struct unpack *in);   /* what is left of the array is passed over */
uint64_t unpack_u64(struct unpack *in);
struct sl_span unpack_str(struct unpack *in);
struct sl_span unpack_bin(struct unpack *in);
void unpack_bin_into(struct unpack *in, void *out, size_t len); /* exactly len bytes */
/* True if nothing was bad. */
bool unpack_end(struct unpack *in);

#endif
