/* Bodies that are no batch: each gets its 4xx, says what and where, and leaves nothing behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/support/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static struct net_share share;
static char *history; /* of the whole store, before */

static int open_all(void **state)
{
    (void)state;
    open_server_with((const char *[]){"--max-body-mb", "1", NULL});
    return 0;
}

static int fill(void **state)
{
    (void)state;
    if (!net_create(client, net_session_id(), &share)) return -1;
    if (net_sync(client, &share, NET_SESSION("A") "," NET_MESSAGE("m1")) != 200) return -1;
    if (net_get_as(client, "/api/events", NET_AS_OWNER) != 200) return -1;
    history = strdup(net_answer(client)->body);
    return 0;
}

static int nothing_was_left(void **state)
{
    (void)state;
    net_get_as(client, "/api/events", NET_AS_OWNER);
    bool same = net_answer(client)->status == 200 && strcmp(net_answer(client)->body, history) == 0;
    if (!same) print_error("before:\n%safter:\n%s", history, net_answer(client)->body);
    free(history);
    net_get(client, net_path(&share, "/data"));
    same = same &&
           strcmp(net_answer(client)->body, "[" NET_MESSAGE("m1") "," NET_SESSION("A") "]") == 0;
    /* And the share goes on. */
    same = same && net_sync(client, &share, NET_MESSAGE("m2")) == 200 &&
           net_field_u64(client, "seq") == 3;
    return same ? 0 : -1;
}

static void post_sync(const char *body, size_t len)
{
    net_post_span(client, net_path(&share, "/sync"), (struct sl_span){body, len});
}

/* Every text that a batch can break off in. */
static void truncated(void **state)
{
    char body[512];
    int len = snprintf(body, sizeof(body), "{\"secret\":\"%s\",\"data\":[%s]}", share.secret,
        NET_PART("m1", "p1", "\\u0041\\n\xc3\xa9") ",{\"type\":\"x\",\"data\":-1.5e3}");
    (void)state;
    for (int n = 0; n < len; n++) {
        post_sync(body, (size_t)n);
        net_expect_status(client, 400);
        assert_true(strlen(net_field(client, "error")) > 5);
        assert_null(strstr(net_answer(client)->body, share.secret));
    }
}

static void what_and_where(void **state)
{
    static const struct {
        const char *data, *error;
    } wrong[] = {
        {"{}", "data: expected an array"},
        {"null", "data: expected an array"},
        {"\"[]\"", "data: expected an array"},
        {"[1]", "data[0]: expected an object"},
        {"[" NET_MESSAGE("m9") ",[]]", "data[1]: expected an object"},
        {"[{}]", "data[0].type: missing"},
        {"[" NET_MESSAGE("m9") "," NET_MESSAGE("m8") ",{\"data\":{}}]", "data[2].type: missing"},
        {"[{\"type\":7,\"data\":{}}]", "data[0].type: expected a string"},
        {"[{\"type\":\"x\"}]", "data[0].data: missing"},
        {"[{\"type\":\"message\",\"data\":{}}]",
            "data[0].data.id: expected a string (an item of type message needs it)"},
        {"[{\"type\":\"message\",\"data\":{\"id\":7}}]",
            "data[0].data.id: expected a string (an item of type message needs it)"},
        {"[{\"type\":\"message\",\"data\":{\"id\":\"a\",\"id\":null}}]",
            "data[0].data.id: expected a string (an item of type message needs it)"},
        {"[{\"type\":\"message\",\"data\":[]}]",
            "data[0].data.id: expected a string (an item of type message needs it)"},
        {"[" NET_MESSAGE("m9") ",{\"type\":\"part\",\"data\":{\"id\":\"p\"}}]",
            "data[1].data.messageID: expected a string (an item of type part needs it)"},
        {"[{\"type\":\"part\",\"data\":{\"messageID\":\"m\",\"id\":1}}]",
            "data[0].data.id: expected a string (an item of type part needs it)"},
        {"[{\"type\":\"messages\",\"data\":{\"messages\":[]}}]",
            "data[0].data.sessionID: expected a string (an item of type messages needs it)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const char *body = net_text("{\"secret\":\"%s\",\"data\":%s}", share.secret, wrong[i].data);
        net_post(client, net_path(&share, "/sync"), body);
        net_expect_error(client, 400, wrong[i].error);
    }
}

static void no_batch_at_all(void **state)
{
    static const char *const whole[] = {"[]", "null", "7", "\"text\"", "{\"data\":[]}",
        "{\"secret\":7,\"data\":[]}", "{\"secret\":null,\"data\":[]}", "{}", "{} {}",
        "\xef\xbb\xbf{}", "{\"secret\":\"x\"}", "{'secret':'x','data':[]}",
        "{\"secret\":\"x\",\"data\":[],}", "", "{\"secret\":\"x\",\"data\":[NaN]}",
        "{\"secret\":\"x\",\"data\":[01]}", "   "};
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
        post_sync(whole[i], strlen(whole[i]));
        net_expect_status(client, 400);
        assert_true(strlen(net_field(client, "error")) > 5);
    }
    /* Who doesn't hold the secret learns nothing about the items. */
    net_post(client, net_path(&share, "/sync"), "{\"secret\":\"x\",\"data\":[1]}");
    net_expect_error(client, 403, "Invalid secret");
    net_post(client, net_path(&share, "/sync"), "{\"secret\":\"\",\"data\":[]}");
    net_expect_error(client, 403, "Invalid secret");
}

/* An item whose data is `deep` arrays inside each other; the item's own data begins at depth 4. */
static struct buf nested(size_t deep, char open, char close_with)
{
    struct buf body = {0};
    const char *head =
        net_text("{\"secret\":\"%s\",\"data\":[{\"type\":\"x\",\"data\":", share.secret);
    buf_add(&body, head, strlen(head));
    for (size_t i = 0; i < deep; i++) {
        buf_add(&body, &open, 1);
        if (open == '{') buf_add(&body, "\"a\":", 4);
    }
    if (open == '{') buf_add(&body, "1", 1);
    for (size_t i = 0; close_with && i < deep; i++)
        buf_add(&body, &close_with, 1);
    buf_add(&body, "}]}", 3);
    return body;
}

static void depth_bomb(void **state)
{
    const struct {
        size_t deep;
        char open, close_with;
    } bombs[] = {
        {510, '[', ']'}, {600, '{', '}'}, {100000, '[', ']'}, {100000, '{', '}'}, {900000, '[', 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(*bombs); i++) {
        struct buf body = nested(bombs[i].deep, bombs[i].open, bombs[i].close_with);
        post_sync(body.ptr, body.len);
        buf_fini(&body);
        net_expect_status(client, 400);
        net_expect_has(client, "deep");
    }
}

static void not_utf8(void **state)
{
    static const char *const bytes[] = {"\x80", "\xff", "\xc3", "\xc0\xaf", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xc3("};
    static const char *const escapes[] = {"\\x41", "\\u12", "\\", "\\u123g", "\x01", "\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
        net_sync(client, &share, net_text(NET_PART("m1", "p1", "%s"), bytes[i]));
        net_expect_status(client, 400);
        net_expect_has(client, "UTF-8");
    }
    for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
        net_sync(client, &share, net_text(NET_PART("m1", "p1", "%s"), escapes[i]));
        net_expect_status(client, 400);
    }
    char body[256];
    int len = snprintf(body, sizeof(body), "{\"secret\":\"%s\",\"data\":[@]}", share.secret);
    *(char *)memchr(body, '@', (size_t)len) = 0; /* a NUL among the tokens */
    post_sync(body, (size_t)len);
    net_expect_status(client, 400);
}

static void too_large(void **state)
{
    size_t len = 1024 * 1024 + 1;
    char *body = malloc(len);
    (void)state;
    memset(body, ' ', len);
    post_sync(body, len);
    net_expect_error(client, 413, "A body of 1048577 bytes is over the limit of 1048576 bytes");
    char path[64];
    snprintf(path, sizeof(path), "/api/share");
    net_post_span(client, path, (struct sl_span){body, 65537});
    net_expect_error(client, 413, "A body of 65537 bytes is over the limit of 65536 bytes");
    net_ask(client, &(struct net_request){
                        .method = "DELETE", .path = net_path(&share, ""), .body = {body, 65537}});
    net_expect_status(client, 413);
    free(body);
}

/* Just as large as is allowed is allowed: shown by its being judged. */
static void largest(void **state)
{
    size_t len = 1024 * 1024;
    char *body = malloc(len);
    (void)state;
    memset(body, ' ', len);
    memcpy(body, "{\"secret\":\"x\",\"data\":[]}", 24);
    post_sync(body, len);
    net_expect_error(client, 403, "Invalid secret");
    free(body);
}

static void wrong_content_type(void **state)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/jsonp", "json"};
    static const char *const fine[] = {"application/json", "application/json; charset=utf-8",
        "Application/JSON", "application/merge-patch+json"};
    const char *body = net_text("{\"secret\":\"%s\",\"data\":[1]}", share.secret);
    char kept[128], header[128];
    (void)state;
    snprintf(kept, sizeof(kept), "%s", body);
    for (size_t i = 0; i < 9; i++) {
        snprintf(header, sizeof(header), "Content-Type: %s", i < 5 ? types[i] : fine[i - 5]);
        net_ask(client, &(struct net_request){.method = "POST",
                            .path = net_path(&share, "/sync"),
                            .body = sl_span_of(kept),
                            .headers = {header}});
        net_expect_status(client, i < 5 ? 415 : 400);
    }
}

static void bad_creates_and_deletes(void **state)
{
    static const char *const creates[] = {"", "{", "[]", "{}", "{\"sessionID\":7}",
        "{\"sessionID\":null}", "{\"sessionID\":\"\"}", "{\"sessionID\":\"a\\u0000\"}",
        "{\"sessionID\":\"\xff\"}", "{\"sessionID\":{}}"};
    static const char *const deletes[] = {"", "{", "[]", "{}", "{\"secret\":7}"};
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof(creates) / sizeof(*creates); i++) {
        net_post(client, "/api/share", creates[i]);
        net_expect_status(client, 400);
    }
    int n = snprintf(text, sizeof(text), "{\"sessionID\":\"");
    memset(text + n, 'x', 257);
    strcpy(text + n + 257, "\"}");
    net_post(client, "/api/share", text);
    net_expect_error(client, 400, "sessionID: longer than 256 bytes");
    for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++) {
        net_delete(client, net_path(&share, ""), deletes[i]);
        net_expect_status(client, 400);
    }
    memset(text, 'y', sizeof(text));
    memcpy(text, "{\"secret\":\"", 11);
    strcpy(text + sizeof(text) - 3, "\"}");
    net_delete(client, net_path(&share, ""), text);
    net_expect_error(client, 403, "Invalid secret");
}

/* What the grammar allows is kept, whatever it means. */
static void odd_but_valid(void **state)
{
    static const char odd[] =
        "{\"type\":\"odd\",\"data\":{\"a\":1,\"a\":2,\"b\":\"\\ud800\",\"c\":\"\\u0000\",\"d\":1e999,"
        "\"e\":18446744073709551616,\"f\": [ ] }}";
    struct net_share own;
    (void)state;
    assert_true(net_create(client, net_session_id(), &own));
    assert_int_equal(net_sync(client, &own, odd), 200);
    net_get(client, net_path(&own, "/data"));
    net_expect(client, 200, net_text("[%s]", odd));
    struct buf deep = nested(509, '[', ']'); /* 512 in all, with what is around it */
    deep.len -= 2;                           /* the item alone */
    size_t skip = (size_t)((char *)memmem(deep.ptr, deep.len, "{\"type\"", 7) - deep.ptr);
    assert_int_equal(
        net_sync_span(client, &own, (struct sl_span){deep.ptr + skip, deep.len - skip}), 200);
    buf_fini(&deep);
}

#define LEAVES_NOTHING(test) cmocka_unit_test_setup_teardown(test, fill, nothing_was_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAVES_NOTHING(truncated),
        LEAVES_NOTHING(what_and_where),
        LEAVES_NOTHING(no_batch_at_all),
        LEAVES_NOTHING(depth_bomb),
        LEAVES_NOTHING(not_utf8),
        LEAVES_NOTHING(too_large),
        LEAVES_NOTHING(largest),
        LEAVES_NOTHING(wrong_content_type),
        LEAVES_NOTHING(bad_creates_and_deletes),
        cmocka_unit_test(odd_but_valid),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
