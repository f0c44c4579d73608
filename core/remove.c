/* Removing a share. It is this share's turn for the whole of it, so that no redaction comes
   between:

     LIVE ── positions of its events gathered, while batches still come
       │
     CLOSING ── the last positions gathered; no batch comes any more
       │        the session's lock taken: no create looks while the owner's hold is put
     REMOVED ── the remove event names them all; its write puts the share's new record and the mark
                that its content is to be erased

   Its content is unreadable when the call returns, and erased by the compactor later.

   How it fails: up to the event's write nothing is left, and the share is LIVE again. The write
   failed (SL_IO): the share stays readable by this process, which takes no more writes; reopening
   tells whether it was removed. A share that was removed before is left alone: SL_OK. */

#include "core/background/compactor.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/session_lock.h"

#include <assert.h>

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

static bool add_position(struct removal *removal, uint64_t position)
{
    if (removal->count == removal->cap) {
        size_t cap = removal->cap ? removal->cap * 2 : 256;
        uint64_t *positions = realloc(removal->positions, cap * sizeof(*positions));
        if (!positions) return false;
        removal->positions = positions;
        removal->cap = cap;
    }
    removal->positions[removal->count++] = position;
    return true;
}

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
        struct event_row row;
        struct event_reader reader = {0};
        if (event_read_begin(kv_iter_value(iter), &row, &reader) != SL_OK)
            result = sl_fail(
                err, SL_CORRUPT, "share %s: an event's row is unreadable", removal->share->id);
        else if (!add_position(removal, row.position))
            result = sl_fail(err, SL_NOMEM, "out of memory");
        event_read_end(&reader);
        removal->gathered++;
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* ---- called by who commits ---- */

/* From here on no batch is admitted, and all that was admitted before is written once this is
   answered: so that the positions can be gathered to the end. Puts nothing. */
static enum sl_result close_share(struct append *append, struct kv_batch *kv_batch)
{
    struct removal *removal = append->ctx;
    (void)kv_batch;
    shares_lock(removal->store->shares);
    share_enter(removal->store->shares, append->share, SHARE_CLOSING);
    shares_unlock(removal->store->shares);
    return SL_OK;
}

static enum sl_result put_removal(struct append *append, struct kv_batch *kv_batch)
{
    struct removal *removal = append->ctx;
    struct kv *kv = removal->store->kv;
    char room[SHARE_RECORD_BYTES];
    struct buf bytes = buf_fixed(room, sizeof(room));
    struct share_record record = append->share->record;
    struct sl_span id = sl_span_of(append->share->id);
    assert(append->place.sequence == removal->gathered + 1);
    record.state = SL_SHARE_REMOVED;
    record.removed_ms = append->place.time_ms;
    record.removed_by = removal->who;
    share_record_encode(&record, &bytes);
    assert(!bytes.failed);
    struct row_key key = row_share(id);
    kv_put(kv, kv_batch, KV_SHARE, row_span(&key), buf_span(&bytes));
    key = row_by_session(record.session_id, record.maker, record.position);
    kv_delete(kv, kv_batch, KV_BY_SESSION, row_span(&key));
    key = row_erase(id);
    kv_put(kv, kv_batch, KV_META, row_span(&key), SL_SPAN(""));
    key = row_held(record.session_id, record.maker, id);
    if (removal->who == SL_WHO_OWNER) kv_put(kv, kv_batch, KV_INDEX, row_span(&key), SL_SPAN(""));
    return SL_OK;
}

static void share_removed(struct append *append)
{
    struct removal *removal = append->ctx;
    struct share *share = append->share;
    share->record.removed_ms = append->place.time_ms;
    share->record.removed_by = removal->who;
    share_enter(removal->store->shares, share, SHARE_REMOVED);
}

/* ---- */

static enum sl_result close_to_batches(struct removal *removal, struct sl_err *err)
{
    struct append append = {.share = removal->share, .derive = close_share, .ctx = removal};
    return sequencer_append(removal->store->sequencer, &append, err);
}

static void open_to_batches(struct removal *removal)
{
    shares_lock(removal->store->shares);
    share_enter(removal->store->shares, removal->share, SHARE_LIVE);
    shares_unlock(removal->store->shares);
}

static enum sl_result append_event(struct removal *removal, struct batch *batch, struct sl_err *err)
{
    struct sl_store *store = removal->store;
    struct sl_span session_id = removal->share->record.session_id;
    assert(atomic_load(&removal->share->phase) == SHARE_CLOSING);
    assert(removal->count == removal->gathered && removal->share->acting);
    struct append append = {.share = removal->share,
        .batch = batch,
        .kind = SL_REMOVE,
        .derive = put_removal,
        .committed = share_removed,
        .ctx = removal,
        .derived_bytes = 2048};
    session_lock(store->session_locks, session_id);
    enum sl_result result = sequencer_append(store->sequencer, &append, err);
    session_unlock(store->session_locks, session_id);
    return result;
}

/* Of one that is CLOSING. */
static enum sl_result append_closing(struct removal *removal, struct sl_err *err)
{
    struct buf body = {0};
    struct batch batch = {0};
    enum sl_result result = gather_positions(removal, err);
    struct remove_body says = {removal->who, removal->reason};
    if (result == SL_OK) remove_body_encode(&says, removal->positions, removal->count, &body);
    if (result == SL_OK && body.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK)
        result =
            batch_control("remove", buf_span(&body), store_now_us(removal->store), &batch, err);
    if (result == SL_OK) result = append_event(removal, &batch, err);
    batch_fini(&batch);
    buf_fini(&body);
    return result;
}

static enum sl_result append_removal(struct removal *removal, struct sl_err *err)
{
    enum sl_result result = gather_positions(removal, err); /* most of them */
    if (result == SL_OK) result = close_to_batches(removal, err);
    if (result == SL_OK) result = append_closing(removal, err);
    /* closing fails with the group that it was in, after it was done */
    if (atomic_load(&removal->share->phase) == SHARE_CLOSING) open_to_batches(removal);
    assert(share_is_live(removal->share) == (result != SL_OK));
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
    /* Judged before the turn is waited for: who may not do it waits for nobody. */
    result = share_exists(share) ? check_who(share, who, secret, err)
                                 : sl_fail(err, SL_NOT_FOUND, "no such share");
    bool removes = false;
    if (result == SL_OK) {
        share_turn_begin(store->shares, share);
        removes = share_is_live(share);
        if (removes) result = append_removal(&removal, err);
        share_turn_end(store->shares, share);
    }
    if (removes && result == SL_OK) compactor_erase(store->compactor, id);
    free(removal.positions);
    share_release(share);
    return result;
}
