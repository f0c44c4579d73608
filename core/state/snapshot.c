/* Encoding a snapshot's head and table, finding the last one, and folding on from one. The table is
   of as many rows as it needs, each closed at the first entry behind TABLE_ROW_FULL. */

#include "core/state/snapshot.h"

#include "core/base/pack.h"
#include "core/kv/rows.h"
#include "core/state/orders.h"

#include <assert.h>

#define HEAD_VERSION 2
/* A row is closed once it has so much. Rows this small are decoded without leaving the processor's
   cache. */
#define TABLE_ROW_FULL (64 * SL_KIB)
/* An entry is an array of eleven, its key two bytes at least. */
#define TABLE_ROW_ENTRIES (TABLE_ROW_FULL / 12 + 1)

static_assert(TABLE_ROW_FULL + SL_ITEM_KEY_BYTES + SL_ITEM_TYPE_BYTES + 256 < SL_SNAPSHOT_ROW_BYTES,
    "a row is bounded");

void snapshot_head_encode(const struct snapshot_head *head, struct buf *out)
{
    pack_array(out, 15);
    pack_u64(out, HEAD_VERSION);
    pack_u64(out, head->sequence);
    pack_u64(out, head->stored);
    pack_u64(out, head->size);
    pack_u64(out, head->table_rows);
    pack_u64(out, head->own_rows);
    pack_u64(out, head->data_bytes);
    pack_u64(out, head->stream_bytes);
    pack_u64(out, head->items);
    pack_u64(out, head->messages);
    pack_u64(out, head->parts);
    pack_u64(out, head->models);
    pack_u64(out, head->diffs);
    pack_u64(out, head->session_offset);
    pack_u64(out, head->session_length);
}

bool snapshot_head_decode(struct sl_span bytes, struct snapshot_head *head)
{
    struct unpack in;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 15 && unpack_u64(&in) == HEAD_VERSION;
    struct snapshot_head h;
    h.sequence = unpack_u64(&in);
    h.stored = unpack_u64(&in);
    h.size = unpack_u64(&in);
    h.table_rows = unpack_u64(&in);
    h.own_rows = unpack_u64(&in);
    h.data_bytes = unpack_u64(&in);
    h.stream_bytes = unpack_u64(&in);
    h.items = unpack_u64(&in);
    h.messages = unpack_u64(&in);
    h.parts = unpack_u64(&in);
    h.models = unpack_u64(&in);
    h.diffs = unpack_u64(&in);
    h.session_offset = unpack_u64(&in);
    h.session_length = unpack_u64(&in);
    if (!unpack_end(&in) || !ok) return false;
    *head = h;
    return true;
}

enum sl_result snapshot_unreadable(
    struct sl_span share_id, uint64_t sequence, const char *what, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "share %.*s: snapshot at %llu: its %s is unreadable; `sharelog rebuild` makes it again",
        (int)share_id.len, share_id.ptr, (unsigned long long)sequence, what);
}

enum sl_result snapshot_last(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct snapshot_head *head, struct sl_err *err)
{
    struct row_key from = row_share_from(share_id), to = row_share_to(share_id);
    struct kv_iter *iter =
        kv_iter_create(kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_CACHED);
    struct row_key at = row_snapshot(share_id, sequence, UINT32_MAX);
    enum sl_result result = SL_NOT_FOUND;
    while (result == SL_NOT_FOUND) {
        struct sl_span id;
        uint64_t found;
        uint32_t chunk;
        kv_iter_seek_back(iter, row_span(&at));
        if (!kv_iter_valid(iter)) {
            enum sl_result checked = kv_iter_check(iter, err);
            if (checked != SL_OK) result = checked;
            break;
        }
        if (!row_parse_chunk(kv_iter_key(iter), &id, &found, &chunk) || found == 0) {
            result = sl_fail(err, SL_CORRUPT, "share %.*s: a snapshot's key is unreadable",
                (int)share_id.len, share_id.ptr);
            break;
        }
        struct row_key first = row_snapshot(share_id, found, 0);
        struct kv_pin pin;
        result = kv_get(kv, KV_SNAPSHOT, row_span(&first), &pin, err);
        if (result == SL_OK && (!snapshot_head_decode(pin.value, head) || head->sequence != found))
            result = snapshot_unreadable(share_id, found, "head", err);
        kv_release(&pin);
        /* this one was cut short: the one before */
        at = row_snapshot(share_id, found - 1, UINT32_MAX);
    }
    kv_iter_destroy(iter);
    return result;
}

/* ---- the table ---- */

static void encode_entry(const struct fold_entry *entry, struct buf *out)
{
    pack_array(out, 11);
    pack_u64(out, entry->class);
    pack_bin(out, entry->key); /* a DIFF's key is not text */
    pack_str(out, entry->type);
    pack_u64(out, entry->out.offset);
    pack_u64(out, entry->out.length);
    pack_u64(out, entry->arrived_us);
    pack_u64(out, entry->sequence);
    pack_u64(out, entry->first_arrived_us);
    pack_u64(out, entry->first_sequence);
    pack_u64(out, entry->first_index);
    pack_u64(out, entry->count);
}

static void decode_entry(struct unpack *in, struct fold_entry *entry)
{
    if (unpack_array(in) != 11) in->bad = true;
    *entry = (struct fold_entry){.class = (enum fold_class)unpack_u64(in)};
    entry->key = unpack_bin(in);
    entry->type = unpack_str(in);
    entry->place.offset = unpack_u64(in);
    entry->place.length = unpack_u64(in);
    entry->arrived_us = unpack_u64(in);
    entry->sequence = unpack_u64(in);
    entry->first_arrived_us = unpack_u64(in);
    entry->first_sequence = unpack_u64(in);
    entry->first_index = unpack_u64(in);
    entry->count = (uint32_t)unpack_u64(in);
    if (!in->bad) unpack_leave(in);
    if (entry->class > FOLD_DIFF) in->bad = true;
}

void snapshot_read_begin(struct snapshot_reader *reader, struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head)
{
    *reader = (struct snapshot_reader){.kv = kv, .share_id = share_id, .head = head};
}

static enum sl_result next_row(struct snapshot_reader *reader, struct sl_err *err)
{
    kv_release(&reader->pin);
    struct row_key key =
        row_snapshot(reader->share_id, reader->head->sequence, ++reader->rows_read);
    enum sl_result result = kv_get(reader->kv, KV_SNAPSHOT, row_span(&key), &reader->pin, err);
    if (result != SL_OK) return result;
    unpack_begin(&reader->row, reader->pin.value);
    reader->left = unpack_array(&reader->row);
    return SL_OK;
}

enum sl_result snapshot_read_next(
    struct snapshot_reader *reader, struct fold_entry *entry, bool *more, struct sl_err *err)
{
    while (reader->left == 0) {
        *more = reader->rows_read < reader->head->table_rows;
        if (!*more) return SL_OK;
        enum sl_result result = next_row(reader, err);
        if (result != SL_OK) return result;
        if (reader->row.bad)
            return snapshot_unreadable(reader->share_id, reader->head->sequence, "table", err);
    }
    assert(reader->left > 0 && reader->rows_read <= reader->head->table_rows);
    reader->left--;
    decode_entry(&reader->row, entry);
    return reader->row.bad
               ? snapshot_unreadable(reader->share_id, reader->head->sequence, "table", err)
               : SL_OK;
}

void snapshot_read_end(struct snapshot_reader *reader)
{
    kv_release(&reader->pin);
}

/* A damaged head must not ask for more memory than a table of the rows that are there can need. */
static enum sl_result check_size(
    struct kv *kv, struct sl_span share_id, const struct snapshot_head *head, struct sl_err *err)
{
    struct row_key from = row_snapshot(share_id, head->sequence, 0);
    struct row_key to = row_snapshot(share_id, head->sequence, UINT32_MAX);
    struct kv_iter *iter =
        kv_iter_create(kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_CACHED);
    kv_iter_last(iter);
    enum sl_result result = kv_iter_check(iter, err);
    struct sl_span id;
    uint64_t sequence;
    uint32_t last = 0;
    if (result == SL_OK &&
        (!kv_iter_valid(iter) || !row_parse_chunk(kv_iter_key(iter), &id, &sequence, &last)))
        result = SL_NOT_FOUND;
    kv_iter_destroy(iter);
    if (result != SL_OK) return result;
    uint64_t most = (uint64_t)last * TABLE_ROW_ENTRIES;
    bool fits = head->table_rows <= last && head->items <= most && head->models <= most;
    return fits ? SL_OK : snapshot_unreadable(share_id, head->sequence, "head", err);
}

enum sl_result snapshot_restore(struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head, double grows, struct fold *fold, struct sl_err *err)
{
    struct snapshot_reader reader;
    struct fold_entry entry;
    enum sl_result result = check_size(kv, share_id, head, err);
    if (result != SL_OK) return result;
    fold_reserve(fold, (size_t)((double)(head->items + head->models + 64) * grows));
    snapshot_read_begin(&reader, kv, share_id, head);
    for (bool more = true; more && result == SL_OK;) {
        result = snapshot_read_next(&reader, &entry, &more, err);
        if (more && result == SL_OK) fold_restore(fold, &entry);
    }
    snapshot_read_end(&reader);
    if (result != SL_OK) return result;
    return fold->failed ? sl_fail(err, SL_NOMEM, "out of memory") : SL_OK;
}

struct table {
    struct buf entries, row;
    size_t count;
    enum sl_result (*each)(void *ctx, struct sl_span row, struct sl_err *err);
    void *ctx;
};

static enum sl_result close_row(struct table *table, struct sl_err *err)
{
    if (table->count == 0) return SL_OK;
    buf_clear(&table->row);
    pack_array(&table->row, table->count);
    buf_add_span(&table->row, buf_span(&table->entries));
    enum sl_result result = table->row.failed || table->entries.failed
                                ? sl_fail(err, SL_NOMEM, "out of memory")
                                : table->each(table->ctx, buf_span(&table->row), err);
    table->entries.len = 0;
    table->count = 0;
    return result;
}

static enum sl_result add_entries(struct table *table, const struct fold *fold,
    const uint32_t *order, size_t count, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < count && result == SL_OK; i++) {
        encode_entry(&fold->entries[order[i]], &table->entries);
        table->count++;
        if (table->entries.len >= TABLE_ROW_FULL) result = close_row(table, err);
    }
    return result;
}

enum sl_result snapshot_table(const struct fold *fold, const uint32_t *by_key, size_t items,
    enum sl_result (*each)(void *ctx, struct sl_span row, struct sl_err *err), void *ctx,
    struct sl_err *err)
{
    struct table table = {.each = each, .ctx = ctx};
    /* In order of key, so that a fold that begins with it finds its items in order. */
    enum sl_result result = add_entries(&table, fold, by_key, items, err);
    for (enum fold_class class = FOLD_MODEL; class <= FOLD_DIFF && result == SL_OK; class ++) {
        size_t count;
        uint32_t *order = order_by_key(fold, class, &count);
        result = order ? add_entries(&table, fold, order, count, err)
                       : sl_fail(err, SL_NOMEM, "out of memory");
        free(order);
    }
    if (result == SL_OK) result = close_row(&table, err);
    buf_fini(&table.entries);
    buf_fini(&table.row);
    return result;
}
