/* Removing: what the remove event says, what goes at once, who may, what a failure leaves; and that
   a create finishes in the middle of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/kv.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>

static struct sl_credentials share;

static int make_share(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    for (int i = 0; i < 20; i++)
        core_sync(store, &share, "[{\"type\":\"x\",\"data\":\"a word\"}]");
    return 0;
}

static enum sl_result remove_as(enum sl_who who, const char *secret)
{
    return sl_share_remove(
        store, sl_span_of(share.id), who, sl_span_of(secret), SL_SPAN("why"), &err);
}

static void unreadable_at_once(void **state)
{
    (void)state;
    struct sl_view *view;
    struct sl_event *event;
    struct sl_synced synced;
    struct sl_share_info info;
    struct buf out = {0};
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_event_open(store, sl_span_of(share.id), 5, &event, &err), SL_OK, &err);
    core_expect(remove_as(SL_WHO_SECRET, share.secret), SL_OK, &err);
    assert_int_equal(sl_view_data(view, core_sink(&out), &err), SL_REMOVED);
    assert_int_equal(sl_event_item_data(event, 0, core_sink(&out), &err), SL_REMOVED);
    assert_int_equal(out.len, 0);
    sl_view_close(view);
    sl_event_close(event);
    assert_int_equal(
        core_try_sync(store, &share, SL_SPAN("[]"), core_now_us, &synced, &err), SL_REMOVED);
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.state, SL_SHARE_REMOVED);
    assert_int_equal(info.removed_by, SL_WHO_SECRET);
    assert_false(info.erased);
    settle();
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_true(info.erased);
    assert_int_equal(info.sequence, 22);
    core_verify(store);
    /* once more is fine, and appends nothing */
    core_expect(remove_as(SL_WHO_SECRET, share.secret), SL_OK, &err);
    core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
    assert_int_equal(info.sequence, 22);
    buf_fini(&out);
}

static void who_may(void **state)
{
    (void)state;
    char reason[SL_REASON_BYTES + 1] = {0};
    assert_int_equal(remove_as(SL_WHO_SECRET, "wrong"), SL_BAD_SECRET);
    assert_int_equal(sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""),
                         (struct sl_span){reason, sizeof(reason)}, &err),
        SL_INVALID);
    assert_int_equal(
        sl_share_remove(store, SL_SPAN("none"), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_NOT_FOUND);
    core_assert_data(store, share.id, 0, "[{\"type\":\"x\",\"data\":\"a word\"}]");
    core_expect(remove_as(SL_WHO_OWNER, ""), SL_OK, &err);
    /* even of a removed one, a wrong secret is told nothing else */
    assert_int_equal(remove_as(SL_WHO_SECRET, "wrong"), SL_BAD_SECRET);
}

/* ---- beside syncs: none that was answered is missing from the remove event ---- */

static void *sync_on(void *arg)
{
    struct sl_synced synced;
    struct sl_err why;
    enum sl_result result;
    do
        result = core_try_sync(
            store, &share, SL_SPAN("[{\"type\":\"x\",\"data\":1}]"), core_now_us, &synced, &why);
    while (result == SL_OK);
    *(enum sl_result *)arg = result;
    return NULL;
}

static void beside_syncs(void **state)
{
    (void)state;
    pthread_t threads[4];
    enum sl_result results[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, sync_on, &results[i]);
    core_expect(remove_as(SL_WHO_OWNER, ""), SL_OK, &err);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(results[i], SL_REMOVED);
    }
    settle();
    core_verify(store); /* holds the positions against the events */
}

/* ---- in the middle of it ---- */

static struct share *removing;
static bool created;

/* The clock is read between the gathering of positions and the append: there the share is closed.
 */
static uint64_t clock_that_creates(void)
{
    if (removing && atomic_load(&removing->phase) == SHARE_CLOSING && !created) {
        created = true; /* before: a create reads the clock too */
        core_create(store, "ses_in_the_middle_of_it0");
        core_create(store, "ses_0123456789abcdefghij"); /* the very session */
    }
    return core_now_us;
}

static void create_in_the_middle(void **state)
{
    (void)state;
    struct sl_options options = core_options(dir);
    options.clock_us = clock_that_creates;
    close_store();
    open_store(&options);
    core_expect(share_acquire(store->shares, sl_span_of(share.id), &removing, &err), SL_OK, &err);
    core_expect(remove_as(SL_WHO_OWNER, ""), SL_OK, &err);
    assert_true(created);
    share_release(removing);
    removing = NULL;
    core_verify(store);
}

/* ---- failures ---- */

static void faults(void **state)
{
    bool reached = true;
    for (long k = 0; reached; k++) {
        if (k > 0) {
            drop_store(state);
            make_share(state);
        }
        kv_fault_after(k);
        enum sl_result result = remove_as(SL_WHO_OWNER, "");
        if (result == SL_OK) result = sl_store_settle(store, &err);
        reached = result != SL_OK;
        kv_fault_after(-1);
        if (reached && sl_store_health(store, &err) == SL_READ_ONLY) {
            struct buf out = {0};
            enum sl_result read = core_try_data(store, share.id, 0, &out, &err);
            assert_true(read == SL_OK || read == SL_REMOVED);
            buf_fini(&out);
        }
        reopen();
        core_verify(store);
        core_expect(remove_as(SL_WHO_OWNER, ""), SL_OK, &err);
        settle();
        struct sl_share_info info;
        core_expect(sl_share_info(store, sl_span_of(share.id), &info, &err), SL_OK, &err);
        assert_true(info.erased);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unreadable_at_once),
        TEST(who_may),
        TEST(beside_syncs),
        TEST(create_in_the_middle),
        TEST(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
