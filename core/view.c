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
    uint64_t rows = view->base.stream_bytes / SNAPSHOT_CUT_MIN + 1 +
                    (view->at.sequence - view->base.sequence) +
                    (view->at.stored - view->base.stored) / SL_BODY_ROW_BYTES;
    return is_large(view) && ++view->rows_read <= 4 * rows;
}

static enum sl_result row(struct sl_view *view, enum kv_family family, uint64_t sequence,
    uint32_t chunk, struct sl_span *bytes, struct sl_err *err)
{
    /* Rows that are held outlive their removal. */
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK) return result;
    for (unsigned i = 0; i < VIEW_PINS; i++) {
        const struct view_pin *pin = &view->pins[i];
        if (pin->pin.slice && pin->family == family && pin->sequence == sequence &&
            pin->chunk == chunk) {
            *bytes = pin->pin.value;
            return SL_OK;
        }
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

/* Of an event whose body was read ahead. */
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

/* What is missing of a snapshot: of a share that was removed, or really. */
static enum sl_result missing(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK) return result;
    return sl_fail(err, SL_CORRUPT, "share %s: a row of the snapshot at %llu is missing", view->id,
        (unsigned long long)view->base.sequence);
}

/* Get by get, past the cache, a block would be unpacked once for each row in it. */
static enum sl_result read_run(
    struct sl_view *view, const struct snapshot_rows *rows, size_t index, struct sl_err *err)
{
    struct view_run *run = &view->run;
    struct sl_span id = sl_span_of(view->id);
    const struct snapshot_row *first = &rows->rows[index];
    struct row_key from = row_snapshot(id, first->sequence, first->chunk), to = row_share_to(id);
    buf_clear(&run->bytes);
    run->sequence = first->sequence;
    run->chunk = first->chunk;
    run->count = 0;
    struct kv_iter *iter =
        kv_iter_create(view->store->kv, KV_SNAPSHOT, row_span(&from), row_span(&to), true);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        const struct snapshot_row *row = &rows->rows[index + run->count];
        struct row_key key = row_snapshot(id, row->sequence, row->chunk);
        if (!sl_span_eq(kv_iter_key(iter), row_span(&key))) break;
        buf_add_span(&run->bytes, kv_iter_value(iter));
        run->at[++run->count] = run->bytes.len;
        if (run->count == VIEW_RUN_ROWS || index + run->count == rows->count) break;
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && run->bytes.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) run->count = 0;
    return result;
}

static enum sl_result run_row(struct sl_view *view, const struct snapshot_rows *rows, size_t index,
    struct sl_span *bytes, struct sl_err *err)
{
    const struct view_run *run = &view->run;
    const struct snapshot_row *row = &rows->rows[index];
    bool there = run->sequence == row->sequence && row->chunk - run->chunk < run->count;
    enum sl_result result = there ? SL_OK : read_run(view, rows, index, err);
    /* it is held here, and outlives its removal */
    if (result == SL_OK) result = view_still_there(view, err);
    if (result != SL_OK) return result;
    if (run->count == 0) return missing(view, err);
    size_t at = run->at[row->chunk - run->chunk];
    *bytes = (struct sl_span){run->bytes.ptr + at, run->at[row->chunk - run->chunk + 1] - at};
    return SL_OK;
}

/* The row that a place of the snapshot's stream is in, and *from where in it. */
static enum sl_result snapshot_row(
    struct sl_view *view, uint64_t offset, struct sl_span *bytes, size_t *from, struct sl_err *err)
{
    struct snapshot_rows *rows = &view->rows;
    if (!rows->count) {
        enum sl_result result =
            snapshot_rows_load(view->store->kv, sl_span_of(view->id), &view->base, rows, err);
        if (result != SL_OK) return result == SL_NOT_FOUND ? missing(view, err) : result;
    }
    size_t index = snapshot_rows_at(rows, offset);
    if (index == rows->count) return too_short(view, view->base.sequence, err);
    *from = (size_t)(offset - snapshot_row_begin(rows, index));
    if (reads_past(view)) return run_row(view, rows, index, bytes, err);
    return row(view, KV_SNAPSHOT, rows->rows[index].sequence, rows->rows[index].chunk, bytes, err);
}

enum sl_result view_piece(struct sl_view *view, const struct fold_place *place, uint64_t offset,
    struct sl_span *piece, struct sl_err *err)
{
    if (place->sequence >= view->ahead.first &&
        place->sequence - view->ahead.first < view->ahead.count)
        return piece_ahead(view, place, offset, piece, err);
    uint64_t at = place->offset + offset, left = place->length - offset;
    struct sl_span bytes;
    size_t from = at % SL_BODY_ROW_BYTES;
    enum sl_result result =
        place->sequence == 0
            ? snapshot_row(view, at, &bytes, &from, err)
            : row(view, KV_BODY, place->sequence, (uint32_t)(at / SL_BODY_ROW_BYTES), &bytes, err);
    if (result != SL_OK) return result;
    if (from >= bytes.len)
        return too_short(view, place->sequence ? place->sequence : view->base.sequence, err);
    *piece = (struct sl_span){bytes.ptr + from, bytes.len - from < left ? bytes.len - from : left};
    return SL_OK;
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

/* Read the bodies of events (after, last] in one go, if they aren't too many bytes. */
static enum sl_result read_ahead(
    struct sl_view *view, uint64_t after, uint64_t last, struct sl_err *err)
{
    struct view_ahead *ahead = &view->ahead;
    if (last <= after || view->at.stored - view->base.stored > SL_READ_AHEAD_BYTES) return SL_OK;
    free(ahead->at); /* of a fold that failed */
    buf_clear(&ahead->bytes);
    ahead->at = calloc((size_t)(last - after) + 1, sizeof(*ahead->at));
    if (!ahead->at || !buf_reserve(&ahead->bytes, (size_t)(view->at.stored - view->base.stored)))
        return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span id = sl_span_of(view->id), key_id;
    struct row_key from = row_body(id, after + 1, 0), to = row_body(id, last + 1, 0);
    struct kv_iter *iter =
        kv_iter_create(view->store->kv, KV_BODY, row_span(&from), row_span(&to), is_large(view));
    uint64_t sequence = 0;
    uint32_t chunk;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        if (!row_parse_chunk(kv_iter_key(iter), &key_id, &sequence, &chunk)) break;
        if (chunk == 0) ahead->at[sequence - after - 1] = ahead->bytes.len;
        buf_add_span(&ahead->bytes, kv_iter_value(iter));
        ahead->at[sequence - after] = ahead->bytes.len;
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && ahead->bytes.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) return result;
    ahead->first = after + 1;
    ahead->count = (size_t)(last - after);
    return SL_OK;
}

enum sl_result view_fold(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK || view->folded) return result;
    result = view_base(view, err);
    if (result == SL_OK && view->has_base) {
        /* What comes behind the snapshot brings about as many keys a byte: room for them at once,
           so that the table need not move. */
        double grown = (double)view->at.stored / (double)(view->base.stored + 1);
        double keys = (double)(view->base.items + view->base.models + 64);
        fold_reserve(&view->fold, (size_t)(grown < 2 ? keys * grown : keys * 2));
        result =
            snapshot_restore(view->store->kv, sl_span_of(view->id), &view->base, &view->fold, err);
        if (result == SL_NOT_FOUND) result = missing(view, err);
    }
    if (result == SL_OK) result = read_ahead(view, view->base.sequence, view->at.sequence, err);
    if (result == SL_OK) result = apply_events(view, view->base.sequence, view->at.sequence, err);
    /* What is being erased folds as nothing. */
    if (result == SL_OK) result = view_still_there(view, err);
    view->folded = result == SL_OK;
    return result;
}

void view_applied(struct sl_view *view, const struct head *at)
{
    view->folded = true;
    view->at = *at;
    free(view->by_arrival);
    free(view->models);
    view->by_arrival = view->models = NULL;
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
    bool large = view->folded && !view->fold.placed && is_large(view);
    free(view->by_key);
    free(view->by_arrival);
    free(view->models);
    fold_fini(&view->fold);
    snapshot_rows_fini(&view->rows);
    buf_fini(&view->run.bytes);
    free(view->ahead.at);
    buf_fini(&view->ahead.bytes);
    buf_fini(&view->scratch);
    buf_fini(&view->session);
    free(view->summary);
    free(view);
    /* The allocator would keep it all, in an arena for every few threads. */
    if (large) malloc_trim(0);
}
