/* Shares in memory: loaded once, claimed once, forgotten when they came to nothing; phases and the
   epoch that goes with them; turns. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/share.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>

#define THREADS 8

static struct sl_credentials created;

static int make_share(void **state)
{
    make_store(state);
    created = core_create(store, "ses_0123456789abcdefghij");
    core_sync(
        store, &created, "[{\"type\":\"session\",\"data\":{\"id\":\"s\",\"title\":\"One\"}}]");
    return 0;
}

static struct share *acquire(const char *id)
{
    struct share *share = NULL;
    core_expect(share_acquire(store->shares, sl_span_of(id), &share, &err), SL_OK, &err);
    return share;
}

static void enter(struct share *share, enum share_phase phase)
{
    shares_lock(store->shares);
    share_enter(store->shares, share, phase);
    shares_unlock(store->shares);
}

/* ---- loading ---- */

static void *acquire_beside(void *arg)
{
    struct share **share = arg;
    struct sl_err why;
    if (share_acquire(store->shares, sl_span_of(created.id), share, &why) != SL_OK) *share = NULL;
    return NULL;
}

/* However many ask at once for a share that isn't in memory: they get the same one. */
static void loaded_once(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        pthread_t threads[THREADS];
        struct share *shares[THREADS];
        shares_clear(store->shares);
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, acquire_beside, &shares[i]);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < THREADS; i++) {
            assert_non_null(shares[i]);
            assert_ptr_equal(shares[i], shares[0]);
        }
        assert_int_equal(atomic_load(&shares[0]->pins), THREADS);
        assert_int_equal(atomic_load(&shares[0]->phase), SHARE_LIVE);
        assert_true(shares[0]->head.sequence == 2 && shares[0]->staged.sequence == 2);
        for (int i = 0; i < THREADS; i++)
            share_release(shares[i]);
    }
}

static void *acquire_nothing(void *arg)
{
    struct share *share;
    struct sl_err why;
    *(enum sl_result *)arg = share_acquire(store->shares, SL_SPAN("nothing"), &share, &why);
    return NULL;
}

static void not_there(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    enum sl_result results[THREADS];
    struct share *share;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, acquire_nothing, &results[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(results[i], SL_NOT_FOUND);
    assert_int_equal(
        share_acquire(store->shares, SL_SPAN("no/share id"), &share, &err), SL_NOT_FOUND);
    shares_clear(store->shares); /* none is held any more */
}

static void removed_when_loaded(void **state)
{
    (void)state;
    core_expect(sl_share_remove(
                    store, sl_span_of(created.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    shares_clear(store->shares);
    struct share *share = acquire(created.id);
    assert_true(share_exists(share));
    assert_false(share_is_live(share));
    assert_false(share_takes_batches(share));
    assert_int_equal(share->record.removed_by, SL_WHO_OWNER);
    share_release(share);
}

/* ---- claiming ---- */

static void claimed_once(void **state)
{
    (void)state;
    struct share_record record = {.session_id = SL_SPAN("ses_new"), .state = SL_SHARE_LIVE};
    struct share *first, *second, *held;
    struct sl_share_info info;
    core_expect(share_claim(store->shares, SL_SPAN("new"), &record, &first, &err), SL_OK, &err);
    assert_non_null(first);
    core_expect(share_claim(store->shares, SL_SPAN("new"), &record, &second, &err), SL_OK, &err);
    assert_null(second);
    /* for everybody else there is no such share yet */
    held = acquire("new");
    assert_ptr_equal(held, first);
    assert_false(share_exists(held));
    assert_int_equal(sl_share_info(store, SL_SPAN("new"), &info, &err), SL_NOT_FOUND);
    assert_int_equal(
        sl_share_remove(store, SL_SPAN("new"), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_NOT_FOUND);
    struct sl_view *view;
    assert_int_equal(sl_view_open(store, SL_SPAN("new"), core_at(0), &view, &err), SL_NOT_FOUND);
    /* given back, though it is still held, and claimed again */
    share_abandon(store->shares, first);
    core_expect(share_claim(store->shares, SL_SPAN("new"), &record, &second, &err), SL_OK, &err);
    assert_non_null(second);
    assert_ptr_not_equal(second, held);
    assert_false(share_exists(held));
    share_release(held);
    share_abandon(store->shares, second);
    /* one that was ever given is taken, in memory or not */
    core_expect(
        share_claim(store->shares, sl_span_of(created.id), &record, &first, &err), SL_OK, &err);
    assert_null(first);
    shares_clear(store->shares);
    core_expect(
        share_claim(store->shares, sl_span_of(created.id), &record, &first, &err), SL_OK, &err);
    assert_null(first);
}

/* ---- phases ---- */

static void phases_move_the_epoch(void **state)
{
    (void)state;
    struct share *share = acquire(created.id);
    unsigned long seen = share_epoch(store->shares, share);
    core_expect(share_unchanged(share, seen, &err), SL_OK, &err);
    enter(share, SHARE_CLOSING);
    assert_true(share_is_live(share));
    assert_false(share_takes_batches(share));
    struct sl_synced synced;
    assert_int_equal(
        core_try_sync(store, &created, SL_SPAN("[]"), core_now_us, &synced, &err), SL_REMOVED);
    enter(share, SHARE_LIVE); /* given up: nothing was taken away */
    core_expect(share_unchanged(share, seen, &err), SL_OK, &err);
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":1}]");

    enter(share, SHARE_REDACTING);
    assert_true(share_takes_batches(share));
    assert_int_equal(share_unchanged(share, seen, &err), SL_REDACTED);
    enter(share, SHARE_LIVE);
    assert_int_equal(share_unchanged(share, seen, &err), SL_REDACTED);
    seen = share_epoch(store->shares, share);
    core_expect(share_unchanged(share, seen, &err), SL_OK, &err);
    share_release(share);
}

struct waiting {
    struct share *share;
    unsigned long number;
    atomic_bool done;
};

static void *wait_for_epoch(void *arg)
{
    struct waiting *waiting = arg;
    waiting->number = share_epoch(store->shares, waiting->share);
    atomic_store(&waiting->done, true);
    return NULL;
}

/* Nobody notes an odd number. */
static void epoch_waits(void **state)
{
    (void)state;
    pthread_t thread;
    struct waiting waiting = {.share = acquire(created.id)};
    unsigned long before = share_epoch(store->shares, waiting.share);
    enter(waiting.share, SHARE_REDACTING);
    pthread_create(&thread, NULL, wait_for_epoch, &waiting);
    sched_yield();
    assert_false(atomic_load(&waiting.done));
    enter(waiting.share, SHARE_LIVE);
    pthread_join(thread, NULL);
    assert_true(waiting.number == before + 2);
    share_release(waiting.share);
}

/* An open view holds its share: it reads on when the cache is full of others. */
static void open_view_holds(void **state)
{
    (void)state;
    struct sl_view *view;
    struct buf out = {0};
    core_expect(sl_view_open(store, sl_span_of(created.id), core_at(0), &view, &err), SL_OK, &err);
    struct share *share = acquire(created.id);
    assert_int_equal(atomic_load(&share->pins), 2);
    share_release(share);
    core_expect(sl_view_data(view, core_sink(&out), &err), SL_OK, &err);
    sl_view_close(view);
    share = acquire(created.id);
    assert_int_equal(atomic_load(&share->pins), 1);
    share_release(share);
    buf_fini(&out);
}

/* ---- turns ---- */

static atomic_int in_turn, turns;

static void *take_turns(void *arg)
{
    struct share *share = arg;
    for (int i = 0; i < 200; i++) {
        share_turn_begin(store->shares, share);
        if (atomic_fetch_add(&in_turn, 1) == 0) atomic_fetch_add(&turns, 1);
        sched_yield();
        atomic_fetch_sub(&in_turn, 1);
        share_turn_end(store->shares, share);
    }
    return NULL;
}

static void one_turn_at_a_time(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct share *share = acquire(created.id);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_turns, share);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&turns), THREADS * 200);
    share_release(share);
}

static atomic_bool removed;

static void *remove_beside(void *arg)
{
    struct sl_err why;
    *(enum sl_result *)arg = sl_share_remove(
        store, sl_span_of(created.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &why);
    atomic_store(&removed, true);
    return NULL;
}

/* While a share is somebody's turn, as if in the middle of a long search: a removal of it waits; a
   sync of it, creates, and a removal of another don't. */
static void nobody_else_waits(void **state)
{
    (void)state;
    pthread_t thread;
    enum sl_result result = SL_IO;
    struct sl_credentials other = core_create(store, "ses_other_session_00");
    struct share *share = acquire(created.id);
    share_turn_begin(store->shares, share);
    pthread_create(&thread, NULL, remove_beside, &result);
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":1}]");
    core_create(store, "ses_third_session_00");
    core_create(store, "ses_0123456789abcdefghij"); /* of the very session */
    core_expect(
        sl_share_remove(store, sl_span_of(other.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    core_expect(sl_session_allow(store, SL_SPAN("ses_other_session_00"), &err), SL_OK, &err);
    assert_false(atomic_load(&removed));
    assert_true(share_is_live(share));
    share_turn_end(store->shares, share);
    pthread_join(thread, NULL);
    assert_int_equal(result, SL_OK);
    assert_false(share_is_live(share));
    share_release(share);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loaded_once),
        TEST(not_there),
        TEST(removed_when_loaded),
        TEST(claimed_once),
        TEST(phases_move_the_epoch),
        TEST(epoch_waits),
        TEST(open_view_holds),
        TEST(one_turn_at_a_time),
        TEST(nobody_else_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
