#ifndef SHARELOG_TREE_H
#define SHARELOG_TREE_H

/* The Merkle tree of RFC 6962, 2.1, over leaf hashes: roots, proofs, their checks. Pure: it knows
   hashes, not where they are kept. A *subtree* is complete and aligned: at `level`, number `index`,
   it has the leaves [index << level, (index + 1) << level). */

#include "core/base/err.h"
#include "core/base/span.h"

#define TREE_LEVELS 64
#define TREE_HASH_BYTES 32

/* A tile of C2SP's tlog-tiles: that many hashes of one level, side by side. */
#define TILE_WIDTH 256
#define TILE_BYTES ((size_t)TILE_WIDTH * TREE_HASH_BYTES)

/* H(0x01 ‖ left ‖ right); `out` may be either. */
void tree_join(const uint8_t left[32], const uint8_t right[32], uint8_t out[32]);

/* The leaves [0, size) by the roots of the subtrees that they make: one a set bit of the size, the
   largest on the left. Of 11 (binary 1011) leaves:

     root[3]            of leaves 0 … 7
        .    root[1]    of leaves 8, 9
        .      .    root[0]    of leaf 10; root[2] is unused

   Zeroed is empty. A leaf joins the subtrees that are complete then, from the right, as adding one
   carries: one hash on average. The tree's root joins them all, also from the right. */
struct tree_edge {
    uint64_t size;
    uint8_t root[TREE_LEVELS][32];
};
void tree_add(struct tree_edge *edge, const uint8_t leaf[32]);
/* A whole subtree at once; false when none of that level can begin where the edge ends. */
bool tree_add_subtree(struct tree_edge *edge, unsigned level, const uint8_t root[32]);
void tree_edge_root(const struct tree_edge *edge, uint8_t root[32]);

struct tree_subtree {
    unsigned level;
    uint64_t index;
};
/* The subtrees that [from, to) is made of, left to right, as few as there can be; returns how
   many. */
#define TREE_COVER 128
size_t tree_cover(uint64_t from, uint64_t to, struct tree_subtree cover[TREE_COVER]);

/* Where subtrees' roots come from. Asked only for what lies wholly in the tree at hand. */
struct tree_source {
    enum sl_result (*subtree)(
        void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err);
    void *ctx;
};

/* An inclusion proof has a hash a level at most, a consistency proof one more. */
#define TREE_PROOF (TREE_LEVELS + 1)
struct tree_proof {
    size_t count;
    uint8_t hashes[TREE_PROOF][32];
};

/* All fail only as the source does. position < size; from <= to. */
enum sl_result tree_root(
    struct tree_source source, uint64_t size, uint8_t root[32], struct sl_err *err);
enum sl_result tree_inclusion(struct tree_source source, uint64_t position, uint64_t size,
    struct tree_proof *proof, struct sl_err *err);
enum sl_result tree_consistency(struct tree_source source, uint64_t from, uint64_t to,
    struct tree_proof *proof, struct sl_err *err);

/* RFC 9162, 2.1.3.2. A proof that is longer than it needs to be doesn't hold. */
bool tree_inclusion_holds(const struct tree_proof *proof, const uint8_t leaf[32], uint64_t position,
    uint64_t size, const uint8_t root[32]);

/* RFC 9162, 2.1.4.2. Here too a longer proof doesn't hold. An empty tree is consistent with every
   tree, by an empty proof. */
bool tree_consistency_holds(const struct tree_proof *proof, uint64_t from,
    const uint8_t from_root[32], uint64_t to, const uint8_t to_root[32]);

#endif
