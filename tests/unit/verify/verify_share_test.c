/* One share's derived records against its events; and what a removed share must not have any
   more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/kv/rows.h"
#include "core/log/share_record.h"
#include "tests/support/row_fault.h"

static struct sl_credentials share;
static struct sl_span id;
static const struct sl_span session = {"ses_0123456789abcdefghij", 24};

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, session.ptr);
    id = sl_span_of(share.id);
    for (int i = 0; i < 3; i++)
        core_sync(store, &share, "[{\"type\":\"session\",\"data\":{\"title\":\"content\"}}]");
    core_verify(store);
    return 0;
}

static void remove_share(void)
{
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    settle();
    core_verify(store);
}

static void test_record(void **state)
{
    (void)state;
    struct buf row = {0}, changed = {0};
    struct share_record record;
    fault_missing(KV_SHARE, row_share(id), "share %s: its record is missing", share.id);
    store_row_get(store, KV_SHARE, row_share(id), &row);
    assert_true(share_record_decode(buf_span(&row), &record));
    record.secret_hash[5] ^= 1;
    share_record_encode(&record, &changed);
    fault_value(KV_SHARE, row_share(id), buf_span(&changed),
        "share %s: its record is not what its events tell", share.id);
    assert_true(share_record_decode(buf_span(&row), &record));
    record.created_ms++;
    buf_clear(&changed);
    share_record_encode(&record, &changed);
    fault_value(KV_SHARE, row_share(id), buf_span(&changed),
        "share %s: its record is not what its events tell", share.id);
    assert_true(share_record_decode(buf_span(&row), &record));
    record.maker[31] ^= 1;
    buf_clear(&changed);
    share_record_encode(&record, &changed);
    fault_value(KV_SHARE, row_share(id), buf_span(&changed),
        "share %s: its record is not what its events tell", share.id);
    buf_fini(&row);
    buf_fini(&changed);
}

/* Each index has the share, under the key that its events make. */
static void test_indexes(void **state)
{
    (void)state;
    struct buf row = {0};
    struct share_record record;
    uint8_t ref[32];
    store_row_get(store, KV_SHARE, row_share(id), &row);
    assert_true(share_record_decode(buf_span(&row), &record));
    event_share_ref(record.salt, id, ref);
    fault_missing(
        KV_INDEX, row_ref(ref), "share %s: the index does not find it by reference", share.id);
    fault_missing(KV_BY_SESSION, row_by_session(session, maker_nobody, record.position),
        "share %s: the list by session is wrong about it", share.id);
    fault_missing(
        KV_INDEX, row_newest(3), "share %s: the list of live shares is wrong about it", share.id);
    fault_value(KV_INDEX, row_newest(3), SL_SPAN("nobody"),
        "share %s: the list of live shares is wrong about it", share.id);
    fault_extra(KV_INDEX, row_held(session, maker_nobody, id), SL_SPAN(""),
        "share %s: the list of held sessions is wrong about it", share.id);
    buf_fini(&row);
}

static void test_removed(void **state)
{
    (void)state;
    remove_share();
    fault_missing(KV_INDEX, row_held(session, maker_nobody, id),
        "share %s: the list of held sessions is wrong about it", share.id);
    fault_extra(KV_INDEX, row_newest(4), id, "share %s: the list of live shares is wrong about it",
        share.id);
    fault_extra(KV_BY_SESSION, row_by_session(session, maker_nobody, 0), id,
        "share %s: the list by session is wrong about it", share.id);
    core_expect(sl_session_allow(store, session, &err), SL_OK, &err);
    core_verify(store);
    fault_extra(KV_INDEX, row_held(session, maker_nobody, id), SL_SPAN(""),
        "share %s: the list of held sessions is wrong about it", share.id);
}

/* Content that a removed share still has. */
static void test_leftovers(void **state)
{
    (void)state;
    remove_share();
    struct sl_span value = SL_SPAN("x");
    fault_extra(KV_BODY, row_body(id, 2, 0), value,
        "share %s: event 5: a body row before it belongs to no event", share.id);
    fault_extra(KV_HOT, row_body(id, 4, 1), value,
        "share %s: event 5: a body row before it belongs to no event", share.id);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 3, 0), value,
        "share %s: snapshot at 3: its head is unreadable", share.id);
    fault_extra(KV_SNAPSHOT, row_snapshot(id, 2, 7), value,
        "share %s: removed, but a row of its snapshot should have been erased", share.id);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(test_record),
        TEST(test_indexes),
        TEST(test_removed),
        TEST(test_leftovers),
    };
    return cmocka_run_group_tests_name("verify_share", tests, NULL, NULL);
}
