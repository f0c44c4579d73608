/* The index is a run of entries of 28 bytes, big-endian, 2048 a row:

       end[8] sequence[8] chunk[4] print[8]

   and the rows that it tells of are cut here. */

#include "core/state/snapshot_rows.h"

#include "core/base/print.h"
#include "core/kv/rows.h"

#include <assert.h>
#include <pthread.h>

#define ENTRY_BYTES 28
#define ENTRIES_A_ROW 2048

static_assert(ENTRY_BYTES * ENTRIES_A_ROW <= SL_SNAPSHOT_ROW_BYTES, "a row is bounded");
static_assert(SNAPSHOT_CUT_FULL <= SL_SNAPSHOT_ROW_BYTES, "a row is bounded");

void snapshot_rows_fini(struct snapshot_rows *rows)
{
    free(rows->rows);
    *rows = (struct snapshot_rows){0};
}

bool snapshot_rows_add(struct snapshot_rows *rows, const struct snapshot_row *row)
{
    if (rows->count == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : 64;
        struct snapshot_row *more = realloc(rows->rows, cap * sizeof(*more));
        if (!more) return false;
        rows->rows = more;
        rows->cap = cap;
    }
    assert(rows->count < rows->cap);
    rows->rows[rows->count++] = *row;
    return true;
}

/* ---- the index ---- */

static enum sl_result decode_row(
    struct sl_span bytes, uint64_t sequence, struct snapshot_rows *rows)
{
    if (bytes.len == 0 || bytes.len % ENTRY_BYTES != 0) return SL_CORRUPT;
    for (size_t at = 0; at < bytes.len; at += ENTRY_BYTES) {
        const char *entry = bytes.ptr + at;
        struct snapshot_row row = {.end = be_get(entry, 8),
            .sequence = be_get(entry + 8, 8),
            .chunk = (uint32_t)be_get(entry + 16, 4),
            .print = be_get(entry + 20, 8)};
        uint64_t begin = snapshot_row_begin(rows, rows->count);
        if (row.end <= begin || row.end - begin > SL_SNAPSHOT_ROW_BYTES || row.sequence == 0 ||
            row.sequence > sequence || row.chunk == 0)
            return SL_CORRUPT;
        if (!snapshot_rows_add(rows, &row)) return SL_NOMEM;
    }
    return SL_OK;
}

enum sl_result snapshot_rows_load(struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head, struct snapshot_rows *out, struct sl_err *err)
{
    struct snapshot_rows rows = {0};
    enum sl_result result = SL_OK;
    uint32_t chunk = (uint32_t)(1 + head->table_rows + head->own_rows);
    while (result == SL_OK && snapshot_row_begin(&rows, rows.count) < head->stream_bytes) {
        struct row_key key = row_snapshot(share_id, head->sequence, chunk++);
        struct kv_pin pin;
        result = kv_get(kv, KV_SNAPSHOT, row_span(&key), &pin, err);
        if (result == SL_OK) result = decode_row(pin.value, head->sequence, &rows);
        kv_release(&pin);
    }
    if (result == SL_OK && snapshot_row_begin(&rows, rows.count) != head->stream_bytes)
        result = SL_CORRUPT;
    if (result == SL_CORRUPT)
        result = snapshot_unreadable(share_id, head->sequence, "index of rows", err);
    if (result == SL_NOMEM) result = sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK) {
        free(out->rows);
        *out = rows;
    } else {
        snapshot_rows_fini(&rows);
    }
    return result;
}

enum sl_result snapshot_rows_encode(const struct snapshot_rows *rows,
    enum sl_result (*each)(void *ctx, struct sl_span row, struct sl_err *err), void *ctx,
    struct sl_err *err)
{
    char *bytes = malloc(ENTRIES_A_ROW * ENTRY_BYTES);
    if (!bytes) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < rows->count && result == SL_OK;) {
        size_t len = 0;
        for (; i < rows->count && len < ENTRIES_A_ROW * ENTRY_BYTES; i++, len += ENTRY_BYTES) {
            const struct snapshot_row *row = &rows->rows[i];
            be_put(bytes + len, row->end, 8);
            be_put(bytes + len + 8, row->sequence, 8);
            be_put(bytes + len + 16, row->chunk, 4);
            be_put(bytes + len + 20, row->print, 8);
        }
        result = each(ctx, (struct sl_span){bytes, len}, err);
    }
    free(bytes);
    return result;
}

size_t snapshot_rows_at(const struct snapshot_rows *rows, uint64_t offset)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->rows[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct print_key fixed_key;

static void make_fixed_key(void)
{
    print_key_fixed(&fixed_key);
}

uint64_t snapshot_row_print(struct sl_span bytes)
{
    static pthread_once_t made = PTHREAD_ONCE_INIT;
    pthread_once(&made, make_fixed_key);
    return print_of(&fixed_key, bytes);
}

/* ---- cutting ---- */

/* By its key, and the likelier the longer it is: so the rows' sizes don't depend on the items'. */
static bool picked(const struct fold_entry *entry)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < entry->key.len; i++)
        hash = (hash ^ (uint8_t)entry->key.ptr[i]) * 16777619u;
    hash ^= hash >> 16;
    return (hash * 2654435769u >> 8) % SNAPSHOT_CUT_MORE < entry->out.length;
}

static const struct fold_entry *entry_at(const struct snapshot_cut *cut, size_t index)
{
    return index < cut->items ? &cut->fold->entries[cut->by_key[index]] : NULL;
}

static bool is_part(const struct fold_entry *entry)
{
    return entry && sl_span_eq(entry->type, SL_SPAN("part"));
}

uint64_t snapshot_cut(struct snapshot_cut *cut, uint64_t begin)
{
    assert(begin < cut->stream_bytes && cut->next <= cut->items);
    uint64_t most = begin + SL_SNAPSHOT_ROW_BYTES;
    if (most > cut->stream_bytes) most = cut->stream_bytes;
    for (; cut->next < cut->items; cut->next++) {
        const struct fold_entry *entry = entry_at(cut, cut->next);
        uint64_t end = entry->out.offset + entry->out.length + 1; /* its brace too */
        if (end <= begin) continue;
        assert(end <= cut->stream_bytes); /* an entry lies in the stream */
        if (end > most) return most;
        /* A session grows at the end of its messages and at that of its parts. A row that holds the
           end of the messages and the first parts would change with each new message, so the parts
           begin a row of their own. */
        if (is_part(entry) != is_part(entry_at(cut, cut->next + 1))) return end;
        if (end - begin >= SNAPSHOT_CUT_FULL || (end - begin >= SNAPSHOT_CUT_MIN && picked(entry)))
            return end;
    }
    return most;
}
