/* Many at once: nothing that was acknowledged is lost, and nobody gets what is another's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_load.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned scaled(unsigned batches)
{
    return (NET_SANITIZED ? batches / 5 : batches) * net_rounds();
}

/* Everything acknowledged is there, nothing else is, and the whole store fits together. */
static void check(struct net_load *load)
{
    uint64_t events = 0;
    net_load_check(load, client);
    assert_int_equal(net_load_acked(load), load->writers * load->batches);
    for (size_t i = 0; i < load->shares_count; i++)
        events += net_history_check(client, &load->shares[i]) - 1;
    assert_int_equal(events, net_load_acked(load));
    assert_int_equal(net_server_run(&server, "verify", NULL, 0), 0);
}

static void two_writers_of_one_share(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    struct net_load load = {.url = server.url,
        .shares = &share,
        .shares_count = 1,
        .writers = 2,
        .batches = scaled(400),
        .large_bytes = 100000,
        .seed = net_seed()};
    net_load_start(&load);
    net_load_join(&load);
    check(&load);
    net_load_fini(&load);
}

static void sixteen_connections(void **state)
{
    struct net_share shares[5];
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(net_create(client, net_session_id(), &shares[i]));
    struct net_load load = {.url = server.url,
        .shares = shares,
        .shares_count = 5,
        .writers = 16,
        .batches = scaled(150),
        .large_bytes = 400000,
        .seed = net_seed() + 1};
    net_load_start(&load);
    net_load_join(&load);
    check(&load);
    net_load_fini(&load);
}

/* Readers while it is written: a moment that was answered once is answered the same ever after, and
   every answer is whole. */
struct reader {
    pthread_t thread;
    const struct net_share *share;
    bool *stop;
    unsigned reads;
    const char *fault;
};

static void *read_on(void *ctx)
{
    struct reader *reader = ctx;
    struct net_client *own = net_client_create(server.url);
    uint64_t last = 0;
    while (!__atomic_load_n(reader->stop, __ATOMIC_RELAXED) && !reader->fault) {
        net_get(own, net_path(reader->share, "/metadata"));
        uint64_t sequence = net_field_u64(own, "syncCount") + 1;
        if (net_answer(own)->status != 200 || sequence < last) reader->fault = "went back";
        last = sequence;
        const char *path =
            net_path(reader->share, net_text("/data?at=%llu", (unsigned long long)sequence));
        char kept[200];
        snprintf(kept, sizeof(kept), "%s", path);
        if (net_get(own, kept) != 200 || json_check(net_body_span(own), 512, NULL) != SL_OK)
            reader->fault = "not whole";
        char *first = strdup(net_answer(own)->body);
        net_get(own, kept);
        if (strcmp(first, net_answer(own)->body) != 0) reader->fault = "not the same";
        free(first);
        reader->reads++;
    }
    net_client_destroy(own);
    return NULL;
}

static void readers_beside_writers(void **state)
{
    struct net_share shares[2];
    struct reader readers[4];
    bool stop = false;
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(net_create(client, net_session_id(), &shares[i]));
    for (int i = 0; i < 4; i++) {
        readers[i] = (struct reader){.share = &shares[i % 2], .stop = &stop};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    struct net_load load = {.url = server.url,
        .shares = shares,
        .shares_count = 2,
        .writers = 4,
        .batches = scaled(150),
        .large_bytes = 100000,
        .seed = net_seed() + 2};
    net_load_start(&load);
    net_load_join(&load);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 4; i++) {
        pthread_join(readers[i].thread, NULL);
        if (readers[i].fault) fail_msg("reader %d: %s", i, readers[i].fault);
        assert_true(readers[i].reads > 0);
    }
    check(&load);
    net_load_fini(&load);
}

/* Removed while it is written: from the removal on nothing of it is readable, and no sync that was
   answered later was taken. */
static void removed_while_written(void **state)
{
    struct net_share shares[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(net_create(client, net_session_id(), &shares[i]));
    struct net_load load = {.url = server.url,
        .shares = shares,
        .shares_count = 2,
        .writers = 6,
        .large_bytes = 50000,
        .seed = net_seed() + 3};
    net_load_start(&load);
    net_pause_ms(NET_SANITIZED ? 400 : 100);
    net_delete(client, net_path(&shares[0], ""), net_text("{\"secret\":\"%s\"}", shares[0].secret));
    net_expect_status(client, 200);
    net_get(client, net_path(&shares[0], "/data"));
    net_expect_status(client, 404);
    net_load_join(&load); /* each writer ends at its first 404 */
    for (unsigned i = 0; i < load.writers; i++) {
        assert_int_equal(load.writer[i].refused_status, 404);
        load.writer[i].refused = 0;
        /* Of the other share everything is there. */
        size_t kept = 0;
        for (size_t k = 0; k < load.writer[i].acks_count; k++)
            if (load.writer[i].acks[k].share == 1)
                load.writer[i].acks[kept++] = load.writer[i].acks[k];
        load.writer[i].acks_count = kept;
    }
    net_load_check(&load, client);
    net_history_check(client, &shares[1]);
    net_load_fini(&load);
    net_get(client, net_path(&shares[0], ""));
    net_expect_status(client, 404);
    assert_int_equal(net_server_run(&server, "verify", NULL, 0), 0);
}

/* Snapshots are made beside the syncs, and none that is due is forgotten: verify looks for each. */
static void every_snapshot_that_is_due(void **state)
{
    const size_t len = 262000; /* each makes one due, or every second */
    uint64_t random = net_seed() + 4;
    char *item = malloc(len + 128);
    (void)state;
    for (unsigned i = 0; i < scaled(20); i++) {
        struct net_share share;
        assert_true(net_create(client, net_session_id(), &share));
        for (unsigned n = 0; n < 4; n++) {
            size_t at = (size_t)sprintf(item,
                "{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\",\"text\":\"", n);
            while (at < len)
                at +=
                    (size_t)sprintf(item + at, "%016llx", (unsigned long long)net_random(&random));
            strcpy(item + at, "\"}}");
            assert_int_equal(net_sync(client, &share, item), 200);
        }
    }
    free(item);
    struct net_request compact = {
        .method = "POST", .path = "/api/compact", .body = SL_SPAN("{}"), .headers = {NET_AS_OWNER}};
    assert_int_equal(net_ask(client, &compact), 200);
    assert_int_equal(net_server_run(&server, "verify", NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_writers_of_one_share),
        cmocka_unit_test(sixteen_connections),
        cmocka_unit_test(readers_beside_writers),
        cmocka_unit_test(removed_while_written),
        cmocka_unit_test(every_snapshot_that_is_due),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
