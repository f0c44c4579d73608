/* The bodies of create, remove and allow: what is written is read again, and nothing else is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/control.h"

#include <stdlib.h>

static const uint8_t salt[32] = {1, 2, 3}, hash[32] = {0xff}, maker[32] = {4, 5, 6};

enum body { CREATE, REMOVE, ALLOW, BODIES };

static void make(enum body kind, struct buf *out)
{
    struct create_body creation = {.share_id = SL_SPAN("q7Zk2bXa"),
        .session_id = SL_SPAN("ses_1"),
        .salt = salt,
        .secret_hash = hash,
        .secret_kind = SECRET_BY_ID,
        .maker = maker};
    struct remove_body removal = {SL_WHO_OWNER, SL_SPAN("why")};
    struct allow_body allowance = {SL_WHO_OWNER, SL_SPAN("because")};
    buf_clear(out);
    if (kind == CREATE) create_body_encode(&creation, out);
    if (kind == REMOVE) remove_body_encode(&removal, (uint64_t[]){7, UINT64_MAX}, 2, out);
    if (kind == ALLOW) allow_body_encode(&allowance, out);
    assert_false(out->failed);
}

/* The bytes in memory of exactly their size. */
static bool reads(enum body kind, struct sl_span bytes)
{
    struct create_body creation;
    struct remove_body removal;
    struct allow_body allowance;
    char *copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(copy);
    if (bytes.len) memcpy(copy, bytes.ptr, bytes.len);
    struct sl_span span = {copy, bytes.len};
    bool ok = kind == CREATE   ? create_body_decode(span, &creation)
              : kind == REMOVE ? remove_body_decode(span, &removal)
                               : allow_body_decode(span, &allowance);
    free(copy);
    return ok;
}

static void again(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct create_body creation;
    struct remove_body removal;
    struct allow_body allowance;
    make(CREATE, &bytes);
    assert_true(create_body_decode(buf_span(&bytes), &creation));
    assert_true(sl_span_eq(creation.share_id, SL_SPAN("q7Zk2bXa")));
    assert_true(sl_span_eq(creation.session_id, SL_SPAN("ses_1")));
    assert_memory_equal(creation.salt, salt, 32);
    assert_memory_equal(creation.secret_hash, hash, 32);
    assert_int_equal(creation.secret_kind, SECRET_BY_ID);
    assert_memory_equal(creation.maker, maker, 32);
    make(REMOVE, &bytes);
    assert_true(remove_body_decode(buf_span(&bytes), &removal));
    assert_int_equal(removal.who, SL_WHO_OWNER);
    assert_true(sl_span_eq(removal.reason, SL_SPAN("why")));
    make(ALLOW, &bytes);
    assert_true(allow_body_decode(buf_span(&bytes), &allowance));
    assert_int_equal(allowance.who, SL_WHO_OWNER);
    assert_true(sl_span_eq(allowance.reason, SL_SPAN("because")));
    buf_fini(&bytes);
}

static void nothing_else(void **state)
{
    (void)state;
    struct buf bytes = {0};
    for (enum body kind = CREATE; kind < BODIES; kind++) {
        make(kind, &bytes);
        for (enum body other = CREATE; other < BODIES; other++)
            assert_int_equal(reads(other, buf_span(&bytes)), other == kind);
        for (size_t len = 0; len < bytes.len; len++)
            assert_false(reads(kind, (struct sl_span){bytes.ptr, len}));
        buf_add(&bytes, "", 1); /* a byte too many */
        assert_false(reads(kind, buf_span(&bytes)));
        bytes.len--;
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) { /* nothing is read past its end */
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
            reads(kind, buf_span(&bytes));
            bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        }
    }
    make(ALLOW, &bytes);
    bytes.ptr[1] = SL_WHO_OWNER + 1; /* nobody known */
    assert_false(reads(ALLOW, buf_span(&bytes)));
    make(REMOVE, &bytes);
    bytes.ptr[1] = SL_WHO_OWNER + 1;
    assert_false(reads(REMOVE, buf_span(&bytes)));
    buf_fini(&bytes);
}

/* In the maker's place a create of format 1 has a 0, and nothing else is known there. */
static void format_1(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct create_body creation;
    make(CREATE, &bytes);
    bytes.len -= 34; /* bin 8, 32, the maker */
    buf_add(&bytes, "", 1);
    assert_true(create_body_decode(buf_span(&bytes), &creation));
    assert_true(maker_same(creation.maker, maker_unknown));
    assert_memory_equal(creation.secret_hash, hash, 32);
    static const struct sl_span others[] = {
        {"\x01", 1}, {"\xcd\x01\x00", 3}, {"\xc0", 1}, {"\xa0", 1}, {"\xc4\x00", 2}, {"\x90", 1}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        bytes.len--;
        size_t len = bytes.len;
        buf_add_span(&bytes, others[i]);
        assert_false(create_body_decode(buf_span(&bytes), &creation));
        bytes.len = len + 1;
    }
    make(CREATE, &bytes);
    bytes.ptr[bytes.len - 33] = 31; /* a maker of 31 bytes */
    bytes.len--;
    assert_false(create_body_decode(buf_span(&bytes), &creation));
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(again), cmocka_unit_test(nothing_else), cmocka_unit_test(format_1)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
