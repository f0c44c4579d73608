/* A store that has every kind of record, and bits of it that turn over: verify finds each, says
 * which record it is in, and never ends the program. What it can't find is listed here, with why it
 * does no harm. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/event/hot_row.h"
#include "core/kv/rows.h"
#include "core/log/share.h"
#include "core/log/store.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FLIPS 400
#define SPARSE 2
#else
#define FLIPS 1000
#define SPARSE 1
#endif

/* From which bit on, and every how many, a row's bits are flipped: in the short form a few, others
   each time; from ten rounds on (make test-full) every `every`th, from the first. */
struct stride {
    size_t from, step;
};

static struct stride stride_of(uint64_t *seed, size_t every, size_t in_short)
{
    if (core_rounds() >= 10) return (struct stride){0, every};
    size_t step = in_short * SPARSE;
    return (struct stride){core_random(seed) % step, step};
}

/* ---- the store ---- */

static void sync_large(const struct sl_credentials *share, const char *id, const char *more)
{
    struct buf items = {0};
    char head[160];
    snprintf(head, sizeof(head),
        "[{\"type\":\"session\",\"data\":{\"title\":\"%s\"}},{\"type\":\"x\",\"data\":{\"id\":\"%s\","
        "\"v\":\"",
        more, id);
    buf_add(&items, head, strlen(head));
    for (int i = 0; i < 40 * 1024; i++)
        buf_add(&items, "x", 1);
    buf_add(&items, "\"}}]", 4);
    core_sync_at(store, share, buf_span(&items), core_now_us);
    buf_fini(&items);
}

static void redact(const char *id, const char *text)
{
    struct sl_redacted told;
    struct sl_redaction asked = {
        .share_id = sl_span_of(id), .text = sl_span_of(text), .who = SL_WHO_OWNER};
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    assert_true(told.items > 0);
}

static void remove_share(const char *id, enum sl_who who)
{
    core_expect(sl_share_remove(store, sl_span_of(id), who, SL_SPAN(""), SL_SPAN("because"), &err),
        SL_OK, &err);
}

static int make_filled(void **state)
{
    make_store(state);
    struct sl_credentials many = core_create(store, "ses_0123456789abcdefmany");
    for (int i = 0; i < 530; i++) /* full tiles, and a level above them */
        core_sync(store, &many, i % 2 ? "[{\"type\":\"x\",\"data\":1}]" : "[]");
    struct sl_credentials large = core_create(store, "ses_0123456789abcdeflarge");
    for (int i = 0; i < 9; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        sync_large(&large, id, i == 6 ? "first-secret second-secret" : "title");
    }
    redact(large.id, "first-secret");
    core_sync(store, &large, "[{\"type\":\"y\",\"data\":[\"third-secret\",\"fourth-secret\"]}]");
    redact(large.id, "third-secret");
    redact(large.id, "fourth-secret"); /* a redact event that is redacted itself */
    struct sl_credentials held = core_create(store, "ses_0123456789abcdefheld");
    core_sync(store, &held, "[{\"type\":\"y\",\"data\":\"fifth-secret\"}]");
    redact(held.id, "fifth-secret");
    remove_share(held.id, SL_WHO_OWNER);
    struct sl_credentials allowed = core_create(store, "ses_0123456789abcdefallow");
    core_sync(store, &allowed, "[{\"type\":\"y\",\"data\":1}]");
    remove_share(allowed.id, SL_WHO_OWNER);
    core_expect(sl_session_allow(store, SL_SPAN("ses_0123456789abcdefallow"), &err), SL_OK, &err);
    struct sl_credentials old = core_create(store, "ses_0123456789abcdefold");
    for (int i = 0; i < 20; i++)
        core_sync(store, &old, "[{\"type\":\"y\",\"data\":\"by the release before\"}]");
    store_bodies_to(store, sl_span_of(old.id), KV_BODY);
    settle();
    for (int n = 0; n < 3; n++) {
        char session[32];
        snprintf(session, sizeof(session), "ses_0123456789abcdefcold%d", n);
        struct sl_credentials cold = core_create(store, session);
        for (int i = 0; i < 4 * n + 1; i++)
            sync_large(&cold, "x", "packed");
        store_bodies_to(store, sl_span_of(cold.id), KV_COLD);
    }
    settle();
    struct sl_checkpoint checkpoint;
    core_expect(sl_log_checkpoint(store, 0, &checkpoint, &err), SL_OK, &err);
    struct sl_verified verified;
    core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
    assert_true(verified.snapshots >= 2 && verified.removed == 2 && verified.events > 512);
    return 0;
}

/* ---- rows ---- */

struct row {
    struct row_key key;
    struct buf value;
};

static void put_row(enum kv_family family, struct sl_span key, struct sl_span value)
{
    struct kv_batch *batch = kv_batch_create();
    kv_put(store->kv, batch, family, key, value);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    shares_clear(store->shares);
}

static void delete_row(enum kv_family family, struct sl_span key)
{
    struct kv_batch *batch = kv_batch_create();
    kv_delete(store->kv, batch, family, key);
    core_expect(kv_write(store->kv, batch, false, &err), SL_OK, &err);
    kv_batch_destroy(batch);
    shares_clear(store->shares);
}

static size_t count_rows(enum kv_family family)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    size_t rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    kv_iter_destroy(iter);
    return rows;
}

static void take_row(enum kv_family family, size_t index, struct row *row)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    kv_iter_first(iter);
    while (index-- > 0)
        kv_iter_next(iter);
    struct sl_span key = kv_iter_key(iter);
    row->key.len = key.len;
    memcpy(row->key.bytes, key.ptr, key.len);
    buf_clear(&row->value);
    buf_add_span(&row->value, kv_iter_value(iter));
    kv_iter_destroy(iter);
}

/* ---- flips ---- */

/* The bytes that a hot row stands for, where it can be unpacked. */
static bool raw_of(struct sl_span value, struct buf *raw)
{
    struct hot_row row;
    buf_clear(raw);
    if (!hot_row_read(value, &row)) return false;
    if (!row.packed) return buf_add_span(raw, row.payload), true;
    assert_true(buf_reserve(raw, row.raw_bytes));
    raw->len = row.raw_bytes;
    return hot_row_unpack(&row, raw->ptr);
}

/* Does a packed row stand for the same bytes when the bit is another? A reference to what stands
   there several times may as well lead to another of them. */
static bool unpacks_to_the_same(const struct row *row, size_t bit)
{
    struct buf before = {0}, flipped = {0}, after = {0};
    buf_add_span(&flipped, buf_span(&row->value));
    flipped.ptr[bit / 8] ^= (char)(1 << bit % 8);
    bool same = raw_of(buf_span(&row->value), &before) && raw_of(buf_span(&flipped), &after) &&
                sl_span_eq(buf_span(&before), buf_span(&after));
    buf_fini(&before);
    buf_fini(&flipped);
    buf_fini(&after);
    return same;
}

/* Not found, and no harm:
   - a bit of a packed row that unpacks to the same bytes all the same.
   - `stored` of an erased event: it led to the places of the snapshots, which are gone with the
     content; it can't be computed any more, and nothing reads it. The event behind it still binds
     the last one's. */
static bool harmless(enum kv_family family, const struct row *row, bool in_key, size_t bit)
{
    struct event_row event;
    struct event_reader reader = {0};
    if (family == KV_HOT && !in_key) return unpacks_to_the_same(row, bit);
    /* it is what the row ends with */
    if (family != KV_EVENT || in_key || bit / 8 + 8 < row->value.len) return false;
    bool erased = event_read_begin(buf_span(&row->value), &event, &reader) == SL_OK && event.erased;
    event_read_end(&reader);
    return erased;
}

/* The message has to say where: a share, a position, a tile, a list, a row. */
static bool names_a_record(const char *text)
{
    static const char *const places[] = {"share ", "log:", "log's", "family ", "list ", "index ",
        "records:", "derived data", "an event's key"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strstr(text, places[i])) return true;
    return false;
}

static size_t unseen, unseen_packed;

static void judge(enum kv_family family, const struct row *row, bool in_key, size_t bit)
{
    struct sl_verified verified;
    struct sl_err why = {0};
    enum sl_result result = sl_store_verify(store, NULL, &verified, &why);
    if (result == SL_OK && harmless(family, row, in_key, bit)) {
        *(family == KV_HOT ? &unseen_packed : &unseen) += 1;
        return;
    }
    if (result != SL_CORRUPT || !names_a_record(why.text)) {
        char hex[2 * 64 + 1] = "";
        for (size_t i = 0; i < row->key.len && i < 64; i++)
            snprintf(hex + 2 * i, 3, "%02x", (unsigned char)row->key.bytes[i]);
        fail_msg("family %s, key %s, %s, bit %zu of byte %zu (of %zu): %s: %s",
            kv_family_name(family), hex, in_key ? "key" : "value", bit % 8, bit / 8,
            in_key ? row->key.len : row->value.len, sl_result_text(result), why.text);
    }
}

static void flip_value(enum kv_family family, struct row *row, size_t bit)
{
    row->value.ptr[bit / 8] ^= (char)(1 << bit % 8);
    put_row(family, row_span(&row->key), buf_span(&row->value));
    row->value.ptr[bit / 8] ^= (char)(1 << bit % 8);
    judge(family, row, false, bit);
    put_row(family, row_span(&row->key), buf_span(&row->value));
}

static void flip_key(enum kv_family family, struct row *row, size_t bit)
{
    struct row_key flipped = row->key;
    struct kv_pin pin;
    flipped.bytes[bit / 8] ^= (char)(1 << bit % 8);
    bool taken = kv_get(store->kv, family, row_span(&flipped), &pin, &err) == SL_OK;
    kv_release(&pin);
    if (taken) return; /* that would lose another row with it */
    delete_row(family, row_span(&row->key));
    put_row(family, row_span(&flipped), buf_span(&row->value));
    judge(family, row, true, bit);
    delete_row(family, row_span(&flipped));
    put_row(family, row_span(&row->key), buf_span(&row->value));
}

static void test_every_family(void **state)
{
    (void)state;
    uint64_t seed = core_seed("flips");
    struct row row = {0};
    size_t rows[KV_FAMILIES], flips[KV_FAMILIES][2] = {{0}};
    for (int family = 0; family < KV_FAMILIES; family++) {
        rows[family] = count_rows((enum kv_family)family);
        assert_true(rows[family] > 0);
    }
    for (unsigned n = 0; n < FLIPS * core_rounds(); n++) {
        enum kv_family family = (enum kv_family)(n % KV_FAMILIES);
        /* of families that one share fills, every second row is one of the last */
        size_t last = rows[family] < 60 ? rows[family] : 60;
        size_t from = core_random(&seed) % 2 ? rows[family] - last : 0;
        take_row(family, from + core_random(&seed) % (rows[family] - from), &row);
        bool in_key = row.value.len == 0 || core_random(&seed) % 3 == 0;
        size_t bits = 8 * (in_key ? row.key.len : row.value.len);
        /* the first bytes of a large value say more than the rest */
        if (!in_key && bits > 4096 && core_random(&seed) % 2) bits = 1024;
        flips[family][in_key]++;
        if (in_key)
            flip_key(family, &row, core_random(&seed) % bits);
        else
            flip_value(family, &row, core_random(&seed) % bits);
    }
    for (int family = 0; family < KV_FAMILIES; family++)
        printf("%s: %zu rows, %zu flips of values, %zu of keys\n",
            kv_family_name((enum kv_family)family), rows[family], flips[family][0],
            flips[family][1]);
    printf(
        "not seen: %zu, in `stored` of erased events; %zu, in packed rows that unpack to the same\n",
        unseen, unseen_packed);
    buf_fini(&row.value);
    core_verify(store);
}

/* Every bit of every key and small value of the families that no event binds. */
static void test_small_families(void **state)
{
    (void)state;
    uint64_t seed = core_seed("small families");
    struct row row = {0};
    static const enum kv_family families[] = {KV_META, KV_INDEX, KV_SHARE, KV_BY_SESSION};
    for (size_t f = 0; f < 4; f++)
        for (size_t i = 0, rows = count_rows(families[f]); i < rows; i++) {
            take_row(families[f], i, &row);
            struct stride bits = stride_of(&seed, 3, 13);
            for (size_t bit = bits.from; bit < 8 * row.key.len; bit += bits.step)
                flip_key(families[f], &row, bit);
            for (size_t bit = bits.from; bit < 8 * row.value.len; bit += bits.step)
                flip_value(families[f], &row, bit);
        }
    buf_fini(&row.value);
    core_verify(store);
}

/* Rows of events whose content is gone, or was replaced, of which there are few. */
static void test_erased_and_redacted(void **state)
{
    (void)state;
    struct row row = {0};
    uint64_t seed = core_seed("erased and redacted");
    size_t erased = 0, redacted = 0;
    for (size_t i = 0, rows = count_rows(KV_EVENT); i < rows; i++) {
        struct event_row event;
        struct event_reader reader = {0};
        take_row(KV_EVENT, i, &row);
        assert_int_equal(event_read_begin(buf_span(&row.value), &event, &reader), SL_OK);
        event_read_end(&reader);
        erased += event.erased;
        redacted += event.redacted;
        if (!event.erased && !event.redacted) continue;
        struct stride bits = stride_of(&seed, 1, 5);
        for (size_t bit = bits.from; bit < 8 * row.value.len; bit += bits.step)
            flip_value(KV_EVENT, &row, bit);
    }
    assert_true(erased >= 3 && redacted >= 3);
    buf_fini(&row.value);
}

/* Bodies with what is withheld, small ones whole. */
static void test_withheld(void **state)
{
    (void)state;
    struct row row = {0};
    struct buf raw = {0};
    uint64_t seed = core_seed("withheld");
    size_t withheld = 0;
    for (size_t i = 0, rows = count_rows(KV_HOT); i < rows; i++) {
        take_row(KV_HOT, i, &row);
        assert_true(raw_of(buf_span(&row.value), &raw));
        if (raw.ptr[0] != BODY_FORM_WITHHELD) continue;
        withheld++;
        size_t end = 8 * (row.value.len < 600 ? row.value.len : 200);
        struct stride bits = stride_of(&seed, 5, 37);
        for (size_t bit = bits.from; bit < end; bit += bits.step)
            flip_value(KV_HOT, &row, bit);
    }
    assert_true(withheld >= 3);
    buf_fini(&row.value);
    buf_fini(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_erased_and_redacted),
        cmocka_unit_test(test_withheld),
        cmocka_unit_test(test_small_families),
        cmocka_unit_test(test_every_family),
    };
    return cmocka_run_group_tests(tests, make_filled, drop_store);
}
