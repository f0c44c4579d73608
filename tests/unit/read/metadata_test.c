/* A share's metadata at every moment: what counting its batches by hand gives, from a fold, from a
 * snapshot's head and from the kept summary alike. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/read/view.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCHES 60
#define IDS 8

/* What a client that remembers all it ever sent would count. */
struct counts {
    bool messages[IDS], parts[IDS], models[IDS];
    unsigned diffs;
    char title[16];
};

static uint64_t seed;

static unsigned below(unsigned limit)
{
    return (unsigned)(core_random(&seed) % limit);
}

static void add_item(struct buf *items, struct counts *counts)
{
    char text[200];
    unsigned id = below(IDS);
    int n = 0;
    switch (below(5)) {
    case 0:
        counts->messages[id] = true;
        n = snprintf(text, sizeof(text), "{\"type\":\"message\",\"data\":{\"id\":\"m%u\"}}", id);
        break;
    case 1:
        counts->parts[id] = true;
        n = snprintf(text, sizeof(text),
            "{\"type\":\"part\",\"data\":{\"messageID\":\"m%u\",\"id\":\"p%u\"}}", id / 2, id % 2);
        break;
    case 2:
        counts->models[id] = true;
        n = snprintf(text, sizeof(text),
            "{\"type\":\"model\",\"data\":[{\"providerID\":\"p\",\"id\":\"%u\"}]}", id);
        break;
    case 3:
        counts->diffs += 2;
        n = snprintf(text, sizeof(text), "{\"type\":\"session_diff\",\"data\":[%u,0]}", id);
        break;
    default:
        snprintf(counts->title, sizeof(counts->title), "\"%u\"", id);
        n = snprintf(text, sizeof(text),
            "{\"type\":\"session\",\"data\":{\"title\":%s,\"directory\":\"/d\"}}", counts->title);
    }
    if (items->len > 1) buf_add(items, ",", 1);
    buf_add(items, text, (size_t)n);
}

static void sync_batch(const struct sl_credentials *share, struct counts *counts)
{
    struct buf items = {0};
    buf_add(&items, "[", 1);
    for (unsigned left = below(5); left > 0; left--)
        add_item(&items, counts);
    buf_add(&items, "]", 1);
    core_now_us += 1000;
    core_sync_at(store, share, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static unsigned count(const bool there[IDS])
{
    unsigned sum = 0;
    for (unsigned i = 0; i < IDS; i++)
        sum += there[i];
    return sum;
}

static void assert_metadata(
    const struct sl_credentials *share, uint64_t sequence, const struct counts *counts)
{
    struct sl_view *view;
    struct sl_metadata m;
    struct buf data = {0};
    core_data(store, share->id, sequence, &data);
    core_expect(
        sl_view_open(store, sl_span_of(share->id), core_at(sequence), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &m, &err), SL_OK, &err);
    assert_string_equal(m.id, share->id);
    assert_true(sl_span_eq(m.session_id, SL_SPAN("ses_0123456789abcdefghij")));
    assert_true(sl_span_eq(m.title, sl_span_of(counts->title)));
    assert_true(sl_span_eq(m.directory, sl_span_of(counts->title[0] ? "\"/d\"" : "")));
    assert_int_equal(m.messages, count(counts->messages));
    assert_int_equal(m.parts, count(counts->parts));
    assert_int_equal(m.models, count(counts->models));
    assert_int_equal(m.diffs, counts->diffs);
    assert_int_equal(m.sequence, sequence);
    assert_int_equal(m.syncs, sequence - 1);
    assert_int_equal(m.created_ms, CORE_TIME_US / 1000);
    assert_int_equal(m.updated_ms, CORE_TIME_US / 1000 + sequence - 1);
    assert_int_equal(m.bytes, data.len);
    sl_view_close(view);
    buf_fini(&data);
}

static void counted_by_hand(void **state)
{
    (void)state;
    struct counts counts[BATCHES + 2] = {0};
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    seed = core_seed("metadata");
    for (uint64_t at = 2; at <= BATCHES + 1; at++) {
        counts[at] = counts[at - 1];
        sync_batch(&share, &counts[at]);
        assert_metadata(&share, at, &counts[at]); /* folded */
        assert_metadata(&share, at, &counts[at]); /* from the summary that is kept of it */
    }
    for (uint64_t at = 1; at <= BATCHES + 1; at++)
        assert_metadata(&share, at, &counts[at]);
}

/* From a snapshot's head alone, and behind a snapshot. */
static void with_a_snapshot(void **state)
{
    (void)state;
    enum { LAST = 1200 };
    struct counts *counts = calloc(LAST + 1, sizeof(*counts));
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    struct sl_view *view;
    struct sl_metadata m;
    seed = core_seed("metadata with a snapshot");
    for (uint64_t at = 2; at <= LAST; at++) {
        counts[at] = counts[at - 1];
        sync_batch(&share, &counts[at]);
    }
    settle();
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(moment_seek_base(&view->moment, &err), SL_OK, &err);
    uint64_t made = view->moment.base.sequence;
    sl_view_close(view);
    assert_in_range(made, 2, LAST);
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(made), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &m, &err), SL_OK, &err);
    assert_int_equal(view->folded, VIEW_UNFOLDED); /* the head was enough */
    sl_view_close(view);
    for (uint64_t at = made - 3; at <= LAST && at < made + 20; at++)
        assert_metadata(&share, at, &counts[at]);
    free(counts);
}

/* Titles that are no strings are none; a newer session has its directory in `location`. */
static void other_sessions(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
    struct sl_view *view;
    struct sl_metadata m;
    core_sync(store, &share,
        "[{\"type\":\"session\",\"data\":{\"title\":7,\"location\":{\"directory\":\"/e\"}}}]");
    core_expect(sl_view_open(store, sl_span_of(share.id), core_at(0), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &m, &err), SL_OK, &err);
    assert_int_equal(m.title.len, 0);
    assert_true(sl_span_eq(m.directory, SL_SPAN("\"/e\"")));
    sl_view_close(view);
}

int main(void)
{
#define METADATA_TEST(test) cmocka_unit_test_setup_teardown(test, make_store, drop_store)
    const struct CMUnitTest tests[] = {METADATA_TEST(counted_by_hand),
        METADATA_TEST(with_a_snapshot), METADATA_TEST(other_sessions)};
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
