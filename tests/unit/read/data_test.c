/* States at every moment of shares made at random, from a snapshot's table beside what came behind
   it, are those that a fold from the first event on gives: batches that arrive late or at the same
   moment, merged models, lists of diffs, items of many rows, keys of every kind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/read/view.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCHES 120

static struct sl_err err;
static uint64_t seed;

static unsigned below(unsigned limit)
{
    return (unsigned)(core_random(&seed) % limit);
}

static void add_text(struct buf *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_add(out, &"abcdefghijklmnop"[below(16)], 1);
}

static void add_models(struct buf *out)
{
    char text[100];
    buf_add(out, "{\"type\":\"model\",\"data\":[", 24);
    for (unsigned i = 0, count = below(4); i < count; i++) {
        int n = snprintf(text, sizeof(text), "%s{\"providerID\":\"p%u\",\"id\":\"m%u\",\"n\":%u}",
            i ? "," : "", below(2), below(4), below(1000));
        buf_add(out, text, (size_t)n);
    }
    buf_add(out, "]}", 2);
}

static void add_item(struct buf *out)
{
    static const char *const heads[] = {
        "{\"type\":\"session\",\"data\":{\"id\":\"s%u\",\"title\":\"",
        "{\"type\":\"message\",\"data\":{\"id\":\"m%u\",\"text\":\"",
        "{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m1\",\"text\":\"",
        "{\"type\":\"part\",\"data\":{\"id\":\"p%u\",\"messageID\":\"m2\",\"text\":\"",
        "{\"type\":\"zebra\",\"data\":{\"id\":\"z%u\",\"text\":\"",
        "{\"type\":\"aaa\",\"data\":{\"other\":%u,\"text\":\""};
    char head[200];
    unsigned kind = below(8);
    if (kind == 6) {
        add_models(out);
        return;
    }
    if (kind == 7) {
        int n = snprintf(head, sizeof(head), "{\"type\":\"session_diff\",\"data\":[%s]}",
            below(2)   ? ""
            : below(2) ? "{\"file\":\"a\"}"
                       : "1, 2 ,\"x\"");
        buf_add(out, head, (size_t)n);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int n = snprintf(head, sizeof(head), heads[kind], below(12));
#pragma GCC diagnostic pop
    buf_add(out, head, (size_t)n);
    add_text(out, below(60) == 0 ? 200000 : below(20) == 0 ? 30000 : below(1500));
    buf_add(out, "\"}}", 3);
}

static void sync_batch(struct sl_store *store, const struct sl_credentials *share)
{
    struct buf items = {0};
    buf_add(&items, "[", 1);
    for (unsigned i = 0, count = below(6); i < count; i++) {
        if (i) buf_add(&items, ",", 1);
        add_item(&items);
    }
    if (below(60) == 0 && items.len > 1) {
        buf_add(&items,
            ",{\"type\":\"part\",\"data\":{\"id\":\"huge\",\"messageID\":\"m1\",\"text\":\"", 61);
        add_text(&items, SL_BODY_ROW_BYTES + 100000);
        buf_add(&items, "\"}}", 3);
    }
    buf_add(&items, "]", 1);
    core_now_us += below(3);
    /* some began to arrive long before, some at the same moment */
    uint64_t late = below(3) == 0 ? below(200) : 0;
    core_sync_at(store, share, buf_span(&items), core_now_us - late);
    buf_fini(&items);
}

static void whole(struct sl_store *store, const char *id, uint64_t at, bool folded, struct buf *out)
{
    struct sl_view *view;
    struct sl_metadata metadata;
    uint64_t bytes = 0;
    core_expect(sl_view_open(store, sl_span_of(id), core_at(at), &view, &err), SL_OK, &err);
    for (int section = SL_SECTION_SESSION; folded && section <= SL_SECTION_MODELS; section++) {
        struct buf ignored = {0};
        core_expect(sl_view_section(view, (enum sl_section)section, core_sink(&ignored), &err),
            SL_OK, &err);
        buf_fini(&ignored);
    }
    core_expect(sl_view_data_bytes(view, &bytes, &err), SL_OK, &err);
    core_expect(sl_view_data(view, core_sink(out), &err), SL_OK, &err);
    assert_int_equal(bytes, out->len);
    core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
    assert_int_equal(metadata.bytes, out->len);
    sl_view_close(view);
}

static void every_moment(void **state)
{
    (void)state;
    seed = core_seed("every moment");
    for (unsigned round = 0; round < 2 * core_rounds(); round++) {
        core_now_us = CORE_TIME_US;
        const char *dir = core_temp_make();
        struct sl_options options = core_options(dir);
        struct sl_store *store = core_open(&options);
        struct sl_credentials share = core_create(store, "ses_0123456789abcdefghij");
        for (unsigned i = 0; i < BATCHES; i++)
            sync_batch(store, &share);
        if (round % 2) {
            struct sl_redaction part = {.share_id = sl_span_of(share.id),
                .key = SL_SPAN("part/m1/p3"),
                .who = SL_WHO_OWNER};
            struct sl_redacted told;
            core_expect(sl_redact(store, &part, NULL, &told, &err), SL_OK, &err);
        }
        struct buf before[BATCHES + 2] = {0}, after = {0};
        for (uint64_t at = 1; at <= 1 + BATCHES; at++)
            whole(store, share.id, at, false, &before[at]);
        core_expect(sl_store_settle(store, &err), SL_OK, &err);
        struct sl_verified verified;
        core_expect(sl_store_verify(store, NULL, &verified, &err), SL_OK, &err);
        assert_true(verified.snapshots > 0);
        for (uint64_t at = 1; at <= 1 + BATCHES; at++)
            for (int folded = 0; folded < 2; folded++) {
                buf_clear(&after);
                whole(store, share.id, at, folded, &after);
                core_assert_same(buf_span(&after), buf_span(&before[at]), "a moment's state");
            }
        for (uint64_t at = 0; at < BATCHES + 2; at++)
            buf_fini(&before[at]);
        buf_fini(&after);
        sl_store_close(store);
        core_temp_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_moment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
