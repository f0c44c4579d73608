/* kill -9 in the middle of many syncs, over and over on one store: after each restart everything
   that was acknowledged is there, with its sequence and its bytes, and the store fits together. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_fixture.h"
#include "tests/support/net_load.h"

#include <stdio.h>
#include <stdlib.h>

#define SHARES 4
#define ROUNDS ((NET_SANITIZED ? 3 : 8) * net_rounds())

static struct net_share shares[SHARES];

static int open_one(void **state)
{
    open_server(state);
    for (int i = 0; i < SHARES; i++)
        if (!net_create(client, net_session_id(), &shares[i])) return -1;
    return 0;
}

static struct net_load new_load(uint64_t seed)
{
    return (struct net_load){.url = server.url,
        .shares = shares,
        .shares_count = SHARES,
        .writers = 8,
        .large_bytes = 1000000,
        .seed = seed};
}

static void verify(void)
{
    char text[2048] = "";
    int code = net_server_run(&server, "verify", text, sizeof(text));
    if (code != 0) fail_msg("sharelog verify: %d\n%s", code, text);
}

/* A batch that was not acknowledged is there whole or not at all; sequences have no gaps. */
static uint64_t check_histories(void)
{
    uint64_t events = 0;
    for (int i = 0; i < SHARES; i++)
        events += net_history_check(client, &shares[i]) - 1;
    return events;
}

static void killed_while_writing(void **state)
{
    uint64_t random = net_seed(), acknowledged = 0, events_before = 0;
    unsigned rounds = ROUNDS;
    struct net_load *loads = calloc(rounds, sizeof(*loads));
    (void)state;
    assert_non_null(loads);
    for (unsigned round = 0; round < rounds; round++) {
        struct net_load *load = &loads[round];
        *load = new_load(net_random(&random));
        net_load_start(load);
        unsigned wait = 20 + (unsigned)(net_random(&random) % 700);
        for (uint64_t since = 0; round == 0 && net_load_acked(load) == 0;)
            net_wait(&since);
        net_pause_ms(wait);
        net_server_kill(&server);
        net_load_join(load);
        size_t acked = net_load_acked(load);
        acknowledged += acked;
        start_again();
        net_load_check(load, client);
        uint64_t events = check_histories();
        print_message("killed after %u ms: %zu acknowledged, %llu stored\n", wait, acked,
            (unsigned long long)(events - events_before));
        /* What is there and wasn't acknowledged can only be what was under way. */
        assert_true(events - events_before >= acked);
        assert_true(events - events_before <= acked + load->writers);
        events_before = events;
        verify();
    }
    assert_true(acknowledged > 0);
    for (unsigned round = 0; round < rounds; round++) {
        net_load_check(&loads[round], client); /* also after all the later deaths */
        net_load_fini(&loads[round]);
    }
    free(loads);
    net_server_stop(&server);
}

/* Killed again before it has come up. */
static void killed_while_starting(void **state)
{
    uint64_t random = net_seed() + 1;
    struct net_load load = new_load(net_random(&random));
    (void)state;
    net_load_start(&load);
    net_pause_ms(500);
    net_server_kill(&server);
    net_load_join(&load);
    for (unsigned round = 0; round < ROUNDS; round++) {
        net_server_start_and_kill(&server, (unsigned)(net_random(&random) % 60));
    }
    start_again();
    net_load_check(&load, client);
    check_histories();
    verify();
    net_load_fini(&load);
}

static void *compact(void *ctx)
{
    (void)ctx;
    struct net_client *own = net_client_create(server.url);
    struct net_request request = {
        .method = "POST", .path = "/api/compact", .body = SL_SPAN("{}"), .headers = {NET_AS_OWNER}};
    while (net_ask(own, &request) == 200)
        continue;
    net_client_destroy(own);
    return NULL;
}

static void killed_while_compacting(void **state)
{
    uint64_t random = net_seed() + 2;
    (void)state;
    for (unsigned round = 0; round < (ROUNDS + 1) / 2; round++) {
        pthread_t thread;
        struct net_load load = new_load(net_random(&random));
        net_load_start(&load);
        net_pause_ms(150);
        assert_int_equal(pthread_create(&thread, NULL, compact, NULL), 0);
        net_pause_ms(20 + (unsigned)(net_random(&random) % 500));
        net_server_kill(&server);
        pthread_join(thread, NULL);
        net_load_join(&load);
        start_again();
        net_load_check(&load, client);
        check_histories();
        verify();
        net_load_fini(&load);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_while_writing, open_one, close_server),
        cmocka_unit_test_setup_teardown(killed_while_starting, open_one, close_server),
        cmocka_unit_test_setup_teardown(killed_while_compacting, open_one, close_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
