/* The page of a session: whole at every moment of every recorded session, brought from one moment
   to another by its updates, and harmless and complete whatever an item holds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/core_store.h"
#include "tests/support/html_page.h"
#include "tests/support/http_ask.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- recorded sessions ---- */

#define SHARES 16

static struct replayed {
    struct share share;
    char recorded[64];
    uint64_t last;
} shares[SHARES];
static size_t shares_count;

static bool text_of(struct sl_span object, const char *name, char *out, size_t cap)
{
    struct sl_span value, raw;
    if (!json_get(object, name, &value) || !json_string_raw(value, &raw) || raw.len >= cap)
        return false;
    out[json_decode(raw, out)] = 0;
    return true;
}

static struct replayed *share_of(const char *path)
{
    char id[64];
    if (sscanf(path, "/api/share/%63[^/]/sync", id) != 1) return NULL;
    for (size_t i = 0; i < shares_count; i++) {
        if (!shares[i].recorded[0]) strcpy(shares[i].recorded, id);
        if (strcmp(shares[i].recorded, id) == 0) return &shares[i];
    }
    return NULL;
}

static void send_batch(const struct share *share, struct sl_span items)
{
    struct buf body = {0};
    buf_add_span(&body, SL_SPAN("{\"secret\":\""));
    buf_add_span(&body, sl_span_of(share->secret));
    buf_add_span(&body, SL_SPAN("\",\"data\":"));
    buf_add_span(&body, items);
    buf_add(&body, "}", 2);
    post(at(share, "/sync"), body.ptr);
    buf_fini(&body);
}

static void replay_line(struct sl_span line)
{
    char method[16], path[256], session[300], peer[16];
    struct sl_span body, items;
    assert_true(text_of(line, "method", method, sizeof(method)) &&
                text_of(line, "path", path, sizeof(path)));
    if (strcmp(method, "POST") != 0 || !json_get(line, "body", &body)) return;
    if (strcmp(path, "/api/share") == 0) {
        assert_true(shares_count < SHARES && text_of(body, "sessionID", session, sizeof(session)));
        snprintf(peer, sizeof(peer), "%zu", shares_count);
        shares[shares_count++] = (struct replayed){.share = create(session, peer), .last = 1};
        return;
    }
    struct replayed *replayed = share_of(path);
    assert_non_null(replayed);
    assert_true(json_get(body, "data", &items));
    send_batch(&replayed->share, items);
    assert_int_equal(got.status, 200);
    replayed->last++;
}

static void replay(const char *path)
{
    struct buf capture = {0};
    assert_true(core_read_file(path, &capture));
    shares_count = 0;
    const char *from = capture.ptr, *end = from + capture.len;
    while (from < end) {
        const char *line_end = memchr(from, '\n', (size_t)(end - from));
        if (!line_end) line_end = end;
        replay_line((struct sl_span){from, (size_t)(line_end - from)});
        from = line_end + 1;
    }
    buf_fini(&capture);
}

static void get_share(const char *id, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void get_share(const char *id, const char *format, ...)
{
    char rest[512], target[640];
    va_list args;
    va_start(args, format);
    vsnprintf(rest, sizeof(rest), format, args);
    va_end(args);
    snprintf(target, sizeof(target), "/share/%s%s", id, rest);
    get(target);
    if (got.status != 200) fail_msg("%s: %d %s", target, got.status, got.body);
    assert_false(got.aborted);
}

/* Links to items lead to the moment of a page of the past, and to the newest in an update: that is
   all in which the two may differ. */
static void drop_moments(uint64_t sequence)
{
    char moment[32];
    size_t links = 0, moments = 0,
           len = (size_t)snprintf(moment, sizeof(moment), "&amp;at=%d\"", (int)sequence);
    for (const char *at = got.body; (at = strstr(at, "=\"/share/")); at++)
        links += strncmp(at + strcspn(at + 9, "/\"") + 9, "/item?key=", 10) == 0;
    for (char *at = got.body; (at = strstr(at, moment)); moments++) {
        memmove(at, at + len - 1, got.len - (size_t)(at - got.body) - (len - 1) + 1);
        got.len -= len - 1;
    }
    assert_int_equal(links, moments);
}

static struct page_read read_page(const char *id, uint64_t sequence)
{
    get_share(id, "?at=%d", (int)sequence);
    drop_moments(sequence);
    return page_read((struct sl_span){got.body, got.len});
}

/* Every message once, and nothing else. */
static void check_messages(const struct replayed *replayed, uint64_t sequence)
{
    struct page_read page = read_page(replayed->share.id, sequence);
    struct sl_span messages, message;
    char rest[32], id[128];
    size_t count = 0;
    snprintf(rest, sizeof(rest), "?at=%d", (int)sequence);
    assert_int_equal(get(at(&replayed->share, rest)), 200);
    assert_true(json_get((struct sl_span){got.body, got.len}, "messages", &messages));
    while (json_next(&messages, &message)) {
        assert_true(text_of(message, "id", id, sizeof(id)));
        if (!page_article(&page, sl_span_of(id))) fail_msg("%s is not there at %s", id, rest);
        count++;
    }
    assert_int_equal(count, page.count);
    page_free(&page);
}

/* ---- updates ---- */

static void check_update(const char *id, uint64_t from, uint64_t to)
{
    struct page_read old = read_page(id, from), new = read_page(id, to);
    get_share(id, "/update?from=%d&to=%d", (int)from, (int)to);
    struct page_read update = page_read((struct sl_span){got.body, got.len});
    for (size_t i = 0; i < new.count; i++) {
        const struct page_part *now = &new.articles[i], *was = page_article(&old, now->id);
        const struct page_part *sent = page_article(&update, now->id);
        bool same = was && was->undone == now->undone && sl_span_eq(was->html, now->html);
        if (!sent && !same)
            fail_msg(
                "%d to %d: %.*s is missing", (int)from, (int)to, (int)now->id.len, now->id.ptr);
        if (sent && !sl_span_eq(sent->html, now->html))
            fail_msg("%d to %d:\n%.*s\nis not\n%.*s", (int)from, (int)to, (int)sent->html.len,
                sent->html.ptr, (int)now->html.len, now->html.ptr);
        /* what came again with its members in another order is sent, and is the same */
        if (from == to) assert_null(sent);
    }
    for (size_t i = 0; i < old.count; i++)
        assert_int_equal(
            !page_article(&new, old.articles[i].id), page_drops(&update, old.articles[i].id));
    assert_true(page_same_block(&update, &new, "<section class=\"head\"", "</section>"));
    assert_true(page_same_block(&update, &new, "<nav class=\"turns\"", "</nav>"));
    static const char *const sections[] = {
        "<section class=\"session-diff\"", "<section class=\"other\""};
    for (size_t i = 0; i < 2; i++)
        assert_true(page_same_block(&update, &new, sections[i], "</section>") ||
                    (!page_has(&update, sections[i]) &&
                        page_same_block(&old, &new, sections[i], "</section>")));
    page_free(&old);
    page_free(&new);
    page_free(&update);
}

static void every_capture(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob("tests/captures/*.jsonl", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        ask_close(NULL);
        assert_int_equal(ask_open_public(NULL), 0);
        replay(found.gl_pathv[i]);
        for (size_t k = 0; k < shares_count; k++) {
            uint64_t last = shares[k].last, step = last > 40 ? 5 : 1;
            for (uint64_t n = last; n >= 1 && n <= last; n -= n > step ? step : 1)
                check_messages(&shares[k], n);
            for (int pair = 0; pair < 8 && last > 1; pair++)
                check_update(
                    shares[k].share.id, 1 + (uint64_t)rand() % last, 1 + (uint64_t)rand() % last);
            check_update(shares[k].share.id, last > 1 ? last - 1 : 1, last);
            check_update(shares[k].share.id, last, 1);
            check_update(shares[k].share.id, last, last);
        }
    }
    globfree(&found);
}

/* ---- what an item may hold ---- */

#include "tests/support/share_items.h"

/* Every value in a JSON text, as spans of it. */
struct values {
    struct sl_span list[400];
    size_t count;
};

static void gather(struct sl_span value, struct values *values)
{
    struct sl_span rest = value, name, inner;
    if (values->count == 400) return;
    values->list[values->count++] = value;
    if (json_kind_of(value) == JSON_ARRAY)
        while (json_next(&rest, &inner))
            gather(inner, values);
    if (json_kind_of(value) == JSON_OBJECT)
        while (json_next_member(&rest, &name, &inner))
            gather(inner, values);
}

static void add_replaced(
    struct buf *out, struct sl_span text, struct sl_span value, const char *instead)
{
    buf_add(out, text.ptr, (size_t)(value.ptr - text.ptr));
    buf_add_span(out, sl_span_of(instead));
    buf_add(out, value.ptr + value.len, (size_t)(text.ptr + text.len - value.ptr) - value.len);
}

/* One value of each item is another; a batch whose keys don't hold is refused, and sent again. */
static void add_mutated(struct buf *batch)
{
    static const char *const odd[] = {"null", "true", "0", "-1", "1e300", "\"\"", "\"x\"", "[]",
        "{}", "[[],{\"a\":1}]", "{\"text\":{\"type\":7}}", "\"\\ud800\"", "\"\\u0000\"",
        "99999999999999999999", "[null,\"a\",{\"file\":[]}]"};
    buf_clear(batch);
    buf_add(batch, "[", 1);
    for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++) {
        struct sl_span text = sl_span_of(items[i]), data;
        struct values values = {0};
        assert_true(json_get(text, "data", &data));
        gather(data, &values);
        struct sl_span value = values.list[(size_t)rand() % values.count];
        struct sl_span id, message;
        bool keyed = (json_get(data, "id", &id) && id.ptr == value.ptr) ||
                     (json_get(data, "messageID", &message) && message.ptr == value.ptr) ||
                     (json_get(data, "sessionID", &message) && message.ptr == value.ptr) ||
                     value.ptr == data.ptr;
        if (i) buf_add(batch, ",", 1);
        if (keyed)
            buf_add_span(batch, text);
        else
            add_replaced(batch, text, value, odd[(size_t)rand() % (sizeof(odd) / sizeof(*odd))]);
    }
    buf_add(batch, "]", 1);
}

static void anything(void **state)
{
    struct buf batch = {0};
    struct share share = create("ses_anything", NULL);
    (void)state;
    for (int round = 0; round < 150; round++) {
        add_mutated(&batch);
        send_batch(&share, buf_span(&batch));
        if (got.status != 200) fail_msg("%d %s", got.status, got.body);
        struct page_read page = read_page(share.id, (uint64_t)round + 2);
        assert_true(page.count >= 5);
        page_free(&page);
        if (round % 10 == 9) check_update(share.id, 1 + (uint64_t)rand() % 8, (uint64_t)round + 2);
    }
    buf_fini(&batch);
}

/* Every string says something that would act if one escape were missing. */
static void hostile(void **state)
{
    static const char *const attacks[] = {
        "\\\"><script>attack()</script><img src=x onerror=attack()>",
        "'><svg onload=attack()>\\u202e\\u0000\\u001b[31m", "javascript:attack()",
        "</title></textarea></pre><iframe src=//x>", "data:text/html,<script>attack()</script>",
        "[a](javascript:attack()) <b onclick=attack()> ![x](javascript:attack())",
        "&lt;script&gt;&#x3c;script&#62;", "msg_\\\" onmouseover=\\\"attack()",
        "data:image/svg+xml;base64,PHN2Zz4=", "head"};
    struct share share = create("ses_hostile", NULL);
    struct buf batch = {0};
    (void)state;
    for (size_t a = 0; a < sizeof(attacks) / sizeof(*attacks); a++) {
        char attack[256];
        buf_clear(&batch);
        buf_add(&batch, "[", 1);
        for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++) {
            struct sl_span text = sl_span_of(items[i]), data, chooser;
            struct values values = {0};
            const char *done = text.ptr;
            assert_true(json_get(text, "data", &data));
            gather(data, &values);
            if (i) buf_add(&batch, ",", 1);
            for (size_t v = 0; v < values.count; v++) {
                struct sl_span value = values.list[v];
                if (json_kind_of(value) != JSON_STRING) continue;
                /* what a view is chosen by stays, or there would be none */
                bool chooses = json_get(data, "type", &chooser) && chooser.ptr == value.ptr;
                chooses |= json_get(data, "tool", &chooser) && chooser.ptr == value.ptr;
                chooses |= json_get(data, "role", &chooser) && chooser.ptr == value.ptr;
                if (chooses) continue;
                snprintf(attack, sizeof(attack), "\"%s\"", attacks[a]);
                buf_add(&batch, done, (size_t)(value.ptr - done));
                buf_add_span(&batch, sl_span_of(attack));
                done = value.ptr + value.len;
            }
            buf_add(&batch, done, strlen(done));
        }
        buf_add(&batch, "]", 1);
        send_batch(&share, buf_span(&batch));
        if (got.status != 200) fail_msg("%d %s", got.status, got.body);
        struct page_read page = read_page(share.id, a + 2); /* which checks tags and attributes */
        assert_null(strstr(page.text, "<script>attack"));
        assert_null(strstr(page.text, "\xe2\x80\xae"));
        page_free(&page);
    }
    buf_fini(&batch);
}

/* ---- pages of no session ---- */

static void others(void **state)
{
    (void)state;
    assert_int_equal(get("/share/nowhere1"), 404);
    assert_int_equal(get("/share/nowhere1/update?from=1&to=1"), 404);
    struct share share = create("ses_abcdefgh", NULL);
    get_share(share.id, "%s", "");
    assert_has("Waiting for the first sync");
    assert_has("data-live=\"1\"");
    assert_has("data-seq=\"1\"");
    assert_header("Content-Security-Policy: default-src 'self';");
    assert_header("Referrer-Policy: no-referrer");
    assert_header("X-Content-Type-Options: nosniff");
    assert_int_equal(sync_items(&share, SESSION "," MESSAGE), 200);
    assert_int_equal(sync_items(&share, PART("data:image/png;base64,AAECAw==")), 200);
    check_update(share.id, 1, 3);
    get_share(share.id, "%s", "");
    assert_has("<title>A &lt;b&gt; &amp; &quot;c&quot; · sharelog</title>");
    get_share(share.id, "/item?key=part/msg_1/prt_1&field=text");
    assert_string_equal(got.type, "image/png");
    assert_int_equal(got.len, 4);
    assert_memory_equal(got.body, "\0\1\2\3", 4);
    assert_int_equal(sync_items(&share, PART("data:text/html,<b>%41")), 200);
    get_share(share.id, "/item?key=part/msg_1/prt_1&field=text");
    assert_string_equal(got.type, "application/octet-stream");
    assert_string_equal(got.body, "<b>A");
    assert_header("Content-Disposition: attachment");
    get_share(share.id, "/item?key=message/msg_1&field=role&at=2");
    assert_string_equal(got.body, "user");
    get_share(share.id, "/timeline");
    assert_has("{\"events\":[[1,");
    assert_has("\"prompts\":[[2,\"msg_1\",");
    assert_has("]],\"messages\":[2]}");
    char target[128];
    snprintf(target, sizeof(target), "/share/%s/item?key=part/msg_1/none", share.id);
    assert_int_equal(get(target), 404);
    snprintf(target, sizeof(target), "/share/%s?at=99", share.id);
    assert_int_equal(get(target), 404);
    snprintf(target, sizeof(target), "/share/%s/update?from=1", share.id);
    assert_int_equal(get(target), 400);
    snprintf(target, sizeof(target), "/share/%s/update?from=0&to=1", share.id);
    assert_int_equal(get(target), 404);
    assert_has("no sequence 0: there are 1 to");
    struct asking asking = {
        .method = "DELETE", .target = at(&share, ""), .auth = "Bearer " ASK_OWNER};
    assert_int_equal(ask(&asking), 200);
    snprintf(target, sizeof(target), "/share/%s", share.id);
    assert_int_equal(get(target), 410);
    assert_has("removed on 20");
}

int main(void)
{
    const char *seed = getenv("SL_TEST_SEED");
    unsigned number = seed ? (unsigned)atoi(seed) : (unsigned)time(NULL);
    printf("SL_TEST_SEED=%u\n", number);
    srand(number);
#define TEST(f) cmocka_unit_test_setup_teardown(f, ask_open_public, ask_close)
    const struct CMUnitTest tests[] = {
        TEST(others), TEST(every_capture), TEST(anything), TEST(hostile)};
    return cmocka_run_group_tests_name("pages_share", tests, NULL, NULL);
}
