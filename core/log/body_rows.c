/* A body's raw rows out of the families that have them, and into the one that new ones go to. No
   other file knows what the values of these families look like.

   How it fails: a row that isn't there is SL_NOT_FOUND, one that is there and can't be unpacked
   SL_CORRUPT and named; nothing is changed, and what was held before is still held. */

#include "core/log/body_rows.h"

#include "core/event/hot_row.h"

#include <assert.h>

const enum kv_family body_families[BODY_FAMILIES] = {KV_HOT, KV_BODY, KV_COLD};

struct bodies {
    struct kv *kv;
};

struct bodies *bodies_create(struct kv *kv)
{
    struct bodies *bodies = calloc(1, sizeof(*bodies));
    if (bodies) bodies->kv = kv;
    return bodies;
}

void bodies_destroy(struct bodies *bodies)
{
    free(bodies);
}

/* ---- one row ---- */

static enum sl_result unreadable(struct sl_span key, struct sl_err *err)
{
    struct sl_span id = {"?", 1};
    uint64_t sequence = 0;
    uint32_t chunk = 0;
    row_parse_chunk(key, &id, &sequence, &chunk);
    return sl_fail(err, SL_CORRUPT, "share %.*s: event %llu: body row %u can't be unpacked",
        (int)id.len, id.ptr, (unsigned long long)sequence, chunk);
}

/* The raw row of a hot one, which the pin holds: where it lies there, or unpacked. */
static enum sl_result hold_hot(struct sl_span key, struct body_row *row, struct sl_err *err)
{
    struct hot_row hot;
    if (!hot_row_read(row->pin.value, &hot)) return unreadable(key, err);
    if (!hot.packed) {
        row->bytes = hot.payload;
        return SL_OK;
    }
    row->unpacked = malloc(hot.raw_bytes);
    if (!row->unpacked) return sl_fail(err, SL_NOMEM, "out of memory");
    if (!hot_row_unpack(&hot, row->unpacked)) return unreadable(key, err);
    row->bytes = (struct sl_span){row->unpacked, hot.raw_bytes};
    kv_release(&row->pin);
    return SL_OK;
}

static enum sl_result get(struct kv *kv, enum kv_family family, struct sl_span key, bool once,
    struct kv_pin *pin, struct sl_err *err)
{
    return once ? kv_get_once(kv, family, key, pin, err) : kv_get(kv, family, key, pin, err);
}

enum sl_result body_row_get(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, bool once, struct body_row *out, struct sl_err *err)
{
    struct row_key key = row_body(share_id, sequence, chunk);
    struct body_row row = {0};
    *out = (struct body_row){0};
    enum sl_result result = get(bodies->kv, KV_HOT, row_span(&key), once, &row.pin, err);
    if (result == SL_OK) {
        result = hold_hot(row_span(&key), &row, err);
    } else if (result == SL_NOT_FOUND) {
        result = get(bodies->kv, KV_BODY, row_span(&key), once, &row.pin, err);
        row.bytes = row.pin.value;
    }
    if (result == SL_OK)
        *out = row;
    else
        body_row_release(&row);
    return result;
}

void body_row_release(struct body_row *row)
{
    kv_release(&row->pin);
    free(row->unpacked);
    *row = (struct body_row){0};
}

/* ---- one body ---- */

enum sl_result body_cursor_piece(
    struct body_cursor *cursor, uint64_t offset, struct sl_span *piece, struct sl_err *err)
{
    uint32_t chunk = (uint32_t)(offset / SL_BODY_ROW_BYTES);
    size_t from = offset % SL_BODY_ROW_BYTES;
    if (!cursor->row.bytes.ptr || cursor->chunk != chunk) {
        body_row_release(&cursor->row);
        enum sl_result result = body_row_get(
            cursor->bodies, cursor->share_id, cursor->sequence, chunk, false, &cursor->row, err);
        if (result != SL_OK) return result;
        cursor->chunk = chunk;
    }
    if (from >= cursor->row.bytes.len)
        return sl_fail(err, SL_CORRUPT, "share %.*s: event %llu: its body is too short",
            (int)cursor->share_id.len, cursor->share_id.ptr, (unsigned long long)cursor->sequence);
    *piece = (struct sl_span){cursor->row.bytes.ptr + from, cursor->row.bytes.len - from};
    return SL_OK;
}

enum sl_result body_cursor_read(struct body_cursor *cursor, uint64_t offset, uint64_t length,
    struct buf *out, struct sl_err *err)
{
    struct sl_span piece;
    for (uint64_t done = 0; done < length; done += piece.len) {
        enum sl_result result = body_cursor_piece(cursor, offset + done, &piece, err);
        if (result != SL_OK) return result;
        if (piece.len > length - done) piece.len = (size_t)(length - done);
        buf_add_span(out, piece);
    }
    return out->failed ? sl_fail(err, SL_NOMEM, "out of memory") : SL_OK;
}

enum sl_result bodies_read(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint64_t offset, uint64_t length, struct buf *out, struct sl_err *err)
{
    struct body_cursor cursor = body_cursor_of(bodies, share_id, sequence);
    enum sl_result result = body_cursor_read(&cursor, offset, length, out, err);
    body_cursor_fini(&cursor);
    return result;
}

/* ---- rows in order ---- */

void body_iter_init(struct body_iter *iter, struct bodies *bodies, struct sl_span lower,
    struct sl_span upper, enum kv_reading reading)
{
    /* in the order in which rows move, so that each is met */
    *iter = (struct body_iter){.hot = kv_iter_create(bodies->kv, KV_HOT, lower, upper, reading),
        .raw = kv_iter_create(bodies->kv, KV_BODY, lower, upper, reading)};
}

void body_iter_fini(struct body_iter *iter)
{
    kv_iter_destroy(iter->hot);
    kv_iter_destroy(iter->raw);
    buf_fini(&iter->unpacked);
    *iter = (struct body_iter){0};
}

/* The order of the two rows; one that has run out comes last. */
static int order(const struct body_iter *iter)
{
    bool hot = kv_iter_valid(iter->hot), raw = kv_iter_valid(iter->raw);
    if (!hot || !raw) return raw - hot;
    return sl_span_cmp(kv_iter_key(iter->hot), kv_iter_key(iter->raw));
}

/* The row at hand is that of the lower key, and of two with one key the hot one. */
static void settle(struct body_iter *iter)
{
    struct kv_iter *first = order(iter) <= 0 ? iter->hot : iter->raw;
    iter->at = kv_iter_valid(first) ? first : NULL;
    iter->is_unpacked = false;
}

void body_iter_first(struct body_iter *iter)
{
    kv_iter_first(iter->hot);
    kv_iter_first(iter->raw);
    settle(iter);
}

void body_iter_seek(struct body_iter *iter, struct sl_span key)
{
    kv_iter_seek(iter->hot, key);
    kv_iter_seek(iter->raw, key);
    settle(iter);
}

void body_iter_next(struct body_iter *iter)
{
    assert(iter->at);
    kv_iter_next(iter->at);
    settle(iter);
}

enum sl_result body_iter_check(struct body_iter *iter, struct sl_err *err)
{
    enum sl_result result = kv_iter_check(iter->hot, err);
    return result == SL_OK ? kv_iter_check(iter->raw, err) : result;
}

struct sl_span body_iter_key(const struct body_iter *iter)
{
    return kv_iter_key(iter->at);
}

enum kv_family body_iter_family(const struct body_iter *iter)
{
    return iter->at == iter->hot ? KV_HOT : KV_BODY;
}

bool body_iter_twice(const struct body_iter *iter)
{
    return order(iter) == 0 && kv_iter_valid(iter->raw);
}

enum sl_result body_iter_row(struct body_iter *iter, struct sl_span *bytes, struct sl_err *err)
{
    struct hot_row hot;
    struct sl_span value = kv_iter_value(iter->at);
    if (iter->at == iter->raw) return *bytes = value, SL_OK;
    if (!hot_row_read(value, &hot)) return unreadable(body_iter_key(iter), err);
    if (!hot.packed) return *bytes = hot.payload, SL_OK;
    if (!iter->is_unpacked) {
        buf_clear(&iter->unpacked);
        if (!buf_reserve(&iter->unpacked, hot.raw_bytes))
            return sl_fail(err, SL_NOMEM, "out of memory");
        if (!hot_row_unpack(&hot, iter->unpacked.ptr)) return unreadable(body_iter_key(iter), err);
        iter->unpacked.len = hot.raw_bytes;
        iter->is_unpacked = true;
    }
    *bytes = buf_span(&iter->unpacked);
    return SL_OK;
}

/* ---- writing ---- */

void body_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t sequence,
    struct sl_span rows)
{
    struct sl_span row;
    for (uint32_t chunk = 0; hot_rows_next(&rows, &row); chunk++) {
        struct row_key key = row_body(share_id, sequence, chunk);
        kv_put(kv, kv_batch, KV_HOT, row_span(&key), row);
    }
}

void body_delete(
    struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id, uint64_t from, uint64_t to)
{
    struct row_key lower = row_body(share_id, from, 0), upper = row_body(share_id, to, 0);
    for (size_t i = 0; i < BODY_FAMILIES; i++)
        kv_delete_range(kv, kv_batch, body_families[i], row_span(&lower), row_span(&upper));
}
