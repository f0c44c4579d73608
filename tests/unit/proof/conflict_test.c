/* Proofs of two histories: of every pair of sizes of two logs that part somewhere, and what proves
   nothing: a log that grew, a file with a byte changed, bytes that mean nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/conflict.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

#include <stdlib.h>

#define EVENTS 24
#define PART 9 /* the first event that differs */

static uint64_t seed;
static struct note_key key;
static uint8_t key_seed[32];
static struct policy *policy;

static void leaf_of(bool other, uint64_t at, uint8_t leaf[32])
{
    uint8_t bytes[9] = {other && at >= PART};
    be_put(bytes + 1, at, 8);
    crypto_sha256(bytes, sizeof(bytes), leaf);
}

static void grow(struct tree_edge *edge, bool other, uint64_t from, uint64_t to)
{
    uint8_t leaf[32];
    for (uint64_t at = from; at < to; at++) {
        leaf_of(other, at, leaf);
        tree_add(edge, leaf);
    }
}

static void note_of(bool other, uint64_t size, struct buf *out)
{
    struct tree_edge edge = {0};
    struct checkpoint_text checkpoint = {.origin = SL_SPAN("log.example"), .size = size};
    struct buf text = {0};
    grow(&edge, other, 0, size);
    tree_edge_root(&edge, checkpoint.root);
    checkpoint_write(&checkpoint, &text);
    buf_add_span(out, buf_span(&text));
    buf_add(out, "\n", 1);
    note_sign(buf_span(&text), &key, key_seed, out);
    buf_fini(&text);
}

static void add_roots(bool other, uint64_t from, uint64_t to, struct conflict_roots *roots)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(from, to, cover);
    for (size_t i = 0; i < count; i++) {
        struct tree_edge edge = {0};
        uint64_t first = cover[i].index << cover[i].level;
        uint64_t width = UINT64_C(1) << cover[i].level;
        uint8_t leaf[32];
        for (uint64_t at = first; at < first + width; at++) {
            leaf_of(other, at, leaf);
            tree_add(&edge, leaf);
        }
        tree_edge_root(&edge, roots->roots[roots->count++]);
    }
}

/* The checkpoint of `smaller` events of one log, and one of `larger` of another. */
static void write_it(uint64_t smaller, uint64_t larger, bool other, struct buf *out)
{
    struct buf notes[2] = {0};
    struct conflict_roots roots = {0};
    note_of(false, smaller, &notes[0]);
    note_of(other, larger, &notes[1]);
    if (smaller != larger) {
        add_roots(other, 0, smaller, &roots);
        add_roots(other, smaller, larger, &roots);
    }
    conflict_write(buf_span(&notes[0]), &roots, buf_span(&notes[1]), out);
    assert_false(out->failed);
    buf_fini(&notes[0]);
    buf_fini(&notes[1]);
}

static int open_all(void **state)
{
    uint8_t public_key[32];
    (void)state;
    memset(key_seed, 5, sizeof(key_seed));
    crypto_sign_key(key_seed, public_key);
    note_key_make(&key, NOTE_ED25519, SL_SPAN("log.example"), public_key);
    assert_int_equal(policy_make(&key, NULL, 0, 0, &policy, NULL), SL_OK);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    policy_destroy(policy);
    return 0;
}

static void every_size(void **state)
{
    (void)state;
    for (uint64_t smaller = 0; smaller <= EVENTS; smaller++)
        for (uint64_t larger = smaller; larger <= EVENTS; larger++) {
            struct buf text = {0};
            struct conflict_verdict verdict = {0};
            struct sl_err err = {0};
            bool parted = smaller > PART;
            write_it(smaller, larger, true, &text);
            enum sl_result result = conflict_verify(buf_span(&text), policy, &verdict, &err);
            if (result != (parted ? SL_OK : SL_CORRUPT))
                fail_msg("%u and %u: %s", (unsigned)smaller, (unsigned)larger, err.text);
            assert_int_equal(verdict.smaller, parted ? smaller : 0);
            assert_int_equal(verdict.larger, parted ? larger : 0);
            buf_clear(&text);
            write_it(smaller, larger, false, &text);
            result = conflict_verify(buf_span(&text), policy, &verdict, &err);
            assert_int_equal(result, SL_CORRUPT);
            buf_fini(&text);
        }
}

/* No bit of it may differ; of a signature's line, what no verifier reads is nothing. */
static void every_bit(void **state)
{
    (void)state;
    struct buf text = {0};
    struct conflict_verdict verdict;
    write_it(11, 21, true, &text);
    for (size_t at = 0; at < text.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            text.ptr[at] = (char)(text.ptr[at] ^ 1 << bit);
            if (conflict_verify(buf_span(&text), policy, &verdict, NULL) == SL_OK)
                fail_msg("bit %u of byte %zu", bit, at);
            text.ptr[at] = (char)(text.ptr[at] ^ 1 << bit);
        }
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(
            conflict_verify((struct sl_span){text.ptr, len}, policy, &verdict, NULL), SL_CORRUPT);
    assert_int_equal(conflict_verify(buf_span(&text), policy, &verdict, NULL), SL_OK);
    buf_fini(&text);
}

static void too_much(void **state)
{
    (void)state;
    struct buf text = {0};
    struct conflict_verdict verdict;
    struct sl_err err = {0};
    write_it(11, 21, true, &text);
    const char *end = strstr(text.ptr, "\n\nlog.example\n");
    struct sl_span head = {text.ptr, (size_t)(end - text.ptr)};
    struct buf more = {0};
    buf_add_span(&more, head);
    for (int i = 0; i < 300; i++) /* more roots than any two covers have */
        buf_add(&more, "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 45);
    buf_add(&more, end, text.len - head.len);
    assert_int_equal(conflict_verify(buf_span(&more), policy, &verdict, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "more roots than"));
    while (more.len <= CONFLICT_BYTES)
        buf_add(&more, "x", 1);
    assert_int_equal(conflict_verify(buf_span(&more), policy, &verdict, &err), SL_CORRUPT);
    buf_fini(&more);
    buf_fini(&text);
}

static void no_memory(void **state)
{
    (void)state;
    struct buf text = {0};
    struct conflict_verdict verdict;
    write_it(11, 21, true, &text);
    for (unsigned i = 0; i < 2; i++) {
        alloc_fail_from(i);
        enum sl_result result = conflict_verify(buf_span(&text), policy, &verdict, NULL);
        alloc_never();
        assert_int_equal(result, SL_NOMEM);
    }
    buf_fini(&text);
}

static void anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {"sharelog/conflict@v1\n", "smaller ", "AAAA", "\n", "\n\n",
        "log.example\n", "x", "=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"};
    for (size_t round = 0; round < 20000; round++) {
        struct buf text = {0};
        struct conflict_verdict verdict;
        for (uint64_t i = core_random(&seed) % 12; i > 0; i--)
            buf_add_span(
                &text, sl_span_of(pieces[core_random(&seed) % (sizeof(pieces) / sizeof(*pieces))]));
        assert_int_equal(conflict_verify(buf_span(&text), policy, &verdict, NULL), SL_CORRUPT);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(too_much),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(anything),
    };
    seed = core_seed("conflict_test");
    return cmocka_run_group_tests(tests, open_all, close_all);
}
