/* Terminal output: colours are classes, lines show as they ended, orders are not obeyed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pages/text/ansi.h"
#include "tests/support/pages_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void is(const char *text, const char *html)
{
    assert_true(ansi_write(html_fresh(), sl_span_of(text)));
    assert_harmless(text);
    assert_html(html);
}

#define S(classes, text) "<span class=\"" classes "\">" text "</span>"

static void colours(void **state)
{
    (void)state;
    is("plain <b>\n", "plain &lt;b&gt;\n");
    is("\x1b[31ma\x1b[0mb", S("a-f1", "a") "b");
    is("\x1b[1;3;4;7;9;2;94;105mx",
        S("a-bold a-dim a-italic a-underline a-inverse a-strike a-f12 a-b13", "x"));
    is("\x1b[1mx\x1b[22my\x1b[3m\x1b[23mz", S("a-bold", "x") "yz");
    is("\x1b[31;42mx\x1b[39my\x1b[49mz", S("a-f1 a-b2", "x") S("a-b2", "y") "z");
    is("\x1b[mx\x1b[32m\x1b[mz", "xz");
    is("\x1b[31ma\nb\x1b[m\nc", S("a-f1", "a\nb\n") "c");
    is("\x1b[38;5;9mx\x1b[38;5;196my\x1b[48;5;255;1mz", S("a-f9", "xy") S("a-bold a-f9 a-b7", "z"));
    is("\x1b[38;2;250;5;5mx", S("a-f9", "x"));
    is("\x1b[38:2::0:0:0mx\x1b[38:5:10my\x1b[38:2:255:255:255mz",
        S("a-f0", "x") S("a-f10", "y") S("a-f15", "z"));
    is("\x1b[4:3mx\x1b[4:0my\x1b[58;5;1;1mz", S("a-underline", "x") "y" S("a-bold", "z"));
    is("\x1b[38mx\x1b[38;5my\x1b[38;2;1mz\x1b[38;9;1mw", "xyzw");
    is("\x1b[999999999999999mx\x1b[?1mx\x1b[>4;1mx\x1b[1 mx", "xxxx");
    is("\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mx",
        S("a-bold", "x"));
}

static void overwritten(void **state)
{
    (void)state;
    is("10%\r20%\r100%\ndone", "100%\ndone");
    is("long line\rab", "abng line");
    is("a\r\nb\r\r\n", "a\nb\n");
    is("abc\b\bX", "aXc");
    is("\b\b\bx", "x");
    is("abc\r\x1b[Kx", "x");
    is("abc\x1b[2K\rx", "x");
    is("abcd\x1b[2D\x1b[1Kx", "  xd");
    is("abc\x1b[2Gx\x1b[3Cy", "axc  y");
    is("\xc3\xa4\xe2\x82\xac\b<", "\xc3\xa4&lt;");
    is("\x1b[31mred\x1b[0m\rgr", "gr" S("a-f1", "d"));
    is("\x1b[31mabc\r\x1b[32mabc", S("a-f2", "abc"));
}

static void left_out(void **state)
{
    (void)state;
    is("a\x1b]0;title\ab", "ab");
    is("a\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\b", "alinkb");
    is("a\x1bPx\x1b\\b\x1b_x\x1b\\c\x1b(Bd\x1b=e\x1b"
       "7f",
        "abcdef");
    is("a\x1b[2Jb\x1b[Hc\x1b[?25ld\x1b[1Ae", "abcde");
    is("a\ab\x1b", "ab");
    is("a\x1b[", "a");
    is("a\x1b[12", "a");
    is("a\x1b]0;no end\nb", "a0;no end\nb");
    is("a\x1b\xc3\xa4", "a\xc3\xa4");
    is("a\xc2\x9b"
       "31m",
        "a<span class=\"char\" title=\"U+009B\">U+009B</span>31m");
    assert_true(ansi_write(html_fresh(), (struct sl_span){"a\0\x1b", 3}));
    assert_html("a<span class=\"char\" title=\"U+0000\">\xe2\x90\x80</span>");
}

static void all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < hostile_count; i++)
        for (size_t j = 0; j < hostile_count; j++) {
            struct buf text = {0};
            buf_add_span(&text, hostile[i]);
            buf_add(&text, "\b\r", j % 3);
            buf_add_span(&text, hostile[j]);
            assert_true(ansi_write(html_fresh(), buf_span(&text)));
            buf_add(&text, "", 1);
            assert_harmless(text.ptr);
            buf_fini(&text);
        }
}

static void random_texts(void **state)
{
    static const char pieces[] =
        "\x1b\x1b\x1b[[[]P;;:0123456789mmmKGCDJ\r\b\n\a<>&\"'x\xc3\xa4\xf0\x9f\xe2\x80\xae ?\\";
    unsigned seed = (unsigned)time(NULL);
    (void)state;
    printf("seed %u\n", seed);
    for (int round = 0; round < 30000; round++) {
        char text[64];
        size_t len = (unsigned)rand_r(&seed) % sizeof(text);
        for (size_t i = 0; i < len; i++)
            text[i] = pieces[(unsigned)rand_r(&seed) % (sizeof(pieces) - 1)];
        assert_true(ansi_write(html_fresh(), (struct sl_span){text, len}));
        assert_harmless("random");
    }
}

/* A few bytes that cost much: time and what is written stay in proportion. */
static void costly(void **state)
{
    static const char *const shapes[] = {"\x1b[99999Cx\n", "\x1b[99999Gx", "x\x1b[1K",
        "x\x1b[2K\x1b[9999C", "\x1b]0;x", "\x1b[1", "x\r", "x\b", "\x1b[31mx\x1b[32mx", "\x1bP",
        "x", "\r", "\x1b", "x\x1b[K"};
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        struct buf text = {0};
        while (text.len < 1 << 20)
            buf_add(&text, shapes[i], strlen(shapes[i]));
        double begun = html_cpu_s();
        assert_true(ansi_write(html_fresh(), buf_span(&text)));
        double s = html_cpu_s() - begun;
        if (s > 0.2) printf("shape %zu: %.2f s\n", i, s);
        assert_true(s < 10);
        assert_true(html_got_len() < 10 * text.len);
        assert_harmless(shapes[i]);
        buf_fini(&text);
    }
}

/* Beyond so many columns a line goes on as if anew; nothing of it is lost. */
static void long_line(void **state)
{
    struct buf text = {0};
    (void)state;
    buf_add(&text, "a\b", 2);
    for (int i = 0; i < 50000; i++)
        buf_add(&text, "0123456789", 10);
    assert_true(ansi_write(html_fresh(), buf_span(&text)));
    assert_harmless("a long line");
    assert_int_equal(strlen(html_seen()), 500000);
    assert_memory_equal(html_seen(), text.ptr + 2, 500000);
    buf_fini(&text);
}

static void gone(void **state)
{
    struct sl_span text = SL_SPAN("\x1b[31ma\rb\x1b[1mc\n<\n");
    (void)state;
    assert_true(ansi_write(html_fresh(), text));
    for (size_t i = 0, len = html_got_len(); i < len; i++)
        assert_false(ansi_write(html_fresh_gone_after(i), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours),
        cmocka_unit_test(overwritten),
        cmocka_unit_test(left_out),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(costly),
        cmocka_unit_test(long_line),
        cmocka_unit_test(gone),
    };
    return cmocka_run_group_tests_name("pages ansi", tests, NULL, NULL);
}
