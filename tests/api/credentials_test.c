/* Creating and recovering: who gets which credentials. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void session_id(char session[64])
{
    snprintf(session, 64, "%s", net_session_id());
}

static const char *as_client(void)
{
    return net_text("Authorization: Bearer %s", server.client_key);
}

/* Made with that header (NULL: none), and in use: no twin any more. */
static struct net_share in_use(const char *session, const char *header)
{
    struct net_share share;
    assert_true(net_create_as(client, "/api/share", header, session, &share));
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
    return share;
}

static void expect_same(const struct net_share *a, const struct net_share *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->secret, b->secret);
    assert_string_equal(a->url, b->url);
}

static void expect_other(const struct net_share *a, const struct net_share *b)
{
    assert_string_not_equal(a->id, b->id);
    assert_string_not_equal(a->secret, b->secret);
}

static void a_key_recovers(void **state)
{
    char session[64], headers[4][200], path[200];
    struct net_share share, again;
    (void)state;
    session_id(session);
    share = in_use(session, as_client());
    snprintf(headers[0], 200, "Authorization: Bearer %s", server.client_key);
    snprintf(headers[1], 200, "x-opencode-share-key: %s", server.client_key);
    snprintf(headers[2], 200, "Authorization: Bearer %s", NET_OWNER);
    snprintf(headers[3], 200, "x-opencode-share-key: %s", NET_OWNER);
    for (int i = 0; i < 4; i++) {
        assert_true(net_create_as(client, "/api/share", headers[i], session, &again));
        expect_same(&again, &share);
    }
    const char *const forms[] = {"/k/%s/api/share", "/k/%s//api/share", "/k/%s/api/shares"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), forms[i], server.client_key);
        assert_true(net_create_as(client, path, NULL, session, &again));
        expect_same(&again, &share);
    }
    /* Nothing was wiped, nothing was appended. */
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200, "[" NET_MESSAGE("m1") "]");
    net_sync(client, &again, NET_MESSAGE("m2"));
    net_expect(client, 200, "{\"success\":true,\"syncCount\":2,\"seq\":3}");
}

static void no_key_no_secret(void **state)
{
    static const char *const headers[] = {NULL, "Authorization: Bearer wrong",
        "x-opencode-share-key: wrong", "Authorization: Bearer", "x-opencode-share-key:",
        "Authorization: Basic b3duZXI6b3duZXI=", "X-Forwarded-For: 203.0.113.9"};
    char session[64], path[200];
    struct net_share share, again;
    (void)state;
    session_id(session);
    share = in_use(session, as_client());
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        assert_true(net_create_as(client, "/api/share", headers[i], session, &again));
        expect_other(&again, &share);
        assert_memory_equal(again.id, share.id, 8);
        assert_int_equal(again.id[8], '-');
        assert_int_equal(strlen(again.id), 17);
        assert_int_equal(net_sync(client, &again, NET_MESSAGE("m1")), 200);
    }
    /* The owner key doesn't belong in a path, and doesn't count there; nor does a wrong one. */
    assert_true(net_create_as(client, "/k/" NET_OWNER "/api/share", NULL, session, &again));
    expect_other(&again, &share);
    snprintf(path, sizeof(path), "/k/%.20sx/api/share", server.client_key);
    assert_int_equal(net_sync(client, &again, NET_MESSAGE("m1")), 200);
    assert_true(net_create_as(client, path, NULL, session, &again));
    expect_other(&again, &share);
}

/* Each key gets what it made; the owner key, once that is gone, another key's; what nobody made
 * nobody gets. */
static void each_key_recovers_its_own(void **state)
{
    char session[64];
    struct net_share nobodys, owners, clients, again;
    (void)state;
    session_id(session);
    owners = in_use(session, NET_AS_OWNER);
    clients = in_use(session, as_client());
    nobodys = in_use(session, NULL);
    expect_other(&clients, &owners);
    expect_other(&nobodys, &clients);
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, session, &again));
    expect_same(&again, &owners);
    assert_true(net_create_as(client, "/api/share", as_client(), session, &again));
    expect_same(&again, &clients);
    net_delete(client, net_path(&owners, ""), net_text("{\"secret\":\"%s\"}", owners.secret));
    net_expect_status(client, 200);
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, session, &again));
    expect_same(&again, &clients);
    net_delete(client, net_path(&clients, ""), net_text("{\"secret\":\"%s\"}", clients.secret));
    net_expect_status(client, 200);
    assert_true(net_create_as(client, "/api/share", as_client(), session, &again));
    expect_other(&again, &nobodys);
    expect_other(&again, &clients);
}

static void an_id_is_never_given_again(void **state)
{
    char session[64];
    struct net_share share, again;
    (void)state;
    session_id(session);
    share = in_use(session, NULL);
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, session, &again));
    expect_other(&again, &share);
    assert_int_equal(net_sync(client, &again, NET_MESSAGE("m2")), 200);
    net_get(client, net_path(&share, "/data"));
    net_expect_status(client, 404);
    net_server_stop(&server);
    start_again();
    struct net_share third;
    assert_true(net_create(client, session, &third));
    expect_other(&third, &share);
    expect_other(&third, &again);
    net_get(client, net_path(&share, "/data"));
    net_expect_status(client, 404);
    net_get(client, net_text("/share/%s", share.id));
    net_expect_status(client, 410);
}

/* Also when the first one was never synced, and with a key. */
static void an_unused_id_is_never_given_again(void **state)
{
    char session[64];
    struct net_share share, again;
    (void)state;
    session_id(session);
    assert_true(net_create(client, session, &share));
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    assert_true(net_create(client, session, &again));
    expect_other(&again, &share);
}

static void twins_get_one_share(void **state)
{
    char session[64];
    struct net_share first, second, stranger;
    (void)state;
    session_id(session);
    assert_true(net_create(client, session, &first));
    assert_true(net_create(client, session, &second));
    expect_same(&second, &first);
    assert_true(
        net_create_as(client, "/api/share", "X-Forwarded-For: 203.0.113.9", session, &stranger));
    expect_other(&stranger, &first);
    assert_int_equal(net_sync(client, &first, NET_MESSAGE("m1")), 200);
    assert_true(net_create(client, session, &second));
    expect_other(&second, &first); /* it is in use now */
}

#define TWINS 16
struct twin {
    pthread_t thread;
    pthread_barrier_t *barrier;
    const char *session;
    bool created;
    struct net_share share;
};

static void *create_twin(void *ctx)
{
    struct twin *twin = ctx;
    struct net_client *own = net_client_create(server.url);
    net_get(own, "/livez"); /* connected before all begin */
    pthread_barrier_wait(twin->barrier);
    twin->created = net_create(own, twin->session, &twin->share);
    net_client_destroy(own);
    return NULL;
}

static void concurrent_twins_get_one_share(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5 * net_rounds(); round++) {
        char session[64];
        struct twin twins[TWINS];
        pthread_barrier_t barrier;
        session_id(session);
        pthread_barrier_init(&barrier, NULL, TWINS);
        for (int i = 0; i < TWINS; i++) {
            twins[i] = (struct twin){.barrier = &barrier, .session = session};
            assert_int_equal(pthread_create(&twins[i].thread, NULL, create_twin, &twins[i]), 0);
        }
        for (int i = 0; i < TWINS; i++)
            pthread_join(twins[i].thread, NULL);
        pthread_barrier_destroy(&barrier);
        for (int i = 0; i < TWINS; i++) {
            assert_true(twins[i].created);
            expect_same(&twins[i].share, &twins[0].share);
        }
        net_get(client, net_path(&twins[0].share, "/events"));
        net_expect_has(client, "\"next\":null");
        assert_null(strstr(net_answer(client)->body, "\"seq\":2"));
    }
}

static void same_last_eight(void **state)
{
    char session[64], other_session[80], third_session[80];
    struct net_share share, other, third, again;
    (void)state;
    session_id(session);
    snprintf(other_session, sizeof(other_session), "ses_other%s", session + strlen(session) - 8);
    snprintf(third_session, sizeof(third_session), "test_%s", session);
    assert_true(net_create(client, session, &share));
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, other_session, &other));
    expect_other(&other, &share);
    assert_memory_equal(other.id, share.id, 8);
    assert_true(net_create(client, third_session, &third));
    assert_string_equal(third.id, net_text("test_%s", share.id));
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, other_session, &again));
    expect_same(&again, &other);
    assert_int_equal(net_sync(client, &other, NET_MESSAGE("m7")), 200);
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200, "[]");
    /* One's secret is no use for the other. */
    struct net_share crossed = share;
    strcpy(crossed.secret, other.secret);
    net_sync(client, &crossed, NET_MESSAGE("m8"));
    net_expect_error(client, 403, "Invalid secret");
}

/* What doesn't make an id gives a random one; what is no session id gives none. */
static void odd_session_ids(void **state)
{
    static const char *const odd[] = {"ses_ünïcödë", "x", "a b c d e f g h", "../../etc/passwd",
        "ses_\\u0041bc/defg", "sess\\ud83d\\ude00ion"};
    static const char *const none[] = {"", "a\\u0000b", "a\\nb"};
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        struct net_share share;
        assert_true(net_create(client, odd[i], &share));
        assert_int_equal(strlen(share.id), strspn(share.id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
                                                            "mnopqrstuvwxyz0123456789_-"));
        assert_true(strlen(share.id) >= 1);
        assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        struct net_share share;
        assert_false(net_create(client, none[i], &share));
        net_expect_status(client, 400);
    }
}

/* `sharelog secret` and a later server compute the same. */
static void credentials_outlive_a_restart(void **state)
{
    char session[64];
    struct net_share share, again;
    (void)state;
    session_id(session);
    share = in_use(session, NET_AS_OWNER);
    net_server_stop(&server);
    start_again();
    assert_true(net_create_as(client, "/api/share", NET_AS_OWNER, session, &again));
    assert_string_equal(again.id, share.id);
    assert_string_equal(again.secret, share.secret);
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("m2")), 200);
}

static void private_needs_a_key(void **state)
{
    struct net_server closed;
    struct net_share share;
    char path[200];
    (void)state;
    net_server_open(&closed, (const char *[]){"--private", NULL});
    struct net_client *own = net_client_create(closed.url);
    assert_false(net_create(own, "ses_abcdefgh", &share));
    net_expect_status(own, 401);
    assert_false(
        net_create_as(own, "/api/shares", "Authorization: Bearer x", "ses_abcdefgh", &share));
    net_expect_status(own, 401);
    snprintf(path, sizeof(path), "/k/%s/api/share", closed.client_key);
    assert_true(net_create_as(own, path, NULL, "ses_abcdefgh", &share));
    assert_int_equal(net_sync(own, &share, NET_MESSAGE("m1")), 200);
    net_client_destroy(own);
    net_server_stop(&closed);
    net_server_close(&closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_recovers),
        cmocka_unit_test(no_key_no_secret),
        cmocka_unit_test(each_key_recovers_its_own),
        cmocka_unit_test(an_id_is_never_given_again),
        cmocka_unit_test(an_unused_id_is_never_given_again),
        cmocka_unit_test(twins_get_one_share),
        cmocka_unit_test(concurrent_twins_get_one_share),
        cmocka_unit_test(same_last_eight),
        cmocka_unit_test(odd_session_ids),
        cmocka_unit_test(credentials_outlive_a_restart),
        cmocka_unit_test(private_needs_a_key),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
