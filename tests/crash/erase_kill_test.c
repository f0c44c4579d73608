/* kill -9 while shares are created, removed and erased: what was answered holds, what was removed
   stays unreadable, and the erasure goes on after the restart until nothing is left on disk. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/core_store.h"
#include "tests/support/disk_search.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_load.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ROUNDS ((NET_SANITIZED ? 3 : 8) * net_rounds())

static int open_one(void **state)
{
    open_server(state);
    return 0;
}

static void verify(void)
{
    char text[2048] = "";
    int code = net_server_run(&server, "verify", text, sizeof(text));
    if (code != 0) fail_msg("sharelog verify: %d\n%s", code, text);
}

/* ---- what is on disk ---- */

static const char *looked_for;
static unsigned found_in;

static int look_into(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F || stat->st_size == 0) return 0;
    struct buf bytes = {0};
    if (core_read_file(path, &bytes) && disk_search(path, buf_span(&bytes), sl_span_of(looked_for)))
        found_in++;
    buf_fini(&bytes);
    return 0;
}

/* In how many files of the store these bytes lie, as they are or in a packed row of a body.
   Compressed by RocksDB they may hide, but then they take room. */
static unsigned files_with(const char *text)
{
    looked_for = text;
    found_in = 0;
    nftw(server.dir, look_into, 16, FTW_PHYS);
    return found_in;
}

static uint64_t bytes_seen;

static int add_size(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type == FTW_F && (strstr(path, ".sst") || strstr(path, ".log")))
        bytes_seen += (uint64_t)stat->st_size;
    return 0;
}

static uint64_t disk_bytes(void)
{
    bytes_seen = 0;
    nftw(server.dir, add_size, 16, FTW_PHYS);
    return bytes_seen;
}

/* ---- erasing ---- */

/* A share with `megabytes` of content that begins with its own marker. */
static struct net_share filled(const char *marker, unsigned megabytes, uint64_t *random)
{
    struct net_share share;
    struct buf item = {0};
    assert_true(net_create(client, net_session_id(), &share));
    for (unsigned i = 0; i < megabytes * 4; i++) {
        const char *head =
            net_text("{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m\","
                     "\"text\":\"%s",
                i, marker);
        buf_clear(&item);
        buf_add(&item, head, strlen(head));
        for (int k = 0; k < 16384; k++) {
            char text[17];
            snprintf(text, sizeof(text), "%016llx", (unsigned long long)net_random(random));
            buf_add(&item, text, 16);
        }
        buf_add(&item, "\"}}", 3);
        assert_int_equal(net_sync_span(client, &share, buf_span(&item)), 200);
    }
    buf_fini(&item);
    return share;
}

static void expect_gone(const struct net_share *share)
{
    static const char *const rests[] = {"", "/data", "/metadata", "/events/2", "/data?at=2"};
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
        net_get(client, net_path(share, rests[i]));
        net_expect_status(client, 404);
    }
    net_get(client, net_text("/share/%s", share->id));
    net_expect_status(client, 410);
    net_sync(client, share, NET_MESSAGE("m"));
    net_expect_status(client, 404);
}

static void wait_until_erased(void)
{
    for (uint64_t since = 0;; net_wait(&since)) {
        net_get_as(client, "/api/stats", NET_AS_OWNER);
        net_expect_status(client, 200);
        if (net_field_u64(client, "erasuresPending") == 0) return;
    }
}

static void compact(void)
{
    struct net_request request = {
        .method = "POST", .path = "/api/compact", .body = SL_SPAN("{}"), .headers = {NET_AS_OWNER}};
    assert_int_equal(net_ask(client, &request), 200);
}

/* Nothing of it is on disk: no byte as it was, and no room taken for what it may look like. (The
   files themselves go a little later.) */
static void expect_no_trace(const char *marker, uint64_t before)
{
    assert_int_equal(files_with(marker), 0);
    for (uint64_t since = 0; disk_bytes() > before + 500000;)
        net_wait(&since);
}

static void killed_while_erasing(void **state)
{
    uint64_t random = net_seed();
    struct net_share kept = filled("kept", 1, &random);
    (void)state;
    net_get(client, net_path(&kept, "/data"));
    net_expect_status(client, 200);
    char *before = strdup(net_answer(client)->body);
    for (unsigned round = 0; round < ROUNDS; round++) {
        char marker[64];
        snprintf(marker, sizeof(marker), "marker-%016llx-%016llx",
            (unsigned long long)net_random(&random), (unsigned long long)net_random(&random));
        compact();
        uint64_t room = disk_bytes();
        struct net_share share = filled(marker, NET_SANITIZED ? 3 : 6, &random);
        assert_true(files_with(marker) > 0);
        if (round % 2) compact(); /* so that it lies deep */
        assert_true(disk_bytes() > room + 1000000);
        net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
        net_expect(client, 200, "{\"success\":true}");
        net_pause_ms((unsigned)(net_random(&random) % 80));
        net_server_kill(&server);
        start_again();
        expect_gone(&share);
        verify();
        wait_until_erased();
        expect_no_trace(marker, room);
        expect_gone(&share);
        verify();
        net_get(client, net_path(&kept, "/data"));
        assert_string_equal(net_answer(client)->body, before);
    }
    free(before);
}

/* Killed in the moment of removal itself: either it was answered, and holds, or nothing says that
   it is removed and half of it is gone. */
static void killed_while_removing(void **state)
{
    uint64_t random = net_seed() + 1;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct net_share share = filled("x", 1, &random);
        struct net_server_killer killer;
        net_get(client, net_path(&share, "/data"));
        char *before = strdup(net_answer(client)->body);
        net_server_kill_later(
            &server, &killer, (unsigned)(net_random(&random) % (NET_SANITIZED ? 15000 : 3000)));
        net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
        int status = net_answer(client)->status;
        assert_true(status == 200 || status == 0);
        net_server_killed(&server, &killer);
        start_again();
        net_get(client, net_path(&share, "/data"));
        bool there = net_answer(client)->status == 200;
        if (there) {
            assert_int_equal(status, 0);
            assert_string_equal(net_answer(client)->body, before);
        } else {
            expect_gone(&share);
        }
        print_message("answered: %s, removed: %s\n", status ? "yes" : "no", there ? "no" : "yes");
        wait_until_erased();
        verify();
        free(before);
    }
}

/* Creates that were answered are there, with their credentials. */
static void killed_while_creating(void **state)
{
    uint64_t random = net_seed() + 2;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct net_share created[400];
        char sessions[400][32];
        size_t count = 0;
        struct net_server_killer killer;
        net_server_kill_later(&server, &killer, (unsigned)(net_random(&random) % 100000));
        while (count < 400) {
            snprintf(sessions[count], sizeof(sessions[count]), "%s", net_session_id());
            if (!net_create_as(
                    client, "/api/share", NET_AS_OWNER, sessions[count], &created[count]))
                break;
            count++;
        }
        net_server_killed(&server, &killer);
        start_again();
        for (size_t i = 0; i < count; i++) {
            struct net_share again;
            assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, sessions[i], &again));
            assert_string_equal(again.id, created[i].id);
            assert_string_equal(again.secret, created[i].secret);
        }
        verify();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_while_erasing, open_one, close_server),
        cmocka_unit_test_setup_teardown(killed_while_removing, open_one, close_server),
        cmocka_unit_test_setup_teardown(killed_while_creating, open_one, close_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
