/* Buffers: they grow and keep their bytes, fail once and for all, or fill a fixed room to its end.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/support/alloc_fault.h"

static void grows(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (unsigned i = 0; i < 5000; i++)
        buf_add(&buf, &(char){(char)i}, 1);
    assert_int_equal(buf.len, 5000);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal((unsigned char)buf.ptr[i], i & 0xff);
    buf_add(&buf, NULL, 0);
    buf_add_span(&buf, (struct sl_span){0});
    assert_int_equal(buf.len, 5000);
    buf_clear(&buf);
    assert_int_equal(buf_span(&buf).len, 0);
    assert_true(buf.cap >= 5000); /* which it keeps */
    buf_fini(&buf);
    assert_null(buf.ptr);
}

/* What was there stays, and nothing comes behind a gap. */
static void fails(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_add(&buf, "kept", 4);
    static const char large[4096];
    alloc_fail_from(0);
    buf_add(&buf, large, sizeof(large));
    alloc_never();
    assert_true(buf.failed);
    buf_add(&buf, "lost", 4);
    assert_false(buf_reserve(&buf, 1));
    assert_true(sl_span_eq(buf_span(&buf), SL_SPAN("kept")));
    buf_clear(&buf);
    buf_add(&buf, "again", 5);
    assert_true(!buf.failed && sl_span_eq(buf_span(&buf), SL_SPAN("again")));
    assert_false(buf_reserve(&buf, SIZE_MAX)); /* more than there are addresses */
    buf_fini(&buf);
}

static void fixed(void **state)
{
    (void)state;
    char room[9] = "........!";
    struct buf buf = buf_fixed(room, 8);
    alloc_fail_from(0);
    buf_add(&buf, "12345678", 8);
    assert_false(buf.failed);
    buf_add(&buf, "9", 1);
    assert_int_equal(alloc_never(), 0);
    assert_true(buf.failed);
    assert_memory_equal(room, "12345678!", 9);
    buf_clear(&buf);
    buf_add(&buf, "ab", 2);
    assert_true(!buf.failed && buf.ptr == room);
    buf_fini(&buf); /* the room is the stack's: freeing it would end the test */
    assert_memory_equal(room, "ab345678!", 9);
}

static void sink(void **state)
{
    (void)state;
    char room[6];
    struct buf buf = buf_fixed(room, sizeof(room));
    struct sl_sink sink = buf_sink(&buf);
    assert_int_equal(sink_put(sink, "abc", 3, NULL), SL_OK);
    assert_int_equal(sink_put(sink, "", 0, NULL), SL_OK);
    assert_int_equal(sink_put(sink, "defg", 4, NULL), SL_STOPPED);
    assert_true(sl_span_eq(buf_span(&buf), SL_SPAN("abc")));
}

static void numbers(void **state)
{
    (void)state;
    uint8_t bytes[8];
    for (size_t n = 1; n <= 8; n++) {
        uint64_t value = 0x0102030405060708u & (UINT64_MAX >> (64 - 8 * n));
        be_put(bytes, value, n);
        assert_int_equal(bytes[n - 1], 8);
        assert_int_equal(bytes[0], 9 - n);
        assert_true(be_get(bytes, n) == value);
    }
}

static void order_of_spans(void **state)
{
    (void)state;
    static const char *const sorted[] = {"", "A", "a", "aa", "ab", "b", "\xff"};
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 7; k++) {
            int order = sl_span_cmp(sl_span_of(sorted[i]), sl_span_of(sorted[k]));
            assert_true(i < k ? order < 0 : i > k ? order > 0 : order == 0);
            assert_int_equal(sl_span_eq(sl_span_of(sorted[i]), sl_span_of(sorted[k])), order == 0);
        }
    assert_true(sl_span_eq((struct sl_span){0}, SL_SPAN("")));
    assert_true(sl_span_cmp((struct sl_span){"a\0b", 3}, (struct sl_span){"a\0c", 3}) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(fails),
        cmocka_unit_test(fixed),
        cmocka_unit_test(sink),
        cmocka_unit_test(numbers),
        cmocka_unit_test(order_of_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
