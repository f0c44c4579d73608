/* What goes onto the connection: lengths, chunks, compression, broken answers; and the helpers that
 * fill a reply. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "http/edge/wire.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a connection that keeps what it is sent ---- */

struct line {
    struct wire wire;
    struct http_reply reply;
    struct buf out;
    unsigned sends, sends_max; /* after the latter the client is gone; 0: never */
    bool keeps, broken;
};

static bool line_send(void *ctx, const void *bytes, size_t len)
{
    struct line *line = ctx;
    line->sends++;
    if (line->sends_max && line->sends > line->sends_max) return false;
    buf_add(&line->out, bytes, len);
    return true;
}

static bool line_keep(void *ctx)
{
    return ((struct line *)ctx)->keeps;
}

static void line_break(void *ctx)
{
    ((struct line *)ctx)->broken = true;
}

static struct line *line_open(bool http11, const char *accept)
{
    struct line *line = calloc(1, sizeof(*line));
    assert_non_null(line);
    line->keeps = true;
    line->wire.http11 = http11;
    line->wire.accept = sl_span_of(accept);
    line->wire.out = (struct wire_out){line_send, line_keep, line_break, line};
    wire_init(&line->wire, &line->reply);
    return line;
}

static void line_close(struct line *line)
{
    buf_fini(&line->out);
    free(line);
}

/* The answer's head (terminated for the test's convenience), and what is behind it. */
static const char *line_head(struct line *line, struct sl_span *rest)
{
    buf_add(&line->out, "", 1);
    line->out.len--;
    char *end = strstr(line->out.ptr, "\r\n\r\n");
    assert_non_null(end);
    *rest = (struct sl_span){end + 4, line->out.len - (size_t)(end + 4 - line->out.ptr)};
    end[3] = '\0';
    return line->out.ptr;
}

static void assert_line(const char *head, const char *text)
{
    if (!strstr(head, text)) fail_msg("no `%s` in:\n%s", text, head);
}

static void assert_no_line(const char *head, const char *text)
{
    if (strstr(head, text)) fail_msg("`%s` in:\n%s", text, head);
}

/* Take the chunks apart; the caller frees. */
static char *unchunk(struct sl_span in, size_t *len)
{
    char *out = malloc(in.len + 1);
    assert_non_null(out);
    *len = 0;
    for (;;) {
        char *end;
        size_t n = strtoul(in.ptr, &end, 16);
        assert_memory_equal(end, "\r\n", 2);
        size_t head = (size_t)(end + 2 - in.ptr);
        assert_true(head + n + 2 <= in.len);
        assert_memory_equal(end + 2 + n, "\r\n", 2);
        memcpy(out + *len, end + 2, n);
        *len += n;
        in.ptr += head + n + 2;
        in.len -= head + n + 2;
        if (n == 0) break;
    }
    assert_int_equal(in.len, 0);
    return out;
}

static void write_lines(struct http_reply *reply, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!http_print(reply, "line %u of a text that is easily compressed\n", i)) return;
}

/* ---- tests ---- */

static void small_is_one_write(void **state)
{
    (void)state;
    struct line *line = line_open(true, "gzip, zstd");
    struct sl_span body;
    line->reply.compress = true;
    assert_true(http_header(&line->reply, "X-One", "1"));
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    assert_true(http_write(&line->reply, "hello ", 6));
    assert_true(http_write(&line->reply, "world", 5));
    wire_fini(&line->wire, &line->reply);
    assert_int_equal(line->sends, 1);
    const char *head = line_head(line, &body);
    assert_memory_equal(head, "HTTP/1.1 200 OK\r\n", 17);
    assert_line(head, "\r\nContent-Length: 11\r\n");
    assert_line(head, "\r\nContent-Type: text/plain\r\n");
    assert_line(head, "\r\nCache-Control: no-store\r\n");
    assert_line(head, "\r\nVary: Accept-Encoding\r\n");
    assert_line(head, "\r\nX-One: 1\r\n");
    assert_line(head, "\r\nConnection: keep-alive\r\n");
    assert_no_line(head, "Content-Encoding");
    assert_true(sl_span_eq(body, SL_SPAN("hello world")));
    assert_true(line->wire.keep);
    line_close(line);
}

static void large_is_chunked(void **state)
{
    (void)state;
    struct line *line = line_open(true, "");
    struct sl_span rest;
    size_t len;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    write_lines(&line->reply, 10000);
    wire_fini(&line->wire, &line->reply);
    const char *head = line_head(line, &rest);
    assert_line(head, "\r\nTransfer-Encoding: chunked\r\n");
    assert_no_line(head, "Content-Length");
    assert_true(line->wire.keep);
    char *body = unchunk(rest, &len);
    assert_memory_equal(body, "line 0 of", 9);
    static const char last[] = "\nline 9999 of a text that is easily compressed\n";
    assert_memory_equal(body + len + 1 - sizeof(last), last, sizeof(last) - 1);
    assert_int_equal(line->sends, len / 65536 + 1);
    free(body);
    line_close(line);
}

/* A body of exactly one buffer, and one byte more. */
static void at_the_edge(void **state)
{
    (void)state;
    static char bytes[65537];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t len = 65535; len <= 65537; len++) {
        struct line *line = line_open(true, "");
        struct sl_span rest;
        assert_true(http_begin(&line->reply, 200, "text/plain"));
        assert_true(http_write(&line->reply, bytes, len));
        wire_fini(&line->wire, &line->reply);
        const char *head = line_head(line, &rest);
        assert_int_equal(strstr(head, "chunked") != NULL, len > 65536);
        size_t got = rest.len;
        char *body = len > 65536 ? unchunk(rest, &got) : NULL;
        assert_int_equal(got, len);
        free(body);
        line_close(line);
    }
}

/* With its length known beforehand a long body is not chunked, and large pieces are not copied. */
static void measured(void **state)
{
    (void)state;
    static char bytes[300000];
    memset(bytes, 'x', sizeof(bytes));
    for (int http11 = 0; http11 <= 1; http11++) {
        struct line *line = line_open(http11, "");
        struct sl_span rest;
        line->reply.compress = line->reply.has_length = true;
        line->reply.length = 1 + 2 * sizeof(bytes);
        assert_true(http_begin(&line->reply, 200, "text/plain"));
        assert_true(http_write(&line->reply, "[", 1));
        assert_true(http_write(&line->reply, bytes, sizeof(bytes)));
        assert_true(http_write(&line->reply, bytes, sizeof(bytes)));
        wire_fini(&line->wire, &line->reply);
        const char *head = line_head(line, &rest);
        assert_line(head, "\r\nContent-Length: 600001\r\n");
        assert_no_line(head, "Transfer-Encoding");
        assert_int_equal(rest.len, 600001);
        assert_int_equal(rest.ptr[0], '[');
        assert_memory_equal(rest.ptr + 1, bytes, sizeof(bytes));
        assert_memory_equal(rest.ptr + 300001, bytes, sizeof(bytes));
        assert_int_equal(line->sends, 3); /* one buffer with the head, the rest, the second */
        assert_true(line->wire.keep);
        assert_int_equal(line->wire.sent_bytes, line->out.len);
        line_close(line);
    }
}

static void measured_and_compressed(void **state)
{
    (void)state;
    static char bytes[300000];
    struct line *line = line_open(true, "gzip");
    struct sl_span rest;
    line->reply.compress = line->reply.has_length = true;
    line->reply.length = sizeof(bytes);
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * i >> 7);
    assert_true(http_write(&line->reply, bytes, sizeof(bytes)));
    wire_fini(&line->wire, &line->reply);
    const char *head = line_head(line, &rest);
    assert_line(head, "\r\nContent-Encoding: gzip\r\n");
    assert_no_line(head, "Content-Length: 300000");
    assert_true(line->wire.keep);
    assert_false(line->broken);
    line_close(line);
}

static void measured_head(void **state)
{
    (void)state;
    static char bytes[100000];
    struct line *line = line_open(true, "");
    struct sl_span rest;
    line->wire.head_only = line->reply.has_length = true;
    line->reply.length = sizeof(bytes);
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    http_write(&line->reply, bytes, sizeof(bytes));
    wire_fini(&line->wire, &line->reply);
    assert_line(line_head(line, &rest), "\r\nContent-Length: 100000\r\n");
    assert_int_equal(rest.len, 0);
    assert_true(line->wire.keep);
    line_close(line);
}

/* A body that isn't as long as it was said. */
static void measured_wrongly(void **state)
{
    (void)state;
    static char bytes[100000];
    struct sl_span rest;
    for (size_t length = sizeof(bytes) - 1; length <= sizeof(bytes) + 1; length += 2) {
        struct line *line = line_open(true, "");
        line->reply.has_length = true;
        line->reply.length = length;
        assert_true(http_begin(&line->reply, 200, "text/plain"));
        assert_int_equal(http_write(&line->reply, bytes, sizeof(bytes)), length > sizeof(bytes));
        wire_fini(&line->wire, &line->reply);
        assert_true(line->reply.cut);
        assert_int_equal(line->broken, length > sizeof(bytes));
        line_close(line);
    }
    struct line *line = line_open(true, "");
    line->reply.has_length = true;
    line->reply.length = 3;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    assert_true(http_write(&line->reply, "ab", 2));
    wire_fini(&line->wire, &line->reply);
    assert_memory_equal(line_head(line, &rest), "HTTP/1.1 500 ", 13);
    line_close(line);
}

static void http10_ends_with_its_connection(void **state)
{
    (void)state;
    struct line *line = line_open(false, "");
    struct sl_span rest;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    write_lines(&line->reply, 10000);
    wire_fini(&line->wire, &line->reply);
    const char *head = line_head(line, &rest);
    assert_no_line(head, "chunked");
    assert_no_line(head, "Content-Length");
    assert_line(head, "\r\nConnection: close\r\n");
    assert_false(line->wire.keep);
    assert_memory_equal(rest.ptr, "line 0 of", 9);
    line_close(line);
}

static void compressed(void **state)
{
    (void)state;
    static const char *const accepts[] = {"gzip", "zstd"};
    for (size_t i = 0; i < 2; i++)
        for (unsigned lines = 100; lines <= 100000; lines *= 1000) {
            struct line *line = line_open(true, accepts[i]);
            struct sl_span rest;
            line->reply.compress = true;
            assert_true(http_begin(&line->reply, 200, "text/plain"));
            write_lines(&line->reply, lines);
            wire_fini(&line->wire, &line->reply);
            const char *head = line_head(line, &rest);
            char expected[64];
            snprintf(expected, sizeof(expected), "\r\nContent-Encoding: %s\r\n", accepts[i]);
            assert_line(head, expected);
            bool chunked = strstr(head, "\r\nTransfer-Encoding: chunked\r\n") != NULL;
            if (lines == 100) assert_line(head, "\r\nContent-Length: ");
            if (lines > 100 && i == 0) assert_true(chunked);
            size_t len = rest.len;
            char *body = chunked ? unchunk(rest, &len) : NULL;
            const char *magic = i == 0 ? "\x1f\x8b" : "\x28\xb5\x2f\xfd";
            assert_memory_equal(body ? body : rest.ptr, magic, strlen(magic));
            assert_true(len < lines * 20);
            free(body);
            line_close(line);
        }
}

/* What is flushed is on the connection before more is written, plain or compressed; the answer as a
 * whole is the same. */
static void flushed(void **state)
{
    (void)state;
    static const char *const accepts[] = {"", "gzip", "zstd"};
    for (size_t k = 0; k < 2 * sizeof(accepts) / sizeof(*accepts); k++) {
        size_t i = k / 2; /* a few bytes too: more will come, so that they are worth compressing */
        struct line *line = line_open(true, accepts[i]);
        line->reply.compress = true;
        assert_true(http_begin(&line->reply, 200, "text/plain"));
        write_lines(&line->reply, k % 2 ? 1 : 100);
        assert_int_equal(line->sends, 0);
        assert_true(http_flush(&line->reply));
        assert_int_equal(line->sends, 1);
        size_t first = line->out.len;
        assert_true(first > (k % 2 ? 50 : 200));
        assert_true(http_flush(&line->reply)); /* nothing new: nothing goes out */
        assert_int_equal(line->out.len, first);
        write_lines(&line->reply, 10);
        wire_fini(&line->wire, &line->reply);
        assert_true(line->out.len > first);
        struct sl_span rest;
        size_t len;
        const char *head = line_head(line, &rest);
        assert_line(head, "Transfer-Encoding: chunked\r\n");
        if (i > 0) assert_line(head, "Content-Encoding: ");
        char *body = unchunk(rest, &len);
        if (i == 0) assert_true(len + 300 > first);
        free(body);
        line_close(line);
    }
}

static void no_body_where_none_belongs(void **state)
{
    (void)state;
    struct line *line = line_open(true, "");
    struct sl_span rest;
    assert_true(http_begin(&line->reply, 204, NULL));
    wire_fini(&line->wire, &line->reply);
    const char *head = line_head(line, &rest);
    assert_no_line(head, "Content-Length");
    assert_no_line(head, "Content-Type");
    assert_int_equal(rest.len, 0);
    line_close(line);

    line = line_open(true, "");
    line->wire.head_only = true;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    assert_true(http_write(&line->reply, "hello", 5));
    wire_fini(&line->wire, &line->reply);
    assert_line(line_head(line, &rest), "\r\nContent-Length: 5\r\n");
    assert_int_equal(rest.len, 0);
    line_close(line);

    line = line_open(true, "");
    line->wire.head_only = true;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    write_lines(&line->reply, 100000);
    assert_false(
        http_write(&line->reply, "x", 1)); /* nobody wants the rest: the handler may stop */
    wire_fini(&line->wire, &line->reply);
    assert_int_equal(line->sends, 1);
    line_head(line, &rest);
    assert_int_equal(rest.len, 0);
    line_close(line);
}

static void broken_answers(void **state)
{
    (void)state;
    struct sl_span rest;
    struct line *line = line_open(true, "");
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    http_write(&line->reply, "half", 4);
    http_error(&line->reply, 500, "too late, but nothing is out");
    wire_fini(&line->wire, &line->reply);
    const char *head = line_head(line, &rest);
    assert_memory_equal(head, "HTTP/1.1 500 ", 13);
    assert_line(head, "\r\nConnection: close\r\n");
    assert_true(sl_span_eq(rest, SL_SPAN("{\"error\":\"internal error\"}")));
    assert_false(line->broken);
    line_close(line);

    line = line_open(true, "");
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    write_lines(&line->reply, 10000);
    http_error(&line->reply, 500, "too late");
    assert_false(http_write(&line->reply, "x", 1));
    wire_fini(&line->wire, &line->reply);
    assert_true(line->broken && line->reply.cut && !line->wire.keep);
    assert_memory_not_equal(line->out.ptr + line->out.len - 5, "0\r\n\r\n", 5);
    line_close(line);
}

static void a_client_that_goes(void **state)
{
    (void)state;
    struct line *line = line_open(true, "");
    line->sends_max = 2;
    assert_true(http_begin(&line->reply, 200, "text/plain"));
    write_lines(&line->reply, 100000);
    assert_true(line->reply.cut);
    assert_false(http_write(&line->reply, "x", 1));
    wire_fini(&line->wire, &line->reply);
    assert_int_equal(line->sends, 3);
    line_close(line);
}

static void helpers(void **state)
{
    (void)state;
    struct line *line = line_open(true, "");
    struct sl_span rest;
    assert_false(http_header(&line->reply, "X", "a\r\nSet-Cookie: b"));
    char wide[1100];
    memset(wide, 'w', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    assert_false(http_header(&line->reply, "X", wide));
    assert_int_equal(line->reply.headers_len, 0);
    assert_true(http_begin(&line->reply, 200, "application/json"));
    assert_false(http_begin(&line->reply, 200, "application/json"));
    assert_false(http_header(&line->reply, "X", "late"));
    http_write_json_string(&line->reply, SL_SPAN("a\"b\\c\n<\0>"));
    http_print(&line->reply, ",%s,%d", wide, 7);
    struct sl_sink sink = http_sink(&line->reply);
    assert_true(sink.write(sink.ctx, "!", 1));
    wire_fini(&line->wire, &line->reply);
    line_head(line, &rest);
    assert_int_equal(rest.len, 1 + 17 + 1 + 1 + sizeof(wide) - 1 + 2 + 1);
    assert_memory_equal(rest.ptr, "\"a\\\"b\\\\c\\n<\\u0000>\",www", 23);
    line_close(line);
}

/* A long text is quoted piece by piece; no character may be cut. */
static void long_json_strings(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < 4; i++)
        for (size_t shift = 0; shift < 4; shift++) {
            struct line *line = line_open(true, "");
            struct buf text = {0};
            struct sl_span rest;
            buf_add(&text, "xxxx", shift);
            while (text.len < 5000)
                buf_add(&text, characters[i], strlen(characters[i]));
            assert_true(http_begin(&line->reply, 200, "application/json"));
            assert_true(http_write_json_string(&line->reply, (struct sl_span){text.ptr, text.len}));
            wire_fini(&line->wire, &line->reply);
            line_head(line, &rest);
            assert_int_equal(rest.len, text.len + 2);
            assert_memory_equal(rest.ptr + 1, text.ptr, text.len);
            buf_fini(&text);
            line_close(line);
        }
}

static int end_thread(void **state)
{
    (void)state;
    wire_connection_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_is_one_write),
        cmocka_unit_test(large_is_chunked),
        cmocka_unit_test(at_the_edge),
        cmocka_unit_test(measured),
        cmocka_unit_test(measured_and_compressed),
        cmocka_unit_test(measured_head),
        cmocka_unit_test(measured_wrongly),
        cmocka_unit_test(http10_ends_with_its_connection),
        cmocka_unit_test(compressed),
        cmocka_unit_test(flushed),
        cmocka_unit_test(no_body_where_none_belongs),
        cmocka_unit_test(broken_answers),
        cmocka_unit_test(a_client_that_goes),
        cmocka_unit_test(helpers),
        cmocka_unit_test(long_json_strings),
    };
    return cmocka_run_group_tests(tests, NULL, end_thread);
}
