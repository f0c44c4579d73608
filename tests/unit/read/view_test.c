/* One view asked for one thing after the other, and states whose events are too many bytes to be
   read at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/read/view.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* A part's text, which its id and length tell. */
static void add_part(struct buf *out, unsigned id, size_t bytes)
{
    char head[128];
    uint64_t chance = id * 7919 + bytes;
    int n = snprintf(head, sizeof(head),
        "{\"type\":\"part\",\"data\":{\"id\":\"prt_%04u\",\"messageID\":\"msg_1\",\"text\":\"", id);
    buf_add(out, head, (size_t)n);
    for (size_t i = 0; i < bytes; i++)
        buf_add(out, &"abcdefghijklmnop"[core_random(&chance) & 15], 1);
    buf_add_span(out, SL_SPAN("\"}}"));
}

static void sync_part(const struct sl_credentials *share, unsigned id, size_t bytes)
{
    struct buf items = {0};
    buf_add(&items, "[", 1);
    add_part(&items, id, bytes);
    buf_add(&items, "]", 1);
    core_sync_at(store, share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

/* ---- one thing after the other ---- */

#define THINGS 4

/* One of them, as JSON; for /data, what is said of its length is right. */
static void ask(struct sl_view *view, unsigned thing, struct buf *out)
{
    struct sl_metadata metadata;
    uint64_t bytes = 0;
    char text[128];
    buf_clear(out);
    switch (thing) {
    case 0:
        core_expect(sl_view_data_bytes(view, &bytes, &err), SL_OK, &err);
        core_expect(sl_view_data(view, core_sink(out), &err), SL_OK, &err);
        assert_int_equal(out->len, bytes);
        break;
    case 1:
        for (enum sl_section section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS; section++)
            core_expect(sl_view_section(view, section, core_sink(out), &err), SL_OK, &err);
        break;
    case 2:
        core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
        snprintf(text, sizeof(text), "%llu %llu %llu", (unsigned long long)metadata.parts,
            (unsigned long long)metadata.models, (unsigned long long)metadata.bytes);
        buf_add_span(out, sl_span_of(text));
        buf_add_span(out, metadata.title);
        break;
    default: {
        size_t count;
        core_expect(sl_view_items(view, &count, &err), SL_OK, &err);
        for (size_t i = 0; i < count; i++) {
            struct sl_view_item item;
            core_expect(sl_view_item(view, SL_BY_KEY, i, &item, &err), SL_OK, &err);
            buf_add_span(out, item.key);
            buf_add_span(out, item.data);
        }
    }
    }
    assert_false(out->failed);
}

static struct sl_view *open_at(const char *id, uint64_t sequence)
{
    struct sl_view *view = NULL;
    core_expect(sl_view_open(store, sl_span_of(id), core_at(sequence), &view, &err), SL_OK, &err);
    return view;
}

/* At each of a share's moments, whatever was asked for before. */
static void check_orders(const char *id, uint64_t last)
{
    struct buf expected[THINGS] = {0}, got = {0};
    for (uint64_t sequence = 1; sequence <= last; sequence++) {
        for (unsigned thing = 0; thing < THINGS; thing++) {
            struct sl_view *view = open_at(id, sequence);
            ask(view, thing, &expected[thing]);
            sl_view_close(view);
        }
        for (unsigned pair = 0; pair < THINGS * THINGS; pair++) {
            unsigned first = pair / THINGS, second = pair % THINGS;
            struct sl_view *view = open_at(id, sequence);
            ask(view, first, &got);
            ask(view, second, &got);
            core_assert_same(buf_span(&got), buf_span(&expected[second]), "the second thing");
            ask(view, first, &got);
            core_assert_same(buf_span(&got), buf_span(&expected[first]), "the first, again");
            sl_view_close(view);
        }
    }
    for (unsigned thing = 0; thing < THINGS; thing++)
        buf_fini(&expected[thing]);
    buf_fini(&got);
}

static void any_order(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_anyorder");
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"id\":\"s\",\"title\":\"first\"}},"
        "{\"type\":\"model\",\"data\":[{\"providerID\":\"p\",\"id\":\"b\"}]}]");
    for (unsigned i = 0; i < 40; i++)
        sync_part(&share, i * 7 % 40, 3000);
    settle(); /* snapshots, before the model and the session have something newer */
    core_sync(store, &share, "[{\"type\":\"unknown\",\"data\":1}]");
    core_sync(store, &share,
        "[{\"type\":\"model\",\"data\":[{\"providerID\":\"p\",\"id\":\"a\"}]},"
        "{\"type\":\"session\",\"data\":{\"id\":\"s\",\"title\":\"second\"}}]");
    check_orders(share.id, 1 + 1 + 40 + 2);
    /* behind the snapshot an event, and nothing in it */
    struct sl_credentials idle = core_create(store, "ses_nothing0");
    sync_part(&idle, 1, 70000);
    settle();
    core_sync(store, &idle, "[]");
    check_orders(idle.id, 3);
}

/* ---- many bytes of events ---- */

#define PARTS 300

/* So many bytes of a part: one has more than a row, and more than is ever read ahead. */
static size_t part_bytes(unsigned id)
{
    return id == 150 ? 5 * SL_MIB : 10000 + id * 97 % 30000;
}

static void check_parts(const char *id, uint64_t sequence, const struct buf *expected)
{
    struct buf got = {0};
    core_data(store, id, sequence, &got);
    core_assert_same(buf_span(&got), buf_span(expected), "/data of many bytes of events");
    buf_fini(&got);
}

/* Appended in order of key, backwards, and here and there. */
static void much_pending(void **state)
{
    (void)state;
    static const unsigned steps[] = {1, PARTS - 1, 131};
    struct buf expected = {0};
    buf_add(&expected, "[", 1);
    for (unsigned i = 0; i < PARTS; i++) {
        if (i > 0) buf_add(&expected, ",", 1);
        add_part(&expected, i, part_bytes(i));
    }
    buf_add(&expected, "]", 1);
    assert_true(expected.len > 2 * SL_READ_AHEAD_BYTES);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char session[32];
        snprintf(session, sizeof(session), "ses_pending%zu", i);
        struct sl_credentials share = core_create(store, session);
        for (unsigned k = 0, id = 0; k < PARTS; k++, id = (id + steps[i]) % PARTS) {
            if (id % 3 == 0) sync_part(&share, id, 100); /* to be replaced */
            sync_part(&share, id, part_bytes(id));
        }
        check_parts(share.id, 0, &expected);
        if (i == 0) core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
        check_parts(share.id, 0, &expected);
    }
    settle();
    core_verify(store);
    buf_fini(&expected);
}

/* A redaction leaves more bytes than there were: what was little enough to be read at once is so no
   longer, and its end must not be looked for in its beginning again and again. */
static void grown_by_redaction(void **state)
{
    (void)state;
    enum { EVENTS = 400, STRINGS = 2000 };
    struct sl_credentials share = core_create(store, "ses_grownred");
    for (unsigned i = 0; i < EVENTS; i++) {
        struct buf items = {0};
        char head[200];
        int n = snprintf(head, sizeof(head),
            "[{\"type\":\"part\",\"data\":{\"id\":\"prt_%04u\",\"messageID\":\"msg_1\"}},"
            "{\"type\":\"part\",\"data\":{\"id\":\"prt_x\",\"messageID\":\"msg_1\",\"texts\":[\"\"",
            EVENTS - i);
        buf_add(&items, head, (size_t)n);
        for (unsigned k = 0; k < STRINGS; k++)
            buf_add(&items, ",\"b\"", 4);
        buf_add_span(&items, SL_SPAN("]}}]"));
        core_sync_at(store, &share, buf_span(&items), core_now_us++);
        buf_fini(&items);
    }
    struct sl_redaction part = {
        .share_id = sl_span_of(share.id), .key = SL_SPAN("part/msg_1/prt_x"), .who = SL_WHO_OWNER};
    struct sl_redacted told;
    core_expect(sl_redact(store, &part, NULL, &told, &err), SL_OK, &err);
    assert_int_equal(told.events, EVENTS);
    struct sl_view *view;
    core_expect(
        sl_view_open(store, sl_span_of(share.id), core_at(1 + EVENTS), &view, &err), SL_OK, &err);
    assert_true(view->moment.at.stored < SL_READ_AHEAD_BYTES);
    size_t count = 0, again = 0;
    core_expect(sl_view_items(view, &count, &err), SL_OK, &err);
    assert_int_equal(count, EVENTS + 1);
    for (size_t i = 0; i < count; i++) {
        struct sl_view_item item;
        core_expect(sl_view_item(view, SL_BY_KEY, i, &item, &err), SL_OK, &err);
        again += view->reader.ahead.first == 1 && item.sequence > view->reader.ahead.count;
    }
    assert_true(again <= 1); /* the first that is asked for is the last event's */
    sl_view_close(view);
    core_verify(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_order),
        TEST(much_pending),
        TEST(grown_by_redaction),
    };
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
