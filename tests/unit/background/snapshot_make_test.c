/* Snapshots: where they lie, that they change no answer, and that derived data comes back the same.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/compactor.h"
#include "core/background/snapshot_make.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "core/state/snapshot_rows.h"
#include "tests/support/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void reopen_compacting(void)
{
    struct sl_options options = core_options(dir);
    options.no_compactor = false;
    close_store();
    open_store(&options);
}

/* Sync a part of `bytes` bytes of text. */
static void sync_part(const struct sl_credentials *share, unsigned id, size_t bytes, uint64_t seed)
{
    struct buf items = {0};
    char head[128];
    int n = snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"prt_%u\",\"messageID\":\"msg_1\",\"text\":\"", id);
    buf_add(&items, head, (size_t)n);
    for (size_t i = 0; i < bytes; i++)
        buf_add(&items, &"abcdefghijklmnop"[core_random(&seed) & 15], 1);
    buf_add_span(&items, SL_SPAN("\"}}]"));
    assert_false(items.failed);
    core_sync_at(store, share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

/* ---- where they lie ---- */

#define SEQUENCES_MAX 1024

/* By sequence: bytes of a share's rows in a family, keys not counted; of snapshots what their heads
 * say, since one snapshot's rows are the next one's too. */
static void weigh(const char *id, enum kv_family family, uint64_t bytes[SEQUENCES_MAX])
{
    struct row_key from = row_share_from(sl_span_of(id)), to = row_share_to(sl_span_of(id));
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, row_span(&from), row_span(&to), KV_CACHED);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key_id;
        uint64_t sequence = 0;
        uint32_t chunk = 0;
        if (family == KV_EVENT)
            assert_true(row_parse_event(kv_iter_key(iter), &key_id, &sequence));
        else
            assert_true(row_parse_chunk(kv_iter_key(iter), &key_id, &sequence, &chunk));
        assert_true(sequence < SEQUENCES_MAX);
        struct snapshot_head head = {0};
        if (family == KV_EVENT)
            bytes[sequence] += kv_iter_value(iter).len;
        else if (chunk == 0 && snapshot_head_decode(kv_iter_value(iter), &head))
            bytes[sequence] += head.size;
    }
    assert_int_equal(kv_iter_check(iter, NULL), SL_OK);
    kv_iter_destroy(iter);
}

/* The same of its bodies' raw rows, wherever they lie. */
static void weigh_bodies(const char *id, uint64_t bytes[SEQUENCES_MAX])
{
    struct row_key from = row_share_from(sl_span_of(id)), to = row_share_to(sl_span_of(id));
    struct body_iter rows;
    body_iter_init(&rows, store->bodies, row_span(&from), row_span(&to), KV_CACHED);
    for (body_iter_first(&rows); body_iter_valid(&rows); body_iter_next(&rows)) {
        struct sl_span key_id;
        uint64_t sequence;
        uint32_t chunk;
        size_t len = 0;
        assert_true(row_parse_chunk(body_iter_key(&rows), &key_id, &sequence, &chunk));
        assert_true(sequence < SEQUENCES_MAX);
        core_expect(body_iter_row_bytes(&rows, &len, &err), SL_OK, &err);
        bytes[sequence] += len;
    }
    core_expect(body_iter_check(&rows, &err), SL_OK, &err);
    body_iter_fini(&rows);
}

/* The rule, worked out from the rows that are there: returns how many snapshots it demands, having
 * checked that they and no others lie there. */
static unsigned check_places(const char *id)
{
    uint64_t *events = calloc(SEQUENCES_MAX, sizeof(*events)),
             *snapshots = calloc(SEQUENCES_MAX, sizeof(*snapshots));
    assert_true(events && snapshots);
    weigh(id, KV_EVENT, events);
    weigh_bodies(id, events);
    weigh(id, KV_SNAPSHOT, snapshots);
    uint64_t since = 0, size = 0, all_events = 0, all_snapshots = 0;
    unsigned due = 0;
    for (uint64_t sequence = 1; sequence < SEQUENCES_MAX; sequence++) {
        since += events[sequence];
        all_events += events[sequence];
        all_snapshots += snapshots[sequence];
        bool should = events[sequence] && since >= (size > 65536 ? size : 65536);
        if (should != (snapshots[sequence] > 0))
            fail_msg("a snapshot at %d %s: %d bytes since the last, which has %d", (int)sequence,
                should ? "is missing" : "should not be there", (int)since, (int)size);
        if (!should) continue;
        due++;
        since = 0;
        size = snapshots[sequence];
    }
    /* What is kept for a share's whole history stays in proportion to its events. */
    assert_true(all_snapshots <= 2 * all_events + 65536);
    free(events);
    free(snapshots);
    return due;
}

static void fill(const struct sl_credentials *share, unsigned events, uint64_t seed)
{
    for (unsigned i = 0; i < events; i++) {
        size_t bytes = core_random(&seed) % 4000;
        if (i % 40 == 39) bytes = 30000 + core_random(&seed) % 300000;
        sync_part(share, (unsigned)(core_random(&seed) % 60), bytes, seed);
    }
}

static void doubling(void **state)
{
    (void)state;
    struct sl_credentials early = core_create(store, "ses_early000"),
                          late = core_create(store, "ses_late0000");
    fill(&late, 200, 7); /* the compactor comes to it long after */
    assert_int_equal(sl_store_health(store, &err), SL_OK);
    reopen_compacting();
    fill(&early, 200, 7); /* and to this one meanwhile */
    settle();
    unsigned snapshots = check_places(late.id);
    assert_true(snapshots >= 4);
    assert_int_equal(check_places(early.id), snapshots);
    core_verify(store);
    fill(&early, 400, 8);
    reopen(); /* what was due is still known to be */
    settle();
    assert_true(check_places(early.id) > snapshots);
    core_verify(store);
    core_expect(sl_store_rebuild(store, NULL, &err), SL_OK, &err);
    settle();
    assert_true(check_places(early.id) > snapshots);
    assert_int_equal(check_places(late.id), snapshots);
    core_verify(store);
}

/* A part sent again and again with more text: the usual case, in which events outweigh the state by
 * far. */
static void growing_part(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_growing0");
    for (unsigned i = 1; i <= 120; i++)
        sync_part(&share, 1, i * 200, 1);
    settle();
    assert_true(check_places(share.id) >= 5);
    core_verify(store);
}

/* One event as large as several rows: a snapshot of it alone, itself of several rows. */
static void large_items(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_large000");
    struct buf before = {0}, after = {0};
    sync_part(&share, 1, 9 * SL_MIB, 3);
    sync_part(&share, 2, 100, 4);
    sync_part(&share, 3, 3 * SL_MIB - 17, 5);
    sync_part(&share, 1, 5 * SL_MIB, 6);
    core_data(store, share.id, 4, &before);
    settle();
    assert_true(check_places(share.id) >= 1);
    core_data(store, share.id, 4, &after);
    core_assert_same(buf_span(&after), buf_span(&before), "/data before and after a snapshot");
    core_verify(store);
    buf_fini(&before);
    buf_fini(&after);
}

/* ---- no answer depends on them ---- */

static void answers(const char *id, struct buf *out)
{
    struct sl_share_info info;
    struct buf piece = {0};
    buf_clear(out);
    core_expect(sl_share_info(store, sl_span_of(id), &info, &err), SL_OK, &err);
    for (uint64_t sequence = 1; sequence <= info.sequence; sequence++) {
        core_data(store, id, sequence, &piece);
        buf_add_span(out, buf_span(&piece));
        for (enum sl_section section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS;
             section++) {
            core_section(store, id, sequence, section, &piece);
            buf_add_span(out, buf_span(&piece));
        }
    }
    buf_fini(&piece);
    assert_false(out->failed);
}

#define BULK "{\"type\":\"bulk\",\"data\":\""
#define MODEL(id) "{\"providerID\":\"p\",\"id\":\"" id "\"}"

/* A batch with 64 KiB beside `item`, so that a snapshot is due at it. */
static void sync_due(const struct sl_credentials *share, const char *item, uint64_t arrived_us)
{
    struct buf items = {0};
    buf_add(&items, "[", 1);
    buf_add_span(&items, sl_span_of(item));
    buf_add_span(&items, SL_SPAN("," BULK));
    for (int i = 0; i < 70000; i++)
        buf_add(&items, "x", 1);
    buf_add_span(&items, SL_SPAN("\"}]"));
    core_sync_at(store, share, buf_span(&items), arrived_us);
    buf_fini(&items);
}

/* What a batch that arrived earlier, but was appended after a snapshot, does to the order of what
 * the snapshot holds. */
static void late_batch_after_a_snapshot(void **state)
{
    (void)state;
    static const char *const late[] = {
        "[{\"type\":\"model\",\"data\":[" MODEL("b") "]}]",
        "[{\"type\":\"model\",\"data\":[]}]",
        "[{\"type\":\"model\",\"data\":[" MODEL("c") "]}]",
        "[{\"type\":\"session_diff\",\"data\":[{\"f\":0}]}]",
        "[{\"type\":\"session_diff\",\"data\":[]},{\"type\":\"message\",\"data\":{\"id\":\"b\"}}]",
    };
    for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
        char session[32];
        struct buf before = {0}, after = {0};
        snprintf(session, sizeof(session), "ses_late%04zu", i);
        struct sl_credentials share = core_create(store, session);
        core_sync_at(store, &share,
            SL_SPAN("[{\"type\":\"model\",\"data\":[" MODEL("a") " , " MODEL(
                "b") "]},"
                     "{\"type\":\"session_diff\",\"data\":[ {\"f\":1} ]},{\"type\":\"message\",\"data\":{\"id\":\"a\"}}]"),
            2000);
        sync_due(&share, "{\"type\":\"message\",\"data\":{\"id\":\"b\"}}", 3000);
        core_sync_at(store, &share, sl_span_of(late[i]), 1000);
        sync_due(&share, "{\"type\":\"session_diff\",\"data\":[{\"f\":2},{\"f\":3}]}", 4000);
        core_sync_at(store, &share, sl_span_of(late[i]), 1500);
        answers(share.id, &before);
        settle();
        assert_int_equal(check_places(share.id), 2);
        answers(share.id, &after);
        core_assert_same(buf_span(&after), buf_span(&before), late[i]);
        core_verify(store);
        buf_fini(&before);
        buf_fini(&after);
    }
}

static void drop_family(enum kv_family family, bool mark_only)
{
    char path[512];
    struct kv *kv;
    snprintf(path, sizeof(path), "%s/db", dir);
    struct kv_options options = {.path = path, .cache_bytes = SL_MIB};
    core_expect(kv_open(&options, &kv, &err), SL_OK, &err);
    struct kv_batch *batch = kv_batch_create();
    struct row_key whole = row_whole();
    if (mark_only)
        kv_delete(kv, batch, family, row_span(&whole));
    else
        kv_delete_range(kv, batch, family, (struct sl_span){"", 0}, SL_SPAN("\xff\xff"));
    core_expect(kv_write(kv, batch, true, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    kv_close(kv);
}

/* Derived families are lost: the next open makes them again, and every answer is what it was. */
static void derived_data_comes_back(void **state)
{
    (void)state;
    struct sl_credentials removed = core_create(store, "ses_removed0"),
                          held = core_create(store, "ses_held0000"), share, again;
    struct buf before = {0}, after = {0};
    core_expect(
        sl_share_create(store, SL_SPAN("ses_derived0"), SL_ROLE_CLIENT, SL_SPAN(""), &share, &err),
        SL_OK, &err);
    fill(&share, 60, 11);
    sync_due(&share, "{\"type\":\"model\",\"data\":[" MODEL("a") "]}", core_now_us);
    core_expect(sl_share_remove(store, sl_span_of(removed.id), SL_WHO_SECRET,
                    sl_span_of(removed.secret), SL_SPAN(""), &err),
        SL_OK, &err);
    core_expect(
        sl_share_remove(store, sl_span_of(held.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN("x"), &err),
        SL_OK, &err);
    settle();
    unsigned snapshots = check_places(share.id);
    answers(share.id, &before);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++) {
        if (!kv_family_derived(family)) continue;
        for (int mark_only = 0; mark_only <= 1; mark_only++) {
            close_store();
            store = NULL;
            drop_family(family, mark_only);
            open_store(NULL);
            settle();
            answers(share.id, &after);
            core_assert_same(buf_span(&after), buf_span(&before), kv_family_name(family));
            assert_int_equal(check_places(share.id), snapshots);
            core_verify(store);
        }
    }
    assert_int_equal(
        sl_share_create(store, SL_SPAN("ses_held0000"), SL_ROLE_NONE, SL_SPAN("z"), &again, &err),
        SL_HELD);
    core_expect(
        sl_share_create(store, SL_SPAN("ses_derived0"), SL_ROLE_CLIENT, SL_SPAN("z"), &again, &err),
        SL_OK, &err);
    assert_string_equal(again.secret, share.secret);
    sync_part(&share, 1, 10, 1);
    core_verify(store);
    buf_fini(&before);
    buf_fini(&after);
}

/* A snapshot cut short at any row (its head is what makes it one) is not read, and is made again.
 */
static void cut_short(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_cutshort");
    struct buf before = {0}, after = {0};
    sync_part(&share, 1, 3 * SL_MIB, 21);
    sync_part(&share, 2, 100, 22);
    answers(share.id, &before);
    unsigned reached = 0;
    for (long fault = 0;; fault++) {
        kv_fault_after(fault);
        enum sl_result result = sl_store_settle(store, &err);
        kv_fault_after(-1);
        /* A row that isn't put leaves the store writable: nothing durable was to be. */
        assert_true(result == SL_OK || result == SL_IO || result == SL_READ_ONLY);
        answers(share.id, &after);
        core_assert_same(
            buf_span(&after), buf_span(&before), "answers beside an unfinished snapshot");
        core_verify(store);
        reopen();
        answers(share.id, &after);
        core_assert_same(buf_span(&after), buf_span(&before), "answers after it");
        core_verify(store);
        reached++;
        if (result == SL_OK) break;
        assert_true(fault < 100);
    }
    assert_true(
        reached > 5); /* a row each write: table, the stream's, its index, the head, the mark */
    assert_int_equal(check_places(share.id), 1);
    buf_fini(&before);
    buf_fini(&after);
}

/* What failed, as on a full disk, is settled once that is over: nothing is left to be done at the
 * next start. */
static void tried_again(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_triedaga");
    struct row_key due = row_index(ROW_INDEX_DUE, sl_span_of(share.id));
    struct kv_pin pin;
    sync_part(&share, 1, 100000, 1);
    kv_fault_after(0);
    assert_int_equal(sl_store_settle(store, &err), SL_IO);
    assert_string_equal(err.text, "snapshot of share triedaga: write: injected fault");
    kv_fault_after(-1);
    core_expect(kv_get(store->kv, KV_INDEX, row_span(&due), &pin, &err), SL_OK, &err);
    kv_release(&pin);
    settle();
    assert_int_equal(kv_get(store->kv, KV_INDEX, row_span(&due), &pin, &err), SL_NOT_FOUND);
    assert_int_equal(check_places(share.id), 1);
}

/* What is as it was in the snapshot before isn't put again, wherever something new came in; and
 * what a redaction leaves of the snapshots needs nothing of those it took. */
static void shared_rows(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_shared00");
    for (unsigned i = 0; i < 400; i++)
        sync_part(&share, 1000 + 2 * (i % 200) + i / 200, 6000, i); /* then in between */
    for (unsigned i = 0; i < 800; i++)
        sync_part(&share, 5000 + i, 6000, 1000 + i);
    struct buf before = {0}, after = {0};
    core_data(store, share.id, 0, &before);
    settle();
    core_data(store, share.id, 0, &after);
    core_assert_same(buf_span(&after), buf_span(&before), "answers from shared rows");
    struct snapshot_head last;
    struct snapshot_rows rows = {0};
    struct sl_span id = sl_span_of(share.id);
    core_expect(snapshot_last(store->kv, id, UINT64_MAX, &last, &err), SL_OK, &err);
    core_expect(snapshot_rows_load(store->kv, id, &last, &rows, &err), SL_OK, &err);
    unsigned own = 0, parts = 0;
    for (size_t i = 0; i < rows.count; i++) {
        assert_true(rows.rows[i].sequence <= last.sequence);
        own += rows.rows[i].sequence == last.sequence;
        parts += rows.rows[i].sequence < last.sequence;
    }
    assert_int_equal(own, last.own_rows);
    printf("%u of %zu rows are the last snapshot's own\n", own, rows.count);
    assert_true(parts > rows.count / 3);
    core_verify(store);
    struct sl_redaction one = {
        .share_id = id, .key = SL_SPAN("part/msg_1/prt_5001"), .who = SL_WHO_OWNER};
    struct sl_redacted told;
    core_expect(sl_redact(store, &one, NULL, &told, &err), SL_OK, &err);
    core_verify(store);
    settle();
    core_verify(store);
    snapshot_rows_fini(&rows);
    buf_fini(&before);
    buf_fini(&after);
}

/* A redaction takes the share back to the last snapshot before what it changes, as it was when it
 * looked: one that was finished since then stays, and is found where it is due again. */
static void finished_meanwhile(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_meanwhil");
    struct sl_span id = sl_span_of(share.id);
    struct snapshot_head before, last, again;
    for (unsigned i = 0; i < 200; i++)
        sync_part(&share, i, 6000, i);
    settle();
    struct buf then = {0}, now = {0};
    answers(share.id, &then);
    core_expect(snapshot_last(store->kv, id, UINT64_MAX, &last, &err), SL_OK, &err);
    core_expect(snapshot_last(store->kv, id, last.sequence - 1, &before, &err), SL_OK, &err);
    struct share *held;
    core_expect(share_acquire(store->shares, id, &held, &err), SL_OK, &err);
    held->snapshot_sequence = before.sequence;
    held->snapshot_stored = before.stored;
    held->snapshot_size = before.size;
    core_expect(make_due_snapshots(store, id, &err), SL_OK, &err);
    assert_int_equal(held->snapshot_sequence, last.sequence);
    assert_int_equal(held->snapshot_stored, last.stored);
    assert_int_equal(held->snapshot_size, last.size);
    share_release(held);
    answers(share.id, &now);
    core_assert_same(buf_span(&now), buf_span(&then), "answers from it");
    core_verify(store);
    core_expect(snapshot_last(store->kv, id, UINT64_MAX, &again, &err), SL_OK, &err);
    assert_memory_equal(&again, &last, sizeof(last));
    buf_fini(&then);
    buf_fini(&now);
}

/* A second handle reads while this one writes: what there was when it opened, and what there is
 * once it has caught up. */
static void read_beside(void **state)
{
    (void)state;
    struct sl_credentials share = core_create(store, "ses_beside00");
    fill(&share, 50, 31);
    struct sl_options options = core_options(dir);
    options.access = SL_READ_BESIDE;
    struct sl_store *beside = core_open(&options), *writer = store;
    struct buf mine = {0}, theirs = {0};
    for (int round = 0; round < 3; round++) {
        core_expect(sl_store_catch_up(beside, &err), SL_OK, &err);
        answers(share.id, &mine);
        store = beside;
        answers(share.id, &theirs);
        core_verify(store);
        store = writer;
        core_assert_same(buf_span(&theirs), buf_span(&mine), "answers read beside");
        fill(&share, 30, 32 + (uint64_t)round);
        settle();
        if (round == 1) core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    }
    struct sl_synced synced;
    assert_int_equal(core_try_sync(beside, &share, SL_SPAN("[]"), 1, &synced, &err), SL_READ_ONLY);
    assert_int_equal(sl_store_settle(beside, &err), SL_READ_ONLY);
    /* it stays usable, behind as it is, while the writer goes on; and sees a removal once it looks
     */
    core_expect(
        sl_share_remove(store, sl_span_of(share.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    core_expect(sl_store_catch_up(beside, &err), SL_OK, &err);
    assert_int_equal(core_try_data(beside, share.id, 0, &theirs, &err), SL_REMOVED);
    core_verify(beside);
    sl_store_close(beside);
    buf_fini(&mine);
    buf_fini(&theirs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_store, drop_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(doubling),
        TEST(growing_part),
        TEST(large_items),
        TEST(late_batch_after_a_snapshot),
        TEST(derived_data_comes_back),
        TEST(cut_short),
        TEST(tried_again),
        TEST(shared_rows),
        TEST(finished_meanwhile),
        TEST(read_beside),
    };
    return cmocka_run_group_tests_name("snapshots", tests, NULL, NULL);
}
