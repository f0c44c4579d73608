/* The proof file: what is written is read again, and of all else each line is refused by name. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/proof/proof.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "c2sp.org/tlog-proof@v1\n"
#define HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define CHECKPOINT "o\n5\n" HASH "\n\xe2\x80\x94 o AAAAAAE=\n"

static uint64_t seed;

/* Bytes of their own, so that the address sanitizer sees what reads past them; what is read is
   written again and must be the same. */
static enum sl_result parse(struct sl_span text, struct sl_err *err)
{
    char *copy = malloc(text.len ? text.len : 1);
    struct proof proof;
    assert_non_null(copy);
    if (text.len) memcpy(copy, text.ptr, text.len);
    enum sl_result result = proof_parse((struct sl_span){copy, text.len}, &proof, err);
    if (result == SL_OK) {
        struct buf again = {0};
        proof_write(&proof, &again);
        assert_int_equal(again.len, text.len);
        assert_memory_equal(again.ptr, text.ptr, text.len);
        buf_fini(&again);
    }
    free(copy);
    return result;
}

/* A proof of so many hashes. */
static void make(size_t hashes, uint64_t index, const char *extra, struct buf *out)
{
    struct proof proof = {
        .extra = sl_span_of(extra), .index = index, .checkpoint = SL_SPAN(CHECKPOINT)};
    proof.hashes.count = hashes;
    for (size_t i = 0; i < hashes; i++)
        memset(proof.hashes.hashes[i], (int)(i * 7 + 1), 32);
    buf_clear(out);
    proof_write(&proof, out);
    assert_false(out->failed);
}

static void written(void **state)
{
    (void)state;
    struct buf out = {0};
    struct proof proof = {
        .extra = SL_SPAN("AAAA"), .index = 73894, .checkpoint = SL_SPAN(CHECKPOINT)};
    size_t len;
    proof.hashes.count = 2;
    for (size_t i = 0; i < 2; i++)
        assert_true(
            crypto_base64_parse((struct sl_span){HASH, 44}, proof.hashes.hashes[i], 32, &len));
    proof_write(&proof, &out);
    assert_true(sl_span_eq(
        buf_span(&out), SL_SPAN(HEAD "extra AAAA\nindex 73894\n" HASH HASH "\n" CHECKPOINT)));
    proof.extra.len = 0;
    proof.hashes.count = 0;
    buf_clear(&out);
    proof_write(&proof, &out);
    assert_true(sl_span_eq(buf_span(&out), SL_SPAN(HEAD "index 73894\n\n" CHECKPOINT)));
    buf_fini(&out);
}

static void round_trip(void **state)
{
    (void)state;
    static const char *const extras[] = {"", "AA==", "AAAA"};
    static const uint64_t indexes[] = {0, 1, 10, INT64_MAX, UINT64_MAX};
    struct buf out = {0};
    for (size_t hashes = 0; hashes <= TREE_LEVELS; hashes++)
        for (size_t e = 0; e < 3; e++)
            for (size_t i = 0; i < 5; i++) {
                struct proof got;
                make(hashes, indexes[i], extras[e], &out);
                assert_int_equal(parse(buf_span(&out), NULL), SL_OK);
                assert_int_equal(proof_parse(buf_span(&out), &got, NULL), SL_OK);
                assert_true(got.index == indexes[i]);
                assert_int_equal(got.hashes.count, hashes);
                assert_true(sl_span_eq(got.extra, sl_span_of(extras[e])));
                assert_true(sl_span_eq(got.checkpoint, SL_SPAN(CHECKPOINT)));
                if (hashes)
                    assert_int_equal(got.hashes.hashes[hashes - 1][31], (hashes * 7 - 6) & 255);
            }
    buf_fini(&out);
}

static const struct {
    struct sl_span text;
    const char *wrong;
} cases[] = {
#define CASE(text, wrong)                                                                          \
    {                                                                                              \
        {(text), sizeof(text) - 1}, (wrong)                                                        \
    }
    CASE("", "line 1 "),
    CASE("\n", "line 1 "),
    CASE("c2sp.org/tlog-proof@v1", "line 1 "),
    CASE("c2sp.org/tlog-proof@v2\nindex 0\n\nc\n", "line 1 "),
    CASE(" " HEAD "index 0\n\nc\n", "line 1 "),
    CASE("c2sp.org/tlog-proof@v1\r\nindex 0\n\nc\n", "line 1 "),
    CASE("c2sp.org/tlog-proof@v1\0\nindex 0\n\nc\n", "line 1 "),
    CASE(HEAD, "line 2: the file"),
    CASE(HEAD "index 0", "line 2: the file"),
    CASE(HEAD "\n", "line 2: not an index"),
    CASE(HEAD "index \n\nc\n", "line 2: not an index"),
    CASE(HEAD "index\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index  0\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 0 \n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 0\r\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 00\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 01\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index +1\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index -1\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 0x1\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 18446744073709551616\n\nc\n", "line 2: not an index"),
    CASE(HEAD "index 184467440737095516150\n\nc\n", "line 2: not an index"),
    CASE(HEAD "Index 1\n\nc\n", "line 2: not an index"),
    CASE(HEAD HASH "\nc\n", "line 2: not an index"),
    CASE(HEAD "extra\nindex 0\n\nc\n", "line 2: not an index"),
    CASE(HEAD "extra \nindex 0\n\nc\n", "line 2: extra"),
    CASE(HEAD "extra AAA\nindex 0\n\nc\n", "line 2: extra"),
    CASE(HEAD "extra AAB=\nindex 0\n\nc\n", "line 2: extra"),
    CASE(HEAD "extra AAAA \nindex 0\n\nc\n", "line 2: extra"),
    CASE(HEAD "extra AAAA", "line 2: the file"),
    CASE(HEAD "extra AAAA\n", "line 3: the file"),
    CASE(HEAD "extra AAAA\nextra AAAA\nindex 0\n\nc\n", "line 3: not an index"),
    CASE(HEAD "index 0\nextra AAAA\n\nc\n", "line 3: not the base64"),
    CASE(HEAD "index 0\nindex 0\n\nc\n", "line 3: not the base64"),
    CASE(HEAD "index 0\n", "line 3: the checkpoint"),
    CASE(HEAD "index 0\n\n", "line 3: the checkpoint"),
    CASE(HEAD "index 0\n" HASH, "line 4: the checkpoint"),
    CASE(HEAD "index 0\n" HASH "\n", "line 4: the checkpoint"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "line 4: the checkpoint"),
    CASE(HEAD "index 0\n" HASH CHECKPOINT, "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH " \n" CHECKPOINT, "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "AAAA\n\n" CHECKPOINT, "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n\n" CHECKPOINT,
        "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n\n" CHECKPOINT,
        "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n\n" CHECKPOINT,
        "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Jh\n\n" CHECKPOINT,
        "line 4: not the base64"),
    CASE(HEAD "index 0\n" HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\r\n\n" CHECKPOINT,
        "line 4: not the base64"),
#undef CASE
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sl_err err = {0};
        struct proof proof, was;
        memset(&proof, 0xee, sizeof(proof));
        was = proof;
        if (parse(cases[i].text, &err) != SL_INVALID) fail_msg("taken: %s", cases[i].text.ptr);
        if (strncmp(err.text, cases[i].wrong, strlen(cases[i].wrong)) != 0)
            fail_msg("%s: %s", cases[i].text.ptr, err.text);
        assert_int_equal(proof_parse(cases[i].text, &proof, NULL), SL_INVALID);
        assert_memory_equal(&proof, &was, sizeof(proof));
    }
}

/* One hash more than there can be; one byte more than there may be; a long extra. */
static void bounds(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct buf out = {0};
    buf_add_span(&out, SL_SPAN(HEAD "index 0\n"));
    for (size_t i = 0; i < TREE_LEVELS + 1; i++)
        buf_add_span(&out, SL_SPAN(HASH));
    buf_add_span(&out, SL_SPAN("\n" CHECKPOINT));
    assert_int_equal(parse(buf_span(&out), &err), SL_INVALID);
    assert_string_equal(err.text, "line 67: more hashes than any tree has levels");
    buf_clear(&out);
    buf_add_span(&out, SL_SPAN(HEAD "extra "));
    while (out.len % 4 || out.len < PROOF_BYTES - 100)
        buf_add(&out, "A", 1);
    while ((out.len - strlen(HEAD "extra ")) % 4)
        buf_add(&out, "A", 1);
    buf_add_span(&out, SL_SPAN("\nindex 0\n\n"));
    while (out.len < PROOF_BYTES)
        buf_add(&out, "c", 1);
    assert_int_equal(parse(buf_span(&out), &err), SL_OK);
    for (size_t at = strlen(HEAD "extra "); at < PROOF_BYTES - 120; at += 1021) {
        char was = out.ptr[at];
        out.ptr[at] = at % 2 ? '=' : '-';
        assert_int_equal(parse(buf_span(&out), &err), SL_INVALID);
        out.ptr[at] = was;
    }
    buf_add(&out, "c", 1);
    assert_int_equal(parse(buf_span(&out), &err), SL_INVALID);
    buf_fini(&out);
}

/* A file cut short anywhere before its checkpoint, or with a line lost, doubled or moved. */
static void lines(void **state)
{
    (void)state;
    struct buf out = {0};
    make(5, 12, "AAAA", &out);
    size_t head = out.len - strlen(CHECKPOINT);
    for (size_t len = 0; len <= head; len++)
        assert_int_equal(parse((struct sl_span){out.ptr, len}, NULL), SL_INVALID);
    /* Every byte of the head changed in every way is refused, or read as what it is: `parse`
       compares. Two proofs of different bytes never read the same. */
    for (size_t at = 0; at < head; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            out.ptr[at] = (char)(out.ptr[at] ^ 1 << bit);
            parse(buf_span(&out), NULL);
            out.ptr[at] = (char)(out.ptr[at] ^ 1 << bit);
        }
    buf_fini(&out);
}

static void anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {HEAD, "index ", "extra ", "0", "1", "9", "AAAA",
        "AA==", HASH, HASH, HASH, "\n", "\n", "\n" CHECKPOINT, CHECKPOINT, " ", "\r", "\xff", "="};
    size_t parsed = 0, rounds = 20000 * core_rounds();
    for (size_t round = 0; round < rounds; round++) {
        struct buf text = {0};
        uint64_t how = core_random(&seed) % 4;
        size_t n = core_random(&seed) % 12;
        if (how == 0) make(n, core_random(&seed), n % 2 ? "AAAA" : "", &text);
        if (how == 1) buf_add_span(&text, SL_SPAN(HEAD "index 7\n"));
        for (size_t i = 0; i < n && (how == 1 || how == 2); i++)
            buf_add_span(&text,
                sl_span_of(pieces[core_random(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]));
        for (size_t i = 0; i < n * 4 && how == 3; i++)
            buf_add(&text, &(char){(char)core_random(&seed)}, 1);
        for (size_t i = core_random(&seed) % 3; text.len && i > 0; i--)
            text.ptr[core_random(&seed) % text.len] = (char)core_random(&seed);
        if (text.len && core_random(&seed) % 8 == 0) text.len = core_random(&seed) % text.len;
        parsed += parse(buf_span(&text), NULL) == SL_OK;
        buf_fini(&text);
    }
    print_message("of %zu texts %zu were proofs\n", rounds, parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(refused),
        cmocka_unit_test(bounds),
        cmocka_unit_test(lines),
        cmocka_unit_test(anything),
    };
    seed = core_seed("proof_test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
