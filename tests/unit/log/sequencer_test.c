/* The sequencer: who commits, in what order, what it refuses, what a failed write leaves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/rows.h"
#include "core/log/sequencer.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>
#include <stdio.h>

static struct sl_credentials created;

static int make_share(void **state)
{
    make_store(state);
    created = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

static enum sl_result append(struct append *append)
{
    return sequencer_append(store->sequencer, append, &err);
}

/* ---- who commits ---- */

static enum sl_result note_thread(struct append *append, struct kv_batch *kv_batch)
{
    (void)kv_batch;
    *(pthread_t *)append->ctx = pthread_self();
    return SL_OK;
}

static void the_caller_or_the_thread(void **state)
{
    (void)state;
    pthread_t by;
    struct append alone = {.derive = note_thread, .ctx = &by};
    core_expect(append(&alone), SL_OK, &err);
    assert_true(pthread_equal(by, pthread_self()));
    struct append patient = {.derive = note_thread, .ctx = &by, .gives_way = true};
    core_expect(append(&patient), SL_OK, &err);
    assert_false(pthread_equal(by, pthread_self()));
}

/* ---- order ---- */

#define THREADS 6
#define EACH 60

static void *sync_on(void *arg)
{
    for (unsigned i = 0; i < EACH; i++) {
        struct sl_synced synced;
        struct sl_err why;
        if (core_try_sync(store, arg, SL_SPAN("[{\"type\":\"x\",\"data\":1}]"), core_now_us,
                &synced, &why) != SL_OK)
            return arg;
    }
    return NULL;
}

struct seen {
    uint64_t events;
    bool in_order;
};

static void see(void *ctx, const struct sl_told *event)
{
    struct seen *seen = ctx;
    struct sl_share_info info;
    struct sl_err why;
    /* an event is readable before it is given out */
    bool there = sl_share_info(store, sl_span_of(event->share_id), &info, &why) == SL_OK &&
                 info.sequence >= event->sequence;
    seen->in_order = seen->in_order && there;
    seen->events++;
}

/* Positions and sequences without a gap, however many append at once; each event given out once. */
static void no_gaps(void **state)
{
    (void)state;
    struct sl_credentials shares[THREADS];
    pthread_t threads[THREADS];
    struct seen seen = {.in_order = true};
    uint64_t before, after, groups, synced, size = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        char session[40];
        snprintf(session, sizeof(session), "ses_order%016u", i / 2); /* two threads a share */
        shares[i] = i % 2 ? shares[i - 1] : core_create(store, session);
    }
    sequencer_counts(store->sequencer, &before, &groups, &synced);
    sl_store_subscribe(store, see, &seen);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, sync_on, &shares[i]);
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    sl_store_subscribe(store, NULL, NULL);
    assert_true(seen.in_order);
    assert_int_equal(seen.events, THREADS * EACH);
    sequencer_counts(store->sequencer, &after, &groups, &synced);
    assert_int_equal(after - before, THREADS * EACH);
    assert_true(groups <= after);
    core_expect(log_committed(store, &size, &err), SL_OK, &err);
    assert_int_equal(size, 1 + THREADS / 2 + THREADS * EACH);
    core_verify(store);
}

/* Time never runs backwards within a share, whatever the clock does. */
static void time_stays(void **state)
{
    (void)state;
    struct sl_share_info info;
    core_now_us += 5000000;
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":1}]");
    core_expect(sl_share_info(store, sl_span_of(created.id), &info, &err), SL_OK, &err);
    uint64_t latest = info.updated_ms;
    core_now_us -= 4000000;
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":2}]");
    core_expect(sl_share_info(store, sl_span_of(created.id), &info, &err), SL_OK, &err);
    assert_true(info.updated_ms == latest);
    core_verify(store);
}

/* ---- refusals ---- */

static enum sl_result never(struct append *append, struct kv_batch *kv_batch)
{
    (void)append;
    (void)kv_batch;
    fail();
    return SL_OK;
}

static enum sl_result put_row(struct append *append, struct kv_batch *kv_batch)
{
    struct row_key key = row_meta("sequencer_test");
    kv_put(store->kv, kv_batch, KV_META, row_span(&key), SL_SPAN("there"));
    return append->ctx ? SL_OK : sl_fail(&append->err, SL_INVALID, "its own words");
}

static bool row_is_there(void)
{
    struct row_key key = row_meta("sequencer_test");
    struct kv_pin pin;
    enum sl_result result = kv_get(store->kv, KV_META, row_span(&key), &pin, NULL);
    kv_release(&pin);
    return result == SL_OK;
}

static void guards(void **state)
{
    (void)state;
    struct epoch epoch = {0};
    struct append guarded = {
        .derive = put_row, .ctx = &epoch, .guard = &epoch, .seen = epoch_number(&epoch)};
    epoch_pass(&epoch);
    guarded.derive = never;
    assert_int_equal(append(&guarded), SL_STOPPED);
    guarded.derive = put_row;
    guarded.seen = epoch_number(&epoch);
    assert_false(row_is_there());
    core_expect(append(&guarded), SL_OK, &err);
    assert_true(row_is_there());
    epoch_begin(&epoch); /* an odd number holds for nobody */
    guarded.derive = never;
    assert_int_equal(append(&guarded), SL_STOPPED);
}

static void derive_refuses(void **state)
{
    (void)state;
    struct append refused = {.derive = put_row};
    assert_int_equal(append(&refused), SL_INVALID);
    assert_string_equal(err.text, "its own words");
    core_expect(sl_store_health(store, &err), SL_OK, &err);
}

static void stopped(void **state)
{
    (void)state;
    struct sl_synced synced;
    struct sl_err why = {0};
    sl_fail(&why, SL_IO, "for the test");
    sequencer_stop(store->sequencer, &why);
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
    assert_non_null(strstr(err.text, "for the test"));
    struct append any = {.derive = never};
    assert_int_equal(append(&any), SL_READ_ONLY);
    assert_int_equal(core_try_sync(store, &created, SL_SPAN("[{\"type\":\"x\",\"data\":1}]"),
                         core_now_us, &synced, &err),
        SL_READ_ONLY);
}

/* ---- a write that fails ---- */

static void note_committed(struct append *append)
{
    *(bool *)append->ctx = true;
}

static void failed_write(void **state)
{
    (void)state;
    struct sl_synced synced;
    bool committed = false;
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":1}]");
    kv_fault_after(0);
    struct append fails = {.derive = put_row, .committed = note_committed, .ctx = &committed};
    assert_int_equal(append(&fails), SL_IO);
    assert_false(committed);
    assert_int_equal(sl_store_health(store, &err), SL_READ_ONLY);
    kv_fault_after(-1); /* it stays read-only: the fate of that write is unknown */
    assert_int_equal(core_try_sync(store, &created, SL_SPAN("[{\"type\":\"x\",\"data\":2}]"),
                         core_now_us, &synced, &err),
        SL_READ_ONLY);
    assert_int_equal(sl_share_remove(store, sl_span_of(created.id), SL_WHO_OWNER, SL_SPAN(""),
                         SL_SPAN(""), &err),
        SL_READ_ONLY);
    core_assert_data(store, created.id, 0, "[{\"type\":\"x\",\"data\":1}]");
    reopen();
    core_sync(store, &created, "[{\"type\":\"x\",\"data\":3}]");
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_caller_or_the_thread),
        TEST(no_gaps),
        TEST(time_stays),
        TEST(guards),
        TEST(derive_refuses),
        TEST(stopped),
        TEST(failed_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
