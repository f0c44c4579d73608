/* The server on real sockets, in this process, over a real store: what CivetWeb must not let
   through, what it must be made to do, and what http/edge/socket.c relies on in it. What the API
   says is tests/api's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/call/call.h"
#include "http/http.h"
#include "http/live/live_hub.h"
#include "tests/support/core_store.h"
#include "tests/support/exact_span.h"
#include "tests/support/net_server.h"
#include "tests/support/net_stream.h"
#include "tests/support/store_rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    const char *dir;
    struct sl_store *store;
    struct http_app *app;
    struct http_server *server;
    unsigned port;
    struct sl_credentials share;
} at;

static void open_with(unsigned threads, size_t inflight_bytes, unsigned viewers)
{
    struct sl_err err = {0};
    at.dir = core_temp_make();
    struct sl_options options = core_options(at.dir);
    at.store = core_open(&options);
    at.share = core_create(at.store, "ses_of_the_server_test");
    struct http_config config = http_config_default();
    config.listen = "127.0.0.1:0";
    config.threads = threads;
    config.inflight_bytes = inflight_bytes;
    config.viewers = viewers;
    config.stop_ms = 3600 * 1000; /* nothing is cut off because the machine is busy */
    core_expect(http_app_create(at.store, &config, &at.app, &err), SL_OK, &err);
    core_expect(http_server_start(at.app, &at.server, &err), SL_OK, &err);
    at.port = (unsigned)strtoul(strrchr(http_server_url(at.server), ':') + 1, NULL, 10);
    assert_true(at.port > 0);
}

static int open_usual(void **state)
{
    (void)state;
    open_with(8, SL_INFLIGHT_BYTES, 100);
    return 0;
}

static int open_tight(void **state)
{
    (void)state;
    open_with(8, SL_MIB, 3);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    if (at.server) assert_true(http_server_stop(at.server));
    at.server = NULL;
    http_app_destroy(at.app);
    sl_store_close(at.store);
    core_temp_remove(at.dir);
    return 0;
}

static struct net_stream dial(void)
{
    struct net_stream stream = {.fd = -1};
    assert_true(net_stream_open(&stream, at.port));
    return stream;
}

/* The text of a sync that adds one part of `bytes` bytes. The caller frees. */
static char *sync_text(size_t bytes, size_t *len)
{
    char *text = malloc(bytes + 512);
    assert_non_null(text);
    int front = snprintf(text, 512,
        "{\"secret\":\"%s\",\"data\":[{\"type\":\"part\",\"data\":{\"id\":\"p\",\"messageID\":\"m\",\"text\":\"",
        at.share.secret);
    memset(text + front, 'x', bytes);
    strcpy(text + front + bytes, "\"}}]}");
    *len = strlen(text);
    return text;
}

static void begin_sync(struct net_stream *stream, size_t len)
{
    assert_true(net_stream_print(stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        at.share.id, len));
}

/* … and wait until the server asks for the body: it has room for it, and the request is under way.
 */
static void begin_asked_sync(struct net_stream *stream, size_t len)
{
    assert_true(net_stream_print(stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
        at.share.id, len));
    assert_int_equal(net_stream_head(stream, NET_WAIT_MS), 100);
}

static void sync_now(size_t bytes)
{
    size_t len;
    char *text = sync_text(bytes, &len);
    struct net_stream stream = dial();
    begin_sync(&stream, len);
    assert_true(net_stream_send(&stream, text, len));
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    net_stream_close(&stream);
    free(text);
}

static uint64_t sequence(void)
{
    struct sl_share_info info;
    assert_int_equal(sl_share_info(at.store, sl_span_of(at.share.id), &info, NULL), SL_OK);
    return info.sequence;
}

static void assert_answers(void)
{
    struct net_stream stream = {.fd = -1};
    assert_int_equal(net_stream_once(&stream, at.port,
                         SL_SPAN("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
        200);
    net_stream_close(&stream);
}

/* ---- heads ---- */

#define POST "POST /api/share HTTP/1.1\r\nHost: a\r\n"
#define BODY "{\"sessionID\":\"ses_smuggled\"}"

static void smuggling(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *request;
    } cases[] = {
        {400, POST "X: a\r\n b\r\nContent-Length: 28\r\n\r\n" BODY},
        {400, "POST /api/share HTTP/1.1\r\n Content-Length: 28\r\n\r\n" BODY},
        {400, "GET /livez HTTP/1.1\r\n:x\r\nContent-Length: 28\r\n\r\n" BODY},
        {400, "GET /livez HTTP/1.1\r\nA: b\n\r\nContent-Length: 28\r\n\r\n" BODY},
        {400, "GET /livez HTTP/1.1\r\nA: b\nHost: a\r\n\r\n"},
        {400, "GET /livez HTTP/1.1\nHost: a\n\n"},
        {400, POST "Content-Length : 28\r\n\r\n" BODY},
        {400, POST "Content-Length: 28\r\nContent-Length: 28\r\n\r\n" BODY},
        {400, POST "Content-Length: 28\r\nTransfer-Encoding: chunked\r\n\r\n" BODY},
        {400, POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, POST "Content-Length: 28abc\r\n\r\n" BODY},
        {400, POST "Content-Length: +28\r\n\r\n" BODY},
        {400, POST "Content-Length: abc\r\n\r\n" BODY},
        {400, POST "Content-Length: -1\r\n\r\n" BODY},
        {400, POST "Content-Length: 99999999999999999999999\r\n\r\n" BODY},
        {400, POST "Host: b\r\n\r\n"},
        {400, "GET /liv\x01z HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /liv\x7fz HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /liv\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "FOO /livez HTTP/1.1\r\nHost: a\r\n\r\n"},
        {505, "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n"},
        {411, POST "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n" BODY
                   "\r\n0\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct net_stream stream = dial();
        assert_true(net_stream_print(&stream, "%s", cases[i].request));
        int status = net_stream_answer(&stream, NET_WAIT_MS);
        if (status != cases[i].status) fail_msg("%d for:\n%s", status, cases[i].request);
        /* What is behind it on the connection must not be taken for a request. */
        if (!net_stream_ends(&stream, NET_WAIT_MS))
            fail_msg("goes on after:\n%s", cases[i].request);
        net_stream_close(&stream);
    }
    assert_answers();
}

static void too_many_headers(void **state)
{
    (void)state;
    for (int headers = 62; headers <= 66; headers++) {
        struct net_stream stream = dial();
        assert_true(
            net_stream_print(&stream, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"));
        for (int i = 2; i < headers; i++)
            assert_true(net_stream_print(&stream, "X: y\r\n"));
        assert_true(net_stream_print(&stream, "\r\n"));
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), headers <= 64 ? 200 : 431);
        assert_true(net_stream_ends(&stream, NET_WAIT_MS));
        net_stream_close(&stream);
    }
}

static void one_after_the_other(void **state)
{
    (void)state;
    struct net_stream stream = dial();
    for (int i = 0; i < 3; i++) /* a body that nobody reads, then the next request */
        assert_true(net_stream_print(
            &stream, "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\n" BODY));
    assert_true(
        net_stream_print(&stream, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 404);
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    net_stream_close(&stream);
}

/* ---- bodies ---- */

static void an_early_answer(void **state)
{
    (void)state;
    static char zeros[100000];
    struct net_stream stream = dial();
    assert_true(net_stream_print(
        &stream, "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n"));
    for (int i = 0; i < 200; i++)
        if (!net_stream_send(&stream, zeros, sizeof(zeros))) break;
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 404);
    net_stream_close(&stream);

    stream = dial();
    assert_true(net_stream_print(&stream,
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 28\r\n\r\n"));
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 404); /* not 100: nobody wants it */
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    net_stream_close(&stream);
    assert_answers();
}

static void asked_to_go_on(void **state)
{
    (void)state;
    size_t len;
    char *text = sync_text(100000, &len);
    struct net_stream stream = dial();
    assert_true(net_stream_print(&stream,
        "POST /api/share/%s/sync HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
        "Content-Length: %zu\r\n\r\n",
        at.share.id, len));
    assert_int_equal(net_stream_head(&stream, NET_WAIT_MS), 100);
    assert_true(net_stream_send(&stream, text, len));
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
    net_stream_close(&stream);
    free(text);
}

static void gone_midway(void **state)
{
    (void)state;
    size_t len;
    char *text = sync_text(300000, &len);
    uint64_t before = sequence();
    for (int i = 0; i < 20; i++) { /* more than there are threads */
        struct net_stream stream = dial();
        begin_sync(&stream, len);
        assert_true(net_stream_send(&stream, text, i % 2 ? len / 2 : len - 1));
        net_stream_close(&stream);
    }
    sync_now(10);
    assert_int_equal(sequence(), before + 1);
    free(text);
}

/* Two large bodies don't fit into what may be in flight: the second waits, it isn't refused; a
 * small one passes by. */
static void waiting_for_room(void **state)
{
    (void)state;
    size_t len;
    char *text = sync_text(900000, &len);
    struct net_stream first = dial(), second = dial();
    begin_asked_sync(&first, len);
    assert_true(net_stream_send(&first, text, len / 2));
    begin_sync(&second, len);
    assert_true(net_stream_send(&second, text, len));
    sync_now(100);
    assert_false(net_stream_more(&second, 300));
    assert_true(net_stream_send(&first, text + len / 2, len - len / 2));
    assert_int_equal(net_stream_answer(&first, NET_WAIT_MS), 200);
    assert_int_equal(net_stream_answer(&second, NET_WAIT_MS), 200);
    net_stream_close(&first);
    net_stream_close(&second);
    free(text);
}

/* ---- connections that are taken over ---- */

static struct net_stream watch(uint64_t from)
{
    struct net_stream stream = {.fd = -1};
    char path[128];
    snprintf(
        path, sizeof(path), "/api/share/%s/live?from=%llu", at.share.id, (unsigned long long)from);
    assert_int_equal(net_sse_open(&stream, at.port, path, 0), 200);
    return stream;
}

static unsigned viewers(void)
{
    return live_share_viewers(at.app->live, sl_span_of(at.share.id));
}

#define VIEWERS 40

/* Five times as many viewers as threads: each outlives its request, and requests are answered
 * meanwhile. */
static void viewers_hold_no_thread(void **state)
{
    (void)state;
    static struct net_stream streams[VIEWERS];
    uint64_t next = sequence() + 1;
    for (size_t i = 0; i < VIEWERS; i++)
        streams[i] = watch(next);
    assert_int_equal(viewers(), VIEWERS);
    for (int round = 0; round < 3; round++, next++) {
        assert_answers();
        sync_now(5000);
        for (size_t i = 0; i < VIEWERS; i++) {
            struct net_sse event;
            assert_true(net_sse_next(&streams[i], &event, NET_WAIT_MS));
            assert_int_equal(event.id, next);
            assert_string_equal(event.event, "sync");
        }
    }
    for (size_t i = 0; i < VIEWERS; i++)
        net_stream_close(&streams[i]);
    for (uint64_t since = 0; viewers() > 0;)
        net_wait(&since);
}

/* One that reads nothing, with megabytes waiting for it, slows nobody; and one that comes late gets
 * all of it. */
static void a_viewer_that_does_not_read(void **state)
{
    (void)state;
    uint64_t first = sequence() + 1;
    struct net_stream silent = watch(first), reading = watch(first);
    for (int i = 0; i < 8; i++)
        sync_now(3000000);
    struct net_stream late = watch(first);
    struct net_stream *readers[] = {&reading, &late};
    for (size_t r = 0; r < 2; r++)
        for (uint64_t i = 0; i < 8; i++) {
            struct net_sse event;
            assert_true(net_sse_next(readers[r], &event, NET_WAIT_MS));
            assert_int_equal(event.id, first + i);
            assert_true(event.data.len > 3000000);
            assert_int_equal(event.data.ptr[event.data.len - 1], '}');
        }
    net_stream_close(&silent);
    net_stream_close(&reading);
    net_stream_close(&late);
}

static void too_many_viewers(void **state)
{
    (void)state;
    struct net_stream streams[3], refused = dial();
    for (size_t i = 0; i < 3; i++)
        streams[i] = watch(1);
    assert_true(net_stream_print(
        &refused, "GET /api/share/%s/live HTTP/1.1\r\nHost: a\r\n\r\n", at.share.id));
    assert_int_equal(net_stream_answer(&refused, NET_WAIT_MS), 503);
    assert_true(sl_span_eq(refused.body, SL_SPAN("{\"error\":\"too many viewers\"}")));
    net_stream_close(&refused);
    net_stream_close(&streams[0]);
    for (uint64_t since = 0; viewers() > 2;)
        net_wait(&since);
    streams[0] = watch(1);
    for (size_t i = 0; i < 3; i++)
        net_stream_close(&streams[i]);
}

/* A worker's stack: RocksDB and sanitizers need more than CivetWeb's 100 KB. */
static void stacks(void **state)
{
    (void)state;
    pthread_attr_t attr;
    size_t bytes = 0;
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstacksize(&attr, 102400), 0);
    assert_int_equal(pthread_attr_getstacksize(&attr, &bytes), 0);
    assert_true(bytes >= 256 * SL_KIB);
    pthread_attr_destroy(&attr);
}

/* ---- stopping ---- */

static void *stop_server(void *clean)
{
    *(bool *)clean = http_server_stop(at.server);
    return NULL;
}

/* What is under way is finished; who comes anew is turned away; viewers are let go. */
static void a_graceful_stop(void **state)
{
    (void)state;
    size_t len;
    char *text = sync_text(500000, &len);
    struct net_stream slow = dial(), idle = dial(), viewer = watch(sequence() + 1),
                      refused = {.fd = -1};
    struct net_sse event;
    pthread_t thread;
    bool clean = false;
    assert_true(net_stream_print(&idle, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(net_stream_answer(&idle, NET_WAIT_MS), 200);
    begin_asked_sync(&slow, len);
    assert_true(net_stream_send(&slow, text, len / 2));
    assert_int_equal(pthread_create(&thread, NULL, stop_server, &clean), 0);
    for (uint64_t since = 0; net_stream_open(&refused, at.port); net_wait(&since))
        net_stream_close(&refused);
    assert_true(net_stream_send(&slow, text + len / 2, len - len / 2));
    assert_int_equal(net_stream_answer(&slow, NET_WAIT_MS), 200);
    assert_true(net_stream_ends(&slow, NET_WAIT_MS));
    assert_true(net_stream_ends(&idle, NET_WAIT_MS));
    assert_true(
        net_sse_next(&viewer, &event, NET_WAIT_MS)); /* the event that came during the stop, too */
    assert_true(net_stream_ends(&viewer, NET_WAIT_MS));
    pthread_join(thread, NULL);
    at.server = NULL;
    assert_true(clean);
    assert_null(at.app->live);
    net_stream_close(&slow);
    net_stream_close(&idle);
    net_stream_close(&viewer);
    net_stream_close(&refused);
    free(text);
}

static void wrong_addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "8787", ":8787", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:80s", "127.0.0.1:80r", "127.0.0.1:99999",
        "127.0.0.1:80,127.0.0.1:81", "+127.0.0.1:80", "[::1]:0 "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct http_config config = http_config_default();
        struct http_app *app;
        struct http_server *server;
        struct sl_err err = {0};
        config.listen = wrong[i];
        core_expect(http_app_create(at.store, &config, &app, &err), SL_OK, &err);
        if (http_server_start(app, &server, &err) == SL_OK) fail_msg("listens on `%s`", wrong[i]);
        assert_true(err.text[0] != '\0');
        assert_null(app->live);
        http_app_destroy(app);
    }
}

static void say_path(void *ctx, struct http_request *request, struct http_reply *reply)
{
    atomic_fetch_add((atomic_uint *)ctx, 1);
    if (http_begin(reply, 200, "text/plain"))
        http_write(reply, request->path.ptr, request->path.len);
}

/* A server of something else than a store: the edge is the same. */
static void another_service(void **state)
{
    struct http_config config = http_config_default();
    struct net_stream stream = {.fd = -1};
    struct http_server *server;
    struct sl_err err = {0};
    atomic_uint asked = 0;
    (void)state;
    config.listen = "nowhere";
    struct http_service service = {say_path, &asked};
    core_expect(http_serve(&config, service, &server, &err), SL_INVALID, &err);
    config.listen = "127.0.0.1:0";
    config.threads = 4;
    core_expect(http_serve(&config, service, &server, &err), SL_OK, &err);
    unsigned port = (unsigned)strtoul(strrchr(http_server_url(server), ':') + 1, NULL, 10);
    assert_true(net_stream_open(&stream, port));
    for (unsigned i = 1; i < 3; i++) { /* on one connection */
        assert_true(net_stream_print(&stream, "GET /x/y?z HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 200);
        assert_span(stream.body, "/x/y");
        assert_int_equal(asked, i);
    }
    assert_true(net_stream_print(&stream, "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 400);
    assert_int_equal(asked, 2); /* a head that is refused doesn't get there */
    net_stream_close(&stream);
    assert_true(http_server_stop(server));
}

/* Whoever asks to view a share that can't be read learns that, and nothing of the store. */
static void a_fault_tells_nothing(void **state)
{
    (void)state;
    static const char *const routes[] = {"/api/share/%s/live", "/ws/%s"};
    store_row_put(at.store, KV_SHARE, row_share(sl_span_of(at.share.id)), SL_SPAN("no share"));
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        char path[128];
        struct net_stream stream = dial();
        snprintf(path, sizeof(path), routes[i], at.share.id);
        assert_true(net_stream_print(&stream,
            "GET %s HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            path));
        assert_int_equal(net_stream_answer(&stream, NET_WAIT_MS), 500);
        assert_span(stream.body, "{\"error\":\"Internal error\"}");
        net_stream_close(&stream);
    }
    assert_int_equal(viewers(), 0); /* the room that they took is given back */
    assert_answers();
}

#define TEST(test, setup) cmocka_unit_test_setup_teardown(test, setup, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(smuggling, open_usual),
        TEST(too_many_headers, open_usual),
        TEST(one_after_the_other, open_usual),
        TEST(an_early_answer, open_usual),
        TEST(asked_to_go_on, open_usual),
        TEST(gone_midway, open_usual),
        TEST(waiting_for_room, open_tight),
        TEST(viewers_hold_no_thread, open_usual),
        TEST(a_viewer_that_does_not_read, open_usual),
        TEST(too_many_viewers, open_tight),
        TEST(a_graceful_stop, open_usual),
        cmocka_unit_test(stacks),
        TEST(a_fault_tells_nothing, open_usual),
        TEST(wrong_addresses, open_usual),
        cmocka_unit_test(another_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
