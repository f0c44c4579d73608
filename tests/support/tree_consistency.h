#ifndef TESTS_SUPPORT_TREE_CONSISTENCY_H
#define TESTS_SUPPORT_TREE_CONSISTENCY_H

/* The check of a consistency proof, RFC 9162, 2.1.4.2: what a witness does. sharelog makes such
   proofs and is no witness. A proof that is longer than it needs to be doesn't hold; an empty tree
   is consistent with every tree, by an empty proof. */

#include "core/proof/tree.h"

bool tree_consistency_holds(const struct tree_proof *proof, uint64_t from,
    const uint8_t from_root[32], uint64_t to, const uint8_t to_root[32]);

#endif
