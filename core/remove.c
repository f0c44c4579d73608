#include "core/background/compactor.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/state/summary.h"

/* One removal: the positions of the share's events, gathered as far as `gathered`, and what the
   remove event says. */
struct removal {
    struct sl_store *store;
    struct share *share;
    enum sl_who who;
    struct sl_span reason;
    uint64_t *positions;
    size_t count, cap;
    uint64_t gathered; /* the last sequence whose position is among them */
};

/* Take the positions of all events up to the share's end. */
static enum sl_result gather_positions(struct removal *removal, struct sl_err *err)
{
    struct sl_store *store = removal->store;
    struct sl_span id = sl_span_of(removal->share->id);
    struct row_key from = row_event(id, removal->gathered + 1), to = row_share_to(id);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_EVENT, row_span(&from), row_span(&to), KV_SCAN);
    enum sl_result result = SL_OK;
    for (kv_iter_first(iter); kv_iter_valid(iter) && result == SL_OK; kv_iter_next(iter)) {
        if (removal->count == removal->cap) {
            size_t cap = removal->cap ? removal->cap * 2 : 256;
            uint64_t *positions = realloc(removal->positions, cap * sizeof(*positions));
            if (!positions) {
                result = sl_fail(err, SL_NOMEM, "out of memory");
                break;
            }
            removal->positions = positions;
            removal->cap = cap;
        }
        struct event_row row;
        struct event_reader *reader = NULL;
        if (event_read_begin(kv_iter_value(iter), &row, &reader) == SL_OK)
            removal->positions[removal->count++] = row.position;
        else
            result = sl_fail(
                err, SL_CORRUPT, "share %s: an event's row is unreadable", removal->share->id);
        event_read_end(reader);
        removal->gathered++;
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* ---- called by who commits ---- */

/* From here on no batch is appended to the share, so that the positions can be gathered to the end.
   Puts nothing. */
static enum sl_result close_share(struct append *append, struct kv_batch *kv_batch)
{
    (void)kv_batch;
    append->share->removing = true;
    return SL_OK;
}

static enum sl_result open_share(struct append *append, struct kv_batch *kv_batch)
{
    (void)kv_batch;
    append->share->removing = false;
    return SL_OK;
}

static enum sl_result put_removal(struct append *append, struct kv_batch *kv_batch)
{
    struct removal *removal = append->ctx;
    struct kv *kv = removal->store->kv;
    struct share_record record = append->share->record;
    struct sl_span id = sl_span_of(append->share->id);
    struct buf bytes = {0};
    record.state = SL_SHARE_REMOVED;
    record.removed_ms = append->place.time_ms;
    record.removed_by = removal->who;
    share_record_encode(&record, &bytes);
    struct row_key key = row_share(id);
    kv_put(kv, kv_batch, KV_SHARE, row_span(&key), buf_span(&bytes));
    key = row_by_session(record.session_id, record.position);
    kv_delete(kv, kv_batch, KV_BY_SESSION, row_span(&key));
    key = row_erase(id);
    kv_put(kv, kv_batch, KV_META, row_span(&key), SL_SPAN(""));
    key = row_held(record.session_id, id);
    if (removal->who == SL_WHO_OWNER) kv_put(kv, kv_batch, KV_INDEX, row_span(&key), SL_SPAN(""));
    if (bytes.failed) abort();
    buf_fini(&bytes);
    return SL_OK;
}

static void share_removed(struct append *append)
{
    struct removal *removal = append->ctx;
    struct share *share = append->share;
    share->record.state = SL_SHARE_REMOVED;
    share->record.removed_ms = append->place.time_ms;
    share->record.removed_by = removal->who;
    share->generation++;
    share_drop_summary(share);
    atomic_fetch_add(&removal->store->removals, 1);
}

/* ---- */

static enum sl_result close_or_open(
    struct sl_store *store, struct share *share, bool closed, struct sl_err *err)
{
    struct append append = {.share = share, .derive = closed ? close_share : open_share};
    return sequencer_append(store->sequencer, &append, err);
}

static enum sl_result append_removal(struct removal *removal, struct sl_err *err)
{
    struct sl_store *store = removal->store;
    struct share *share = removal->share;
    struct buf body = {0};
    struct batch batch = {0};
    /* most of them, while batches still come */
    enum sl_result result = gather_positions(removal, err);
    if (result == SL_OK) result = close_or_open(store, share, true, err);
    if (result != SL_OK) return result;
    result = gather_positions(removal, err);
    struct remove_body says = {removal->who, removal->reason};
    remove_body_encode(&says, removal->positions, removal->count, &body);
    if (result == SL_OK && body.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK)
        result = batch_control("remove", buf_span(&body), store_now_us(store), &batch, err);
    if (result == SL_OK) {
        struct append append = {.share = share,
            .batch = &batch,
            .kind = SL_REMOVE,
            .derive = put_removal,
            .committed = share_removed,
            .ctx = removal,
            .derived_bytes = 2048};
        result = sequencer_append(store->sequencer, &append, err);
    }
    if (result != SL_OK) close_or_open(store, share, false, NULL);
    batch_fini(&batch);
    buf_fini(&body);
    return result;
}

static enum sl_result check_who(
    const struct share *share, enum sl_who who, struct sl_span secret, struct sl_err *err)
{
    if (who != SL_WHO_SECRET || share_secret_fits(&share->record, secret)) return SL_OK;
    return sl_fail(err, SL_BAD_SECRET, "Invalid secret");
}

enum sl_result sl_share_remove(struct sl_store *store, struct sl_span id, enum sl_who who,
    struct sl_span secret, struct sl_span reason, struct sl_err *err)
{
    if (reason.len > SL_REASON_BYTES)
        return sl_fail(err, SL_INVALID, "reason: longer than %d bytes", SL_REASON_BYTES);
    enum sl_result result = store_writable(store, err);
    if (result != SL_OK) return result;
    struct share *share;
    result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    struct removal removal = {.store = store, .share = share, .who = who, .reason = reason};
    pthread_mutex_lock(&store->admin);
    shares_lock(store->shares);
    bool made = share->head.sequence > 0, live = share->record.state == SL_SHARE_LIVE;
    shares_unlock(store->shares);
    result =
        made ? check_who(share, who, secret, err) : sl_fail(err, SL_NOT_FOUND, "no such share");
    bool removed = result == SL_OK && live;
    if (removed) result = append_removal(&removal, err);
    pthread_mutex_unlock(&store->admin);
    if (removed && result == SL_OK) compactor_erase(store->compactor, id);
    free(removal.positions);
    share_release(store->shares, share);
    return result;
}
