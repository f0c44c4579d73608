/* The Merkle tree, beside one that is written down from RFC 6962's definition: every pair of sizes
 * up to 300, random ones up to a million, and the largest that there can be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/tree.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define SMALL 300
#define LARGE 1000000
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SAMPLES 300
#else
#define SAMPLES 1500
#endif

static uint64_t seed;

static uint64_t below(uint64_t bound)
{
    return core_random(&seed) % bound;
}

/* ---- the naive tree ---- */

typedef uint8_t hash_bytes[32];
static hash_bytes *roots[20]; /* of complete aligned subtrees, remembered: a level each */
static bool *known[20];

static void join(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
    uint8_t bytes[65];
    bytes[0] = 1;
    memcpy(bytes + 1, left, 32);
    memcpy(bytes + 33, right, 32);
    crypto_sha256(bytes, 65, out);
}

static uint64_t largest_power_below(uint64_t n)
{
    uint64_t k = 1;
    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH(D[from:to]), to > from. */
static void mth(uint64_t from, uint64_t to, uint8_t *out)
{
    uint64_t n = to - from, k = largest_power_below(n);
    unsigned level = (unsigned)__builtin_ctzll(n);
    bool complete = (n & (n - 1)) == 0 && from % n == 0;
    if (complete && known[level][from / n]) {
        memcpy(out, roots[level][from / n], 32);
        return;
    }
    if (n == 1) {
        uint8_t leaf[5] = {0};
        be_put(leaf + 1, from, 4);
        crypto_sha256(leaf, sizeof(leaf), out);
    } else {
        uint8_t left[32], right[32];
        mth(from, from + k, left);
        mth(from + k, to, right);
        join(left, right, out);
    }
    if (!complete) return;
    memcpy(roots[level][from / n], out, 32);
    known[level][from / n] = true;
}

static void mth_root(uint64_t size, uint8_t *out)
{
    if (size)
        mth(0, size, out);
    else
        crypto_sha256("", 0, out);
}

/* PATH(m, D[from:to]) */
static void path(uint64_t m, uint64_t from, uint64_t to, struct tree_proof *out)
{
    uint64_t n = to - from, k = largest_power_below(n);
    if (n == 1) return;
    if (m < k) {
        path(m, from, from + k, out);
        mth(from + k, to, out->hashes[out->count]);
    } else {
        path(m - k, from + k, to, out);
        mth(from, from + k, out->hashes[out->count]);
    }
    out->count++;
}

/* SUBPROOF(m, D[from:to], whole) */
static void subproof(uint64_t m, uint64_t from, uint64_t to, bool whole, struct tree_proof *out)
{
    uint64_t n = to - from, k = largest_power_below(n);
    if (m == n) {
        if (!whole) mth(from, to, out->hashes[out->count++]);
        return;
    }
    if (m <= k) {
        subproof(m, from, from + k, whole, out);
        mth(from + k, to, out->hashes[out->count]);
    } else {
        subproof(m - k, from + k, to, false, out);
        mth(from, from + k, out->hashes[out->count]);
    }
    out->count++;
}

static int make_memory(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 20; level++) {
        roots[level] = calloc(((size_t)LARGE >> level) + 1, 32);
        known[level] = calloc(((size_t)LARGE >> level) + 1, sizeof(bool));
        if (!roots[level] || !known[level]) return -1;
    }
    return 0;
}

static int drop_memory(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 20; level++) {
        free(roots[level]);
        free(known[level]);
    }
    return 0;
}

/* ---- as a source ---- */

struct naive {
    uint64_t size; /* asked for no leaf at or past it */
    size_t calls, fail_at;
};

static enum sl_result naive_subtree(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    struct naive *naive = ctx;
    assert_true(level < 20);
    assert_true((index + 1) << level <= naive->size);
    if (naive->calls++ == naive->fail_at) return sl_fail(err, SL_IO, "no subtree");
    mth(index << level, (index + 1) << level, root);
    return SL_OK;
}

static struct tree_source source_of(struct naive *naive, uint64_t size)
{
    *naive = (struct naive){.size = size, .fail_at = SIZE_MAX};
    return (struct tree_source){naive_subtree, naive};
}

static void assert_same_proof(const struct tree_proof *got, const struct tree_proof *expected,
    uint64_t a, uint64_t b, const char *what)
{
    if (got->count != expected->count ||
        memcmp(got->hashes, expected->hashes, got->count * 32) != 0)
        fail_msg("%s of %llu in %llu differs", what, (unsigned long long)a, (unsigned long long)b);
}

/* ---- what must not hold ---- */

/* One claim: an inclusion (a position in a size) or a consistency (a size and a size). */
struct claim {
    bool inclusion;
    uint64_t a, b;
    uint8_t first[32], second[32]; /* leaf and root, or both roots */
};

static bool holds(const struct claim *claim, const struct tree_proof *proof)
{
    return claim->inclusion
               ? tree_inclusion_holds(proof, claim->first, claim->a, claim->b, claim->second)
               : tree_consistency_holds(proof, claim->a, claim->first, claim->b, claim->second);
}

static void assert_refused(
    const struct claim *claim, const struct tree_proof *proof, const char *how)
{
    if (holds(claim, proof))
        fail_msg("%s of %llu in %llu holds with %s", claim->inclusion ? "inclusion" : "consistency",
            (unsigned long long)claim->a, (unsigned long long)claim->b, how);
}

static void flip(uint8_t *hash, unsigned bit)
{
    hash[bit / 8] = (uint8_t)(hash[bit / 8] ^ 1u << bit % 8);
}

static void flips(struct claim *claim, struct tree_proof *proof, bool every)
{
    for (size_t i = 0; i < proof->count + 2; i++) {
        uint8_t *hash = i < proof->count    ? proof->hashes[i]
                        : i == proof->count ? claim->first
                                            : claim->second;
        for (unsigned bit = every ? 0 : (unsigned)below(256), n = every ? 256 : 1; n--; bit++) {
            flip(hash, bit);
            assert_refused(claim, proof, "a bit flipped");
            flip(hash, bit);
        }
    }
}

/* Another place or another size, with the roots that those really have: the root alone doesn't say
   how many leaves it is of (that's what a checkpoint is for). */
static void elsewhere(const struct claim *claim, const struct tree_proof *proof)
{
    static const int steps[] = {-2, -1, 1, 2, 7, 64};
    for (size_t i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++) {
        struct claim other = *claim;
        uint64_t *moved = i % 2 ? &other.a : &other.b;
        uint64_t to = *moved + (uint64_t)(int64_t)steps[i / 2];
        if (to > LARGE) continue; /* or below zero */
        *moved = to;
        if (i % 2 == 0) mth_root(other.b, other.second);
        if (i % 2 == 1 && !claim->inclusion) mth_root(other.a, other.first);
        if (!claim->inclusion && (other.a == other.b || other.a == 0) && proof->count == 0)
            continue;
        assert_refused(&other, proof, "another place or size");
    }
}

static void assert_only_so(struct claim *claim, struct tree_proof *proof, bool every)
{
    struct tree_proof other = *proof;
    if (!holds(claim, proof))
        fail_msg("%s of %llu in %llu doesn't hold", claim->inclusion ? "inclusion" : "consistency",
            (unsigned long long)claim->a, (unsigned long long)claim->b);
    /* The second root of a proof from nothing is anybody's: nothing is consistent with all. */
    if (claim->inclusion || claim->a > 0) flips(claim, proof, every);
    elsewhere(claim, proof);
    memset(other.hashes[other.count++], 0xa5, 32);
    assert_refused(claim, &other, "a hash more at the end");
    memcpy(other.hashes[other.count - 1], claim->second, 32);
    assert_refused(claim, &other, "the root at the end");
    other.count = proof->count;
    memmove(other.hashes[1], proof->hashes[0], proof->count * 32);
    other.count++;
    memcpy(other.hashes[0], claim->first, 32);
    assert_refused(claim, &other, "a hash more in front");
    other.count = SIZE_MAX;
    assert_refused(claim, &other, "a count out of bounds");
    if (proof->count == 0) return;
    other = *proof;
    other.count--;
    assert_refused(claim, &other, "the last hash gone");
    memmove(other.hashes[0], other.hashes[1], other.count * 32);
    assert_refused(claim, &other, "the first hash gone");
    if (proof->count < 2) return;
    other = *proof;
    memcpy(other.hashes[0], proof->hashes[1], 32);
    memcpy(other.hashes[1], proof->hashes[0], 32);
    assert_refused(claim, &other, "two hashes swapped");
}

static void check_inclusion(uint64_t position, uint64_t size, bool every)
{
    struct tree_proof got, expected = {0};
    struct claim claim = {.inclusion = true, .a = position, .b = size};
    struct naive naive;
    mth(position, position + 1, claim.first);
    mth_root(size, claim.second);
    path(position, 0, size, &expected);
    assert_int_equal(tree_inclusion(source_of(&naive, size), position, size, &got, NULL), SL_OK);
    assert_same_proof(&got, &expected, position, size, "the inclusion");
    assert_only_so(&claim, &got, every);
}

static void check_consistency(uint64_t from, uint64_t to, bool every)
{
    struct tree_proof got, expected = {0};
    struct claim claim = {.a = from, .b = to};
    struct naive naive;
    mth_root(from, claim.first);
    mth_root(to, claim.second);
    if (from && from < to) subproof(from, 0, to, true, &expected);
    assert_int_equal(tree_consistency(source_of(&naive, to), from, to, &got, NULL), SL_OK);
    assert_same_proof(&got, &expected, from, to, "the consistency");
    assert_only_so(&claim, &got, every);
}

/* ---- tests ---- */

static void vectors(void **state)
{
    (void)state;
    static const struct sl_span leaves[] = {{"", 0}, {"\0", 1}, {"\x10", 1}, {"\x20\x21", 2},
        {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4}, {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
    static const char *const expected[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct tree_edge edge = {0};
    for (size_t n = 0;; n++) {
        uint8_t root[32], leaf[32];
        char hex[65];
        tree_edge_root(&edge, root);
        crypto_hex(root, 32, hex);
        assert_string_equal(hex, expected[n]);
        if (n == 8) break;
        crypto_sha256_of((const struct sl_span[]){{"\0", 1}, leaves[n]}, 2, leaf);
        tree_add(&edge, leaf);
    }
    assert_int_equal(edge.size, 8);
}

static void all_pairs(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= SMALL; size++) {
        struct naive naive;
        uint8_t root[32], expected[32];
        mth_root(size, expected);
        assert_int_equal(tree_root(source_of(&naive, size), size, root, NULL), SL_OK);
        assert_memory_equal(root, expected, 32);
        for (uint64_t other = 0; other <= size; other++) {
            if (other < size) check_inclusion(other, size, size <= 9);
            check_consistency(other, size, size <= 9);
        }
        check_inclusion(size, size + 1, false);
    }
}

static void large(void **state)
{
    (void)state;
    unsigned samples = SAMPLES * core_rounds();
    for (unsigned i = 0; i < samples; i++) {
        uint64_t size = 1 + below(LARGE), near = (uint64_t)1 << below(20);
        if (i % 4 == 0) size = near + below(3) - (near > 1); /* about a power of two */
        struct naive naive;
        uint8_t root[32], expected[32];
        mth_root(size, expected);
        assert_int_equal(tree_root(source_of(&naive, size), size, root, NULL), SL_OK);
        assert_memory_equal(root, expected, 32);
        check_inclusion(i % 8 == 1 ? size - 1 : below(size), size, i % 100 == 0);
        check_consistency(i % 8 == 2 ? near % (size + 1) : below(size + 1), size, i % 100 == 0);
    }
}

/* Growing leaf by leaf, and by leaps. */
static void edges(void **state)
{
    (void)state;
    struct tree_edge edge = {0};
    uint8_t root[32], expected[32];
    for (uint64_t size = 0; size < LARGE; size++) {
        if (size < SMALL || size % 9973 == 0) {
            tree_edge_root(&edge, root);
            mth_root(size, expected);
            assert_true(edge.size == size);
            assert_memory_equal(root, expected, 32);
        }
        mth(size, size + 1, root);
        tree_add(&edge, root);
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t size = i < SMALL ? i : 1 + below(LARGE);
        memset(&edge, 0, sizeof(edge));
        while (edge.size < size) {
            struct tree_subtree cover[TREE_COVER];
            uint64_t to = edge.size + 1 + below(size - edge.size);
            bool leaf = below(3) == 0;
            size_t count = tree_cover(edge.size, leaf ? edge.size + 1 : to, cover);
            for (size_t c = 0; c < count; c++) {
                uint64_t from = cover[c].index << cover[c].level;
                assert_true(from == edge.size);
                mth(from, from + ((uint64_t)1 << cover[c].level), root);
                assert_true(tree_add_subtree(&edge, cover[c].level, root));
            }
        }
        tree_edge_root(&edge, root);
        mth_root(size, expected);
        assert_memory_equal(root, expected, 32);
    }
}

static void edge_refuses(void **state)
{
    (void)state;
    uint8_t root[32] = {1};
    for (unsigned level = 0; level <= TREE_LEVELS + 1; level++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            struct tree_edge edge = {.size = (uint64_t)1 << bit}, was = edge;
            bool fits = level <= bit && level < TREE_LEVELS && !(level == 63 && bit == 63);
            assert_int_equal(tree_add_subtree(&edge, level, root), fits);
            if (fits)
                assert_true(edge.size == was.size + ((uint64_t)1 << level));
            else
                assert_memory_equal(&edge, &was, sizeof(edge));
        }
    }
    struct tree_edge full = {.size = UINT64_MAX};
    assert_false(tree_add_subtree(&full, 0, root));
}

/* How many nodes of the tree over [low, low + size) the range is made of, by the definition. */
static size_t nodes(uint64_t from, uint64_t to, uint64_t low, uint64_t size)
{
    if (to <= low || low + size <= from) return 0;
    if (from <= low && low + size <= to) return 1;
    return nodes(from, to, low, size / 2) + nodes(from, to, low + size / 2, size / 2);
}

static void covers(void **state)
{
    (void)state;
    struct tree_subtree cover[TREE_COVER];
    for (uint64_t to = 0; to <= SMALL; to++) {
        for (uint64_t from = 0; from <= to + 1; from++) {
            size_t count = tree_cover(from, to, cover);
            uint64_t at = from;
            for (size_t i = 0; i < count; i++) {
                assert_true(cover[i].index << cover[i].level == at);
                at += (uint64_t)1 << cover[i].level;
            }
            if (from <= to) assert_true(at == to);
            assert_int_equal(count, from < to ? nodes(from, to, 0, 512) : 0);
        }
    }
    assert_int_equal(tree_cover(0, UINT64_MAX, cover), 64);
    assert_int_equal(cover[0].level, 63);
    assert_int_equal(tree_cover(1, UINT64_MAX, cover), 126);
    assert_int_equal(tree_cover(1, (uint64_t)1 << 63, cover), 63);
    assert_int_equal(tree_cover((uint64_t)1 << 63, UINT64_MAX, cover), 63);
    assert_int_equal(tree_cover(0, (uint64_t)1 << 63, cover), 1);
    assert_int_equal(tree_cover(5, 5, cover), 0);
    assert_int_equal(tree_cover(6, 5, cover), 0);
}

/* ---- the largest trees: all leaves alike, so that a subtree's root is its level's ---- */

static enum sl_result alike(
    void *ctx, unsigned level, uint64_t index, uint8_t root[32], struct sl_err *err)
{
    (void)ctx, (void)index, (void)err;
    memset(root, 0x11, 32);
    for (unsigned i = 0; i < level; i++)
        join(root, root, root);
    return SL_OK;
}

static void largest(void **state)
{
    (void)state;
    const struct tree_source source = {alike, NULL};
    size_t longest = 0;
    for (unsigned i = 0; i < 300; i++) {
        static const uint64_t sizes[] = {
            UINT64_MAX, UINT64_MAX - 1, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, INT64_MAX};
        struct tree_proof proof;
        uint8_t leaf[32], root[32], from_root[32];
        uint64_t size = i < 5 ? sizes[i] : core_random(&seed) >> below(30), from = i < 5 ? 3 : 0;
        if (from == 0) from = core_random(&seed) % size;
        alike(NULL, 0, 0, leaf, NULL);
        assert_int_equal(tree_root(source, size, root, NULL), SL_OK);
        assert_int_equal(tree_root(source, from, from_root, NULL), SL_OK);
        assert_int_equal(tree_inclusion(source, from, size, &proof, NULL), SL_OK);
        assert_true(proof.count <= TREE_LEVELS);
        assert_true(tree_inclusion_holds(&proof, leaf, from, size, root));
        flip(leaf, (unsigned)below(256));
        assert_false(tree_inclusion_holds(&proof, leaf, from, size, root));
        assert_int_equal(tree_consistency(source, from, size, &proof, NULL), SL_OK);
        assert_true(tree_consistency_holds(&proof, from, from_root, size, root));
        if (proof.count > longest) longest = proof.count;
        flip(proof.hashes[below(proof.count)], (unsigned)below(256));
        assert_false(tree_consistency_holds(&proof, from, from_root, size, root));
    }
    assert_int_equal(longest, TREE_PROOF);
}

/* ---- odds and ends ---- */

static void bounds(void **state)
{
    (void)state;
    struct tree_proof none = {0};
    uint8_t empty[32], leaf[32], other[32] = {3};
    crypto_sha256("", 0, empty);
    mth(0, 1, leaf);
    assert_true(tree_inclusion_holds(&none, leaf, 0, 1, leaf));
    /* a proof that is longer than a tree of that size has levels, though it leads to the root */
    struct tree_proof longer = {.count = 1};
    uint8_t second[32], root[32];
    mth(1, 2, second);
    mth_root(2, root);
    memcpy(longer.hashes[0], leaf, 32);
    assert_true(tree_inclusion_holds(&longer, second, 1, 2, root));
    assert_false(tree_inclusion_holds(&longer, second, 0, 1, root));
    assert_false(tree_inclusion_holds(&none, leaf, 0, 0, empty));
    assert_false(tree_inclusion_holds(&none, leaf, 1, 1, leaf));
    assert_false(tree_inclusion_holds(&none, leaf, UINT64_MAX, UINT64_MAX, leaf));
    assert_true(tree_consistency_holds(&none, 0, empty, 0, empty));
    assert_true(tree_consistency_holds(&none, 0, empty, 5, other));
    assert_false(tree_consistency_holds(&none, 0, other, 5, other));
    assert_true(tree_consistency_holds(&none, 5, other, 5, other));
    assert_false(tree_consistency_holds(&none, 5, other, 4, other));
    assert_false(tree_consistency_holds(&none, 4, other, 5, other));
    assert_false(tree_consistency_holds(&none, 3, other, 5, other));
}

/* A source that fails at its first call, its second …: its result comes back. */
static void faults(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 3; what++) {
        size_t failed = 0;
        for (size_t k = 0;; k++) {
            struct naive naive;
            struct tree_source source = source_of(&naive, 299);
            struct tree_proof proof;
            uint8_t root[32];
            struct sl_err err = {0};
            naive.fail_at = k;
            enum sl_result result = what == 0   ? tree_root(source, 299, root, &err)
                                    : what == 1 ? tree_inclusion(source, 77, 299, &proof, &err)
                                                : tree_consistency(source, 77, 299, &proof, &err);
            if (result == SL_OK) break;
            assert_int_equal(result, SL_IO);
            assert_string_equal(err.text, "no subtree");
            failed++;
        }
        assert_true(failed > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(all_pairs),
        cmocka_unit_test(large),
        cmocka_unit_test(edges),
        cmocka_unit_test(edge_refuses),
        cmocka_unit_test(covers),
        cmocka_unit_test(largest),
        cmocka_unit_test(bounds),
        cmocka_unit_test(faults),
    };
    seed = core_seed("tree_test");
    return cmocka_run_group_tests(tests, make_memory, drop_memory);
}
