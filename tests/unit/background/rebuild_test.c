/* Rebuilding: the derived families come back row for row, also when it was interrupted; the tiles
   alone too; an unreadable event is named. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/rebuild.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

static struct sl_credentials live, removed, held;

static void remove_it(const struct sl_credentials *share, enum sl_who who)
{
    core_expect(sl_share_remove(store, sl_span_of(share->id), who, sl_span_of(share->secret),
                    SL_SPAN("why"), &err),
        SL_OK, &err);
}

static int make_shares(void **state)
{
    make_store(state);
    live = core_create(store, "ses_0123456789abcdefghij");
    removed = core_create(store, "ses_0123456789abcdefghik");
    held = core_create(store, "ses_0123456789abcdefghil");
    for (int i = 0; i < 300; i++) {
        core_now_us += 1000;
        core_sync(store, &live, "[{\"type\":\"x\",\"data\":\"of the live one\"}]");
    }
    core_sync(store, &removed, "[{\"type\":\"x\",\"data\":1}]");
    remove_it(&removed, SL_WHO_SECRET);
    remove_it(&held, SL_WHO_OWNER);
    settle();
    return 0;
}

/* All rows of the derived families but snapshots, whose marks settle. */
static void gather(struct buf *out)
{
    buf_clear(out);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
        if (!kv_family_derived((enum kv_family)family) || family == KV_SNAPSHOT) continue;
        struct kv_iter *iter = kv_iter_create(
            store->kv, (enum kv_family)family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
        for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
            buf_add_span(out, kv_iter_key(iter));
            buf_add(out, "=", 1);
            buf_add_span(out, kv_iter_value(iter));
        }
        kv_iter_destroy(iter);
    }
    assert_false(out->failed);
}

static void row_for_row(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0};
    gather(&before);
    assert_true(before.len > 0);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    gather(&after);
    core_assert_same(buf_span(&after), buf_span(&before), "derived rows");
    core_verify(store);
    assert_true(rebuild_is_whole(store->kv));
    struct sl_credentials again;
    assert_int_equal(sl_share_create(store, SL_SPAN("ses_0123456789abcdefghil"), SL_ROLE_NONE,
                         SL_SPAN(""), &again, &err),
        SL_HELD);
    buf_fini(&before);
    buf_fini(&after);
}

/* Cut short at any write, it is done by the next opening. */
static void interrupted(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0};
    gather(&before);
    bool reached = true;
    for (long k = 0; reached; k++) {
        kv_fault_after(k);
        reached = sl_store_rebuild(store, NULL, &err) != SL_OK;
        kv_fault_after(-1);
        reopen();
        settle();
        gather(&after);
        core_assert_same(buf_span(&after), buf_span(&before), "derived rows");
        core_verify(store);
    }
    buf_fini(&before);
    buf_fini(&after);
}

static void tiles_alone(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0};
    gather(&before);
    store_row_put(store, KV_TILE, row_tile(1, 0), SL_SPAN("damaged"));
    reopen(); /* finds it, and makes them again */
    gather(&after);
    core_assert_same(buf_span(&after), buf_span(&before), "derived rows");
    core_verify(store);
    buf_fini(&before);
    buf_fini(&after);
}

static void unreadable_event(void **state)
{
    (void)state;
    store_row_put(store, KV_EVENT, row_event(sl_span_of(live.id), 17), SL_SPAN("damaged"));
    assert_int_equal(sl_store_rebuild(store, NULL, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, live.id));
    assert_non_null(strstr(err.text, "event 17"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_shares, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_for_row),
        TEST(interrupted),
        TEST(tiles_alone),
        TEST(unreadable_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
