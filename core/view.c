#include "view.h"

#include "json.h"
#include "log.h"
#include "rows.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

/* ---- bytes ---- */

/* What is removed is unreadable at once, also for a read that began before; and a redaction moves
   what the fold says where to find. */
enum sl_result view_still_there(struct sl_view *view, struct sl_err *err)
{
    unsigned long removals = atomic_load(&view->store->removals);
    if (removals == view->removals) return SL_OK;
    struct share *share;
    enum sl_result result = share_acquire(view->store->shares, sl_span_of(view->id), &share, err);
    if (result != SL_OK) return result;
    shares_lock(view->store->shares);
    bool live = share->record.state == SL_SHARE_LIVE;
    bool redacted = share->redactions != view->redactions;
    shares_unlock(view->store->shares);
    share_release(view->store->shares, share);
    if (!live) return sl_fail(err, SL_REMOVED, "share %s: removed", view->id);
    if (redacted) return sl_fail(err, SL_REDACTED, "share %s: redacted meanwhile", view->id);
    view->removals = removals;
    return SL_OK;
}

/* More than that is read past the cache. */
static bool is_large(const struct sl_view *view)
{
    return view->base.stream_bytes + (view->at.stored - view->base.stored) > SL_VIEW_CACHED_BYTES;
}

/* A large state is read past the cache: row after row it would drive out everything else, and the
   memory it takes would stay. But who jumps about in it, so that rows come again and again, had
   better find them there. */
static bool reads_past(struct sl_view *view)
{
    uint64_t rows = view->base.stream_bytes / SL_SNAPSHOT_ROW_BYTES + 1 +
                    (view->at.sequence - view->base.sequence) +
                    (view->at.stored - view->base.stored) / SL_BODY_ROW_BYTES;
    return is_large(view) && ++view->rows_read <= 4 * rows;
}

static const struct view_pin *held(
    const struct sl_view *view, enum kv_family family, uint64_t sequence, uint32_t chunk)
{
    for (unsigned i = 0; i < VIEW_PINS; i++) {
        const struct view_pin *pin = &view->pins[i];
        if (pin->pin.slice && pin->family == family && pin->sequence == sequence &&
            pin->chunk == chunk)
            return pin;
    }
    return NULL;
}

static enum sl_result row(struct sl_view *view, enum kv_family family, uint64_t sequence,
    uint32_t chunk, struct sl_span *bytes, struct sl_err *err)
{
    /* Rows that are held outlive their removal. */
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK) return result;
    const struct view_pin *there = held(view, family, sequence, chunk);
    if (there) {
        *bytes = there->pin.value;
        return SL_OK;
    }
    struct view_pin *pin = &view->pins[view->pins_next++ % VIEW_PINS];
    kv_release(&pin->pin);
    struct sl_span id = sl_span_of(view->id);
    struct row_key key =
        family == KV_BODY ? row_body(id, sequence, chunk) : row_snapshot(id, sequence, chunk);
    result = reads_past(view) ? kv_get_once(view->store->kv, family, row_span(&key), &pin->pin, err)
                              : kv_get(view->store->kv, family, row_span(&key), &pin->pin, err);
    if (result == SL_NOT_FOUND) {
        result = view_still_there(view, err);
        if (result == SL_OK)
            result = sl_fail(err, SL_CORRUPT, "share %s: row %u of the %s at %llu is missing",
                view->id, chunk, kv_family_name(family), (unsigned long long)sequence);
    }
    if (result == SL_OK) result = view_still_there(view, err);
    if (result != SL_OK) return result;
    pin->family = family;
    pin->sequence = sequence;
    pin->chunk = chunk;
    *bytes = pin->pin.value;
    return SL_OK;
}

static enum sl_result too_short(const struct sl_view *view, uint64_t sequence, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT, "share %s: a row at %llu is too short", view->id,
        (unsigned long long)sequence);
}

/* ---- bodies read ahead ---- */

static uint64_t pending_bytes(const struct sl_view *view)
{
    return view->at.stored - view->base.stored;
}

static bool is_ahead(const struct sl_view *view, uint64_t sequence)
{
    return sequence >= view->ahead.first && sequence - view->ahead.first < view->ahead.count;
}

/* How many bytes to take in: all that is pending if that isn't much. Else more and more as long as
   who reads goes on behind what was taken in, since in order of keys new items come mostly as they
   arrived; who jumps about is given little. */
static size_t ahead_wanted(const struct sl_view *view, uint64_t sequence)
{
    const struct view_ahead *ahead = &view->ahead;
    if (pending_bytes(view) <= SL_READ_AHEAD_BYTES) return SL_READ_AHEAD_BYTES;
    uint64_t end = ahead->first + ahead->count;
    bool goes_on = ahead->count && sequence >= end && sequence - end <= ahead->count;
    if (!goes_on) return SL_READ_AHEAD_MIN_BYTES;
    return ahead->want < SL_READ_AHEAD_BYTES / 2 ? 2 * ahead->want : SL_READ_AHEAD_BYTES;
}

/* Another event's body; false: it isn't the next one's, or its bytes are too many. */
static bool add_ahead(struct view_ahead *ahead, struct sl_span key, struct sl_span body)
{
    struct sl_span id;
    uint64_t sequence;
    uint32_t chunk;
    if (!row_parse_chunk(key, &id, &sequence, &chunk) || chunk != 0 ||
        sequence != ahead->first + ahead->count || body.len >= SL_BODY_ROW_BYTES ||
        (ahead->count && body.len > ahead->want - ahead->bytes.len))
        return false;
    if (ahead->count + 1 >= ahead->at_cap) {
        size_t cap = 2 * ahead->at_cap + 64;
        size_t *at = realloc(ahead->at, cap * sizeof(*at));
        if (!at) {
            ahead->bytes.failed = true;
            return false;
        }
        ahead->at = at;
        ahead->at_cap = cap;
    }
    ahead->at[ahead->count++] = ahead->bytes.len;
    buf_add_span(&ahead->bytes, body);
    ahead->at[ahead->count] = ahead->bytes.len;
    return ahead->bytes.len < ahead->want;
}

/* Read bodies from an event's on. It may be that not even its own is taken in: it has more than one
   row, or is missing.

   They are copied, and the iterator is gone before any of it is sent: it would keep files on disk
   that hold what has been removed meanwhile, for as long as a client takes to read. */
static enum sl_result read_ahead(struct sl_view *view, uint64_t sequence, struct sl_err *err)
{
    struct view_ahead *ahead = &view->ahead;
    ahead->want = ahead_wanted(view, sequence);
    ahead->first = sequence;
    ahead->count = 0;
    buf_clear(&ahead->bytes);
    uint64_t pending = pending_bytes(view);
    if (!buf_reserve(&ahead->bytes, pending < ahead->want ? (size_t)pending : ahead->want))
        return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span id = sl_span_of(view->id);
    struct row_key from = row_body(id, sequence, 0), to = row_body(id, view->at.sequence + 1, 0);
    /* A little is read through the cache: the same blocks will be asked for again and again. */
    bool past = is_large(view) && ahead->want >= SL_MIB;
    struct kv_iter *iter =
        kv_iter_create(view->store->kv, KV_BODY, row_span(&from), row_span(&to), past);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        if (!add_ahead(ahead, kv_iter_key(iter), kv_iter_value(iter))) break;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && ahead->bytes.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) ahead->count = 0;
    return result;
}

static enum sl_result piece_ahead(struct sl_view *view, const struct fold_place *place,
    uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    const struct view_ahead *ahead = &view->ahead;
    size_t index = (size_t)(place->sequence - ahead->first);
    uint64_t from = ahead->at[index] + place->offset;
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK) return result;
    if (from + place->length > ahead->at[index + 1]) return too_short(view, place->sequence, err);
    *piece = (struct sl_span){ahead->bytes.ptr + from + offset, place->length - offset};
    return SL_OK;
}

/* ---- a place's bytes ---- */

static enum sl_result piece_of_row(struct sl_view *view, const struct fold_place *place,
    uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    bool in_snapshot = place->sequence == 0;
    uint64_t at = place->offset + offset;
    size_t row_bytes = in_snapshot ? SL_SNAPSHOT_ROW_BYTES : SL_BODY_ROW_BYTES;
    struct sl_span bytes;
    enum sl_result result =
        in_snapshot ? row(view, KV_SNAPSHOT, view->base.sequence,
                          snapshot_stream_chunk(&view->base, at), &bytes, err)
                    : row(view, KV_BODY, place->sequence, (uint32_t)(at / row_bytes), &bytes, err);
    if (result != SL_OK) return result;
    size_t from = at % row_bytes;
    if (from >= bytes.len)
        return too_short(view, in_snapshot ? view->base.sequence : place->sequence, err);
    uint64_t left = place->length - offset;
    *piece = (struct sl_span){bytes.ptr + from, bytes.len - from < left ? bytes.len - from : left};
    return SL_OK;
}

enum sl_result view_piece(struct sl_view *view, const struct fold_place *place, uint64_t offset,
    struct sl_span *piece, struct sl_err *err)
{
    uint64_t sequence = place->sequence;
    if (sequence == 0) return piece_of_row(view, place, offset, piece, err);
    if (is_ahead(view, sequence)) return piece_ahead(view, place, offset, piece, err);
    uint32_t chunk = (uint32_t)((place->offset + offset) / SL_BODY_ROW_BYTES);
    if (chunk == 0 && !held(view, KV_BODY, sequence, chunk)) {
        enum sl_result result = read_ahead(view, sequence, err);
        if (result != SL_OK) return result;
        if (is_ahead(view, sequence)) return piece_ahead(view, place, offset, piece, err);
    }
    return piece_of_row(view, place, offset, piece, err);
}

enum sl_result view_bytes(struct sl_view *view, const struct fold_place *place, struct buf *into,
    struct sl_span *bytes, struct sl_err *err)
{
    struct sl_span piece = {0};
    for (uint64_t done = 0; done < place->length; done += piece.len) {
        enum sl_result result = view_piece(view, place, done, &piece, err);
        if (result != SL_OK) return result;
        if (piece.len == place->length) {
            *bytes = piece;
            return SL_OK;
        }
        if (done == 0) buf_clear(into);
        buf_add_span(into, piece);
    }
    if (into->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    *bytes = place->length ? buf_span(into) : (struct sl_span){"", 0};
    return SL_OK;
}

enum sl_result view_copy(
    struct sl_view *view, const struct fold_place *place, struct sl_sink sink, struct sl_err *err)
{
    struct sl_span piece;
    for (uint64_t done = 0; done < place->length; done += piece.len) {
        enum sl_result result = view_piece(view, place, done, &piece, err);
        if (result == SL_OK) result = sink_write(sink, piece.ptr, piece.len, err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

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
        kv_iter_create(view->store->kv, KV_EVENT, row_span(&from), row_span(&to), false);
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

enum sl_result view_row_missing(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_still_there(view, err);
    return result != SL_OK
               ? result
               : sl_fail(err, SL_CORRUPT, "share %s: a row of the snapshot at %llu is missing",
                     view->id, (unsigned long long)view->base.sequence);
}

/* Begin with what the snapshot has. */
static enum sl_result restore(struct sl_view *view, struct sl_err *err)
{
    /* What comes behind it brings about as many keys a byte: room for them at once, so that the
       table need not move. */
    double grown = (double)view->at.stored / (double)(view->base.stored + 1);
    double keys = (double)(view->base.items + view->base.models + 64);
    fold_reserve(&view->fold, (size_t)(grown < 2 ? keys * grown : keys * 2));
    enum sl_result result =
        snapshot_restore(view->store->kv, sl_span_of(view->id), &view->base, &view->fold, err);
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
    uint64_t pending = view->at.sequence - view->base.sequence;
    if (result == SL_OK && pending && pending_bytes(view) <= SL_READ_AHEAD_BYTES)
        result = read_ahead(view, view->base.sequence + 1, err);
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
    view->summary = summary_copy(shares, share, sequence, view->redactions);
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
    bool large = view_is_whole(view) && !view->fold.placed && is_large(view);
    free(view->runs.list);
    free(view->by_key);
    free(view->by_arrival);
    free(view->models);
    fold_fini(&view->fold);
    free(view->ahead.at);
    buf_fini(&view->ahead.bytes);
    buf_fini(&view->scratch);
    buf_fini(&view->session);
    free(view->summary);
    free(view);
    /* The allocator would keep it all, in an arena for every few threads. */
    if (large) malloc_trim(0);
}
