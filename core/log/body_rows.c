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
    struct pack_cache *packs;
};

struct bodies *bodies_create(struct kv *kv)
{
    struct bodies *bodies = calloc(1, sizeof(*bodies));
    if (!bodies) return NULL;
    bodies->kv = kv;
    bodies->packs = pack_cache_create(SL_PACK_CACHE_BYTES);
    if (bodies->packs) return bodies;
    free(bodies);
    return NULL;
}

void bodies_destroy(struct bodies *bodies)
{
    if (!bodies) return;
    pack_cache_destroy(bodies->packs);
    free(bodies);
}

void bodies_forget(struct bodies *bodies)
{
    pack_cache_clear(bodies->packs);
}

uint64_t bodies_memory_bytes(struct bodies *bodies)
{
    return pack_cache_bytes(bodies->packs);
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
        if (result == SL_NOT_FOUND)
            result = cold_row_get(bodies->kv, bodies->packs, share_id,
                (struct body_place){sequence, chunk}, once, &row.pack, &row.bytes, err);
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
    unpacked_release(row->pack);
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
    iter->hot = kv_iter_create(bodies->kv, KV_HOT, lower, upper, reading);
    iter->raw = kv_iter_create(bodies->kv, KV_BODY, lower, upper, reading);
    cold_iter_init(&iter->cold, bodies->kv, bodies->packs, lower, upper, reading);
    iter->valid = iter->is_unpacked = false;
    iter->unpacked = (struct buf){0};
}

void body_iter_fini(struct body_iter *iter)
{
    kv_iter_destroy(iter->hot);
    kv_iter_destroy(iter->raw);
    cold_iter_fini(&iter->cold);
    buf_fini(&iter->unpacked);
    iter->hot = iter->raw = NULL;
    iter->valid = false;
}

static bool is_valid_in(const struct body_iter *iter, enum kv_family family)
{
    if (family == KV_COLD) return cold_iter_valid(&iter->cold);
    return kv_iter_valid(family == KV_HOT ? iter->hot : iter->raw);
}

static struct sl_span key_in(const struct body_iter *iter, enum kv_family family)
{
    if (family == KV_COLD) return cold_iter_key(&iter->cold);
    return kv_iter_key(family == KV_HOT ? iter->hot : iter->raw);
}

static void next_in(struct body_iter *iter, enum kv_family family)
{
    if (family == KV_COLD)
        cold_iter_next(&iter->cold);
    else
        kv_iter_next(family == KV_HOT ? iter->hot : iter->raw);
}

/* Does another family than that at hand stand at its row? */
static bool is_same_in(const struct body_iter *iter, enum kv_family family)
{
    return family != iter->at && is_valid_in(iter, family) &&
           sl_span_eq(key_in(iter, family), key_in(iter, iter->at));
}

/* The row at hand is that of the lowest key, and of those with one key the first in the list. */
static void settle(struct body_iter *iter)
{
    iter->valid = iter->is_unpacked = false;
    for (size_t i = 0; i < BODY_FAMILIES; i++) {
        enum kv_family family = body_families[i];
        if (!is_valid_in(iter, family)) continue;
        if (iter->valid && sl_span_cmp(key_in(iter, family), key_in(iter, iter->at)) >= 0) continue;
        iter->valid = true;
        iter->at = family;
    }
}

void body_iter_first(struct body_iter *iter)
{
    kv_iter_first(iter->hot);
    kv_iter_first(iter->raw);
    cold_iter_first(&iter->cold);
    settle(iter);
}

void body_iter_seek(struct body_iter *iter, struct sl_span key)
{
    kv_iter_seek(iter->hot, key);
    kv_iter_seek(iter->raw, key);
    cold_iter_seek(&iter->cold, key);
    settle(iter);
}

void body_iter_next(struct body_iter *iter)
{
    assert(iter->valid);
    for (size_t i = 0; i < BODY_FAMILIES; i++)
        if (is_same_in(iter, body_families[i])) next_in(iter, body_families[i]);
    next_in(iter, iter->at);
    settle(iter);
}

enum sl_result body_iter_check(struct body_iter *iter, struct sl_err *err)
{
    enum sl_result result = kv_iter_check(iter->hot, err);
    if (result == SL_OK) result = kv_iter_check(iter->raw, err);
    return result == SL_OK ? cold_iter_check(&iter->cold, err) : result;
}

struct sl_span body_iter_key(const struct body_iter *iter)
{
    assert(iter->valid);
    return key_in(iter, iter->at);
}

enum kv_family body_iter_family(const struct body_iter *iter)
{
    assert(iter->valid);
    return iter->at;
}

bool body_iter_twice(const struct body_iter *iter)
{
    bool twice = false;
    for (size_t i = 0; i < BODY_FAMILIES; i++)
        twice |= is_same_in(iter, body_families[i]);
    return twice;
}

static enum sl_result read_hot(struct body_iter *iter, struct hot_row *hot, struct sl_err *err)
{
    return hot_row_read(kv_iter_value(iter->hot), hot) ? SL_OK
                                                       : unreadable(body_iter_key(iter), err);
}

enum sl_result body_iter_row(struct body_iter *iter, struct sl_span *bytes, struct sl_err *err)
{
    struct hot_row hot;
    assert(iter->valid);
    if (iter->at == KV_COLD) return cold_iter_row(&iter->cold, bytes, err);
    if (iter->at == KV_BODY) return *bytes = kv_iter_value(iter->raw), SL_OK;
    enum sl_result result = read_hot(iter, &hot, err);
    if (result != SL_OK) return result;
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

enum sl_result body_iter_row_bytes(struct body_iter *iter, size_t *bytes, struct sl_err *err)
{
    struct hot_row hot;
    enum sl_result result = SL_OK;
    assert(iter->valid);
    if (iter->at == KV_COLD)
        *bytes = body_pack_row_bytes(&iter->cold.pack, iter->cold.index);
    else if (iter->at == KV_BODY)
        *bytes = kv_iter_value(iter->raw).len;
    else if ((result = read_hot(iter, &hot, err)) == SL_OK)
        *bytes = hot.raw_bytes;
    return result;
}

const struct body_pack *body_iter_pack(const struct body_iter *iter)
{
    assert(iter->valid);
    return iter->at == KV_COLD && iter->cold.index == 0 ? &iter->cold.pack : NULL;
}

void body_iter_skip(struct body_iter *iter)
{
    assert(body_iter_pack(iter));
    cold_iter_skip(&iter->cold);
    settle(iter);
}

/* ---- where a row lies ---- */

static enum sl_result is_in(struct kv *kv, enum kv_family family, struct sl_span key,
    unsigned *families, struct sl_err *err)
{
    struct kv_pin pin;
    enum sl_result result = kv_get_once(kv, family, key, &pin, err);
    kv_release(&pin);
    *families += result == SL_OK;
    return result == SL_NOT_FOUND ? SL_OK : result;
}

/* Asked against the order in which rows move: one that moves meanwhile is met once at most. */
enum sl_result bodies_twice(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    uint32_t chunk, bool *twice, struct sl_err *err)
{
    struct row_key key = row_body(share_id, sequence, chunk);
    struct unpacked *pack = NULL;
    struct sl_span row;
    unsigned families = 0;
    enum sl_result result = cold_row_get(bodies->kv, bodies->packs, share_id,
        (struct body_place){sequence, chunk}, true, &pack, &row, err);
    families += result == SL_OK;
    unpacked_release(pack);
    if (result == SL_OK || result == SL_NOT_FOUND)
        result = is_in(bodies->kv, KV_BODY, row_span(&key), &families, err);
    if (result == SL_OK) result = is_in(bodies->kv, KV_HOT, row_span(&key), &families, err);
    if (result == SL_OK) *twice = families > 1;
    return result;
}

enum sl_result bodies_is_cold(struct bodies *bodies, struct sl_span share_id, uint64_t sequence,
    bool *cold, struct sl_err *err)
{
    struct row_key from = row_body(share_id, sequence, 0), to = row_body(share_id, sequence + 1, 0);
    struct body_iter rows;
    bool any = false, other = false;
    body_iter_init(&rows, bodies, row_span(&from), row_span(&to), KV_CACHED);
    for (body_iter_first(&rows); body_iter_valid(&rows) && !other; body_iter_next(&rows)) {
        any = true;
        other = body_iter_family(&rows) != KV_COLD;
    }
    enum sl_result result = body_iter_check(&rows, err);
    body_iter_fini(&rows);
    if (result == SL_OK) *cold = any && !other;
    return result;
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

enum sl_result bodies_exchange(struct bodies *bodies, struct sl_span share_id,
    const struct cold_body *list, size_t count, struct cold_change *change, struct sl_err *err)
{
    return cold_exchange(bodies->kv, bodies->packs, share_id, list, count, change, err);
}
