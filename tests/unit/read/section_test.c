/* The sections of AgentSession: each one's JSON, at several moments of a share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/view.h"
#include "tests/support/core_fixture.h"

static struct sl_credentials share;

static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    return 0;
}

#define ITEM(type, data) "{\"type\":\"" type "\",\"data\":" data "}"
#define PART(message, id) ITEM("part", "{\"messageID\":\"" message "\",\"id\":\"" id "\"}")

static void assert_sections(uint64_t sequence, const char *const expected[SL_SECTION_MODELS + 1])
{
    for (enum sl_section section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS; section++)
        core_assert_section(store, share.id, sequence, section, expected[section]);
}

static void each_section(void **state)
{
    (void)state;
    core_sync(store, &share,
        "[" ITEM("session", "{\"title\":\"One\"}") "," ITEM("message", "{\"id\":\"m2\"}") "," PART(
            "m2", "p1") "," ITEM("session_diff", "[{\"file\":\"a\"},7]") "," ITEM("model",
            "[{\"providerID\":\"p\",\"id\":\"b\",\"n\":1}]") "," ITEM("other", "1") "]");
    core_now_us++;
    core_sync(store, &share,
        "[" ITEM("session", "{\"title\":\"Two\"}") "," ITEM("message", "{\"id\":\"m1\"}") "," ITEM(
            "message", "{\"id\":\"m2\",\"x\":1}") "," PART("m1", "p0") "," ITEM("session_diff",
            "[{\"file\":\"b\"}]") "," ITEM("model", "[{\"providerID\":\"p\",\"id\":\"a\"},"
                                                    "{\"providerID\":\"p\",\"id\":\"b\"}]") "]");
    assert_sections(1, (const char *const[]){"null", "[]", "[]", "[]", "[]", "[]"});
    assert_sections(
        2, (const char *const[]){"{\"title\":\"One\"}", "[{\"id\":\"m2\"}]",
               "[{\"messageID\":\"m2\",\"id\":\"p1\"}]", "[{\"file\":\"a\"},7]",
               "[{\"file\":\"a\"},7]", "[{\"providerID\":\"p\",\"id\":\"b\",\"n\":1}]"});
    /* In order of first arrival, each in its newest version; the diffs of all batches. */
    assert_sections(
        3, (const char *const[]){"{\"title\":\"Two\"}", "[{\"id\":\"m2\",\"x\":1},{\"id\":\"m1\"}]",
               "[{\"messageID\":\"m2\",\"id\":\"p1\"},{\"messageID\":\"m1\",\"id\":\"p0\"}]",
               "[{\"file\":\"a\"},7,{\"file\":\"b\"}]", "[{\"file\":\"b\"}]",
               "[{\"providerID\":\"p\",\"id\":\"b\"},{\"providerID\":\"p\",\"id\":\"a\"}]"});
}

/* A batch that arrived before the others and is appended after them comes first. */
static void late_batch(void **state)
{
    (void)state;
    core_now_us += 1000;
    core_sync(store, &share, "[" ITEM("message", "{\"id\":\"b\"}") "]");
    core_sync_at(store, &share,
        SL_SPAN("[" ITEM("message", "{\"id\":\"a\"}") "," ITEM(
            "message", "{\"id\":\"b\",\"old\":1}") "]"),
        core_now_us - 500);
    core_assert_section(store, share.id, 2, SL_SECTION_MESSAGES, "[{\"id\":\"b\"}]");
    core_assert_section(store, share.id, 3, SL_SECTION_MESSAGES, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
}

static bool take_bytes(void *ctx, const void *bytes, size_t len)
{
    size_t *left = ctx;
    (void)bytes;
    if (len > *left) return false;
    *left -= len;
    return true;
}

static void stopped(void **state)
{
    (void)state;
    struct sl_view *view;
    struct buf text = {0};
    core_sync(store, &share, "[" PART("m", "a") "," PART("m", "b") "]");
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_view_section(view, SL_SECTION_PARTS, core_sink(&text), &err), SL_OK, &err);
    for (size_t room = 0; room < text.len; room++) {
        size_t left = room;
        struct sl_sink sink = {take_bytes, &left};
        assert_int_equal(sl_view_section(view, SL_SECTION_PARTS, sink, &err), SL_STOPPED);
    }
    assert_int_equal(
        sl_view_section(view, (enum sl_section)(SL_SECTION_MODELS + 1), core_sink(&text), &err),
        SL_INVALID);
    assert_string_equal(err.text, "no such section");
    size_t len = text.len; /* the view is good after all of that */
    core_expect(sl_view_section(view, SL_SECTION_PARTS, core_sink(&text), &err), SL_OK, &err);
    assert_int_equal(text.len, 2 * len);
    assert_memory_equal(text.ptr, text.ptr + len, len);
    sl_view_close(view);
    buf_fini(&text);
}

int main(void)
{
#define SECTION_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {
        SECTION_TEST(each_section), SECTION_TEST(late_batch), SECTION_TEST(stopped)};
    return cmocka_run_group_tests_name("section", tests, NULL, NULL);
}
