#ifndef SHARELOG_MAKER_H
#define SHARELOG_MAKER_H

/* Which key made a share: MAKER_BYTES in its create event, by which the same key is known again.

       a key       HMAC(HMAC(signing seed, "sharelog makers"), the key's name)
       nobody      32 bytes 00: it was made without a key
       unknown     32 bytes ff, in memory alone: its create event is of format 1, which doesn't say

   The name is hashed, not the key: a key that is exchanged for another of its name stays the same
   maker. Under the log's own seed, which never changes, for a take-down must hold whatever else is
   changed about a server. No HMAC is ever one of the other two. */

#include "core/base/span.h"

#include <stdint.h>
#include <string.h>

#define MAKER_BYTES 32

extern const uint8_t maker_nobody[MAKER_BYTES], maker_unknown[MAKER_BYTES];

/* Of the key of that name, from the 32 bytes of the log's signing seed. Can't fail. */
void maker_of(const uint8_t signing_seed[32], struct sl_span name, uint8_t maker[MAKER_BYTES]);

/* As a record's element: a maker as bytes, unknown as the number 0, which format 1 has in its
   place. Decoding gives 32 bytes where they lie, or maker_unknown; NULL: it is neither. */
struct buf;
struct unpack;
void maker_encode(const uint8_t maker[MAKER_BYTES], struct buf *out);
const uint8_t *maker_decode(struct unpack *in);

static inline bool maker_same(const uint8_t a[MAKER_BYTES], const uint8_t b[MAKER_BYTES])
{
    return memcmp(a, b, MAKER_BYTES) == 0;
}

#endif
