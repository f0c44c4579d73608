/* A server's memory is bounded, however much it has taken: 100 MB of batches here, 1 GB with
   SL_TEST_ROUNDS=10 or more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_client.h"
#include "tests/support/net_load.h"
#include "tests/support/net_server.h"

#include <stdio.h>
#include <stdlib.h>

#define LIMIT_KIB (300 * 1024)
#define BATCH_BYTES 45000 /* the clients' p95 */
#define WRITERS 8

static struct net_server server;

static int open_all(void **state)
{
    (void)state;
    net_watchdog();
    net_server_open(&server, (const char *[]){"--durability", "process", NULL});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    net_server_close(&server);
    return 0;
}

struct writer {
    pthread_t thread;
    unsigned index, batches;
    bool failed;
};

/* Sessions grow as real ones do: parts come, and are sent again with more; at 20 MB a new one. */
static void *write_much(void *ctx)
{
    struct writer *writer = ctx;
    struct net_client *client = net_client_create(server.url);
    struct net_share share;
    char *item = malloc(BATCH_BYTES + 512);
    uint64_t random = net_seed() + writer->index;
    for (unsigned n = 0; n < writer->batches && !writer->failed; n++) {
        if (n % 450 == 0 && !net_create(client, net_session_id(), &share)) writer->failed = true;
        int at = snprintf(item, 512,
            "{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m%u\",\"text\":\"", n / 3,
            n / 30);
        while (at < BATCH_BYTES)
            at += snprintf(item + at, 64, "%llx word and more %u; ",
                (unsigned long long)net_random(&random), n);
        strcpy(item + at, "\"}}");
        if (net_sync(client, &share, item) != 200) writer->failed = true;
        if (n % 100 == 0 && net_get(client, net_path(&share, "/data")) != 200)
            writer->failed = true;
    }
    free(item);
    net_client_destroy(client);
    return NULL;
}

static void stays_small(void **state)
{
    (void)state;
    if (NET_SANITIZED) {
        print_message("not measured: a sanitizer keeps memory of its own\n");
        skip();
    }
    unsigned megabytes = net_rounds() >= 10 ? 1000 : 100;
    struct writer writers[WRITERS];
    net_seed();
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] =
            (struct writer){.index = i, .batches = megabytes * 1000000 / BATCH_BYTES / WRITERS + 1};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_much, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_false(writers[i].failed);
    }
    unsigned long peak = net_server_peak_kib(&server);
    print_message("%u MB taken, %lu MiB resident at most\n", megabytes, peak / 1024);
    assert_true(peak > 0 && peak < LIMIT_KIB);
    net_server_stop(&server);
}

/* A whole session in one batch, again and again, and read back. */
static void large_bodies_leave(void **state)
{
    (void)state;
    if (NET_SANITIZED) skip();
    size_t len = 40 * 1000 * 1000;
    char *item = malloc(len + 64);
    struct net_share share;
    net_server_start(&server);
    struct net_client *client = net_client_create(server.url);
    assert_true(net_create(client, net_session_id(), &share));
    memset(item, 'a', len);
    memcpy(item, "{\"type\":\"x\",\"data\":\"", 20);
    strcpy(item + len, "\"}");
    for (int i = 0; i < 5; i++)
        assert_int_equal(net_sync(client, &share, item), 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(net_get(client, net_path(&share, "/data")), 200);
    assert_int_equal(net_answer(client)->len, len + 4);
    unsigned long peak = net_server_peak_kib(&server);
    print_message("5 batches of 40 MB: %lu MiB resident at most\n", peak / 1024);
    assert_true(peak < LIMIT_KIB + 3 * len / 1024);
    net_client_destroy(client);
    free(item);
    net_server_stop(&server);
}

/* Each comes to a thread of its own, since the server has a thousand that take turns. What a thread
   keeps for good is some pages of its stack and of CivetWeb's buffer for heads. */
static void connections_leave_nothing(void **state)
{
    (void)state;
    if (NET_SANITIZED) skip();
    char *body = malloc(60001);
    memset(body, 'a', 60000);
    body[60000] = '\0';
    net_server_start(&server);
    struct net_client *client = net_client_create(server.url);
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    unsigned long before = net_server_peak_kib(&server);
    for (int i = 0; i < 1000; i++) {
        net_client_destroy(client);
        client = net_client_create(server.url);
        assert_int_equal(net_post(client, net_path(&share, "/sync"), body), 400);
    }
    unsigned long more = net_server_peak_kib(&server) - before;
    print_message("1000 connections with 60 KB each: %lu MiB more\n", more / 1024);
    assert_true(more < 60 * 1024);
    net_client_destroy(client);
    free(body);
    net_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_small),
        cmocka_unit_test(large_bodies_leave),
        cmocka_unit_test(connections_leave_nothing),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
