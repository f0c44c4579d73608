#ifndef SHARELOG_PRINT_H
#define SHARELOG_PRINT_H

/* A fingerprint of bytes under a random key, ten times as fast as SHA-256: whether bytes that are
   read now are those that were read before, within one run. NH (of UMAC, RFC 4418, with words of 64
   bits) block by block, and of the blocks' sums a polynomial modulo 2^61 - 1. Two different strings
   of one length have the same print with a chance below (blocks + 2) / 2^60, whatever they are,
   as long as whoever made them doesn't know the key; of different lengths it says nothing.

   No hash for keeping: it means nothing to another run. With a fixed key it does, but then anyone
   can make strings that have the same: it only tells which bytes are worth comparing. */

#include "core/base/span.h"

#define PRINT_BLOCK 1024

struct print_key {
    uint64_t words[PRINT_BLOCK / 8];
    uint64_t points[4];
};
void print_key_init(struct print_key *key);
void print_key_fixed(struct print_key *key);

/* Piece by piece. */
struct print {
    const struct print_key *key;
    uint64_t sum;
    size_t used; /* of a block that isn't full yet */
    char block[PRINT_BLOCK];
};
void print_begin(struct print *print, const struct print_key *key);
void print_add(struct print *print, const void *bytes, size_t len);
uint64_t print_end(struct print *print);

uint64_t print_of(const struct print_key *key, struct sl_span bytes);

#endif
