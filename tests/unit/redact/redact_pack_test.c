/* Redacting what lies in packs: the packs are made anew, with nothing else in them changed, and
 * what was redacted is in no file; several events of one pack in one go, bodies that grow over a
 * row's end or shrink behind one, bodies that are half packed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/hot_row.h"
#include "core/log/body_rows.h"
#include "core/log/store.h"
#include "tests/support/core_answers.h"
#include "tests/support/core_fixture.h"
#include "tests/support/store_rows.h"

#include <stdio.h>
#include <stdlib.h>

#define SECRET "pw-1234"
#define EVENTS 40

static struct sl_credentials share;
static struct sl_span id;

static int make_share(void **state)
{
    make_folder(state);
    struct sl_options options = core_options(dir);
    options.uncompressed = true;
    open_store(&options);
    share = core_create(store, "ses_0123456789abcdefghij");
    id = sl_span_of(share.id);
    return 0;
}

/* An item of its own, `count` times the text, and letters. */
static void sync_texts(unsigned n, const char *text, size_t count, size_t letters)
{
    struct buf items = {0};
    char head[100];
    snprintf(head, sizeof(head), "[{\"type\":\"x\",\"data\":{\"id\":\"%u\",\"t\":[\"", n);
    buf_add(&items, head, strlen(head));
    uint64_t random = n;
    for (size_t i = 0; i < letters; i++)
        buf_add(&items, &"abcdefghijklmnop"[core_random(&random) & 15], 1);
    for (size_t i = 0; i < count; i++) {
        buf_add(&items, "\",\"", 3);
        buf_add(&items, text, strlen(text));
    }
    buf_add_span(&items, SL_SPAN("\"]}}]"));
    core_sync_at(store, &share, buf_span(&items), core_now_us++);
    buf_fini(&items);
}

static struct sl_redacted redact(struct sl_redaction asked)
{
    struct sl_redacted told;
    asked.who = SL_WHO_OWNER;
    if (!asked.text.len) asked.share_id = id;
    core_expect(sl_redact(store, &asked, NULL, &told, &err), SL_OK, &err);
    core_verify(store);
    return told;
}

static void nowhere(void)
{
    char file[256];
    settle();
    if (core_temp_grep(dir, SL_SPAN(SECRET), file) > 0) fail_msg("still in %s", file);
    core_verify(store);
}

static size_t rows_in(enum kv_family family)
{
    struct row_key from = row_share_from(id), to = row_share_to(id);
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, row_span(&from), row_span(&to), KV_SCAN);
    size_t rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    kv_iter_destroy(iter);
    return rows;
}

static bool is_cold(uint64_t sequence)
{
    bool cold;
    core_expect(bodies_is_cold(store->bodies, id, sequence, &cold, &err), SL_OK, &err);
    return cold;
}

/* The same redactions of the same share, packed and not: every state is the same. */
static void same_as_unpacked(void **state)
{
    struct buf states[2] = {{0}, {0}};
    for (int packed = 0; packed < 2; packed++) {
        if (packed) {
            drop_store(state);
            core_now_us = CORE_TIME_US;
            make_share(state);
        }
        for (unsigned n = 0; n < EVENTS; n++)
            sync_texts(n % 13, n % 3 ? SECRET : "stays", 1 + n % 4, n % 7 * 1000);
        if (packed) store_bodies_to(store, id, KV_COLD);
        core_assert_data(store, share.id, 1, "[]");
        struct sl_redacted told =
            redact((struct sl_redaction){.sequence = 4, .item = 0, .share_id = id});
        assert_int_equal(told.items, 1);
        told = redact((struct sl_redaction){.key = SL_SPAN("x/7")});
        assert_int_equal(told.events, 3);
        assert_int_equal(rows_in(KV_COLD), packed);
        told = redact((struct sl_redaction){.text = SL_SPAN(SECRET)});
        assert_true(told.events > 20);
        assert_int_equal(rows_in(KV_COLD), packed);
        for (uint64_t at = 2; at < EVENTS; at++)
            assert_int_equal(is_cold(at), packed);
        core_gather_answers(store, share.id, &states[packed]);
        core_check_events(store, share.id);
        core_check_bundle(store, share.id, UINT64_MAX, SECRET);
        nowhere();
    }
    core_assert_same(buf_span(&states[1]), buf_span(&states[0]), "states, packed and not");
    buf_fini(&states[0]);
    buf_fini(&states[1]);
}

/* A body of one row that gets a second, and one of two that is left with one, in packs with
   others. */
static void grows_and_shrinks(void **state)
{
    (void)state;
    sync_texts(1, "small", 1, 100);
    sync_texts(2, SECRET, 2000, SL_BODY_ROW_BYTES - 22000); /* a little less than a row */
    sync_texts(3, "small", 1, 100);
    sync_texts(4, SECRET "-and-more-behind", 1, SL_BODY_ROW_BYTES - 100);
    sync_texts(5, "small", 1, 100);
    store_bodies_to(store, id, KV_COLD);
    struct buf row = {0};
    store_body_get(store, id, 3, 0, &row);
    assert_true(row.len > SL_BODY_ROW_BYTES - 3000 && row.len < SL_BODY_ROW_BYTES);
    redact((struct sl_redaction){.text = SL_SPAN(SECRET)});
    for (uint64_t at = 2; at <= 6; at++)
        assert_true(is_cold(at));
    store_body_get(store, id, 3, 0, &row);
    assert_int_equal(row.len, SL_BODY_ROW_BYTES);
    store_body_get(store, id, 3, 1, &row);
    assert_true(row.len > 1000);
    core_check_events(store, share.id);
    nowhere();
    /* the whole of it: one short row again */
    redact((struct sl_redaction){.key = SL_SPAN("x/4")});
    redact((struct sl_redaction){.key = SL_SPAN("x/2")});
    assert_true(is_cold(3) && is_cold(5));
    core_check_events(store, share.id);
    nowhere();
    buf_fini(&row);
}

/* Packing stopped within a body: it becomes one that isn't packed. */
static void half_packed(void **state)
{
    (void)state;
    sync_texts(1, SECRET, 3, 100);
    sync_texts(2, SECRET, 3, SL_BODY_ROW_BYTES + 1000);
    sync_texts(3, SECRET, 3, 100);
    store_bodies_to(store, id, KV_COLD);
    struct buf raw = {0}, second = {0}, third = {0};
    store_body_get(store, id, 3, 1, &raw);
    buf_add(&second, "", 1); /* as it is: HOT_ROW_RAW */
    buf_add_span(&second, buf_span(&raw));
    store_body_get(store, id, 4, 0, &raw);
    buf_add(&third, "", 1);
    buf_add_span(&third, buf_span(&raw));
    store_row_delete(store, KV_COLD, row_body(id, 3, 1));
    store_row_put(store, KV_HOT, row_body(id, 3, 1), buf_span(&second));
    store_row_put(store, KV_HOT, row_body(id, 4, 0), buf_span(&third));
    core_verify(store);
    assert_true(is_cold(2) && !is_cold(3) && !is_cold(4));
    assert_int_equal(rows_in(KV_COLD), 2);
    redact((struct sl_redaction){.text = SL_SPAN(SECRET)});
    assert_true(is_cold(2) && !is_cold(3) && !is_cold(4));
    assert_int_equal(rows_in(KV_COLD), 1);
    core_check_events(store, share.id);
    nowhere();
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    core_verify(store);
    assert_true(is_cold(3) && is_cold(4));
    buf_fini(&raw);
    buf_fini(&second);
    buf_fini(&third);
}

/* Redact events lie in packs like others, and are redacted there. */
static void of_redact_events(void **state)
{
    (void)state;
    sync_texts(1, "first-secret " SECRET, 1, 100);
    sync_texts(2, "small", 1, 100);
    redact((struct sl_redaction){.text = SL_SPAN("first-secret")});
    store_bodies_to(store, id, KV_COLD);
    redact((struct sl_redaction){.text = SL_SPAN(SECRET)});
    nowhere();
    assert_int_equal(core_answers_with(store, share.id, SECRET), 0);
    core_check_events(store, share.id);
    core_expect(sl_store_compact(store, NULL, &err), SL_OK, &err);
    redact((struct sl_redaction){.key = SL_SPAN("x/1")});
    core_check_events(store, share.id);
    nowhere();
}

/* Packs that take much room make more redact events, so that not all are in memory at once. */
static void of_many_packs(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 22; n++) {
        sync_texts(2 * n, SECRET, 1, 10);
        sync_texts(2 * n + 1, "large", 1, SL_BODY_ROW_BYTES - 3000); /* half of that, packed */
    }
    store_bodies_to(store, id, KV_COLD);
    uint64_t before = core_last_sequence(store, share.id);
    struct sl_redacted told = redact((struct sl_redaction){.text = SL_SPAN(SECRET)});
    assert_int_equal(told.events, 22);
    assert_true(core_last_sequence(store, share.id) > before + 1);
    nowhere();
}

/* A pack that is damaged isn't made anew out of what is left of it. */
static void damaged(void **state)
{
    (void)state;
    struct buf value = {0};
    for (unsigned n = 0; n < 4; n++)
        sync_texts(n, SECRET, 1, 1000);
    store_bodies_to(store, id, KV_COLD);
    store_row_get(store, KV_COLD, row_body(id, 2, 0), &value);
    value.ptr[3] ^= 1; /* of its id: the rows are as they were */
    store_row_put(store, KV_COLD, row_body(id, 2, 0), buf_span(&value));
    struct sl_redaction asked = {.text = SL_SPAN(SECRET), .who = SL_WHO_OWNER};
    struct sl_redacted told;
    assert_int_equal(sl_redact(store, &asked, NULL, &told, &err), SL_CORRUPT);
    assert_non_null(strstr(err.text, "event 2: a pack is damaged: it doesn't fit its id"));
    value.ptr[3] ^= 1;
    store_row_put(store, KV_COLD, row_body(id, 2, 0), buf_span(&value));
    redact(asked);
    nowhere();
    buf_fini(&value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_share, drop_store)
    const struct CMUnitTest tests[] = {
        TEST(same_as_unpacked),
        TEST(grows_and_shrinks),
        TEST(half_packed),
        TEST(of_redact_events),
        TEST(of_many_packs),
        TEST(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
