/* A snapshot's rows as they lie, held against what the fold makes: head and table byte by byte; the
   stream piece by piece, its literal text byte by byte, an entry's bytes by their print.

   How it fails: the first fault ends the comparison with SL_CORRUPT, the snapshot and the row
   named. Snapshots are derived, so the message says that they can be made again. */

#include "core/verify/verify_snapshot.h"

#include "core/event/item.h"
#include "core/kv/rows.h"
#include "core/log/share.h"
#include "core/state/snapshot_layout.h"
#include "core/state/snapshot_rows.h"

#include <assert.h>
#include <stdio.h>

struct comparison {
    struct share_check *check;
    uint64_t sequence;
    uint32_t chunk; /* of the next row */
    uint64_t bytes;
    struct sl_span row;
    bool elsewhere;                  /* the row is an earlier snapshot's */
    size_t used;                     /* of the row, which is the stream's */
    struct snapshot_rows said, rows; /* the index as it lies; as it has to be */
    struct snapshot_cut cut;
    struct buf head;
    struct buf text; /* between two items, of this type */
    struct sl_span type;
};

static enum sl_result fault(
    const struct share_check *check, uint64_t sequence, const char *what, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "share %s: snapshot at %llu: %s; `sharelog rebuild` makes snapshots again", check->facts.id,
        (unsigned long long)sequence, what);
}

static enum sl_result row_fault(
    const struct comparison *comparison, uint32_t chunk, const char *what, struct sl_err *err)
{
    char text[64];
    snprintf(text, sizeof(text), "row %u %s", chunk, what);
    return fault(comparison->check, comparison->sequence, text, err);
}

/* The row at hand is not what the fold makes. An earlier snapshot's row was found to be right when
   that one was checked, so then the index is wrong. */
static enum sl_result differs(const struct comparison *comparison, struct sl_err *err)
{
    if (comparison->elsewhere)
        return fault(comparison->check, comparison->sequence,
            "its index names another row of an earlier one than it needs", err);
    return row_fault(comparison, comparison->chunk - 1, "differs from a fresh fold", err);
}

/* To the next row. The iterator stands on the one before, or on the head. */
static enum sl_result next_row(struct comparison *comparison, struct sl_err *err)
{
    struct kv_iter *rows = comparison->check->at.snapshots;
    struct row_key key = row_snapshot(
        sl_span_of(comparison->check->facts.id), comparison->sequence, comparison->chunk);
    if (comparison->chunk > 0) kv_iter_next(rows);
    if (!kv_iter_valid(rows) || !sl_span_eq(kv_iter_key(rows), row_span(&key))) {
        enum sl_result result = kv_iter_check(rows, err);
        return result == SL_OK ? row_fault(comparison, comparison->chunk, "is missing", err)
                               : result;
    }
    comparison->row = kv_iter_value(rows);
    comparison->elsewhere = false;
    comparison->chunk++;
    return SL_OK;
}

static enum sl_result table_row(void *ctx, struct sl_span row, struct sl_err *err)
{
    struct comparison *comparison = ctx;
    enum sl_result result = next_row(comparison, err);
    comparison->bytes += row.len;
    if (result != SL_OK) return result;
    return sl_span_eq(comparison->row, row) ? SL_OK : differs(comparison, err);
}

/* ---- the stream ---- */

/* A row that an earlier snapshot has. They mostly lie one behind the other. Few shares have any,
   and an iterator that stands in each of them decompresses a block there. */
static enum sl_result owned_row(
    struct comparison *comparison, const struct snapshot_row *row, struct sl_err *err)
{
    struct share_check *check = comparison->check;
    struct row_key key = row_snapshot(sl_span_of(check->facts.id), row->sequence, row->chunk);
    if (!check->at.owners)
        check->at.owners = kv_iter_create(
            check->store->kv, KV_SNAPSHOT, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    struct kv_iter *owners = check->at.owners;
    if (kv_iter_valid(owners)) kv_iter_next(owners);
    if (!kv_iter_valid(owners) || !sl_span_eq(kv_iter_key(owners), row_span(&key)))
        kv_iter_seek(owners, row_span(&key));
    if (!kv_iter_valid(owners) || !sl_span_eq(kv_iter_key(owners), row_span(&key))) {
        enum sl_result result = kv_iter_check(owners, err);
        return result == SL_OK ? fault(comparison->check, comparison->sequence,
                                     "a row of an earlier one that it needs is missing", err)
                               : result;
    }
    comparison->row = kv_iter_value(owners);
    comparison->elsewhere = true;
    return SL_OK;
}

/* To the stream's next row, wherever it lies. Its bytes are compared later, piece by piece. */
static enum sl_result stream_row(struct comparison *comparison, struct sl_err *err)
{
    size_t index = comparison->rows.count;
    uint64_t begin = snapshot_row_begin(&comparison->rows, index);
    struct snapshot_row row = {0};
    if (index < comparison->said.count) row = comparison->said.rows[index];
    bool own = row.sequence == comparison->sequence && row.chunk == comparison->chunk;
    if (!own && row.sequence >= comparison->sequence)
        return fault(comparison->check, comparison->sequence, "its index of rows is wrong", err);
    row.end = snapshot_cut(&comparison->cut, begin);
    enum sl_result result = own ? next_row(comparison, err) : owned_row(comparison, &row, err);
    if (result != SL_OK) return result;
    if (comparison->row.len != row.end - begin) return differs(comparison, err);
    row.print = snapshot_row_print(comparison->row);
    if (!snapshot_rows_add(&comparison->rows, &row)) return sl_fail(err, SL_NOMEM, "out of memory");
    assert(snapshot_row_begin(&comparison->rows, index + 1) > begin);
    comparison->bytes += comparison->row.len;
    comparison->used = 0;
    return SL_OK;
}

/* The stream's next bytes, as far as one row holds them. */
static enum sl_result stream_piece(
    struct comparison *comparison, uint64_t want, struct sl_span *piece, struct sl_err *err)
{
    if (comparison->used == comparison->row.len) {
        enum sl_result result = stream_row(comparison, err);
        if (result != SL_OK) return result;
    }
    assert(comparison->used < comparison->row.len);
    size_t left = comparison->row.len - comparison->used;
    *piece = (struct sl_span){comparison->row.ptr + comparison->used, left < want ? left : want};
    comparison->used += piece->len;
    return SL_OK;
}

static enum sl_result compare_text(
    struct comparison *comparison, struct sl_span text, struct sl_err *err)
{
    while (text.len > 0) {
        struct sl_span piece;
        enum sl_result result = stream_piece(comparison, text.len, &piece, err);
        if (result != SL_OK) return result;
        if (memcmp(piece.ptr, text.ptr, piece.len) != 0) return differs(comparison, err);
        text.ptr += piece.len;
        text.len -= piece.len;
    }
    return SL_OK;
}

static enum sl_result compare_entry(
    struct comparison *comparison, uint32_t index, struct sl_err *err)
{
    const struct check_fold *fold = &comparison->check->fold;
    assert(index < fold->fold.count && index < fold->prints_cap);
    uint64_t length = fold->fold.entries[index].place.length;
    struct sl_span piece = {0};
    struct print print;
    print_begin(&print, &fold->key);
    for (uint64_t done = 0; done < length; done += piece.len) {
        enum sl_result result = stream_piece(comparison, length - done, &piece, err);
        if (result != SL_OK) return result;
        if (piece.len < length) print_add(&print, piece.ptr, piece.len);
    }
    uint64_t found = piece.len == length ? print_of(&fold->key, piece) : print_end(&print);
    return found == fold->prints[index] ? SL_OK : differs(comparison, err);
}

static enum sl_result compare_models(struct comparison *comparison, struct sl_err *err)
{
    const struct check_fold *fold = &comparison->check->fold;
    enum sl_result result = compare_text(comparison, SL_SPAN("["), err);
    for (size_t i = 0; i < fold->orders.models_count && result == SL_OK; i++) {
        if (i > 0) result = compare_text(comparison, SL_SPAN(","), err);
        if (result == SL_OK) result = compare_entry(comparison, fold->orders.models[i], err);
    }
    return result == SL_OK ? compare_text(comparison, SL_SPAN("]"), err) : result;
}

/* The end of the item before and the beginning of one of a type. The fold keeps a type once. */
static bool make_text(struct comparison *comparison, struct sl_span type)
{
    if (comparison->type.ptr == type.ptr && comparison->type.len == type.len) return true;
    buf_clear(&comparison->text);
    buf_add(&comparison->text, "},", 2);
    item_prefix_add(&comparison->text, type);
    comparison->type = type;
    return !comparison->text.failed;
}

static enum sl_result compare_items(struct comparison *comparison, struct sl_err *err)
{
    const struct check_fold *fold = &comparison->check->fold;
    enum sl_result result = compare_text(comparison, SL_SPAN("["), err);
    for (size_t i = 0; i < fold->orders.items && result == SL_OK; i++) {
        const struct fold_entry *entry = &fold->fold.entries[fold->orders.by_key[i]];
        if (!make_text(comparison, entry->type)) return sl_fail(err, SL_NOMEM, "out of memory");
        size_t skip = i == 0 ? 2 : 0;
        result = compare_text(comparison,
            (struct sl_span){comparison->text.ptr + skip, comparison->text.len - skip}, err);
        if (result == SL_OK)
            result = sl_span_eq(entry->key, SL_SPAN("model"))
                         ? compare_models(comparison, err)
                         : compare_entry(comparison, fold->orders.by_key[i], err);
    }
    if (result != SL_OK) return result;
    return compare_text(comparison, fold->orders.items ? SL_SPAN("}]") : SL_SPAN("]"), err);
}

static enum sl_result index_row(void *ctx, struct sl_span row, struct sl_err *err)
{
    struct comparison *comparison = ctx;
    enum sl_result result = next_row(comparison, err);
    if (result != SL_OK) return result;
    return sl_span_eq(comparison->row, row) ? SL_OK : differs(comparison, err);
}

/* Compare the stream with what data_stream writes, and the index with where its rows lie. */
static enum sl_result compare_stream(
    struct comparison *comparison, struct snapshot_head *head, struct sl_err *err)
{
    const struct fold *fold = &comparison->check->fold.fold;
    const struct orders *orders = &comparison->check->fold.orders;
    uint32_t first = comparison->chunk;
    comparison->row = (struct sl_span){0};
    comparison->cut = (struct snapshot_cut){.fold = fold,
        .by_key = orders->by_key,
        .items = orders->items,
        .stream_bytes = head->stream_bytes};
    enum sl_result result = compare_items(comparison, err);
    for (size_t i = 0; i < fold->count && result == SL_OK; i++) {
        const struct fold_entry *entry = &fold->entries[i];
        if (entry->class == FOLD_DIFF && entry->out.offset >= head->data_bytes)
            result = compare_entry(comparison, (uint32_t)i, err);
    }
    head->own_rows = comparison->chunk - first;
    return result == SL_OK ? snapshot_rows_encode(&comparison->rows, index_row, comparison, err)
                           : result;
}

/* Load the index as the store has it, by the head as the store has it. Both are compared later with
   what the fold makes. */
static enum sl_result load_index(struct comparison *comparison, struct sl_err *err)
{
    struct snapshot_head head;
    struct share_check *check = comparison->check;
    if (!snapshot_head_decode(buf_span(&comparison->head), &head) ||
        head.sequence != comparison->sequence)
        return row_fault(comparison, 0, "differs from a fresh fold", err);
    enum sl_result result = snapshot_rows_load(
        check->store->kv, sl_span_of(check->facts.id), &head, &comparison->said, err);
    return result == SL_NOT_FOUND
               ? fault(check, comparison->sequence, "a row of its index is missing", err)
               : result;
}

/* ---- one snapshot ---- */

/* Compare row 0. Its lengths are known only when everything else is compared. */
static enum sl_result compare_head(
    struct comparison *comparison, struct snapshot_head *head, struct sl_err *err)
{
    struct buf made = {0};
    head->sequence = comparison->sequence;
    head->stored = comparison->check->facts.last.stored;
    head->size = comparison->bytes;
    snapshot_head_encode(head, &made);
    bool failed = made.failed || comparison->head.failed;
    bool same = sl_span_eq(buf_span(&made), buf_span(&comparison->head));
    buf_fini(&made);
    if (failed) return sl_fail(err, SL_NOMEM, "out of memory");
    return same ? SL_OK : row_fault(comparison, 0, "differs from a fresh fold", err);
}

/* Nothing may lie behind the last row. */
static enum sl_result check_end(struct comparison *comparison, struct sl_err *err)
{
    struct kv_iter *rows = comparison->check->at.snapshots;
    struct row_key end =
        row_snapshot(sl_span_of(comparison->check->facts.id), comparison->sequence + 1, 0);
    kv_iter_next(rows);
    if (kv_iter_valid(rows) && sl_span_cmp(kv_iter_key(rows), row_span(&end)) < 0)
        return fault(comparison->check, comparison->sequence, "it has a row too many", err);
    return kv_iter_check(rows, err);
}

/* The iterator stands on the head. */
static enum sl_result compare(struct share_check *check, struct sl_err *err)
{
    struct comparison comparison = {.check = check, .sequence = check->facts.last.sequence};
    struct fold *fold = &check->fold.fold;
    struct orders *orders = &check->fold.orders;
    struct snapshot_head head = {0};
    assert(check->fold.folds && check->facts.last.sequence > 0);
    enum sl_result result =
        orders_make(orders, fold) ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK) snapshot_layout(fold, orders, &head);
    if (result == SL_OK) result = next_row(&comparison, err);
    if (result == SL_OK) {
        buf_add_span(&comparison.head, comparison.row);
        result = load_index(&comparison, err);
    }
    if (result == SL_OK)
        result = snapshot_table(fold, orders->by_key, orders->items, table_row, &comparison, err);
    head.table_rows = comparison.chunk - 1;
    if (result == SL_OK) result = compare_stream(&comparison, &head, err);
    if (result == SL_OK) result = compare_head(&comparison, &head, err);
    if (result == SL_OK) result = check_end(&comparison, err);
    if (result == SL_OK) {
        check->snapshot.stored = head.stored;
        check->snapshot.size = head.size;
        check->verified->snapshots++;
    }
    snapshot_rows_fini(&comparison.said);
    snapshot_rows_fini(&comparison.rows);
    buf_fini(&comparison.head);
    buf_fini(&comparison.text);
    return result;
}

/* Rows before a key are of a snapshot that was cut short: where one is due it will be made at that
   very place. */
static enum sl_result pass_over(
    struct share_check *check, const struct row_key *before, struct sl_err *err)
{
    struct sl_span id;
    uint64_t sequence = 0;
    uint32_t chunk;
    for (; kv_iter_valid(check->at.snapshots); kv_iter_next(check->at.snapshots)) {
        struct sl_span key = kv_iter_key(check->at.snapshots);
        if (sl_span_cmp(key, row_span(before)) >= 0) break;
        if (!row_parse_chunk(key, &id, &sequence, &chunk) || sequence == 0)
            return fault(check, 0, "a row's key is unreadable", err);
        if (!check->snapshot.due)
            return fault(check, sequence, "a row of it belongs to nothing", err);
    }
    return kv_iter_check(check->at.snapshots, err);
}

enum sl_result snapshots_end(struct share_check *check, struct sl_err *err)
{
    return pass_over(check, &check->at.end, err);
}

enum sl_result snapshot_check(struct share_check *check, struct sl_err *err)
{
    uint64_t sequence = check->facts.last.sequence;
    bool should =
        check->facts.last.stored - check->snapshot.stored >= share_due_bytes(check->snapshot.size);
    struct row_key key = row_snapshot(sl_span_of(check->facts.id), sequence, 0);
    enum sl_result result = pass_over(check, &key, err);
    if (result != SL_OK) return result;
    bool there = kv_iter_valid(check->at.snapshots) &&
                 sl_span_eq(kv_iter_key(check->at.snapshots), row_span(&key));
    if (there && !should) return fault(check, sequence, "it should not be there", err);
    if (there) return compare(check, err);
    /* The compactor may not have come to it yet; the later ones are not there then either. */
    if (should && !check->snapshot.due) return fault(check, sequence, "it is missing", err);
    return SL_OK;
}
