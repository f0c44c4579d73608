/* The escaping emitter: nothing that came from outside can be markup, however it is written and
 * cut. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "http/pages/text/html.h"

#include <stdio.h>
#include <stdlib.h>

static char out[1 << 16];
static size_t out_len;

static bool begin(struct http_reply *reply)
{
    (void)reply;
    return true;
}

static bool keep(struct http_reply *reply, const void *bytes, size_t len)
{
    (void)reply;
    assert_true(out_len + len < sizeof(out));
    memcpy(out + out_len, bytes, len);
    out_len += len;
    out[out_len] = 0;
    return true;
}

static struct http_reply fresh(void)
{
    out_len = 0;
    out[0] = 0;
    return (struct http_reply){.begin = begin, .write = keep, .begun = true, .status = 200};
}

static void texts(void **state)
{
    struct http_reply reply = fresh();
    (void)state;
    assert_true(html_text(&reply, SL_SPAN("<a href=\"x\">'&\t\n\x01 \xc3\xa4")));
    assert_string_equal(out, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\t\n<span class=\"char\" "
                             "title=\"U+0001\">\xe2\x90\x81</span> \xc3\xa4");
}

static void strings(void **state)
{
    struct http_reply reply = fresh();
    (void)state;
    assert_true(
        html_json_string(&reply, SL_SPAN("\"\\u003cscript\\u003e\\ud83d\\ude00\\ud83d\\n\\\\\"")));
    assert_string_equal(out, "&lt;script&gt;\xf0\x9f\x98\x80<span class=\"char\" "
                             "title=\"U+D83D\">U+D83D</span>\n\\");
    assert_false(html_json_string(&reply, SL_SPAN("12")));
    reply = fresh();
    assert_true(html_json_string(&reply, SL_SPAN("\"\"")));
    assert_string_equal(out, "");
}

/* Places to break an endless word are taken out: they aren't what this is about. */
static void without_breaks(void)
{
    size_t to = 0;
    for (size_t from = 0; from < out_len;) {
        if (strncmp(out + from, "<wbr>", 5) == 0)
            from += 5;
        else
            out[to++] = out[from++];
    }
    out_len = to;
}

/* A long text is decoded in pieces: with 0 to 12 bytes before it, every character is cut at every
 * place once. */
static void pieces(void **state)
{
    static const char *const characters[][2] = {{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\u0041", "A"}, {"\\n", "\n"}, {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, {"\\u003C", "&lt;"}};
    static char text[1 << 15], want[1 << 15];
    (void)state;
    for (size_t c = 0; c < sizeof(characters) / sizeof(*characters); c++)
        for (size_t before = 0; before <= 12; before++) {
            size_t at = 1, used = 0;
            text[0] = '"';
            memset(text + at, 'x', before);
            memset(want, 'x', before);
            at += before;
            used += before;
            for (int i = 0; i < 1500; i++) {
                at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", characters[c][0]);
                used += (size_t)snprintf(want + used, sizeof(want) - used, "%s", characters[c][1]);
            }
            text[at++] = '"';
            struct http_reply reply = fresh();
            assert_int_equal(json_check((struct sl_span){text, at}, 8, NULL), SL_OK);
            assert_true(html_json_string(&reply, (struct sl_span){text, at}));
            without_breaks();
            assert_int_equal(out_len, used);
            assert_memory_equal(out, want, used);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(strings),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests_name("http html", tests, NULL, NULL);
}
