/* Requests that no well-behaved client sends: each gets its 4xx, leaves nothing behind, and what
   follows it on its connection is never taken for a request. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net_share share;
static char *history;
static struct net_stream stream = {.fd = -1};

static int fill(void **state)
{
    (void)state;
    if (!net_create(client, net_session_id(), &share)) return -1;
    if (net_sync(client, &share, NET_MESSAGE("m1")) != 200) return -1;
    if (net_get_as(client, "/api/events", NET_AS_OWNER) != 200) return -1;
    history = strdup(net_answer(client)->body);
    return 0;
}

static int nothing_was_left(void **state)
{
    (void)state;
    net_stream_close(&stream);
    net_get_as(client, "/api/events", NET_AS_OWNER);
    bool same = net_answer(client)->status == 200 && strcmp(net_answer(client)->body, history) == 0;
    if (!same) print_error("before:\n%safter:\n%s", history, net_answer(client)->body);
    free(history);
    return same && net_sync(client, &share, NET_MESSAGE("m2")) == 200 &&
                   net_field_u64(client, "seq") == 3
               ? 0
               : -1;
}

/* A batch that would be stored if it were taken. */
static const char *batch(void)
{
    return net_text("{\"secret\":\"%s\",\"data\":[" NET_MESSAGE("mx") "]}", share.secret);
}

/* POST to the share's /sync with these header lines (each with its end) and the batch. */
static struct sl_span sync_with(const char *lines)
{
    static char text[4096];
    int n = snprintf(text, sizeof(text),
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "%s\r\n%s",
        share.id, lines, batch());
    return (struct sl_span){text, (size_t)n};
}

/* Send it, and a request behind it that would tell: the answer has this status, its connection
   ends, and nothing else is answered. */
static void refused(struct sl_span request, int status)
{
    static const char behind[] = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    net_stream_close(&stream);
    assert_true(net_stream_open(&stream, server.port));
    net_stream_send(&stream, request.ptr, request.len);
    net_stream_send(&stream, behind, sizeof(behind) - 1);
    int got = net_stream_answer(&stream, NET_WAIT_MS);
    if (got != status)
        fail_msg("%d, not %d, for\n%.*s\n%.*s", got, status, (int)request.len, request.ptr,
            (int)stream.in.len, stream.in.ptr);
    assert_string_equal(net_stream_header(&stream, "Connection"), "close");
    assert_int_equal(stream.in.len, stream.at);
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 0);
    assert_true(stream.ended);
}

static void refused_text(const char *text, int status)
{
    refused(sl_span_of(text), status);
}

/* ---- lengths ---- */

static void no_length(void **state)
{
    (void)state;
    assert_int_equal(net_stream_once(&stream, server.port, sync_with("")), 411);
    refused(sync_with("Transfer-Encoding: chunked\r\n"), 411);
    refused_text(
        net_text("POST /api/share HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "13\r\n{\"sessionID\":\"abc\"}\r\n0\r\n\r\n"),
        411);
    assert_int_equal(
        net_stream_once(&stream, server.port,
            sl_span_of(net_text("DELETE /api/share/%s HTTP/1.1\r\nHost: x\r\n\r\n", share.id))),
        411);
}

static void wrong_lengths(void **state)
{
    size_t len = strlen(batch());
    const char *const forms[] = {"Content-Length: %zu\r\nContent-Length: %zu\r\n",
        "Content-Length: 5\r\nContent-Length: %zu\r\n", "Content-Length: %zu, %zu\r\n",
        "Content-Length: %zuabc\r\n", "Content-Length: -%zu\r\n", "Content-Length: +%zu\r\n",
        "Content-Length: 0x%zx\r\n", "Content-Length: %zu.0\r\n", "Content-Length: 1 %zu\r\n",
        "Content-Length: 999999999999999999999%zu\r\n",
        "Content-Length: %zu\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: %zu\r\n",
        "Content-Length: %zu\r\nTransfer-Encoding: identity\r\n",
        "Content-Length: %zu\r\ntransfer-encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n", "Content-Length:\r\n"};
    char lines[256];
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        snprintf(lines, sizeof(lines), forms[i], len, len);
        refused(sync_with(lines), 400);
    }
}

/* ---- heads ---- */

static void malformed_lines(void **state)
{
    static const char *const forms[] = {
        "Content-Length: %zu\r\nX-Folded: a\r\n b\r\n",
        "X-Folded: a\r\n\tContent-Length: 5\r\nContent-Length: %zu\r\n",
        "Content-Length : %zu\r\n",
        " Content-Length: %zu\r\n",
        "Content-Length: %zu\r\nno colon\r\n",
        "Content-Length: %zu\r\n: no name\r\n",
        "Content-Length: %zu\r\nX(Y): z\r\n",
        "Content-Length: %zu\nX: y\r\n",
        "X: y\rContent-Length: %zu\r\n",
        "Content-Length: %zu\r\nHost: other\r\n",
    };
    char lines[256];
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        snprintf(lines, sizeof(lines), forms[i], strlen(batch()));
        refused(sync_with(lines), 400);
    }
}

static void too_many_headers(void **state)
{
    struct buf lines = {0};
    (void)state;
    for (int i = 0; i < 80; i++) {
        const char *line = net_text("X-%d: y\r\n", i);
        buf_add(&lines, line, strlen(line));
    }
    const char *length = net_text("Content-Length: %zu\r\n", strlen(batch()));
    buf_add(&lines, length, strlen(length) + 1);
    refused(sync_with(lines.ptr), 431);
    buf_fini(&lines);
    /* As many as there may be are fine: Host, Content-Type, and these. */
    char text[2048];
    size_t at = 0;
    for (int i = 0; i < 61; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "X-%d: y\r\n", i);
    snprintf(text + at, sizeof(text) - at, "Content-Length: 2\r\n");
    struct sl_span request = sync_with(text);
    size_t body = strlen(batch());
    memcpy((char *)(uintptr_t)request.ptr + request.len - body, "{}", 2);
    request.len -= body - 2;
    assert_int_equal(net_stream_once(&stream, server.port, request), 400);
    assert_non_null(memmem(stream.body.ptr, stream.body.len, "secret: missing", 15));
}

static void too_large_a_head(void **state)
{
    size_t len = 200000;
    char *text = malloc(len);
    (void)state;
    memset(text, 'x', len);
    memcpy(text, "GET /livez HTTP/1.1\r\nX: ", 24);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    int status = net_stream_once(&stream, server.port, (struct sl_span){text, len});
    assert_true(status == 400 || status == 431); /* CivetWeb's own, which tells them apart badly */
    memset(text, 'x', len);
    memcpy(text, "GET /", 5);
    status = net_stream_once(&stream, server.port, (struct sl_span){text, len});
    assert_true(status == 400 || status == 431);
    free(text);
}

static void no_http(void **state)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";
    static const char nul[] = "GET /livez HTTP/1.1\r\nX: a\0b\r\n\r\n";
    static const char *const texts[] = {"GET\r\n\r\n", "GET /livez\r\n\r\n",
        "GET livez HTTP/1.1\r\n\r\n", "\r\n\r\n", "/livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/\r\n\r\n", "get /livez HTTP/1.1\r\n\r\n", "GET /liv\tez HTTP/1.1\r\n\r\n",
        "GET /livez\x01 HTTP/1.1\r\n\r\n", "GET /livez HTTP/3.0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) + 2; i++) {
        struct sl_span text = i == 0   ? (struct sl_span){hello, sizeof(hello) - 1}
                              : i == 1 ? (struct sl_span){nul, sizeof(nul) - 1}
                                       : sl_span_of(texts[i - 2]);
        net_stream_close(&stream);
        assert_true(net_stream_open(&stream, server.port));
        net_stream_send(&stream, text.ptr, text.len);
        shutdown(stream.fd, SHUT_WR);
        int status = net_stream_answer(&stream, NET_WAIT_MS);
        /* No answer is an answer too, if the connection ends. */
        if (status && (status < 400 || status >= 600 || status == 500))
            fail_msg("%d for %.*s", status, (int)text.len, text.ptr);
        assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    }
}

/* ---- paths ---- */

static void odd_paths(void **state)
{
    static const char *const paths[] = {"/api/share/../share/%s/data", "/api/share/%s/../%s/data",
        "/api/share/./%s/data", "/api//share/%s/data", "//api//share/%s/data",
        "/api/share/%s%%2Fdata", "/api%%2Fshare/%s/data", "/api/share/%s/data%%00",
        "/api/share/%s%%00/data", "/api/share/%%2e%%2e/%s/data", "/api/share/%s/data/",
        "/api/share/%s/data/..", "/api/share/%s/%%64ata", "/api/share/%s;x=1/data",
        "/api/share/%s/data%%3Fat=1", "/..%%2f..%%2f..%%2fetc/passwd%s", "/../../../etc/passwd%s",
        "/api/share/%s\\data", "/share/..%%2f%s", "/k//api/share/%s/data",
        "/k/../api/share/%s/data", "/k/%%2F/api/share/%s/data", "/api/share/%s..",
        "/api/share/%s /data"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        snprintf(path, sizeof(path), paths[i], share.id, share.id);
        int status = net_stream_once(&stream, server.port,
            sl_span_of(
                net_text("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path)));
        if (status != 404 && status != 400) fail_msg("%d for %s", status, path);
        assert_null(memmem(stream.in.ptr, stream.in.len, "\"m1\"", 4));
    }
    char long_id[400];
    memset(long_id, 'a', sizeof(long_id));
    long_id[65] = 0;
    net_get(client, net_text("/api/share/%s/data", long_id));
    net_expect_status(client, 404);
}

/* ---- bodies that don't come as told ---- */

static void goes_away(void **state)
{
    size_t len = strlen(batch());
    (void)state;
    for (size_t sent = 0; sent < len; sent += 7) {
        struct linger reset = {.l_onoff = 1};
        char lines[64];
        snprintf(lines, sizeof(lines), "Content-Length: %zu\r\n", len);
        struct sl_span request = sync_with(lines);
        assert_true(net_stream_open(&stream, server.port));
        net_stream_send(&stream, request.ptr, request.len - len + sent);
        if (sent % 2) setsockopt(stream.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        if (sent % 3 == 0) shutdown(stream.fd, SHUT_WR);
        net_stream_close(&stream);
    }
    assert_int_equal(net_get(client, "/livez"), 200);
}

static void goes_on_when_told(void **state)
{
    struct net_share own;
    (void)state;
    assert_true(net_create(client, net_session_id(), &own));
    const char *body = net_text("{\"secret\":\"%s\",\"data\":[]}", own.secret);
    char kept[128];
    snprintf(kept, sizeof(kept), "%s", body);
    assert_true(net_stream_open(&stream, server.port));
    net_stream_print(&stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
        "Expect: 100-continue\r\n\r\n",
        own.id, strlen(kept));
    assert_int_equal(net_stream_head(&stream, NET_WAIT_MS), 100);
    net_stream_print(&stream, "%s", kept);
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    assert_non_null(memmem(stream.body.ptr, stream.body.len, "\"seq\":2", 7));
    /* Not told, and answered at once: who isn't there, what is too large. */
    net_stream_close(&stream);
    static const char *const heads[] = {
        "POST /api/share/nobody00/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        "Expect: 100-continue\r\n\r\n",
        "POST /api/share HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n"
        "\r\n"};
    for (int i = 0; i < 2; i++) {
        int status = net_stream_once(&stream, server.port, sl_span_of(heads[i]));
        assert_int_equal(status, i ? 413 : 404);
    }
    net_delete(client, net_path(&own, ""), net_text("{\"secret\":\"%s\"}", own.secret));
    free(history);
    net_get_as(client, "/api/events", NET_AS_OWNER);
    history = strdup(net_answer(client)->body);
}

/* Nobody sends 200 MB to learn that there is no such share, or that it is too much. */
static void answered_before_the_body(void **state)
{
    static const struct {
        const char *path;
        unsigned long long length;
        int status;
    } asks[] = {{"/api/share/nobody00/sync", 200000000, 404}, {"/api/share", 200000000, 413},
        {"/api/share/%s/sync", 300000000, 413}, {"/api/share/%s", 100000, 413},
        {"/api/nothing", 200000000, 404}, {"/livez", 200000000, 405}};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
        snprintf(path, sizeof(path), asks[i].path, share.id);
        bool removes = asks[i].length == 100000;
        assert_true(net_stream_open(&stream, server.port));
        net_stream_print(&stream, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %llu\r\n\r\n",
            removes ? "DELETE" : "POST", path, asks[i].length);
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), asks[i].status);
        net_stream_close(&stream);
    }
}

/* ---- connections ---- */

static void pipelined(void **state)
{
    (void)state;
    assert_true(net_stream_open(&stream, server.port));
    net_stream_print(&stream,
        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /api/share/%s/data HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        "GET /api/share/nobody00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        share.id, share.id);
    const int want[] = {200, 200, 400, 404};
    for (int i = 0; i < 4; i++)
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), want[i]);
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
}

static void old_clients(void **state)
{
    (void)state;
    static const char old[] = "GET /livez HTTP/1.0\r\n\r\n";
    net_stream_close(&stream);
    assert_true(net_stream_open(&stream, server.port));
    net_stream_send(&stream, old, sizeof(old) - 1);
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    /* Its answers are never chunked. */
    assert_string_equal(net_stream_header(&stream, "Transfer-Encoding"), "");
}

#define LEAVES_NOTHING(test) cmocka_unit_test_setup_teardown(test, fill, nothing_was_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAVES_NOTHING(no_length),
        LEAVES_NOTHING(wrong_lengths),
        LEAVES_NOTHING(malformed_lines),
        LEAVES_NOTHING(too_many_headers),
        LEAVES_NOTHING(too_large_a_head),
        LEAVES_NOTHING(no_http),
        LEAVES_NOTHING(odd_paths),
        LEAVES_NOTHING(goes_away),
        LEAVES_NOTHING(goes_on_when_told),
        LEAVES_NOTHING(answered_before_the_body),
        LEAVES_NOTHING(pipelined),
        LEAVES_NOTHING(old_clients),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
