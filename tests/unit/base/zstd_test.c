/* Frames: what goes in comes out, whole or in part, and no bytes make a decoder take more than it
 * was told, or end the program. The stream's tests are encoding_test.c's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/zstd.h"
#include "tests/support/core_store.h"
#include "tests/support/exact_span.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

static struct zstd_encoder *fast, *hard;
static struct zstd_decoder *decoder;
static struct sl_err err;

static int make_coders(void **state)
{
    (void)state;
    fast = zstd_encoder_create(ZSTD_FAST);
    hard = zstd_encoder_create(ZSTD_HARD);
    decoder = zstd_decoder_create();
    return fast && hard && decoder ? 0 : -1;
}

static int drop_coders(void **state)
{
    (void)state;
    zstd_encoder_destroy(fast);
    zstd_encoder_destroy(hard);
    zstd_decoder_destroy(decoder);
    return 0;
}

/* Words of a few, so that it compresses, with random bytes here and there. */
static void fill(struct buf *out, size_t len, uint64_t *random)
{
    buf_clear(out);
    while (out->len < len) {
        char text[24];
        uint64_t word = core_random(random);
        size_t n =
            word % 50 ? (size_t)snprintf(text, sizeof(text), "word%u ", (unsigned)(word % 97)) : 8;
        if (word % 50 == 0) memcpy(text, &word, 8);
        buf_add(out, text, n < len - out->len ? n : len - out->len);
    }
    assert_false(out->failed);
}

static void encode(struct zstd_encoder *encoder, struct sl_span bytes, struct buf *frame)
{
    buf_clear(frame);
    core_expect(zstd_encode(encoder, bytes, frame, &err), SL_OK, &err);
    size_t said = 0;
    assert_true(zstd_frame_bytes(buf_span(frame), &said));
    assert_int_equal(said, bytes.len);
}

static void expect_first(const struct buf *frame, struct sl_span bytes, size_t len)
{
    char *out = malloc(len);
    core_expect(zstd_decode(decoder, buf_span(frame), bytes.len, out, len, &err), SL_OK, &err);
    core_assert_same((struct sl_span){out, len}, (struct sl_span){bytes.ptr, len}, "a part");
    free(out);
}

static void comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 100, 4096, 131072, 131073, 1000000, ZSTD_FRAME_BYTES};
    uint64_t random = core_seed("frames come back");
    struct buf bytes = {0}, frame = {0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (int h = 0; h < 2; h++) {
            fill(&bytes, sizes[i], &random);
            encode(h ? hard : fast, buf_span(&bytes), &frame);
            expect_first(&frame, buf_span(&bytes), bytes.len);
            for (int k = 0; k < 5; k++)
                expect_first(&frame, buf_span(&bytes), 1 + core_random(&random) % bytes.len);
        }
    buf_fini(&bytes);
    buf_fini(&frame);
}

/* What was there stays, and a frame goes behind it. */
static void appends(void **state)
{
    (void)state;
    struct buf out = {0};
    buf_add(&out, "before", 6);
    core_expect(zstd_encode(fast, SL_SPAN("text"), &out, &err), SL_OK, &err);
    assert_memory_equal(out.ptr, "before", 6);
    size_t said;
    assert_true(zstd_frame_bytes((struct sl_span){out.ptr + 6, out.len - 6}, &said));
    assert_int_equal(said, 4);
    buf_fini(&out);
}

/* The second half of 4 MiB repeats the first: the window reaches over all of it. */
static void window_over_all(void **state)
{
    (void)state;
    struct buf bytes = {0}, frame = {0};
    uint64_t random = core_seed("window");
    while (bytes.len < ZSTD_FRAME_BYTES / 2) {
        uint64_t noise = core_random(&random);
        buf_add(&bytes, &noise, 8);
    }
    assert_true(buf_reserve(&bytes, bytes.len));
    memcpy(bytes.ptr + bytes.len, bytes.ptr, bytes.len);
    bytes.len *= 2;
    encode(fast, buf_span(&bytes), &frame);
    assert_true(frame.len < ZSTD_FRAME_BYTES * 6 / 10);
    buf_fini(&bytes);
    buf_fini(&frame);
}

static enum sl_result try(struct sl_span frame, size_t all, size_t len)
{
    struct sl_span copy = exact(frame);
    char *out = malloc(len);
    enum sl_result result = zstd_decode(decoder, copy, all, out, len, &err);
    free(out);
    release(copy);
    return result;
}

static void damaged(void **state)
{
    (void)state;
    uint64_t random = core_seed("damaged frames");
    struct buf bytes = {0}, frame = {0};
    fill(&bytes, 20000, &random);
    encode(fast, buf_span(&bytes), &frame);
    for (size_t len = 0; len < frame.len; len++)
        assert_int_equal(try((struct sl_span){frame.ptr, len}, bytes.len, bytes.len), SL_CORRUPT);
    for (unsigned round = 0; round < 20000 * core_rounds(); round++) {
        size_t bit = core_random(&random) % (8 * frame.len);
        size_t len = round % 2 ? bytes.len : 1 + core_random(&random) % bytes.len;
        frame.ptr[bit / 8] = (char)(frame.ptr[bit / 8] ^ 1 << bit % 8);
        enum sl_result result = try(buf_span(&frame), bytes.len, len);
        assert_true(result == SL_OK || result == SL_CORRUPT);
        frame.ptr[bit / 8] = (char)(frame.ptr[bit / 8] ^ 1 << bit % 8);
    }
    buf_add(&frame, "x", 1);
    assert_int_equal(try(buf_span(&frame), bytes.len, bytes.len), SL_CORRUPT);
    /* another size than it has */
    frame.len--;
    assert_int_equal(try(buf_span(&frame), bytes.len + 1, bytes.len + 1), SL_CORRUPT);
    buf_fini(&bytes);
    buf_fini(&frame);
}

/* A frame that claims to hold more than it may, none, or nothing about it. */
static void bombs(void **state)
{
    (void)state;
    size_t said;
    size_t most = ZSTD_compressBound(8 * ZSTD_FRAME_BYTES);
    char *zeros = calloc(1, 8 * ZSTD_FRAME_BYTES), *frame = malloc(most);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 25);
    size_t len = ZSTD_compress2(context, frame, most, zeros, 8 * ZSTD_FRAME_BYTES);
    ZSTD_freeCCtx(context);
    assert_true(len < 10000);
    assert_false(zstd_frame_bytes((struct sl_span){frame, len}, &said));
    /* as much of it as may be had is had, and no more is taken for it */
    assert_int_equal(zstd_decode(decoder, (struct sl_span){frame, len}, ZSTD_FRAME_BYTES, zeros,
                         ZSTD_FRAME_BYTES, &err),
        SL_CORRUPT);
    /* a part of it: its window alone would take 32 MiB */
    assert_int_equal(
        zstd_decode(decoder, (struct sl_span){frame, len}, ZSTD_FRAME_BYTES, zeros, 100, &err),
        SL_CORRUPT);
    len = ZSTD_compress(frame, most, zeros, 0, 1);
    assert_false(zstd_frame_bytes((struct sl_span){frame, len}, &said));
    assert_false(zstd_frame_bytes(SL_SPAN(""), &said));
    assert_false(zstd_frame_bytes(SL_SPAN("no frame at all, just text"), &said));
    free(zeros);
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(appends),
        cmocka_unit_test(window_over_all),
        cmocka_unit_test(damaged),
        cmocka_unit_test(bombs),
    };
    return cmocka_run_group_tests(tests, make_coders, drop_coders);
}
