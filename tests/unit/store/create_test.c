/* Creating beside others: of one session one share, of many sessions of one suggested id as many
   ids; the owner's hold, put by a removal, against creates that come at the same time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kv/kv.h"
#include "tests/support/core_fixture.h"

#include <pthread.h>
#include <stdio.h>

#define THREADS 8

struct create {
    char session[64];
    const char *peer;
    enum sl_role role;
    enum sl_result result;
    struct sl_credentials credentials;
};

static void *create_beside(void *arg)
{
    struct create *create = arg;
    struct sl_err why;
    create->result = sl_share_create(store, sl_span_of(create->session), create->role,
        sl_span_of(create->peer), &create->credentials, &why);
    return NULL;
}

static void run(struct create *creates)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, create_beside, &creates[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(creates[i].result, SL_OK);
}

static uint64_t live(void)
{
    uint64_t live_count, removed;
    core_expect(sl_store_shares(store, &live_count, &removed, &err), SL_OK, &err);
    return live_count;
}

/* The client's two creates, and a client with a key: whoever comes second gets the first's share.
 */
static void one_share_of_a_session(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct create creates[THREADS] = {0};
        for (int i = 0; i < THREADS; i++) {
            snprintf(creates[i].session, sizeof(creates[i].session), "ses_one_%08d", round);
            creates[i].peer = "1.2.3.4";
            creates[i].role = round % 2 ? SL_ROLE_CLIENT : SL_ROLE_NONE;
        }
        run(creates);
        int fresh = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_string_equal(creates[i].credentials.id, creates[0].credentials.id);
            assert_string_equal(creates[i].credentials.secret, creates[0].credentials.secret);
            fresh += !creates[i].credentials.recovered;
        }
        assert_int_equal(fresh, 1);
        assert_int_equal(live(), round + 1);
    }
    core_verify(store);
}

/* Sessions whose ids end alike suggest one share id: one gets it, the others fresh ones. */
static void ids_that_meet(void **state)
{
    (void)state;
    struct create creates[THREADS] = {0};
    int plain = 0;
    for (int i = 0; i < THREADS; i++) {
        snprintf(creates[i].session, sizeof(creates[i].session), "ses_%d_meetHERE", i);
        creates[i].peer = "1.2.3.4";
    }
    run(creates);
    for (int i = 0; i < THREADS; i++) {
        plain += strcmp(creates[i].credentials.id, "meetHERE") == 0;
        for (int k = 0; k < i; k++)
            assert_string_not_equal(creates[i].credentials.id, creates[k].credentials.id);
        core_sync(store, &creates[i].credentials, "[{\"type\":\"x\",\"data\":1}]");
    }
    assert_int_equal(plain, 1);
    core_verify(store);
}

static void *remove_beside(void *arg)
{
    struct create *create = arg;
    struct sl_err why;
    create->result = sl_share_remove(
        store, sl_span_of(create->credentials.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &why);
    return NULL;
}

/* A create beside a take-down gets the share that goes, or is held: never another share. */
static void held_beside_a_removal(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        struct create first = {.peer = "1.2.3.4", .role = SL_ROLE_CLIENT}, second;
        pthread_t threads[2];
        snprintf(first.session, sizeof(first.session), "ses_hold_%08d", round);
        create_beside(&first);
        assert_int_equal(first.result, SL_OK);
        second = first;
        pthread_create(&threads[round % 2], NULL, create_beside, &second);
        pthread_create(&threads[1 - round % 2], NULL, remove_beside, &first);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        assert_int_equal(first.result, SL_OK);
        if (second.result == SL_OK)
            assert_string_equal(second.credentials.id, first.credentials.id);
        else
            assert_int_equal(second.result, SL_HELD);
        assert_int_equal(live(), 0);
        create_beside(&second);
        assert_int_equal(second.result, SL_HELD);
    }
    core_verify(store);
}

static void failed_creates_leave_nothing(void **state)
{
    (void)state;
    struct sl_credentials credentials;
    core_create(store, "ses_0123456789abcdefghij");
    kv_fault_after(0);
    assert_int_equal(sl_share_create(store, SL_SPAN("ses_failed_0"), SL_ROLE_NONE, SL_SPAN("p"),
                         &credentials, &err),
        SL_IO);
    struct sl_share_info info;
    assert_int_equal(sl_share_info(store, SL_SPAN("failed_0"), &info, &err), SL_NOT_FOUND);
    kv_fault_after(-1);
    reopen();
    core_verify(store);
    core_expect(sl_share_create(
                    store, SL_SPAN("ses_failed_0"), SL_ROLE_NONE, SL_SPAN("p"), &credentials, &err),
        SL_OK, &err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_share_of_a_session),
        TEST(ids_that_meet),
        TEST(held_beside_a_removal),
        TEST(failed_creates_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
