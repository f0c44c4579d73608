/* The API that reads, health, CORS and the pages, over a real store, without sockets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/http_ask.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- reading ---- */

static void reads(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(at(&a, "/data")), 200);
    assert_body("[" MESSAGE "," PART("two") "," SESSION "]");
    assert_string_equal(got.cache, "private, no-store");
    assert_int_equal(get(at(&a, "/data?at=3")), 200);
    assert_body("[" MESSAGE "," PART("<script>one</script>") "," SESSION "]");
    assert_int_equal(get(at(&a, "/data?at=1")), 200);
    assert_body("[]");
    assert_int_equal(get(at(&a, "/data?at=5")), 404);
    assert_int_equal(get(at(&a, "/data?at=0")), 404);
    assert_int_equal(get(at(&a, "/data?at=x")), 400);
    assert_int_equal(get(at(&a, "/data?at=2&t=3")), 400);
    assert_int_equal(get(at(&a, "/data?t=1999-01-01")), 404);
    assert_int_equal(get(at(&a, "/data?t=2999-01-01T00:00Z")), 200);
    assert_int_equal(get(at(&a, "")), 200);
    assert_has("{\"session\":{\"id\":\"ses_abcdefgh\"");
    assert_has("\"messages\":[{\"id\":\"msg_1\"");
    assert_has("\"diffs\":[],\"models\":[],\"metadata\":{\"createdAt\":");
    assert_has("\"syncCount\":3,\"sessionID\":\"ses_xxabcdefgh\"}}");
    assert_null(strstr(got.body, a.secret));
    assert_int_equal(json_check((struct sl_span){got.body, got.len}, 64, NULL), SL_OK);
    assert_int_equal(get(at(&a, "?at=1&diffs=latest")), 200);
    assert_has("{\"session\":null,\"messages\":[],\"parts\":[],");
    assert_int_equal(get(at(&a, "?diffs=some")), 400);
    assert_int_equal(get(at(&a, "/metadata")), 200);
    assert_has("{\"id\":\"abcdefgh\",\"sessionID\":\"ses_xxabcdefgh\",\"title\":\"A <b> & "
               "\\\"c\\\"\",\"directory\":\"/w\",\"messageCount\":1,\"partCount\":1,"
               "\"diffCount\":0,\"modelCount\":0,\"lastUpdated\":");
    assert_int_equal(get(at(&a, "/metadata?at=1")), 200);
    assert_has("\"title\":null,\"directory\":null,\"messageCount\":0");
    assert_int_equal(get("/api/share/nothing/data"), 404);
    assert_body("{\"error\":\"Share not found: nothing\"}");
}

static void changes(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(at(&a, "/changes?from=2&to=4")), 200);
    assert_body("{\"from\":2,\"to\":4,\"added\":[\"part/msg_1/prt_1\"],\"changed\":[],"
                "\"removed\":[]}");
    assert_int_equal(get(at(&a, "/changes?from=3&to=4")), 200);
    assert_body("{\"from\":3,\"to\":4,\"added\":[],\"changed\":[\"part/msg_1/prt_1\"],"
                "\"removed\":[]}");
    assert_int_equal(get(at(&a, "/changes?from=4&to=2")), 200);
    assert_body("{\"from\":4,\"to\":2,\"added\":[],\"changed\":[],\"removed\":["
                "\"part/msg_1/prt_1\"]}");
    assert_int_equal(get(at(&a, "/changes?from=4")), 200);
    assert_body("{\"from\":4,\"to\":4,\"added\":[],\"changed\":[],\"removed\":[]}");
    assert_int_equal(get(at(&a, "/changes")), 400);
    assert_int_equal(get(at(&a, "/changes?from=1&to=9")), 404);
    assert_int_equal(get(at(&a, "/changes?from=0&to=1")), 404);
}

static void history(void **state)
{
    struct sl_span events, event, next;
    char target[96];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(at(&a, "/events")), 200);
    assert_has("{\"events\":[{\"seq\":1,\"position\":0,\"time\":");
    assert_has("\"kind\":\"create\"");
    assert_has("\"kind\":\"sync\",\"items\":2,\"bytes\":");
    assert_has("\"types\":{\"message\":1,\"session\":1},\"hash\":\"");
    assert_has("],\"next\":null}");
    assert_int_equal(get(at(&a, "/events?limit=2&order=desc")), 200);
    assert_true(json_get((struct sl_span){got.body, got.len}, "events", &events));
    assert_true(json_next(&events, &event) && json_next(&events, &event));
    assert_true(json_get(event, "seq", &next));
    assert_true(sl_span_eq(next, SL_SPAN("3")));
    assert_true(json_get((struct sl_span){got.body, got.len}, "next", &next));
    assert_true(sl_span_eq(next, SL_SPAN("2")));
    snprintf(target, sizeof(target), "/events?from=%.*s&order=desc", (int)next.len, next.ptr);
    assert_int_equal(get(at(&a, target)), 200);
    assert_has("{\"events\":[{\"seq\":2,");
    assert_int_equal(get(at(&a, "/events?from=9")), 200);
    assert_body("{\"events\":[],\"next\":null}");
    static const char *const wrong[] = {"/events?limit=0", "/events?limit=1001", "/events?from=-1",
        "/events?order=up", "/events?limit=1&limit=2", "/events?from=%31%"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(get(at(&a, wrong[i])), 400);
}

static void one_event(void **state)
{
    struct sl_span value, raw;
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(at(&a, "/events/2")), 200);
    struct sl_span body = {got.body, got.len};
    assert_int_equal(json_check(body, 64, NULL), SL_OK);
    assert_has(",\"data\":[" SESSION "," MESSAGE "]}");
    assert_has("\"items\":[{\"type\":\"session\",\"key\":\"session\",\"bytes\":");
    assert_has("\"arrived\":1700000000000000,");
    assert_true(json_get(body, "salt", &value) && json_string_raw(value, &raw));
    assert_int_equal(raw.len, 44);
    assert_true(json_get(body, "nonce", &value) && json_string_raw(value, &raw));
    assert_int_equal(raw.len, 44);
    assert_true(json_get(body, "leaf", &value) && json_string_raw(value, &raw));
    assert_int_equal(raw.len, 64);
    assert_int_equal(get(at(&a, "/events/1")), 200);
    assert_int_equal(json_check((struct sl_span){got.body, got.len}, 64, NULL), SL_OK);
    /* What a create has is the secret's hash: committed to, and never shown. */
    assert_has("{\"id\":\"abcdefgh\",\"seq\":1,");
    assert_has("\"key\":\"create\",\"bytes\":0,\"withheld\":true,\"committedBytes\":");
    assert_has(",\"nonce\":null,\"nonces\":{\"manifest\":\"");
    assert_has("\",\"items\":[null]},\"salt\":\"");
    assert_has(",\"data\":[]}");
    assert_null(strstr(got.body, a.secret));
    assert_int_equal(get(at(&a, "/events/5")), 404);
    assert_int_equal(get(at(&a, "/events/0")), 404);
}

static void the_store(void **state)
{
    (void)state;
    filled("ses_xxabcdefgh");
    filled("ses_yyyyyyyyyy");
    static const char *const owners[] = {"/api/sessions", "/api/events", "/api/stats"};
    for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
        assert_int_equal(get(owners[i]), 401);
        assert_int_equal(get_as_owner(owners[i]), 200);
    }
    assert_has("{\"sharesLive\":2,");
    assert_int_equal(get_as_owner("/api/sessions?limit=1"), 200);
    assert_has("{\"sessions\":[{\"id\":\"yyyyyyyy\",");
    assert_has("],\"count\":2,\"next\":");
    struct sl_span next;
    char target[64];
    assert_true(json_get((struct sl_span){got.body, got.len}, "next", &next));
    snprintf(target, sizeof(target), "/api/sessions?cursor=%.*s", (int)next.len, next.ptr);
    assert_int_equal(get_as_owner(target), 200);
    assert_has("{\"sessions\":[{\"id\":\"abcdefgh\",");
    assert_has("],\"count\":2,\"next\":null}");
    assert_int_equal(get_as_owner("/api/events?from=1&limit=4"), 200);
    assert_string_equal(got.type, "application/x-ndjson");
    assert_has("{\"id\":\"abcdefgh\",\"seq\":2,\"position\":1,");
    assert_has("{\"id\":\"yyyyyyyy\",\"seq\":1,\"position\":4,");
    unsigned lines = 0;
    for (size_t i = 0; i < got.len; i++)
        lines += got.body[i] == '\n';
    assert_int_equal(lines, 4);
    struct asking compact = {
        .method = "POST", .target = "/api/compact", .auth = "Bearer " ASK_OWNER};
    assert_int_equal(ask(&compact), 200);
}

/* ---- the edge of the table ---- */

static void cross_origin(void **state)
{
    (void)state;
    struct asking asking = {.method = "OPTIONS",
        .target = "/api/share/x/sync",
        .cors = "content-type, x-opencode-share-key"};
    assert_int_equal(ask(&asking), 204);
    assert_int_equal(got.len, 0);
    assert_header("Access-Control-Allow-Origin: *\r\n");
    assert_header("Access-Control-Allow-Methods: GET,HEAD,PUT,POST,DELETE,PATCH\r\n");
    assert_header("Access-Control-Allow-Headers: content-type, x-opencode-share-key\r\n");
    asking.cors = "a\r\nSet-Cookie: x=1";
    assert_int_equal(ask(&asking), 204);
    assert_null(strstr(got.headers, "Allow-Headers"));
    assert_int_equal(get("/api/nothing"), 404);
    assert_body("{\"error\":\"Not found\"}");
    assert_header("Access-Control-Allow-Origin: *\r\n");
    assert_int_equal(get("/livez"), 200);
    assert_null(strstr(got.headers, "Access-Control"));
    assert_int_equal(get("/readyz"), 200);
    assert_int_equal(get("/sessions"), 401);
    assert_null(strstr(got.headers, "Access-Control"));
    struct asking wrong = {.method = "PUT", .target = "/api/share/x"};
    assert_int_equal(ask(&wrong), 405);
    assert_header("Allow: DELETE, GET, HEAD\r\n");
}

static void pages(void **state)
{
    char cookie[160], form[64];
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get("/"), 302);
    assert_header("Location: /sessions\r\n");
    assert_int_equal(get("/share/abcdefgh?at=3"), 200);
    assert_has("opencode import http://share.example/share/abcdefgh<");
    assert_has("A &lt;b&gt; &amp; &quot;c&quot;");
    assert_has("&lt;script&gt;one&lt;/script&gt;");
    assert_null(strstr(got.body, "<script>"));
    assert_null(strstr(got.body, a.secret));
    assert_header("Content-Security-Policy: default-src 'self'");
    assert_header("Referrer-Policy: no-referrer\r\n");
    assert_header("X-Content-Type-Options: nosniff\r\n");
    assert_header("X-Robots-Tag: noindex");
    assert_int_equal(get("/s/abcdefgh"), 200);
    assert_has("two</p>");
    static const char *const none[] = {"/share/nothing", "/share/a%2Fb", "/share/a/b", "/s/"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        assert_int_equal(get(none[i]), 404);
        assert_string_equal(got.type, "text/html; charset=utf-8");
    }
    assert_int_equal(get("/share/abcdefgh?at=99"), 404);
    assert_int_equal(get("/share/abcdefgh?at=%22%3E%3Cscript%3E"), 400);
    assert_null(strstr(got.body, "<script>"));
    /* The owner's cookie: for pages, never for /api. */
    assert_int_equal(get("/sessions?key=wrong"), 401);
    snprintf(form, sizeof(form), "key=%s", ASK_OWNER);
    struct asking sign_in = {.method = "POST", .target = "/sessions", .body = form};
    assert_int_equal(ask(&sign_in), 200);
    const char *set = strstr(got.headers, "Set-Cookie: ");
    assert_non_null(set);
    assert_header("; HttpOnly; SameSite=Strict; Path=/\r\n");
    assert_null(strstr(got.headers, ASK_OWNER));
    snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(set + 12, ";"), set + 12);
    struct asking list = {.method = "GET", .target = "/sessions", .cookie = cookie};
    assert_int_equal(ask(&list), 200);
    assert_has("<a href=\"/share/abcdefgh\" dir=\"auto\">A &lt;b&gt;");
    list.target = "/api/sessions";
    assert_int_equal(ask(&list), 401);
}

#define ON(test, setup) cmocka_unit_test_setup_teardown(test, setup, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(reads, ask_open_public),
        ON(changes, ask_open_public),
        ON(history, ask_open_public),
        ON(one_event, ask_open_public),
        ON(the_store, ask_open_public),
        ON(cross_origin, ask_open_public),
        ON(pages, ask_open_public),
    };
    return cmocka_run_group_tests_name("http reading", tests, NULL, NULL);
}
