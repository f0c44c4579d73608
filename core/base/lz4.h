#ifndef SHARELOG_LZ4_H
#define SHARELOG_LZ4_H

/* LZ4's wall: single blocks, without a frame. Neither function allocates; any thread may call them.
   Packing takes 16 KiB of the caller's stack. */

#include "core/base/span.h"

/* A block of these bytes, at most 1 GiB, into `out`. Gives its length; 0: it would be longer than
   `cap`, and what is in `out` means nothing. */
size_t lz4_pack(struct sl_span bytes, char *out, size_t cap);

/* The bytes that a block was made of, which must be exactly `len`. False: it isn't a block, or not
   of so many bytes; then what is in `out` means nothing. The block may be anything. */
bool lz4_unpack(struct sl_span block, char *out, size_t len);

#endif
