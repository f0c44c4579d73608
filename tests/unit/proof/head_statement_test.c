/* Head statements: one text each, and only what was signed with the key that is called after the
 * log. tests/vectors/head.json has what is refused, and why; here every byte of it counts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/audit/head_sign.h"
#include "core/base/crypto.h"
#include "core/proof/head_statement.h"
#include "tests/support/bundle_make.h"
#include "tests/support/core_store.h"

#include <stdio.h>

static struct sl_err err;
static struct bm bm;
static struct note_key key;
static struct head_statement said;

static int begin(void **state)
{
    (void)state;
    struct buf bundle = {0};
    bm_init(&bm);
    bm_build(&bm, &bundle);
    buf_fini(&bundle);
    bm_head_key(&bm, &key);
    bm_statement(&bm, &said);
    err = (struct sl_err){0};
    return 0;
}

static bool same(const struct head_statement *a, const struct head_statement *b)
{
    return strcmp(a->origin, b->origin) == 0 && strcmp(a->share_id, b->share_id) == 0 &&
           memcmp(a->ref, b->ref, 32) == 0 && memcmp(a->leaf, b->leaf, 32) == 0 &&
           a->first == b->first && a->last == b->last && a->sequence == b->sequence &&
           a->size == b->size && a->time_ms == b->time_ms;
}

static void test_written(void **state)
{
    (void)state;
    struct buf note = {0};
    struct head_statement got;
    bm_sign_statement(&bm, &said, &note);
    core_expect(head_statement_verify(buf_span(&note), &key, &got, &err), SL_OK, &err);
    assert_true(same(&got, &said));
    assert_true(note.len <= HEAD_SIGN_BYTES);
    buf_fini(&note);
}

/* The longest that a store can sign fits the room that it has for one. */
static void test_longest(void **state)
{
    (void)state;
    struct buf note = {0};
    memset(said.origin, 'o', NOTE_ORIGIN_BYTES);
    said.origin[NOTE_ORIGIN_BYTES] = 0;
    memset(said.share_id, 's', SL_SHARE_ID_BYTES);
    said.share_id[SL_SHARE_ID_BYTES] = 0;
    said.size = (uint64_t)1 << 62;
    said.last = said.sequence = said.size - 1;
    said.time_ms = UINT64_MAX;
    char name[NOTE_NAME_BYTES + 1];
    uint8_t seed[32] = {7}, public_key[32];
    struct head_statement got;
    assert_true(crypto_sign_key(seed, public_key));
    head_key_name(sl_span_of(said.origin), name);
    assert_int_equal(strlen(name), NOTE_NAME_BYTES);
    note_key_make(&key, NOTE_ED25519, sl_span_of(name), public_key);
    struct buf line = {0};
    head_statement_write(&said, &note);
    note_sign(buf_span(&note), &key, seed, &line);
    buf_add(&note, "\n", 1);
    buf_add_span(&note, buf_span(&line));
    core_expect(head_statement_verify(buf_span(&note), &key, &got, &err), SL_OK, &err);
    assert_true(same(&got, &said));
    assert_true(note.len <= HEAD_SIGN_BYTES);
    buf_fini(&line);
    buf_fini(&note);
}

/* Whatever is done to one byte of a text, it is no statement, or another one: two texts never say
   the same. */
static void test_one_text(void **state)
{
    (void)state;
    struct buf text = {0}, again = {0};
    struct head_statement got;
    unsigned others = 0;
    head_statement_write(&said, &text);
    for (size_t at = 0; at < text.len; at++)
        for (int byte = 0; byte < 256; byte++) {
            char was = text.ptr[at];
            if (byte == (unsigned char)was) continue;
            text.ptr[at] = (char)byte;
            if (head_statement_parse(buf_span(&text), &got)) {
                assert_false(same(&got, &said));
                buf_clear(&again);
                head_statement_write(&got, &again);
                core_assert_same(buf_span(&again), buf_span(&text), "written again");
                others++;
            }
            text.ptr[at] = was;
        }
    for (size_t len = 0; len < text.len; len++)
        assert_false(head_statement_parse((struct sl_span){text.ptr, len}, &got));
    assert_true(others > 0);
    buf_fini(&text);
    buf_fini(&again);
}

static void test_each_bit(void **state)
{
    (void)state;
    struct buf note = {0};
    struct head_statement got;
    bm_sign_statement(&bm, &said, &note);
    for (size_t bit = 0; bit < 8 * note.len; bit++) {
        note.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (head_statement_verify(buf_span(&note), &key, &got, &err) != SL_CORRUPT)
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        note.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_fini(&note);
}

static void test_times(void **state)
{
    static const struct {
        uint64_t time_ms, max_age_s;
        enum sl_result result;
    } times[] = {{1600000, 0, SL_OK}, {1601000, 0, SL_CORRUPT}, {UINT64_MAX, 0, SL_CORRUPT},
        {0, 0, SL_OK}, {990000, 10, SL_OK}, {989999, 10, SL_CORRUPT}, {1000001, 10, SL_OK}};
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        said.time_ms = times[i].time_ms;
        assert_int_equal(
            head_statement_check_time(&said, 1000, times[i].max_age_s, &err), times[i].result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_written, begin),
        cmocka_unit_test_setup(test_longest, begin),
        cmocka_unit_test_setup(test_one_text, begin),
        cmocka_unit_test_setup(test_each_bit, begin),
        cmocka_unit_test_setup(test_times, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
