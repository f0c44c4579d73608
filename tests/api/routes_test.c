/* The table of routes over real sockets: statuses, bodies, headers, who may. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/json.h"
#include "tests/support/api_client.h"
#include "tests/support/api_server.h"

#include <stdio.h>
#include <stdlib.h>

static struct api_server server;
static struct api_client *client;

static int open_all(void **state)
{
    (void)state;
    api_watchdog(300);
    api_server_open(&server, NULL);
    client = api_client_create(server.url);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    api_client_destroy(client);
    api_server_close(&server);
    return 0;
}

static int ask(const char *method, const char *path, const char *body, const char *header)
{
    return api_ask(client, &(struct api_request){.method = method,
                               .path = path,
                               .body = body ? sl_span_of(body) : (struct sl_span){0},
                               .headers = {header}});
}

/* Sequence 1 its creation, 2 a session and a message, 3 a part, 4 the part again. */
static struct api_share filled(void)
{
    struct api_share share;
    assert_true(api_create(client, api_session_id(), &share));
    api_sync(client, &share, API_SESSION("A title") "," API_MESSAGE("m1"));
    api_expect(client, 200, "{\"success\":true,\"syncCount\":1,\"seq\":2}");
    api_sync(client, &share, API_PART("m1", "p1", "one"));
    api_sync(client, &share, API_PART("m1", "p1", "two"));
    api_expect(client, 200, "{\"success\":true,\"syncCount\":3,\"seq\":4}");
    return share;
}

/* ---- a share's life ---- */

static void creates(void **state)
{
    const char *session = api_session_id();
    struct api_share share;
    (void)state;
    assert_true(api_create(client, session, &share));
    assert_string_equal(share.id, session + strlen(session) - 8);
    assert_string_equal(share.url, api_text("%s/share/%s", server.url, share.id));
    assert_int_equal(strlen(share.secret), 36);
    assert_string_equal(api_header(client, "Content-Type"), "application/json");
    assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(api_header(client, "Cache-Control"), "no-store");
    assert_string_equal(api_header(client, "X-Content-Type-Options"), "nosniff");
}

static void syncs(void **state)
{
    struct api_share share = filled();
    char wrong[256];
    (void)state;
    api_sync(client, &share, "");
    api_expect(client, 200, "{\"success\":true,\"syncCount\":4,\"seq\":5}");
    snprintf(wrong, sizeof(wrong), "{\"secret\":\"%.35s0\",\"data\":[]}", share.secret);
    if (share.secret[35] == '0') wrong[46] = '1';
    api_post(client, api_path(&share, "/sync"), wrong);
    api_expect_error(client, 403, "Invalid secret");
    api_post(client, "/api/share/nobody00/sync", "{\"secret\":\"x\",\"data\":[]}");
    api_expect_error(client, 404, "Share not found");
}

/* An item of a type that nobody knows yet is kept. */
static void keeps_what_it_does_not_know(void **state)
{
    struct api_share share = filled();
    (void)state;
    api_sync(client, &share,
        "{\"type\":\"novel\",\"data\":{\"id\":\"n1\",\"x\":1e999}},"
        "{\"type\":\"other\",\"data\":[1, 2]},{\"type\":\"novel\",\"data\":null}");
    api_expect_status(client, 200);
    api_get(client, api_path(&share, "/data"));
    api_expect_has(client, "{\"type\":\"novel\",\"data\":null},"
                           "{\"type\":\"novel\",\"data\":{\"id\":\"n1\",\"x\":1e999}},"
                           "{\"type\":\"other\",\"data\":[1, 2]},");
}

static void removes(void **state)
{
    struct api_share share = filled();
    const char *secret = api_text("{\"secret\":\"%s\"}", share.secret);
    char body[128];
    (void)state;
    snprintf(body, sizeof(body), "%s", secret);
    api_delete(client, api_path(&share, ""), "{\"secret\":\"wrong\"}");
    api_expect_error(client, 403, "Invalid secret");
    api_delete(client, "/api/share/nobody00", body);
    api_expect_error(client, 404, "Share not found");
    api_delete(client, api_path(&share, ""), body);
    api_expect(client, 200, "{\"success\":true}");
    api_get(client, api_path(&share, ""));
    api_expect_error(client, 404, "Session not found");
    api_get(client, api_path(&share, "/metadata"));
    api_expect_error(client, 404, "Session not found");
    api_get(client, api_path(&share, "/data"));
    api_expect_error(client, 404, api_text("Share not found: %s", share.id));
    api_get(client, api_path(&share, "/data?at=3"));
    api_expect_error(client, 404, api_text("Share not found: %s", share.id));
    api_get(client, api_path(&share, "/events/2"));
    api_expect_error(client, 404, "Share not found");
    api_sync(client, &share, API_MESSAGE("m2"));
    api_expect_error(client, 404, "Share not found");
    api_get(client, api_text("/share/%s", share.id));
    api_expect_status(client, 410);
    assert_memory_equal(api_header(client, "Content-Type"), "text/html", 9);
    /* A client that asks again must be told that it is done; who doesn't hold the secret, nothing.
     */
    api_delete(client, api_path(&share, ""), body);
    api_expect(client, 200, "{\"success\":true}");
    api_delete(client, api_path(&share, ""), "{\"secret\":\"wrong\"}");
    api_expect_error(client, 403, "Invalid secret");
}

static void owner_removes(void **state)
{
    struct api_share share = filled(), other = filled();
    (void)state;
    ask("DELETE", api_path(&share, ""), NULL, API_AS_OWNER);
    api_expect(client, 200, "{\"success\":true}");
    api_get(client, api_path(&share, ""));
    api_expect_status(client, 404);
    const char *body = api_text("{\"shareID\":\"%s\"}", other.id);
    ask("DELETE", "/api/support/actions/remove-share", body, NULL);
    api_expect_status(client, 401);
    ask("DELETE", "/api/support/actions/remove-share", body,
        api_text("Authorization: Bearer %s", server.client_key));
    api_expect_status(client, 401);
    ask("DELETE", "/api/support/actions/remove-share", body, API_AS_OWNER);
    api_expect(client, 200, "{\"success\":true,\"message\":\"Share removed\"}");
    api_get(client, api_path(&other, "/data"));
    api_expect_status(client, 404);
    ask("DELETE", "/api/support/actions/remove-share", "{\"shareID\":\"nobody00\"}", API_AS_OWNER);
    api_expect_error(client, 404, "Share not found");
    ask("DELETE", "/api/support/actions/remove-share", "{\"shareID\":7}", API_AS_OWNER);
    api_expect_error(client, 400, "shareID: expected a string");
}

static void taken_down_stays_down(void **state)
{
    char session[64];
    struct api_share share, again;
    (void)state;
    snprintf(session, sizeof(session), "%s", api_session_id());
    assert_true(api_create(client, session, &share));
    ask("DELETE", api_path(&share, ""), NULL, API_AS_OWNER);
    api_expect_status(client, 200);
    assert_false(api_create(client, session, &again));
    api_expect_status(client, 403);
    ask("POST", "/api/sessions/allow", api_text("{\"sessionID\":\"%s\"}", session), NULL);
    api_expect_status(client, 401);
    ask("POST", "/api/sessions/allow", api_text("{\"sessionID\":\"%s\"}", session), API_AS_OWNER);
    api_expect(client, 200, "{\"success\":true}");
    assert_true(api_create(client, session, &again));
    assert_string_not_equal(again.id, share.id);
    assert_string_not_equal(again.secret, share.secret);
}

/* ---- the other names ---- */

static void shares_is_share(void **state)
{
    struct api_share share;
    (void)state;
    assert_true(api_create_as(client, "/api/shares", "x-org-id: org", api_session_id(), &share));
    api_post(client, api_text("/api/shares/%s/sync", share.id),
        api_text("{\"secret\":\"%s\",\"data\":[" API_MESSAGE("m1") "]}", share.secret));
    api_expect_status(client, 200);
    const char *const rests[] = {
        "", "/data", "/metadata", "/events", "/events/2", "/changes?from=1"};
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
        char *one, *other;
        api_get(client, api_path(&share, rests[i]));
        api_expect_status(client, 200);
        one = strdup(api_answer(client)->body);
        api_get(client, api_text("/api/shares/%s%s", share.id, rests[i]));
        api_expect_status(client, 200);
        other = strdup(api_answer(client)->body);
        assert_string_equal(one, other);
        free(one);
        free(other);
    }
    api_delete(client, api_text("/api/shares/%s", share.id),
        api_text("{\"secret\":\"%s\"}", share.secret));
    api_expect(client, 200, "{\"success\":true}");
}

static void key_in_the_path(void **state)
{
    const char *const forms[] = {"/k/%s/api/share", "/k/%s//api/share", "/k/%s/api/shares"};
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct api_share share;
        char path[400], sub[512];
        snprintf(path, sizeof(path), forms[i], server.client_key);
        assert_true(api_create_as(client, path, NULL, api_session_id(), &share));
        /* A link is for people: the key is not in it. */
        assert_string_equal(share.url, api_text("%s/share/%s", server.url, share.id));
        snprintf(sub, sizeof(sub), "%s/%s/sync", path, share.id);
        api_post(client, sub,
            api_text("{\"secret\":\"%s\",\"data\":[" API_MESSAGE("m1") "]}", share.secret));
        api_expect_status(client, 200);
        snprintf(sub, sizeof(sub), "%s/%s/data", path, share.id);
        api_get(client, sub);
        api_expect(client, 200, "[" API_MESSAGE("m1") "]");
        snprintf(sub, sizeof(sub), "%s/%s", path, share.id);
        api_delete(client, sub, api_text("{\"secret\":\"%s\"}", share.secret));
        api_expect(client, 200, "{\"success\":true}");
    }
    api_get(client, api_text("/k/%s/livez", server.client_key));
    api_expect_status(client, 200);
    /* Neither key counts as the owner's in a path. */
    api_get(client, api_text("/k/%s/api/sessions", server.client_key));
    api_expect_status(client, 401);
    api_get(client, "/k/" API_OWNER "/api/sessions");
    api_expect_status(client, 401);
}

/* A client that is logged in somewhere sends its token everywhere. */
static void foreign_bearer_is_ignored(void **state)
{
    const char *bearer = "Authorization: Bearer eyJhbGciOiJI.foreign.token";
    struct api_share share;
    (void)state;
    assert_true(api_create_as(client, "/api/shares", bearer, api_session_id(), &share));
    ask("POST", api_path(&share, "/sync"),
        api_text("{\"secret\":\"%s\",\"data\":[" API_MESSAGE("m1") "]}", share.secret), bearer);
    api_expect_status(client, 200);
    api_get_as(client, api_path(&share, "/data"), bearer);
    api_expect_status(client, 200);
    ask("DELETE", api_path(&share, ""), api_text("{\"secret\":\"%s\"}", share.secret), bearer);
    api_expect(client, 200, "{\"success\":true}");
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
        api_expect_status(client, 405);
        assert_string_equal(api_header(client, "Allow"), wrong[i].allow);
    }
    const char *const none[] = {"/api", "/api/", "/api/nothing", "/api/share/", "/api/share/a/b",
        "/api/share/abcdefgh/data/", "/favicon.ico", "/share", "/api/share/abcdefgh/events/x",
        "/api/share/abcdefgh/events/-1", "/API/share/abcdefgh"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        api_get(client, none[i]);
        api_expect_status(client, 404);
    }
}

static void head_has_no_body(void **state)
{
    struct api_share share = filled();
    const char *const paths[] = {"/livez", "/sessions", "/"};
    (void)state;
    ask("HEAD", api_path(&share, "/data"), NULL, NULL);
    api_expect(client, 200, "");
    assert_string_equal(api_header(client, "Content-Type"), "application/json");
    assert_string_equal(api_header(client, "Cache-Control"), "private, no-store");
    for (size_t i = 0; i < 3; i++) {
        api_get(client, paths[i]);
        int status = api_answer(client)->status;
        ask("HEAD", paths[i], NULL, NULL);
        api_expect(client, status, "");
    }
    ask("HEAD", api_path(&share, "/nothing"), NULL, NULL);
    api_expect(client, 404, "");
    api_get(client, "/livez"); /* and the connection still works */
    api_expect(client, 200, "{\"status\":\"ok\"}");
}

static void cors_for_the_api_alone(void **state)
{
    struct api_share share = filled();
    (void)state;
    api_get_as(client, api_path(&share, "/data"), "Origin: https://elsewhere.example");
    assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "*");
    api_get(client, "/api/nothing");
    assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "*");
    api_get(client, "/api/sessions");
    api_expect_status(client, 401);
    assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "*");
    api_ask(client,
        &(struct api_request){.method = "OPTIONS",
            .path = api_path(&share, "/sync"),
            .headers = {"Origin: https://elsewhere.example", "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type,x-custom"}});
    api_expect(client, 204, "");
    assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(
        api_header(client, "Access-Control-Allow-Methods"), "GET,HEAD,PUT,POST,DELETE,PATCH");
    assert_string_equal(
        api_header(client, "Access-Control-Allow-Headers"), "content-type,x-custom");
    assert_string_equal(api_header(client, "Access-Control-Allow-Credentials"), "");
    const char *const pages[] = {"/share/%s", "/s/%s", "/sessions?x=%s", "/livez?x=%s"};
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        char path[128];
        snprintf(path, sizeof(path), pages[i], share.id);
        api_get_as(client, path, "Origin: https://elsewhere.example");
        assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "");
        ask("OPTIONS", path, NULL, "Origin: https://elsewhere.example");
        assert_string_equal(api_header(client, "Access-Control-Allow-Origin"), "");
    }
}

/* ---- health, pages, the owner's ---- */

static void health(void **state)
{
    const char *const paths[] = {"/livez", "/readyz", "/healthz"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        api_get(client, paths[i]);
        api_expect(client, 200, "{\"status\":\"ok\"}");
    }
}

static void pages(void **state)
{
    struct api_share share = filled();
    (void)state;
    api_get(client, "/");
    api_expect_status(client, 302);
    assert_string_equal(api_header(client, "Location"), "/sessions");
    api_get(client, "/sessions");
    api_expect_status(client, 401);
    assert_null(strstr(api_answer(client)->body, share.id));
    api_get_as(client, "/sessions", API_AS_OWNER);
    api_expect_status(client, 200);
    api_expect_has(client, api_text("/share/%s", share.id));
    for (int i = 0; i < 2; i++) {
        api_get(client, api_text("/%s/%s", i ? "s" : "share", share.id));
        api_expect_status(client, 200);
        assert_memory_equal(api_header(client, "Content-Type"), "text/html; charset=utf-8", 24);
        api_expect_has(client, "A title");
        api_expect_has(client, "two");
    }
    api_get(client, api_text("/share/%s?at=3", share.id));
    api_expect_status(client, 200);
    api_expect_has(client, "one");
    api_get(client, "/share/nobody00");
    api_expect_status(client, 404);
    assert_memory_equal(api_header(client, "Content-Type"), "text/html", 9);
}

static void owner_only(void **state)
{
    const struct {
        const char *method, *path;
    } routes[] = {{"GET", "/api/sessions"}, {"GET", "/api/events"}, {"GET", "/api/stats"},
        {"POST", "/api/compact"}, {"POST", "/api/sessions/allow"},
        {"DELETE", "/api/support/actions/remove-share"}};
    (void)state;
    char clients[200];
    snprintf(clients, sizeof(clients), "Authorization: Bearer %s", server.client_key);
    const char *const keys[] = {NULL, "Authorization: Bearer wrong",
        "Authorization: Basic b3duZXI=", "Authorization: Bearer",
        "x-opencode-share-key: owner-key-of-the-api-test", clients};
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
            ask(routes[i].method, routes[i].path, "{}", keys[k]);
            api_expect_status(client, 401);
            assert_string_equal(api_header(client, "WWW-Authenticate"), "Bearer");
        }
    api_get_as(client, "/api/sessions", "x-opencode-share-key: " API_OWNER);
    api_expect_status(client, 200);
    api_get_as(client, "/api/sessions", "authorization: bearer " API_OWNER);
    api_expect_status(client, 200);
    api_get_as(client, "/api/stats", API_AS_OWNER);
    api_expect_status(client, 200);
    assert_true(api_field_u64(client, "events") > 0);
}

static void web_socket_needs_an_upgrade(void **state)
{
    struct api_share share = filled();
    (void)state;
    api_get(client, api_text("/ws/%s", share.id));
    api_expect(client, 426, "Expected WebSocket upgrade");
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
        cmocka_unit_test(pages),
        cmocka_unit_test(owner_only),
        cmocka_unit_test(web_socket_needs_an_upgrade),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
