/* Reads for which memory runs out, at the first allocation, the second, … until it suffices: each
 * says SL_NOMEM, leaks nothing, and the same view gives the whole answer when it is asked again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/alloc_fault.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>

static struct sl_credentials share;

/* With a snapshot, and events behind it: one with models, one with diffs. */
static int make(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    struct buf items = {0};
    buf_add(&items, "[", 1);
    for (unsigned i = 0; i < 400; i++) {
        char head[128], pad[200];
        memset(pad, 'x', sizeof(pad));
        int n = snprintf(head, sizeof(head),
            "%s{\"type\":\"part\",\"data\":{\"id\":\"p%04u\",\"messageID\":\"m\",\"text\":\"",
            i ? "," : "", i);
        buf_add(&items, head, (size_t)n);
        buf_add(&items, pad, sizeof(pad));
        buf_add(&items, "\"}}", 3);
    }
    buf_add(&items, "]", 1);
    core_sync_at(store, &share, buf_span(&items), core_now_us++);
    buf_fini(&items);
    settle();
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"title\":\"t\"}},{\"type\":\"part\",\"data\":{\"id\":"
        "\"p0007\",\"messageID\":\"m\"}},{\"type\":\"model\",\"data\":[{\"id\":\"a\"}]}]");
    core_sync(store, &share, "[{\"type\":\"session_diff\",\"data\":[{\"file\":\"f\"}]}]");
    return 0;
}

enum asked { DATA, DATA_BYTES, METADATA, MESSAGES, DIFFS, ITEM, ASKED };

static enum sl_result ask(struct sl_view *view, enum asked asked, struct buf *answer)
{
    struct sl_metadata metadata;
    struct sl_view_item item = {0};
    uint64_t bytes = 0;
    size_t count = 0;
    enum sl_result result = SL_OK;
    buf_clear(answer);
    switch (asked) {
    case DATA: return sl_view_data(view, core_sink(answer), &err);
    case DATA_BYTES:
        result = sl_view_data_bytes(view, &bytes, &err);
        buf_add(answer, &bytes, sizeof(bytes));
        return result;
    case METADATA:
        result = sl_view_metadata(view, &metadata, &err);
        if (result == SL_OK) buf_add_span(answer, metadata.title);
        return result;
    case MESSAGES: return sl_view_section(view, SL_SECTION_PARTS, core_sink(answer), &err);
    case DIFFS: return sl_view_section(view, SL_SECTION_DIFFS, core_sink(answer), &err);
    default:
        result = sl_view_items(view, &count, &err);
        if (result == SL_OK) result = sl_view_item(view, SL_BY_ARRIVAL, 0, &item, &err);
        buf_add_span(answer, item.data);
        return result;
    }
}

static struct sl_view *open_at(uint64_t sequence)
{
    struct sl_view *view;
    core_expect(
        sl_view_open(store, sl_span_of(share.id), core_at(sequence), &view, &err), SL_OK, &err);
    return view;
}

/* The sink's own memory must not run out. */
static void make_room(struct buf *answer)
{
    assert_true(buf_reserve(answer, 1024 * 1024));
}

static void every_answer(void **state)
{
    (void)state;
    struct buf whole = {0}, answer = {0};
    make_room(&whole);
    make_room(&answer);
    for (enum asked asked = DATA; asked < ASKED; asked++) {
        struct sl_view *view = open_at(4);
        core_expect(ask(view, asked, &whole), SL_OK, &err);
        sl_view_close(view);
        assert_true(whole.len > 0);
        unsigned long refused = 0;
        for (enum sl_result result = SL_NOMEM; result != SL_OK; refused++) {
            /* at a sequence before the newest: the share keeps no summary of it */
            view = open_at(3 + (asked != METADATA));
            alloc_fail_from(refused);
            result = ask(view, asked, &answer);
            alloc_never();
            if (result != SL_OK) assert_int_equal(result, SL_NOMEM);
            if (result != SL_OK) core_expect(ask(view, asked, &answer), SL_OK, &err);
            assert_true(sl_span_eq(buf_span(&answer), buf_span(&whole)));
            sl_view_close(view);
        }
        assert_true(refused > 2);
    }
    buf_fini(&whole);
    buf_fini(&answer);
}

static void opening(void **state)
{
    (void)state;
    unsigned long refused = 0;
    enum sl_result result;
    do {
        struct sl_view *view = NULL;
        alloc_fail_from(refused);
        result = sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err);
        alloc_never();
        if (result != SL_OK) assert_int_equal(result, SL_NOMEM);
        if (result != SL_OK) assert_null(view);
        sl_view_close(view);
        refused++;
    } while (result != SL_OK);
    assert_true(refused > 1);
    refused = 0;
    do {
        struct sl_event *event = NULL;
        alloc_fail_from(refused);
        result = sl_event_open(store, sl_span_of(share.id), 3, &event, &err);
        if (result == SL_OK) result = sl_event_check(event, &err);
        alloc_never();
        if (result != SL_OK) assert_int_equal(result, SL_NOMEM);
        sl_event_close(event);
        refused++;
    } while (result != SL_OK);
    assert_true(refused > 2);
}

int main(void)
{
#define MEMORY_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {MEMORY_TEST(every_answer), MEMORY_TEST(opening)};
    return cmocka_run_group_tests_name("read_memory", tests, NULL, NULL);
}
