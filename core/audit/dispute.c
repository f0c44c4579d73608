/* A dispute is looked into, kept, and stops the store. Looked into: the proof that the witness
   found wrong is made once more and checked, so that damaged tiles aren't taken for a second
   history. Where the file can't be written the store stops all the same, until it is closed. */

#include "core/audit/dispute.h"

#include "core/base/file.h"
#include "core/log/sequencer.h"
#include "core/log/tiles.h"

#include <assert.h>
#include <stdio.h>

static_assert(sizeof(((struct sl_log_facts *)0)->disputed) == DISPUTE_TEXT_BYTES + 1,
    "the facts have room for it");

enum sl_result dispute_read(
    const struct sl_store *store, char text[DISPUTE_TEXT_BYTES + 1], struct sl_err *err)
{
    struct buf bytes = {0};
    char *path = file_path(store->dir, DISPUTE_FILE);
    text[0] = 0;
    if (!path) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result =
        file_read(path, DISPUTE_TEXT_BYTES + 2 + SL_CHECKPOINT_BYTES, &bytes, err);
    if (result == SL_OK || result == SL_INVALID) {
        const char *end = bytes.len ? memchr(bytes.ptr, '\n', bytes.len) : NULL;
        size_t len = end ? (size_t)(end - bytes.ptr) : 0;
        bool fits = len > 0 && len <= DISPUTE_TEXT_BYTES;
        snprintf(text, DISPUTE_TEXT_BYTES + 1, "%.*s", fits ? (int)len : 0, fits ? bytes.ptr : "");
        if (!text[0]) snprintf(text, DISPUTE_TEXT_BYTES + 1, "a witness disputes the log");
        result = SL_OK;
    }
    buf_fini(&bytes);
    free(path);
    return result == SL_NOT_FOUND ? SL_OK : result;
}

/* Did the checkpoint grow out of the log's first `size` events, by the very proof that a witness
   gets? SL_CORRUPT: the tiles that it is made of are damaged. */
static enum sl_result check_proof(struct sl_store *store, uint64_t size,
    const struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct tree_proof proof;
    uint8_t root[32];
    struct tiles_reader *reader = tiles_reader_create(store->kv);
    if (!reader) return sl_fail(err, SL_NOMEM, "out of memory");
    struct tree_source tiles = tiles_source(reader);
    enum sl_result result = tree_root(tiles, size, root, err);
    if (result == SL_OK) result = tree_consistency(tiles, size, checkpoint->size, &proof, err);
    tiles_reader_destroy(reader);
    if (result != SL_OK) return result;
    if (tree_consistency_holds(&proof, size, root, checkpoint->size, checkpoint->root))
        return SL_OK;
    return sl_fail(err, SL_CORRUPT, "the log's tiles are damaged (see: sharelog verify)");
}

static enum sl_result keep(struct sl_store *store, const char *reason,
    const struct sl_checkpoint *checkpoint, struct sl_err *err)
{
    struct buf bytes = {0};
    char *path = file_path(store->dir, DISPUTE_FILE);
    buf_add_span(&bytes, sl_span_of(reason));
    buf_add(&bytes, "\n\n", 2);
    buf_add(&bytes, checkpoint->note, checkpoint->len);
    enum sl_result result = !path || bytes.failed
                                ? sl_fail(err, SL_NOMEM, "out of memory")
                                : file_write(store->dir, path, buf_span(&bytes), err);
    buf_fini(&bytes);
    free(path);
    return result;
}

enum sl_result sl_log_dispute(struct sl_store *store, const struct sl_checkpoint *checkpoint,
    uint64_t size, const char *reason, struct sl_err *err)
{
    char known[DISPUTE_TEXT_BYTES + 1], text[DISPUTE_TEXT_BYTES + 1];
    struct sl_err why = {0};
    if (!store->sequencer) return sl_fail(err, SL_READ_ONLY, "the store was opened to be read");
    assert(reason[0] && !strchr(reason, '\n'));
    if (size == 0 || size > checkpoint->size)
        return sl_fail(err, SL_INVALID, "nothing was proven to it");
    enum sl_result result = check_proof(store, size, checkpoint, err);
    if (result != SL_OK) return result;
    snprintf(text, sizeof(text), "%s", reason);
    sl_fail(&why, SL_READ_ONLY, "%s; " DISPUTE_ADVICE, text);
    sequencer_stop(store->sequencer, &why);
    result = dispute_read(store, known, err);
    return result == SL_OK && !known[0] ? keep(store, text, checkpoint, err) : result;
}
