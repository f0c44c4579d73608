/* Markdown: what it says shows, what it would do does not happen, and no text takes long. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pages/text/markdown.h"
#include "http/pages/text/markdown_cost.h"
#include "tests/support/pages_html.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REL " rel=\"noopener noreferrer nofollow ugc\""

static void is(const char *text, const char *html)
{
    assert_true(markdown_write(html_fresh(), sl_span_of(text)));
    assert_harmless(text);
    assert_html(html);
}

static void blocks(void **state)
{
    (void)state;
    is("a *b* **c** ~~d~~ `e<`",
        "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e&lt;</code></p>\n");
    is("# a\n## b\n##### c\n###### d", "<h3>a</h3>\n<h4>b</h4>\n<h6>c</h6>\n<h6>d</h6>\n");
    is("- a\n- b\n\n1. c", "<ul>\n<li>a\n</li>\n<li>b\n</li>\n</ul>\n<ol>\n<li>c\n</li>\n</ol>\n");
    is("7) a\n\n   b", "<ol start=\"7\">\n<li><p>a</p>\n<p>b</p>\n</li>\n</ol>\n");
    is("- [x] a\n- [ ] b",
        "<ul>\n<li class=\"task\"><input type=\"checkbox\" disabled checked aria-label=\"done\"> a\n</li>\n"
        "<li class=\"task\"><input type=\"checkbox\" disabled aria-label=\"to do\"> b\n</li>\n</ul>\n");
    is("> a\n\n---\nb  \nc", "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>\n<p>b<br>\nc</p>\n");
    is("|a|b|\n|:-|-:|\n|c|<br>|",
        "<div class=\"table\"><table>\n<thead><tr><th class=\"left\">a</th><th class=\"right\">b</th>"
        "</tr></thead><tbody>\n<tr><td class=\"left\">c</td><td class=\"right\"><br></td></tr>\n"
        "</tbody></table></div>\n");
    is("", "");
}

static void code(void **state)
{
    (void)state;
    is("```c++ x\n<b>\n```",
        "<pre class=\"code\"><code class=\"language-c++\">&lt;b&gt;\n</code></pre>\n");
    is("```js\"onclick=a\nx\n```",
        "<pre class=\"code\"><code class=\"language-js\">x\n</code></pre>\n");
    is("```\nx\n```", "<pre class=\"code\"><code>x\n</code></pre>\n");
    is("    x <y>", "<pre class=\"code\"><code>x &lt;y&gt;\n</code></pre>\n");
    is("````\n```\n````", "<pre class=\"code\"><code>```\n</code></pre>\n");
}

static void raw_html_is_text(void **state)
{
    (void)state;
    is("<script>alert(1)</script>",
        "<pre class=\"code\"><code class=\"language-html\">&lt;script&gt;alert(1)&lt;/script&gt;\n</code></pre>\n");
    is("a <b onclick=x>c</b>", "<p>a <code class=\"raw\">&lt;b onclick=x&gt;</code>c"
                               "<code class=\"raw\">&lt;/b&gt;</code></p>\n");
    is("a<br>b<br />c", "<p>a<br>b<br>c</p>\n");
    is("a<br x>b", "<p>a<code class=\"raw\">&lt;br x&gt;</code>b</p>\n");
    is("&lt;script&gt; &#60;b&#62;", "<p>&lt;script&gt; &lt;b&gt;</p>\n");
}

static void live_links(void **state)
{
    (void)state;
    is("[a](https://x.example/?b=c&d=%22'e \"t\\\"u\")",
        "<p><a href=\"https://x.example/?b=c&amp;d=%22%27e\"" REL
        " title=\"t&quot;u\">a</a></p>\n");
    is("[a](HTTP://x.example/\xc3\xa4)",
        "<p><a href=\"HTTP://x.example/%C3%A4\"" REL ">a</a></p>\n");
    is("www.x.example a@b.example", "<p><a href=\"http://www.x.example\"" REL ">www.x.example</a> "
                                    "<a href=\"mailto:a@b.example\"" REL ">a@b.example</a></p>\n");
    is("![alt *x*](https://x.example/a.png)",
        "<p><a class=\"image\" href=\"https://x.example/a.png\"" REL ">alt <em>x</em></a></p>\n");
    is("![](https://x.example/a.png)", "<p><a class=\"image\" href=\"https://x.example/a.png\"" REL
                                       ">https://x.example/a.png</a></p>\n");
    is("![](<x\"<b>)", "<p>![](&lt;x&quot;<code class=\"raw\">&lt;b&gt;</code>)</p>\n");
    is("![](x\"<)", "<p><span class=\"not-linked\" title=\"x&quot;&lt;\">x&quot;&lt;</span></p>\n");
    is("[![a](https://x.example/a.png)](https://y.example)",
        "<p><a href=\"https://y.example\"" REL ">a</a></p>\n");
}

/* However it is written, an address that isn't http, https or mailto is no link. */
static void dead_links(void **state)
{
    static const char *const urls[] = {"javascript:alert(1)", "JaVaScRiPt:alert(1)",
        "&#106;avascript:a", "&#x6A;avascript:a", "javascript&colon;a", "java&Tab;script:a",
        "java&NewLine;script:a", "&#1;javascript:a", "&#32;javascript:a", "\\javascript:a",
        "vbscript:a", "data:text/html,x", "data:image/png;base64,AA", "file:///etc/passwd",
        "//x.example", "/sessions", "#a", "?a", "ftp://x.example", "xmpp:a@b", "blob:https://x",
        "http:", "https:x", "httpx://a", "\xe2\x80\xaehttps://x.example", "<java\tscript:a>",
        "< javascript:a>", "<\x01javascript:a>"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        for (int image = 0; image < 2; image++) {
            snprintf(text, sizeof(text), "%s[shown](%s)\n\n[shown]\n\n[shown]: %s\n",
                image ? "!" : "", urls[i], urls[i]);
            assert_true(markdown_write(html_fresh(), sl_span_of(text)));
            assert_harmless(text);
            assert_html_lacks("<a");
            assert_html_has("shown");
        }
    }
    is("[a](javascript:b)", "<p><span class=\"not-linked\" title=\"javascript:b\">a</span></p>\n");
}

static void all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < hostile_count; i++) {
        for (size_t j = 0; j < hostile_count; j++) { /* alone, and within and after each other */
            struct buf text = {0};
            buf_add_span(&text, hostile[i]);
            if (i != j) buf_add(&text, j % 2 ? "\n\n" : "|", j % 2 ? 2 : 1);
            if (i != j) buf_add_span(&text, hostile[j]);
            if (i != j) buf_add_span(&text, hostile[i]);
            assert_true(markdown_write(html_fresh(), buf_span(&text)));
            buf_add(&text, "", 1);
            assert_harmless(text.ptr);
            assert_html_lacks("<a href=\"javascript");
            buf_fini(&text);
        }
    }
}

/* Bytes that mean something to Markdown, at random. */
static void random_texts(void **state)
{
    static const char *const pieces[] = {"*", "**", "_", "`", "```", "\n", "\n\n", "> ", "- ",
        "1. ", "|", "|-|", "[", "](", ")", "!", "<", ">", "<b>", "</b>", "&", "&lt;", "\"", "'",
        "\\", "#", "# ", "    ", "\t", "~~", "http://a.b", "javascript:", "www.a.b", "a@b.c",
        "]: ", "- [ ] ", "\r", "\xe2\x80\xae", "\xff", "\x1b", "<!--", "-->", "<?", "a", " ",
        "  \n", "---\n", "\xed\xa0\x80"};
    unsigned seed = (unsigned)time(NULL);
    (void)state;
    printf("seed %u\n", seed);
    for (int round = 0; round < 20000; round++) {
        struct buf text = {0};
        for (int i = rand_r(&seed) % 40; i >= 0; i--) {
            const char *piece =
                pieces[(unsigned)rand_r(&seed) % (sizeof(pieces) / sizeof(*pieces))];
            buf_add(&text, piece, strlen(piece));
        }
        assert_true(markdown_write(html_fresh(), buf_span(&text)));
        buf_add(&text, "", 1);
        assert_harmless(text.ptr);
        buf_fini(&text);
    }
}

static void repeat(struct buf *text, const char *what, size_t bytes)
{
    size_t len = strlen(what), end = text->len + bytes;
    while (text->len + len <= end)
        buf_add(text, what, len);
}

/* Shapes for which cmark-gfm, left alone, takes seconds or gigabytes; each as large as is parsed,
   and larger. */
static void pathological(void **state)
{
    static const char *const shapes[][3] = {{"[", "", ""}, {">", "", ""}, {"> ", "", ""},
        {"- ", "", ""}, {"![[]()", "", ""}, {"[a](", "", ""}, {"[]", "", ""}, {"*a ", "", ""},
        {"*a_ ", "", ""}, {"*_", "", ""}, {"_*a", "", ""}, {"~a ", "", ""}, {"a@", "", ""},
        {"a@a.", "", ""}, {"mailto:a@b.c ", "", ""}, {"www.a.b)", ")", ""}, {")", "www.a.b", ")"},
        {">", "a\n", "a\n"}, {"- ", "a\n", "a\n"}, {"- ", "a\n", "\n"}, {">\t", "a\n", "a\n"},
        {"x\n", "|-|\n", "a\n"}, {"x|", "\n|-\n", "a\n"}, {"-|", "\n", "-|"}, {"|-|\n", "", ""},
        {"a|\n-|", "", ""}, {"[a]: b\n\"", "", ""}, {"u", "\n[a]", "[a]"}, {"`", "a", "`"},
        {"<", "", ""}, {"<!--", "", ""}, {"<a ", "", ""}, {"&", "", ""}, {"\\", "", ""},
        {"1. ", "a\n", "b\n"}, {"- [ ] ", "", ""}, {"\r", "", ""}, {"\t", "", ""}, {"::", "", ""},
        {"- a\n", "", ""}, {"> |a|\n> |-|\n", "", ""}, {"***", "a", "***"}, {"x\n---\n", "", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
        for (size_t bytes = 50000; bytes <= 1000000; bytes *= 4) {
            struct buf text = {0};
            if (strcmp(shapes[i][0], "u") == 0) buf_add(&text, "[a]: ", 5);
            repeat(&text, shapes[i][0], bytes / 2);
            buf_add(&text, shapes[i][1], strlen(shapes[i][1]));
            if (*shapes[i][2]) repeat(&text, shapes[i][2], bytes / 2);
            double begun = html_cpu_s();
            assert_true(markdown_write(html_fresh(), buf_span(&text)));
            double s = html_cpu_s() - begun;
            if (s > 0.2)
                printf("%zu bytes of '%s' '%s' '%s': %.2f s, %zu bytes of HTML\n", text.len,
                    shapes[i][0], shapes[i][1], shapes[i][2], s, html_got_len());
            assert_true(s < 10); /* under a sanitizer; seconds, not minutes */
            assert_true(html_got_len() < 64u << 20);
            assert_harmless(shapes[i][0]);
            buf_fini(&text);
        }
}

/* What is left out for its cost is no more than that. */
static void costs(void **state)
{
    struct buf mails = {0}, table = {0}, deep = {0};
    (void)state;
    repeat(&mails, "mailto:a@b.c ", 60000);
    assert_true(markdown_cost_of(buf_span(&mails)).document);
    assert_false(markdown_cost_of(buf_span(&mails)).links);
    assert_true(markdown_write(html_fresh(), buf_span(&mails)));
    assert_html_lacks("<a ");
    repeat(&table, "-|", 2000);
    repeat(&table, "\na", 2000);
    assert_false(markdown_cost_of(buf_span(&table)).tables);
    assert_true(markdown_cost_of(buf_span(&table)).links);
    for (int i = 0; i < 2;
         i++) /* emphasis in emphasis, and no more elements than a browser takes */
        repeat(&deep, i ? " a** a*" : "*a **a ", 7000);
    assert_true(markdown_cost_of(buf_span(&deep)).document);
    assert_true(markdown_write(html_fresh(), buf_span(&deep)));
    assert_harmless("deep emphasis");
    assert_html_has("<em>");
    buf_fini(&mails);
    buf_fini(&table);
    buf_fini(&deep);
}

static void too_large(void **state)
{
    struct buf text = {0};
    (void)state;
    repeat(&text, "# <b>\n", 1 << 20);
    assert_true(markdown_write(html_fresh(), buf_span(&text)));
    assert_harmless("1 MiB");
    assert_memory_equal(html_got(), "<pre class=\"code\"><code># &lt;b&gt;", 34);
    buf_fini(&text);
}

static bool keep_here(struct http_reply *reply, const void *bytes, size_t len)
{
    strncat(reply->transport, bytes, len);
    return true;
}

static void *one_of_many(void *unused)
{
    static __thread char got[256];
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        struct http_reply reply = {.write = keep_here, .begun = true, .transport = got};
        *got = 0;
        if (!markdown_write(&reply, SL_SPAN("~~a~~ http://x.y |")) ||
            strcmp(got, "<p><del>a</del> <a href=\"http://x.y\"" REL ">http://x.y</a> |</p>\n") !=
                0)
            return got;
    }
    return NULL;
}

static void threads(void **state)
{
    pthread_t thread[4];
    void *wrong;
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, one_of_many, NULL), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], &wrong);
        assert_null(wrong);
    }
}

static void gone(void **state)
{
    struct sl_span text = SL_SPAN("# a\n- b\n\n|c|\n|-|\n|[d](http://e)|\n\n```x\nf\n```\n");
    (void)state;
    assert_true(markdown_write(html_fresh(), text));
    for (size_t i = 0, len = html_got_len(); i < len; i++)
        assert_false(markdown_write(html_fresh_gone_after(i), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(code),
        cmocka_unit_test(raw_html_is_text),
        cmocka_unit_test(live_links),
        cmocka_unit_test(dead_links),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(pathological),
        cmocka_unit_test(costs),
        cmocka_unit_test(too_large),
        cmocka_unit_test(threads),
        cmocka_unit_test(gone),
    };
    return cmocka_run_group_tests_name("pages markdown", tests, NULL, NULL);
}
