/* The tree's hashes: an edge that grows leaf by leaf, roots and proofs made of subtrees that the
   caller looks up, and their checks, which need nothing but a proof. Making fails only as the
   lookup does. */

#include "core/proof/tree.h"

#include "core/base/crypto.h"

#include <assert.h>

void tree_join(const uint8_t left[32], const uint8_t right[32], uint8_t out[32])
{
    uint8_t bytes[65] = {1};
    memcpy(bytes + 1, left, 32);
    memcpy(bytes + 33, right, 32);
    crypto_sha256(bytes, sizeof(bytes), out);
}

/* ---- the edge ---- */

bool tree_add_subtree(struct tree_edge *edge, unsigned level, const uint8_t root[32])
{
    uint8_t hash[32];
    if (level >= TREE_LEVELS || edge->size & (((uint64_t)1 << level) - 1)) return false;
    if (edge->size > UINT64_MAX - ((uint64_t)1 << level)) return false;
    memcpy(hash, root, 32);
    for (; edge->size >> level & 1; level++) {
        tree_join(edge->root[level], hash, hash);
        edge->size -= (uint64_t)1 << level;
    }
    assert(level < TREE_LEVELS && !(edge->size >> level & 1));
    memcpy(edge->root[level], hash, 32);
    edge->size += (uint64_t)1 << level;
    return true;
}

void tree_add(struct tree_edge *edge, const uint8_t leaf[32])
{
    bool added = tree_add_subtree(edge, 0, leaf);
    assert(added); /* a leaf can begin anywhere, and no log has 2^64 */
}

void tree_edge_root(const struct tree_edge *edge, uint8_t root[32])
{
    bool any = false;
    if (edge->size == 0) crypto_sha256("", 0, root);
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if (!(edge->size >> level & 1)) continue;
        if (any)
            tree_join(edge->root[level], root, root);
        else
            memcpy(root, edge->root[level], 32);
        any = true;
    }
}

size_t tree_cover(uint64_t from, uint64_t to, struct tree_subtree cover[TREE_COVER])
{
    size_t count = 0;
    while (from < to) {
        unsigned level = 0;
        while (level + 1 < TREE_LEVELS && !(from >> level & 1) &&
               to - from >= (uint64_t)1 << (level + 1))
            level++;
        assert(count < TREE_COVER);
        cover[count++] = (struct tree_subtree){level, from >> level};
        from += (uint64_t)1 << level;
    }
    return count;
}

/* ---- roots and proofs ---- */

/* MTH(D[from:to]), `from` being where a subtree of at least that size begins: its cover joined from
   the right. */
static enum sl_result root_of(
    struct tree_source source, uint64_t from, uint64_t to, uint8_t root[32], struct sl_err *err)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(from, to, cover);
    if (count == 0) crypto_sha256("", 0, root);
    for (size_t i = count; i-- > 0;) {
        uint8_t hash[32];
        enum sl_result result =
            source.subtree(source.ctx, cover[i].level, cover[i].index, hash, err);
        if (result != SL_OK) return result;
        if (i + 1 < count)
            tree_join(hash, root, root);
        else
            memcpy(root, hash, 32);
    }
    return SL_OK;
}

enum sl_result tree_root(
    struct tree_source source, uint64_t size, uint8_t root[32], struct sl_err *err)
{
    return root_of(source, 0, size, root, err);
}

/* The largest power of two below n, which is at least 2. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    assert(n >= 2);
    while (k < n - k)
        k *= 2;
    return k;
}

/* Both proofs go down from the root, and name the sibling of every step after those below it: they
   are made from the far end of `hashes` and then moved to the front. */
static enum sl_result put_sibling(struct tree_source source, uint64_t from, uint64_t to,
    struct tree_proof *proof, struct sl_err *err)
{
    assert(proof->count < TREE_PROOF);
    enum sl_result result =
        root_of(source, from, to, proof->hashes[TREE_PROOF - 1 - proof->count], err);
    if (result == SL_OK) proof->count++;
    return result;
}

static void settle(struct tree_proof *proof)
{
    if (proof->count)
        memmove(proof->hashes, proof->hashes[TREE_PROOF - proof->count], proof->count * 32);
}

enum sl_result tree_inclusion(struct tree_source source, uint64_t position, uint64_t size,
    struct tree_proof *proof, struct sl_err *err)
{
    uint64_t from = 0, to = size;
    enum sl_result result = SL_OK;
    assert(position < size);
    proof->count = 0;
    while (to - from > 1 && result == SL_OK) {
        uint64_t middle = from + split(to - from);
        if (position < middle) {
            result = put_sibling(source, middle, to, proof, err);
            to = middle;
        } else {
            result = put_sibling(source, from, middle, proof, err);
            from = middle;
        }
    }
    settle(proof);
    return result;
}

enum sl_result tree_consistency(struct tree_source source, uint64_t from, uint64_t to,
    struct tree_proof *proof, struct sl_err *err)
{
    uint64_t left = 0, right = to;
    bool whole = true; /* SUBPROOF's b: is D[0:from] itself a subtree on the way? */
    enum sl_result result = SL_OK;
    assert(from <= to);
    proof->count = 0;
    if (from == 0 || from == to) return SL_OK;
    while (from != right && result == SL_OK) {
        uint64_t middle = left + split(right - left);
        if (from <= middle) {
            result = put_sibling(source, middle, right, proof, err);
            right = middle;
        } else {
            result = put_sibling(source, left, middle, proof, err);
            left = middle;
            whole = false;
        }
    }
    if (!whole && result == SL_OK) result = put_sibling(source, left, right, proof, err);
    settle(proof);
    return result;
}

/* ---- checks ---- */

bool tree_inclusion_holds(const struct tree_proof *proof, const uint8_t leaf[32], uint64_t position,
    uint64_t size, const uint8_t root[32])
{
    if (position >= size || proof->count > TREE_PROOF) return false;
    uint64_t at = position, last = size - 1;
    uint8_t hash[32];
    memcpy(hash, leaf, 32);
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0) return false;
        if (at & 1 || at == last) {
            tree_join(proof->hashes[i], hash, hash);
            for (; !(at & 1) && at; last >>= 1)
                at >>= 1;
        } else {
            tree_join(hash, proof->hashes[i], hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, 32) == 0;
}

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
