/* A view's life: opened at a moment, folded as far as something needs, closed. A fold that fails is
   thrown away, and made anew by the next call. */

#include "core/read/view.h"

#include "core/kv/rows.h"
#include "core/log/log.h"

#include <assert.h>
#include <malloc.h>

/* ---- folding ---- */

static enum sl_result apply_event(
    struct sl_view *view, struct sl_span key, struct sl_span value, struct sl_err *err)
{
    struct event_row event;
    struct event_reader reader = {0};
    struct sl_span id;
    uint64_t sequence = 0;
    enum sl_result result = row_parse_event(key, &id, &sequence)
                                ? event_read_begin(value, &event, &reader)
                                : SL_CORRUPT;
    if (result != SL_OK)
        return sl_fail(err, SL_CORRUPT, "share %s: event %llu: its row is unreadable",
            view->moment.id, (unsigned long long)sequence);
    enum sl_kind kind = SL_CREATE;
    bool readable = header_kind(event.header, &kind);
    struct event_item item;
    for (uint32_t i = 0; readable && kind == SL_SYNC && event_read_next(&reader, &item); i++) {
        struct sl_span data = {0};
        struct fold_place place = {sequence, item.offset, item.length};
        if (fold_looks_into(item.type))
            result = reader_bytes(&view->reader, &place, &view->scratch, &data, err);
        if (result != SL_OK) break;
        struct fold_item applied = {
            item.key, item.type, sequence, item.offset, item.length, event.arrived_us, i};
        fold_apply(&view->fold, &applied, data);
    }
    bool ended = event_read_end(&reader);
    if (result == SL_OK && (!readable || !ended))
        result = sl_fail(err, SL_CORRUPT, "share %s: event %llu: its row is unreadable",
            view->moment.id, (unsigned long long)sequence);
    return result;
}

/* Events (after, last], in order. */
static enum sl_result apply_events(
    struct sl_view *view, uint64_t after, uint64_t last, struct sl_err *err)
{
    assert(view->folded == VIEW_UNFOLDED);
    if (after >= last) return SL_OK;
    struct sl_span id = sl_span_of(view->moment.id);
    struct row_key from = row_event(id, after + 1), to = row_event(id, last + 1);
    struct kv_iter *iter =
        kv_iter_create(view->moment.store->kv, KV_EVENT, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_OK;
    uint64_t seen = 0;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter), seen++)
        result = apply_event(view, kv_iter_key(iter), kv_iter_value(iter), err);
    if (result == SL_OK) result = kv_iter_check(iter, err);
    if (result == SL_OK && seen != last - after)
        result = sl_fail(err, SL_CORRUPT, "share %s: %llu of the events %llu to %llu are missing",
            view->moment.id, (unsigned long long)(last - after - seen),
            (unsigned long long)after + 1, (unsigned long long)last);
    kv_iter_destroy(iter);
    if (result == SL_OK && view->fold.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    return result;
}

/* Begin with the snapshot's table. */
static enum sl_result restore(struct sl_view *view, struct sl_err *err)
{
    struct moment *moment = &view->moment;
    assert(view->fold.count == 0 && moment_has_base(moment));
    /* The events behind it bring about as many keys a byte: room for them at once, so that the
       fold's table need not move. */
    double grown = (double)moment->at.stored / (double)(moment->base.stored + 1);
    enum sl_result result = snapshot_restore(moment->store->kv, sl_span_of(moment->id),
        &moment->base, grown < 2 ? grown : 2, &view->fold, err);
    return result == SL_NOT_FOUND ? moment_row_missing(moment, err) : result;
}

static void set_folded(struct sl_view *view, enum view_folded to)
{
    static const bool allowed[VIEW_WHOLE + 1][VIEW_WHOLE + 1] = {
        [VIEW_UNFOLDED] = {[VIEW_UNFOLDED] = true, [VIEW_EVENTS] = true, [VIEW_WHOLE] = true},
        [VIEW_EVENTS] = {[VIEW_UNFOLDED] = true},
    };
    assert(allowed[view->folded][to]);
    view->folded = to;
}

/* Throw away a fold of events alone, or one that failed: neither can be folded on. */
static void unfold(struct sl_view *view)
{
    fold_fini(&view->fold);
    fold_init(&view->fold);
    orders_fini(&view->orders);
    runs_clear(&view->runs);
    set_folded(view, VIEW_UNFOLDED);
}

static enum sl_result fold_to(struct sl_view *view, enum view_folded how, struct sl_err *err)
{
    struct moment *moment = &view->moment;
    enum sl_result result = moment_still_there(moment, err);
    if (result != SL_OK) return result;
    if (view->folded >= how && !view->fold.failed) return SL_OK;
    result = moment_seek_base(moment, err);
    if (result != SL_OK) return result;
    if (!moment_has_base(moment)) how = VIEW_WHOLE;
    if (view->folded != VIEW_UNFOLDED || view->fold.count || view->fold.failed) unfold(view);
    if (moment_has_base(moment) && how == VIEW_WHOLE) result = restore(view, err);
    if (result == SL_OK)
        result = apply_events(view, moment->base.sequence, moment->at.sequence, err);
    /* content that is being erased folds as nothing */
    if (result == SL_OK) result = moment_still_there(moment, err);
    if (result == SL_OK) set_folded(view, how);
    assert(result != SL_OK || !view->fold.failed);
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

enum sl_result view_order(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_fold(view, err);
    assert(result != SL_OK || view_is_whole(view));
    if (result == SL_OK && !orders_make(&view->orders, &view->fold))
        result = sl_fail(err, SL_NOMEM, "out of memory");
    return result;
}

enum sl_result view_order_arrival(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_fold(view, err);
    assert(result != SL_OK || view_is_whole(view));
    if (result == SL_OK && !orders_make_arrival(&view->orders, &view->fold))
        result = sl_fail(err, SL_NOMEM, "out of memory");
    return result;
}

/* ---- opening ---- */

/* NULL: no memory. */
static struct sl_view *create(struct sl_store *store, struct share *share)
{
    struct sl_view *view = calloc(1, sizeof(*view));
    if (!view) return NULL;
    moment_begin(&view->moment, store, share);
    reader_init(&view->reader, &view->moment);
    fold_init(&view->fold);
    return view;
}

static enum sl_result give(struct sl_view *view, enum sl_result result, struct sl_view **out)
{
    if (result == SL_OK)
        *out = view;
    else
        sl_view_close(view);
    return result;
}

enum sl_result view_open_at(struct sl_store *store, struct share *share, uint64_t sequence,
    struct sl_view **out, struct sl_err *err)
{
    struct sl_view *view = create(store, share);
    if (!view) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = moment_set(&view->moment, sequence, err);
    if (result == SL_OK) result = moment_seek_base(&view->moment, err);
    return give(view, result, out);
}

static enum sl_result open_moment(struct sl_view *view, struct sl_moment asked, struct sl_err *err)
{
    struct moment *moment = &view->moment;
    bool newest;
    enum sl_result result = moment_find(moment, asked, &newest, err);
    if (result == SL_OK && newest)
        view->summary = share_copy_summary(
            moment->store->shares, moment->share, moment->epoch, moment->at.sequence);
    return result;
}

enum sl_result sl_view_open(struct sl_store *store, struct sl_span id, struct sl_moment moment,
    struct sl_view **out, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    struct sl_view *view = create(store, share);
    result = view ? open_moment(view, moment, err) : sl_fail(err, SL_NOMEM, "out of memory");
    share_release(share);
    return give(view, result, out);
}

void sl_view_close(struct sl_view *view)
{
    if (!view) return;
    bool large = view_is_whole(view) && moment_is_large(&view->moment);
    reader_fini(&view->reader);
    runs_fini(&view->runs);
    orders_fini(&view->orders);
    fold_fini(&view->fold);
    buf_fini(&view->scratch);
    buf_fini(&view->session);
    free(view->summary);
    moment_fini(&view->moment);
    free(view);
    /* The allocator would keep it all, in an arena for every few threads. */
    if (large) malloc_trim(0);
}
