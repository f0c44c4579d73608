/* Where bytes of a share come from: a held row, a row of the database, or one of the two buffers of
   rows read ahead. Every way asks moment_still_there before it gives bytes out. A read that fails
   empties the cache that it was filling. */

#include "core/read/reader.h"

#include "core/kv/rows.h"

#include <assert.h>

/* ---- rows ---- */

/* A large state is read past RocksDB's cache: row after row it would drive out everything else, and
   the memory it takes would stay. A reader that jumps about in it asks for the same rows again and
   again; after four times as many rows as the state has, it reads through the cache. */
static bool reads_past(struct reader *reader)
{
    const struct moment *moment = reader->moment;
    uint64_t rows = moment->base.stream_bytes / SNAPSHOT_CUT_MIN + 1 +
                    (moment->at.sequence - moment->base.sequence) +
                    moment_pending_bytes(moment) / SL_BODY_ROW_BYTES;
    return moment_is_large(moment) && ++reader->rows_read <= 4 * rows;
}

static const struct reader_pin *held(
    const struct reader *reader, bool snapshot, uint64_t sequence, uint32_t chunk)
{
    for (unsigned i = 0; i < READER_PINS; i++) {
        const struct reader_pin *pin = &reader->pins[i];
        if (pin->bytes.ptr && pin->snapshot == snapshot && pin->sequence == sequence &&
            pin->chunk == chunk)
            return pin;
    }
    return NULL;
}

static void let_go(struct reader_pin *pin)
{
    kv_release(&pin->of_snapshot);
    body_row_release(&pin->of_body);
    pin->bytes = (struct sl_span){0};
}

/* Hold the row that an empty pin is for. */
static enum sl_result hold(struct reader *reader, struct reader_pin *pin, struct sl_err *err)
{
    struct sl_store *store = reader->moment->store;
    struct sl_span id = sl_span_of(reader->moment->id);
    bool past = reads_past(reader);
    enum sl_result result;
    assert(!pin->bytes.ptr && pin->sequence > 0);
    if (pin->snapshot) {
        struct row_key key = row_snapshot(id, pin->sequence, pin->chunk);
        result = past ? kv_get_once(store->kv, KV_SNAPSHOT, row_span(&key), &pin->of_snapshot, err)
                      : kv_get(store->kv, KV_SNAPSHOT, row_span(&key), &pin->of_snapshot, err);
        pin->bytes = pin->of_snapshot.value;
    } else {
        result =
            body_row_get(store->bodies, id, pin->sequence, pin->chunk, past, &pin->of_body, err);
        pin->bytes = pin->of_body.bytes;
    }
    return result;
}

static enum sl_result row(struct reader *reader, bool snapshot, uint64_t sequence, uint32_t chunk,
    struct sl_span *bytes, struct sl_err *err)
{
    struct moment *moment = reader->moment;
    /* Held rows outlive their removal. */
    enum sl_result result = moment_still_there(moment, err);
    if (result != SL_OK) return result;
    const struct reader_pin *there = held(reader, snapshot, sequence, chunk);
    if (there) {
        *bytes = there->bytes;
        return SL_OK;
    }
    struct reader_pin *pin = &reader->pins[reader->pins_next++ % READER_PINS];
    let_go(pin);
    pin->snapshot = snapshot;
    pin->sequence = sequence;
    pin->chunk = chunk;
    result = hold(reader, pin, err);
    if (result == SL_NOT_FOUND) {
        result = moment_still_there(moment, err);
        if (result == SL_OK)
            result = sl_fail(err, SL_CORRUPT, "share %s: row %u of the %s at %llu is missing",
                moment->id, chunk, snapshot ? "snapshot" : "body", (unsigned long long)sequence);
    }
    if (result == SL_OK) result = moment_still_there(moment, err);
    if (result != SL_OK) {
        let_go(pin);
        return result;
    }
    *bytes = pin->bytes;
    return SL_OK;
}

static enum sl_result too_short(const struct reader *reader, uint64_t sequence, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT, "share %s: a row at %llu is too short", reader->moment->id,
        (unsigned long long)sequence);
}

/* ---- rows of the snapshot ---- */

/* Get by get, past the cache, a block would be unpacked once for each row in it. */
static enum sl_result read_rows_past(
    struct reader *reader, const struct snapshot_rows *rows, size_t index, struct sl_err *err)
{
    struct reader_past *past = &reader->past;
    struct sl_span id = sl_span_of(reader->moment->id);
    const struct snapshot_row *first = &rows->rows[index];
    struct row_key from = row_snapshot(id, first->sequence, first->chunk), to = row_share_to(id);
    assert(index < rows->count);
    buf_clear(&past->bytes);
    past->sequence = first->sequence;
    past->chunk = first->chunk;
    past->count = 0;
    struct kv_iter *iter = kv_iter_create(
        reader->moment->store->kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_ONCE);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        const struct snapshot_row *row = &rows->rows[index + past->count];
        struct row_key key = row_snapshot(id, row->sequence, row->chunk);
        if (!sl_span_eq(kv_iter_key(iter), row_span(&key))) break;
        buf_add_span(&past->bytes, kv_iter_value(iter));
        past->at[++past->count] = past->bytes.len;
        if (past->count == READER_PAST_ROWS || index + past->count == rows->count) break;
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    assert(past->count <= READER_PAST_ROWS);
    if (result == SL_OK && past->bytes.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) past->count = 0;
    return result;
}

static enum sl_result row_past(struct reader *reader, const struct snapshot_rows *rows,
    size_t index, struct sl_span *bytes, struct sl_err *err)
{
    const struct reader_past *past = &reader->past;
    const struct snapshot_row *row = &rows->rows[index];
    bool there = past->sequence == row->sequence && row->chunk - past->chunk < past->count;
    enum sl_result result = there ? SL_OK : read_rows_past(reader, rows, index, err);
    /* a copied row outlives its removal */
    if (result == SL_OK) result = moment_still_there(reader->moment, err);
    if (result != SL_OK) return result;
    if (past->count == 0) return moment_row_missing(reader->moment, err);
    assert(row->chunk >= past->chunk && row->chunk - past->chunk < past->count);
    size_t at = past->at[row->chunk - past->chunk];
    *bytes = (struct sl_span){past->bytes.ptr + at, past->at[row->chunk - past->chunk + 1] - at};
    return SL_OK;
}

/* The row that a place of the snapshot's stream is in, and *from where in it. */
static enum sl_result snapshot_row(
    struct reader *reader, uint64_t offset, struct sl_span *bytes, size_t *from, struct sl_err *err)
{
    struct snapshot_rows *rows = &reader->rows;
    assert(moment_has_base(reader->moment));
    if (!rows->count) {
        enum sl_result result = snapshot_rows_load(reader->moment->store->kv,
            sl_span_of(reader->moment->id), &reader->moment->base, rows, err);
        if (result != SL_OK)
            return result == SL_NOT_FOUND ? moment_row_missing(reader->moment, err) : result;
    }
    size_t index = snapshot_rows_at(rows, offset);
    if (index == rows->count) return too_short(reader, reader->moment->base.sequence, err);
    const struct snapshot_row *there = &rows->rows[index];
    uint64_t begin = snapshot_row_begin(rows, index);
    *from = (size_t)(offset - begin);
    enum sl_result result = reads_past(reader)
                                ? row_past(reader, rows, index, bytes, err)
                                : row(reader, true, there->sequence, there->chunk, bytes, err);
    if (result == SL_OK && bytes->len != there->end - begin)
        result = snapshot_unreadable(
            sl_span_of(reader->moment->id), reader->moment->base.sequence, "index of rows", err);
    return result;
}

/* ---- bodies read ahead ---- */

static bool is_ahead(const struct reader *reader, uint64_t sequence)
{
    return sequence >= reader->ahead.first && sequence - reader->ahead.first < reader->ahead.count;
}

/* Little that is pending is taken in whole, once: a redaction's replacements may be more bytes than
   were counted, and don't fit. */
static bool takes_all(const struct reader *reader)
{
    return reader->ahead.want == 0 && moment_pending_bytes(reader->moment) <= SL_READ_AHEAD_BYTES;
}

/* How many bytes to take in of more than that. Keys mostly come in the order of arrival, so as long
   as the reading goes on behind the bytes taken in, it is twice as many each time; reading that
   jumps about gets little. */
static size_t ahead_wanted(const struct reader *reader, uint64_t sequence)
{
    const struct reader_ahead *ahead = &reader->ahead;
    uint64_t end = ahead->first + ahead->count;
    bool goes_on = ahead->count && sequence >= end && sequence - end <= ahead->count;
    if (!goes_on) return SL_READ_AHEAD_MIN_BYTES;
    return ahead->want < SL_READ_AHEAD_BYTES / 2 ? 2 * ahead->want : SL_READ_AHEAD_BYTES;
}

/* Is the row at hand the next event's body, and is there room for it? Told before it is unpacked.
 */
static enum sl_result is_wanted(
    const struct reader_ahead *ahead, struct body_iter *iter, bool *wanted, struct sl_err *err)
{
    struct sl_span id;
    uint64_t sequence;
    uint32_t chunk;
    size_t bytes;
    assert(ahead->count == 0 || ahead->bytes.len < ahead->want);
    enum sl_result result = body_iter_row_bytes(iter, &bytes, err);
    if (result != SL_OK) return result;
    *wanted = row_parse_chunk(body_iter_key(iter), &id, &sequence, &chunk) && chunk == 0 &&
              sequence == ahead->first + ahead->count && bytes < SL_BODY_ROW_BYTES &&
              (ahead->count == 0 || bytes <= ahead->want - ahead->bytes.len);
    return SL_OK;
}

/* When memory runs out the buffer says so. */
static void add_ahead(struct reader_ahead *ahead, struct sl_span body)
{
    if (ahead->count + 1 >= ahead->at_cap) {
        size_t cap = 2 * ahead->at_cap + 64;
        size_t *at = realloc(ahead->at, cap * sizeof(*at));
        if (!at) {
            ahead->bytes.failed = true;
            return;
        }
        ahead->at = at;
        ahead->at_cap = cap;
    }
    ahead->at[ahead->count++] = ahead->bytes.len;
    buf_add_span(&ahead->bytes, body);
    ahead->at[ahead->count] = ahead->bytes.len;
}

/* Take in the bodies that the iterator stands before, as far as they are wanted. */
static enum sl_result take_ahead(
    struct reader_ahead *ahead, struct body_iter *iter, struct sl_err *err)
{
    for (body_iter_first(iter); body_iter_valid(iter); body_iter_next(iter)) {
        bool wanted;
        struct sl_span body;
        enum sl_result result = is_wanted(ahead, iter, &wanted, err);
        if (result == SL_OK && !wanted) break;
        if (result == SL_OK) result = body_iter_row(iter, &body, err);
        if (result != SL_OK) return result;
        add_ahead(ahead, body);
        if (ahead->bytes.failed) return sl_fail(err, SL_NOMEM, "out of memory");
        if (ahead->bytes.len >= ahead->want) break;
    }
    return body_iter_check(iter, err);
}

/* Read bodies from an event's on. Even its own is left out when it has more than one row, or is
   missing.

   Bodies are copied, and the iterator is gone before any of them is sent: it would keep files with
   removed content on disk for as long as a client takes to read. */
static enum sl_result read_ahead(struct reader *reader, uint64_t sequence, struct sl_err *err)
{
    struct reader_ahead *ahead = &reader->ahead;
    bool all = takes_all(reader);
    ahead->want = all ? SL_READ_AHEAD_BYTES : ahead_wanted(reader, sequence);
    /* taken in whole it begins at its beginning, wherever the reading does */
    if (all) sequence = reader->moment->base.sequence + 1;
    assert(ahead->want > 0 && ahead->want <= SL_READ_AHEAD_BYTES);
    assert(sequence <= reader->moment->at.sequence);
    ahead->first = sequence;
    ahead->count = 0;
    buf_clear(&ahead->bytes);
    uint64_t pending = moment_pending_bytes(reader->moment);
    if (!buf_reserve(&ahead->bytes, pending < ahead->want ? (size_t)pending : ahead->want))
        return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span id = sl_span_of(reader->moment->id);
    struct row_key from = row_body(id, sequence, 0),
                   to = row_body(id, reader->moment->at.sequence + 1, 0);
    /* A little is read through the cache: the same blocks will be asked for again and again. */
    bool past = moment_is_large(reader->moment) && ahead->want >= SL_MIB;
    struct body_iter iter;
    body_iter_init(&iter, reader->moment->store->bodies, row_span(&from), row_span(&to),
        past ? KV_ONCE : KV_CACHED);
    enum sl_result result = take_ahead(ahead, &iter, err);
    body_iter_fini(&iter);
    if (result != SL_OK) ahead->count = 0;
    return result;
}

static enum sl_result piece_ahead(struct reader *reader, const struct fold_place *place,
    uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    const struct reader_ahead *ahead = &reader->ahead;
    assert(is_ahead(reader, place->sequence) && offset < place->length);
    size_t index = (size_t)(place->sequence - ahead->first);
    uint64_t body = ahead->at[index + 1] - ahead->at[index];
    enum sl_result result = moment_still_there(reader->moment, err);
    if (result != SL_OK) return result;
    if (place->offset > body || place->length > body - place->offset)
        return too_short(reader, place->sequence, err);
    *piece = (struct sl_span){
        ahead->bytes.ptr + ahead->at[index] + place->offset + offset, place->length - offset};
    return SL_OK;
}

/* ---- a place's bytes ---- */

static enum sl_result piece_of_row(struct reader *reader, const struct fold_place *place,
    uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    uint64_t at = place->offset + offset, left = place->length - offset;
    struct sl_span bytes = {0};
    size_t from = at % SL_BODY_ROW_BYTES;
    enum sl_result result =
        place->sequence == 0
            ? snapshot_row(reader, at, &bytes, &from, err)
            : row(reader, false, place->sequence, (uint32_t)(at / SL_BODY_ROW_BYTES), &bytes, err);
    if (result != SL_OK) return result;
    if (from >= bytes.len)
        return too_short(
            reader, place->sequence ? place->sequence : reader->moment->base.sequence, err);
    *piece = (struct sl_span){bytes.ptr + from, bytes.len - from < left ? bytes.len - from : left};
    return SL_OK;
}

enum sl_result reader_piece(struct reader *reader, const struct fold_place *place, uint64_t offset,
    struct sl_span *piece, struct sl_err *err)
{
    uint64_t sequence = place->sequence;
    assert(offset < place->length && sequence <= reader->moment->at.sequence);
    if (sequence == 0) return piece_of_row(reader, place, offset, piece, err);
    if (is_ahead(reader, sequence)) return piece_ahead(reader, place, offset, piece, err);
    uint32_t chunk = (uint32_t)((place->offset + offset) / SL_BODY_ROW_BYTES);
    if (chunk == 0 && !held(reader, false, sequence, chunk)) {
        enum sl_result result = read_ahead(reader, sequence, err);
        if (result != SL_OK) return result;
        if (is_ahead(reader, sequence)) return piece_ahead(reader, place, offset, piece, err);
    }
    return piece_of_row(reader, place, offset, piece, err);
}

enum sl_result reader_bytes(struct reader *reader, const struct fold_place *place, struct buf *into,
    struct sl_span *bytes, struct sl_err *err)
{
    struct sl_span piece = {0};
    buf_clear(into);
    for (uint64_t done = 0; done < place->length; done += piece.len) {
        enum sl_result result = reader_piece(reader, place, done, &piece, err);
        if (result != SL_OK) return result;
        assert(piece.len > 0 && piece.len <= place->length - done);
        if (piece.len == place->length) {
            *bytes = piece;
            return SL_OK;
        }
        buf_add_span(into, piece);
    }
    if (into->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    *bytes = place->length ? buf_span(into) : (struct sl_span){"", 0};
    return SL_OK;
}

enum sl_result reader_copy(
    struct reader *reader, const struct fold_place *place, struct sl_sink sink, struct sl_err *err)
{
    struct sl_span piece;
    for (uint64_t done = 0; done < place->length; done += piece.len) {
        enum sl_result result = reader_piece(reader, place, done, &piece, err);
        if (result == SL_OK) result = sink_put(sink, piece.ptr, piece.len, err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

/* ---- its life ---- */

void reader_init(struct reader *reader, struct moment *moment)
{
    assert(moment->share); /* begun */
    *reader = (struct reader){.moment = moment};
}

void reader_fini(struct reader *reader)
{
    for (unsigned i = 0; i < READER_PINS; i++)
        let_go(&reader->pins[i]);
    snapshot_rows_fini(&reader->rows);
    buf_fini(&reader->past.bytes);
    free(reader->ahead.at);
    buf_fini(&reader->ahead.bytes);
    *reader = (struct reader){0};
}
