/* A sync: parse the body, check the secret, hold the items against the rules of what is redacted on
   the way in, seal the batch, append it. All but the append is done on the caller's thread.

   How it fails: whatever is refused (SL_INVALID, SL_TOO_LARGE, SL_BAD_SECRET, SL_REMOVED, SL_NOMEM,
   SL_READ_ONLY, SL_CLOSING) leaves nothing behind. SL_IO: the write failed, and its fate is settled
   when the store is reopened; the client was answered with an error either way. */

#include "core/base/json.h"
#include "core/log/sequencer.h"
#include "core/log/share.h"
#include "core/redact/rules.h"

static enum sl_result check_secret(
    const struct share *share, struct sl_span secret_raw, struct sl_err *err)
{
    char secret[6 * SL_SECRET_BYTES]; /* each character may have been sent as \u00xx */
    if (secret_raw.len > sizeof(secret)) return sl_fail(err, SL_BAD_SECRET, "Invalid secret");
    struct sl_span text = {secret, json_decode(secret_raw, secret)};
    return share_secret_fits(&share->record, text) ? SL_OK
                                                   : sl_fail(err, SL_BAD_SECRET, "Invalid secret");
}

/* What was redacted is redacted again. A batch is appended under the rules that it was held
   against: one that comes meanwhile has it held again, since the redaction that made the rule
   searches only what was appended before. */
static enum sl_result append_sealed(struct sl_store *store, struct share *share,
    struct batch *batch, struct sl_synced *synced, struct sl_err *err)
{
    struct append append;
    enum sl_result result;
    do {
        append = (struct append){
            .share = share, .batch = batch, .kind = SL_SYNC, .guard = rules_epoch(store->rules)};
        result = rules_apply(store->rules, sl_span_of(share->id), batch, &append.seen, err);
        if (result == SL_OK) result = batch_seal(batch, err);
        if (result != SL_OK) return result;
        result = sequencer_append(store->sequencer, &append, err);
    } while (result == SL_STOPPED);
    if (result == SL_OK)
        *synced =
            (struct sl_synced){append.place.sequence, append.place.position, append.place.syncs};
    return result;
}

static enum sl_result append_batch(struct sl_store *store, struct share *share, struct sl_span body,
    uint64_t arrived_us, struct sl_synced *synced, struct sl_err *err)
{
    struct batch batch;
    enum sl_result result = batch_parse(body, arrived_us, &batch, err);
    if (result == SL_OK) result = check_secret(share, batch.secret_raw, err);
    if (result == SL_OK) result = batch_items(&batch, err);
    if (result == SL_OK) result = append_sealed(store, share, &batch, synced, err);
    batch_fini(&batch);
    return result;
}

enum sl_result sl_share_sync(struct sl_store *store, struct sl_span id, struct sl_span body,
    uint64_t arrived_us, struct sl_synced *synced, struct sl_err *err)
{
    enum sl_result result = store_writable(store, err);
    if (result != SL_OK) return result;
    struct share *share;
    result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    if (!share_exists(share))
        result = sl_fail(err, SL_NOT_FOUND, "no such share");
    else if (!share_is_live(share))
        result = sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
    else
        result = append_batch(store, share, body, arrived_us, synced, err);
    share_release(share);
    return result;
}
