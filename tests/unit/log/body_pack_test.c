/* Packs: the rows that go in come out, each at its place; every byte of one matters, and no bytes
 * at all make its reader take memory that it shouldn't, or end the program. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/pack_cache.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"
#include "tests/support/exact_span.h"

#define ROWS 40

static struct sl_err err;
static struct body_packer packer;
static struct pack_cache *cache; /* which keeps nothing: it decodes */

static int make_packer(void **state)
{
    (void)state;
    cache = pack_cache_create(0);
    return cache && body_packer_init(&packer, ZSTD_FAST, &err) == SL_OK ? 0 : -1;
}

static int drop_packer(void **state)
{
    (void)state;
    body_packer_fini(&packer);
    pack_cache_destroy(cache);
    return 0;
}

struct rows {
    struct buf of[ROWS];
    uint32_t count;
};

static void rows_fini(struct rows *rows)
{
    for (size_t i = 0; i < ROWS; i++)
        buf_fini(&rows->of[i]);
}

/* Random rows, of few different bytes, whose lengths differ by magnitudes. */
static void make_rows(struct rows *rows, uint64_t *random)
{
    rows->count = 1 + (uint32_t)(core_random(random) % ROWS);
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t len = 1 + core_random(random) % (1u << core_random(random) % 16);
        struct buf *row = &rows->of[i];
        buf_clear(row);
        assert_true(buf_reserve(row, len));
        for (size_t k = 0; k < len; k++)
            row->ptr[k] = (char)('a' + core_random(random) % 5);
        row->len = len;
    }
}

static void make_value(const struct rows *rows, struct body_place first, struct buf *value)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        struct body_place place = body_pack_place(first, i);
        assert_true(body_packer_takes(&packer, place, rows->of[i].len));
        body_packer_add(&packer, place, buf_span(&rows->of[i]));
    }
    core_expect(body_packer_make(&packer, value, &err), SL_OK, &err);
    assert_int_equal(packer.count, 0);
}

/* Are these the rows? As far as the value says that it is whole. */
static enum sl_result unpack(struct sl_span value, uint32_t rows, struct unpacked **out)
{
    struct body_pack pack;
    enum sl_result result = body_pack_read(value, &pack, &err);
    if (result != SL_OK) return result;
    return pack_cache_get(cache, &pack, rows < pack.count ? rows : pack.count, false, out, &err);
}

static void expect_rows(struct sl_span value, const struct rows *rows, uint32_t wanted)
{
    struct unpacked *unpacked = NULL;
    core_expect(unpack(value, wanted, &unpacked), SL_OK, &err);
    assert_int_equal(unpacked->count, rows->count);
    assert_true(unpacked->there >= wanted && unpacked->there <= rows->count);
    for (uint32_t i = 0; i < unpacked->there; i++)
        core_assert_same(unpacked_row(unpacked, i), buf_span(&rows->of[i]), "a row");
    unpacked_release(unpacked);
}

static void comes_back(void **state)
{
    (void)state;
    uint64_t random = core_seed("packs come back");
    struct rows rows = {0};
    struct buf value = {0};
    for (unsigned round = 0; round < 200 * core_rounds(); round++) {
        make_rows(&rows, &random);
        buf_clear(&value);
        make_value(&rows, (struct body_place){7, 0}, &value);
        assert_true(body_pack_intact(buf_span(&value)));
        struct sl_span copy = exact(buf_span(&value));
        expect_rows(copy, &rows, rows.count);
        expect_rows(copy, &rows, 1 + (uint32_t)(core_random(&random) % rows.count));
        release(copy);
    }
    rows_fini(&rows);
    buf_fini(&value);
}

/* The bytes are for ever. */
static void layout(void **state)
{
    (void)state;
    struct buf value = {0};
    body_packer_add(&packer, (struct body_place){2, 0}, SL_SPAN("one"));
    body_packer_add(&packer, (struct body_place){3, 0}, SL_SPAN("three"));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    assert_int_equal(value.ptr[0], 1);
    static const char head[] = "\0\0\0\2\0\0\0\3\0\0\0\5";
    assert_memory_equal(value.ptr + 17, head, 12);
    assert_memory_equal(value.ptr + 29, "\x28\xb5\x2f\xfd", 4); /* RFC 8878, 3.1.1 */
    struct body_pack pack;
    core_expect(body_pack_read(buf_span(&value), &pack, &err), SL_OK, &err);
    assert_int_equal(pack.count, 2);
    assert_int_equal(pack.bytes, 8);
    assert_int_equal(body_pack_row_bytes(&pack, 1), 5);
    assert_ptr_equal(pack.frame.ptr, value.ptr + 29);
    assert_ptr_equal(pack.frame.ptr + pack.frame.len, value.ptr + value.len);
    assert_int_equal(pack.effort, ZSTD_FAST);
    buf_fini(&value);
}

static void says_its_effort(void **state)
{
    (void)state;
    struct buf value = {0};
    struct body_packer hard;
    struct body_pack pack;
    core_expect(body_packer_init(&hard, ZSTD_HARD, &err), SL_OK, &err);
    body_packer_add(&hard, (struct body_place){2, 0}, SL_SPAN("one"));
    core_expect(body_packer_make(&hard, &value, &err), SL_OK, &err);
    core_expect(body_pack_read(buf_span(&value), &pack, &err), SL_OK, &err);
    assert_int_equal(value.ptr[0], 2);
    assert_int_equal(pack.effort, ZSTD_HARD);
    body_packer_fini(&hard);
    buf_fini(&value);
}

static void places(void **state)
{
    (void)state;
    struct body_place first = {11, 1};
    uint32_t index = 99;
    assert_true(body_pack_find(first, 3, (struct body_place){11, 1}, &index) && index == 0);
    assert_true(body_pack_find(first, 3, (struct body_place){12, 0}, &index) && index == 1);
    assert_true(body_pack_find(first, 3, (struct body_place){13, 0}, &index) && index == 2);
    assert_false(body_pack_find(first, 3, (struct body_place){14, 0}, &index));
    assert_false(body_pack_find(first, 3, (struct body_place){11, 0}, &index));
    assert_false(body_pack_find(first, 3, (struct body_place){11, 2}, &index));
    assert_false(body_pack_find(first, 3, (struct body_place){12, 1}, &index));
    assert_false(body_pack_find(first, 3, (struct body_place){10, 0}, &index));
    struct body_place place = body_pack_place(first, 0);
    assert_true(place.sequence == 11 && place.chunk == 1);
    place = body_pack_place(first, 2);
    assert_true(place.sequence == 13 && place.chunk == 0);
}

/* Only the row that comes next goes into a pack, and no more than fit. */
static void takes(void **state)
{
    (void)state;
    struct buf row = {0}, value = {0};
    assert_true(buf_reserve(&row, SL_BODY_ROW_BYTES));
    memset(row.ptr, 'x', SL_BODY_ROW_BYTES);
    row.len = SL_BODY_ROW_BYTES;
    assert_true(body_packer_takes(&packer, (struct body_place){5, 3}, 1));
    body_packer_add(&packer, (struct body_place){5, 3}, SL_SPAN("123"));
    assert_false(body_packer_takes(&packer, (struct body_place){5, 4}, 1));
    assert_false(body_packer_takes(&packer, (struct body_place){7, 0}, 1));
    assert_false(body_packer_takes(&packer, (struct body_place){6, 1}, 1));
    assert_true(body_packer_takes(&packer, (struct body_place){6, 0}, SL_BODY_ROW_BYTES - 3));
    assert_false(body_packer_takes(&packer, (struct body_place){6, 0}, SL_BODY_ROW_BYTES - 2));
    body_packer_add(&packer, (struct body_place){6, 0}, (struct sl_span){row.ptr, row.len - 3});
    assert_false(body_packer_takes(&packer, (struct body_place){7, 0}, 1));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    buf_clear(&value);
    body_packer_add(&packer, (struct body_place){5, 0}, buf_span(&row)); /* a full one, alone */
    assert_false(body_packer_takes(&packer, (struct body_place){6, 0}, 1));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    struct unpacked *unpacked = NULL;
    core_expect(unpack(buf_span(&value), 1, &unpacked), SL_OK, &err);
    core_assert_same(unpacked_row(unpacked, 0), buf_span(&row), "a full row");
    unpacked_release(unpacked);
    buf_fini(&row);
    buf_fini(&value);
}

/* ---- damage ---- */

/* Found by who asks for all; a read may not find it, but ends well. */
static void expect_damaged(struct sl_span value, const struct rows *rows)
{
    struct sl_span copy = exact(value);
    struct unpacked *unpacked = NULL;
    assert_false(body_pack_intact(copy));
    enum sl_result result = unpack(copy, ROWS, &unpacked);
    assert_true(result == SL_OK || result == SL_CORRUPT);
    if (result == SL_OK) {
        size_t bytes = 0;
        for (uint32_t i = 0; i < unpacked->there; i++)
            bytes += unpacked_row(unpacked, i).len;
        assert_true(bytes <= SL_BODY_ROW_BYTES && unpacked->count <= copy.len / 4);
        assert_true(rows->count > 0);
    }
    unpacked_release(unpacked);
    release(copy);
}

static void flipped(void **state)
{
    (void)state;
    uint64_t random = core_seed("flipped packs");
    struct rows rows = {0};
    struct buf value = {0};
    for (unsigned round = 0; round < 5 * core_rounds(); round++) {
        make_rows(&rows, &random);
        buf_clear(&value);
        make_value(&rows, (struct body_place){2, 0}, &value);
        size_t bits = 8 * value.len, step = 1 + bits / 3000;
        for (size_t bit = core_random(&random) % step; bit < bits; bit += step) {
            value.ptr[bit / 8] = (char)(value.ptr[bit / 8] ^ 1 << bit % 8);
            expect_damaged(buf_span(&value), &rows);
            value.ptr[bit / 8] = (char)(value.ptr[bit / 8] ^ 1 << bit % 8);
        }
        expect_rows(buf_span(&value), &rows, rows.count);
    }
    rows_fini(&rows);
    buf_fini(&value);
}

static void cut_short(void **state)
{
    (void)state;
    uint64_t random = core_seed("packs cut short");
    struct rows rows = {0};
    struct buf value = {0};
    make_rows(&rows, &random);
    make_value(&rows, (struct body_place){2, 0}, &value);
    for (size_t len = 0; len < value.len; len += 1 + value.len / 2000) {
        struct unpacked *unpacked = NULL;
        struct sl_span copy = exact((struct sl_span){value.ptr, len});
        assert_int_equal(unpack(copy, ROWS, &unpacked), SL_CORRUPT);
        assert_null(unpacked);
        release(copy);
        expect_damaged((struct sl_span){value.ptr, len}, &rows);
    }
    buf_add(&value, "", 1);
    assert_false(body_pack_intact(buf_span(&value)));
    rows_fini(&rows);
    buf_fini(&value);
}

static void expect_refused(const struct buf *value)
{
    struct body_pack pack;
    alloc_fail_from(0); /* it allocates nothing */
    enum sl_result result = body_pack_read(buf_span(value), &pack, &err);
    assert_int_equal(alloc_never(), 0);
    assert_int_equal(result, SL_CORRUPT);
}

/* Values that claim what isn't so: counts, lengths, sizes. */
static void claims(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 3, 0x3fffffff, 0x40000000, 0x40000002, 0xffffffff};
    static const uint32_t lengths[] = {0, 2, SL_BODY_ROW_BYTES + 1, 0xfffffffd, 0xffffffff};
    struct buf value = {0};
    body_packer_add(&packer, (struct body_place){2, 0}, SL_SPAN("one"));
    body_packer_add(&packer, (struct body_place){3, 0}, SL_SPAN("three"));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        be_put(value.ptr + 17, counts[i], 4);
        expect_refused(&value);
    }
    be_put(value.ptr + 17, 2, 4);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        be_put(value.ptr + 21, lengths[i], 4);
        expect_refused(&value);
        be_put(value.ptr + 21, 3, 4);
        be_put(value.ptr + 25, lengths[i], 4);
        expect_refused(&value);
        be_put(value.ptr + 25, 5, 4);
    }
    /* lengths that are right together, but by a sum that runs over */
    be_put(value.ptr + 21, 0xfffffffe, 4);
    be_put(value.ptr + 25, 10, 4);
    expect_refused(&value);
    be_put(value.ptr + 21, 3, 4);
    be_put(value.ptr + 25, 5, 4);
    for (int form = 0; form < 256; form++) {
        value.ptr[0] = (char)form;
        if (form != BODY_PACK_FORM_FAST && form != BODY_PACK_FORM_HARD) expect_refused(&value);
    }
    buf_fini(&value);
}

/* 4 MiB of zeros are a short value, and take 4 MiB; a frame that claims more is refused. */
static void bombs(void **state)
{
    (void)state;
    struct buf row = {0}, value = {0};
    assert_true(buf_reserve(&row, SL_BODY_ROW_BYTES));
    memset(row.ptr, 0, SL_BODY_ROW_BYTES);
    row.len = SL_BODY_ROW_BYTES;
    body_packer_add(&packer, (struct body_place){2, 0}, buf_span(&row));
    core_expect(body_packer_make(&packer, &value, &err), SL_OK, &err);
    assert_true(value.len < 1000);
    struct body_pack pack;
    core_expect(body_pack_read(buf_span(&value), &pack, &err), SL_OK, &err);
    assert_int_equal(pack.bytes, SL_BODY_ROW_BYTES);
    /* frame header descriptor, then the content size in four bytes (RFC 8878, 3.1.1.1) */
    char *frame = value.ptr + 25;
    assert_int_equal((unsigned char)frame[4] >> 6, 2);
    size_t at = (unsigned char)frame[4] & 0x20 ? 5 : 6;
    assert_int_equal((unsigned char)frame[at + 2], 0x40);
    frame[at + 3] = 0x40; /* 1 GiB */
    expect_refused(&value);
    buf_fini(&row);
    buf_fini(&value);
}

/* Any bytes at all. */
static void noise(void **state)
{
    (void)state;
    uint64_t random = core_seed("noise");
    struct buf value = {0};
    for (unsigned round = 0; round < 20000 * core_rounds(); round++) {
        buf_clear(&value);
        for (size_t i = core_random(&random) % 80; i > 0; i--)
            buf_add(&value, &(char){(char)core_random(&random)}, 1);
        if (value.len) value.ptr[0] = BODY_PACK_FORM_FAST;
        if (value.len > 20) memset(value.ptr + 17, 0, 3);
        struct sl_span copy = exact(buf_span(&value));
        struct body_pack pack;
        assert_int_equal(body_pack_read(copy, &pack, &err), SL_CORRUPT);
        release(copy);
    }
    buf_fini(&value);
}

/* ---- memory ---- */

/* Wherever it runs out: no pack, what `value` held stays, and the packer can go on. */
static void out_of_memory(void **state)
{
    (void)state;
    uint64_t random = core_seed("out of memory");
    struct rows rows = {0};
    struct buf value = {0};
    enum sl_result result = SL_NOMEM;
    make_rows(&rows, &random);
    unsigned long k = 0;
    for (; result != SL_OK; k++) {
        struct body_packer fresh = {0};
        buf_fini(&value);
        buf_add(&value, "before", 6);
        alloc_fail_from(k);
        result = body_packer_init(&fresh, ZSTD_FAST, &err);
        for (uint32_t i = 0; i < rows.count && result == SL_OK; i++)
            body_packer_add(
                &fresh, body_pack_place((struct body_place){2, 0}, i), buf_span(&rows.of[i]));
        if (result == SL_OK) result = body_packer_make(&fresh, &value, &err);
        alloc_never();
        if (result != SL_OK) {
            assert_int_equal(result, SL_NOMEM);
            assert_true(!value.failed && sl_span_eq(buf_span(&value), SL_SPAN("before")));
        }
        body_packer_fini(&fresh);
    }
    assert_true(k > 4);
    expect_rows((struct sl_span){value.ptr + 6, value.len - 6}, &rows, rows.count);
    rows_fini(&rows);
    buf_fini(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(layout),
        cmocka_unit_test(says_its_effort),
        cmocka_unit_test(places),
        cmocka_unit_test(takes),
        cmocka_unit_test(flipped),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(claims),
        cmocka_unit_test(bombs),
        cmocka_unit_test(noise),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_packer, drop_packer);
}
