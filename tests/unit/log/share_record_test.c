/* A share's record: its bytes and back, the bound on them, damage refused, the secret. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/log/share_record.h"

static char session_id[SL_SESSION_ID_BYTES];

static struct share_record largest(void)
{
    memset(session_id, 's', sizeof(session_id));
    struct share_record record = {.session_id = {session_id, sizeof(session_id)},
        .created_ms = UINT64_MAX,
        .position = UINT64_MAX,
        .secret_kind = SECRET_BY_ID,
        .state = SL_SHARE_REMOVED,
        .removed_ms = UINT64_MAX,
        .removed_by = SL_WHO_OWNER};
    memset(record.salt, 0xa5, 32);
    memset(record.secret_hash, 0x5a, 32);
    memset(record.maker, 0xc3, 32);
    return record;
}

static void there_and_back(void **state)
{
    (void)state;
    struct share_record record = largest(), again;
    struct buf bytes = {0};
    share_record_encode(&record, &bytes);
    assert_false(bytes.failed);
    assert_true(share_record_decode(buf_span(&bytes), &again));
    assert_true(sl_span_eq(again.session_id, record.session_id));
    assert_true(again.created_ms == record.created_ms && again.position == record.position);
    assert_memory_equal(again.salt, record.salt, 32);
    assert_memory_equal(again.secret_hash, record.secret_hash, 32);
    assert_int_equal(again.secret_kind, SECRET_BY_ID);
    assert_memory_equal(again.maker, record.maker, 32);
    assert_int_equal(again.state, SL_SHARE_REMOVED);
    assert_true(again.removed_ms == record.removed_ms);
    assert_int_equal(again.removed_by, SL_WHO_OWNER);
    buf_fini(&bytes);
}

/* Of a share of format 1: with the 0 that format 1's records have in the maker's place. */
static void of_format_1(void **state)
{
    (void)state;
    struct share_record record = largest(), again;
    struct buf bytes = {0}, known = {0};
    share_record_encode(&record, &known);
    memcpy(record.maker, maker_unknown, MAKER_BYTES);
    share_record_encode(&record, &bytes);
    assert_int_equal(bytes.len, known.len - 33);
    assert_true(share_record_decode(buf_span(&bytes), &again));
    assert_true(maker_same(again.maker, maker_unknown));
    size_t place =
        (size_t)((const char *)memmem(bytes.ptr, bytes.len, record.secret_hash, 32) - bytes.ptr) +
        32;
    assert_int_equal(bytes.ptr[place], 0);
    bytes.ptr[place] = 1;
    assert_false(share_record_decode(buf_span(&bytes), &again));
    buf_fini(&bytes);
    buf_fini(&known);
}

/* Into room that was reserved, nothing moves: who commits relies on it. */
static void fits_its_bound(void **state)
{
    (void)state;
    struct share_record record = largest();
    struct buf bytes = {0};
    assert_true(buf_reserve(&bytes, SHARE_RECORD_BYTES));
    const char *room = bytes.ptr;
    share_record_encode(&record, &bytes);
    assert_ptr_equal(bytes.ptr, room);
    assert_true(bytes.len <= SHARE_RECORD_BYTES);
    buf_fini(&bytes);
}

static void damage_is_refused(void **state)
{
    (void)state;
    struct share_record record = largest(), again;
    struct buf bytes = {0};
    share_record_encode(&record, &bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(share_record_decode((struct sl_span){bytes.ptr, len}, &again));
    bytes.ptr[1]++; /* the version */
    assert_false(share_record_decode(buf_span(&bytes), &again));
    bytes.ptr[1]--;
    buf_add(&bytes, "", 1);
    assert_false(share_record_decode(buf_span(&bytes), &again));
    buf_fini(&bytes);
}

static void secret(void **state)
{
    (void)state;
    struct share_record record = largest();
    crypto_sha256("the-secret", 10, record.secret_hash);
    assert_true(share_secret_fits(&record, SL_SPAN("the-secret")));
    assert_false(share_secret_fits(&record, SL_SPAN("the-secreT")));
    assert_false(share_secret_fits(&record, SL_SPAN("the-secret ")));
    assert_false(share_secret_fits(&record, SL_SPAN("")));
}

static void begins_from_its_creation(void **state)
{
    (void)state;
    struct share_record record = largest();
    struct create_body says = {.share_id = SL_SPAN("abc"),
        .session_id = SL_SPAN("ses_abc"),
        .salt = record.salt,
        .secret_hash = record.secret_hash,
        .secret_kind = SECRET_PLAIN,
        .maker = record.maker};
    struct share_record begun = share_record_begin(&says, 17, 4);
    assert_true(sl_span_eq(begun.session_id, SL_SPAN("ses_abc")));
    assert_true(begun.created_ms == 17 && begun.position == 4);
    assert_int_equal(begun.state, SL_SHARE_LIVE);
    assert_memory_equal(begun.salt, record.salt, 32);
    assert_memory_equal(begun.secret_hash, record.secret_hash, 32);
    assert_memory_equal(begun.maker, record.maker, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(of_format_1),
        cmocka_unit_test(fits_its_bound),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(secret),
        cmocka_unit_test(begins_from_its_creation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
