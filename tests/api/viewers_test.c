/* Viewers over server-sent events: in order, without a gap, beside each other, and never in the way
   of a sync. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"
#include "tests/support/net_load.h"
#include "tests/support/net_stream.h"

#include <stdio.h>
#include <stdlib.h>

static int open_all(void **state)
{
    (void)state;
    open_server_with((const char *[]){"--threads", "8", NULL});
    return 0;
}

static struct net_share new_share(void)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    return share;
}

static void sync_number(const struct net_share *share, unsigned n)
{
    net_sync(client, share, net_text(NET_PART("m", "p%u", "%u"), n, n));
    net_expect_status(client, 200);
}

/* The event is the sync of that sequence, which sent part `n`. */
static void expect_event(const struct net_sse *event, uint64_t sequence, unsigned n)
{
    struct sl_span value;
    uint64_t seq = 0;
    assert_int_equal(event->id, sequence);
    assert_string_equal(event->event, "sync");
    assert_int_equal(json_check(event->data, 512, NULL), SL_OK);
    assert_true(json_get(event->data, "seq", &value) && json_u64(value, &seq));
    assert_int_equal(seq, sequence);
    assert_true(json_get(event->data, "time", &value) && json_u64(value, &seq));
    assert_true(json_get(event->data, "data", &value));
    const char *want = net_text("[" NET_PART("m", "p%u", "%u") "]", n, n);
    if (!sl_span_eq(value, sl_span_of(want)))
        fail_msg("%.*s, not %s", (int)value.len, value.ptr, want);
}

static void expect_next(struct net_stream *stream, uint64_t sequence, unsigned n)
{
    struct net_sse event;
    if (!net_sse_next(stream, &event, NET_WAIT_MS)) fail_msg("no event in time");
    expect_event(&event, sequence, n);
}

static void open_live(
    struct net_stream *stream, const struct net_share *share, const char *query, uint64_t last)
{
    const char *path = net_path(share, net_text("/live%s", query));
    assert_int_equal(net_sse_open(stream, server.port, path, last), 200);
}

static void in_order_as_it_grows(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream;
    (void)state;
    sync_number(&share, 1);
    open_live(&stream, &share, "", 0);
    assert_memory_equal(net_stream_header(&stream, "Content-Type"), "text/event-stream", 17);
    assert_string_equal(net_stream_header(&stream, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(net_stream_header(&stream, "Cache-Control"), "no-store");
    for (unsigned n = 2; n <= 40; n++) {
        sync_number(&share, n);
        if (n % 3 == 0)
            for (unsigned k = n - 2; k <= n; k++)
                if (k >= 2) expect_next(&stream, k + 1, k);
    }
    expect_next(&stream, 41, 40);
    net_stream_close(&stream);
}

static void resumes_where_it_was(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream;
    (void)state;
    for (unsigned n = 1; n <= 20; n++)
        sync_number(&share, n); /* sequence n + 1 */
    open_live(&stream, &share, "", 11);
    for (unsigned n = 11; n <= 20; n++)
        expect_next(&stream, n + 1, n);
    sync_number(&share, 21);
    expect_next(&stream, 22, 21);
    net_stream_close(&stream);
    open_live(&stream, &share, "?from=20", 0);
    expect_next(&stream, 20, 19);
    net_stream_close(&stream);
    open_live(&stream, &share, "?from=0", 0); /* all; a creation is nothing to see */
    for (unsigned n = 1; n <= 21; n++)
        expect_next(&stream, n + 1, n);
    net_stream_close(&stream);
    open_live(&stream, &share, "?from=3", 21); /* the browser's own word counts */
    expect_next(&stream, 22, 21);
    net_stream_close(&stream);
    open_live(&stream, &share, "", 22);
    sync_number(&share, 22);
    expect_next(&stream, 23, 22);
    net_stream_close(&stream);
}

static void cut_off_again_and_again(void **state)
{
    struct net_share share = new_share();
    struct net_load load = {.url = server.url,
        .shares = &share,
        .shares_count = 1,
        .writers = 3,
        .batches = NET_SANITIZED ? 40 : 150,
        .large_bytes = 200000,
        .seed = net_seed()};
    uint64_t last = 1, wanted = 1 + (uint64_t)load.writers * load.batches, state_of = net_seed();
    (void)state;
    net_load_start(&load);
    while (last < wanted) {
        struct net_stream stream;
        struct net_sse event;
        uint64_t take = 1 + net_random(&state_of) % 40;
        open_live(&stream, &share, "", last);
        while (take-- > 0 && last < wanted) {
            if (!net_sse_next(&stream, &event, NET_WAIT_MS))
                fail_msg("no event behind %llu in time", (unsigned long long)last);
            assert_int_equal(event.id, last + 1);
            assert_int_equal(json_check(event.data, 512, NULL), SL_OK);
            last = event.id;
        }
        net_stream_close(&stream);
    }
    net_load_join(&load);
    net_load_check(&load, client);
    net_load_fini(&load);
}

static void line_ends_do_not_end_an_event(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream;
    struct net_sse event;
    (void)state;
    open_live(&stream, &share, "", 0);
    net_sync(client, &share, "{\"type\":\"x\",\n\n\"data\":\r\n[1,\n2]}\n");
    net_expect_status(client, 200);
    assert_true(net_sse_next(&stream, &event, NET_WAIT_MS));
    assert_int_equal(event.id, 2);
    assert_int_equal(json_check(event.data, 512, NULL), SL_OK);
    net_stream_close(&stream);
}

static void a_large_batch(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream;
    struct net_sse event;
    struct buf item = {0};
    struct sl_span data;
    (void)state;
    const char *head = "{\"type\":\"x\",\"data\":\"";
    buf_add(&item, head, strlen(head));
    for (int i = 0; i < 500000; i++)
        buf_add(&item, "0123456789abcde ", 16);
    buf_add(&item, "\"}", 2);
    open_live(&stream, &share, "", 0);
    assert_int_equal(net_sync_span(client, &share, buf_span(&item)), 200);
    sync_number(&share, 2);
    assert_true(net_sse_next(&stream, &event, NET_WAIT_MS));
    assert_true(json_get(event.data, "data", &data));
    assert_int_equal(data.len, item.len + 2);
    assert_memory_equal(data.ptr + 1, item.ptr, item.len);
    expect_next(&stream, 3, 2);
    net_stream_close(&stream);
    buf_fini(&item);
}

/* The event is {"seq":N,"time":MS} and nothing else; the time is the one that history gives. */
static void expect_quiet(
    struct net_stream *stream, const struct net_share *share, uint64_t sequence)
{
    struct net_sse event;
    struct sl_span time;
    if (!net_sse_next(stream, &event, NET_WAIT_MS)) fail_msg("no event in time");
    assert_int_equal(event.id, sequence);
    assert_string_equal(event.event, "sync");
    net_get(client, net_path(share, net_text("/events/%llu", (unsigned long long)sequence)));
    net_expect_status(client, 200);
    assert_true(json_get(net_body_span(client), "time", &time));
    const char *want = net_text(
        "{\"seq\":%llu,\"time\":%.*s}", (unsigned long long)sequence, (int)time.len, time.ptr);
    if (!sl_span_eq(event.data, sl_span_of(want)))
        fail_msg("%.*s, not %s", (int)event.data.len, event.data.ptr, want);
}

/* The same sequences and resume, beside a viewer that gets all, also of a batch of many pieces. */
static void quiet(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream, whole;
    struct net_sse event;
    struct buf item = {0};
    (void)state;
    buf_add(&item, "{\"type\":\"x\",\"data\":\"", 20);
    for (int i = 0; i < 20000; i++)
        buf_add(&item, "0123456789abcde ", 16);
    buf_add(&item, "\"}", 2);
    sync_number(&share, 1);
    open_live(&stream, &share, "?quiet=1&from=1", 0);
    open_live(&whole, &share, "?quiet=0&from=1", 0);
    expect_quiet(&stream, &share, 2);
    expect_next(&whole, 2, 1);
    assert_int_equal(net_sync_span(client, &share, buf_span(&item)), 200);
    sync_number(&share, 3);
    expect_quiet(&stream, &share, 3);
    expect_quiet(&stream, &share, 4);
    assert_true(net_sse_next(&whole, &event, NET_WAIT_MS));
    assert_int_equal(event.id, 3);
    assert_true(event.data.len > item.len);
    expect_next(&whole, 4, 3);
    net_stream_close(&stream);
    net_stream_close(&whole);
    open_live(&stream, &share, "?quiet=1", 2);
    expect_quiet(&stream, &share, 3);
    expect_quiet(&stream, &share, 4);
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    assert_true(net_sse_next(&stream, &event, NET_WAIT_MS));
    assert_string_equal(event.event, "removed");
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    net_stream_close(&stream);
    buf_fini(&item);
}

static void refused(void **state)
{
    struct net_share share = new_share();
    (void)state;
    net_get(client, "/api/share/nobody00/live");
    net_expect_error(client, 404, "Share not found");
    net_get(client, net_path(&share, "/live?from=x"));
    net_expect_status(client, 400);
    static const char *const wrong[] = {
        "quiet", "quiet=", "quiet=2", "quiet=01", "quiet=true", "quiet=1&quiet=1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        net_get(client, net_path(&share, net_text("/live?%s", wrong[i])));
        net_expect_error(client, 400, "quiet: expected 0 or 1");
    }
    net_get_as(client, net_path(&share, "/live"), "Last-Event-ID: x");
    net_expect_status(client, 400);
    net_ask(client, &(struct net_request){.method = "HEAD", .path = net_path(&share, "/live")});
    net_expect(client, 200, "");
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_get(client, net_path(&share, "/live"));
    net_expect_error(client, 404, "Share not found");
}

static void ends_with_the_share(void **state)
{
    struct net_share share = new_share();
    struct net_stream stream;
    struct net_sse event;
    (void)state;
    sync_number(&share, 1);
    open_live(&stream, &share, "?from=1", 0);
    expect_next(&stream, 2, 1);
    net_delete(client, net_path(&share, ""), net_text("{\"secret\":\"%s\"}", share.secret));
    net_expect_status(client, 200);
    assert_true(net_sse_next(&stream, &event, NET_WAIT_MS));
    assert_string_equal(event.event, "removed");
    assert_true(net_stream_ends(&stream, NET_WAIT_MS));
    net_stream_close(&stream);
}

#define VIEWERS 200

/* More viewers than there are threads to answer requests. */
static void many_viewers(void **state)
{
    struct net_share share = new_share();
    static struct net_stream viewers[VIEWERS];
    (void)state;
    for (int i = 0; i < VIEWERS; i++) {
        open_live(&viewers[i], &share, "", 0);
        if (i == 100) {
            struct net_client *other = net_client_create(server.url);
            assert_int_equal(net_get(other, "/livez"), 200);
            assert_int_equal(net_get(other, net_path(&share, "/data")), 200);
            net_client_destroy(other);
        }
    }
    for (unsigned n = 1; n <= 20; n++)
        sync_number(&share, n);
    for (int i = 0; i < VIEWERS; i++)
        for (unsigned n = 1; n <= 20; n++)
            expect_next(&viewers[i], n + 1, n);
    for (int i = 0; i < VIEWERS; i += 2)
        net_stream_close(&viewers[i]);
    sync_number(&share, 21);
    for (int i = 1; i < VIEWERS; i += 2) {
        expect_next(&viewers[i], 22, 21);
        net_stream_close(&viewers[i]);
    }
}

/* Connections that are kept for later, many more than there are threads: others are answered. */
static void idle_connections_leave_room(void **state)
{
    struct net_client *idle[40];
    (void)state;
    for (int i = 0; i < 40; i++) {
        idle[i] = net_client_create(server.url);
        assert_int_equal(net_get(idle[i], "/livez"), 200);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(net_get(idle[i], "/livez"), 200);
        net_client_destroy(idle[i]);
    }
}

/* Ones that read nothing: syncs go on as ever, other viewers see all, and what they don't take
   isn't kept for them in memory. */
static void deaf_viewers(void **state)
{
    struct net_share share = new_share();
    struct net_stream deaf[20], stream;
    struct net_sse event;
    struct buf item = {0};
    unsigned syncs = NET_SANITIZED ? 40 : 120;
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_true(net_stream_open_small(&deaf[i], server.port, 4096));
        net_stream_print(&deaf[i], "GET /api/share/%s/live HTTP/1.1\r\nHost: x\r\n\r\n", share.id);
    }
    open_live(&stream, &share, "", 0);
    buf_add(&item, "{\"type\":\"x\",\"data\":\"", 20);
    for (int i = 0; i < 16384; i++)
        buf_add(&item, "0123456789abcde ", 16);
    buf_add(&item, "\"}", 2);
    unsigned long before = net_server_peak_kib(&server);
    for (unsigned n = 0; n < syncs; n++) {
        assert_int_equal(net_sync_span(client, &share, buf_span(&item)), 200);
        assert_true(net_sse_next(&stream, &event, NET_WAIT_MS));
        assert_int_equal(event.id, n + 2);
    }
    /* 20 × 120 × 256 KiB would be 600 MB. */
    if (!NET_SANITIZED) assert_true(net_server_peak_kib(&server) - before < 150 * 1024);
    net_stream_close(&stream);
    if (net_rounds() >= 10) /* dropped after 30 s without taking a byte */
        for (int i = 0; i < 20; i++)
            assert_true(net_stream_ends(&deaf[i], NET_WAIT_MS));
    for (int i = 0; i < 20; i++)
        net_stream_close(&deaf[i]);
    buf_fini(&item);
}

static void too_many(void **state)
{
    struct net_server small;
    struct net_stream viewers[3];
    struct net_share share;
    (void)state;
    net_server_open(&small, (const char *[]){"--viewers", "2", NULL});
    struct net_client *own = net_client_create(small.url);
    assert_true(net_create(own, net_session_id(), &share));
    const char *path = net_text("/api/share/%s/live", share.id);
    assert_int_equal(net_sse_open(&viewers[0], small.port, path, 0), 200);
    assert_int_equal(net_sse_open(&viewers[1], small.port, path, 0), 200);
    assert_int_equal(net_sse_open(&viewers[2], small.port, path, 0), 503);
    net_stream_close(&viewers[0]);
    net_stream_close(&viewers[2]);
    uint64_t since = 0; /* there is room again as soon as the end was noticed */
    int status;
    while ((status = net_sse_open(&viewers[2], small.port, path, 0)) == 503) {
        net_stream_close(&viewers[2]);
        net_wait(&since);
    }
    assert_int_equal(status, 200);
    /* A stop lets viewers go. */
    net_server_stop(&small);
    assert_true(net_stream_ends(&viewers[1], NET_WAIT_MS));
    net_stream_close(&viewers[1]);
    net_stream_close(&viewers[2]);
    net_client_destroy(own);
    net_server_close(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_as_it_grows),
        cmocka_unit_test(resumes_where_it_was),
        cmocka_unit_test(cut_off_again_and_again),
        cmocka_unit_test(line_ends_do_not_end_an_event),
        cmocka_unit_test(a_large_batch),
        cmocka_unit_test(quiet),
        cmocka_unit_test(refused),
        cmocka_unit_test(ends_with_the_share),
        cmocka_unit_test(many_viewers),
        cmocka_unit_test(idle_connections_leave_room),
        cmocka_unit_test(deaf_viewers),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests(tests, open_all, close_server);
}
