/* What a stranger gets of the log: tiles, entries and proofs that hold against the checkpoint, and
 * nothing beyond the log's end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/proof/tree.h"
#include "tests/support/core_fixture.h"

#define EVENTS 300

static struct sl_checkpoint checkpoint;

static int make(void **state)
{
    make_store(state);
    struct sl_credentials share = core_create(store, "ses_a");
    for (unsigned i = 1; i < EVENTS; i++)
        core_sync(store, &share, "[]");
    core_expect(sl_log_checkpoint(store, EVENTS, &checkpoint, &err), SL_OK, &err);
    assert_int_equal(checkpoint.size, EVENTS);
    return 0;
}

static void entries_are_the_leaves_of_tiles(void **state)
{
    (void)state;
    struct buf entries = {0};
    struct tree_edge edge = {0};
    uint8_t hashes[TILE_BYTES], leaf[32], root[32];
    for (uint64_t tile = 0; tile < 2; tile++) {
        unsigned width = tile == 0 ? TILE_WIDTH : EVENTS - TILE_WIDTH;
        core_expect(sl_log_tile(store, 0, tile, width, hashes, &err), SL_OK, &err);
        buf_clear(&entries);
        core_expect(sl_log_entries(store, tile, width, core_sink(&entries), &err), SL_OK, &err);
        size_t at = 0;
        for (unsigned i = 0; i < width; i++) {
            size_t len = (size_t)be_get(entries.ptr + at, 2);
            header_leaf((struct sl_span){entries.ptr + at + 2, len}, leaf);
            assert_memory_equal(leaf, hashes + 32 * (size_t)i, 32);
            tree_add(&edge, leaf);
            at += 2 + len;
        }
        assert_int_equal(at, entries.len);
    }
    tree_edge_root(&edge, root);
    assert_memory_equal(root, checkpoint.root, 32);
    buf_fini(&entries);
}

static void beyond_the_end(void **state)
{
    (void)state;
    uint8_t out[TILE_BYTES], hashes[SL_PROOF_HASHES][32];
    size_t count = 77;
    struct buf entries = {0};
    assert_int_equal(sl_log_tile(store, 0, 1, EVENTS - 256 + 1, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 0, 2, 1, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 0, UINT64_MAX, 256, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 0, 0, 0, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 0, 0, 257, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 1, 0, 2, out, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_tile(store, 63, 0, 1, out, &err), SL_NOT_FOUND);
    core_expect(sl_log_tile(store, 1, 0, 1, out, &err), SL_OK, &err);
    assert_int_equal(sl_log_entries(store, 1, 256, core_sink(&entries), &err), SL_NOT_FOUND);
    assert_int_equal(entries.len, 0);
    assert_int_equal(sl_log_inclusion(store, 0, EVENTS + 1, hashes, &count, &err), SL_NOT_FOUND);
    assert_int_equal(sl_log_inclusion(store, 5, 5, hashes, &count, &err), SL_INVALID);
    assert_int_equal(sl_log_consistency(store, 6, 5, hashes, &count, &err), SL_INVALID);
    assert_int_equal(count, 77);
    buf_fini(&entries);
}

static void every_event_is_included(void **state)
{
    (void)state;
    char id[SL_SHARE_ID_BYTES + 1];
    core_expect(sl_session_share(store, SL_SPAN("ses_a"), id, &err), SL_OK, &err);
    for (uint64_t sequence = 1; sequence <= EVENTS; sequence++) {
        struct sl_event *event;
        struct tree_proof proof = {0};
        core_expect(sl_event_open(store, sl_span_of(id), sequence, &event, &err), SL_OK, &err);
        const struct sl_event_info *info = sl_event_info(event);
        core_expect(sl_event_included(store, event, &checkpoint, &err), SL_OK, &err);
        core_expect(
            sl_log_inclusion(store, info->position, EVENTS, proof.hashes, &proof.count, &err),
            SL_OK, &err);
        assert_true(
            tree_inclusion_holds(&proof, info->leaf, info->position, EVENTS, checkpoint.root));
        struct sl_checkpoint other = checkpoint;
        other.root[7] ^= 1;
        assert_int_equal(sl_event_included(store, event, &other, &err), SL_CORRUPT);
        other.size = info->position;
        assert_int_equal(sl_event_included(store, event, &other, &err), SL_NOT_FOUND);
        sl_event_close(event);
    }
}

int main(void)
{
#define PROOF_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop_store)
    const struct CMUnitTest tests[] = {PROOF_TEST(entries_are_the_leaves_of_tiles),
        PROOF_TEST(beyond_the_end), PROOF_TEST(every_event_is_included)};
    return cmocka_run_group_tests_name("log_proof", tests, NULL, NULL);
}
