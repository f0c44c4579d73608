#include "tests/support/core_answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/log/keys.h"
#include "core/log/store.h"
#include "core/proof/bundle.h"

#include <string.h>

static struct sl_err err;

uint64_t core_last_sequence(struct sl_store *store, const char *id)
{
    struct sl_share_info info;
    core_expect(sl_share_info(store, sl_span_of(id), &info, &err), SL_OK, &err);
    return info.sequence;
}

/* ---- proofs ---- */

static void check_event(struct sl_event *event)
{
    struct header header;
    struct buf manifest = {0}, data = {0};
    uint8_t commitment[32];
    const struct sl_event_info *info = sl_event_info(event);
    assert_true(header_decode(sl_event_header(event), &header));
    manifest_begin(&manifest, info->arrived_us, (size_t)info->items);
    for (size_t i = 0; i < info->items; i++) {
        struct sl_item item = sl_event_item(event, i);
        buf_clear(&data);
        core_expect(sl_event_item_data(event, i, core_sink(&data), &err), SL_OK, &err);
        if (item.withheld) {
            assert_null(item.nonce);
            assert_int_equal(sl_event_nonce(event).len, 0);
            memcpy(commitment, item.commitment, 32);
        } else {
            assert_null(item.commitment);
            event_commitment(item.nonce, buf_span(&data), commitment);
        }
        assert_int_equal(data.len, item.bytes);
        manifest_add(&manifest, item.type, item.key, item.marked, item.committed_bytes, commitment);
    }
    struct sl_span nonce = sl_event_manifest_nonce(event);
    assert_int_equal(nonce.len, ITEM_NONCE_BYTES);
    event_commitment((const uint8_t *)nonce.ptr, buf_span(&manifest), commitment);
    assert_memory_equal(commitment, header.manifest_commitment, 32);
    core_expect(sl_event_check(event, &err), SL_OK, &err);
    buf_fini(&manifest);
    buf_fini(&data);
}

void core_check_events(struct sl_store *store, const char *id)
{
    for (uint64_t sequence = 1, last = core_last_sequence(store, id); sequence <= last;
         sequence++) {
        struct sl_event *event = NULL;
        core_expect(sl_event_open(store, sl_span_of(id), sequence, &event, &err), SL_OK, &err);
        check_event(event);
        sl_event_close(event);
    }
}

static enum sl_result read_bundle(
    void *ctx, char *out, size_t cap, size_t *len, struct sl_err *ignored)
{
    (void)ignored;
    struct sl_span *left = ctx;
    *len = left->len < cap ? left->len : cap;
    if (*len) memcpy(out, left->ptr, *len);
    left->ptr += *len;
    left->len -= *len;
    return SL_OK;
}

void core_check_bundle(struct sl_store *store, const char *id, uint64_t withheld, const char *never)
{
    struct buf bundle = {0};
    struct policy *policy = NULL;
    struct bundle_verdict verdict;
    core_expect(sl_share_bundle(store, sl_span_of(id), core_sink(&bundle), &err), SL_OK, &err);
    if (never) assert_null(memmem(bundle.ptr, bundle.len, never, strlen(never)));
    core_expect(policy_make(&store->keys->signing, NULL, 0, 0, &policy, &err), SL_OK, &err);
    struct sl_span left = buf_span(&bundle);
    struct bundle_asks asks = {.policy = policy, .head = &store->keys->head};
    core_expect(bundle_verify((struct bundle_input){read_bundle, &left, bundle.len}, &asks, NULL,
                    &verdict, &err),
        SL_OK, &err);
    assert_int_equal(verdict.head, BUNDLE_HEAD_HOLDS);
    assert_int_equal(verdict.events, core_last_sequence(store, id));
    if (withheld != UINT64_MAX) assert_int_equal(verdict.withheld, withheld);
    policy_destroy(policy);
    buf_fini(&bundle);
}

/* ---- everything that reads ---- */

struct words {
    size_t found;
    const char *text;
};

static void look(struct words *words, struct sl_span bytes)
{
    if (bytes.len && memmem(bytes.ptr, bytes.len, words->text, strlen(words->text))) words->found++;
}

static void look_at_view(struct sl_store *store, const char *id, uint64_t at, struct words *words)
{
    struct buf out = {0};
    struct sl_view *view = NULL;
    struct sl_metadata metadata;
    core_expect(sl_view_open(store, sl_span_of(id), core_at(at), &view, &err), SL_OK, &err);
    core_expect(sl_view_metadata(view, &metadata, &err), SL_OK, &err);
    look(words, metadata.title);
    look(words, metadata.directory);
    core_expect(sl_view_data(view, core_sink(&out), &err), SL_OK, &err);
    look(words, buf_span(&out));
    for (int section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS; section++) {
        buf_clear(&out);
        core_expect(
            sl_view_section(view, (enum sl_section)section, core_sink(&out), &err), SL_OK, &err);
        look(words, buf_span(&out));
    }
    size_t items;
    core_expect(sl_view_items(view, &items, &err), SL_OK, &err);
    for (size_t i = 0; i < items; i++) {
        struct sl_view_item item;
        core_expect(sl_view_item(view, SL_BY_ARRIVAL, i, &item, &err), SL_OK, &err);
        look(words, item.data);
    }
    sl_view_close(view);
    buf_fini(&out);
}

size_t core_answers_with(struct sl_store *store, const char *id, const char *text)
{
    struct words words = {.text = text};
    struct sl_share_info info;
    struct buf out = {0};
    core_expect(sl_share_info(store, sl_span_of(id), &info, &err), SL_OK, &err);
    for (uint64_t at = 1; at <= info.sequence; at++) {
        struct sl_event *event = NULL;
        char piece[4096];
        size_t len = 1;
        look_at_view(store, id, at, &words);
        core_expect(sl_event_open(store, sl_span_of(id), at, &event, &err), SL_OK, &err);
        buf_clear(&out);
        while (len > 0) {
            core_expect(
                sl_event_text(event, out.len, piece, sizeof(piece), &len, &err), SL_OK, &err);
            buf_add(&out, piece, len);
        }
        look(&words, buf_span(&out));
        for (size_t i = 0; i < sl_event_info(event)->items; i++) {
            buf_clear(&out);
            core_expect(sl_event_item_data(event, i, core_sink(&out), &err), SL_OK, &err);
            look(&words, buf_span(&out));
        }
        sl_event_close(event);
    }
    look_at_view(store, id, 0, &words);
    buf_fini(&out);
    return words.found;
}

void core_gather_answers(struct sl_store *store, const char *id, struct buf *out)
{
    struct buf piece = {0};
    buf_clear(out);
    for (uint64_t at = 1, last = core_last_sequence(store, id); at <= last; at++) {
        core_data(store, id, at, &piece);
        buf_add_span(out, buf_span(&piece));
        for (int section = SL_SECTION_SESSION; section <= SL_SECTION_MODELS; section++) {
            core_section(store, id, at, (enum sl_section)section, &piece);
            buf_add_span(out, buf_span(&piece));
        }
    }
    buf_fini(&piece);
}
