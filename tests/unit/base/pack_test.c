/* Records: every encoding is the smallest one of the msgpack specification, and what doesn't fit
 * what is asked for is bad, not a crash. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/pack.h"

static void assert_packed(struct buf *out, const char *bytes, size_t len)
{
    assert_false(out->failed);
    assert_int_equal(out->len, len);
    assert_memory_equal(out->ptr, bytes, len);
    buf_clear(out);
}
#define ASSERT_PACKED(out, literal) assert_packed(out, literal, sizeof(literal) - 1)

static void numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        struct sl_span bytes;
    } table[] = {
        {0, {"\x00", 1}},
        {127, {"\x7f", 1}},
        {128, {"\xcc\x80", 2}},
        {255, {"\xcc\xff", 2}},
        {256, {"\xcd\x01\x00", 3}},
        {65535, {"\xcd\xff\xff", 3}},
        {65536, {"\xce\x00\x01\x00\x00", 5}},
        {UINT32_MAX, {"\xce\xff\xff\xff\xff", 5}},
        {(uint64_t)UINT32_MAX + 1, {"\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9}},
        {UINT64_MAX, {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9}},
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        pack_u64(&out, table[i].value);
        assert_packed(&out, table[i].bytes.ptr, table[i].bytes.len);
        struct unpack in;
        assert_true(unpack_begin(&in, table[i].bytes));
        assert_true(unpack_u64(&in) == table[i].value);
        assert_true(unpack_end(&in));
        pack_u64_fixed(&out, table[i].value);
        assert_int_equal(out.len, 9);
        assert_true(unpack_begin(&in, buf_span(&out)));
        assert_true(unpack_u64(&in) == table[i].value);
        assert_true(unpack_end(&in));
        buf_clear(&out);
    }
    pack_u64_fixed(&out, 5);
    ASSERT_PACKED(&out, "\xcf\0\0\0\0\0\0\0\5");
    buf_fini(&out);
}

static void strings(void **state)
{
    (void)state;
    struct buf out = {0};
    char text[70000];
    memset(text, 'x', sizeof(text));
    pack_str(&out, SL_SPAN(""));
    ASSERT_PACKED(&out, "\xa0");
    pack_str(&out, (struct sl_span){NULL, 0});
    ASSERT_PACKED(&out, "\xa0");
    pack_str(&out, SL_SPAN("id"));
    ASSERT_PACKED(&out, "\xa2id");
    pack_bin(&out, (struct sl_span){NULL, 0});
    ASSERT_PACKED(&out, "\xc4\x00");
    pack_bin(&out, SL_SPAN("\0\xff"));
    ASSERT_PACKED(&out, "\xc4\x02\0\xff");
    pack_nil(&out);
    ASSERT_PACKED(&out, "\xc0");
    static const struct {
        size_t len;
        struct sl_span str, bin;
    } heads[] = {
        {31, {"\xbf", 1}, {"\xc4\x1f", 2}},
        {32, {"\xd9\x20", 2}, {"\xc4\x20", 2}},
        {255, {"\xd9\xff", 2}, {"\xc4\xff", 2}},
        {256, {"\xda\x01\x00", 3}, {"\xc5\x01\x00", 3}},
        {65535, {"\xda\xff\xff", 3}, {"\xc5\xff\xff", 3}},
        {65536, {"\xdb\x00\x01\x00\x00", 5}, {"\xc6\x00\x01\x00\x00", 5}},
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct sl_span span = {text, heads[i].len};
        pack_str(&out, span);
        assert_int_equal(out.len, heads[i].str.len + span.len);
        assert_memory_equal(out.ptr, heads[i].str.ptr, heads[i].str.len);
        buf_clear(&out);
        pack_bin(&out, span);
        assert_int_equal(out.len, heads[i].bin.len + span.len);
        assert_memory_equal(out.ptr, heads[i].bin.ptr, heads[i].bin.len);
        struct unpack in;
        assert_true(unpack_begin(&in, buf_span(&out)));
        struct sl_span again = unpack_bin(&in);
        assert_true(sl_span_eq(again, span));
        assert_true(
            again.ptr >= out.ptr && again.ptr < out.ptr + out.len); /* borrowed, not copied */
        assert_true(unpack_end(&in));
        buf_clear(&out);
    }
    buf_fini(&out);
}

static void arrays(void **state)
{
    (void)state;
    struct buf out = {0};
    pack_array(&out, 0);
    ASSERT_PACKED(&out, "\x90");
    pack_array(&out, 15);
    ASSERT_PACKED(&out, "\x9f");
    pack_array(&out, 16);
    ASSERT_PACKED(&out, "\xdc\x00\x10");
    pack_array(&out, 65535);
    ASSERT_PACKED(&out, "\xdc\xff\xff");
    pack_array(&out, 65536);
    ASSERT_PACKED(&out, "\xdd\x00\x01\x00\x00");
    buf_fini(&out);
}

static void nested(void **state)
{
    (void)state;
    /* [7, [["a", 1], ["b", 2]], nil, "end"] */
    struct unpack in;
    assert_true(unpack_begin(&in, SL_SPAN("\x94\x07\x92\x92\xa1"
                                          "a\x01\x92\xa1"
                                          "b\x02\xc0\xa3"
                                          "end")));
    assert_int_equal(unpack_array(&in), 4);
    assert_int_equal(unpack_u64(&in), 7);
    assert_int_equal(unpack_array(&in), 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(unpack_array(&in), 2);
        assert_true(sl_span_eq(unpack_str(&in), i ? SL_SPAN("b") : SL_SPAN("a")));
        if (i == 0) assert_int_equal(unpack_u64(&in), 1);
        unpack_leave(&in); /* of the second, with an element left */
    }
    unpack_leave(&in);
    assert_true(unpack_end(&in));
}

static void bad(void **state)
{
    (void)state;
    static const struct sl_span not_one_value[] = {
        {"", 0},                                              /* nothing */
        {"\xcd\x01", 2},                                      /* cut short */
        {"\x92\x01", 2},                                      /* an array short of an element */
        {"\xc4\xff", 2},                                      /* bytes that aren't there */
        {"\xdd\xff\xff\xff\xff", 5},                          /* a huge array that isn't there */
        {"\xc6\xff\xff\xff\xff", 5}, {"\x01\x02", 2},         /* something behind */
        {"\xc1", 1},                                          /* never used */
        {"\xcf\1\2\3\4\5\6\7", 8}, {"\xdc\1", 2},             /* numbers cut short */
        {"\xdb\0\0\0\2x", 6}, {"\xa3xx", 3},                  /* texts cut short */
        {"\x92\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff", 11}, /* many huge arrays */
        {"\x81\1\2", 3}, {"\xd0\5", 2}, {"\xd4\1\1", 3},      /* of kinds that no record has */
    };
    struct unpack in;
    for (size_t i = 0; i < sizeof(not_one_value) / sizeof(not_one_value[0]); i++) {
        assert_false(unpack_begin(&in, not_one_value[i]));
        assert_int_equal(unpack_array(&in), 0);
        assert_int_equal(unpack_u64(&in), 0);
        assert_int_equal(unpack_str(&in).len, 0);
        unpack_leave(&in);
        assert_false(unpack_end(&in));
    }
    /* of another kind, at any depth, stays bad to the end */
    unpack_begin(&in, SL_SPAN("\x93\x01\xa1x\x02"));
    assert_int_equal(unpack_array(&in), 3);
    assert_int_equal(unpack_str(&in).len, 0);
    assert_int_equal(unpack_u64(&in), 0);
    assert_false(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\xff")); /* -1 is no unsigned number */
    assert_int_equal(unpack_u64(&in), 0);
    assert_false(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\xa2xx")); /* text is not bytes … */
    assert_int_equal(unpack_bin(&in).len, 0);
    assert_false(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\xc4\2xx")); /* … nor bytes text */
    assert_int_equal(unpack_str(&in).len, 0);
    assert_false(unpack_end(&in));
}

static void bounds(void **state)
{
    (void)state;
    struct unpack in;
    uint8_t out[4] = {9, 9, 9, 9};
    unpack_begin(&in, SL_SPAN("\xc4\3abc"));
    unpack_bin_into(&in, out, 4); /* exactly so many */
    assert_int_equal(out[0], 9);
    assert_false(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\xc4\4abcd"));
    unpack_bin_into(&in, out, 4);
    assert_memory_equal(out, "abcd", 4);
    assert_true(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\x91\x05")); /* more than there is */
    unpack_array(&in);
    unpack_u64(&in);
    assert_int_equal(unpack_u64(&in), 0);
    assert_false(unpack_end(&in));
    unpack_begin(&in, SL_SPAN("\x91\x91\x91\x91\x91\x05")); /* deeper than any record */
    for (int i = 0; i < 5; i++)
        unpack_array(&in);
    assert_false(unpack_end(&in));
}

/* Whoever sent it, how deep it is nested costs no stack. */
static void deep(void **state)
{
    (void)state;
    struct unpack in;
    struct buf out = {0};
    pack_array(&out, 2);
    for (unsigned i = 0; i < 10000000; i++)
        pack_array(&out, 1);
    pack_u64(&out, 5);
    pack_u64(&out, 6);
    assert_true(unpack_begin(&in, buf_span(&out)));
    assert_int_equal(unpack_array(&in), 2);
    assert_int_equal(unpack_array(&in), 1);
    unpack_leave(&in);
    assert_int_equal(unpack_u64(&in), 6);
    assert_true(unpack_end(&in));
    out.len--;
    assert_false(unpack_begin(&in, buf_span(&out)));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(arrays),
        cmocka_unit_test(nested),
        cmocka_unit_test(bad),
        cmocka_unit_test(bounds),
        cmocka_unit_test(deep),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
