/* What a session is taken along as: transcripts hold every text of every capture, and nothing that
 * a terminal obeys; Markdown keeps its structure whatever is in it; shapes of any kind are shown.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "http/pages/export/page_export.h"
#include "http/pages/text/html.h"
#include "http/pages/text/prose.h"
#include "tests/support/http_capture.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- every text of a capture ---- */

/* A transcript as words: line ends, prefixes and escapes are no part of a text. */
static void squeeze(struct sl_span text, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool word =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        if (word) buf_add(out, text.ptr + i, 1);
    }
    buf_add(out, "", 1);
    assert_false(out->failed);
    out->len--;
}

struct search {
    struct buf all;
    size_t found;
};

static void look_for(void *ctx, struct sl_span raw)
{
    struct search *search = ctx;
    struct buf text = {0}, words = {0};
    struct sl_span quoted = {raw.ptr - 1, raw.len + 2};
    if (memmem(raw.ptr, raw.len, "\\u00", 4)) return; /* has control characters: see hostile */
    assert_true(html_decode(quoted, &text));
    squeeze(buf_span(&text), &words);
    if (!memmem(search->all.ptr, search->all.len, words.ptr, words.len))
        fail_msg("not in the transcript: %.300s", words.ptr);
    search->found++;
    buf_fini(&text);
    buf_fini(&words);
}

/* All but tabs and line ends. */
static void assert_safe(void)
{
    for (size_t i = 0; i < got.len; i++) {
        unsigned char c = (unsigned char)got.body[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) fail_msg("byte %02x at %zu", c, i);
    }
    assert_null(memmem(got.body, got.len, "\xe2\x80\xae", 3));
    assert_false(got.aborted);
}

static struct sl_span state_of(const struct share *share, struct buf *keep)
{
    assert_int_equal(get(at(share, "")), 200);
    buf_clear(keep);
    buf_add(keep, got.body, got.len);
    assert_false(keep->failed);
    return buf_span(keep);
}

static void whole_transcript(const struct share *share, const char *ending, const char *type)
{
    struct search search = {0};
    struct buf keep = {0};
    struct sl_span state = state_of(share, &keep), parts, messages;
    assert_true(json_get(state, "parts", &parts) && json_get(state, "messages", &messages));
    assert_int_equal(get(share_page(share, ending)), 200);
    assert_string_equal(got.type, type);
    assert_safe();
    squeeze((struct sl_span){got.body, got.len}, &search.all);
    static const char *const names[] = {"text", "output", "error", "command", "prompt", "title"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        capture_strings(parts, names[i], look_for, &search);
    capture_strings(messages, "message", look_for, &search);
    buf_fini(&search.all);
    buf_fini(&keep);
}

static void real_sessions(void **state)
{
    struct capture capture;
    (void)state;
    for (size_t i = 0; captures[i]; i++) {
        capture_send(captures[i], &capture);
        for (size_t j = 0; j < capture.count; j++) {
            struct share *share = &capture.shares[j];
            if (capture.removed[j]) {
                assert_int_equal(get(share_page(share, ".md")), 410);
                assert_has("and removed on 20");
                assert_int_equal(get(share_page(share, ".jsonl")), 410);
                continue;
            }
            whole_transcript(share, ".md", "text/markdown; charset=utf-8");
            whole_transcript(share, ".txt", "text/plain; charset=utf-8");
        }
        capture_fini(&capture);
    }
}

/* ---- the others ---- */

static void events(void **state)
{
    struct sl_span value;
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    assert_int_equal(
        sync_items(&a, "{\n\"type\":\r\n\"message\",\"data\":{\n\"id\":\"msg_2\"\n}}"), 200);
    static const struct {
        const char *rest;
        size_t lines;
    } cases[] = {{".jsonl", 5}, {".jsonl?at=3", 3}, {".jsonl?t=2999-01-01", 5}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(get(share_page(&a, cases[i].rest)), 200);
        assert_string_equal(got.type, "application/x-ndjson");
        size_t lines = 0;
        for (char *at = got.body, *end; *at; at = end + 1, lines++) {
            end = strchr(at, '\n');
            assert_non_null(end);
            struct sl_span line = {at, (size_t)(end - at)};
            assert_int_equal(json_check(line, 64, NULL), SL_OK);
            assert_true(json_get(line, "seq", &value) && json_get(line, "data", &value));
        }
        assert_int_equal(lines, cases[i].lines);
    }
    assert_int_equal(get(share_page(&a, ".json?at=3")), 200);
    char *same = strdup(got.body);
    assert_int_equal(get(at(&a, "?at=3")), 200);
    assert_body(same);
    free(same);
    assert_int_equal(get(share_page(&a, ".md?at=3")), 200);
    assert_has("?at=3\n");
    assert_has("\n\\<script>one</script>\n");
    assert_int_equal(get(share_page(&a, ".txt?at=1")), 200);
    assert_has("Nothing has been said here yet.");
    static const struct {
        const char *rest;
        int status;
    } wrong[] = {{".md?at=99", 404}, {".txt?at=x", 400}, {".md?at=1&t=1", 400},
        {".jsonl?at=0", 404}, {".md/", 404}, {".exe", 404}, {".", 404}, {"..md", 404},
        {".mdx", 404}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (get(share_page(&a, wrong[i].rest)) != wrong[i].status)
            fail_msg("%s: %d", wrong[i].rest, got.status);
    assert_int_equal(get("/share/nothing.md"), 404);
    assert_string_equal(got.type, "text/plain; charset=utf-8");
    assert_int_equal(get("/share/.md"), 404);
}

static void negotiation(void **state)
{
    static const struct {
        const char *accept;
        bool markdown;
    } cases[] = {{"", false}, {"*/*", false}, {"text/html", false},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"text/markdown", true}, {"TEXT/Markdown;charset=utf-8", true},
        {"text/markdown;q=1.0, text/x-markdown;q=0.9, text/plain;q=0.8, text/html;q=0.7, */*;q=0.1",
            true},
        {"text/html;q=0.9, text/markdown;q=0.5", false}, {"text/markdown;q=0", false},
        {"text/markdownx", false}, {"text/markdown;q=x", false}, {",,;;text/markdown", false},
        {"text/*, text/markdown ;q=0.3", true}};
    (void)state;
    struct share a = filled("ses_xxabcdefgh");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (export_wants_markdown(sl_span_of(cases[i].accept)) != cases[i].markdown)
            fail_msg("%s", cases[i].accept);
        assert_int_equal(
            ask(&(struct asking){
                .method = "GET", .target = share_page(&a, ""), .accept = cases[i].accept}),
            200);
        assert_string_equal(got.type,
            cases[i].markdown ? "text/markdown; charset=utf-8" : "text/html; charset=utf-8");
        assert_header("Vary: Accept\r\n");
    }
}

/* ---- one file ---- */

static void assert_one_file(const struct share *share, const char *rest)
{
    assert_int_equal(get(share_page(share, rest)), 200);
    assert_false(got.aborted);
    assert_header("Content-Disposition: attachment; filename=\"");
    assert_int_equal(times("<body"), 1);
    assert_int_equal(times("</body>\n</html>\n"), 1);
    assert_has(
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;");
    assert_int_equal(times("<script src"), 0);
    assert_int_equal(times("<link "), 0);
    assert_int_equal(times("href=\"/"), 0);
    assert_int_equal(times("src=\"/"), 0);
    assert_int_equal(times("src=\"http"), 0);
}

/* The steps are made along a chain of moments, each opened once and told by the one before it: they
   say what the update between the two says that is made by itself. */
static void assert_steps(const struct share *share, uint64_t last)
{
    static const char front[] = "<script type=\"text/plain\" class=\"step\" data-to=\"";
    struct buf file = {0}, whole = {0};
    char rest[96];
    size_t steps = 0;
    uint64_t from = last;
    assert_int_equal(get(share_page(share, ".html")), 200);
    buf_add(&file, got.body, got.len + 1);
    for (char *at = file.ptr; (at = strstr(at, front)); steps++) {
        char *text = strchr(at += sizeof(front) - 1, '>') + 1, *end = strstr(text, "</script>");
        uint64_t to = strtoull(at, NULL, 10);
        snprintf(rest, sizeof(rest), "/update?from=%d&to=%d", (int)from, (int)to);
        assert_int_equal(get(share_page(share, rest)), 200);
        buf_clear(&whole);
        const char *done = got.body, *link;
        for (; (link = strstr(done, "href=\"/")); done = link + 6) {
            buf_add(&whole, done, (size_t)(link + 6 - done));
            buf_add_span(&whole, SL_SPAN("http://share.example"));
        }
        buf_add(&whole, done, strlen(done));
        /* a picture stands in the file itself */
        if (!strstr(got.body, " src=\"") &&
            (whole.len != (size_t)(end - text) || memcmp(whole.ptr, text, whole.len) != 0))
            fail_msg("%s:\n%.*s\nis not\n%.*s", rest, (int)(end - text), text, (int)whole.len,
                whole.ptr);
        from = to;
        at = end;
    }
    assert_int_equal(steps, last);
    buf_fini(&file);
    buf_fini(&whole);
}

static void one_file(void **state)
{
    struct capture capture;
    char step[96];
    (void)state;
    for (size_t i = 0; captures[i]; i++) {
        if (strcmp(captures[i], "long") == 0) continue; /* takes a while under sanitizers */
        capture_send(captures[i], &capture);
        for (size_t j = 0; j < capture.count; j++) {
            struct sl_share_info info;
            struct share *share = &capture.shares[j];
            sl_share_info(ask_store, sl_span_of(share->id), &info, NULL);
            if (capture.removed[j]) {
                assert_int_equal(get(share_page(share, ".html")), 410);
                continue;
            }
            assert_one_file(share, ".html");
            assert_int_equal(times("class=\"step\""), info.sequence);
            snprintf(step, sizeof(step), "data-to=\"%llu\"", (unsigned long long)info.sequence);
            assert_has(step);
            if (strcmp(captures[i], "kinds") == 0) assert_has("src=\"data:image/png;base64,iVBOR");
            assert_steps(share, info.sequence);
        }
        capture_fini(&capture);
    }
    struct share a = filled("ses_xxabcdefgh");
    assert_one_file(&a, ".html?at=3");
    assert_int_equal(times("class=\"step\""), 3);
    assert_has("data-at=\"3\"");
    assert_null(strstr(got.body, "<script>one"));
    assert_int_equal(
        sync_items(&a, "{\"type\":\"part\",\"data\":{\"id\":\"prt_1\",\"messageID\":"
                       "\"msg_1\",\"type\":\"text\",\"text\":\"</script><script>two\"}}"),
        200);
    assert_one_file(&a, ".html");
    assert_null(strstr(got.body, "<script>two"));
    assert_has("\\u003cscript>two");
    assert_int_equal(get(share_page(&a, ".html?at=99")), 404);
}

/* ---- any shape ---- */

static void shapes(void **state)
{
    static const char *const values[] = {"null", "true", "7", "\"\"", "\"word\"", "[]", "{}",
        "[1,\"word\",{\"a\":[]}]", "{\"a\":{\"b\":\"word\"},\"text\":3}"};
    static const char *const names[] = {"type", "text", "tool", "name", "state", "files",
        "filename", "url", "mime", "agent", "prompt", "error", "tokens", "cost", "attempt",
        "snapshot", "time", "command", "description"};
    static const char *const types[] = {"text", "reasoning", "tool", "file", "patch", "subtask",
        "agent", "compaction", "retry", "step-start", "step-finish", "snapshot", "unheard-of"};
    char item[512];
    (void)state;
    struct share a = create("ses_shapes01", NULL);
    struct buf items = {0};
    int count = 0, len;
    for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++)
        for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
            for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
                len = snprintf(item, sizeof(item),
                    "%s{\"type\":\"part\",\"data\":{\"id\":\"prt_%05d\",\"messageID\":\"msg_%d\","
                    "\"type\":\"%s\",\"state\":{\"status\":\"completed\",\"input\":%s,\"output\":%s,"
                    "\"title\":%s,\"time\":%s,\"error\":%s},\"%s\":%s}}",
                    count ? "," : "", count, count % 3, types[t], values[v], values[v], values[v],
                    values[v], values[v], names[n], values[v]);
                assert_true(len > 0 && (size_t)len < sizeof(item));
                buf_add(&items, item, (size_t)len);
                count++;
            }
    for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
        len = snprintf(item, sizeof(item),
            ",{\"type\":\"message\",\"data\":{\"id\":\"msg_%zu\",\"role\":%s,\"time\":%s,\"error\":%s,"
            "\"summary\":{\"diffs\":%s},\"modelID\":%s}},{\"type\":\"messages\",\"data\":{\"sessionID\":"
            "\"s%zu\",\"messages\":[%s,{\"type\":\"assistant\",\"content\":%s,\"text\":%s,\"error\":%s}]}}",
            v + 1, values[v], values[v], values[v], values[v], values[v], v, values[v], values[v],
            values[v], values[v]);
        assert_true(len > 0 && (size_t)len < sizeof(item));
        buf_add(&items, item, (size_t)len);
        len = snprintf(item, sizeof(item),
            ",{\"type\":\"session_diff\",\"data\":%s},{\"type\":\"model\",\"data\":%s},"
            "{\"type\":\"odd%zu\",\"data\":%s}",
            values[v], values[v], v, values[v]);
        buf_add(&items, item, (size_t)len);
    }
    struct buf body = {0};
    len = snprintf(item, sizeof(item), "{\"secret\":\"%s\",\"data\":[", a.secret);
    buf_add(&body, item, (size_t)len);
    buf_add_span(&body, buf_span(&items));
    buf_add(&body, "]}", 3);
    if (post(at(&a, "/sync"), body.ptr) != 200) fail_msg("%s", got.body);
    buf_fini(&body);
    buf_fini(&items);
    static const char *const endings[] = {".md", ".txt", ".jsonl", ".json"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(get(share_page(&a, endings[i])), 200);
        assert_false(got.aborted);
    }
    assert_int_equal(get(share_page(&a, ".md")), 200);
    assert_safe();
    assert_has("A message that never came");
    assert_has("unheard-of");
    assert_has("## odd3");
}

/* ---- prose ---- */

static struct buf out;

static bool keep(struct http_reply *reply, const void *bytes, size_t len)
{
    (void)reply;
    buf_add(&out, bytes, len);
    return !out.failed;
}

static bool begin_reply(struct http_reply *reply)
{
    (void)reply;
    return true;
}

static const char *written(void)
{
    buf_add(&out, "", 1);
    assert_false(out.failed);
    out.len--;
    return out.ptr;
}

static void prose(void **state)
{
    struct http_reply reply = {.begin = begin_reply, .write = keep, .begun = true};
    static const struct {
        const char *in, *markdown, *text;
    } cases[] = {
        {"", "", ""},
        {"a\nb\n", "a\nb\n", "a\nb\n"},
        {"a\r\nb\rc", "a\nb\nc\n", "a\nb\nc\n"},
        {"\x1b[31mred\x1b[0m \x1b]0;t\x07", "red ^[]0;t^G\n", "red ^[]0;t^G\n"},
        {"\xe2\x80\xae"
         "x\xed\xa0\x80\xff",
            "<U+202E>x\xef\xbf\xbd\xef\xbf\xbd\n", "<U+202E>x\xef\xbf\xbd\xef\xbf\xbd\n"},
        {"```c\nx", "```c\nx\n```\n", "```c\nx\n"},
        {"~~~~\n```\n~~~\n", "~~~~\n```\n~~~\n~~~~\n", "~~~~\n```\n~~~\n"},
        {"```\nx\n````\ny", "```\nx\n````\ny\n", "```\nx\n````\ny\n"},
        {"    ```\n<!-- x", "    ```\n\\<!-- x\n", "    ```\n<!-- x\n"},
        {"```\n<!--\n```\n  <div>", "```\n<!--\n```\n  \\<div>\n", "```\n<!--\n```\n  <div>\n"},
        {"<https://x>\n<a\n<1\n</p", "<https://x>\n\\<a\n\\<1\n\\</p\n",
            "<https://x>\n<a\n<1\n</p\n"},
        {"`` `x```y", "`` `x```y\n", "`` `x```y\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buf_clear(&out);
        assert_true(prose_write(&reply, PROSE_MARKDOWN, sl_span_of(cases[i].in)));
        assert_string_equal(written(), cases[i].markdown);
        buf_clear(&out);
        assert_true(prose_write(&reply, PROSE_TEXT, sl_span_of(cases[i].in)));
        assert_string_equal(written(), cases[i].text);
    }
    buf_clear(&out);
    assert_true(prose_line(&reply, PROSE_MARKDOWN, SL_SPAN("a\n*b* [c](d) <e> \x01 # \\")));
    assert_string_equal(written(), "a \\*b\\* \\[c\\](d) \\<e\\> ^\\A \\# \\\\");
    buf_clear(&out);
    assert_true(prose_block(&reply, PROSE_MARKDOWN, SL_SPAN("x ```` y\n```"), "c"));
    assert_string_equal(written(), "`````c\nx ```` y\n```\n`````\n");
    buf_clear(&out);
    assert_true(prose_block(&reply, PROSE_TEXT, SL_SPAN("a\nb"), "c"));
    assert_string_equal(written(), "    a\n    b\n");
    buf_fini(&out);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, ask_open_public, ask_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(real_sessions),
        ON(events),
        ON(negotiation),
        ON(one_file),
        ON(shapes),
        cmocka_unit_test(prose),
    };
    return cmocka_run_group_tests_name("exports", tests, NULL, NULL);
}
