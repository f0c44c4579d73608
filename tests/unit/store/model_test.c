/* Long random sequences of commands, done to the store and to a naive model of it, compared byte
 * for byte. SL_TEST_SEED has a failure again; SL_TEST_ROUNDS makes more of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/log/keys.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"
#include "tests/support/core_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS 1500
#define SHARES 64
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 2 /* of stores; slower there, and the release build has had its three */
#else
#define ROUNDS 3
#endif

static const char *const sessions[] = {"ses_a12345678", "ses_b12345678", "ses_c12345678",
    "test_x12345678", "short", "ses with blanks", "ses_\xc3\xa9\xc3\xa9", "ses_d-_-_-_-_",
    "ses_e00000000", "ses_f00000000"};
#define SESSIONS (sizeof(sessions) / sizeof(sessions[0]))

static uint64_t seed;
static unsigned step, peers;
static struct model_share shares[SHARES];
static size_t shares_count;
static uint64_t positions; /* events in the whole store */

static uint64_t below(uint64_t bound)
{
    return core_random(&seed) % bound;
}

static void expect(enum sl_result result, enum sl_result expected)
{
    if (result != expected)
        fail_msg("step %u: %s instead of %s: %s", step, sl_result_text(result),
            sl_result_text(expected), err.text);
}

static void assert_same(const struct buf *got, const struct buf *expected,
    const struct model_share *share, uint64_t sequence, const char *what)
{
    char name[160];
    assert_false(got->failed || expected->failed);
    snprintf(name, sizeof(name), "step %u: share %s at %" PRIu64 " of %zu: %s", step,
        share->credentials.id, sequence, share->count, what);
    core_assert_same(buf_span(got), buf_span(expected), name);
}

static struct model_share *some_share(void)
{
    return shares_count ? &shares[below(shares_count)] : NULL;
}

/* ---- what changes the store ---- */

static void check_readers(const char *session)
{
    char id[SL_SHARE_ID_BYTES + 1];
    const struct model_share *led_to = model_led_to(shares, shares_count, session);
    expect(sl_session_share(store, sl_span_of(session), id, &err), led_to ? SL_OK : SL_NOT_FOUND);
    if (led_to) assert_string_equal(id, led_to->credentials.id);
}

static void do_create(void)
{
    const char *session = sessions[below(SESSIONS)];
    enum sl_role role = below(3) ? SL_ROLE_NONE : below(3) ? SL_ROLE_CLIENT : SL_ROLE_OWNER;
    const struct model_share *back = model_given_back(shares, shares_count, session, role);
    check_readers(session);
    if (shares_count == SHARES && !back) return;
    char peer[32]; /* nobody's twin */
    snprintf(peer, sizeof(peer), "peer %u", peers++);
    struct sl_credentials got = {0};
    enum sl_result result =
        sl_share_create(store, sl_span_of(session), role, sl_span_of(peer), &got, &err);
    if (model_is_held(shares, shares_count, session, role)) {
        expect(result, SL_HELD);
        return;
    }
    expect(result, SL_OK);
    assert_int_equal(got.recovered, back != NULL);
    if (got.recovered) {
        assert_string_equal(got.id, back->credentials.id);
        assert_string_equal(got.secret, back->credentials.secret);
        return;
    }
    for (size_t i = 0; i < shares_count; i++) {
        assert_string_not_equal(got.id, shares[i].credentials.id);
        assert_string_not_equal(got.secret, shares[i].credentials.secret);
    }
    struct model_share *share = &shares[shares_count++];
    *share = (struct model_share){.credentials = got, .session = session, .by = role};
    model_append(share, SL_CREATE, positions++, core_now_us);
}

static void do_sync(struct model_share *share)
{
    struct buf json = {0};
    struct sl_synced synced = {0};
    struct model_event event = {0};
    /* a batch may have begun to arrive long before it is appended, and at the same time as another
     */
    uint64_t arrived_us = core_now_us - (below(4) ? below(2000) : below(400000));
    if (below(10) == 0)
        arrived_us = CORE_TIME_US - 1000000 + below(arrived_us - CORE_TIME_US + 1000000);
    if (below(4) == 0) arrived_us -= arrived_us % 100000;
    model_make_batch(&seed, true, &event, &json);
    enum sl_result result =
        core_try_sync(store, &share->credentials, buf_span(&json), arrived_us, &synced, &err);
    struct model_event *appended;
    struct model_share dropped = {0};
    if (share->removed) {
        expect(result, SL_REMOVED);
        appended = model_append(&dropped, SL_SYNC, 0, 0);
    } else {
        expect(result, SL_OK);
        appended = model_append(share, SL_SYNC, positions++, core_now_us);
        assert_int_equal(synced.sequence, share->count);
        assert_int_equal(synced.position, appended->position);
    }
    appended->arrived_us = arrived_us;
    appended->items = event.items;
    appended->count = event.count;
    model_share_fini(&dropped);
    buf_fini(&json);
}

static void do_remove(struct model_share *share)
{
    bool by_owner = below(2);
    struct sl_span secret = by_owner ? SL_SPAN("") : sl_span_of(share->credentials.secret);
    expect(sl_share_remove(store, sl_span_of(share->credentials.id),
               by_owner ? SL_WHO_OWNER : SL_WHO_SECRET, secret, SL_SPAN("why"), &err),
        SL_OK);
    if (share->removed) return;
    model_append(share, SL_REMOVE, positions++, core_now_us);
    share->removed = true;
    share->held = by_owner;
}

/* Holds lie by who made the share, then by its id. */
static bool lies_before(const struct model_share *a, const struct model_share *b)
{
    uint8_t makers[2][MAKER_BYTES];
    keys_maker(store->keys, a->by, makers[0]);
    keys_maker(store->keys, b->by, makers[1]);
    int order = memcmp(makers[0], makers[1], MAKER_BYTES);
    return order ? order < 0 : strcmp(a->credentials.id, b->credentials.id) < 0;
}

static void do_allow(void)
{
    const char *session = sessions[below(SESSIONS)];
    expect(sl_session_allow(store, sl_span_of(session), &err), SL_OK);
    /* in the order in which they lie, each with an event of its own */
    for (;;) {
        struct model_share *first = NULL;
        for (size_t i = 0; i < shares_count; i++) {
            struct model_share *share = &shares[i];
            if (strcmp(share->session, session) != 0 || !share->held) continue;
            if (!first || lies_before(share, first)) first = share;
        }
        if (!first) return;
        first->held = false;
        model_append(first, SL_ALLOW, positions++, core_now_us);
    }
}

static void do_reopen(void)
{
    struct sl_options options = core_options(dir);
    options.no_compactor = below(2);
    close_store();
    open_store(&options);
}

/* ---- what is read ---- */

static void check_metadata(struct sl_view *view, const struct model_share *share, uint64_t sequence,
    struct model_state *state, size_t bytes)
{
    struct sl_metadata m;
    expect(sl_view_metadata(view, &m, &err), SL_OK);
    uint64_t syncs = 0;
    const struct model_item *session = NULL;
    for (uint64_t at = 0; at < sequence; at++)
        syncs += share->events[at].kind == SL_SYNC;
    for (size_t i = 0; i < state->items.count; i++)
        if (state->items.entries[i].item->kind == MODEL_SESSION)
            session = state->items.entries[i].item;
    const char *title = session && session->title ? session->title : "";
    const char *directory = session && session->directory ? session->directory : "";
    assert_string_equal(m.id, share->credentials.id);
    assert_true(sl_span_eq(m.session_id, sl_span_of(share->session)));
    if (!sl_span_eq(m.title, sl_span_of(title)) || !sl_span_eq(m.directory, sl_span_of(directory)))
        fail_msg("step %u: title %.*s, directory %.*s", step, (int)m.title.len, m.title.ptr,
            (int)m.directory.len, m.directory.ptr);
    assert_int_equal(m.messages, model_count(state, MODEL_MESSAGE));
    assert_int_equal(m.parts, model_count(state, MODEL_PART));
    assert_int_equal(m.diffs, model_diffs(state));
    assert_int_equal(m.models, state->models.count);
    assert_int_equal(m.syncs, syncs);
    assert_int_equal(m.sequence, sequence);
    assert_int_equal(m.created_ms, share->events[0].time_ms);
    assert_int_equal(m.updated_ms, share->events[sequence - 1].time_ms);
    assert_int_equal(m.bytes, bytes);
}

static void check_items(struct sl_view *view, struct model_state *state, struct buf *scratch)
{
    enum sl_order order = below(2) ? SL_BY_KEY : SL_BY_ARRIVAL;
    if (order == SL_BY_KEY)
        model_sort_by_key(&state->items);
    else
        model_sort_by_arrival(&state->items);
    size_t count;
    expect(sl_view_items(view, &count, &err), SL_OK);
    assert_int_equal(count, state->items.count);
    for (size_t i = 0; i < state->items.count; i++) {
        const struct model_entry *entry = &state->items.entries[i];
        struct sl_view_item item;
        expect(sl_view_item(view, order, i, &item, &err), SL_OK);
        buf_clear(scratch);
        model_item_data(state, entry, scratch);
        core_assert_same(item.key, buf_span(entry->key), "an item's key");
        core_assert_same(item.data, buf_span(scratch), "an item's data");
        assert_int_equal(item.arrived_us, entry->arrived_us);
        assert_int_equal(item.sequence, entry->sequence);
    }
    struct sl_view_item none;
    assert_int_equal(sl_view_item(view, order, state->items.count, &none, &err), SL_NOT_FOUND);
}

/* A share at a moment whose sequence is known. */
static void check_view(struct sl_view *view, const struct model_share *share, uint64_t sequence)
{
    struct model_state state;
    struct buf got = {0}, expected = {0};
    model_fold(share, sequence, &state);
    model_data(&state, &expected);
    /* in any order: what the first of them works out the others find */
    bool metadata_first = below(2);
    if (metadata_first) check_metadata(view, share, sequence, &state, expected.len);
    expect(sl_view_data(view, core_sink(&got), &err), SL_OK);
    assert_same(&got, &expected, share, sequence, "/data");
    if (!metadata_first) check_metadata(view, share, sequence, &state, expected.len);
    for (enum sl_section section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS; section++) {
        static const char *const names[] = {
            "session", "messages", "parts", "diffs", "latest diffs", "models"};
        if (below(2)) continue;
        buf_clear(&got);
        buf_clear(&expected);
        expect(sl_view_section(view, section, core_sink(&got), &err), SL_OK);
        model_section(&state, section, &expected);
        assert_same(&got, &expected, share, sequence, names[section]);
    }
    if (below(4) == 0) check_items(view, &state, &expected);
    model_state_fini(&state);
    buf_fini(&got);
    buf_fini(&expected);
}

static void check_moment(const struct model_share *share)
{
    struct sl_moment moment = {(enum sl_moment_kind)below(3), 0};
    uint64_t sequence = share->count;
    if (moment.kind == SL_AT_SEQUENCE) {
        sequence = moment.value = below(share->count + 2);
        if (sequence > share->count) sequence = 0;
    } else if (moment.kind == SL_AT_TIME) {
        uint64_t first = share->events[0].time_ms, last = share->events[share->count - 1].time_ms;
        moment.value = first - 1 + below(last - first + 3);
        sequence = 0;
        while (sequence < share->count && share->events[sequence].time_ms <= moment.value)
            sequence++;
    }
    struct sl_view *view = NULL;
    enum sl_result result =
        sl_view_open(store, sl_span_of(share->credentials.id), moment, &view, &err);
    expect(result, share->removed ? SL_REMOVED : sequence ? SL_OK : SL_NO_MOMENT);
    if (result == SL_OK) check_view(view, share, sequence);
    sl_view_close(view);
}

static bool gather_change(void *ctx, enum sl_change change, struct sl_span key)
{
    struct buf *out = ctx;
    buf_add(out, &"+~-"[change], 1);
    buf_add_span(out, key);
    buf_add(out, "\n", 1);
    return true;
}

/* One kind of change between two states, in order of key. */
static void add_changes(
    struct model_state *from, struct model_state *to, enum sl_change change, struct buf *out)
{
    struct model_state *walked = change == SL_DROPPED ? from : to,
                       *other = change == SL_DROPPED ? to : from;
    struct buf a = {0}, b = {0};
    model_sort_by_key(&walked->items);
    for (size_t i = 0; i < walked->items.count; i++) {
        const struct model_entry *entry = &walked->items.entries[i];
        const struct model_entry *old = model_find(&other->items, entry->key);
        buf_clear(&a);
        buf_clear(&b);
        model_item_data(walked, entry, &a);
        if (old) model_item_data(other, old, &b);
        bool differs = old && !sl_span_eq(buf_span(&a), buf_span(&b));
        if (change == SL_CHANGED ? differs : !old) gather_change(out, change, buf_span(entry->key));
    }
    buf_fini(&a);
    buf_fini(&b);
}

static void check_changes(const struct model_share *share)
{
    uint64_t from = 1 + below(share->count), to = 1 + below(share->count);
    struct buf got = {0}, expected = {0};
    struct model_state a, b;
    enum sl_result result = sl_share_changes(
        store, sl_span_of(share->credentials.id), from, to, gather_change, &got, &err);
    expect(result, share->removed ? SL_REMOVED : SL_OK);
    if (result == SL_OK) {
        model_fold(share, from, &a);
        model_fold(share, to, &b);
        for (enum sl_change change = SL_ADDED; change <= SL_DROPPED; change++)
            add_changes(&a, &b, change, &expected);
        assert_same(&got, &expected, share, to, "changes");
        model_state_fini(&a);
        model_state_fini(&b);
    }
    buf_fini(&got);
    buf_fini(&expected);
}

/* ---- histories and lists ---- */

static void add_event(struct buf *out, const char *id, uint64_t sequence,
    const struct model_event *event, bool removed)
{
    char line[256];
    bool hidden = removed && event->kind == SL_SYNC;
    uint64_t bytes = 0;
    for (size_t i = 0; i < event->count && !hidden; i++)
        bytes += event->items[i].data.len;
    snprintf(line, sizeof(line), "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d %zu %" PRIu64 "\n",
        id, sequence, event->position, event->time_ms, event->kind, hidden,
        hidden ? 0 : event->count, bytes);
    buf_add(out, line, strlen(line));
}

static bool gather_event(void *ctx, const struct sl_event_info *info)
{
    bool control = info->kind != SL_SYNC; /* of these the model knows no body */
    uint64_t items = 0;
    for (size_t i = 0; i < info->types_count; i++)
        items += info->types[i].items;
    assert_int_equal(items, info->items);
    char line[256];
    snprintf(line, sizeof(line),
        "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d %" PRIu64 " %" PRIu64 "\n", info->share_id,
        info->sequence, info->position, info->time_ms, info->kind, info->erased,
        control ? 0 : info->items, control ? 0 : info->bytes);
    buf_add(ctx, line, strlen(line));
    return true;
}

static void check_history(const struct model_share *share)
{
    struct buf got = {0}, expected = {0};
    bool newest_first = below(2);
    size_t limit = 1 + below(40);
    uint64_t from = 0, next = 0;
    do {
        expect(sl_share_events(store, sl_span_of(share->credentials.id), from, limit, newest_first,
                   gather_event, &got, &next, &err),
            SL_OK);
        from = next;
    } while (next);
    for (size_t i = 0; i < share->count; i++) {
        size_t at = newest_first ? share->count - 1 - i : i;
        add_event(&expected, share->credentials.id, at + 1, &share->events[at], share->removed);
    }
    assert_same(&got, &expected, share, 0, "history");
    buf_fini(&got);
    buf_fini(&expected);
}

static void check_store_history(void)
{
    struct buf got = {0}, expected = {0};
    uint64_t from = below(positions + 1), next = from;
    do {
        from = next;
        expect(
            sl_store_events(store, from, 1 + below(100), gather_event, &got, &next, &err), SL_OK);
    } while (next != from);
    assert_int_equal(next, positions);
    /* the model's events by position: one of each share at most is the next */
    size_t *at = calloc(shares_count + 1, sizeof(*at)), lines = 0;
    assert_non_null(at);
    for (uint64_t position = 0; position < positions; position++)
        for (size_t i = 0; i < shares_count; i++) {
            if (at[i] == shares[i].count || shares[i].events[at[i]].position != position) continue;
            const struct model_event *event = &shares[i].events[at[i]++];
            if (position >= positions - 200) lines++;
            add_event(&expected, shares[i].credentials.id, at[i], event, shares[i].removed);
        }
    free(at);
    /* as far as it was read: the end of the whole */
    assert_true(got.len <= expected.len && lines <= 200);
    struct sl_span end = {expected.ptr + (expected.len - got.len), got.len};
    core_assert_same(buf_span(&got), end, "the store's history");
    buf_fini(&got);
    buf_fini(&expected);
}

static void check_event(const struct model_share *share)
{
    uint64_t sequence = 1 + below(share->count);
    const struct model_event *event = &share->events[sequence - 1];
    struct buf got = {0}, expected = {0};
    struct sl_event *opened;
    bool shown = event->kind == SL_SYNC && !share->removed;
    expect(sl_event_open(store, sl_span_of(share->credentials.id), sequence, &opened, &err), SL_OK);
    buf_add(&expected, "[", 1);
    for (size_t i = 0; i < event->count && shown; i++) {
        buf_add_span(&expected, i ? SL_SPAN(",{\"type\":") : SL_SPAN("{\"type\":"));
        buf_add_span(&expected, sl_span_of(event->items[i].type));
        buf_add_span(&expected, SL_SPAN(",\"data\":"));
        buf_add_span(&expected, buf_span(&event->items[i].data));
        buf_add(&expected, "}", 1);
        core_assert_same(
            sl_event_item(opened, i).key, buf_span(&event->items[i].key), "an item's key");
    }
    buf_add(&expected, "]", 1);
    assert_int_equal(sl_event_text_bytes(opened), expected.len);
    size_t cap = 1 + below(below(2) ? 20 : 100000), len = 1; /* in pieces of one size or another */
    if (expected.len > 100000) cap += 50000;
    while (len > 0 && buf_reserve(&got, cap)) {
        expect(sl_event_text(opened, got.len, got.ptr + got.len, cap, &len, &err), SL_OK);
        got.len += len;
    }
    assert_same(&got, &expected, share, sequence, "an event's text");
    sl_event_close(opened);
    buf_fini(&got);
    buf_fini(&expected);
}

static bool gather_share(void *ctx, const struct sl_metadata *metadata)
{
    char line[128];
    snprintf(line, sizeof(line), "%s %" PRIu64 "\n", metadata->id, metadata->sequence);
    buf_add(ctx, line, strlen(line));
    return true;
}

static void check_list(void)
{
    struct buf got = {0}, expected = {0};
    uint64_t cursor = 0, before = UINT64_MAX;
    size_t limit = 1 + below(8);
    do {
        expect(sl_shares(store, cursor, limit, gather_share, &got, &cursor, &err), SL_OK);
    } while (cursor);
    for (;;) { /* live shares, newest event first */
        const struct model_share *next = NULL;
        uint64_t newest = 0;
        for (size_t i = 0; i < shares_count; i++) {
            uint64_t position = shares[i].events[shares[i].count - 1].position + 1;
            if (shares[i].removed || position >= before || position <= newest) continue;
            next = &shares[i];
            newest = position;
        }
        if (!next) break;
        before = newest;
        char line[128];
        snprintf(line, sizeof(line), "%s %zu\n", next->credentials.id, next->count);
        buf_add(&expected, line, strlen(line));
    }
    core_assert_same(buf_span(&got), buf_span(&expected), "the list of shares");
    buf_fini(&got);
    buf_fini(&expected);
}

/* ---- */

static void do_upkeep(void)
{
    uint64_t what = below(100);
    if (what < 45)
        do_reopen();
    else if (what < 80)
        expect(sl_store_settle(store, &err), SL_OK);
    else if (what < 90)
        expect(sl_store_compact(store, NULL, &err), SL_OK);
    else if (what < 95)
        expect(sl_store_rebuild(store, NULL, &err), SL_OK);
    else
        core_verify(store);
}

static void do_step(void)
{
    struct model_share *share = some_share();
    uint64_t what = below(1000);
    core_now_us += below(20000);
    if (below(50) == 0) core_now_us -= below(50000); /* a clock that is set back */
    if (!share || what < 25)
        do_create();
    else if (what < 600)
        do_sync(below(2) ? share : &shares[shares_count - 1]); /* some shares grow large */
    else if (what < 604)
        do_remove(share);
    else if (what < 608)
        do_allow();
    else if (what < 640)
        do_upkeep();
    else if (what < 840)
        check_moment(share);
    else if (what < 900)
        check_changes(share);
    else if (what < 920)
        check_history(share);
    else if (what < 925)
        check_store_history();
    else if (what < 975)
        check_event(share);
    else
        check_list();
}

static void one_store(void)
{
    make_store(NULL);
    for (step = 0; step < STEPS; step++)
        do_step();
    expect(sl_store_settle(store, &err), SL_OK);
    core_verify(store);
    do_reopen();
    for (size_t i = 0; i < shares_count; i++)
        for (int n = 0; n < 4; n++)
            check_moment(&shares[i]);
    core_verify(store);
    drop_store(NULL);
    for (size_t i = 0; i < shares_count; i++)
        model_share_fini(&shares[i]);
    shares_count = 0;
    positions = 0;
}

static void beside_a_model(void **state)
{
    (void)state;
    uint64_t first = core_seed("model");
    for (unsigned round = 0; round < ROUNDS * core_rounds(); round++) {
        seed = first + round;
        one_store();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(beside_a_model)};
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
