/* An event held against its header and against a checkpoint, from what any reader of it gets. */

#include "core/event/commit.h"
#include "core/proof/tree.h"

#include <assert.h>
#include <inttypes.h>

static enum sl_result fault(
    const struct sl_event_info *info, struct sl_err *err, const char *what, enum sl_result result)
{
    return sl_fail(
        err, result, "share %s: event %" PRIu64 ": %s", info->share_id, info->sequence, what);
}

static bool hash_piece(void *ctx, const void *bytes, size_t len)
{
    crypto_hash_add(ctx, bytes, len);
    return true;
}

/* One item: its bytes under its nonce, or the commitment that is kept of a withheld one. */
static enum sl_result commit_to(
    struct sl_event *event, size_t index, struct commit *commit, struct sl_err *err)
{
    struct sl_item item = sl_event_item(event, index);
    uint8_t commitment[32];
    if (item.withheld) {
        commit_withheld(
            commit, item.type, item.key, item.marked, item.committed_bytes, item.commitment);
        return SL_OK;
    }
    if (!item.nonce) return fault(sl_event_info(event), err, "removed", SL_REMOVED);
    struct sl_sink sink = {hash_piece, commit_stream(commit, item.nonce)};
    enum sl_result result = sl_event_item_data(event, index, sink, err);
    commit_stream_end(commit, item.type, item.key, item.marked, item.committed_bytes, commitment);
    return result;
}

static enum sl_result check_content(
    struct sl_event *event, const struct header *header, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct sl_span nonce = sl_event_manifest_nonce(event);
    struct commit commit;
    uint8_t commitment[32];
    if (nonce.len != ITEM_NONCE_BYTES) return fault(info, err, "removed", SL_REMOVED);
    commit_begin_given(&commit, (const uint8_t *)nonce.ptr, info->arrived_us, (size_t)info->items);
    for (size_t i = 0; i < info->items; i++) {
        enum sl_result result = commit_to(event, i, &commit, err);
        if (result != SL_OK) return result;
    }
    commit_end(&commit, commitment);
    if (memcmp(commitment, header->manifest_commitment, 32) == 0) return SL_OK;
    return fault(info, err,
        "its items are not the ones that its header commits to (an item's bytes, key, type or order, or the time of arrival)",
        SL_CORRUPT);
}

enum sl_result sl_event_check(struct sl_event *event, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct header header;
    uint8_t ref[32];
    if (!header_decode(sl_event_header(event), &header))
        return fault(info, err, "its header is unreadable", SL_CORRUPT);
    event_share_ref((const uint8_t *)sl_event_salt(event).ptr, sl_span_of(info->share_id), ref);
    if (memcmp(ref, header.share_ref, 32) != 0)
        return fault(info, err, "its header belongs to another share", SL_CORRUPT);
    if (info->erased) return fault(info, err, "removed", SL_REMOVED);
    return check_content(event, &header, err);
}

enum sl_result sl_event_included(struct sl_store *store, const struct sl_event *event,
    const struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    uint8_t hashes[SL_PROOF_HASHES][32];
    struct tree_proof proof = {0};
    if (info->position >= checkpoint->size)
        return fault(info, err, "the checkpoint is older", SL_NOT_FOUND);
    enum sl_result result =
        sl_log_inclusion(store, info->position, checkpoint->size, hashes, &proof.count, err);
    if (result != SL_OK) return result;
    assert(proof.count <= SL_PROOF_HASHES);
    memcpy(proof.hashes, hashes, proof.count * 32);
    if (tree_inclusion_holds(
            &proof, info->leaf, info->position, checkpoint->size, checkpoint->root))
        return SL_OK;
    return fault(info, err,
        "it is not what the log's checkpoint has at its position (its header or its position was changed)",
        SL_CORRUPT);
}
