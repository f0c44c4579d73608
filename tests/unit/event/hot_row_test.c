/* Rows of bodies: what is put in comes out again, whatever its length and however it comes; and a
   row that is damaged anywhere is refused, or gives as many bytes as it says. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/hot_row.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/core_store.h"

/* Text that packs well, or bytes that don't. */
static void fill(struct buf *out, size_t len, bool packs, uint64_t *seed)
{
    buf_clear(out);
    assert_true(buf_reserve(out, len + 1));
    for (; out->len < len; out->len++)
        out->ptr[out->len] = packs ? "the same "[out->len % 9] : (char)core_random(seed);
}

/* A body in pieces of at most `step` bytes. */
static void make(struct hot_rows *rows, struct sl_span body, size_t step)
{
    hot_rows_begin(rows, body.len);
    for (size_t at = 0; at < body.len; at += step)
        hot_rows_add(
            rows, (struct sl_span){body.ptr + at, body.len - at < step ? body.len - at : step});
    assert_true(hot_rows_end(rows));
}

/* All rows unpacked, one behind the other; returns how many there are. */
static unsigned unpack_all(const struct hot_rows *rows, struct buf *out)
{
    struct sl_span rest = buf_span(&rows->bytes), bytes;
    unsigned count = 0;
    buf_clear(out);
    for (; hot_rows_next(&rest, &bytes); count++) {
        struct hot_row row;
        assert_true(hot_row_read(bytes, &row));
        assert_true(row.raw_bytes == SL_BODY_ROW_BYTES || rest.len == 0);
        assert_int_equal(row.packed, bytes.ptr[0] == HOT_ROW_PACKED);
        assert_true(buf_reserve(out, row.raw_bytes));
        if (row.packed)
            assert_true(hot_row_unpack(&row, out->ptr + out->len));
        else
            memcpy(out->ptr + out->len, row.payload.ptr, row.raw_bytes);
        out->len += row.raw_bytes;
    }
    return count;
}

static void there_and_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 33, 34, 1023, 1024, 1025, 70000, SL_BODY_ROW_BYTES - 1,
        SL_BODY_ROW_BYTES, SL_BODY_ROW_BYTES + 1, 2 * SL_BODY_ROW_BYTES,
        2 * SL_BODY_ROW_BYTES + 5000};
    uint64_t seed = core_seed("there and back");
    struct hot_rows rows = {0};
    struct buf body = {0}, out = {0};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
        for (int packs = 0; packs <= 1; packs++)
            for (int whole = 0; whole <= 1; whole++) {
                fill(&body, lengths[i], packs, &seed);
                make(&rows, buf_span(&body),
                    whole ? lengths[i] : 1 + core_random(&seed) % (1 + lengths[i] / 7));
                unsigned count = unpack_all(&rows, &out);
                assert_int_equal(count, (lengths[i] + SL_BODY_ROW_BYTES - 1) / SL_BODY_ROW_BYTES);
                core_assert_same(buf_span(&out), buf_span(&body), "the body");
                if (packs && lengths[i] >= HOT_ROW_PACKED_FROM)
                    assert_true(rows.bytes.len < lengths[i] / 10 + 200);
                else
                    assert_true(rows.bytes.len <= lengths[i] + count * 5);
            }
    hot_rows_fini(&rows);
    buf_fini(&body);
    buf_fini(&out);
}

/* The forms, byte by byte. */
static void forms(void **state)
{
    (void)state;
    struct hot_rows rows = {0};
    struct sl_span rest, row;
    struct buf body = {0};
    uint64_t seed = 1;
    make(&rows, SL_SPAN("small"), 2);
    rest = buf_span(&rows.bytes);
    assert_true(hot_rows_next(&rest, &row));
    core_assert_same(row, SL_SPAN("\0small"), "as it is");
    assert_false(hot_rows_next(&rest, &row));
    fill(&body, 2000, true, &seed);
    make(&rows, buf_span(&body), 2000);
    rest = buf_span(&rows.bytes);
    assert_true(hot_rows_next(&rest, &row));
    assert_memory_equal(row.ptr, "\1\0\0\7\xd0", 5); /* packed, of 2,000 bytes */
    fill(&body, 2000, false, &seed);                 /* nothing is gained by packing these */
    make(&rows, buf_span(&body), 2000);
    rest = buf_span(&rows.bytes);
    assert_true(hot_rows_next(&rest, &row));
    assert_int_equal(row.len, 2001);
    assert_int_equal(row.ptr[0], HOT_ROW_RAW);
    hot_rows_fini(&rows);
    buf_fini(&body);
}

static bool reads(const char *bytes, size_t len)
{
    struct hot_row row;
    return hot_row_read((struct sl_span){bytes, len}, &row);
}

/* A row is judged by its head: what it would unpack to is never asked room for. */
static void heads(void **state)
{
    (void)state;
    char bytes[2000] = {HOT_ROW_PACKED, 0, 0, 0x07, (char)0xd0};
    struct buf large = {0};
    assert_false(reads("", 0));
    assert_false(reads("\0", 1));
    assert_true(reads("\0x", 2));
    assert_false(reads("\2x", 2));
    assert_false(reads("\xffx", 2));
    assert_true(reads(bytes, 2000)); /* 2,000 bytes raw */
    assert_true(reads(bytes, 6));    /* a block of one byte */
    assert_false(reads(bytes, 5));   /* of none */
    assert_false(reads(bytes, 3));
    bytes[3] = 0x03, bytes[4] = (char)0xff; /* so few bytes are never packed */
    assert_false(reads(bytes, 100));
    bytes[3] = 0x04, bytes[4] = 0;
    assert_true(reads(bytes, 1024));
    assert_false(reads(bytes, 1025)); /* larger than it was: as it is, it would be smaller */
    bytes[2] = 0x40, bytes[3] = 0;
    assert_true(reads(bytes, 100));
    bytes[4] = 1; /* more than a row has */
    assert_false(reads(bytes, 100));
    memset(bytes + 1, 0xff, 4);
    assert_false(reads(bytes, 100));
    assert_true(buf_reserve(&large, SL_BODY_ROW_BYTES + 2));
    memset(large.ptr, 0, SL_BODY_ROW_BYTES + 2);
    assert_true(reads(large.ptr, SL_BODY_ROW_BYTES + 1));
    assert_false(reads(large.ptr, SL_BODY_ROW_BYTES + 2));
    buf_fini(&large);
}

/* Cut off anywhere, with something behind it, or with any byte another: it is refused, or gives
   just as many bytes as it says, within the room for them. */
static void damaged(void **state)
{
    (void)state;
    uint64_t seed = core_seed("damaged");
    struct hot_rows rows = {0};
    struct buf body = {0};
    struct sl_span rest, bytes;
    struct hot_row row;
    fill(&body, 5000, true, &seed);
    for (size_t i = 0; i < body.len; i += 50)
        body.ptr[i] = (char)core_random(&seed);
    make(&rows, buf_span(&body), body.len);
    rest = buf_span(&rows.bytes);
    assert_true(hot_rows_next(&rest, &bytes));
    unsigned refused = 0;
    for (size_t len = 0; len < bytes.len; len++) {
        struct sl_span cut = {bytes.ptr, len};
        char *raw = malloc(5000);
        assert_false(hot_row_read(cut, &row) && hot_row_unpack(&row, raw));
        free(raw);
    }
    for (unsigned n = 0; n < 2000 * core_rounds(); n++) {
        char *copy = malloc(bytes.len);
        memcpy(copy, bytes.ptr, bytes.len);
        copy[core_random(&seed) % bytes.len] ^= (char)(1 << core_random(&seed) % 8);
        char *raw = NULL; /* of just the length that it says: a sanitizer sees a byte more */
        if (!hot_row_read((struct sl_span){copy, bytes.len}, &row)) {
            refused++;
        } else if (row.packed) {
            raw = malloc(row.raw_bytes);
            refused += !hot_row_unpack(&row, raw);
        }
        free(raw);
        free(copy);
    }
    assert_true(refused > 0);
    hot_rows_fini(&rows);
    buf_fini(&body);
}

/* Memory runs out at the first row or a later one. */
static void no_memory(void **state)
{
    (void)state;
    struct buf body = {0};
    uint64_t seed = 3;
    unsigned long refused = 0;
    bool made = false;
    fill(&body, 3 * SL_BODY_ROW_BYTES, false, &seed);
    while (!made) {
        struct hot_rows rows = {0};
        alloc_fail_from(refused);
        hot_rows_begin(&rows, body.len);
        hot_rows_add(&rows, buf_span(&body));
        made = hot_rows_end(&rows);
        alloc_never();
        refused += !made;
        hot_rows_fini(&rows);
    }
    assert_true(refused >= 2);
    buf_fini(&body);
}

/* A body of one row takes one allocation, and one that is made where another was, none. */
static void allocations(void **state)
{
    (void)state;
    struct hot_rows rows = {0};
    struct buf body = {0};
    uint64_t seed = 4;
    fill(&body, 24000, true, &seed);
    alloc_fail_from(1);
    make(&rows, buf_span(&body), 1000);
    assert_int_equal(alloc_never(), 1);
    alloc_fail_from(0);
    make(&rows, buf_span(&body), 1000);
    assert_int_equal(alloc_never(), 0);
    hot_rows_fini(&rows);
    buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(forms),
        cmocka_unit_test(heads),
        cmocka_unit_test(damaged),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
