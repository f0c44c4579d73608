/* The table of routes over real sockets: statuses, bodies, headers, who may. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static int ask(const char *method, const char *path, const char *body, const char *header)
{
    return net_ask(client, &(struct net_request){.method = method,
                               .path = path,
                               .body = body ? sl_span_of(body) : (struct sl_span){0},
                               .headers = {header}});
}

/* Sequence 1 its creation, 2 a session and a message, 3 a part, 4 the part again. */
static struct net_share filled(void)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share, NET_SESSION("A title") "," NET_MESSAGE("m1"));
    net_expect(client, 200, "{\"success\":true,\"syncCount\":1,\"seq\":2}");
    net_sync(client, &share, NET_PART("m1", "p1", "one"));
    net_sync(client, &share, NET_PART("m1", "p1", "two"));
    net_expect(client, 200, "{\"success\":true,\"syncCount\":3,\"seq\":4}");
    return share;
}

/* ---- a share's life ---- */

static void creates(void **state)
{
    const char *session = net_session_id();
    struct net_share share;
    (void)state;
    assert_true(net_create(client, session, &share));
    assert_string_equal(share.id, session + strlen(session) - 8);
    assert_string_equal(share.url, net_text("%s/share/%s", server.url, share.id));
    assert_int_equal(strlen(share.secret), 36);
    assert_string_equal(net_header(client, "Content-Type"), "application/json");
    assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(net_header(client, "Cache-Control"), "no-store");
    assert_string_equal(net_header(client, "X-Content-Type-Options"), "nosniff");
}

static void syncs(void **state)
{
    struct net_share share = filled();
    char wrong[256];
    (void)state;
    net_sync(client, &share, "");
    net_expect(client, 200, "{\"success\":true,\"syncCount\":4,\"seq\":5}");
    snprintf(wrong, sizeof(wrong), "{\"secret\":\"%.35s0\",\"data\":[]}", share.secret);
    if (share.secret[35] == '0') wrong[46] = '1';
    net_post(client, net_path(&share, "/sync"), wrong);
    net_expect_error(client, 403, "Invalid secret");
    net_post(client, "/api/share/nobody00/sync", "{\"secret\":\"x\",\"data\":[]}");
    net_expect_error(client, 404, "Share not found");
}

/* An item of a type that nobody knows yet is kept. */
static void keeps_what_it_does_not_know(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_sync(client, &share,
        "{\"type\":\"novel\",\"data\":{\"id\":\"n1\",\"x\":1e999}},"
        "{\"type\":\"other\",\"data\":[1, 2]},{\"type\":\"novel\",\"data\":null}");
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, "{\"type\":\"novel\",\"data\":null},"
                           "{\"type\":\"novel\",\"data\":{\"id\":\"n1\",\"x\":1e999}},"
                           "{\"type\":\"other\",\"data\":[1, 2]},");
}

static void removes(void **state)
{
    struct net_share share = filled();
    const char *secret = net_text("{\"secret\":\"%s\"}", share.secret);
    char body[128];
    (void)state;
    snprintf(body, sizeof(body), "%s", secret);
    net_delete(client, net_path(&share, ""), "{\"secret\":\"wrong\"}");
    net_expect_error(client, 403, "Invalid secret");
    net_delete(client, "/api/share/nobody00", body);
    net_expect_error(client, 404, "Share not found");
    net_delete(client, net_path(&share, ""), body);
    net_expect(client, 200, "{\"success\":true}");
    net_get(client, net_path(&share, ""));
    net_expect_error(client, 404, "Session not found");
    net_get(client, net_path(&share, "/metadata"));
    net_expect_error(client, 404, "Session not found");
    net_get(client, net_path(&share, "/data"));
    net_expect_error(client, 404, net_text("Share not found: %s", share.id));
    net_get(client, net_path(&share, "/data?at=3"));
    net_expect_error(client, 404, net_text("Share not found: %s", share.id));
    net_get(client, net_path(&share, "/events/2"));
    net_expect_error(client, 404, "Share not found");
    net_sync(client, &share, NET_MESSAGE("m2"));
    net_expect_error(client, 404, "Share not found");
    net_get(client, net_text("/share/%s", share.id));
    net_expect_status(client, 410);
    assert_memory_equal(net_header(client, "Content-Type"), "text/html", 9);
    /* A client that asks again must be told that it is done; who doesn't hold the secret, nothing.
     */
    net_delete(client, net_path(&share, ""), body);
    net_expect(client, 200, "{\"success\":true}");
    net_delete(client, net_path(&share, ""), "{\"secret\":\"wrong\"}");
    net_expect_error(client, 403, "Invalid secret");
}

static void owner_removes(void **state)
{
    struct net_share share = filled(), other = filled();
    (void)state;
    ask("DELETE", net_path(&share, ""), NULL, NET_AS_OWNER);
    net_expect(client, 200, "{\"success\":true}");
    net_get(client, net_path(&share, ""));
    net_expect_status(client, 404);
    const char *body = net_text("{\"shareID\":\"%s\"}", other.id);
    ask("DELETE", "/api/support/actions/remove-share", body, NULL);
    net_expect_status(client, 401);
    ask("DELETE", "/api/support/actions/remove-share", body,
        net_text("Authorization: Bearer %s", server.client_key));
    net_expect_status(client, 401);
    ask("DELETE", "/api/support/actions/remove-share", body, NET_AS_OWNER);
    net_expect(client, 200, "{\"success\":true,\"message\":\"Share removed\"}");
    net_get(client, net_path(&other, "/data"));
    net_expect_status(client, 404);
    ask("DELETE", "/api/support/actions/remove-share", "{\"shareID\":\"nobody00\"}", NET_AS_OWNER);
    net_expect_error(client, 404, "Share not found");
    ask("DELETE", "/api/support/actions/remove-share", "{\"shareID\":7}", NET_AS_OWNER);
    net_expect_error(client, 400, "shareID: expected a string");
}

static void taken_down_stays_down(void **state)
{
    char session[64];
    struct net_share share, again;
    (void)state;
    snprintf(session, sizeof(session), "%s", net_session_id());
    assert_true(net_create(client, session, &share));
    ask("DELETE", net_path(&share, ""), NULL, NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_false(net_create(client, session, &again));
    net_expect_status(client, 403);
    ask("POST", "/api/sessions/allow", net_text("{\"sessionID\":\"%s\"}", session), NULL);
    net_expect_status(client, 401);
    ask("POST", "/api/sessions/allow", net_text("{\"sessionID\":\"%s\"}", session), NET_AS_OWNER);
    net_expect(client, 200, "{\"success\":true}");
    assert_true(net_create(client, session, &again));
    assert_string_not_equal(again.id, share.id);
    assert_string_not_equal(again.secret, share.secret);
}

/* ---- the other names ---- */

static void shares_is_share(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create_as(client, "/api/shares", "x-org-id: org", net_session_id(), &share));
    net_post(client, net_text("/api/shares/%s/sync", share.id),
        net_text("{\"secret\":\"%s\",\"data\":[" NET_MESSAGE("m1") "]}", share.secret));
    net_expect_status(client, 200);
    const char *const rests[] = {
        "", "/data", "/metadata", "/events", "/events/2", "/changes?from=1"};
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
        char *one, *other;
        net_get(client, net_path(&share, rests[i]));
        net_expect_status(client, 200);
        one = strdup(net_answer(client)->body);
        net_get(client, net_text("/api/shares/%s%s", share.id, rests[i]));
        net_expect_status(client, 200);
        other = strdup(net_answer(client)->body);
        assert_string_equal(one, other);
        free(one);
        free(other);
    }
    net_delete(client, net_text("/api/shares/%s", share.id),
        net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect(client, 200, "{\"success\":true}");
}

static void key_in_the_path(void **state)
{
    const char *const forms[] = {"/k/%s/api/share", "/k/%s//api/share", "/k/%s/api/shares"};
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct net_share share;
        char path[400], sub[512];
        snprintf(path, sizeof(path), forms[i], server.client_key);
        assert_true(net_create_as(client, path, NULL, net_session_id(), &share));
        /* A link is for people: the key is not in it. */
        assert_string_equal(share.url, net_text("%s/share/%s", server.url, share.id));
        snprintf(sub, sizeof(sub), "%s/%s/sync", path, share.id);
        net_post(client, sub,
            net_text("{\"secret\":\"%s\",\"data\":[" NET_MESSAGE("m1") "]}", share.secret));
        net_expect_status(client, 200);
        snprintf(sub, sizeof(sub), "%s/%s/data", path, share.id);
        net_get(client, sub);
        net_expect(client, 200, "[" NET_MESSAGE("m1") "]");
        snprintf(sub, sizeof(sub), "%s/%s", path, share.id);
        net_delete(client, sub, net_text("{\"secret\":\"%s\"}", share.secret));
        net_expect(client, 200, "{\"success\":true}");
    }
    net_get(client, net_text("/k/%s/livez", server.client_key));
    net_expect_status(client, 200);
    /* Neither key counts as the owner's in a path. */
    net_get(client, net_text("/k/%s/api/sessions", server.client_key));
    net_expect_status(client, 401);
    net_get(client, "/k/" NET_OWNER "/api/sessions");
    net_expect_status(client, 401);
}

/* A client that is logged in somewhere sends its token everywhere. */
static void foreign_bearer_is_ignored(void **state)
{
    const char *bearer = "Authorization: Bearer eyJhbGciOiJI.foreign.token";
    struct net_share share;
    (void)state;
    assert_true(net_create_as(client, "/api/shares", bearer, net_session_id(), &share));
    ask("POST", net_path(&share, "/sync"),
        net_text("{\"secret\":\"%s\",\"data\":[" NET_MESSAGE("m1") "]}", share.secret), bearer);
    net_expect_status(client, 200);
    net_get_as(client, net_path(&share, "/data"), bearer);
    net_expect_status(client, 200);
    ask("DELETE", net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret), bearer);
    net_expect(client, 200, "{\"success\":true}");
}

/* ---- methods, CORS ---- */

static void methods(void **state)
{
    const struct {
        const char *method, *path, *allow;
    } wrong[] = {
        {"GET", "/api/share", "POST"},
        {"PUT", "/api/share", "POST"},
        {"GET", "/api/share/abcdefgh/sync", "POST"},
        {"POST", "/api/share/abcdefgh", "DELETE, GET, HEAD"},
        {"DELETE", "/api/share/abcdefgh/data", "GET, HEAD"},
        {"POST", "/api/share/abcdefgh/events", "GET, HEAD"},
        {"POST", "/api/events", "GET, HEAD"},
        {"PATCH", "/api/sessions", "GET, HEAD"},
        {"POST", "/livez", "GET, HEAD"},
        {"DELETE", "/sessions", "GET, HEAD, POST"},
        {"POST", "/share/abcdefgh", "GET, HEAD"},
        {"OPTIONS", "/share/abcdefgh", "GET, HEAD"},
        {"POST", "/ws/abcdefgh", "GET, HEAD"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        ask(wrong[i].method, wrong[i].path, NULL, NULL);
        net_expect_status(client, 405);
        assert_string_equal(net_header(client, "Allow"), wrong[i].allow);
    }
    const char *const none[] = {"/api", "/api/", "/api/nothing", "/api/share/", "/api/share/a/b",
        "/api/share/abcdefgh/data/", "/favicon.ico", "/share", "/api/share/abcdefgh/events/x",
        "/api/share/abcdefgh/events/-1", "/API/share/abcdefgh"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        net_get(client, none[i]);
        net_expect_status(client, 404);
    }
}

static void head_has_no_body(void **state)
{
    struct net_share share = filled();
    const char *const paths[] = {"/livez", "/sessions", "/"};
    (void)state;
    ask("HEAD", net_path(&share, "/data"), NULL, NULL);
    net_expect(client, 200, "");
    assert_string_equal(net_header(client, "Content-Type"), "application/json");
    assert_string_equal(net_header(client, "Cache-Control"), "private, no-store");
    for (size_t i = 0; i < 3; i++) {
        net_get(client, paths[i]);
        int status = net_answer(client)->status;
        ask("HEAD", paths[i], NULL, NULL);
        net_expect(client, status, "");
    }
    ask("HEAD", net_path(&share, "/nothing"), NULL, NULL);
    net_expect(client, 404, "");
    net_get(client, "/livez"); /* and the connection still works */
    net_expect(client, 200, "{\"status\":\"ok\"}");
}

static void cors_for_the_api_alone(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get_as(client, net_path(&share, "/data"), "Origin: https://elsewhere.example");
    assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "*");
    net_get(client, "/api/nothing");
    assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "*");
    net_get(client, "/api/sessions");
    net_expect_status(client, 401);
    assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "*");
    net_ask(client,
        &(struct net_request){.method = "OPTIONS",
            .path = net_path(&share, "/sync"),
            .headers = {"Origin: https://elsewhere.example", "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type,x-custom"}});
    net_expect(client, 204, "");
    assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(
        net_header(client, "Access-Control-Allow-Methods"), "GET,HEAD,PUT,POST,DELETE,PATCH");
    assert_string_equal(
        net_header(client, "Access-Control-Allow-Headers"), "content-type,x-custom");
    assert_string_equal(net_header(client, "Access-Control-Allow-Credentials"), "");
    const char *const pages[] = {"/share/%s", "/s/%s", "/sessions?x=%s", "/livez?x=%s"};
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        char path[128];
        snprintf(path, sizeof(path), pages[i], share.id);
        net_get_as(client, path, "Origin: https://elsewhere.example");
        assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "");
        ask("OPTIONS", path, NULL, "Origin: https://elsewhere.example");
        assert_string_equal(net_header(client, "Access-Control-Allow-Origin"), "");
    }
}

/* ---- health, pages, the owner's ---- */

static void health(void **state)
{
    const char *const paths[] = {"/livez", "/readyz", "/healthz"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        net_get(client, paths[i]);
        net_expect(client, 200, "{\"status\":\"ok\"}");
    }
}

/* The table itself, so that what is there is told. */
static void documentation(void **state)
{
    const char *const lines[] = {"\nPOST /api/share/:id/sync (the share's secret)\n    append ",
        "\nGET /api/log (the owner key)\n", "\nGET /log/tile/:level/:tile\n",
        "\nPOST /api/share/:id/redact (the share's secret)\n"};
    (void)state;
    net_get(client, "/api/doc");
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Type"), "text/plain; charset=utf-8");
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        net_expect_has(client, lines[i]);
}

static void pages(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, "/");
    net_expect_status(client, 302);
    assert_string_equal(net_header(client, "Location"), "/sessions");
    net_get(client, "/sessions");
    net_expect_status(client, 401);
    assert_null(strstr(net_answer(client)->body, share.id));
    net_get_as(client, "/sessions", NET_AS_OWNER);
    net_expect_status(client, 200);
    net_expect_has(client, net_text("/share/%s", share.id));
    for (int i = 0; i < 2; i++) {
        net_get(client, net_text("/%s/%s", i ? "s" : "share", share.id));
        net_expect_status(client, 200);
        assert_memory_equal(net_header(client, "Content-Type"), "text/html; charset=utf-8", 24);
        net_expect_has(client, "A title");
        net_expect_has(client, "two");
    }
    net_get(client, net_text("/share/%s?at=3", share.id));
    net_expect_status(client, 200);
    net_expect_has(client, "one");
    net_get(client, "/share/nobody00");
    net_expect_status(client, 404);
    assert_memory_equal(net_header(client, "Content-Type"), "text/html", 9);
}

static void owner_only(void **state)
{
    const struct {
        const char *method, *path;
    } routes[] = {{"GET", "/api/sessions"}, {"GET", "/api/events"}, {"GET", "/api/stats"},
        {"GET", "/api/log"}, {"POST", "/api/redact"}, {"POST", "/api/compact"},
        {"POST", "/api/sessions/allow"}, {"DELETE", "/api/support/actions/remove-share"}};
    (void)state;
    char clients[200];
    snprintf(clients, sizeof(clients), "Authorization: Bearer %s", server.client_key);
    const char *const keys[] = {NULL, "Authorization: Bearer wrong",
        "Authorization: Basic b3duZXI=", "Authorization: Bearer",
        "x-opencode-share-key: owner-key-of-the-api-test", clients};
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
            ask(routes[i].method, routes[i].path, "{}", keys[k]);
            net_expect_status(client, 401);
            assert_string_equal(net_header(client, "WWW-Authenticate"), "Bearer");
        }
    net_get_as(client, "/api/sessions", "x-opencode-share-key: " NET_OWNER);
    net_expect_status(client, 200);
    net_get_as(client, "/api/sessions", "authorization: bearer " NET_OWNER);
    net_expect_status(client, 200);
    net_get_as(client, "/api/stats", NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_true(net_field_u64(client, "events") > 0);
}

static void web_socket_needs_an_upgrade(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, net_text("/ws/%s", share.id));
    net_expect(client, 426, "Expected WebSocket upgrade");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates),
        cmocka_unit_test(syncs),
        cmocka_unit_test(keeps_what_it_does_not_know),
        cmocka_unit_test(removes),
        cmocka_unit_test(owner_removes),
        cmocka_unit_test(taken_down_stays_down),
        cmocka_unit_test(shares_is_share),
        cmocka_unit_test(key_in_the_path),
        cmocka_unit_test(foreign_bearer_is_ignored),
        cmocka_unit_test(methods),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(cors_for_the_api_alone),
        cmocka_unit_test(health),
        cmocka_unit_test(documentation),
        cmocka_unit_test(pages),
        cmocka_unit_test(owner_only),
        cmocka_unit_test(web_socket_needs_an_upgrade),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
