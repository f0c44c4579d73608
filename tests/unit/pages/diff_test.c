/* Differences: from unified patches, from *** Begin Patch, from two texts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pages/text/diff.h"
#include "http/pages/text/textdiff.h"
#include "tests/support/pages_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HEAD(file, plus, minus)                                                                    \
    "<div class=\"diff\"><div class=\"diff-head\"><span class=\"diff-file\">" file                 \
    "</span> <span class=\"plus\">+" plus "</span> <span class=\"minus\">-" minus "</span></div>"
#define TABLE "<table class=\"diff-lines\">\n"
#define ROW(class, old, new, line)                                                                 \
    "<tr class=\"" class "\"><td class=\"old\">" old                                               \
                         "</td><td class=\"new\">" new "</td><td class=\"line\">" line             \
                                                       "</td></tr>\n"
#define PAIR(class, pair, old, new, line) ROW(class "\" data-pair=\"" pair, old, new, line)
#define END "</table></div>\n"

static void patch_is(const char *patch, const char *file, const char *html)
{
    assert_true(diff_write_patch(html_fresh(), sl_span_of(patch), sl_span_of(file)));
    assert_harmless(patch);
    assert_html(html);
}

static void texts_are(const char *before, const char *after, const char *html)
{
    assert_true(
        diff_write_texts(html_fresh(), sl_span_of(before), sl_span_of(after), SL_SPAN("f")));
    assert_harmless(before);
    assert_html(html);
}

static void unified(void **state)
{
    (void)state;
    patch_is(
        "Index: a.js\n=====\n--- a.js\t\n+++ a.js\t\n@@ -1,3 +1,3 @@ f()\n x\n-old <b>\n+new <b>\n y\n",
        "",
        HEAD("a.js", "1", "1") TABLE ROW("hunk", "", "", "@@ -1,3 +1,3 @@ f()")
            ROW("same", "1", "1", "x") PAIR("del", "0", "2", "", "<del>old</del> &lt;b&gt;") PAIR(
                "add", "0", "", "2", "<ins>new</ins> &lt;b&gt;") ROW("same", "3", "3", "y") END);
    patch_is("@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n", "given",
        HEAD("given", "2", "0") TABLE ROW("hunk", "", "", "@@ -0,0 +1,2 @@") ROW("add", "", "1",
            "a") ROW("add", "", "2", "b") ROW("hunk", "", "", "No newline at end of file") END);
    /* within a hunk a line may look like a file's header */
    patch_is("--- a\n+++ b\n@@ -1,2 +1 @@\n--- x\n-+++ y\n+z\n", "",
        HEAD("b", "1", "2") TABLE ROW("hunk", "", "", "@@ -1,2 +1 @@") PAIR("del", "0", "1", "",
            "-- x") ROW("del", "2", "", "+++ y") PAIR("add", "0", "", "1", "z") END);
}

/* What is said of a line's end doesn't part it from the line that it became. */
static void without_line_feed(void **state)
{
    (void)state;
    patch_is("@@ -1 +1 @@\n-old a\n\\ No newline\n+old b\n\\ No newline\n", "f",
        HEAD("f", "1", "1") TABLE ROW("hunk", "", "", "@@ -1 +1 @@")
            PAIR("del", "0", "1", "", "old <del>a</del>") ROW("hunk", "", "", "No newline") PAIR(
                "add", "0", "", "1", "old <ins>b</ins>") ROW("hunk", "", "", "No newline") END);
}

static void several(void **state)
{
    (void)state;
    patch_is(
        "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/y b/z\nsimilarity index 100%\nrename from y\nrename to z\n"
        "diff --git a/w b/w\ndeleted file mode 100644\n--- a/w\n+++ /dev/null\n@@ -1 +0,0 @@\n-q\n",
        "given",
        HEAD("x", "1", "1") TABLE ROW("hunk", "", "", "@@ -1 +1 @@") PAIR("del", "0", "1", "", "a")
            PAIR("add", "0", "", "1", "b") END HEAD("z", "0", "0") TABLE ROW(
                "hunk", "", "", "similarity index 100%") ROW("hunk", "", "", "rename from y")
                ROW("hunk", "", "", "rename to z") END HEAD("w", "0", "1")
                    TABLE ROW("hunk", "", "", "deleted file mode 100644")
                        ROW("hunk", "", "", "@@ -1 +0,0 @@") ROW("del", "1", "", "q") END);
}

static void envelope(void **state)
{
    (void)state;
    patch_is(
        "*** Begin Patch\n*** Update File: a<b\n*** Move to: c\n@@ def f():\n x\n-y\n+z\n\n*** End of File\n"
        "*** Add File: n\n+1\n+2\n*** Delete File: d\n*** End Patch\nrest",
        "",
        HEAD("a&lt;b", "1", "1") TABLE ROW("hunk", "", "", "Move to: c")
            ROW("hunk", "", "", "@@ def f():") ROW("same", "", "", "x")
                PAIR("del", "0", "", "", "y") PAIR("add", "0", "", "", "z") ROW("same", "", "", "")
                    END HEAD("n", "2", "0") TABLE ROW("add", "", "1", "1") ROW("add", "", "2", "2")
                        END HEAD("d", "0", "0") TABLE ROW("hunk", "", "", "deleted") END);
}

#define PLAIN(file, text)                                                                          \
    "<div class=\"diff\"><div class=\"diff-head\"><span class=\"diff-file\">" file                 \
    "</span></div><pre class=\"code\"><code class=\"language-diff\">" text "</code></pre></div>\n"

static void malformed(void **state)
{
    (void)state;
    patch_is("no patch <b>\n", "f<", PLAIN("f&lt;", "no patch &lt;b&gt;\n"));
    patch_is("", "f", PLAIN("f", ""));
    patch_is("@@ -1 +1 @@\n-a\nnonsense\n+b\n", "f", PLAIN("f", "@@ -1 +1 @@\n-a\nnonsense\n+b\n"));
    patch_is("@@ -x +1 @@\n-a\n", "f", PLAIN("f", "@@ -x +1 @@\n-a\n"));
    patch_is("@@ -99999999999999999999 +1 @@\n-a\n", "f",
        PLAIN("f", "@@ -99999999999999999999 +1 @@\n-a\n"));
    patch_is("*** Begin Patch\nwhat\n*** End Patch", "f",
        PLAIN("f", "*** Begin Patch\nwhat\n*** End Patch"));
    patch_is("*** Begin Patch\n*** Update File: a\nwhat\n", "f",
        PLAIN("f", "*** Begin Patch\n*** Update File: a\nwhat\n"));
    /* cut short, or with counts that are wrong: what is there shows */
    patch_is("@@ -1,9 +1,9 @@\n-a", "f",
        HEAD("f", "0", "1") TABLE ROW("hunk", "", "", "@@ -1,9 +1,9 @@") ROW("del", "1", "", "a")
            END);
    patch_is("@@ -1 +1 @@\n-a\n+b\n+c\n\n", "f",
        HEAD("f", "2", "1") TABLE ROW("hunk", "", "", "@@ -1 +1 @@") PAIR("del", "0", "1", "", "a")
            PAIR("add", "0", "", "1", "b") ROW("add", "", "2", "c") END);
}

static void texts(void **state)
{
    (void)state;
    texts_are("a\nb\nc\n", "a\nB\nc\n",
        HEAD("f", "1", "1") TABLE ROW("same", "1", "1", "a") PAIR("del", "0", "2", "", "b")
            PAIR("add", "0", "", "2", "B") ROW("same", "3", "3", "c") END);
    texts_are("", "<b>\n", HEAD("f", "1", "0") TABLE ROW("add", "", "1", "&lt;b&gt;") END);
    texts_are("<b>", "", HEAD("f", "0", "1") TABLE ROW("del", "1", "", "&lt;b&gt;") END);
    texts_are("a", "a", HEAD("f", "0", "0") "<p class=\"diff-note\">No difference.</p></div>\n");
    texts_are("", "", HEAD("f", "0", "0") "<p class=\"diff-note\">No difference.</p></div>\n");
    texts_are("some words", "some more words",
        HEAD("f", "1", "1") TABLE PAIR("del", "0", "1", "", "some words")
            PAIR("add", "0", "", "1", "some <ins>more </ins>words") END);
    texts_are("a\r\nb\r\n", "a\r\nc\r\n",
        HEAD("f", "1", "1") TABLE ROW("same", "1", "1", "a") PAIR("del", "0", "2", "", "b")
            PAIR("add", "0", "", "2", "c") END);
    texts_are("abc\r\n", "abc\n",
        HEAD("f", "1", "1") TABLE PAIR("del", "0", "1", "",
            "abc<del><span class=\"char\" title=\"U+000D\">\xe2\x90\x8d</span></del>")
            PAIR("add", "0", "", "1", "abc") END);
    texts_are("\xe2\x82\xac!abc\xe2\x82\xac", "\xe2\x82\xac!abc\xe3\x82\xac",
        HEAD("f", "1", "1")
            TABLE PAIR("del", "0", "1", "", "\xe2\x82\xac!abc<del>\xe2\x82\xac</del>")
                PAIR("add", "0", "", "1", "\xe2\x82\xac!abc<ins>\xe3\x82\xac</ins>") END);
    /* a mark doesn't part the bytes of a character */
    texts_are("abc\xe2\x82\xac", "abc\xe2\x82\xad",
        HEAD("f", "1", "1") TABLE PAIR("del", "0", "1", "", "abc<del>\xe2\x82\xac</del>")
            PAIR("add", "0", "", "1", "abc<ins>\xe2\x82\xad</ins>") END);
    assert_true(
        diff_write_texts(html_fresh(), (struct sl_span){"a\0b", 3}, SL_SPAN("ab"), SL_SPAN("f")));
    assert_harmless("NUL");
    assert_html_has("class=\"del\"");
    assert_true(diff_write_texts(
        html_fresh(), (struct sl_span){0}, (struct sl_span){0}, (struct sl_span){0}));
    assert_true(diff_write_patch(html_fresh(), (struct sl_span){0}, (struct sl_span){0}));
}

/* Longer blocks than are held are written as they come, and all of them. */
static void long_blocks(void **state)
{
    (void)state;
    for (int n = 250; n < 700; n += 3) {
        struct buf before = {0}, after = {0};
        char line[32], want[64];
        for (int i = 0; i < n; i++) {
            buf_add(&before, line, (size_t)snprintf(line, sizeof(line), "old %d\n", i));
            buf_add(&after, line, (size_t)snprintf(line, sizeof(line), "new %d\n", i));
        }
        assert_true(
            diff_write_texts(html_fresh(), buf_span(&before), buf_span(&after), SL_SPAN("f")));
        assert_harmless("a long block");
        snprintf(want, sizeof(want), "\"plus\">+%d</span> <span class=\"minus\">-%d<", n, n);
        assert_html_has(want);
        int rows = 0;
        for (const char *at = html_got(); (at = strstr(at, "<tr")); at++)
            rows++;
        assert_int_equal(rows, 2 * n);
        buf_fini(&before);
        buf_fini(&after);
    }
}

static void too_large(void **state)
{
    struct buf text = {0};
    (void)state;
    for (size_t i = 0; i <= TEXTDIFF_LINES; i++)
        buf_add(&text, "\n", 1);
    assert_true(diff_write_texts(html_fresh(), SL_SPAN("abc"), buf_span(&text), SL_SPAN("<f>")));
    assert_harmless("too many lines");
    assert_html_has("Too large to compare: 3 bytes before, 40001 after.");
    buf_clear(&text);
    while (text.len <= TEXTDIFF_BYTES)
        buf_add(&text, "xxxxxxxx", 8);
    assert_true(diff_write_texts(html_fresh(), buf_span(&text), SL_SPAN("abc"), SL_SPAN("<f>")));
    assert_html_has("Too large");
    buf_fini(&text);
}

/* As large as is compared, and as unlike as can be. */
static void costly(void **state)
{
    (void)state;
    for (int shape = 0; shape < 4; shape++) {
        struct buf before = {0}, after = {0};
        char line[64];
        for (unsigned i = 0; i < 39000; i++) {
            unsigned other = shape == 0   ? 39000 - i
                             : shape == 1 ? i * 7919U % 39000
                             : shape == 2 ? i % 2
                                          : i + 1000000;
            buf_add(&before, line,
                (size_t)snprintf(line, sizeof(line), "line %u\n", shape == 2 ? i % 3 : i));
            buf_add(&after, line, (size_t)snprintf(line, sizeof(line), "line %u\n", other));
        }
        double begun = html_cpu_s();
        assert_true(
            diff_write_texts(html_fresh(), buf_span(&before), buf_span(&after), SL_SPAN("f")));
        double s = html_cpu_s() - begun;
        if (s > 0.3) printf("shape %d: %.2f s\n", shape, s);
        assert_true(s < 20);
        assert_harmless("costly");
        buf_fini(&before);
        buf_fini(&after);
    }
}

static void all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < hostile_count; i++)
        for (size_t j = 0; j < hostile_count; j++) {
            struct buf text = {0};
            assert_true(diff_write_texts(html_fresh(), hostile[i], hostile[j], hostile[i]));
            assert_harmless(hostile[i].ptr);
            buf_add(&text, "@@ -1 +1 @@\n-", 13);
            buf_add_span(&text, hostile[i]);
            buf_add(&text, "\n+", 2);
            buf_add_span(&text, hostile[j]);
            assert_true(diff_write_patch(html_fresh(), buf_span(&text), hostile[j]));
            buf_add(&text, "", 1);
            assert_harmless(text.ptr);
            assert_true(diff_write_patch(html_fresh(), hostile[i], hostile[j]));
            assert_harmless(hostile[i].ptr);
            buf_fini(&text);
        }
}

static void random_patches(void **state)
{
    static const char *const pieces[] = {"@@ -1,2 +1,2 @@", "@@ -1 +1 @@ x", "@@", "\n", "\n", "\n",
        "\n+", "\n-", "\n ", "\n\\ ", "\n--- a", "\n+++ b", "\ndiff --git a/x b/x", "\nIndex: q",
        "<b>", "x", "\r", "\n\n", "*** Begin Patch\n", "\n*** End Patch",
        "\n*** Add File: ", "\n*** Update File: ", "\n*** Move to: ", "\n*** Delete File: z",
        "\n*** End of File", "\xe2\x82", "\"", "\nrename to <", "\t", "/dev/null"};
    unsigned seed = (unsigned)time(NULL);
    int tables = 0;
    (void)state;
    printf("seed %u\n", seed);
    for (int round = 0; round < 30000; round++) {
        struct buf text = {0};
        const char *first = pieces[round % 3 == 0 ? 0 : round % 3 == 1 ? 18 : 6];
        buf_add(&text, first, strlen(first));
        for (int i = rand_r(&seed) % 12; i > 0; i--) {
            const char *piece =
                pieces[(unsigned)rand_r(&seed) % (sizeof(pieces) / sizeof(*pieces))];
            buf_add(&text, piece, strlen(piece));
        }
        assert_true(diff_write_patch(html_fresh(), buf_span(&text), SL_SPAN("")));
        tables += strstr(html_got(), "<table") != NULL;
        buf_add(&text, "", 1);
        assert_harmless(text.ptr);
        buf_fini(&text);
    }
    assert_true(tables > 1000);
}

static void gone(void **state)
{
    struct sl_span patch = SL_SPAN("--- a\n+++ a\n@@ -1,2 +1,2 @@\n-ab\n+ac\n d\n"),
                   a = SL_SPAN("abcd\nx"), b = SL_SPAN("abd\nx");
    (void)state;
    assert_true(diff_write_patch(html_fresh(), patch, SL_SPAN("f")));
    for (size_t i = 0, len = html_got_len(); i < len; i++)
        assert_false(diff_write_patch(html_fresh_gone_after(i), patch, SL_SPAN("f")));
    assert_true(diff_write_texts(html_fresh(), a, b, SL_SPAN("f")));
    for (size_t i = 0, len = html_got_len(); i < len; i++)
        assert_false(diff_write_texts(html_fresh_gone_after(i), a, b, SL_SPAN("f")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unified),
        cmocka_unit_test(without_line_feed),
        cmocka_unit_test(several),
        cmocka_unit_test(envelope),
        cmocka_unit_test(malformed),
        cmocka_unit_test(texts),
        cmocka_unit_test(long_blocks),
        cmocka_unit_test(too_large),
        cmocka_unit_test(costly),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(random_patches),
        cmocka_unit_test(gone),
    };
    return cmocka_run_group_tests_name("pages diff", tests, NULL, NULL);
}
