/* Reading over real sockets: moments, history, changes, lists, encodings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

#define DATA_2 "[" NET_MESSAGE("m1") "," NET_SESSION("A") "]"
#define DATA_3 "[" NET_MESSAGE("m1") "," NET_PART("m1", "p1", "one") "," NET_SESSION("A") "]"
#define DATA_4 "[" NET_MESSAGE("m1") "," NET_PART("m1", "p1", "two") "," NET_SESSION("A") "]"

/* Sequence 1 its creation, 2 a session and a message, 3 a part, 4 the part again; some milliseconds
   between them. */
static struct net_share filled(void)
{
    struct net_share share;
    assert_true(net_create(client, net_session_id(), &share));
    net_pause_ms(3);
    net_sync(client, &share, NET_SESSION("A") "," NET_MESSAGE("m1"));
    net_pause_ms(3);
    net_sync(client, &share, NET_PART("m1", "p1", "one"));
    net_pause_ms(3);
    net_sync(client, &share, NET_PART("m1", "p1", "two"));
    net_expect_status(client, 200);
    return share;
}

/* A member of the last answer, at a path of names and indexes. */
static struct sl_span find(const char *path)
{
    struct sl_span at = net_body_span(client), next = {"", 0};
    char names[128], *rest = names, *name;
    assert_int_equal(json_check(at, 512, NULL), SL_OK);
    snprintf(names, sizeof(names), "%s", path);
    while ((name = strsep(&rest, "."))) {
        bool found = false;
        if (json_kind_of(at) == JSON_ARRAY) {
            struct sl_span list = at;
            for (long i = strtol(name, NULL, 10); i >= 0; i--)
                found = json_next(&list, &next);
        } else {
            found = json_get(at, name, &next);
        }
        if (!found) fail_msg("no %s in %s", path, net_answer(client)->body);
        at = next;
    }
    return at;
}

static uint64_t number(const char *path)
{
    uint64_t value = 0;
    assert_true(json_u64(find(path), &value));
    return value;
}

static void expect_text(const char *path, const char *want)
{
    struct sl_span value = find(path);
    if (!sl_span_eq(value, sl_span_of(want)))
        fail_msg("%s: %.*s, not %s", path, (int)value.len, value.ptr, want);
}

/* ---- moments ---- */

static void at_a_sequence(void **state)
{
    struct net_share share = filled();
    const char *const want[] = {"[]", DATA_2, DATA_3, DATA_4};
    (void)state;
    for (int i = 1; i <= 4; i++) {
        net_get(client, net_path(&share, net_text("/data?at=%d", i)));
        net_expect(client, 200, want[i - 1]);
    }
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200, DATA_4);
    assert_string_equal(net_header(client, "Cache-Control"), "private, no-store");
    net_get(client, net_path(&share, "?at=3"));
    expect_text("parts.0.text", "\"one\"");
    assert_int_equal(number("metadata.syncCount"), 2);
    net_get(client, net_path(&share, "/metadata?at=2"));
    assert_int_equal(number("partCount"), 0);
    assert_int_equal(number("syncCount"), 1);
    const char *const rests[] = {"", "/data", "/metadata"};
    for (size_t i = 0; i < 3; i++) {
        net_get(client, net_path(&share, net_text("%s?at=5", rests[i])));
        net_expect_error(client, 404, "no sequence 5: there are 1 to 4");
        net_get(client, net_path(&share, net_text("%s?at=0", rests[i])));
        net_expect_error(client, 404, "no sequence 0: there are 1 to 4");
        net_get(client, net_path(&share, net_text("%s?at=x", rests[i])));
        net_expect_error(client, 400, "at: expected a sequence");
    }
}

/* A time as ISO 8601, in a zone some hours east or west of Greenwich. */
static const char *iso(uint64_t ms, int hours)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000) + hours * 3600;
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    if (hours == 0) return net_text("%s.%03uZ", text, (unsigned)(ms % 1000));
    return net_text("%s.%03u%s%02d:00", text, (unsigned)(ms % 1000), hours < 0 ? "-" : "%2B",
        hours < 0 ? -hours : hours);
}

static void at_a_time(void **state)
{
    struct net_share share = filled();
    const char *const want[] = {"[]", DATA_2, DATA_3, DATA_4};
    uint64_t times[4];
    (void)state;
    net_get(client, net_path(&share, "/events"));
    for (int i = 0; i < 4; i++)
        times[i] = number(net_text("events.%d.time", i));
    for (int i = 0; i < 4; i++) {
        assert_true(i == 0 || times[i] > times[i - 1]);
        net_get(client, net_path(&share, net_text("/data?t=%llu", (unsigned long long)times[i])));
        net_expect(client, 200, want[i]);
        for (int hours = -5; hours <= 5; hours += 5) {
            net_get(client, net_path(&share, net_text("/data?t=%s", iso(times[i], hours))));
            net_expect(client, 200, want[i]);
        }
        if (i == 0) continue;
        net_get(
            client, net_path(&share, net_text("/data?t=%llu", (unsigned long long)times[i] - 1)));
        net_expect(client, 200, want[i - 1]);
    }
    net_get(client, net_path(&share, "/data?t=2999-01-01"));
    net_expect(client, 200, DATA_4);
    net_get(client, net_path(&share, net_text("?t=%llu", (unsigned long long)times[0] - 1)));
    net_expect_status(client, 404);
    net_expect_has(client, net_text("%llu", (unsigned long long)times[0]));
    net_expect_has(client, net_text("%llu", (unsigned long long)times[3]));
    const char *const wrong[] = {"t=yesterday", "t=", "t=2026-02-30", "t=-1", "t=1&t=2", "at=1&t=1",
        "t=%00", "t=2026-01-01T00:00:00"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        net_get(client, net_path(&share, net_text("/data?%s", wrong[i])));
        net_expect_status(client, 400);
    }
}

static void metadata(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_sync(client, &share,
        "{\"type\":\"model\",\"data\":[{\"id\":\"a\",\"providerID\":\"p\"},{\"id\":\"b\","
        "\"providerID\":\"p\"}]},{\"type\":\"session_diff\",\"data\":[{\"file\":\"x\"}]}");
    net_get(client, net_path(&share, "/metadata"));
    expect_text("id", net_text("\"%s\"", share.id));
    expect_text("title", "\"A\"");
    expect_text("directory", "\"/w\"");
    assert_int_equal(number("messageCount"), 1);
    assert_int_equal(number("partCount"), 1);
    assert_int_equal(number("diffCount"), 1);
    assert_int_equal(number("modelCount"), 2);
    assert_int_equal(number("syncCount"), 4);
    assert_true(number("lastUpdated") > number("createdAt"));
    assert_null(strstr(net_answer(client)->body, share.secret));
    net_get(client, net_path(&share, ""));
    assert_null(strstr(net_answer(client)->body, share.secret));
    expect_text("diffs", "[{\"file\":\"x\"}]");
    net_sync(client, &share, "{\"type\":\"session_diff\",\"data\":[{\"file\":\"y\"}]}");
    net_get(client, net_path(&share, ""));
    expect_text("diffs", "[{\"file\":\"x\"},{\"file\":\"y\"}]");
    net_get(client, net_path(&share, "?diffs=latest"));
    expect_text("diffs", "[{\"file\":\"y\"}]");
    net_get(client, net_path(&share, "?diffs=some"));
    net_expect_status(client, 400);
}

static void models_are_merged(void **state)
{
    struct net_share share;
    (void)state;
    assert_true(net_create(client, net_session_id(), &share));
    net_sync(client, &share,
        "{\"type\":\"model\",\"data\":[{\"id\":\"a\",\"providerID\":\"p\"},{\"id\":\"b\","
        "\"providerID\":\"p\"}]}");
    net_sync(
        client, &share, "{\"type\":\"model\",\"data\":[{ \"id\":\"a\",\"providerID\":\"p\"}]}");
    net_get(client, net_path(&share, "/data"));
    net_expect(client, 200,
        "[{\"type\":\"model\",\"data\":[{ \"id\":\"a\",\"providerID\":\"p\"},{\"id\":\"b\","
        "\"providerID\":\"p\"}]}]");
}

/* ---- history ---- */

static void history(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, net_path(&share, "/events"));
    net_expect_status(client, 200);
    expect_text("next", "null");
    expect_text("events.0.kind", "\"create\"");
    expect_text("events.1.kind", "\"sync\"");
    expect_text("events.1.types", "{\"message\":1,\"session\":1}");
    assert_int_equal(number("events.1.items"), 2);
    assert_int_equal(number("events.3.seq"), 4);
    assert_int_equal(find("events.3.hash").len, 66);
    net_get(client, net_path(&share, "/events?from=2&limit=2"));
    assert_int_equal(number("events.0.seq"), 2);
    assert_int_equal(number("events.1.seq"), 3);
    assert_int_equal(number("next"), 4);
    net_get(client, net_path(&share, "/events?order=desc&limit=3"));
    assert_int_equal(number("events.0.seq"), 4);
    assert_int_equal(number("events.2.seq"), 2);
    assert_int_equal(number("next"), 1);
    net_get(client, net_path(&share, "/events?order=desc&from=1"));
    assert_int_equal(number("events.0.seq"), 1);
    expect_text("next", "null");
    net_get(client, net_path(&share, "/events?from=9"));
    net_expect(client, 200, "{\"events\":[],\"next\":null}");
    const char *const wrong[] = {"limit=0", "limit=1001", "limit=x", "order=up", "from=-1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        net_get(client, net_path(&share, net_text("/events?%s", wrong[i])));
        net_expect_status(client, 400);
    }
    net_get(client, "/api/share/nobody00/events");
    net_expect_error(client, 404, "Share not found");
}

static void one_event(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, net_path(&share, "/events/2"));
    expect_text("data", "[" NET_SESSION("A") "," NET_MESSAGE("m1") "]");
    expect_text("kind", "\"sync\"");
    expect_text("items.0.key", "\"session\"");
    expect_text("items.1.key", "\"message/m1\"");
    assert_true(find("header").len > 40);
    assert_int_equal(find("nonce").len, 46);
    assert_int_equal(find("salt").len, 46);
    assert_int_equal(find("leaf").len, 66);
    net_get(client, net_path(&share, "/events/1"));
    expect_text("kind", "\"create\"");
    assert_null(strstr(net_answer(client)->body, share.secret));
    net_get(client, net_path(&share, "/events/5"));
    net_expect_status(client, 404);
    net_get(client, net_path(&share, "/events/0"));
    net_expect_status(client, 404);
}

static void changes(void **state)
{
    struct net_share share = filled();
    (void)state;
    net_get(client, net_path(&share, "/changes?from=1&to=2"));
    net_expect(client, 200,
        "{\"from\":1,\"to\":2,\"added\":[\"message/m1\",\"session\"],\"changed\":[],\"removed\":[]}");
    net_get(client, net_path(&share, "/changes?from=3"));
    net_expect(client, 200,
        "{\"from\":3,\"to\":4,\"added\":[],\"changed\":[\"part/m1/p1\"],\"removed\":[]}");
    net_get(client, net_path(&share, "/changes?from=4&to=2"));
    net_expect(client, 200,
        "{\"from\":4,\"to\":2,\"added\":[],\"changed\":[],\"removed\":[\"part/m1/p1\"]}");
    net_sync(client, &share, NET_PART("m1", "p1", "two")); /* sent again is not changed */
    net_get(client, net_path(&share, "/changes?from=4&to=5"));
    net_expect(client, 200, "{\"from\":4,\"to\":5,\"added\":[],\"changed\":[],\"removed\":[]}");
    net_get(client, net_path(&share, "/changes?from=1&to=6"));
    net_expect_status(client, 404);
    net_get(client, net_path(&share, "/changes"));
    net_expect_error(client, 400, "from: missing");
    net_get(client, "/api/share/nobody00/changes?from=1");
    net_expect_error(client, 404, "Share not found");
}

/* ---- lists ---- */

static void list_of_sessions(void **state)
{
    struct net_share first = filled(), second = filled();
    (void)state;
    net_sync(client, &first, NET_MESSAGE("m9"));
    net_get_as(client, "/api/sessions", NET_AS_OWNER);
    net_expect_status(client, 200);
    expect_text("sessions.0.id", net_text("\"%s\"", first.id));
    expect_text("sessions.1.id", net_text("\"%s\"", second.id));
    assert_int_equal(number("sessions.0.messageCount"), 2);
    assert_null(strstr(net_answer(client)->body, first.secret));
    uint64_t count = number("count"), seen = 0, next = 0;
    do {
        net_get_as(client,
            next ? net_text("/api/sessions?limit=2&cursor=%llu", (unsigned long long)next)
                 : "/api/sessions?limit=2",
            NET_AS_OWNER);
        struct sl_span list = find("sessions"), entry, value = find("next");
        while (json_next(&list, &entry))
            seen++;
        next = 0;
        json_u64(value, &next);
    } while (next && seen <= count);
    assert_int_equal(seen, count);
}

static void log_of_all(void **state)
{
    (void)state;
    filled();
    net_get_as(client, "/api/events", NET_AS_OWNER);
    net_expect_status(client, 200);
    assert_string_equal(net_header(client, "Content-Type"), "application/x-ndjson");
    const char *line = net_answer(client)->body, *end;
    uint64_t position = 0, value = 0;
    for (; (end = strchr(line, '\n')); line = end + 1, position++) {
        struct sl_span text = {line, (size_t)(end - line)}, field;
        assert_int_equal(json_check(text, 64, NULL), SL_OK);
        assert_true(json_get(text, "position", &field) && json_u64(field, &value));
        assert_int_equal(value, position);
        assert_true(json_get(text, "id", &field) && json_get(text, "hash", &field));
    }
    assert_int_equal(*line, 0);
    assert_true(position >= 4);
    net_get_as(
        client, net_text("/api/events?from=%llu", (unsigned long long)position - 1), NET_AS_OWNER);
    assert_memory_equal(net_answer(client)->body, "{\"id\":\"", 7);
    assert_ptr_equal(strchr(net_answer(client)->body, '\n'),
        net_answer(client)->body + net_answer(client)->len - 1);
    net_get_as(client, "/api/events?limit=2", NET_AS_OWNER);
    assert_non_null(strchr(strchr(net_answer(client)->body, '\n') + 1, '\n'));
    net_get_as(
        client, net_text("/api/events?from=%llu", (unsigned long long)position), NET_AS_OWNER);
    net_expect(client, 200, "");
}

/* ---- encodings ---- */

/* A share whose /data is large and compresses well. */
static struct net_share large(void)
{
    struct net_share share;
    static char item[700000];
    assert_true(net_create(client, net_session_id(), &share));
    for (int i = 0; i < 3; i++) {
        int head = snprintf(item, sizeof(item),
            "{\"type\":\"part\",\"data\":{\"id\":\"p%d\",\"messageID\":\"m\",\"text\":\"", i);
        size_t at = (size_t)head;
        while (at < sizeof(item) - 64)
            at += (size_t)snprintf(item + at, 32, "line %zu of it\\n", at);
        strcpy(item + at, "\"}}");
        assert_int_equal(net_sync(client, &share, item), 200);
    }
    return share;
}

static size_t gunzip(struct sl_span in, char *out, size_t cap)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)in.ptr,
        .avail_in = (uInt)in.len,
        .next_out = (Bytef *)out,
        .avail_out = (uInt)cap};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
    return stream.total_out;
}

static size_t unzstd(struct sl_span in, char *out, size_t cap)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer from = {in.ptr, in.len, 0};
    ZSTD_outBuffer to = {out, cap, 0};
    size_t left = 1;
    while (left && from.pos < from.size) {
        left = ZSTD_decompressStream(context, &to, &from);
        assert_false(ZSTD_isError(left));
    }
    assert_int_equal(left, 0);
    assert_int_equal(from.pos, from.size);
    ZSTD_freeDCtx(context);
    return to.pos;
}

static void encodings(void **state)
{
    struct net_share share = large();
    const struct {
        const char *accept, *encoding;
    } asks[] = {{"gzip", "gzip"}, {"zstd", "zstd"}, {"gzip, deflate, br, zstd", "zstd"},
        {"identity", ""}, {"br", ""}, {"gzip;q=0", ""}, {"zstd;q=0.1, gzip;q=0.9", "gzip"},
        {"*;q=0, gzip", "gzip"}};
    const char *const rests[] = {"/data", "", "/events/2", "/data?at=2"};
    size_t cap = 4 * 1024 * 1024;
    char *plain = malloc(cap), *decoded = malloc(cap);
    (void)state;
    for (size_t r = 0; r < sizeof(rests) / sizeof(*rests); r++) {
        net_get(client, net_path(&share, rests[r]));
        net_expect_status(client, 200);
        assert_string_equal(net_header(client, "Content-Encoding"), "");
        size_t len = net_answer(client)->len;
        assert_true(len > 600000 && len < cap);
        memcpy(plain, net_answer(client)->body, len);
        for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
            net_get_as(client, net_path(&share, rests[r]),
                net_text("Accept-Encoding: %s", asks[i].accept));
            net_expect_status(client, 200);
            assert_string_equal(net_header(client, "Content-Encoding"), asks[i].encoding);
            assert_non_null(strcasestr(net_header(client, "Vary"), "accept-encoding"));
            struct sl_span body = net_body_span(client);
            if (!*asks[i].encoding) {
                assert_int_equal(body.len, len);
                assert_memory_equal(body.ptr, plain, len);
                continue;
            }
            assert_true(body.len < len / 2);
            size_t got = asks[i].encoding[0] == 'g' ? gunzip(body, decoded, cap)
                                                    : unzstd(body, decoded, cap);
            assert_int_equal(got, len);
            assert_memory_equal(decoded, plain, len);
        }
    }
    free(plain);
    free(decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_a_sequence),
        cmocka_unit_test(at_a_time),
        cmocka_unit_test(metadata),
        cmocka_unit_test(models_are_merged),
        cmocka_unit_test(history),
        cmocka_unit_test(one_event),
        cmocka_unit_test(changes),
        cmocka_unit_test(list_of_sessions),
        cmocka_unit_test(log_of_all),
        cmocka_unit_test(encodings),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
