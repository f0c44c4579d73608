#include "core/base/json.h"
#include "core/log/sequencer.h"
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

/* Only a batch that was held against the newest rules is appended. */
static enum sl_result under_newest_rules(const struct append *append)
{
    const struct sl_store *store = append->ctx;
    return append->generation == rules_generation(store->rules) ? SL_OK : SL_STOPPED;
}

/* What was redacted is redacted again. A rule that came while the batch waited counts too, since
   what was appended before it is being searched for what it hits. */
static enum sl_result append_sealed(struct sl_store *store, struct share *share,
    struct batch *batch, struct sl_synced *synced, struct sl_err *err)
{
    struct append append;
    enum sl_result result;
    do {
        append = (struct append){.share = share,
            .batch = batch,
            .kind = SL_SYNC,
            .admit = under_newest_rules,
            .ctx = store};
        result = rules_apply(store->rules, sl_span_of(share->id), batch, &append.generation, err);
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
    shares_lock(store->shares);
    bool live = share->record.state == SL_SHARE_LIVE, made = share->head.sequence > 0;
    shares_unlock(store->shares);
    if (!made)
        result = sl_fail(err, SL_NOT_FOUND, "no such share");
    else if (!live)
        result = sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
    else
        result = append_batch(store, share, body, arrived_us, synced, err);
    share_release(store->shares, share);
    return result;
}
