/* Heads as CivetWeb's parser leaves them in its buffer: `parse` below does what that parser does
   (1.15), so that what it hides can be shown without a socket; server_test.c shows the same
   with the real one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/edge/head.h"

#include <ctype.h>

struct parsed {
    char buffer[8192];
    const char *version;
    struct head_field fields[HEAD_FIELDS];
    size_t count;
};

/* Cut the request line and then lines of `Name: value`, until something is no such line. */
static void parse(struct parsed *parsed, const char *text, size_t len)
{
    assert_true(len + 8 < sizeof(parsed->buffer));
    memset(parsed, 0, sizeof(*parsed));
    memcpy(parsed->buffer, text, len);
    char *end = strstr(parsed->buffer, "\r\n\r\n"), *lf = strstr(parsed->buffer, "\n\n");
    size_t head_len = end ? (size_t)(end - parsed->buffer) + 4 : 0;
    if (lf && (!end || lf < end)) head_len = (size_t)(lf - parsed->buffer) + 2;
    assert_true(head_len > 0);
    parsed->buffer[head_len - 1] = '\0';
    char *at = strstr(parsed->buffer, "HTTP/");
    parsed->version = at + 5;
    while (isgraph((unsigned char)*at))
        at++;
    do
        *at++ = '\0';
    while (isspace((unsigned char)*at));
    while (parsed->count < HEAD_FIELDS) {
        char *colon = at;
        while (*colon != ':' && *colon >= 33)
            colon++;
        if (colon == at) break;
        while (*colon == ' ')
            *colon++ = '\0';
        assert_int_equal(*colon, ':');
        *colon = '\0';
        char *value = colon + 1;
        while (*value == ' ' || *value == '\t')
            value++;
        parsed->fields[parsed->count++] = (struct head_field){at, value};
        at = value;
        while (*at && *at != '\r' && *at != '\n')
            at++;
        if (*at == '\r') *at++ = '\0';
        if (!*at) break;
        *at++ = '\0';
        if (*at == '\r' || *at == '\n') break;
    }
}

static int check(const char *text, struct head_body *body)
{
    static struct parsed parsed;
    const char *what = NULL;
    parse(&parsed, text, strlen(text));
    int status = head_check(parsed.version, parsed.fields, parsed.count, body, &what);
    assert_true((status == 0) == (what == NULL));
    return status;
}

#define LINE "POST /x HTTP/1.1\r\n"

static void statuses(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int status;
    } cases[] = {
        {LINE "\r\n", 0},
        {LINE "Host: a\r\n\r\n", 0},
        {LINE "Host: a\r\nContent-Length: 3\r\n\r\nabc", 0},
        {LINE "Host:a\r\nX:\r\nY: \t b \r\n\r\n", 0},
        {LINE "Content-Length: 0\r\n\r\n", 0},
        {LINE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0},
        {LINE "Transfer-Encoding: Chunked \r\n\r\n", 0},
        {LINE "Host: a\r\nX: b\r\n c\r\n\r\n", 400},
        {LINE "X: b\r\n\tContent-Length: 3\r\n\r\nabc", 400},
        {LINE " X: b\r\n\r\n", 400},
        {LINE ":x\r\nContent-Length: 3\r\n\r\nabc", 400},
        {LINE "A: b\r\n:x\r\nContent-Length: 3\r\n\r\nabc", 400},
        {LINE "A: b\n\r\nContent-Length: 3\r\n\r\nabc", 400},
        {LINE "A: b\nB: c\r\n\r\n", 400},
        {"GET / HTTP/1.1\nA: b\n\n", 400},
        {LINE "Content-Length : 3\r\n\r\nabc", 400},
        {LINE "Content(Length: 3\r\n\r\n", 400},
        {LINE "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
        {LINE "Content-Length: 3\r\ncontent-length: 4\r\n\r\nabc", 400},
        {LINE "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
        {LINE "Transfer-Encoding: identity\r\n\r\n", 400},
        {LINE "Content-Length: 3abc\r\n\r\n", 400},
        {LINE "Content-Length: +3\r\n\r\n", 400},
        {LINE "Content-Length: -3\r\n\r\n", 400},
        {LINE "Content-Length: 3, 3\r\n\r\n", 400},
        {LINE "Content-Length: 0x10\r\n\r\n", 400},
        {LINE "Content-Length:\r\n\r\n", 400},
        {LINE "Content-Length: 9999999999999999999\r\n\r\n", 400},
        {LINE "Host: a\r\nhost: b\r\n\r\n", 400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct head_body body;
        int status = check(cases[i].head, &body);
        if (status != cases[i].status) fail_msg("%d for:\n%s", status, cases[i].head);
    }
}

static void bodies(void **state)
{
    (void)state;
    struct head_body body;
    assert_int_equal(check(LINE "Content-Length: 999999999999999999\r\n\r\n", &body), 0);
    assert_true(body.has_length && !body.chunked && body.length == 999999999999999999);
    assert_int_equal(check(LINE "Transfer-Encoding: chunked\r\n\r\n", &body), 0);
    assert_true(!body.has_length && body.chunked);
    assert_int_equal(check(LINE "\r\n", &body), 0);
    assert_true(!body.has_length && !body.chunked && body.length == 0);
}

static void too_many(void **state)
{
    (void)state;
    char text[4096] = LINE;
    struct head_body body;
    for (int i = 0; i < HEAD_FIELDS; i++)
        strcat(text, "X: y\r\n");
    size_t len = strlen(text);
    strcat(text, "\r\n");
    assert_int_equal(check(text, &body), 0);
    strcpy(text + len, "Content-Length: 3\r\n\r\nabc");
    assert_int_equal(check(text, &body), 431);
}

static void finding(void **state)
{
    (void)state;
    const struct head_field fields[] = {
        {"Host", "a"}, {"X-Empty", ""}, {"accept", "  b, c \t"}, {"Accept", "d"}};
    assert_true(sl_span_eq(head_find(fields, 4, "ACCEPT"), SL_SPAN("b, c")));
    assert_int_equal(head_find(fields, 4, "X-Empty").len, 0);
    assert_int_equal(head_find(fields, 4, "Missing").len, 0);
    assert_true(head_lists(SL_SPAN("keep-alive, Upgrade"), "upgrade"));
    assert_false(head_lists(SL_SPAN("keep-alive, Upgraded"), "upgrade"));
    assert_false(head_lists(SL_SPAN(""), "upgrade"));
    assert_true(sl_span_eq(head_last(SL_SPAN("1.1.1.1, 2.2.2.2 ")), SL_SPAN("2.2.2.2")));
    assert_true(sl_span_eq(head_last(SL_SPAN("1.1.1.1")), SL_SPAN("1.1.1.1")));
    assert_int_equal(head_last(SL_SPAN("")).len, 0);
}

static void hosts(void **state)
{
    (void)state;
    static const char *const right[] = {
        "a", "127.0.0.1:8787", "example.org", "a-b_c.d:1", "[::1]", "[::1]:8787"};
    static const char *const wrong[] = {"", "a b", "a/b", "a@b", "a:", "a:b", "a:123456", "a:1:2",
        ":80", "[]", "[::1", "a\"b", "a<b", "[::1]x", "a?b", "a#b", "a\\b"};
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
        if (!head_host_valid(sl_span_of(right[i]))) fail_msg("`%s` is a host", right[i]);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (head_host_valid(sl_span_of(wrong[i]))) fail_msg("`%s` is no host", wrong[i]);
}

static void targets(void **state)
{
    (void)state;
    assert_true(head_target_valid(SL_SPAN("/a%2Fb/..//c?d=e")));
    assert_false(head_target_valid(SL_SPAN("/a b")));
    assert_false(head_target_valid(SL_SPAN("/a\0b")));
    assert_false(head_target_valid(SL_SPAN("/a\x7f")));
    assert_false(head_target_valid(SL_SPAN("/\xc3\xa9")));
}

static void path_keys(void **state)
{
    (void)state;
    static const struct {
        const char *path, *rest, *key;
    } cases[] = {
        {"/api/share", "/api/share", ""},
        {"/k/KEY/api/share", "/api/share", "KEY"},
        {"/k/a_B-9//api", "/api", "a_B-9"},
        {"/k/KEY///api", "//api", "KEY"},
        {"/k/KEY", "/", "KEY"},
        {"/k/KEY/", "/", "KEY"},
        {"/k/", "/k/", ""},
        {"/k//api", "/k//api", ""},
        {"/k/K%45Y/api", "/k/K%45Y/api", ""},
        {"/k/KEY.x/api", "/k/KEY.x/api", ""},
        {"/key/a", "/key/a", ""},
        {"/k/KEY/k/OTHER/api", "/k/OTHER/api", "KEY"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sl_span key, rest = head_path_key(sl_span_of(cases[i].path), &key);
        assert_true(sl_span_eq(rest, sl_span_of(cases[i].rest)));
        assert_true(sl_span_eq(key, sl_span_of(cases[i].key)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(bodies),
        cmocka_unit_test(too_many),
        cmocka_unit_test(finding),
        cmocka_unit_test(hosts),
        cmocka_unit_test(targets),
        cmocka_unit_test(path_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
