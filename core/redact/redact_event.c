/* One event's new row and body, out of those it has: each item's nonce is kept or, where the item
   is withheld, replaced by its commitment; the header, which binds them all, stays as it is.

   How it fails: nothing is written here, and *out is empty. SL_NOT_FOUND: the event was erased, or
   has no such item. SL_CORRUPT: its row or body is unreadable. SL_NOMEM. */

#include "core/redact/redact_event.h"
#include "core/base/crypto.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"

#include <assert.h>

/* The event as it is: its row, its items, the nonces and commitments by which they are bound. */
struct source {
    struct sl_store *store;
    struct sl_span share_id;
    uint64_t sequence;
    struct kv_pin pin;
    struct event_row row;
    struct event_reader reader;
    struct body_cursor body;
    struct buf prefix;
    uint8_t event_nonce[EVENT_NONCE_BYTES], manifest_nonce[ITEM_NONCE_BYTES];
    struct sl_span kept; /* what is left of such a prefix */
};

static enum sl_result unreadable(const struct source *source, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT, "share %.*s: event %llu is unreadable",
        (int)source->share_id.len, source->share_id.ptr, (unsigned long long)source->sequence);
}

static enum sl_result open_source(struct source *source, struct sl_err *err)
{
    const uint8_t *manifest_nonce;
    struct header header;
    enum sl_result result =
        log_event(source->store->kv, source->share_id, source->sequence, &source->pin, err);
    if (result == SL_OK &&
        (event_read_begin(source->pin.value, &source->row, &source->reader) != SL_OK ||
            !header_decode(source->row.header, &header)))
        result = unreadable(source, err);
    if (result != SL_OK) return result;
    if (source->row.erased) return sl_fail(err, SL_NOT_FOUND, "its content is gone");
    result = body_cursor_read(&source->body, 0, source->row.prefix, &source->prefix, err);
    if (result != SL_OK) return result;
    source->kept = buf_span(&source->prefix);
    if (!source->row.redacted) {
        memcpy(source->event_nonce, source->prefix.ptr + 1, EVENT_NONCE_BYTES);
        event_manifest_nonce(source->event_nonce, source->manifest_nonce);
    } else if (body_withheld_read(&source->kept, &manifest_nonce)) {
        memcpy(source->manifest_nonce, manifest_nonce, ITEM_NONCE_BYTES);
    } else {
        return unreadable(source, err);
    }
    return SL_OK;
}

static void close_source(struct source *source)
{
    event_read_end(&source->reader);
    kv_release(&source->pin);
    body_cursor_fini(&source->body);
    buf_fini(&source->prefix);
}

/* One item: its place in the new prefix, its bytes, its entry in the row. */
static enum sl_result add_item(struct source *source, uint32_t index, const struct event_item *item,
    const struct redact_target *target, struct buf *prefix, struct buf *data, struct buf *packed,
    struct sl_err *err)
{
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    struct body_item bound = {.nonce = nonce};
    size_t from = data->len;
    if (!source->row.redacted)
        event_item_nonce(source->event_nonce, index, nonce);
    else if (!body_withheld_next(&source->kept, &bound))
        return unreadable(source, err);
    enum sl_result result = body_cursor_read(&source->body, item->offset, item->length, data, err);
    if (result != SL_OK) return result;
    if (bound.commitment) {
        body_withheld_item(prefix, bound.commitment, bound.length);
    } else if (target) {
        event_commitment(
            bound.nonce, (struct sl_span){data->ptr + from, data->len - from}, commitment);
        body_withheld_item(prefix, commitment, item->length);
    } else {
        body_withheld_keep(prefix, bound.nonce);
    }
    if (target) {
        data->len = from;
        buf_add_span(data, buf_span(&target->replacement));
    }
    event_items_add(packed, item->type, item->key, item->marked, data->len - from);
    return SL_OK;
}

static enum sl_result make(struct source *source, const struct redact_target *targets, size_t count,
    struct redacted_event *out, struct sl_err *err)
{
    struct buf prefix = {0}, data = {0}, packed = {0};
    struct event_item item;
    enum sl_result result = SL_OK;
    size_t next = 0;
    body_withheld_begin(&prefix, source->manifest_nonce);
    event_items_begin(&packed, source->row.items);
    for (uint32_t i = 0; result == SL_OK && event_read_next(&source->reader, &item); i++) {
        const struct redact_target *target =
            next < count && targets[next].item == i ? &targets[next++] : NULL;
        result = add_item(source, i, &item, target, &prefix, &data, &packed, err);
    }
    if (result == SL_OK && next < count)
        result = sl_fail(err, SL_NOT_FOUND, "event %llu has no item %llu",
            (unsigned long long)source->sequence, (unsigned long long)targets[next].item);
    assert(result != SL_OK || data.failed || next == count);
    struct event_row row = source->row;
    row.redacted = true;
    row.prefix = prefix.len;
    event_row_encode(&row, &out->row);
    buf_add_span(&out->row, buf_span(&packed));
    hot_rows_begin(&out->body, prefix.len + data.len);
    hot_rows_add(&out->body, buf_span(&prefix));
    hot_rows_add(&out->body, buf_span(&data));
    bool made = hot_rows_end(&out->body) && !out->row.failed;
    bool failed = prefix.failed || data.failed || packed.failed || !made;
    if (result == SL_OK && failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    buf_fini(&prefix);
    buf_fini(&data);
    buf_fini(&packed);
    return result;
}

enum sl_result redact_event(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    const struct redact_target *targets, size_t count, struct redacted_event *out,
    struct sl_err *err)
{
    struct source source = {.store = store,
        .share_id = share_id,
        .sequence = sequence,
        .body = body_cursor_of(store->bodies, share_id, sequence)};
    *out = (struct redacted_event){.sequence = sequence};
    enum sl_result result = open_source(&source, err);
    if (result == SL_OK) result = make(&source, targets, count, out, err);
    if (result == SL_OK)
        result = bodies_is_cold(store->bodies, share_id, sequence, &out->cold, err);
    close_source(&source);
    if (result != SL_OK) redacted_event_fini(out);
    return result;
}

void redacted_event_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct redacted_event *event)
{
    struct row_key key = row_event(share_id, event->sequence);
    assert(event->row.len > 0 && (event->cold || event->body.bytes.len > 0));
    kv_put(kv, kv_batch, KV_EVENT, row_span(&key), buf_span(&event->row));
    if (event->cold) return;
    body_delete(kv, kv_batch, share_id, event->sequence, event->sequence + 1);
    body_put(kv, kv_batch, share_id, event->sequence, buf_span(&event->body.bytes));
}

void redacted_event_fini(struct redacted_event *event)
{
    buf_fini(&event->row);
    hot_rows_fini(&event->body);
}
