/* History, one event, and compare: over every capture, page by page, and with hostile content. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "http/pages/history/change.h"
#include "http/pages/history/page_event.h"
#include "http/pages/history/page_history.h"
#include "http/pages/text/spread.h"
#include "tests/support/http_capture.h"

#include <stdio.h>
#include <stdlib.h>

static void assert_whole(void)
{
    assert_false(got.aborted);
    assert_string_equal(got.type, "text/html; charset=utf-8");
    assert_has("</html>");
}

/* ---- real sessions ---- */

static uint64_t last_sequence(const struct share *share)
{
    struct sl_share_info info;
    assert_int_equal(sl_share_info(ask_store, sl_span_of(share->id), &info, NULL), SL_OK);
    return info.sequence;
}

/* Every event is a row of some page, once, in either order; each has a page; each two neighbours
   can be compared. */
static void of_a_share(const struct share *share)
{
    char text[96];
    uint64_t last = last_sequence(share), rows = 0;
    for (uint64_t from = last; from > 0; from = from > HISTORY_ROWS ? from - HISTORY_ROWS : 0) {
        snprintf(text, sizeof(text), "/history?from=%llu", (unsigned long long)from);
        assert_int_equal(get(share_page(share, text)), 200);
        assert_whole();
        rows += times("<tr id=\"e");
        snprintf(text, sizeof(text), "<tr id=\"e%llu\">", (unsigned long long)from);
        assert_has(text);
    }
    assert_int_equal(rows, last);
    for (uint64_t sequence = 1; sequence <= last; sequence += 1 + last / 40) {
        snprintf(text, sizeof(text), "/history/%llu", (unsigned long long)sequence);
        assert_int_equal(get(share_page(share, text)), 200);
        assert_whole();
        assert_has("<dt>Previous leaf</dt>");
        snprintf(text, sizeof(text), "/compare?from=%llu", (unsigned long long)sequence);
        assert_int_equal(get(share_page(share, text)), 200);
        assert_whole();
    }
    assert_has("Nothing differs between these two");
}

static void real_sessions(void **state)
{
    struct capture capture;
    (void)state;
    for (size_t i = 0; captures[i]; i++) {
        capture_send(captures[i], &capture);
        for (size_t j = 0; j < capture.count; j++)
            if (!capture.removed[j]) of_a_share(&capture.shares[j]);
        capture_fini(&capture);
    }
}

/* ---- pages and filters ---- */

static struct share busy(unsigned events)
{
    struct share share = create("ses_busybusy", NULL);
    for (unsigned i = 2; i <= events; i++)
        assert_int_equal(sync_items(&share, i % 50 ? PART("x") : SESSION), 200);
    return share;
}

static void pages(void **state)
{
    (void)state;
    struct share a = busy(250);
    assert_int_equal(get(share_page(&a, "/history")), 200);
    assert_int_equal(times("<tr id="), 100);
    assert_has("<tr id=\"e250\">");
    assert_has("from=150\">Older</a>");
    assert_int_equal(get(share_page(&a, "/history?from=150")), 200);
    assert_has("from=250\">Newer</a>");
    assert_int_equal(get(share_page(&a, "/history?order=asc&from=201")), 200);
    assert_int_equal(times("<tr id="), 50);
    assert_has("order=asc&amp;from=101\">Older</a>");
    assert_int_equal(get(share_page(&a, "/history?type=session")), 200);
    assert_int_equal(times("<tr id="), 5);
    assert_has("<tr id=\"e50\">");
    assert_int_equal(get(share_page(&a, "/history?kind=create&order=asc")), 200);
    assert_int_equal(times("<tr id="), 1);
    assert_int_equal(get(share_page(&a, "/history?kind=remove")), 200);
    assert_int_equal(times("<tr id="), 0);
    assert_has("None of the 250 events looked through fits");
    assert_int_equal(get(share_page(&a, "/history?from=&kind=&type=&order=desc")), 200);
    assert_int_equal(times("<tr id="), 100);
    assert_int_equal(get(share_page(&a, "/history?from=2999-01-01T00:00Z")), 200);
    assert_has("<tr id=\"e250\">");
    assert_int_equal(get(share_page(&a, "/history?from=1999-01-01")), 404);
    static const struct {
        const char *rest;
        int status;
    } wrong[] = {{"/history?from=251", 404}, {"/history?from=0", 404}, {"/history?from=x", 400},
        {"/history?order=up", 400}, {"/history?kind=%3Cb%3E", 400}, {"/history?type=%zz", 400},
        {"/history?from=1&from=2", 400}, {"/history/251", 404}, {"/history/0", 404},
        {"/history/2?item=0", 400}, {"/compare?from=0", 404}, {"/compare?from=1&to=251", 404},
        {"/compare?item=x", 400}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(get(share_page(&a, wrong[i].rest)), wrong[i].status);
        assert_whole();
    }
    assert_int_equal(get("/share/nothing/history"), 404);
}

/* ---- what changed ---- */

static void changes(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(get(share_page(&a, "/history/2")), 200);
    assert_int_equal(times("class=\"change added\""), 2);
    assert_has("language-json\">{\n  &quot;id&quot;: &quot;ses_abcdefgh&quot;,\n");
    assert_int_equal(get(share_page(&a, "/history/4")), 200);
    assert_has("<article class=\"change edited\">\n<h3><code dir=\"auto\">part/msg_1/prt_1</code>");
    assert_has("&lt;script&gt;one&lt;/script&gt;");
    assert_has("&quot;text&quot;: &quot;two&quot;");
    assert_lacks("<script>one");
    char target[200];
    snprintf(target, sizeof(target), "href=\"/api/share/%s/events/4\"", a.id);
    assert_has(target);
    assert_int_equal(sync_items(&a, PART("two")), 200);
    assert_int_equal(get(share_page(&a, "/history/5")), 200);
    assert_has("sent again, unchanged");
    assert_int_equal(
        sync_items(&a, "{\"type\":\"message\",\"data\":{\"role\":\"user\",\"id\":\"msg_1\"}}"),
        200);
    assert_int_equal(get(share_page(&a, "/history/6")), 200);
    assert_has("Only the order or the spacing");
    assert_int_equal(get(share_page(&a, "/compare?from=2&to=4")), 200);
    assert_has("1 added, 0 changed, 0 removed");
    assert_int_equal(get(share_page(&a, "/compare?from=4&to=2")), 200);
    assert_has("0 added, 0 changed, 1 removed");
    assert_has("class=\"change removed\"");
    snprintf(target, sizeof(target), "href=\"/share/%s?at=4\"", a.id);
    assert_has(target);
    assert_int_equal(get(share_page(&a, "/history/1")), 200);
    assert_has("This share was created for the session");
}

static void many_items(void **state)
{
    struct buf body = {0};
    char item[128];
    (void)state;
    struct share a = create("ses_manymany", NULL);
    int len = snprintf(item, sizeof(item), "{\"secret\":\"%s\",\"data\":[", a.secret);
    buf_add(&body, item, (size_t)len);
    for (int i = 0; i < 250; i++) {
        len = snprintf(item, sizeof(item),
            "%s{\"type\":\"message\",\"data\":{\"id\":\"msg_%03d\",\"role\":\"user\"}}",
            i ? "," : "", i);
        buf_add(&body, item, (size_t)len);
    }
    buf_add(&body, "]}", 3);
    assert_int_equal(post(at(&a, "/sync"), body.ptr), 200);
    buf_fini(&body);
    assert_int_equal(get(share_page(&a, "/history/2")), 200);
    assert_int_equal(times("<article "), EVENT_ITEMS);
    assert_has("history/2?item=101\">Items after</a>");
    assert_int_equal(get(share_page(&a, "/history/2?item=201")), 200);
    assert_int_equal(times("<article "), 50);
    assert_has("message/msg_249");
    assert_has("history/2?item=101\">Items before</a>");
    assert_int_equal(get(share_page(&a, "/compare?from=1&to=2")), 200);
    assert_int_equal(times("<article "), 100);
    assert_has("250 added");
    assert_int_equal(get(share_page(&a, "/compare?from=1&to=2&item=201")), 200);
    assert_int_equal(times("<article "), 50);
    assert_int_equal(get(share_page(&a, "/compare?from=1&to=2&item=999")), 200);
    assert_whole();
}

/* ---- hostile content ---- */

static void hostile(void **state)
{
    static const char *const items[] = {
        "{\"type\":\"<script>alert(1)</script>\",\"data\":{\"id\":\"\\\"><img src=x>\"}}",
        "{\"type\":\"x\\\"onload=1 y\",\"data\":\"\\u0000\\u202e</pre><svg/onload=1>\"}",
        "{\"type\":\"part\",\"data\":{\"id\":\"</b>\",\"messageID\":\"<b>\",\"text\":{\"a\":null}}}",
        "{\"type\":\"session\",\"data\":[1,2,{\"title\":\"<i>\"}]}",
        "{\"type\":\"session\",\"data\":null}",
        "{\"type\":\"message\",\"data\":{\"id\":\"<style>\",\"role\":{}}}",
        "{\"type\":\"model\",\"data\":{\"id\":\"</code>\"}}",
        "{\"type\":\"session_diff\",\"data\":\"<table>\"}",
    };
    static const char *const live[] = {
        "<script>alert", "<img", "<svg", "<b>", "<i>", "<style>", "\"onload", "\"><"};
    char rest[96];
    (void)state;
    struct share a = create("ses_hostile1", NULL);
    size_t count = sizeof(items) / sizeof(*items);
    for (size_t i = 0; i < count; i++)
        if (sync_items(&a, items[i]) != 200) fail_msg("%s: %s", items[i], got.body);
    for (size_t i = 0; i <= 3 * count; i++) {
        snprintf(rest, sizeof(rest),
            i == 0           ? "/history"
            : i <= count     ? "/history/%zu"
            : i <= 2 * count ? "/compare?from=%zu"
                             : "/compare?to=%zu",
            (i - 1) % count + 2);
        assert_int_equal(get(share_page(&a, rest)), 200);
        assert_whole();
        for (size_t j = 0; j < 6; j++)
            assert_lacks(live[j]);
    }
    assert_int_equal(get(share_page(&a, "/history?type=%22%3E%3Cscript%3Ealert(1)")), 200);
    assert_lacks("<script>alert");
    assert_int_equal(get(share_page(&a, "/history?type=%3Cscript%3Ealert(1)%3C/script%3E")), 200);
    assert_int_equal(times("<tr id="), 1);
    assert_int_equal(get(share_page(&a, "/history?from=%3Cscript%3Ealert(1)")), 400);
    assert_lacks("<script>alert");
}

static void removed(void **state)
{
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(ask(&(struct asking){
                         .method = "DELETE", .target = at(&a, ""), .auth = "Bearer " ASK_OWNER}),
        200);
    static const char *const rests[] = {"/history", "/history/2", "/compare?from=1&to=2"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(get(share_page(&a, rests[i])), 410);
        assert_has("and removed on 20");
        assert_int_equal(get_as_owner(share_page(&a, rests[i])), i < 2 ? 200 : 410);
        assert_whole();
        assert_lacks("script&gt;one");
    }
    assert_int_equal(get_as_owner(share_page(&a, "/history")), 200);
    assert_int_equal(times("<tr id="), 5);
    assert_has("<td>remove</td>");
    assert_lacks(share_page(&a, "?at="));
    assert_int_equal(get_as_owner(share_page(&a, "/history/5")), 200);
    assert_int_equal(get_as_owner(share_page(&a, "/history/2?item=3")), 200);
    assert_int_equal(get_as_owner(share_page(&a, "/history?from=2030-01-01")), 200);
}

/* ---- JSON over lines ---- */

static void spread(void **state)
{
    static const struct {
        const char *in, *json, *lines;
    } cases[] = {
        {"{}", "{}", "{}"},
        {"[ ]", "[]", "[]"},
        {"12", "12", "12"},
        {"{\"b\":1,\"a\":[true,{}]}", "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    {}\n  ]\n}",
            "{\n  \"a\": [\n    true,\n    {}\n  ],\n  \"b\": 1\n}"},
        {"[\"a\\nb\\\"\",\"\\\\n\"]", "[\n  \"a\\nb\\\"\",\n  \"\\\\n\"\n]",
            "[\n  |\n    a\n    b\",\n  \"\\\\n\"\n]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buf out = {0};
        spread_add(&out, sl_span_of(cases[i].in), SPREAD_JSON);
        buf_add(&out, "", 1);
        assert_string_equal(out.ptr, cases[i].json);
        buf_clear(&out);
        spread_add(&out, sl_span_of(cases[i].in), SPREAD_LINES);
        buf_add(&out, "", 1);
        assert_string_equal(out.ptr, cases[i].lines);
        buf_fini(&out);
    }
    struct buf deep = {0}, out = {0};
    for (int i = 0; i < 400; i++)
        buf_add(&deep, "[", 1);
    for (int i = 0; i < 400; i++)
        buf_add(&deep, "]", 1);
    spread_add(&out, buf_span(&deep), SPREAD_LINES);
    assert_false(out.failed);
    buf_fini(&deep);
    buf_fini(&out);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, ask_open_public, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(real_sessions),
        ON(pages),
        ON(changes),
        ON(many_items),
        ON(hostile),
        ON(removed),
        cmocka_unit_test(spread),
    };
    return cmocka_run_group_tests_name("history pages", tests, NULL, NULL);
}
