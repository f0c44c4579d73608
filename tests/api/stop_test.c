/* A graceful stop: what was answered is there, what is under way is finished, nothing holds it up.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_fixture.h"
#include "tests/support/net_load.h"
#include "tests/support/net_stream.h"

#include <stdio.h>
#include <stdlib.h>

/* Stopped in the middle of many syncs. Each one that was sent whole is answered with 200 or (its
   connection came too late) with nothing; never with a refusal, which would lose the batch though
   the client was answered. */
static void in_the_middle_of_syncs(void **state)
{
    uint64_t random = net_seed(), since = 0;
    (void)state;
    for (unsigned round = 0; round < (NET_SANITIZED ? 2 : 4) * net_rounds(); round++) {
        struct net_share shares[3];
        for (int i = 0; i < 3; i++)
            assert_true(net_create(client, net_session_id(), &shares[i]));
        struct net_load load = {.url = server.url,
            .shares = shares,
            .shares_count = 3,
            .writers = 8,
            .large_bytes = 500000,
            .seed = net_random(&random)};
        net_load_start(&load);
        for (since = 0; net_load_acked(&load) == 0;)
            net_wait(&since);
        net_pause_ms((unsigned)(net_random(&random) % 300));
        net_server_stop(&server);
        net_load_join(&load);
        print_message("%zu acknowledged\n", net_load_acked(&load));
        start_again();
        net_load_check(&load, client);
        uint64_t events = 0, sent = 0;
        for (int i = 0; i < 3; i++)
            events += net_history_check(client, &shares[i]) - 1;
        for (unsigned i = 0; i < load.writers; i++)
            sent += load.writer[i].sent;
        /* Everything stored was acknowledged: a stop leaves no fate unknown. */
        assert_true(events <= sent);
        assert_int_equal(events, net_load_acked(&load));
        net_load_fini(&load);
    }
    assert_int_equal(net_server_run(&server, "verify", NULL, 0), 0);
}

/* Wait until the server takes no connection any more. */
static void wait_until_deaf(unsigned port)
{
    struct net_stream stream;
    for (uint64_t since = 0; net_stream_open(&stream, port); net_wait(&since))
        net_stream_close(&stream);
}

/* A sync whose body is still coming when the signal does: the server has asked for the body, so the
   request is under way. */
static void a_slow_sync_is_finished(void **state)
{
    struct net_share share;
    struct net_stream stream;
    char body[256];
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    int len = snprintf(
        body, sizeof(body), "{\"secret\":\"%s\",\"data\":[" NET_MESSAGE("slow") "]}", share.secret);
    assert_true(net_stream_open(&stream, server.port));
    net_stream_print(&stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
        "Expect: 100-continue\r\n\r\n",
        share.id, len);
    assert_int_equal(net_stream_head(&stream, NET_WAIT_MS), 100);
    net_stream_send(&stream, body, 30);
    net_server_term(&server);
    wait_until_deaf(server.port);
    for (int at = 30; at < len; at += 10)
        assert_true(net_stream_send(&stream, body + at, (size_t)(len - at < 10 ? len - at : 10)));
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    assert_non_null(memmem(stream.body.ptr, stream.body.len, "\"seq\":2", 7));
    assert_string_equal(net_stream_header(&stream, "Connection"), "close");
    net_stream_close(&stream);
    net_server_wait(&server);
    start_again();
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200, "[" NET_MESSAGE("slow") "]");
}

/* And one whose body never ends is cut off when its time is up: it comes fast enough, and would go
   on for many minutes. */
static void a_stuck_sync_is_cut_off(void **state)
{
    static const char piece[2048];
    struct net_server own;
    struct net_share share;
    struct net_stream stream;
    (void)state;
    net_server_open(&own, (const char *[]){"--stop-timeout", "1", NULL});
    struct net_client *other = net_client_create(own.url);
    assert_true(net_create(other, net_session_id(), &share));
    assert_int_equal(net_sync(other, &share, NET_MESSAGE("m1")), 200);
    assert_true(net_stream_open(&stream, own.port));
    net_stream_print(&stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n"
        "Expect: 100-continue\r\n\r\n",
        share.id);
    assert_int_equal(net_stream_head(&stream, NET_WAIT_MS), 100);
    net_server_term(&own);
    for (uint64_t since = 0; net_stream_send(&stream, piece, sizeof(piece)); net_pause_ms(95))
        net_wait(&since);
    net_server_wait(&own);
    net_stream_close(&stream);
    net_client_destroy(other);
    net_server_start(&own);
    other = net_client_create(own.url);
    net_get(other, net_path(&share, "/data"));
    net_expect(other, 200, "[" NET_MESSAGE("m1") "]");
    net_client_destroy(other);
    net_server_close(&own);
}

/* So is an answer that nobody takes. */
static void an_answer_that_nobody_takes(void **state)
{
    struct net_server own;
    struct net_share share;
    struct net_stream deaf;
    size_t len = 30 * 1000 * 1000;
    char *item = malloc(len + 64);
    (void)state;
    net_server_open(&own, (const char *[]){"--stop-timeout", "1", NULL});
    struct net_client *other = net_client_create(own.url);
    assert_true(net_create(other, net_session_id(), &share));
    memset(item, 'a', len);
    memcpy(item, "{\"type\":\"x\",\"data\":\"", 20);
    strcpy(item + len, "\"}");
    assert_int_equal(net_sync(other, &share, item), 200);
    assert_true(net_stream_open_small(&deaf, own.port, 4096));
    net_stream_print(&deaf, "GET /api/share/%s/data HTTP/1.1\r\nHost: x\r\n\r\n", share.id);
    assert_true(net_stream_more(&deaf, NET_WAIT_MS)); /* it has begun */
    net_server_stop(&own);
    net_stream_close(&deaf);
    free(item);
    net_client_destroy(other);
    net_server_close(&own);
}

static void idle_connections_do_not_hold_it_up(void **state)
{
    struct net_stream idle[50], viewers[10], silent[10];
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    for (int i = 0; i < 50; i++) {
        assert_true(net_stream_open(&idle[i], server.port));
        net_stream_print(&idle[i], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(net_stream_answer(&idle[i], NET_WAIT_MS), 200);
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(net_sse_open(&viewers[i], server.port, net_path(&share, "/live"), 0), 200);
        assert_true(net_stream_open(&silent[i], server.port)); /* connected, and says nothing */
    }
    net_server_stop(&server);
    for (int i = 0; i < 50; i++) {
        assert_true(net_stream_ends(&idle[i], NET_WAIT_MS));
        net_stream_close(&idle[i]);
    }
    for (int i = 0; i < 10; i++) {
        assert_true(net_stream_ends(&viewers[i], NET_WAIT_MS));
        net_stream_close(&viewers[i]);
        net_stream_close(&silent[i]);
    }
    start_again();
}

/* No connection is taken any more, and the next server can have the store at once. */
static void again_and_again(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
        assert_int_equal(net_field_u64(client, "seq"), (uint64_t)i + 2);
        net_server_stop(&server);
        assert_int_equal(net_get(client, "/livez"), 0);
        start_again();
    }
}

/* A stop may take as long as this machine needs: nothing that is under way is cut off for time. */
static int open_patient(void **state)
{
    (void)state;
    open_server_with((const char *[]){"--stop-timeout", "3600", NULL});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_middle_of_syncs),
        cmocka_unit_test(a_slow_sync_is_finished),
        cmocka_unit_test(a_stuck_sync_is_cut_off),
        cmocka_unit_test(an_answer_that_nobody_takes),
        cmocka_unit_test(idle_connections_do_not_hold_it_up),
        cmocka_unit_test(again_and_again),
    };
    return cmocka_run_group_tests(tests, open_patient, close_server);
}
