#include "tests/support/tree_consistency.h"

#include "core/base/crypto.h"

bool tree_consistency_holds(const struct tree_proof *proof, uint64_t from,
    const uint8_t from_root[32], uint64_t to, const uint8_t to_root[32])
{
    uint8_t empty[32];
    crypto_sha256("", 0, empty);
    if (proof->count > TREE_PROOF || from > to) return false;
    if (from == to) return proof->count == 0 && memcmp(from_root, to_root, 32) == 0;
    if (from == 0) return proof->count == 0 && memcmp(from_root, empty, 32) == 0;
    bool power = (from & (from - 1)) == 0;
    if (!power && proof->count == 0) return false;
    uint8_t old_root[32], new_root[32];
    size_t next = power ? 0 : 1;
    memcpy(old_root, power ? from_root : proof->hashes[0], 32);
    memcpy(new_root, old_root, 32);
    uint64_t at = from - 1, last = to - 1;
    for (; at & 1; last >>= 1)
        at >>= 1;
    for (; next < proof->count; next++) {
        const uint8_t *hash = proof->hashes[next];
        if (last == 0) return false;
        if (at & 1 || at == last) {
            tree_join(hash, old_root, old_root);
            tree_join(hash, new_root, new_root);
            for (; !(at & 1) && at; last >>= 1)
                at >>= 1;
        } else {
            tree_join(new_root, hash, new_root);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old_root, from_root, 32) == 0 && memcmp(new_root, to_root, 32) == 0;
}
