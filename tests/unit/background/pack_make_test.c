/* Bodies go cold: which rows are packed, when, and that no answer changes by it; nor is one lost,
 * however packing is cut short. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/background/compactor.h"
#include "core/background/due.h"
#include "core/background/pack_make.h"
#include "core/event/hot_row.h"
#include "core/log/body_rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct sl_credentials share, other;
static struct sl_span id;

static int make_shares(void **state)
{
    make_store(state);
    share = core_create(store, "ses_0123456789abcdefghij");
    other = core_create(store, "ses_0123456789abcdefghik");
    id = sl_span_of(share.id);
    return 0;
}

/* A part of `bytes` bytes of text; every tenth one again. */
static void sync_part(const struct sl_credentials *to, unsigned part, size_t bytes)
{
    struct buf items = {0};
    char head[128];
    uint64_t random = part;
    snprintf(head, sizeof(head),
        "[{\"type\":\"part\",\"data\":{\"id\":\"prt_%u\",\"messageID\":\"msg_1\",\"text\":\"",
        part % 10);
    buf_add(&items, head, strlen(head));
    while (items.len < bytes) {
        char word[20];
        snprintf(word, sizeof(word), "%llx ", (unsigned long long)(core_random(&random) % 5000));
        buf_add(&items, word, strlen(word));
    }
    buf_add_span(&items, SL_SPAN("\"}}]"));
    core_sync_at(store, to, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

static void sync_parts(const struct sl_credentials *to, unsigned count, size_t bytes)
{
    for (unsigned i = 0; i < count; i++)
        sync_part(to, i, bytes);
}

/* ---- where rows lie ---- */

struct lie {
    unsigned hot, raw, cold, packs, hard; /* rows; packs, and those made hard */
    uint64_t first_left;                  /* the first event behind the create that isn't packed */
};

static struct lie where(const struct sl_credentials *of)
{
    struct lie lie = {0};
    struct row_key from = row_share_from(sl_span_of(of->id)), to = row_share_to(sl_span_of(of->id));
    struct body_iter rows;
    body_iter_init(&rows, store->bodies, row_span(&from), row_span(&to), KV_SCAN);
    for (body_iter_first(&rows); body_iter_valid(&rows); body_iter_next(&rows)) {
        struct sl_span key_id;
        uint64_t sequence;
        uint32_t chunk;
        enum kv_family family = body_iter_family(&rows);
        assert_true(row_parse_chunk(body_iter_key(&rows), &key_id, &sequence, &chunk));
        lie.hot += family == KV_HOT;
        lie.raw += family == KV_BODY;
        lie.cold += family == KV_COLD;
        if (family != KV_COLD && sequence > 1 && !lie.first_left) lie.first_left = sequence;
        if (sequence == 1) assert_int_not_equal(family, KV_COLD);
        const struct body_pack *pack = body_iter_pack(&rows);
        if (!pack) continue;
        lie.packs++;
        lie.hard += pack->effort == ZSTD_HARD;
        assert_true(pack->bytes <= SL_BODY_ROW_BYTES);
    }
    core_expect(body_iter_check(&rows, &err), SL_OK, &err);
    body_iter_fini(&rows);
    return lie;
}

static uint64_t snapshot_of(const struct sl_credentials *of)
{
    struct share *held;
    core_expect(share_acquire(store->shares, sl_span_of(of->id), &held, &err), SL_OK, &err);
    uint64_t sequence = held->snapshot_sequence;
    share_release(held);
    return sequence;
}

/* The state of both shares at each of their moments. */
static void answers(struct buf *out)
{
    struct buf of_other = {0};
    core_gather_answers(store, share.id, out);
    core_gather_answers(store, other.id, &of_other);
    buf_add_span(out, buf_span(&of_other));
    assert_false(out->failed);
    buf_fini(&of_other);
}

static void expect_same(const struct buf *before)
{
    struct buf now = {0};
    answers(&now);
    core_assert_same(buf_span(&now), buf_span(before), "what is said of the shares");
    core_verify(store);
    buf_fini(&now);
}

/* ---- behind a snapshot ---- */

static void packs_behind_a_snapshot(void **state)
{
    (void)state;
    struct buf before = {0};
    sync_parts(&share, 120, 9000);
    sync_parts(&other, 20, 9000);
    answers(&before);
    settle();
    struct lie lie = where(&share);
    uint64_t last = snapshot_of(&share);
    assert_true(last > 60);
    assert_int_equal(lie.packs, 1);
    assert_int_equal(lie.hard, 0);
    assert_int_equal(lie.cold, last - 1); /* all from the second event on */
    assert_int_equal(lie.first_left, last + 1);
    assert_int_equal(where(&other).cold, 0); /* too little */
    expect_same(&before);
    settle();
    lie = where(&share);
    assert_int_equal(lie.packs, 1);
    sync_parts(&share, 120, 9000); /* and on from there */
    answers(&before);
    settle();
    lie = where(&share);
    assert_true(lie.packs > 1);
    assert_true(lie.first_left > snapshot_of(&share) || snapshot_of(&share) - lie.first_left < 60);
    expect_same(&before);
    close_store();
    open_store(NULL);
    expect_same(&before);
    buf_fini(&before);
}

/* Bodies of several rows among small ones. */
static void large_bodies(void **state)
{
    (void)state;
    struct buf before = {0};
    static const size_t sizes[] = {3000, 5000000, 100, 800000, 9000000, 4194304, 10, 4200000, 70};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        sync_part(&share, (unsigned)i, sizes[i]);
    answers(&before);
    settle();
    struct lie lie = where(&share);
    /* the last snapshot is the sixth event's, whose rows are packed to the last one */
    assert_int_equal(lie.packs, 6);
    assert_int_equal(lie.cold, 8);
    assert_int_equal(lie.first_left, 7);
    expect_same(&before);
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    lie = where(&share);
    assert_int_equal(lie.hot, 1);
    assert_int_equal(lie.packs, lie.hard);
    expect_same(&before);
    buf_fini(&before);
}

/* Whoever has the share's turn is not waited for; the next snapshot brings the packing again. */
static void turn_is_taken(void **state)
{
    (void)state;
    struct share *held;
    core_expect(share_acquire(store->shares, id, &held, &err), SL_OK, &err);
    assert_true(share_turn_try(store->shares, held));
    assert_false(share_turn_try(store->shares, held));
    sync_parts(&share, 120, 9000);
    settle();
    assert_true(snapshot_of(&share) > 60);
    assert_int_equal(where(&share).packs, 0);
    share_turn_end(store->shares, held);
    share_release(held);
    settle(); /* nothing is due */
    assert_int_equal(where(&share).packs, 0);
    sync_parts(&share, 120, 9000);
    settle();
    assert_true(where(&share).packs > 0);
    assert_int_equal(where(&share).first_left, snapshot_of(&share) + 1);
    core_verify(store);
}

/* ---- everything ---- */

static void compact(void)
{
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
}

/* All values of family cold, keys and all. */
static void cold_rows(struct buf *out)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_COLD, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    buf_clear(out);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        buf_add_span(out, kv_iter_key(iter));
        buf_add_span(out, kv_iter_value(iter));
    }
    kv_iter_destroy(iter);
}

static void compacts(void **state)
{
    (void)state;
    struct buf before = {0}, first = {0}, again = {0};
    sync_parts(&share, 30, 9000);
    sync_parts(&other, 3, 100);
    answers(&before);
    compact();
    struct lie lie = where(&share);
    assert_true(lie.packs == 1 && lie.hard == 1 && lie.hot == 1 && lie.first_left == 0);
    lie = where(&other);
    assert_true(lie.packs == 1 && lie.cold == 3 && lie.hot == 1);
    expect_same(&before);
    cold_rows(&first);
    compact(); /* finds nothing to do */
    cold_rows(&again);
    core_assert_same(buf_span(&again), buf_span(&first), "packs");
    for (int round = 0; round < 6; round++) { /* small packs are made one */
        sync_parts(&share, 100, 9000);
        if (round % 2) settle();
        answers(&before);
        compact();
        expect_same(&before);
    }
    lie = where(&share);
    assert_int_equal(lie.cold, 630);
    assert_true(lie.packs <= 3 && lie.packs == lie.hard && lie.hot == 1);
    buf_fini(&before);
    buf_fini(&first);
    buf_fini(&again);
}

/* Stores of format 1, half of whose bodies may have come since. */
static void old_bodies(void **state)
{
    (void)state;
    struct buf before = {0};
    sync_parts(&share, 60, 9000);
    sync_part(&share, 3, 6000000);
    sync_parts(&other, 30, 9000);
    answers(&before);
    store_bodies_to(store, id, KV_BODY);
    store_bodies_to(store, sl_span_of(other.id), KV_BODY);
    assert_true(where(&share).raw > 60);
    settle();
    struct lie lie = where(&share);
    assert_true(lie.packs > 0 && lie.raw > 0 && lie.raw < 10);
    expect_same(&before);
    sync_parts(&share, 10, 100);
    sync_parts(&other, 10, 100);
    answers(&before);
    compact();
    lie = where(&share);
    assert_true(lie.raw == 1 && lie.hot == 0); /* the create event's */
    lie = where(&other);
    assert_true(lie.raw == 1 && lie.hot == 0);
    expect_same(&before);
    buf_fini(&before);
}

static void removed(void **state)
{
    (void)state;
    sync_parts(&share, 30, 9000);
    sync_parts(&other, 30, 9000);
    core_expect(
        sl_share_remove(store, id, SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err), SL_OK, &err);
    compact();
    assert_int_equal(where(&share).packs, 0);
    assert_int_equal(where(&other).packs, 1);
    core_expect(
        sl_share_remove(store, sl_span_of(other.id), SL_WHO_OWNER, SL_SPAN(""), SL_SPAN(""), &err),
        SL_OK, &err);
    settle();
    struct lie lie = where(&other);
    assert_true(lie.packs == 0 && lie.hot == 2); /* create and remove */
    core_verify(store);
}

static unsigned told;

static void tell(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    (void)ctx;
    if (strcmp(phase, "pack") != 0) return;
    assert_true(done <= total && total == 2);
    told++;
}

static void tells(void **state)
{
    (void)state;
    struct sl_progress progress = {.report = tell};
    sync_parts(&share, 3, 100);
    told = 0;
    core_expect(sl_store_compact(store, &progress, &err), SL_OK, &err);
    assert_int_equal(told, 3); /* before each, and at the end */
}

/* A store that closes is not waited for by who asked. */
static void closing(void **state)
{
    (void)state;
    struct buf before = {0};
    sync_parts(&share, 30, 9000);
    answers(&before);
    due_stop(store->due);
    assert_int_equal(pack_all(store, 2, NULL, &err), SL_CLOSING);
    assert_int_equal(where(&share).packs, 0);
    reopen();
    expect_same(&before);
    compact();
    assert_int_equal(where(&share).packs, 1);
    expect_same(&before);
    buf_fini(&before);
}

/* ---- failing ---- */

/* The k-th write fails, and the store is opened again: nothing is lost, and it is done then. */
static void writes_fail(void **state)
{
    bool reached = true;
    struct buf before = {0};
    for (long k = 0; reached; k++) {
        if (k > 0) {
            drop_store(state);
            make_shares(state);
        }
        for (unsigned i = 0; i < 4; i++)
            sync_part(&share, i, i == 2 ? 4300000 : 100000);
        sync_parts(&other, 3, 100);
        answers(&before);
        settle(); /* snapshots are many writes, and not the ones that are meant */
        kv_fault_after(k);
        enum sl_result result = sl_store_compact(store, NULL, &err);
        reached = result != SL_OK;
        kv_fault_after(-1);
        if (reached) assert_int_equal(result, SL_IO);
        reopen();
        expect_same(&before);
        compact();
        expect_same(&before);
        assert_int_equal(where(&share).hot, 1);
        if (!reached) assert_true(k >= 3);
    }
    buf_fini(&before);
}

/* A row that can't be read is packed nowhere: it stays where it is, and is named. */
static void damaged(void **state)
{
    (void)state;
    sync_parts(&share, 30, 9000);
    struct buf row = {0};
    store_row_get(store, KV_HOT, row_body(id, 9, 0), &row);
    row.ptr[3] ^= 0x40;
    store_row_put(store, KV_HOT, row_body(id, 9, 0), buf_span(&row));
    assert_int_equal(sl_store_compact(store, NULL, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 9: body row 0 can't be unpacked"));
    assert_int_equal(where(&share).packs, 0);
    row.ptr[3] ^= 0x40;
    store_row_put(store, KV_HOT, row_body(id, 9, 0), buf_span(&row));
    compact();
    /* and so of a pack that is to be made again */
    store_row_get(store, KV_COLD, row_body(id, 2, 0), &row);
    row.ptr[row.len / 2] ^= 0x10;
    store_row_put(store, KV_COLD, row_body(id, 2, 0), buf_span(&row));
    sync_parts(&share, 3, 100);
    assert_int_equal(sl_store_compact(store, NULL, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 2: a pack is damaged: it doesn't fit its id"));
    row.ptr[row.len / 2] ^= 0x10;
    store_row_put(store, KV_COLD, row_body(id, 2, 0), buf_span(&row));
    compact();
    assert_int_equal(where(&share).packs, 1);
    core_verify(store);
    buf_fini(&row);
}

/* ---- beside others ---- */

static atomic_bool over;
static atomic_uint failures, reads;

static void *read_on(void *arg)
{
    const struct buf *states = arg; /* at each sequence, as they were before */
    struct buf out = {0};
    uint64_t random = 7;
    struct sl_err why;
    while (!atomic_load(&over)) {
        uint64_t at = 2 + core_random(&random) % 60;
        enum sl_result result = core_try_data(store, share.id, at, &out, &why);
        if (result != SL_OK || !sl_span_eq(buf_span(&out), buf_span(&states[at]))) {
            fprintf(stderr, "state %d: %s\n", (int)at, result ? why.text : "another one");
            atomic_fetch_add(&failures, 1);
        }
        struct sl_event *event = NULL;
        result = sl_event_open(store, id, at, &event, &why);
        if (result == SL_OK) result = sl_event_check(event, &why);
        sl_event_close(event);
        if (result != SL_OK) {
            fprintf(stderr, "event %d: %s\n", (int)at, why.text);
            atomic_fetch_add(&failures, 1);
        }
        atomic_fetch_add(&reads, 1);
    }
    buf_fini(&out);
    return NULL;
}

static atomic_bool packed;

static void *pack_on(void *arg)
{
    (void)arg;
    struct sl_err why = {0};
    if (sl_store_compact(store, NULL, &why) != SL_OK) {
        fprintf(stderr, "compact: %s\n", why.text);
        atomic_fetch_add(&failures, 1);
    }
    atomic_store(&packed, true);
    return NULL;
}

/* Rows that move while all of them are looked at are no fault. */
static void verify_while_packing(void)
{
    pthread_t thread;
    atomic_store(&packed, false);
    pthread_create(&thread, NULL, pack_on, NULL);
    do
        core_verify(store);
    while (!atomic_load(&packed));
    pthread_join(thread, NULL);
}

/* Rows move under readers, who notice nothing. */
static void beside_readers(void **state)
{
    (void)state;
    pthread_t threads[2];
    static struct buf states[64];
    sync_parts(&share, 60, 20000);
    for (uint64_t at = 2; at < 62; at++)
        core_data(store, share.id, at, &states[at]);
    for (unsigned round = 0; round < 2 * core_rounds(); round++) {
        store_bodies_to(store, id, round % 2 ? KV_HOT : KV_BODY);
        atomic_store(&over, false);
        pthread_create(&threads[0], NULL, read_on, states);
        pthread_create(&threads[1], NULL, read_on, states);
        settle();
        sync_parts(&share, 20, 30000);
        settle(); /* packed behind a snapshot */
        verify_while_packing();
        sync_parts(&share, 10, 30000);
        settle();
        verify_while_packing(); /* a pack that is made anew */
        atomic_store(&over, true);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&failures), 0);
        core_verify(store);
    }
    printf("%u reads\n", atomic_load(&reads));
    for (size_t i = 0; i < 64; i++)
        buf_fini(&states[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_shares, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(packs_behind_a_snapshot),
        TEST(large_bodies),
        TEST(turn_is_taken),
        TEST(compacts),
        TEST(old_bodies),
        TEST(removed),
        TEST(tells),
        TEST(closing),
        TEST(writes_fail),
        TEST(damaged),
        TEST(beside_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
