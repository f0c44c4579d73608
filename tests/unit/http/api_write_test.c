/* The API that writes, over a real store, without sockets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/http_ask.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- writing ---- */

static void creates(void **state)
{
    char secret[SL_SECRET_BYTES + 1];
    (void)state;
    struct share a = create("ses_xxabcdefgh", "192.0.2.1");
    assert_string_equal(a.id, "abcdefgh");
    assert_string_equal(field("url"), "http://share.example/share/abcdefgh");
    sl_store_secret(ask_store, SL_SPAN("ses_xxabcdefgh"), (struct sl_span){"", 0}, secret);
    assert_string_equal(a.secret, secret);
    assert_header("Access-Control-Allow-Origin: *");
    /* Its twin gets the same; a stranger gets another. */
    struct share twin = create("ses_xxabcdefgh", "192.0.2.1");
    assert_string_equal(twin.secret, a.secret);
    struct share other = create("ses_xxabcdefgh", "192.0.2.2");
    assert_string_not_equal(other.id, a.id);
    assert_string_not_equal(other.secret, a.secret);
}

static void create_takes_no_nonsense(void **state)
{
    (void)state;
    assert_int_equal(post("/api/share", "{\"sessionID\":\"ses_1\""), 400);
    assert_int_equal(post("/api/share", "[]"), 400);
    assert_int_equal(post("/api/share", "{}"), 400);
    assert_body("{\"error\":\"sessionID: missing\"}");
    assert_int_equal(post("/api/share", "{\"sessionID\":7}"), 400);
    assert_body("{\"error\":\"sessionID: expected a string\"}");
    assert_int_equal(post("/api/share", "{\"sessionID\":\"\"}"), 400);
    assert_int_equal(post("/api/share", "{\"sessionID\":\"a\\u0000\"}"), 400);
    char text[2200] = "{\"sessionID\":\"";
    memset(text + 14, 'x', 257);
    strcpy(text + 14 + 257, "\"}");
    assert_int_equal(post("/api/share", text), 400);
    assert_body("{\"error\":\"sessionID: longer than 256 bytes\"}");
    struct asking large = {.method = "POST", .target = "/api/share", .body = "{}", .length = 65537};
    assert_int_equal(ask(&large), 413);
    assert_has("65536");
    assert_false(large.body_read);
    struct asking none = {
        .method = "POST", .target = "/api/share", .body = "{}", .no_length = true};
    assert_int_equal(ask(&none), 411);
    struct asking form = {
        .method = "POST", .target = "/api/share", .body = "{}", .type = "text/plain"};
    assert_int_equal(ask(&form), 415);
    assert_false(form.body_read);
    assert_int_equal(get_as_owner("/api/sessions"), 200);
    assert_body("{\"sessions\":[],\"count\":0,\"next\":null}");
}

static void keys_recover(void **state)
{
    const char *body = "{\"sessionID\":\"ses_xxabcdefgh\"}";
    char client[SL_KEY_TEXT_BYTES + 16];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    struct asking strangers = {
        .method = "POST", .target = "/api/shares", .body = body, .auth = "Bearer account-login"};
    assert_int_equal(ask(&strangers), 200); /* ignored, not refused */
    assert_string_not_equal(field("id"), a.id);
    struct asking owner_in_path = {
        .method = "POST", .target = "/api/share", .body = body, .path_key = ASK_OWNER, .peer = "x"};
    assert_int_equal(ask(&owner_in_path), 200);
    assert_string_not_equal(field("id"), a.id);
    body = "{\"sessionID\":\"ses_yyyyyyyyyy\"}";
    struct asking first = {.method = "POST",
        .target = "/api/share",
        .body = body,
        .key = sl_store_client_key(ask_store)};
    struct share b = {0};
    assert_int_equal(ask(&first), 200);
    snprintf(b.id, sizeof(b.id), "%s", field("id"));
    snprintf(b.secret, sizeof(b.secret), "%s", field("secret"));
    struct asking in_path = {.method = "POST",
        .target = "//api/share",
        .body = body,
        .path_key = sl_store_client_key(ask_store),
        .peer = "x"};
    assert_int_equal(ask(&in_path), 200);
    assert_string_equal(field("id"), b.id);
    assert_string_equal(field("secret"), b.secret);
    struct asking header = {.method = "POST",
        .target = "/api/share",
        .body = body,
        .key = sl_store_client_key(ask_store),
        .auth = "Bearer account-login",
        .peer = "y"};
    assert_int_equal(ask(&header), 200);
    assert_string_equal(field("secret"), b.secret);
    /* The client key creates and recovers, nothing else. */
    snprintf(client, sizeof(client), "Bearer %s", sl_store_client_key(ask_store));
    struct asking list = {.method = "GET", .target = "/api/sessions", .auth = client};
    assert_int_equal(ask(&list), 401);
    struct asking removal = {.method = "DELETE", .target = at(&b, ""), .auth = client};
    assert_int_equal(ask(&removal), 411);
    struct asking control = {
        .method = "GET", .target = "/api/sessions", .auth = "Bearer control-key"};
    assert_int_equal(ask(&control), 200);
}

static void private_server(void **state)
{
    struct asking asking = {
        .method = "POST", .target = "/api/share", .body = "{\"sessionID\":\"ses_1\"}"};
    (void)state;
    assert_int_equal(ask(&asking), 401);
    assert_false(asking.body_read);
    asking.auth = "Bearer account-login";
    assert_int_equal(ask(&asking), 401);
    asking.path_key = ASK_OWNER;
    assert_int_equal(ask(&asking), 401);
    asking.path_key = sl_store_client_key(ask_store);
    assert_int_equal(ask(&asking), 200);
}

static void syncs(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    struct asking unknown = {
        .method = "POST", .target = "/api/share/nothing/sync", .body = "{}", .no_length = true};
    assert_int_equal(ask(&unknown), 404);
    assert_body("{\"error\":\"Share not found\"}");
    assert_false(unknown.body_read);
    struct asking none = {
        .method = "POST", .target = at(&a, "/sync"), .body = "{}", .no_length = true};
    assert_int_equal(ask(&none), 411);
    struct asking large = {
        .method = "POST", .target = at(&a, "/sync"), .body = "{}", .length = SL_BODY_BYTES + 1};
    assert_int_equal(ask(&large), 413);
    assert_has("268435456");
    struct asking typed = {.method = "POST",
        .target = at(&a, "/sync"),
        .body = "{\"secret\":\"x\",\"data\":[]}",
        .type = "application/json"};
    assert_int_equal(ask(&typed), 403);
    assert_body("{\"error\":\"Invalid secret\"}");
    typed.type = "application/octet-stream";
    assert_int_equal(ask(&typed), 415);
    assert_int_equal(post(at(&a, "/sync"), "{\"secret\""), 400);
    assert_int_equal(sync_items(&a, "{\"type\":\"part\",\"data\":{\"id\":\"p\"}}"), 400);
    assert_has("data[0]");
    assert_int_equal(sync_items(&a, "{\"type\":7,\"data\":{}}"), 400);
    assert_has("data[0].type");
    assert_int_equal(get(at(&a, "/metadata")), 200);
    assert_has("\"syncCount\":3,");
}

static void removes(void **state)
{
    char body[128], text[160];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    struct asking removal = {.method = "DELETE", .target = at(&a, ""), .body = body};
    strcpy(body, "{\"secret\":\"wrong\"}");
    assert_int_equal(ask(&removal), 403);
    assert_body("{\"error\":\"Invalid secret\"}");
    strcpy(body, "{\"secret\":7}");
    assert_int_equal(ask(&removal), 400);
    strcpy(body, "{}");
    assert_int_equal(ask(&removal), 400);
    snprintf(body, sizeof(body), "{\"secret\":\"%s\"}", a.secret);
    removal.auth = "Bearer account-login";
    for (int i = 0; i < 2; i++) { /* again is as good */
        assert_int_equal(ask(&removal), 200);
        assert_body("{\"success\":true}");
    }
    assert_int_equal(sync_items(&a, MESSAGE), 404);
    assert_body("{\"error\":\"Share not found\"}");
    assert_int_equal(get(at(&a, "")), 404);
    assert_body("{\"error\":\"Session not found\"}");
    assert_int_equal(get(at(&a, "/metadata")), 404);
    assert_body("{\"error\":\"Session not found\"}");
    assert_int_equal(get(at(&a, "/data")), 404);
    snprintf(text, sizeof(text), "{\"error\":\"Share not found: %s\"}", a.id);
    assert_body(text);
    static const char *const rest[] = {"/events", "/events/2", "/changes?from=1&to=2"};
    for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
        assert_int_equal(get(at(&a, rest[i])), 404);
    snprintf(text, sizeof(text), "/share/%s", a.id);
    assert_int_equal(get(text), 410);
    assert_string_equal(got.type, "text/html; charset=utf-8");
    struct asking unknown = {.method = "DELETE", .target = "/api/share/nothing", .body = body};
    assert_int_equal(ask(&unknown), 404);
    assert_body("{\"error\":\"Share not found\"}");
}

static void takes_down(void **state)
{
    char body[128];
    (void)state;
    struct share a = filled("ses_xxabcdefgh"), b = filled("ses_yyyyyyyyyy");
    struct asking first = {.method = "DELETE",
        .target = "/api/support/actions/remove-share",
        .body = body,
        .key = "nobody"};
    snprintf(body, sizeof(body), "{\"shareID\":\"%s\"}", a.id);
    assert_int_equal(ask(&first), 401);
    assert_false(first.body_read);
    first.key = ASK_OWNER;
    assert_int_equal(ask(&first), 200);
    assert_body("{\"success\":true,\"message\":\"Share removed\"}");
    strcpy(body, "{\"shareID\":\"../x\"}");
    assert_int_equal(ask(&first), 404);
    struct asking second = {.method = "DELETE", .target = at(&b, ""), .auth = "Bearer " ASK_OWNER};
    assert_int_equal(ask(&second), 200);
    assert_int_equal(ask(&second), 200);
    /* Held until the owner allows it. */
    assert_int_equal(post("/api/share", "{\"sessionID\":\"ses_yyyyyyyyyy\"}"), 403);
    assert_has("taken down");
    struct asking allow = {.method = "POST",
        .target = "/api/sessions/allow",
        .body = "{\"sessionID\":\"ses_yyyyyyyyyy\"}"};
    assert_int_equal(ask(&allow), 401);
    allow.auth = "Bearer " ASK_OWNER;
    assert_int_equal(ask(&allow), 200);
    struct share c = create("ses_yyyyyyyyyy", NULL);
    assert_string_not_equal(c.id, b.id);
    assert_string_not_equal(c.secret, b.secret);
}

#define ON(test, setup) cmocka_unit_test_setup_teardown(test, setup, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(creates, ask_open_public),
        ON(create_takes_no_nonsense, ask_open_public),
        ON(keys_recover, ask_open_public),
        ON(private_server, ask_open_private),
        ON(syncs, ask_open_public),
        ON(removes, ask_open_public),
        ON(takes_down, ask_open_public),
    };
    return cmocka_run_group_tests_name("http writing", tests, NULL, NULL);
}
