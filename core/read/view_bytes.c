#include "core/kv/rows.h"
#include "core/read/view.h"

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

/* ---- rows ---- */

bool view_is_large(const struct sl_view *view)
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
    return view_is_large(view) && ++view->rows_read <= 4 * rows;
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

/* ---- rows of the snapshot ---- */

/* Get by get, past the cache, a block would be unpacked once for each row in it. */
static enum sl_result read_rows_past(
    struct sl_view *view, const struct snapshot_rows *rows, size_t index, struct sl_err *err)
{
    struct view_past *past = &view->past;
    struct sl_span id = sl_span_of(view->id);
    const struct snapshot_row *first = &rows->rows[index];
    struct row_key from = row_snapshot(id, first->sequence, first->chunk), to = row_share_to(id);
    buf_clear(&past->bytes);
    past->sequence = first->sequence;
    past->chunk = first->chunk;
    past->count = 0;
    struct kv_iter *iter =
        kv_iter_create(view->store->kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_ONCE);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        const struct snapshot_row *row = &rows->rows[index + past->count];
        struct row_key key = row_snapshot(id, row->sequence, row->chunk);
        if (!sl_span_eq(kv_iter_key(iter), row_span(&key))) break;
        buf_add_span(&past->bytes, kv_iter_value(iter));
        past->at[++past->count] = past->bytes.len;
        if (past->count == VIEW_PAST_ROWS || index + past->count == rows->count) break;
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && past->bytes.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) past->count = 0;
    return result;
}

static enum sl_result row_past(struct sl_view *view, const struct snapshot_rows *rows, size_t index,
    struct sl_span *bytes, struct sl_err *err)
{
    const struct view_past *past = &view->past;
    const struct snapshot_row *row = &rows->rows[index];
    bool there = past->sequence == row->sequence && row->chunk - past->chunk < past->count;
    enum sl_result result = there ? SL_OK : read_rows_past(view, rows, index, err);
    /* it is held here, and outlives its removal */
    if (result == SL_OK) result = view_still_there(view, err);
    if (result != SL_OK) return result;
    if (past->count == 0) return view_row_missing(view, err);
    size_t at = past->at[row->chunk - past->chunk];
    *bytes = (struct sl_span){past->bytes.ptr + at, past->at[row->chunk - past->chunk + 1] - at};
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
        if (result != SL_OK) return result == SL_NOT_FOUND ? view_row_missing(view, err) : result;
    }
    size_t index = snapshot_rows_at(rows, offset);
    if (index == rows->count) return too_short(view, view->base.sequence, err);
    const struct snapshot_row *there = &rows->rows[index];
    uint64_t begin = snapshot_row_begin(rows, index);
    *from = (size_t)(offset - begin);
    enum sl_result result = reads_past(view)
                                ? row_past(view, rows, index, bytes, err)
                                : row(view, KV_SNAPSHOT, there->sequence, there->chunk, bytes, err);
    if (result == SL_OK && bytes->len != there->end - begin)
        result =
            snapshot_unreadable(sl_span_of(view->id), view->base.sequence, "index of rows", err);
    return result;
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

/* All that is pending, if that isn't much: once, since what a redaction put may be more than what
   was counted. */
static bool takes_all(const struct sl_view *view)
{
    return view->ahead.want == 0 && pending_bytes(view) <= SL_READ_AHEAD_BYTES;
}

/* How many bytes to take in of more than that: more and more as long as who reads goes on behind
   what was taken in, since in order of keys new items come mostly as they arrived; who jumps about
   is given little. */
static size_t ahead_wanted(const struct sl_view *view, uint64_t sequence)
{
    const struct view_ahead *ahead = &view->ahead;
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
    bool all = takes_all(view);
    ahead->want = all ? SL_READ_AHEAD_BYTES : ahead_wanted(view, sequence);
    /* What is taken in as a whole begins at its beginning, wherever the first to be asked for is.
     */
    if (all) sequence = view->base.sequence + 1;
    ahead->first = sequence;
    ahead->count = 0;
    buf_clear(&ahead->bytes);
    uint64_t pending = pending_bytes(view);
    if (!buf_reserve(&ahead->bytes, pending < ahead->want ? (size_t)pending : ahead->want))
        return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span id = sl_span_of(view->id);
    struct row_key from = row_body(id, sequence, 0), to = row_body(id, view->at.sequence + 1, 0);
    /* A little is read through the cache: the same blocks will be asked for again and again. */
    bool past = view_is_large(view) && ahead->want >= SL_MIB;
    struct kv_iter *iter = kv_iter_create(
        view->store->kv, KV_BODY, row_span(&from), row_span(&to), past ? KV_ONCE : KV_CACHED);
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
    uint64_t body = ahead->at[index + 1] - ahead->at[index];
    enum sl_result result = view_still_there(view, err);
    if (result != SL_OK) return result;
    if (place->offset > body || place->length > body - place->offset)
        return too_short(view, place->sequence, err);
    *piece = (struct sl_span){
        ahead->bytes.ptr + ahead->at[index] + place->offset + offset, place->length - offset};
    return SL_OK;
}

/* ---- a place's bytes ---- */

static enum sl_result piece_of_row(struct sl_view *view, const struct fold_place *place,
    uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    uint64_t at = place->offset + offset, left = place->length - offset;
    struct sl_span bytes = {0};
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

enum sl_result view_row_missing(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_still_there(view, err);
    return result != SL_OK
               ? result
               : sl_fail(err, SL_CORRUPT, "share %s: a row of the snapshot at %llu is missing",
                     view->id, (unsigned long long)view->base.sequence);
}
