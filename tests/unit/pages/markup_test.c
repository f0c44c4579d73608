/* The emitter shows what must not act, and no byte of a text is markup. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "http/pages/text/html.h"
#include "tests/support/pages_html.h"

#include <stdio.h>
#include <stdlib.h>

#define CHAR(code, symbol) "<span class=\"char\" title=\"U+" code "\">" symbol "</span>"

static void text_is(const char *text, const char *html)
{
    assert_true(html_text(html_fresh(), sl_span_of(text)));
    assert_html(html);
}

static void shown(void **state)
{
    (void)state;
    text_is("<a href=\"x\">'&", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    text_is("a\tb\nc \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
        "a\tb\nc \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_true(html_text(html_fresh(), (struct sl_span){"a\0b", 3}));
    assert_html("a" CHAR("0000", "\xe2\x90\x80") "b");
    text_is("\x1b[0m", CHAR("001B", "\xe2\x90\x9b") "[0m");
    text_is("\x7f", CHAR("007F", "\xe2\x90\xa1"));
    text_is("x\xe2\x80\xaey", "x" CHAR("202E", "U+202E") "y");
    text_is("\xef\xbb\xbf", CHAR("FEFF", "U+FEFF"));
    text_is("\xe2\x80\x8b", CHAR("200B", "U+200B"));
    text_is("\xd8\x9c", CHAR("061C", "U+061C"));
    text_is("\xed\xa0\xbd|\xed\x9f\xbf", CHAR("D83D", "U+D83D") "|\xed\x9f\xbf");
    text_is("\xf3\xa0\x81\xa1", CHAR("E0061", "U+E0061"));
    text_is("\x01\x01\x01", CHAR("0001 \xc3\x97"
                                 "3",
                                "\xe2\x90\x81\xc3\x97"
                                "3"));
    text_is("\xff\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    text_is("", "");
}

static void line_ends(void **state)
{
    (void)state;
    text_is("a\r\nb\r\n", "a\nb\n");
    text_is("a\rb", "a" CHAR("000D", "\xe2\x90\x8d") "b");
    text_is("a\r\r\n", "a" CHAR("000D", "\xe2\x90\x8d") "\n");
    text_is("a\r", "a" CHAR("000D", "\xe2\x90\x8d"));
}

/* A family and a Persian word keep their joiners; between Latin letters one would hide. */
static void joiners(void **state)
{
    static const char family[] = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
    static const char persian[] = "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae";
    (void)state;
    text_is(family, family);
    text_is(persian, persian);
    text_is("a\xe2\x80\x8d"
            "b",
        "a" CHAR("200D", "U+200D") "b");
    text_is("\xe2\x80\x8d\xe2\x80\x8d", CHAR("200D \xc3\x97"
                                             "2",
                                            "U+200D\xc3\x97"
                                            "2"));
}

static void attributes(void **state)
{
    (void)state;
    assert_true(html_attribute(html_fresh(), SL_SPAN("a\0\"'<>&\xe2\x80\xae\r\n\x1b\xff\xc3\xa4")));
    assert_html(
        "a\xef\xbf\xbd&quot;&#39;&lt;&gt;&amp;\xef\xbf\xbd\n\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4");
}

static void all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < hostile_count; i++) {
        assert_true(html_text(html_fresh(), hostile[i]));
        assert_harmless(hostile[i].ptr);
        assert_true(html_attribute(html_fresh(), hostile[i]));
        assert_harmless_attribute(hostile[i].ptr);
    }
}

/* Every code point, and every pair of bytes. */
static void each_character(void **state)
{
    char text[8], seed[16];
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code += code < 0x3000 || code >= 0xd700 ? 1 : 7) {
        size_t len = 0;
        if (code >= 0x800 || code < 0x80) {
            if (code >= 0x10000)
                text[len++] = (char)(0xf0 | code >> 18),
                text[len++] = (char)(0x80 | (code >> 12 & 63));
            else if (code >= 0x800)
                text[len++] = (char)(0xe0 | code >> 12);
            if (code >= 0x800) text[len++] = (char)(0x80 | (code >> 6 & 63));
            text[len++] = (char)(code < 0x80 ? code : 0x80 | (code & 63));
        } else {
            text[len++] = (char)(0xc0 | code >> 6);
            text[len++] = (char)(0x80 | (code & 63));
        }
        snprintf(seed, sizeof(seed), "U+%04X", (unsigned)code);
        assert_true(html_text(html_fresh(), (struct sl_span){text, len}));
        assert_harmless(seed);
        assert_true(html_attribute(html_fresh(), (struct sl_span){text, len}));
        assert_harmless_attribute(seed);
    }
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        text[0] = (char)(pair >> 8);
        text[1] = (char)(pair & 255);
        snprintf(seed, sizeof(seed), "%04x", pair);
        assert_true(html_text(html_fresh(), (struct sl_span){text, 2}));
        assert_harmless(seed);
    }
}

static void endless_words(void **state)
{
    size_t len = 1 << 20, longest = 0, run = 0;
    char *word = malloc(len);
    (void)state;
    memset(word, 'x', len);
    assert_true(html_text(html_fresh(), (struct sl_span){word, len}));
    assert_harmless("a long word");
    for (const char *at = html_got(); *at; at++) {
        run = *at == '<' ? 0 : run + 1;
        if (run > longest) longest = run;
    }
    assert_in_range(longest, 80, 90);
    assert_int_equal(strlen(html_seen()), len);
    assert_true(html_attribute(html_fresh(), (struct sl_span){word, len}));
    assert_int_equal(html_got_len(), len);
    for (size_t i = 0; i < len; i++) /* what acts at every second place: no flood of elements */
        word[i] = (char)(i % 2 ? 'x' : 0);
    assert_true(html_text(html_fresh(), (struct sl_span){word, len}));
    assert_harmless("NULs");
    assert_true(html_got_len() < 3 * len);
    memset(word, 1, len);
    assert_true(html_text(html_fresh(), (struct sl_span){word, len}));
    assert_true(html_got_len() < 100);
    free(word);
}

static void decoded(void **state)
{
    struct buf buf = {0};
    (void)state;
    assert_true(html_decode(SL_SPAN("\"a\\u0000\\ud83d\\ude00\\n\\u003c\\ud800\""), &buf));
    assert_int_equal(buf.len, 12 - 1);
    assert_memory_equal(buf.ptr, "a\0\xf0\x9f\x98\x80\n<\xed\xa0\x80", 11);
    assert_true(html_decode(SL_SPAN("\"+\""), &buf));
    assert_int_equal(buf.len, 12);
    assert_false(html_decode(SL_SPAN("12"), &buf));
    assert_false(html_decode(SL_SPAN("null"), &buf));
    assert_int_equal(buf.len, 12);
    buf_fini(&buf);
    assert_true(html_decode(SL_SPAN("\"\""), &buf));
    assert_true(html_text(html_fresh(), buf_span(&buf)));
    buf_fini(&buf);
}

/* A JSON string is written in pieces as if it were one: a CR LF isn't parted, a word goes on. */
static void json_pieces(void **state)
{
    (void)state;
    for (size_t before = 4080; before < 4100; before++) {
        struct buf json = {0}, text = {0};
        buf_add(&json, "\"", 1);
        for (size_t i = 0; i < before; i++)
            buf_add(&json, i % 7 ? "y" : " ", 1);
        for (int i = 0; i < 3000; i++)
            buf_add(&json, "\\r\\n\\\\r\\u000d\\u000a", 19);
        buf_add(&json, "\"", 1);
        assert_int_equal(json_check(buf_span(&json), 2, NULL), SL_OK);
        assert_true(html_decode(buf_span(&json), &text));
        assert_true(html_text(html_fresh(), buf_span(&text)));
        char *whole = strdup(html_got());
        assert_null(strstr(whole, "<span"));
        assert_true(html_json_string(html_fresh(), buf_span(&json)));
        assert_html(whole);
        free(whole);
        buf_fini(&json);
        buf_fini(&text);
    }
}

static void gone(void **state)
{
    (void)state;
    assert_false(html_text(html_fresh_gone_after(5), SL_SPAN("abcdefgh")));
    assert_false(html_text(html_fresh_gone_after(5), SL_SPAN("abc<\x01")));
    assert_false(html_attribute(html_fresh_gone_after(5), SL_SPAN("abc\x01\x01")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(joiners),
        cmocka_unit_test(attributes),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(each_character),
        cmocka_unit_test(endless_words),
        cmocka_unit_test(decoded),
        cmocka_unit_test(json_pieces),
        cmocka_unit_test(gone),
    };
    return cmocka_run_group_tests_name("pages html", tests, NULL, NULL);
}
