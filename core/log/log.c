/* The log's rows. An append only puts: what it needs was made when the batch was sealed. Reads fail
   with SL_NOT_FOUND where content was erased or a sequence doesn't exist, SL_CORRUPT where a row is
   there and unreadable; none of them changes anything. Erasing is made in two steps, the new row
   and its put, so that who commits reads nothing. */

#include "core/log/log.h"

#include "core/kv/rows.h"
#include "core/log/body_rows.h"

#include <assert.h>

/* Nothing here allocates: a sealed batch has its body's rows, and a header and a row's head have a
   bounded length. */
void log_append(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct header *header, const struct batch *batch, uint64_t stored_before,
    struct head *place)
{
    char header_room[SL_HEADER_BYTES], head_room[EVENT_ROW_HEAD_BYTES];
    struct buf bytes = buf_fixed(header_room, sizeof(header_room));
    struct buf row_bytes = buf_fixed(head_room, sizeof(head_room));
    assert(batch->rows.bytes.len > 0); /* it is sealed */
    header_encode(header, &bytes);
    struct event_row row = {.position = place->position,
        .header = buf_span(&bytes),
        .syncs = place->syncs,
        .stored = 0,
        .arrived_us = batch->arrived_us};
    event_row_encode(&row, &row_bytes); /* its length doesn't depend on `stored`, so measure it … */
    place->stored = row.stored =
        stored_before + row_bytes.len + batch->packed.len + body_bytes(batch->data_bytes);
    buf_clear(&row_bytes);
    event_row_encode(&row, &row_bytes); /* … and make it */
    assert(!bytes.failed && !row_bytes.failed);
    header_leaf(buf_span(&bytes), place->leaf);

    struct row_key key = row_event(share_id, place->sequence);
    kv_put_pieces(kv, kv_batch, KV_EVENT, row_span(&key),
        (const char *[]){row_bytes.ptr, batch->packed.ptr},
        (size_t[]){row_bytes.len, batch->packed.len}, 2);
    key = row_log(place->position);
    kv_put(kv, kv_batch, KV_LOG, row_span(&key), buf_span(&bytes));
    body_put(kv, kv_batch, share_id, place->sequence, buf_span(&batch->rows.bytes));
}

enum sl_result log_size(struct kv *kv, uint64_t *size, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, KV_CACHED);
    kv_iter_last(iter);
    enum sl_result result = SL_OK;
    uint64_t found = 0;
    if (!kv_iter_valid(iter))
        result = kv_iter_check(iter, err);
    else if (kv_iter_key(iter).len != 8)
        result = sl_fail(err, SL_CORRUPT, "log: a key is not a position");
    else
        found = be_get(kv_iter_key(iter).ptr, 8) + 1;
    kv_iter_destroy(iter);
    if (result == SL_OK) *size = found;
    return result;
}

enum sl_result log_header(struct kv *kv, uint64_t position, struct kv_pin *pin, struct sl_err *err)
{
    struct row_key key = row_log(position);
    return kv_get(kv, KV_LOG, row_span(&key), pin, err);
}

enum sl_result log_event(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct kv_pin *pin, struct sl_err *err)
{
    struct row_key key = row_event(share_id, sequence);
    return kv_get(kv, KV_EVENT, row_span(&key), pin, err);
}

enum sl_result log_place(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct head *place, struct sl_err *err)
{
    struct kv_pin pin;
    enum sl_result result = log_event(kv, share_id, sequence, &pin, err);
    if (result != SL_OK) return result;
    struct event_row row;
    struct event_reader reader = {0};
    struct header header;
    if (event_read_begin(pin.value, &row, &reader) == SL_OK && header_decode(row.header, &header)) {
        *place = (struct head){sequence, row.position, header.time_ms, row.syncs, row.stored, {0}};
        header_leaf(row.header, place->leaf);
    } else {
        result = sl_fail(err, SL_CORRUPT, "share %.*s: event %llu: its row is unreadable",
            (int)share_id.len, share_id.ptr, (unsigned long long)sequence);
    }
    event_read_end(&reader);
    kv_release(&pin);
    return result;
}

/* The first sequence in (low, high] for which `place` is far enough, where whatever follows one
   that is far enough is too; high + 1: none. */
static enum sl_result bisect(struct kv *kv, struct sl_span share_id, uint64_t low, uint64_t high,
    uint64_t bound, bool (*reaches)(const struct head *place, uint64_t bound), uint64_t *sequence,
    struct sl_err *err)
{
    uint64_t first = high + 1;
    while (low + 1 < first) {
        uint64_t middle = low + (first - low) / 2;
        struct head place;
        enum sl_result result = log_place(kv, share_id, middle, &place, err);
        if (result == SL_NOT_FOUND)
            return sl_fail(err, SL_CORRUPT, "share %.*s: event %llu is missing", (int)share_id.len,
                share_id.ptr, (unsigned long long)middle);
        if (result != SL_OK) return result;
        if (reaches(&place, bound))
            first = middle;
        else
            low = middle;
    }
    *sequence = first;
    return SL_OK;
}

static bool is_later(const struct head *place, uint64_t time_ms)
{
    return place->time_ms > time_ms;
}

static bool has_stored(const struct head *place, uint64_t stored)
{
    return place->stored >= stored;
}

enum sl_result log_at_time(struct kv *kv, struct sl_span share_id, uint64_t last, uint64_t time_ms,
    uint64_t *sequence, struct sl_err *err)
{
    uint64_t later = 0;
    enum sl_result result = bisect(kv, share_id, 0, last, time_ms, is_later, &later, err);
    if (result == SL_OK) *sequence = later - 1;
    return result;
}

enum sl_result log_at_stored(struct kv *kv, struct sl_span share_id, uint64_t after, uint64_t last,
    uint64_t stored, uint64_t *sequence, struct sl_err *err)
{
    uint64_t first = 0;
    enum sl_result result = bisect(kv, share_id, after, last, stored, has_stored, &first, err);
    if (result == SL_OK) *sequence = first > last ? 0 : first;
    return result;
}

enum sl_result log_erased_row(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct buf *bytes, struct log_erased *out, struct sl_err *err)
{
    struct kv_pin pin;
    enum sl_result result = log_event(kv, share_id, sequence, &pin, err);
    if (result != SL_OK) return result;
    struct event_row row;
    struct event_reader reader = {0};
    *out = (struct log_erased){.sequence = sequence, .offset = bytes->len};
    struct header header;
    result = event_read_begin(pin.value, &row, &reader);
    if (result == SL_OK && !header_decode(row.header, &header)) result = SL_CORRUPT;
    if (result == SL_OK && !row.erased) {
        row.erased = true;
        event_row_encode(&row, bytes);
        if (bytes->failed) result = sl_fail(err, SL_NOMEM, "out of memory");
        out->length = bytes->len - out->offset;
    } else if (result != SL_OK) {
        sl_fail(err, result, "share %.*s: event %llu: its row is unreadable", (int)share_id.len,
            share_id.ptr, (unsigned long long)sequence);
    }
    event_read_end(&reader);
    kv_release(&pin);
    return result;
}

void log_put_erased(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct log_erased *row, const struct buf *bytes)
{
    assert(row->length > 0 && row->offset + row->length <= bytes->len);
    struct row_key key = row_event(share_id, row->sequence);
    kv_put(kv, kv_batch, KV_EVENT, row_span(&key),
        (struct sl_span){bytes->ptr + row->offset, row->length});
}
