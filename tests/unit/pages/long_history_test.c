/* A history of 21,000 events: every page of it, every link between them, filters that find little
   or nothing, and its ends compared. 100,000 from ten rounds on (make test-full); SL_TEST_EVENTS
   says how many. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "http/pages/history/page_history.h"
#include "tests/support/core_store.h"
#include "tests/support/http_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 21000 /* more than one scan of a filter */
#define MANY_EVENTS 100000
#define PARTS 50 /* the session's state stays small */
#define RARE 777 /* the one event with an item of type `rare` */
#define TITLED 5000

static struct share share;
static uint64_t events;

static int make_share(void **state)
{
    const char *text = getenv("SL_TEST_EVENTS");
    char body[512];
    if (ask_open_public(state) != 0) return -1;
    events = text && *text ? strtoull(text, NULL, 10) : core_rounds() < 10 ? EVENTS : MANY_EVENTS;
    share = create("ses_longhist", NULL);
    for (uint64_t n = 2; n <= events; n++) {
        struct sl_synced synced;
        struct sl_err err = {0};
        if (n == RARE)
            snprintf(body, sizeof(body),
                "{\"secret\":\"%s\",\"data\":[{\"type\":\"rare\",\"data\":7}]}", share.secret);
        else if (n % TITLED == 0)
            snprintf(body, sizeof(body), "{\"secret\":\"%s\",\"data\":[" SESSION "," MESSAGE "]}",
                share.secret);
        else
            snprintf(body, sizeof(body),
                "{\"secret\":\"%s\",\"data\":[{\"type\":\"part\",\"data\":{\"id\":\"prt_%u\","
                "\"messageID\":\"msg_1\",\"type\":\"text\",\"text\":\"version %llu\"}}]}",
                share.secret, (unsigned)(n % PARTS), (unsigned long long)n);
        if (sl_share_sync(ask_store, sl_span_of(share.id), sl_span_of(body), n, &synced, &err) !=
                SL_OK ||
            synced.sequence != n) {
            print_error("%s\n", err.text);
            return -1;
        }
    }
    return 0;
}

static void get_page(const char *rest)
{
    char target[512];
    snprintf(target, sizeof(target), "/share/%s%s", share.id, rest);
    if (get(target) != 200) fail_msg("%s: %d %s", target, got.status, got.body);
    assert_false(got.aborted);
}

/* Where the link of this text leads, without the share's part of the address. */
static bool link_of(const char *text, char rest[256])
{
    char end[64];
    const char *href, *at;
    snprintf(end, sizeof(end), "\">%s</a>", text);
    const char *found = strstr(got.body, "<nav class=\"pages\"");
    if (!found || !(found = strstr(found, end))) return false;
    for (href = found; strncmp(href, "href=\"", 6) != 0; href--)
        assert_true(href > got.body);
    at = strstr(href, "/history");
    assert_true(at && at < found);
    size_t len = 0;
    for (; at < found; at++) {
        assert_true(len < 255);
        rest[len++] = *at;
        if (strncmp(at, "&amp;", 5) == 0) at += 4;
    }
    rest[len] = 0;
    return true;
}

/* The rows of a page: their first and last sequence, and that there is no gap between them. */
static size_t rows(uint64_t *first, uint64_t *last)
{
    size_t count = 0;
    for (const char *at = got.body; (at = strstr(at, "<tr id=\"e")); count++) {
        uint64_t sequence = strtoull(at += 9, NULL, 10);
        if (!count) *first = sequence;
        if (count && sequence != *last + 1 && sequence != *last - 1)
            fail_msg("%llu behind %llu", (unsigned long long)sequence, (unsigned long long)*last);
        *last = sequence;
    }
    return count;
}

/* Along the links of one text from a page on: every event once, in order. */
static void walk(const char *rest, const char *forward, bool up)
{
    char next[256];
    uint64_t first, last, expected = up ? 1 : events, seen = 0, pages = 0;
    snprintf(next, sizeof(next), "%s", rest);
    do {
        get_page(next);
        size_t count = rows(&first, &last);
        assert_in_range(count, 1, HISTORY_ROWS);
        assert_int_equal(first, expected);
        assert_int_equal(last, up ? first + count - 1 : first - count + 1);
        expected = up ? last + 1 : last - 1;
        seen += count;
        pages++;
    } while (link_of(forward, next));
    assert_int_equal(seen, events);
    assert_int_equal(pages, (events + HISTORY_ROWS - 1) / HISTORY_ROWS);
}

static void forward(void **state)
{
    (void)state;
    walk("/history", "Older", false);
    walk("/history?order=asc", "Newer", true);
}

/* Back along the other links, from the far end: no event is passed over. */
static void walk_back(const char *rest, const char *back, uint64_t end)
{
    char next[256];
    uint64_t first = 0, last = 0, edge = 0, pages = 0;
    snprintf(next, sizeof(next), "%s", rest);
    do {
        get_page(next);
        size_t count = rows(&first, &last);
        assert_true(count > 0);
        /* pages may overlap at the end, and never leave a gap */
        if (pages) assert_true(end == 1 ? last + 1 >= edge : last <= edge + 1);
        edge = first;
        pages++;
    } while (link_of(back, next));
    assert_int_equal(first, end);
    assert_in_range(pages, events / HISTORY_ROWS, events / HISTORY_ROWS + 2);
}

static void backward(void **state)
{
    char rest[64];
    (void)state;
    snprintf(rest, sizeof(rest), "/history?from=%u", HISTORY_ROWS / 2);
    walk_back(rest, "Newer", events);
    snprintf(rest, sizeof(rest), "/history?order=asc&from=%llu", (unsigned long long)events - 50);
    walk_back(rest, "Older", 1);
}

static void middle(void **state)
{
    char rest[96], mark[64];
    uint64_t first, last;
    (void)state;
    for (uint64_t n = 1; n <= events; n += events / 7) {
        snprintf(rest, sizeof(rest), "/history?from=%llu", (unsigned long long)n);
        get_page(rest);
        assert_int_equal(rows(&first, &last), n < HISTORY_ROWS ? n : HISTORY_ROWS);
        assert_int_equal(first, n);
        snprintf(rest, sizeof(rest), "/history/%llu", (unsigned long long)n);
        get_page(rest);
        snprintf(rest, sizeof(rest), "?at=%llu", (unsigned long long)n);
        get_page(rest);
        snprintf(mark, sizeof(mark), " data-seq=\"%llu\"", (unsigned long long)n);
        assert_has(mark);
    }
    get_page("/timeline");
    size_t count = 0;
    for (const char *at = got.body; (at = strstr(at, "\"sync\"]")); at++)
        count++;
    assert_int_equal(count, events - 1);
}

/* A filter looks at so many events a request, says so, and goes on where it ended. */
static size_t filter(const char *rest, uint64_t *requests)
{
    char next[256];
    size_t found = 0;
    snprintf(next, sizeof(next), "%s", rest);
    *requests = 0;
    do {
        get_page(next);
        ++*requests;
        for (const char *at = got.body; (at = strstr(at, "<tr id=\"e")); at++)
            found++;
    } while (link_of("Look further", next) || link_of("Older", next));
    return found;
}

static void filters(void **state)
{
    uint64_t requests, scans = (events + HISTORY_SCAN - 1) / HISTORY_SCAN;
    char text[96];
    (void)state;
    assert_int_equal(filter("/history?type=nothing", &requests), 0);
    assert_int_equal(requests, scans);
    snprintf(text, sizeof(text), "None of the %d events looked through fits", HISTORY_SCAN);
    get_page("/history?type=nothing");
    assert_has(text);
    assert_int_equal(filter("/history?kind=remove", &requests), 0);
    assert_int_equal(requests, scans);
    assert_int_equal(filter("/history?type=rare", &requests), 1);
    assert_int_equal(requests, scans);
    assert_int_equal(filter("/history?type=session", &requests), events / TITLED);
    assert_int_equal(filter("/history?kind=create", &requests), 1);
}

static void compared(void **state)
{
    char rest[96], text[64];
    (void)state;
    snprintf(rest, sizeof(rest), "/compare?from=1&to=%llu", (unsigned long long)events);
    snprintf(text, sizeof(text), "%d added, 0 changed, 0 removed", PARTS + 3);
    get_page(rest);
    assert_has(text);
    snprintf(rest, sizeof(rest), "/compare?from=%llu&to=1", (unsigned long long)events);
    snprintf(text, sizeof(text), "0 added, 0 changed, %d removed", PARTS + 3);
    get_page(rest);
    assert_has(text);
    /* the last event is the session and its message as they were */
    snprintf(rest, sizeof(rest), "/compare?from=%llu&to=%llu", (unsigned long long)events - 11,
        (unsigned long long)events - 1);
    get_page(rest);
    assert_has("0 added, 10 changed, 0 removed");
    get_page("/compare");
    snprintf(rest, sizeof(rest), "/update?from=%llu&to=1", (unsigned long long)events);
    get_page(rest);
    assert_has("<template class=\"dropped\" data-id=\"msg_1\">");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward),
        cmocka_unit_test(backward),
        cmocka_unit_test(middle),
        cmocka_unit_test(filters),
        cmocka_unit_test(compared),
    };
    return cmocka_run_group_tests(tests, make_share, ask_close);
}
