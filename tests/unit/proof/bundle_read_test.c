/* A bundle's values, whatever pieces the stream comes in: each in its smallest encoding alone, and
   after the first fault nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/pack.h"
#include "core/proof/bundle_read.h"
#include "tests/support/alloc_fault.h"

#include <stdlib.h>

struct stream {
    struct sl_span bytes;
    size_t at, piece; /* what is given at a time, at most */
    size_t fails_at;  /* SIZE_MAX: never */
};

static enum sl_result give(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    struct stream *stream = ctx;
    if (stream->at >= stream->fails_at) return sl_fail(err, SL_IO, "pulled out");
    size_t left = stream->bytes.len - stream->at;
    *len = left < stream->piece ? left : stream->piece;
    if (*len > cap) *len = cap;
    if (*len) memcpy(out, stream->bytes.ptr + stream->at, *len);
    stream->at += *len;
    return SL_OK;
}

static struct stream stream;
static struct bundle_reader reader;

static void begin(struct sl_span bytes, size_t piece)
{
    struct sl_err err = {0};
    stream = (struct stream){bytes, 0, piece, SIZE_MAX};
    struct bundle_input input = {give, &stream, bytes.len};
    assert_int_equal(bundle_reader_init(&reader, input, NULL, &err), SL_OK);
}

static void end(void)
{
    bundle_reader_fini(&reader);
}

static const uint64_t numbers[] = {
    0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000, UINT64_MAX};
static const size_t lengths[] = {0, 1, 31, 32, 255, 256, 4096, READ_SMALL_BYTES};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void values(void **state)
{
    (void)state;
    static char text[READ_SMALL_BYTES];
    struct buf bytes = {0};
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < COUNT(numbers); i++)
        pack_u64(&bytes, numbers[i]);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        pack_str(&bytes, (struct sl_span){text, lengths[i]});
        pack_bin(&bytes, (struct sl_span){text, lengths[i]});
        pack_array(&bytes, lengths[i]);
    }
    pack_nil(&bytes);
    static const size_t pieces[] = {1, 7, READ_WINDOW_BYTES};
    for (size_t p = 0; p < COUNT(pieces); p++) {
        begin(buf_span(&bytes), pieces[p]);
        for (size_t i = 0; i < COUNT(numbers); i++)
            assert_true(read_u64(&reader) == numbers[i]);
        for (size_t i = 0; i < COUNT(lengths); i++) {
            struct sl_span expected = {text, lengths[i]};
            assert_true(sl_span_eq(read_str(&reader, READ_SMALL_BYTES), expected));
            assert_int_equal(read_peek(&reader), READ_BIN);
            assert_true(sl_span_eq(read_bin(&reader, READ_SMALL_BYTES), expected));
            assert_int_equal(read_array(&reader), lengths[i]);
        }
        read_nil(&reader);
        assert_true(read_at_end(&reader));
        assert_int_equal(reader.taken, bytes.len);
        end();
    }
    buf_fini(&bytes);
}

/* One value, one encoding. */
static void larger_encodings(void **state)
{
    (void)state;
    const struct sl_span all[] = {SL_SPAN("\xcc\x7f"), SL_SPAN("\xcd\0\xff"),
        SL_SPAN("\xce\0\0\xff\xff"), SL_SPAN("\xcf\0\0\0\0\xff\xff\xff\xff"), SL_SPAN("\xd9\x1f"),
        SL_SPAN("\xda\0\xff"), SL_SPAN("\xdb\0\0\xff\xff"), SL_SPAN("\xc5\0\xff"),
        SL_SPAN("\xc6\0\0\xff\xff"), SL_SPAN("\xdc\0\x0f"), SL_SPAN("\xdd\0\0\xff\xff")};
    for (size_t i = 0; i < COUNT(all); i++) {
        begin(all[i], 3);
        switch (read_peek(&reader)) {
        case READ_U64: read_u64(&reader); break;
        case READ_STR: read_str(&reader, READ_SMALL_BYTES); break;
        case READ_BIN: read_bin_begin(&reader); break;
        case READ_ARRAY: read_array(&reader); break;
        default: fail_msg("%zu: of no kind", i);
        }
        assert_int_equal(reader.result, SL_CORRUPT);
        assert_string_equal(reader.what, "not in its smallest encoding");
        end();
    }
}

static void faults_stay(void **state)
{
    (void)state;
    uint8_t three[3] = {7, 7, 7};
    begin(SL_SPAN("\xc4\x02xy\x05\x05"), 2);
    assert_false(read_bin_into(&reader, three, 3));
    assert_string_equal(reader.what, "shorter than it must be");
    assert_memory_equal(three, ((uint8_t[]){7, 7, 7}), 3);
    read_fault(&reader, "a later one");
    assert_string_equal(reader.what, "shorter than it must be");
    assert_int_equal(read_u64(&reader), 0);
    assert_int_equal(read_peek(&reader), READ_NONE);
    assert_int_equal(read_piece(&reader, 1).len, 0);
    assert_int_equal(read_whole(&reader, 1).len, 0);
    assert_false(read_at_end(&reader));
    end();
    begin(SL_SPAN("\xc4\x7fxy"), 2); /* longer than the stream */
    assert_int_equal(read_bin(&reader, 0x7f).len, 0);
    assert_string_equal(reader.what, "it ends in the middle");
    end();
    begin(SL_SPAN("\xc4\x7fxy"), 2);
    assert_int_equal(read_bin(&reader, 3).len, 0);
    assert_string_equal(reader.what, "longer than it may be");
    end();
    begin(SL_SPAN("\x01\x02"), 1);
    stream.fails_at = 1;
    assert_int_equal(read_u64(&reader), 1);
    assert_int_equal(read_u64(&reader), 0);
    assert_int_equal(reader.result, SL_IO); /* the input's own, and not the bytes' */
    assert_string_equal(reader.err.text, "pulled out");
    end();
}

/* A bin whose content is read as values, and hashed on the way. */
static void nested(void **state)
{
    (void)state;
    uint8_t got[32], expected[32];
    struct crypto_hash hash;
    begin(SL_SPAN("\xc4\x03\x01\x02\x03\x04"), 1);
    reader.left = read_bin_begin(&reader);
    reader.tap = &hash;
    crypto_hash_begin(&hash);
    assert_int_equal(read_u64(&reader), 1);
    assert_int_equal(read_u64(&reader), 2);
    assert_int_equal(read_piece(&reader, 1).len, 1);
    crypto_hash_end(&hash, got);
    reader.tap = NULL;
    crypto_sha256("\x01\x02\x03", 3, expected);
    assert_memory_equal(got, expected, 32);
    assert_int_equal(read_u64(&reader), 0); /* nothing of what is behind it */
    assert_string_equal(reader.what, "a value goes beyond the end of the one that it is in");
    end();
}

static size_t left_count;
static void leaving(void *ctx)
{
    const struct sl_span *held = ctx;
    for (size_t i = 0; i < held->len; i++)
        assert_int_equal((unsigned char)held->ptr[i], i % 251);
    left_count++;
}

/* What lies in one piece stays until the window moves on, which is told before. */
static void whole(void **state)
{
    (void)state;
    struct buf bytes = {0};
    for (size_t i = 0; i < READ_WHOLE_BYTES; i++)
        buf_add(&bytes, &(char){(char)(i % 251)}, 1);
    for (size_t i = 0; i < 2 * READ_WINDOW_BYTES; i++)
        buf_add(&bytes, "\x05", 1);
    begin(buf_span(&bytes), 5000);
    struct sl_span held = read_whole(&reader, READ_WHOLE_BYTES);
    assert_int_equal(held.len, READ_WHOLE_BYTES);
    left_count = 0;
    reader.leaving = leaving;
    reader.leaving_ctx = &held;
    size_t piece = read_piece(&reader, 1000000).len;
    assert_int_equal(reader.taken, READ_WHOLE_BYTES + piece);
    while (left_count == 0)
        assert_int_equal(read_u64(&reader), 5);
    end();
    buf_fini(&bytes);
}

static void no_memory(void **state)
{
    (void)state;
    struct sl_err err = {0};
    struct bundle_input input = {give, &stream, 0};
    alloc_fail_from(0);
    enum sl_result result = bundle_reader_init(&reader, input, NULL, &err);
    alloc_never();
    assert_int_equal(result, SL_NOMEM);
    bundle_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(larger_encodings),
        cmocka_unit_test(faults_stay),
        cmocka_unit_test(nested),
        cmocka_unit_test(whole),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
