/* Taking somebody's session over by creating shares of it: a stranger knows its id, as every viewer
   does, and comes first, at the same time, or from the same address. Nobody gets the stranger's
   share, and what the owner does to it falls on the stranger alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_fixture.h"

#include <pthread.h>
#include <stdio.h>

static char session[64];
static struct net_share strangers, victims;

static const char *as_victim(void)
{
    return net_text("Authorization: Bearer %s", server.client_key);
}

static bool create_as_victim(struct net_share *share)
{
    return net_create_as(client, "/api/share", as_victim(), session, share);
}

static void expect_same(const struct net_share *a, const struct net_share *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->secret, b->secret);
}

static void expect_apart(const struct net_share *a, const struct net_share *b)
{
    assert_string_not_equal(a->id, b->id);
    assert_string_not_equal(a->secret, b->secret);
}

static void expect_held(const char *header)
{
    struct net_share none;
    assert_false(net_create_as(client, "/api/share", header, session, &none));
    net_expect_error(client, 403,
        "This session was taken down by the owner of this server and can't be shared here");
}

static void take_down(const struct net_share *share)
{
    const char *body = net_text("{\"shareID\":\"%s\",\"reason\":\"not its client's\"}", share->id);
    net_ask(client, &(struct net_request){.method = "DELETE",
                        .path = "/api/support/actions/remove-share",
                        .body = {body, strlen(body)},
                        .headers = {NET_AS_OWNER}});
    net_expect_status(client, 200);
}

/* A stranger's share is there, in use, before the victim creates. */
static void come_second(void)
{
    struct net_share crossed;
    snprintf(session, sizeof(session), "%s", net_session_id());
    assert_true(net_create(client, session, &strangers));
    assert_int_equal(net_sync(client, &strangers, NET_MESSAGE("of_a_stranger")), 200);
    assert_true(create_as_victim(&victims));
    expect_apart(&victims, &strangers);
    assert_int_equal(net_sync(client, &victims, NET_MESSAGE("of_the_victim")), 200);
    /* Neither secret opens the other's. */
    crossed = victims;
    snprintf(crossed.secret, sizeof(crossed.secret), "%s", strangers.secret);
    net_sync(client, &crossed, NET_MESSAGE("m"));
    net_expect_error(client, 403, "Invalid secret");
    net_delete(client, net_path(&crossed, ""), net_text("{\"secret\":\"%s\"}", crossed.secret));
    net_expect_error(client, 403, "Invalid secret");
    net_get(client, net_path(&victims, "/data"));
    net_expect(client, 200, "[" NET_MESSAGE("of_the_victim") "]");
    net_get(client, net_path(&strangers, "/data"));
    net_expect(client, 200, "[" NET_MESSAGE("of_a_stranger") "]");
}

static void a_stranger_comes_first(void **state)
{
    struct net_share again;
    (void)state;
    come_second();
    for (int restarted = 0; restarted <= 1; restarted++) {
        assert_true(create_as_victim(&again));
        expect_same(&again, &victims);
        net_server_stop(&server);
        start_again();
    }
    /* The owner takes the stranger's down: the victim syncs and creates as before. */
    take_down(&strangers);
    for (int restarted = 0; restarted <= 1; restarted++) {
        expect_held(NULL);
        assert_int_equal(net_sync(client, &victims, NET_MESSAGE("later")), 200);
        assert_true(create_as_victim(&again));
        expect_same(&again, &victims);
        net_server_stop(&server);
        start_again();
    }
    net_delete(client, net_path(&victims, ""), net_text("{\"secret\":\"%s\"}", victims.secret));
    net_expect_status(client, 200);
    assert_true(create_as_victim(&again));
    expect_apart(&again, &victims);
    assert_int_equal(net_sync(client, &again, NET_MESSAGE("anew")), 200);
}

/* The owner takes the victim's down: it is held, and leaving the key out is no way around. */
static void the_victims_is_taken_down(void **state)
{
    struct net_share again;
    (void)state;
    come_second();
    take_down(&victims);
    expect_held(as_victim());
    expect_held(NULL);
    assert_int_equal(net_sync(client, &strangers, NET_MESSAGE("m")), 200);
    const char *body = net_text("{\"sessionID\":\"%s\"}", session);
    net_ask(client, &(struct net_request){.method = "POST",
                        .path = "/api/sessions/allow",
                        .body = {body, strlen(body)},
                        .headers = {NET_AS_OWNER}});
    net_expect_status(client, 200);
    assert_true(create_as_victim(&again));
    expect_apart(&again, &victims);
    expect_apart(&again, &strangers);
}

/* Creating again and again, at the address that the victim has too, is waiting for nothing: neither
 * is the stranger's share handed to the victim, nor the victim's to the stranger. */
static void at_the_victims_address(void **state)
{
    struct net_share again[3];
    (void)state;
    snprintf(session, sizeof(session), "%s", net_session_id());
    assert_true(create_as_victim(&victims)); /* not synced to yet */
    for (int i = 0; i < 3; i++) {
        assert_true(net_create(client, session, &again[i]));
        expect_apart(&again[i], &victims);
        if (i > 0) expect_apart(&again[i], &again[i - 1]);
    }
    assert_true(create_as_victim(&again[0]));
    expect_same(&again[0], &victims);
    /* A client without a key, whose session was shared before: as every viewer could know. */
    assert_int_equal(net_sync(client, &again[1], NET_MESSAGE("m")), 200);
    assert_true(net_create(client, session, &strangers)); /* waits, unused */
    assert_true(net_create(client, session, &again[0]));  /* the client's */
    expect_apart(&again[0], &strangers);
}

/* Sessions that end alike suggest one share id; who takes it first has no more than the id. */
static void the_id_is_taken(void **state)
{
    struct net_share again;
    char own[64], evil[80];
    (void)state;
    snprintf(own, sizeof(own), "%s", net_session_id());
    snprintf(evil, sizeof(evil), "ses_evil%s", own + strlen(own) - 8);
    assert_true(net_create(client, evil, &strangers));
    assert_string_equal(strangers.id, own + strlen(own) - 8);
    snprintf(session, sizeof(session), "%s", own);
    assert_true(create_as_victim(&victims));
    expect_apart(&victims, &strangers);
    take_down(&strangers); /* of another session: holds only that */
    assert_true(create_as_victim(&again));
    expect_same(&again, &victims);
    assert_true(net_create(client, session, &again));
    /* `test_` in front makes another id, and another session. */
    snprintf(session, sizeof(session), "test_%s", own);
    assert_true(net_create(client, session, &strangers));
    assert_true(create_as_victim(&again));
    expect_apart(&again, &strangers);
    expect_apart(&again, &victims);
}

/* A subtask's session is linked from its parent's page: to the share that a key made. */
static void readers_are_led_to_the_victims(void **state)
{
    struct net_share parent, later;
    (void)state;
    come_second();
    assert_true(net_create(client, session, &later)); /* newer than both */
    assert_true(net_create(client, net_session_id(), &parent));
    const char *part = net_text(
        "{\"type\":\"part\",\"data\":{\"id\":\"p1\",\"messageID\":\"m1\",\"type\":\"tool\","
        "\"tool\":\"task\",\"callID\":\"c\",\"state\":{\"status\":\"completed\","
        "\"input\":{\"description\":\"a subtask\"},\"output\":\"\",\"metadata\":{\"sessionId\":\"%s\"}}}}",
        session);
    const char *message = "{\"type\":\"message\",\"data\":{\"id\":\"m1\",\"role\":\"assistant\"}}";
    assert_int_equal(net_sync(client, &parent, net_text("%s,%s", message, part)), 200);
    net_get(client, net_text("/share/%s", parent.id));
    net_expect_has(client, net_text("<a href=\"/share/%s\">", victims.id));
    take_down(&victims); /* then nobody's newest is what there is */
    net_get(client, net_text("/share/%s", parent.id));
    net_expect_has(client, net_text("<a href=\"/share/%s\">", later.id));
}

/* ---- at the same time ---- */

#define CREATORS 8
struct creator {
    pthread_t thread;
    pthread_barrier_t *barrier;
    bool keyed, created;
    struct net_share share;
};

static void *create_beside(void *ctx)
{
    struct creator *creator = ctx;
    struct net_client *own = net_client_create(server.url);
    char header[160];
    snprintf(header, sizeof(header), "Authorization: Bearer %s", server.client_key);
    net_get(own, "/livez"); /* connected before all begin */
    pthread_barrier_wait(creator->barrier);
    creator->created =
        net_create_as(own, "/api/share", creator->keyed ? header : NULL, session, &creator->share);
    net_client_destroy(own);
    return NULL;
}

/* Those with the key get one share, and those without never that one. */
static void at_the_same_time(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5 * net_rounds(); round++) {
        struct creator creators[CREATORS];
        pthread_barrier_t barrier;
        snprintf(session, sizeof(session), "%s", net_session_id());
        pthread_barrier_init(&barrier, NULL, CREATORS);
        for (int i = 0; i < CREATORS; i++) {
            creators[i] = (struct creator){.barrier = &barrier, .keyed = i % 2 == 0};
            assert_int_equal(
                pthread_create(&creators[i].thread, NULL, create_beside, &creators[i]), 0);
        }
        for (int i = 0; i < CREATORS; i++)
            pthread_join(creators[i].thread, NULL);
        pthread_barrier_destroy(&barrier);
        for (int i = 0; i < CREATORS; i++) {
            assert_true(creators[i].created);
            if (creators[i].keyed)
                expect_same(&creators[i].share, &creators[0].share);
            else
                expect_apart(&creators[i].share, &creators[0].share);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_comes_first),
        cmocka_unit_test(the_victims_is_taken_down),
        cmocka_unit_test(at_the_victims_address),
        cmocka_unit_test(the_id_is_taken),
        cmocka_unit_test(readers_are_led_to_the_victims),
        cmocka_unit_test(at_the_same_time),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
