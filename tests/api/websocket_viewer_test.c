/* Viewers over a WebSocket: handshake, a text message for each batch, control frames, the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/net_fixture.h"
#include "tests/support/net_stream.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

static struct net_share share;
static struct net_stream stream = {.fd = -1};

static int open_all(void **state)
{
    (void)state;
    open_server_with((const char *[]){"--threads", "8", NULL});
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    return net_create(client, net_session_id(), &share) ? 0 : -1;
}

static int hang_up(void **state)
{
    (void)state;
    net_stream_close(&stream);
    return 0;
}

static void shake_hands(void)
{
    assert_int_equal(net_ws_open(&stream, server.port, net_text("/ws/%s", share.id)), 101);
}

static void expect_frame(unsigned opcode, const char *payload)
{
    struct net_frame frame;
    if (!net_ws_next(&stream, &frame, NET_WAIT_MS)) fail_msg("no frame in time");
    assert_true(frame.final);
    assert_int_equal(frame.opcode, opcode);
    if (payload && !sl_span_eq(frame.payload, sl_span_of(payload)))
        fail_msg("%.*s, not %s", (int)frame.payload.len, frame.payload.ptr, payload);
}

static void expect_close(unsigned code)
{
    struct net_frame frame;
    if (!net_ws_next(&stream, &frame, NET_WAIT_MS)) fail_msg("no close frame in time");
    assert_int_equal(frame.opcode, CLOSE);
    assert_true(frame.payload.len >= 2);
    assert_int_equal(be_get(frame.payload.ptr, 2), code);
}

static void handshake(void **state)
{
    (void)state;
    shake_hands();
    assert_string_equal(net_stream_header(&stream, "Sec-WebSocket-Accept"), NET_WS_ACCEPT);
    assert_string_equal(net_stream_header(&stream, "Upgrade"), "websocket");
    assert_string_equal(net_stream_header(&stream, "Connection"), "Upgrade");
    assert_string_equal(net_stream_header(&stream, "Sec-WebSocket-Protocol"), "");
}

static void no_handshake(void **state)
{
    static const struct {
        const char *lines;
        int status;
    } asks[] = {
        {"", 426},
        {"Upgrade: h2c\r\nConnection: Upgrade\r\n", 426},
        {"Upgrade: websocket\r\n", 426},
        {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400},
        {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: short\r\n",
            400},
        {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
         "Sec-WebSocket-Key: " NET_WS_KEY "\r\n",
            400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
        int status = net_stream_once(&stream, server.port,
            sl_span_of(
                net_text("GET /ws/%s HTTP/1.1\r\nHost: x\r\n%s\r\n", share.id, asks[i].lines)));
        assert_int_equal(status, asks[i].status);
        if (status == 426)
            assert_true(sl_span_eq(stream.body, SL_SPAN("Expected WebSocket upgrade")));
    }
    net_stream_close(&stream);
    assert_int_equal(net_ws_open(&stream, server.port, "/ws/nobody00"), 404);
}

static void a_message_for_each_batch(void **state)
{
    (void)state;
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("before")), 200);
    shake_hands();
    assert_int_equal(
        net_sync(client, &share, NET_MESSAGE("m1") " , " NET_PART("m1", "p", "1")), 200);
    expect_frame(TEXT, "[" NET_MESSAGE("m1") "," NET_PART("m1", "p", "1") "]");
    for (int i = 0; i < 50; i++)
        assert_int_equal(net_sync(client, &share, net_text(NET_PART("m1", "p", "%d"), i)), 200);
    for (int i = 0; i < 50; i++)
        expect_frame(TEXT, net_text("[" NET_PART("m1", "p", "%d") "]", i));
    assert_int_equal(net_sync(client, &share, ""), 200);
    expect_frame(TEXT, "[]");
}

/* Each way that a frame writes its length. */
static void messages_of_all_sizes(void **state)
{
    static const size_t sizes[] = {0, 60, 90, 125, 126, 127, 65000, 65535, 65536, 70000, 3000000};
    char *item = malloc(3000100);
    struct net_frame frame;
    (void)state;
    shake_hands();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        strcpy(item, "{\"type\":\"x\",\"data\":\"");
        memset(item + 20, 'a' + (int)i, sizes[i]);
        strcpy(item + 20 + sizes[i], "\"}");
        assert_int_equal(net_sync(client, &share, item), 200);
        if (!net_ws_next(&stream, &frame, NET_WAIT_MS)) fail_msg("no frame in time");
        assert_int_equal(frame.opcode, TEXT);
        assert_int_equal(frame.payload.len, strlen(item) + 2);
        assert_memory_equal(frame.payload.ptr + 1, item, strlen(item));
    }
    free(item);
}

static void ping_pong(void **state)
{
    char most[125];
    (void)state;
    shake_hands();
    assert_true(net_ws_send(&stream, PING, "hello", 5));
    expect_frame(PONG, "hello");
    assert_true(net_ws_send(&stream, PING, "", 0));
    expect_frame(PONG, "");
    memset(most, 'x', sizeof(most));
    assert_true(net_ws_send(&stream, PING, most, sizeof(most)));
    struct net_frame frame;
    assert_true(net_ws_next(&stream, &frame, NET_WAIT_MS));
    assert_int_equal(frame.payload.len, 125);
    assert_true(net_ws_send(&stream, PONG, "unasked", 7));
    assert_true(net_ws_send(&stream, TEXT, "talk", 4)); /* not listened to */
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
    expect_frame(TEXT, "[" NET_MESSAGE("m1") "]");
}

static void closes_when_asked(void **state)
{
    (void)state;
    shake_hands();
    assert_true(net_ws_send(&stream, CLOSE,
        "\x03\xe8"
        "bye",
        5));
    expect_close(1000);
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    /* And goes on for others. */
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
}

static void closes_with_the_share(void **state)
{
    (void)state;
    shake_hands();
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    expect_close(1000);
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    net_stream_close(&stream);
    assert_int_equal(net_ws_open(&stream, server.port, net_text("/ws/%s", share.id)), 404);
}

/* Frames that are none: closed with 1002, too long ones with 1009. */
static void broken_frames(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        unsigned code;
    } frames[] = {
        {"\x81\x02hi", 4, 1002},                       /* not masked */
        {"\xc1\x80\x01\x02\x03\x04", 6, 1002},         /* an extension's bit */
        {"\x83\x80\x01\x02\x03\x04", 6, 1002},         /* an opcode that is none */
        {"\x09\x80\x01\x02\x03\x04", 6, 1002},         /* a control frame in pieces */
        {"\x89\xfe\x00\x7e\x01\x02\x03\x04", 8, 1002}, /* a control frame too long */
        {"\x80\x80\x01\x02\x03\x04", 6, 1002},         /* goes on with nothing */
        {"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14, 1009},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
        net_stream_close(&stream);
        shake_hands();
        assert_true(net_stream_send(&stream, frames[i].bytes, frames[i].len));
        expect_close(frames[i].code);
        assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    }
    assert_int_equal(net_get(client, "/livez"), 200);
}

#define VIEWERS 100
static void viewers_need_no_threads(void **state)
{
    static struct net_stream viewers[VIEWERS];
    (void)state;
    for (int i = 0; i < VIEWERS; i++)
        assert_int_equal(net_ws_open(&viewers[i], server.port, net_text("/ws/%s", share.id)), 101);
    struct net_client *other = net_client_create(server.url);
    assert_int_equal(net_get(other, "/livez"), 200);
    net_client_destroy(other);
    assert_int_equal(net_sync(client, &share, NET_MESSAGE("m1")), 200);
    for (int i = 0; i < VIEWERS; i++) {
        struct net_frame frame;
        assert_true(net_ws_next(&viewers[i], &frame, NET_WAIT_MS));
        assert_true(sl_span_eq(frame.payload, SL_SPAN("[" NET_MESSAGE("m1") "]")));
        net_stream_close(&viewers[i]);
    }
}

static void a_stop_says_goodbye(void **state)
{
    (void)state;
    shake_hands();
    net_server_stop(&server);
    expect_close(1001);
    start_again();
}

#define VIEW(test) cmocka_unit_test_setup_teardown(test, fresh, hang_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEW(handshake),
        VIEW(no_handshake),
        VIEW(a_message_for_each_batch),
        VIEW(messages_of_all_sizes),
        VIEW(ping_pong),
        VIEW(closes_when_asked),
        VIEW(closes_with_the_share),
        VIEW(broken_frames),
        VIEW(viewers_need_no_threads),
        VIEW(a_stop_says_goodbye),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
