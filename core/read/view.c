#include "core/read/view.h"

#include "core/kv/rows.h"
#include "core/log/log.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

/* ---- folding ---- */

static enum sl_result apply_event(
    struct sl_view *view, struct sl_span key, struct sl_span value, struct sl_err *err)
{
    struct event_row event;
    struct event_reader *reader;
    struct sl_span id;
    uint64_t sequence = 0;
    if (!row_parse_event(key, &id, &sequence) || event_read_begin(value, &event, &reader) != SL_OK)
        return sl_fail(err, SL_CORRUPT, "share %s: event %llu: its row is unreadable", view->id,
            (unsigned long long)sequence);
    enum sl_result result = SL_OK;
    enum sl_kind kind = SL_CREATE;
    bool readable = header_kind(event.header, &kind);
    struct event_item item;
    for (uint32_t i = 0; readable && kind == SL_SYNC && event_read_next(reader, &item); i++) {
        struct sl_span data = {0};
        struct fold_place place = {sequence, item.offset, item.length};
        if (fold_looks_into(item.type, item.length))
            result = view_bytes(view, &place, &view->scratch, &data, err);
        if (result != SL_OK) break;
        struct fold_item applied = {
            item.key, item.type, sequence, item.offset, item.length, event.arrived_us, i};
        fold_apply(&view->fold, &applied, data);
    }
    bool ended = event_read_end(reader);
    if (result == SL_OK && (!readable || !ended))
        result = sl_fail(err, SL_CORRUPT, "share %s: event %llu: its row is unreadable", view->id,
            (unsigned long long)sequence);
    return result;
}

/* Events (after, last], in order. */
static enum sl_result apply_events(
    struct sl_view *view, uint64_t after, uint64_t last, struct sl_err *err)
{
    if (after >= last) return SL_OK;
    struct sl_span id = sl_span_of(view->id);
    struct row_key from = row_event(id, after + 1), to = row_event(id, last + 1);
    struct kv_iter *iter =
        kv_iter_create(view->store->kv, KV_EVENT, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_OK;
    uint64_t seen = 0;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter), seen++)
        result = apply_event(view, kv_iter_key(iter), kv_iter_value(iter), err);
    if (result == SL_OK) result = kv_iter_check(iter, err);
    if (result == SL_OK && seen != last - after)
        result = sl_fail(err, SL_CORRUPT, "share %s: %llu of the events %llu to %llu are missing",
            view->id, (unsigned long long)(last - after - seen), (unsigned long long)after + 1,
            (unsigned long long)last);
    kv_iter_destroy(iter);
    if (result == SL_OK && view->fold.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    return result;
}

/* Begin with what the snapshot has. */
static enum sl_result restore(struct sl_view *view, struct sl_err *err)
{
    /* What comes behind it brings about as many keys a byte: room for them at once, so that the
       table need not move. */
    double grown = (double)view->at.stored / (double)(view->base.stored + 1);
    enum sl_result result = snapshot_restore(view->store->kv, sl_span_of(view->id), &view->base,
        grown < 2 ? grown : 2, &view->fold, err);
    return result == SL_NOT_FOUND ? view_row_missing(view, err) : result;
}

/* What was folded or ordered so far is not of what the view shows now. */
static void forget_orders(struct sl_view *view)
{
    free(view->by_arrival);
    free(view->models);
    view->by_arrival = view->models = NULL;
    view->runs.made = false;
}

static enum sl_result fold_to(struct sl_view *view, enum view_folded how, struct sl_err *err)
{
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK || view->folded >= how) return result;
    result = view_base(view, err);
    if (!view->has_base) how = VIEW_WHOLE;
    if (view->folded || view->fold.count) { /* of events alone, or a try that failed */
        fold_fini(&view->fold);
        fold_init(&view->fold);
        forget_orders(view);
        view->folded = VIEW_UNFOLDED;
    }
    if (result == SL_OK && view->has_base && how == VIEW_WHOLE) result = restore(view, err);
    if (result == SL_OK) result = apply_events(view, view->base.sequence, view->at.sequence, err);
    /* What is being erased folds as nothing. */
    if (result == SL_OK) result = view_still_there(view, err);
    if (result == SL_OK) view->folded = how;
    return result;
}

enum sl_result view_fold(struct sl_view *view, struct sl_err *err)
{
    return fold_to(view, VIEW_WHOLE, err);
}

enum sl_result view_fold_events(struct sl_view *view, struct sl_err *err)
{
    return fold_to(view, VIEW_EVENTS, err);
}

void view_applied(struct sl_view *view, const struct head *at)
{
    view->folded = VIEW_WHOLE;
    view->at = *at;
    forget_orders(view);
}

enum sl_result view_order(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_fold(view, err);
    if (result != SL_OK || view->models) return result;
    uint32_t *by_key =
        fold_by_key_again(&view->fold, FOLD_ITEM, view->by_key, view->ordered, &view->items_count);
    if (!by_key) return sl_fail(err, SL_NOMEM, "out of memory");
    view->by_key = by_key;
    view->ordered = view->fold.count;
    view->models = fold_by_arrival(&view->fold, FOLD_MODEL, &view->models_count);
    return view->models ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
}

enum sl_result view_order_arrival(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result != SL_OK || view->by_arrival) return result;
    view->by_arrival = fold_by_arrival(&view->fold, FOLD_ITEM, &view->items_count);
    return view->by_arrival ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
}

/* ---- opening ---- */

/* What was removed or redacted before this is not looked for any more: so it comes before all
   else that is read of the share. NULL: no memory. */
static struct sl_view *create(struct sl_store *store, const struct share *share)
{
    struct sl_view *view = calloc(1, sizeof(*view));
    if (!view) return NULL;
    view->store = store;
    view->removals = atomic_load(&store->removals);
    view->redactions = share_redactions(store->shares, share);
    memcpy(view->id, share->id, sizeof(view->id));
    memcpy(view->session_id, share->session_id, sizeof(view->session_id));
    view->created_ms = share->record.created_ms;
    fold_init(&view->fold);
    return view;
}

static enum sl_result find_place(struct sl_view *view, uint64_t sequence, struct sl_err *err)
{
    enum sl_result result =
        log_place(view->store->kv, sl_span_of(view->id), sequence, &view->at, err);
    if (result != SL_NOT_FOUND) return result;
    return sl_fail(
        err, SL_CORRUPT, "share %s: event %llu is missing", view->id, (unsigned long long)sequence);
}

enum sl_result view_base(struct sl_view *view, struct sl_err *err)
{
    if (view->base_sought) return SL_OK;
    enum sl_result result =
        snapshot_last(view->store->kv, sl_span_of(view->id), view->at.sequence, &view->base, err);
    view->has_base = result == SL_OK;
    if (result == SL_NOT_FOUND) result = SL_OK;
    view->base_sought = result == SL_OK;
    return result;
}

enum sl_result view_open_at(struct sl_store *store, const struct share *share, uint64_t sequence,
    enum view_base from, struct sl_view **out, struct sl_err *err)
{
    struct sl_view *view = create(store, share);
    if (!view) return sl_fail(err, SL_NOMEM, "out of memory");
    view->base_sought = from == VIEW_FROM_NOTHING;
    enum sl_result result = find_place(view, sequence, err);
    if (result == SL_OK) result = view_base(view, err);
    if (result != SL_OK) {
        sl_view_close(view);
        return result;
    }
    *out = view;
    return SL_OK;
}

/* For a program and for a person. */
static void time_text(uint64_t time_ms, char text[64])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char day[24];
    gmtime_r(&seconds, &utc);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(
        text, 64, "%llu (%s.%03uZ)", (unsigned long long)time_ms, day, (unsigned)(time_ms % 1000));
}

static enum sl_result before_first(uint64_t first_ms, uint64_t last_ms, struct sl_err *err)
{
    char first[64], last[64];
    time_text(first_ms, first);
    time_text(last_ms, last);
    return sl_fail(err, SL_NO_MOMENT,
        "no event at or before that time: the first is at %s, the last at %s", first, last);
}

static enum sl_result resolve(struct sl_store *store, const struct share *share,
    const struct head *last, struct sl_moment moment, uint64_t *sequence, struct sl_err *err)
{
    if (moment.kind == SL_NOW) {
        *sequence = last->sequence;
        return SL_OK;
    }
    if (moment.kind == SL_AT_SEQUENCE) {
        if (moment.value < 1 || moment.value > last->sequence)
            return sl_fail(err, SL_NO_MOMENT, "no sequence %llu: there are 1 to %llu",
                (unsigned long long)moment.value, (unsigned long long)last->sequence);
        *sequence = moment.value;
        return SL_OK;
    }
    uint64_t found = 0;
    enum sl_result result =
        log_at_time(store->kv, sl_span_of(share->id), last->sequence, moment.value, &found, err);
    if (result != SL_OK) return result;
    if (found == 0) return before_first(share->record.created_ms, last->time_ms, err);
    *sequence = found;
    return SL_OK;
}

/* Find the moment. The newest one is known without a read. */
static enum sl_result open_moment(
    struct sl_view *view, const struct share *share, struct sl_moment moment, struct sl_err *err)
{
    struct shares *shares = view->store->shares;
    shares_lock(shares);
    struct head last = share->head;
    bool live = share->record.state == SL_SHARE_LIVE;
    shares_unlock(shares);
    if (!live) return sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
    if (last.sequence == 0)
        return sl_fail(err, SL_NOT_FOUND, "no such share"); /* it is just being made */
    uint64_t sequence = 0;
    enum sl_result result = resolve(view->store, share, &last, moment, &sequence, err);
    if (result != SL_OK) return result;
    if (sequence != last.sequence) return find_place(view, sequence, err);
    view->at = last;
    view->summary = share_copy_summary(shares, share, sequence, view->redactions);
    return SL_OK;
}

enum sl_result sl_view_open(struct sl_store *store, struct sl_span id, struct sl_moment moment,
    struct sl_view **out, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    struct sl_view *view = create(store, share);
    result = view ? open_moment(view, share, moment, err) : sl_fail(err, SL_NOMEM, "out of memory");
    share_release(store->shares, share);
    if (result != SL_OK) {
        sl_view_close(view);
        return result;
    }
    *out = view;
    return SL_OK;
}

void sl_view_close(struct sl_view *view)
{
    if (!view) return;
    for (unsigned i = 0; i < VIEW_PINS; i++)
        kv_release(&view->pins[i].pin);
    bool large = view_is_whole(view) && !view->fold.placed && view_is_large(view);
    free(view->runs.list);
    free(view->by_key);
    free(view->by_arrival);
    free(view->models);
    fold_fini(&view->fold);
    snapshot_rows_fini(&view->rows);
    buf_fini(&view->past.bytes);
    free(view->ahead.at);
    buf_fini(&view->ahead.bytes);
    buf_fini(&view->scratch);
    buf_fini(&view->session);
    free(view->summary);
    free(view);
    /* The allocator would keep it all, in an arena for every few threads. */
    if (large) malloc_trim(0);
}
