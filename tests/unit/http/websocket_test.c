/* WebSocket frames and the handshake, by RFC 6455's own examples and by frames cut at every byte.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/live/websocket.h"

static void handshake(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_BYTES];
    assert_true(ws_accept(SL_SPAN("dGhlIHNhbXBsZSBub25jZQ=="), accept)); /* RFC 6455, 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    static const char *const wrong[] = {"", "abc", "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=a", "dGhlIHNhbXBsZSBub25j*Q==", "dGhlIHNhbXBsZSBub25jZQ===="};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(ws_accept(sl_span_of(wrong[i]), accept));
}

static void heads(void **state)
{
    (void)state;
    static const struct {
        uint64_t len;
        size_t head_len;
        uint8_t head[WS_HEAD_BYTES];
    } cases[] = {
        {0, 2, {0x81, 0}},
        {125, 2, {0x81, 125}},
        {126, 4, {0x81, 126, 0, 126}},
        {65535, 4, {0x81, 126, 0xff, 0xff}},
        {65536, 10, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
        {0x123456789a, 10, {0x81, 127, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t head[WS_HEAD_BYTES];
        assert_int_equal(ws_frame_head(WS_TEXT, cases[i].len, head), cases[i].head_len);
        assert_memory_equal(head, cases[i].head, cases[i].head_len);
    }
}

static void close_frames(void **state)
{
    (void)state;
    uint8_t frame[WS_CLOSE_BYTES];
    assert_int_equal(ws_close_frame(1001, "bye", frame), 7);
    assert_memory_equal(frame,
        "\x88\x05\x03\xe9"
        "bye",
        7);
    char reason[300];
    memset(reason, 'r', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    assert_int_equal(ws_close_frame(1000, reason, frame), WS_CLOSE_BYTES);
    assert_int_equal(frame[1], WS_CONTROL_BYTES);
}

/* ---- what a client sends ---- */

/* Feed a text in pieces of `step` bytes until something is got. */
static enum ws_got feed(struct ws_reader *reader, const char *bytes, size_t len, size_t step)
{
    for (size_t at = 0; at < len;) {
        size_t n = len - at < step ? len - at : step;
        struct sl_span piece = {bytes + at, n};
        enum ws_got got = ws_read(reader, &piece);
        if (got != WS_GOT_NOTHING) return got;
        assert_int_equal(piece.len, 0);
        at += n;
    }
    return WS_GOT_NOTHING;
}

#define FRAME(text) (text), sizeof(text) - 1

static void client_frames(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t len;
        enum ws_got got;
    } cases[] = {
        {"masked Hello (RFC 6455, 5.7)", FRAME("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
            WS_GOT_NOTHING},
        {"masked ping Hello", FRAME("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), WS_GOT_PING},
        {"pong", FRAME("\x8a\x80\x01\x02\x03\x04"), WS_GOT_NOTHING},
        {"empty close", FRAME("\x88\x80\x01\x02\x03\x04"), WS_GOT_CLOSE},
        {"close of one byte", FRAME("\x88\x81\x00\x00\x00\x00\x03"), WS_GOT_ERROR},
        {"unmasked", FRAME("\x81\x05Hello"), WS_GOT_ERROR},
        {"a reserved bit", FRAME("\xc1\x80\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"a reserved opcode", FRAME("\x83\x80\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"a reserved control opcode", FRAME("\x8b\x80\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"a fragmented ping", FRAME("\x09\x80\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"a long ping", FRAME("\x89\xfe\x00\x7e\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"a continuation of nothing", FRAME("\x80\x80\x01\x02\x03\x04"), WS_GOT_ERROR},
        {"text within a message", FRAME("\x01\x80\x01\x02\x03\x04\x81\x80\x01\x02\x03\x04"),
            WS_GOT_ERROR},
        {"a ping within a message", FRAME("\x01\x81\x01\x02\x03\x04x\x89\x80\x01\x02\x03\x04"),
            WS_GOT_PING},
        {"a message in two", FRAME("\x01\x81\x01\x02\x03\x04x\x80\x80\x01\x02\x03\x04"),
            WS_GOT_NOTHING},
        {"64 KiB and one", FRAME("\x81\xff\0\0\0\0\0\x01\0\x01\x01\x02\x03\x04"), WS_GOT_TOO_LONG},
        {"as long as can be", FRAME("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"),
            WS_GOT_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (size_t step = 1; step <= cases[i].len; step++) {
            struct ws_reader reader = {0};
            enum ws_got got = feed(&reader, cases[i].bytes, cases[i].len, step);
            if (got != cases[i].got)
                fail_msg("%s, in pieces of %zu: got %d", cases[i].what, step, (int)got);
        }
}

static void ping_payload(void **state)
{
    (void)state;
    static const char ping[] = "\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    struct ws_reader reader = {0};
    assert_int_equal(feed(&reader, ping, sizeof(ping) - 1, 3), WS_GOT_PING);
    assert_int_equal(reader.control_len, 5);
    assert_memory_equal(reader.control, "Hello", 5);
    assert_int_equal(feed(&reader, ping, sizeof(ping) - 1, 100), WS_GOT_PING); /* and on it goes */
}

static void fragments_add_up(void **state)
{
    (void)state;
    struct ws_reader reader = {0};
    static char part[8 + 40000] = "\x01\xfe\x9c\x40";
    assert_int_equal(feed(&reader, part, sizeof(part), 4096), WS_GOT_NOTHING);
    part[0] = 0;
    assert_int_equal(feed(&reader, part, sizeof(part), 4096), WS_GOT_TOO_LONG);
}

static void close_codes(void **state)
{
    (void)state;
    static const struct {
        unsigned given, answer;
    } cases[] = {{1000, 1000}, {1001, 1001}, {1005, 1002}, {1006, 1002}, {999, 1002}, {1015, 1002},
        {2999, 1002}, {3000, 3000}, {4999, 4999}, {5000, 1002}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ws_reader reader = {.control_len = 2};
        reader.control[0] = (uint8_t)(cases[i].given >> 8);
        reader.control[1] = (uint8_t)cases[i].given;
        assert_int_equal(ws_close_code(&reader), cases[i].answer);
    }
    assert_int_equal(ws_close_code(&(struct ws_reader){0}), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake),
        cmocka_unit_test(heads),
        cmocka_unit_test(close_frames),
        cmocka_unit_test(client_frames),
        cmocka_unit_test(ping_payload),
        cmocka_unit_test(fragments_add_up),
        cmocka_unit_test(close_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
