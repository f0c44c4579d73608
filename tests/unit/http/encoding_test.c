/* Which encoding an Accept-Encoding chooses, and that what is encoded comes back by the libraries'
   own decoders, whatever the sizes of the pieces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/edge/encoding.h"

#include <stdlib.h>
#define ZLIB_CONST /* input is const */
#include <zlib.h>
#include <zstd.h>

static void choosing(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum encoding encoding;
    } cases[] = {
        {"", ENCODING_IDENTITY},
        {"gzip", ENCODING_GZIP},
        {"GZIP", ENCODING_GZIP},
        {"x-gzip", ENCODING_GZIP},
        {"zstd", ENCODING_ZSTD},
        {"gzip, deflate, br, zstd", ENCODING_ZSTD},
        {"gzip,deflate,br", ENCODING_GZIP},
        {"br, deflate", ENCODING_IDENTITY},
        {"*", ENCODING_ZSTD},
        {"*;q=0", ENCODING_IDENTITY},
        {"zstd;q=0, *", ENCODING_GZIP},
        {"gzip;q=1.0, zstd;q=0.9", ENCODING_GZIP},
        {"gzip;q=0.5, zstd;q=0.5", ENCODING_ZSTD},
        {"gzip;q=0", ENCODING_IDENTITY},
        {"gzip ; q=0.000 , zstd;q=0.0", ENCODING_IDENTITY},
        {"identity, gzip;q=0.5", ENCODING_IDENTITY},
        {"identity;q=0.5, gzip", ENCODING_GZIP},
        {"identity;q=0", ENCODING_IDENTITY},
        {"gzip;q=2", ENCODING_IDENTITY},
        {"gzip;q=x, zstd", ENCODING_ZSTD},
        {"gzip;q=0.1234", ENCODING_IDENTITY},
        {" \tgzip\t ", ENCODING_GZIP},
        {",,gzip,,", ENCODING_GZIP},
        {"gzipped, zstdx", ENCODING_IDENTITY},
        {"gzip;level=9;q=0.3, zstd;q=0.2", ENCODING_GZIP},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (encoding_choose(sl_span_of(cases[i].accept)) != cases[i].encoding)
            fail_msg("`%s`", cases[i].accept);
}

static void names(void **state)
{
    (void)state;
    assert_null(encoding_name(ENCODING_IDENTITY));
    assert_string_equal(encoding_name(ENCODING_GZIP), "gzip");
    assert_string_equal(encoding_name(ENCODING_ZSTD), "zstd");
    assert_null(encoder_open(ENCODING_IDENTITY));
}

/* A text that is neither constant nor random: words in some order. */
static char *text_of(size_t len)
{
    static const char *const words[] = {
        "session", "message", "\"part\":", "{}", "tool", "0123456789", "\n", "é"};
    char *text = malloc(len + 16);
    assert_non_null(text);
    uint32_t seed = 1;
    for (size_t at = 0; at < len;) {
        seed = seed * 1664525 + 1013904223;
        const char *word = words[seed >> 29];
        size_t n = strlen(word);
        if (n > len - at) n = len - at;
        memcpy(text + at, word, n);
        at += n;
    }
    return text;
}

/* Encode in pieces of `in_step` into room of `out_step`; returns the length, *out is the caller's
 * to free. */
static size_t encode(enum encoding encoding, const char *text, size_t len, size_t in_step,
    size_t out_step, unsigned char **out)
{
    struct encoder *encoder = encoder_open(encoding);
    assert_non_null(encoder);
    size_t made = 0, cap = len + len / 2 + 1024;
    unsigned char *bytes = malloc(cap);
    assert_non_null(bytes);
    struct encoder_step step = {0};
    for (size_t at = 0; !(step.done && step.last);) {
        size_t n = len - at < in_step ? len - at : in_step;
        step.in = text + at;
        step.in_len = n;
        step.last = at + n == len;
        step.flush = !step.last && at / in_step % 3 == 1; /* now and then; the text is the same */
        step.out = bytes + made;
        step.out_cap = cap - made < out_step ? cap - made : out_step;
        assert_true(step.out_cap > 0);
        assert_true(encoder_run(encoder, &step));
        at += step.taken;
        made += step.made;
    }
    encoder_close(encoder);
    *out = bytes;
    return made;
}

static void assert_decodes(enum encoding encoding, const unsigned char *bytes, size_t len,
    const char *text, size_t text_len)
{
    unsigned char *out = malloc(text_len + 1);
    assert_non_null(out);
    if (encoding == ENCODING_ZSTD) {
        ZSTD_DCtx *context = ZSTD_createDCtx();
        assert_int_equal(ZSTD_decompressDCtx(context, out, text_len + 1, bytes, len), text_len);
        ZSTD_freeDCtx(context);
    } else {
        z_stream stream = {.next_in = bytes,
            .avail_in = (uInt)len,
            .next_out = out,
            .avail_out = (uInt)text_len + 1};
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, text_len);
        assert_int_equal(stream.avail_in, 0);
        inflateEnd(&stream);
    }
    assert_memory_equal(out, text, text_len);
    free(out);
}

static void round_trips(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 1000, 65536, 300000};
    static const size_t steps[][2] = {
        {1u << 20, 1u << 20}, {777, 64 * 1024}, {64 * 1024, 100}, {1u << 20, 1}};
    for (enum encoding encoding = ENCODING_GZIP; encoding <= ENCODING_ZSTD; encoding++)
        for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
            for (size_t j = 0; j < sizeof(steps) / sizeof(*steps); j++) {
                char *text = text_of(lengths[i]);
                unsigned char *bytes;
                size_t len = encode(encoding, text, lengths[i], steps[j][0], steps[j][1], &bytes);
                assert_decodes(encoding, bytes, len, text, lengths[i]);
                if (lengths[i] > 1000) assert_true(len < lengths[i] * 3 / 4);
                free(bytes);
                free(text);
            }
}

/* One that was given back in the middle of a body begins anew. */
static void given_back_midway(void **state)
{
    (void)state;
    char *text = text_of(10000);
    unsigned char *bytes, few[64];
    for (enum encoding encoding = ENCODING_GZIP; encoding <= ENCODING_ZSTD; encoding++) {
        struct encoder *encoder = encoder_open(encoding);
        struct encoder_step step = {
            .in = text, .in_len = 10000, .out = few, .out_cap = sizeof(few)};
        assert_true(encoder_run(encoder, &step));
        encoder_close(encoder);
        size_t len = encode(encoding, text, 5000, 5000, 5000, &bytes);
        assert_decodes(encoding, bytes, len, text, 5000);
        free(bytes);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choosing),
        cmocka_unit_test(names),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(given_back_midway),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
