/* Packs found by their keys, which are those of their first rows. An iterator over rows walks the
   packs and counts through each; it begins at the share's first pack that could have a row within
   its bounds, since a pack that begins before them may end behind.

   How it fails: an iterator that meets a damaged pack has run out, and its check says why. */

#include "core/log/body_cold.h"

#include <assert.h>

static enum sl_result unreadable(
    struct sl_span id, uint64_t sequence, struct sl_err *err, enum sl_result result)
{
    if (result == SL_CORRUPT && err)
        return sl_fail_in(
            err, "share %.*s: event %llu", (int)id.len, id.ptr, (unsigned long long)sequence);
    return result;
}

static enum sl_result read_pack(struct sl_span key, struct sl_span value, struct sl_span *id,
    struct body_place *first, struct body_pack *pack, struct sl_err *err)
{
    if (!row_parse_chunk(key, id, &first->sequence, &first->chunk))
        return sl_fail(err, SL_CORRUPT, "family cold: a row's key is damaged");
    return unreadable(*id, first->sequence, err, body_pack_read(value, pack, err));
}

/* ---- one row ---- */

static struct kv_iter *share_packs(struct kv *kv, struct sl_span share_id, enum kv_reading reading)
{
    struct row_key from = row_share_from(share_id), to = row_share_to(share_id);
    return kv_iter_create(kv, KV_COLD, row_span(&from), row_span(&to), reading);
}

/* A row's pack, as the iterator that found it holds it. */
struct found {
    struct kv_iter *packs;
    struct body_place first;
    struct body_pack pack;
    uint32_t index; /* of the row */
};

/* SL_NOT_FOUND. found->packs is the caller's to destroy either way. */
static enum sl_result find(struct kv *kv, struct sl_span share_id, struct body_place place,
    enum kv_reading reading, struct found *found, struct sl_err *err)
{
    struct row_key key = row_body(share_id, place.sequence, place.chunk);
    struct sl_span id;
    struct kv_iter *packs = found->packs = share_packs(kv, share_id, reading);
    kv_iter_seek_back(packs, row_span(&key));
    enum sl_result result = kv_iter_check(packs, err);
    if (result != SL_OK) return result;
    if (!kv_iter_valid(packs)) return SL_NOT_FOUND;
    result =
        read_pack(kv_iter_key(packs), kv_iter_value(packs), &id, &found->first, &found->pack, err);
    if (result != SL_OK) return result;
    return body_pack_find(found->first, found->pack.count, place, &found->index) ? SL_OK
                                                                                 : SL_NOT_FOUND;
}

enum sl_result cold_row_get(struct kv *kv, struct pack_cache *cache, struct sl_span share_id,
    struct body_place place, bool once, struct unpacked **held, struct sl_span *row,
    struct sl_err *err)
{
    struct found found;
    enum sl_result result = find(kv, share_id, place, once ? KV_ONCE : KV_CACHED, &found, err);
    if (result == SL_OK)
        result = unreadable(share_id, place.sequence, err,
            pack_cache_get(cache, &found.pack, found.index + 1, true, held, err));
    if (result == SL_OK) *row = unpacked_row(*held, found.index);
    kv_iter_destroy(found.packs);
    return result;
}

enum sl_result cold_pack_of(struct kv *kv, struct sl_span share_id, struct body_place place,
    struct body_place *first, size_t *bytes, struct sl_err *err)
{
    struct found found;
    enum sl_result result = find(kv, share_id, place, KV_ONCE, &found, err);
    if (result == SL_OK) {
        *first = found.first;
        *bytes = kv_iter_value(found.packs).len;
    }
    kv_iter_destroy(found.packs);
    return result;
}

enum sl_result cold_end(
    struct kv *kv, struct sl_span share_id, struct body_place *next, struct sl_err *err)
{
    struct kv_iter *packs = share_packs(kv, share_id, KV_ONCE);
    struct body_place first;
    struct body_pack pack;
    struct sl_span id;
    kv_iter_last(packs);
    enum sl_result result = kv_iter_check(packs, err);
    if (result == SL_OK && !kv_iter_valid(packs)) {
        *next = (struct body_place){2, 0};
    } else if (result == SL_OK) {
        result = read_pack(kv_iter_key(packs), kv_iter_value(packs), &id, &first, &pack, err);
        if (result == SL_OK) {
            /* the body goes on behind a full row, if at all */
            bool full = body_pack_row_bytes(&pack, pack.count - 1) == SL_BODY_ROW_BYTES;
            struct body_place last = body_pack_place(first, pack.count - 1);
            *next = full ? (struct body_place){last.sequence, last.chunk + 1}
                         : (struct body_place){last.sequence + 1, 0};
        }
    }
    kv_iter_destroy(packs);
    return result;
}

/* ---- rows in order ---- */

static struct row_key key_of(struct sl_span bytes)
{
    struct row_key key;
    assert(bytes.len <= sizeof(key.bytes));
    key.len = bytes.len;
    if (bytes.len) memcpy(key.bytes, bytes.ptr, bytes.len);
    return key;
}

void cold_iter_init(struct cold_iter *iter, struct kv *kv, struct pack_cache *cache,
    struct sl_span lower, struct sl_span upper, enum kv_reading reading)
{
    struct sl_span id;
    struct row_key from;
    iter->packs = NULL;
    iter->cache = cache;
    iter->scans = reading == KV_SCAN;
    iter->valid = false;
    iter->unpacked = NULL;
    iter->fault = (struct sl_err){0};
    iter->lower = key_of(lower);
    iter->upper = key_of(upper);
    /* the pack that has the first row may begin before it */
    if (row_parse_chunk(lower, &id, &(uint64_t){0}, &(uint32_t){0})) {
        from = row_share_from(id);
        lower = row_span(&from);
    }
    iter->packs = kv_iter_create(kv, KV_COLD, lower, upper, reading);
}

static void leave_pack(struct cold_iter *iter)
{
    unpacked_release(iter->unpacked);
    iter->unpacked = NULL;
    iter->valid = false;
}

void cold_iter_fini(struct cold_iter *iter)
{
    leave_pack(iter);
    kv_iter_destroy(iter->packs);
    *iter = (struct cold_iter){0};
}

/* How many of a pack's rows come before a place. */
static uint32_t rows_before(struct body_place first, uint32_t count, struct body_place place)
{
    if (place.sequence < first.sequence) return 0;
    uint64_t events = place.sequence - first.sequence;
    if (events == 0) return first.chunk < place.chunk;
    events += place.chunk > 0;
    return events < count ? (uint32_t)events : count;
}

/* How many of the pack's rows come before a key, which may be no row's. */
static uint32_t rows_before_key(const struct cold_iter *iter, struct sl_span id, struct sl_span key)
{
    struct sl_span key_id;
    struct body_place place;
    if (!row_parse_chunk(key, &key_id, &place.sequence, &place.chunk) || !sl_span_eq(key_id, id))
        return sl_span_cmp(key, kv_iter_key(iter->packs)) <= 0 ? 0 : iter->pack.count;
    return rows_before(iter->first, iter->pack.count, place);
}

static void stand_on(struct cold_iter *iter, struct sl_span id, uint32_t index)
{
    struct body_place place = body_pack_place(iter->first, index);
    iter->index = index;
    iter->key = row_body(id, place.sequence, place.chunk);
    iter->valid = index < iter->end;
}

/* The pack that the iterator over packs stands on. False: there is none, or it is damaged. */
static bool enter_pack(struct cold_iter *iter, struct sl_span *id)
{
    leave_pack(iter);
    if (!kv_iter_valid(iter->packs)) return false;
    struct sl_span value = kv_iter_value(iter->packs);
    enum sl_result result =
        read_pack(kv_iter_key(iter->packs), value, id, &iter->first, &iter->pack, &iter->fault);
    if (result == SL_OK && iter->scans && !body_pack_intact(value)) {
        sl_fail(&iter->fault, SL_CORRUPT, "a pack is damaged: it doesn't fit its id");
        result = unreadable(*id, iter->first.sequence, &iter->fault, SL_CORRUPT);
    }
    if (result != SL_OK) return false;
    struct sl_span upper = row_span(&iter->upper);
    iter->end = upper.len ? rows_before_key(iter, *id, upper) : iter->pack.count;
    return true;
}

static void stand_at_first(struct cold_iter *iter)
{
    struct sl_span id;
    if (enter_pack(iter, &id)) stand_on(iter, id, 0);
}

void cold_iter_seek(struct cold_iter *iter, struct sl_span key)
{
    struct sl_span id;
    iter->fault = (struct sl_err){0};
    kv_iter_seek_back(iter->packs, key);
    if (enter_pack(iter, &id)) {
        uint32_t index = rows_before_key(iter, id, key);
        if (index < iter->pack.count) {
            stand_on(iter, id, index);
            return;
        }
    }
    if (iter->fault.result != SL_OK) return;
    kv_iter_seek(iter->packs, key);
    stand_at_first(iter);
}

void cold_iter_first(struct cold_iter *iter)
{
    iter->fault = (struct sl_err){0};
    if (iter->lower.len) {
        cold_iter_seek(iter, row_span(&iter->lower));
        return;
    }
    kv_iter_first(iter->packs);
    stand_at_first(iter);
}

void cold_iter_skip(struct cold_iter *iter)
{
    struct sl_span id;
    struct body_place place = body_pack_place(iter->first, iter->pack.count - 1);
    bool more = iter->end == iter->pack.count;
    assert(iter->valid);
    row_parse_chunk(row_span(&iter->key), &id, &(uint64_t){0}, &(uint32_t){0});
    struct row_key last = row_body(id, place.sequence, place.chunk);
    leave_pack(iter);
    if (!more) return;
    kv_iter_next(iter->packs);
    if (!enter_pack(iter, &id)) return;
    if (sl_span_cmp(kv_iter_key(iter->packs), row_span(&last)) <= 0) {
        sl_fail(&iter->fault, SL_CORRUPT,
            "share %.*s: event %llu: two packs have a row of its body", (int)id.len, id.ptr,
            (unsigned long long)iter->first.sequence);
        return;
    }
    stand_on(iter, id, 0);
}

void cold_iter_next(struct cold_iter *iter)
{
    struct sl_span id;
    struct body_place place;
    assert(iter->valid);
    if (iter->index + 1 == iter->end) {
        cold_iter_skip(iter);
        return;
    }
    row_parse_chunk(kv_iter_key(iter->packs), &id, &place.sequence, &place.chunk);
    stand_on(iter, id, iter->index + 1);
}

void cold_iter_rewind(struct cold_iter *iter)
{
    struct sl_span id;
    struct body_place place;
    assert(iter->valid);
    row_parse_chunk(kv_iter_key(iter->packs), &id, &place.sequence, &place.chunk);
    stand_on(iter, id, 0);
}

enum sl_result cold_iter_check(struct cold_iter *iter, struct sl_err *err)
{
    if (iter->fault.result != SL_OK) {
        if (err) *err = iter->fault;
        return iter->fault.result;
    }
    return kv_iter_check(iter->packs, err);
}

enum sl_result cold_iter_row(struct cold_iter *iter, struct sl_span *row, struct sl_err *err)
{
    assert(iter->valid);
    if (!iter->unpacked) {
        enum sl_result result =
            pack_cache_get(iter->cache, &iter->pack, iter->end, !iter->scans, &iter->unpacked, err);
        if (result != SL_OK) {
            struct body_place place = body_pack_place(iter->first, iter->index);
            struct sl_span id = {"?", 1};
            row_parse_chunk(row_span(&iter->key), &id, &place.sequence, &place.chunk);
            return unreadable(id, place.sequence, err, result);
        }
    }
    assert(iter->unpacked);
    *row = unpacked_row(iter->unpacked, iter->index);
    return SL_OK;
}
