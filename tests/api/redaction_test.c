/* Redaction over real sockets: who may, what is said of it, and that what was taken out is in no
   answer from then on, while all else still proves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_log.h"
#include "tests/support/net_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT "hunter2-\xc3\xa4\xf0\x9f\x94\x91"
#define ESCAPED "hu\\u006eter2-\\u00e4\\ud83d\\udd11"

static struct policy *policy;

static int open_all(void **state)
{
    open_server(state);
    policy = net_log_policy(&server);
    return 0;
}

static int close_all(void **state)
{
    policy_destroy(policy);
    return close_server(state);
}

static int post_as(const char *path, const char *body, const char *header)
{
    return net_ask(
        client, &(struct net_request){
                    .method = "POST", .path = path, .body = sl_span_of(body), .headers = {header}});
}

static int redact(const struct net_share *share, const char *what)
{
    return net_post(client, net_path(share, "/redact"),
        net_text("{\"secret\":\"%s\",%s}", share->secret, what));
}

/* Sequence 2 a title and a message, 3 to 5 a part of which 4 holds the text, 6 a tool with the text
   in its input and its output, escaped and not, and a part that stays. */
static struct net_share filled(void)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share,
        "{\"type\":\"session\",\"data\":{\"id\":\"ses_x\",\"title\":\"my " TEXT
        " title\",\"directory\":\"/w\",\"version\":\"1.0\",\"time\":{\"created\":1,\"updated\":2}}}"
        "," NET_MESSAGE("m1"));
    net_sync(client, &share, NET_PART("m1", "p1", "nothing"));
    net_sync(client, &share, NET_PART("m1", "p1", "it is " TEXT));
    net_sync(client, &share, NET_PART("m1", "p1", "nothing again"));
    net_sync(client, &share,
        "{\"type\":\"part\",\"data\":{\"id\":\"p2\",\"messageID\":\"m1\",\"type\":\"tool\","
        "\"callID\":\"c\",\"tool\":\"bash\",\"state\":{\"status\":\"completed\",\"input\":{"
        "\"command\":\"login " ESCAPED "\"},\"output\":\"" TEXT " is wrong\",\"title\":\"t\","
        "\"metadata\":{\"" TEXT
        "\":1},\"time\":{\"start\":1,\"end\":2}}}}," NET_PART("m1", "p3", "this stays"));
    net_expect_status(client, 200);
    return share;
}

/* What of the text is nowhere else: it may come escaped. */
static bool holds_text(struct sl_span bytes)
{
    return memmem(bytes.ptr, bytes.len, "unter2", 6) || memmem(bytes.ptr, bytes.len, "eter2-", 6);
}

static void expect_nowhere(const struct net_share *share, uint64_t last)
{
    const char *const rests[] = {"/api/share/%s", "/api/share/%s/data", "/api/share/%s/metadata",
        "/api/share/%s/events", "/api/share/%s/bundle", "/api/share/%s?diffs=latest", "/share/%s",
        "/s/%s", "/share/%s.md", "/share/%s.txt", "/share/%s.json", "/share/%s.jsonl",
        "/share/%s.html", "/share/%s.bundle", "/share/%s/history", "/share/%s/timeline",
        "/share/%s/compare?from=1&to=5", "/share/%s/compare?from=3&to=4",
        "/share/%s/compare?from=5&to=6", "/share/%s/update?from=3&to=4",
        "/share/%s/update?from=1&to=6", "/share/%s/item?key=part%%2Fm1%%2Fp2",
        "/share/%s/item?key=part%%2Fm1%%2Fp1&at=4", "/share/%s/item?key=session"};
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
        char path[200];
        snprintf(path, sizeof(path), rests[i], share->id);
        net_get_as(client, path, NET_AS_OWNER);
        net_expect_status(client, 200);
        if (holds_text(net_body_span(client))) fail_msg("%s holds it", path);
    }
    for (uint64_t at = 1; at <= last; at++) {
        const char *const moments[] = {"/api/share/%s?at=%" PRIu64,
            "/api/share/%s/data?at=%" PRIu64, "/api/share/%s/metadata?at=%" PRIu64,
            "/api/share/%s/events/%" PRIu64, "/share/%s?at=%" PRIu64, "/share/%s.md?at=%" PRIu64,
            "/share/%s.html?at=%" PRIu64, "/share/%s/history/%" PRIu64};
        for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++) {
            char path[200];
            snprintf(path, sizeof(path), moments[i], share->id, at);
            net_get(client, path);
            net_expect_status(client, 200);
            if (holds_text(net_body_span(client))) fail_msg("%s holds it", path);
        }
        net_event_verify(client, share->id, at, policy);
    }
    const char *const lists[] = {"/sessions?q=hunter2", "/api/sessions", "/sessions"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        net_get_as(client, lists[i], NET_AS_OWNER);
        net_expect_status(client, 200);
        if (i == 0) /* the query itself is shown again */
            assert_null(strstr(net_answer(client)->body, share->id));
        else
            assert_false(holds_text(net_body_span(client)));
    }
    net_bundle_verify(client, share->id, policy);
}

/* ---- what is redacted is gone, and stays gone ---- */

static void a_text(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, net_path(&share, "/events/4/proof"));
    net_expect_status(client, 200);
    struct sl_span proof = net_body_copy(client);
    redact(&share, "\"text\":\"" ESCAPED "\",\"reason\":\"a password\"");
    net_expect(client, 200, "{\"events\":3,\"items\":3,\"inKeys\":0}");
    expect_nowhere(&share, 7);
    struct bundle_verdict verdict = net_bundle_verify(client, share.id, policy);
    assert_true(verdict.events == 7 && verdict.syncs == 5 && verdict.withheld == 3);
    /* an older proof still holds, of what is there now */
    struct event_verdict event;
    struct sl_err err = {0};
    net_get(client, net_path(&share, "/events/4"));
    assert_int_equal(event_verify(net_body_span(client), proof, policy, NULL, &event, &err), SL_OK);
    assert_int_equal(event.withheld, 1);
    net_expect_has(client, "\"withheld\":true,\"committedBytes\":");
    net_expect_has(client, "\"nonce\":null,\"nonces\":{\"manifest\":\"");
    net_body_drop(proof);
    /* what is redacted again was nowhere */
    redact(&share, "\"text\":\"" ESCAPED "\"");
    net_expect(client, 200, "{\"events\":0,\"items\":0,\"inKeys\":0}");
    net_get(client, net_path(&share, "/events/8"));
    net_expect_status(client, 404);
}

/* A client that imports the session finds every id and kind where it was. */
static void the_shape_stays(void **state)
{
    struct net_share share = filled();
    (void)state;
    redact(&share, "\"text\":\"" TEXT "\"");
    net_expect(client, 200, "{\"events\":3,\"items\":3,\"inKeys\":0}");
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200,
        "[" NET_MESSAGE("m1") "," NET_PART("m1", "p1",
            "nothing again") ","
                             "{\"type\":\"part\",\"data\":{\"id\":\"p2\",\"messageID\":\"m1\",\"type\":\"tool\","
                             "\"callID\":\"c\",\"tool\":\"bash\",\"state\":{\"status\":\"completed\",\"input\":{"
                             "\"command\":\"[redacted]\"},\"output\":\"[redacted]\",\"title\":\"t\","
                             "\"metadata\":{\"[redacted]\":1},\"time\":{\"start\":1,\"end\":2}}}}," NET_PART(
                                 "m1", "p3",
                                 "this stays") ","
                                               "{\"type\":\"session\",\"data\":{\"id\":\"ses_x\",\"title\":\"[redacted]\","
                                               "\"directory\":\"/w\",\"version\":\"1.0\",\"time\":{\"created\":1,\"updated\":2}}}]");
    net_get(client, net_path(&share, "/data?at=4"));
    net_expect_has(client, NET_PART("m1", "p1", "[redacted]"));
}

static void sent_again(void **state)
{
    struct net_share share = filled();
    (void)state;
    redact(&share, "\"text\":\"" TEXT "\"");
    net_expect_status(client, 200);
    net_sync(
        client, &share, NET_PART("m1", "p9", "again " ESCAPED) "," NET_PART("m1", "p1", "x " TEXT));
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, NET_PART("m1", "p9", "[redacted]"));
    net_expect_has(client, NET_PART("m1", "p1", "[redacted]"));
    uint64_t last = 8;
    net_get(client, net_path(&share, net_text("/events/%d", 9)));
    if (net_answer(client)->status == 200) last = 9;
    expect_nowhere(&share, last);
    /* which says so, wherever the event is told of */
    net_get(client, net_path(&share, "/events/8"));
    net_expect_has(client, ",\"redactedOnArrival\":true}");
    net_expect_has(client, ",\"redactedOnArrival\":2,\"hash\":");
    net_get(client, net_path(&share, "/events"));
    net_expect_has(client, ",\"redactedOnArrival\":2,\"hash\":");
    net_get(client, net_text("/share/%s/history/8", share.id));
    net_expect_has(client, "<strong>Redacted on arrival</strong> by this server");
    net_get(client, net_text("/share/%s/history", share.id));
    net_expect_has(client, "2 redacted on arrival");
    assert_int_equal(net_event_verify(client, share.id, 8, policy).marked, 2);
    assert_int_equal(net_bundle_verify(client, share.id, policy).marked, 2);
    /* by a share's secret, in that share alone */
    struct net_share other = filled();
    net_sync(client, &other, NET_PART("m1", "p9", "again " TEXT));
    net_get(client, net_path(&other, "/data"));
    net_expect_has(client, NET_PART("m1", "p9", "again " TEXT));
    /* by the owner, everywhere; kept over a restart */
    post_as("/api/redact", "{\"text\":\"" ESCAPED "\",\"reason\":\"leaked\"}", NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_true(net_field_u64(client, "shares") >= 1);
    net_server_kill(&server);
    start_again();
    net_get(client, net_path(&other, "/data"));
    assert_false(holds_text(net_body_span(client)));
    struct net_share late = filled();
    net_get(client, net_path(&late, "/data"));
    net_expect_has(client, "[redacted]");
    assert_false(holds_text(net_body_span(client)));
    net_bundle_verify(client, late.id, policy);
}

/* Another text than that of the tests before, which is redacted everywhere by now. */
#define TOKEN "tok_live_51Hx"

static struct net_share with_token(void)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share, NET_SESSION("A") "," NET_MESSAGE("m1"));
    net_sync(
        client, &share, NET_PART("m1", "p1", "one " TOKEN) "," NET_PART("m1", "p2", "two " TOKEN));
    net_sync(client, &share, NET_PART("m1", "p1", "three " TOKEN));
    net_expect_status(client, 200);
    return share;
}

static void an_item(void **state)
{
    struct net_share share = with_token();
    (void)state;
    redact(&share, "\"seq\":3,\"item\":1");
    net_expect(client, 200, "{\"events\":1,\"items\":1,\"inKeys\":0}");
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, NET_PART("m1", "p2", "[redacted]"));
    net_expect_has(client, NET_PART("m1", "p1", "three " TOKEN));
    net_get(client, net_path(&share, "/data?at=3"));
    net_expect_has(client, NET_PART("m1", "p1", "one " TOKEN));
    for (uint64_t i = 1; i <= 5; i++)
        net_event_verify(client, share.id, i, policy);
    net_bundle_verify(client, share.id, policy);
    redact(&share, "\"seq\":3,\"item\":2");
    net_expect_error(client, 404, "No such event or item");
    redact(&share, "\"seq\":99,\"item\":0");
    net_expect_error(client, 404, "No such event or item");
    redact(&share, "\"seq\":1,\"item\":0");
    net_expect_status(client, 400);
    redact(&share, "\"seq\":5,\"item\":0");
    net_expect_status(client, 400);
}

static void a_key(void **state)
{
    struct net_share share = with_token();
    (void)state;
    redact(&share, "\"key\":\"part/m1/p1\",\"reason\":\"whole\"");
    net_expect(client, 200, "{\"events\":2,\"items\":2,\"inKeys\":0}");
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, NET_PART("m1", "p1", "[redacted]"));
    net_expect_has(client, NET_PART("m1", "p2", "two " TOKEN));
    net_get(client, net_path(&share, "/data?at=3"));
    net_expect_has(client, NET_PART("m1", "p1", "[redacted]"));
    net_sync(client, &share, NET_PART("m1", "p1", "four"));
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, NET_PART("m1", "p1", "[redacted]"));
    redact(&share, "\"key\":\"part/m1/nothing\"");
    net_expect(client, 200, "{\"events\":0,\"items\":0,\"inKeys\":0}");
    /* what stood in its place is replaced once more */
    redact(&share, "\"text\":\"" TOKEN "\"");
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/events?limit=1000"));
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/data"));
    assert_null(strstr(net_answer(client)->body, TOKEN));
    net_bundle_verify(client, share.id, policy);
}

/* What the first redaction left standing is in its own event too, and goes there with the second.
 */
static void once_more(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share,
        "{\"type\":\"novel\",\"data\":{\"id\":\"n\",\"a\":\"alpha-4711\",\"b\":\"beta-4711\"}}," NET_MESSAGE(
            "m1"));
    net_expect_status(client, 200);
    redact(&share, "\"text\":\"alpha-4711\"");
    net_expect_status(client, 200);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, "{\"id\":\"n\",\"a\":\"[redacted]\",\"b\":\"beta-4711\"}");
    net_bundle_verify(client, share.id, policy);
    redact(&share, "\"text\":\"beta-4711\"");
    net_expect_status(client, 200);
    assert_int_equal(net_field_u64(client, "items"), 1);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, "{\"id\":\"n\",\"a\":\"[redacted]\",\"b\":\"[redacted]\"}");
    net_bundle_verify(client, share.id, policy);
    assert_null(memmem(net_answer(client)->body, net_answer(client)->len, "beta-4711", 9));
    for (uint64_t i = 1; i <= 4; i++)
        net_event_verify(client, share.id, i, policy);
}

/* A text in an item's key or type can't go: the manifest has it. It is told. */
static void in_keys(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share, NET_PART("m1", "keykeykey", "and keykeykey"));
    net_expect_status(client, 200);
    redact(&share, "\"text\":\"keykeykey\"");
    net_expect_status(client, 200);
    assert_int_equal(net_field_u64(client, "inKeys"), 1);
}

/* ---- who may, and what is wrong ---- */

static void rights(void **state)
{
    struct net_share share = with_token(), other = with_token();
    const char *what = "{\"secret\":\"%s\",\"text\":\"" TOKEN "\"}";
    char body[200], clients[200];
    (void)state;
    snprintf(clients, sizeof(clients), "Authorization: Bearer %s", server.client_key);
    const char *const secrets[] = {"", "wrong", other.secret, server.client_key,
        "0000000000000000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
        snprintf(body, sizeof(body), what, secrets[i]);
        net_post(client, net_path(&share, "/redact"), body);
        net_expect_error(client, 403, "Invalid secret");
    }
    const char *const keys[] = {
        NULL, clients, "Authorization: Bearer wrong", "Cookie: sharelog_owner=" NET_OWNER};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        post_as(net_path(&share, "/redact"), "{\"text\":\"" TOKEN "\"}", keys[i]);
        net_expect_error(client, 400, "secret: missing");
        post_as("/api/redact", "{\"text\":\"" TOKEN "\"}", keys[i]);
        net_expect_error(client, 401, "The owner key is needed");
    }
    snprintf(body, sizeof(body), what, share.secret);
    post_as("/api/redact", body, NULL);
    net_expect_status(client, 401);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, TOKEN);
    net_post(client, "/api/share/nobody00/redact", body);
    net_expect_error(client, 404, "Share not found");
    /* an account's login is no key */
    post_as(net_path(&share, "/redact"), body, "Authorization: Bearer eyJhbGciOiJI.foreign.token");
    net_expect(client, 200, "{\"events\":2,\"items\":3,\"inKeys\":0}");
    /* (by a text it would be redacted in every share from now on, and those of other tests) */
    post_as(net_path(&other, "/redact"), "{\"key\":\"part/m1/p1\"}", NET_AS_OWNER);
    net_expect(client, 200, "{\"events\":2,\"items\":2,\"inKeys\":0}");
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    net_post(client, net_path(&share, "/redact"), body);
    net_expect_error(client, 404, "Share not found");
    net_get(client, net_path(&other, "/redact"));
    net_expect_status(client, 405);
    assert_string_equal(net_header(client, "Allow"), "POST");
}

/* What is refused changes nothing, and no refusal says what it was about. */
static void wrong(void **state)
{
    struct net_share share = with_token();
    const struct {
        const char *what, *error;
    } cases[] = {
        {"\"reason\":\"none\"", "expected seq and item, or key, or text"},
        {"\"text\":\"\"", "expected seq and item, or key, or text"},
        {"\"key\":\"\"", "expected seq and item, or key, or text"},
        {"\"seq\":3", "expected seq and item, or key, or text"},
        {"\"item\":0", "expected seq and item, or key, or text"},
        {"\"seq\":3,\"item\":0,\"text\":\"" TOKEN "\"", "expected seq and item, or key, or text"},
        {"\"seq\":3,\"text\":\"" TOKEN "\"", "expected seq and item, or key, or text"},
        {"\"key\":\"" TOKEN "\",\"text\":\"" TOKEN "\"", "expected seq and item, or key, or text"},
        {"\"seq\":0,\"item\":0", "seq: expected a whole number, at least 1"},
        {"\"seq\":-1,\"item\":0", "seq: expected a whole number, at least 1"},
        {"\"seq\":\"3\",\"item\":0", "seq: expected a whole number, at least 1"},
        {"\"seq\":3.5,\"item\":0", "seq: expected a whole number, at least 1"},
        {"\"seq\":3,\"item\":null", "item: expected a whole number, at least 0"},
        {"\"seq\":18446744073709551616,\"item\":0", "seq: expected a whole number, at least 1"},
        {"\"text\":[\"" TOKEN "\"]", "text: expected a string"},
        {"\"key\":7", "key: expected a string"},
        {"\"text\":\"" TOKEN "\",\"reason\":7", "reason: expected a string"},
        {"\"text\":\"tok\"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        redact(&share, cases[i].what);
        if (cases[i].error)
            net_expect_error(client, 400, cases[i].error);
        else
            net_expect_status(client, 400);
        assert_null(strstr(net_answer(client)->body, "tok"));
    }
    char *text = malloc(9000);
    assert_non_null(text);
    int n = snprintf(text, 9000, "{\"secret\":\"%s\",\"text\":\"", share.secret);
    memset(text + n, 'x', 4097);
    snprintf(text + n + 4097, 16, "\"}");
    net_post(client, net_path(&share, "/redact"), text);
    net_expect_error(client, 400, "text: longer than 4096 bytes");
    free(text);
    net_post(client, net_path(&share, "/redact"), "[\"" TOKEN "\"]");
    net_expect_error(client, 400, "expected an object");
    net_post(client, net_path(&share, "/redact"), "{\"text\":\"" TOKEN "\"");
    net_expect_status(client, 400);
    assert_null(strstr(net_answer(client)->body, TOKEN));
    post_as(net_path(&share, "/redact"), "text=" TOKEN, "Content-Type: text/plain");
    net_expect_status(client, 415);
    post_as("/api/redact", "{}", NET_AS_OWNER);
    net_expect_error(client, 400, "text: missing");
    post_as("/api/redact", "{\"text\":\"abc\"}", NET_AS_OWNER);
    net_expect_status(client, 400);
    net_get(client, net_path(&share, "/events/5"));
    net_expect_status(client, 404);
    net_get(client, net_path(&share, "/data"));
    net_expect_has(client, TOKEN);
}

/* ---- those who are looking ---- */

static void viewers(void **state)
{
    struct net_stream sse = {.fd = -1}, late = {.fd = -1}, ws = {.fd = -1};
    struct net_share share = with_token();
    struct net_sse event;
    struct net_frame frame;
    (void)state;
    assert_int_equal(net_sse_open(&sse, server.port, net_path(&share, "/live?from=4"), 0), 200);
    assert_true(net_sse_next(&sse, &event, NET_WAIT_MS));
    assert_true(event.id == 4 && memmem(event.data.ptr, event.data.len, TOKEN, strlen(TOKEN)));
    assert_int_equal(net_ws_open(&ws, server.port, net_text("/ws/%s?from=9", share.id)), 101);
    redact(&share, "\"text\":\"" TOKEN "\"");
    net_expect(client, 200, "{\"events\":2,\"items\":3,\"inKeys\":0}");
    assert_true(net_sse_next(&sse, &event, NET_WAIT_MS));
    assert_true(event.id == 5);
    assert_string_equal(event.event, "redact");
    assert_null(memmem(event.data.ptr, event.data.len, TOKEN, strlen(TOKEN)));
    /* who comes later is sent the replacements, also where a viewer had the text a moment ago */
    assert_int_equal(net_sse_open(&late, server.port, net_path(&share, "/live?from=3"), 0), 200);
    for (uint64_t i = 3; i <= 5; i++) {
        assert_true(net_sse_next(&late, &event, NET_WAIT_MS));
        assert_true(event.id == i);
        assert_null(memmem(event.data.ptr, event.data.len, TOKEN, strlen(TOKEN)));
    }
    /* what is sent again comes to nobody */
    net_sync(client, &share, NET_PART("m1", "p5", "five " TOKEN));
    net_expect_status(client, 200);
    do {
        assert_true(net_sse_next(&sse, &event, NET_WAIT_MS));
        assert_null(memmem(event.data.ptr, event.data.len, TOKEN, strlen(TOKEN)));
    } while (strcmp(event.event, "redact") == 0);
    net_sync(client, &share, NET_PART("m1", "p6", "six"));
    net_sync(client, &share, NET_PART("m1", "p7", "seven"));
    net_sync(client, &share, NET_PART("m1", "p8", "eight"));
    assert_true(net_ws_next(&ws, &frame, NET_WAIT_MS));
    assert_null(memmem(frame.payload.ptr, frame.payload.len, TOKEN, strlen(TOKEN)));
    net_stream_close(&sse);
    net_stream_close(&late);
    net_stream_close(&ws);
}

/* Under sanitizers this is where a leak shows. */
static void stops(void **state)
{
    (void)state;
    net_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text),
        cmocka_unit_test(the_shape_stays),
        cmocka_unit_test(sent_again),
        cmocka_unit_test(an_item),
        cmocka_unit_test(a_key),
        cmocka_unit_test(once_more),
        cmocka_unit_test(in_keys),
        cmocka_unit_test(rights),
        cmocka_unit_test(wrong),
        cmocka_unit_test(viewers),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
