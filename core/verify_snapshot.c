#include "verify.h"

#include "rows.h"
#include "state.h"

#include <stdio.h>

/* Compare a snapshot's rows, one after the other, with what the fold makes. */
struct comparison {
    struct share_check *check;
    uint64_t sequence;
    uint32_t chunk;
    uint64_t bytes;
    struct buf stream;
    enum sl_result result;
    struct sl_err *err;
};

static enum sl_result fault(
    const struct share_check *check, uint64_t sequence, const char *what, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "share %s: snapshot at %llu: %s; `sharelog rebuild` makes snapshots again", check->id,
        (unsigned long long)sequence, what);
}

static enum sl_result compare_row(
    struct comparison *comparison, uint32_t chunk, struct sl_span row, struct sl_err *err)
{
    struct share_check *check = comparison->check;
    struct row_key key = row_snapshot(sl_span_of(check->id), comparison->sequence, chunk);
    struct kv_pin pin;
    enum sl_result result = kv_get(check->store->kv, KV_SNAPSHOT, row_span(&key), &pin, err);
    bool same = result == SL_OK && sl_span_eq(pin.value, row);
    kv_release(&pin);
    char what[64];
    snprintf(what, sizeof(what), "row %u %s", chunk,
        result == SL_NOT_FOUND ? "is missing" : "differs from a fresh fold");
    if (result == SL_NOT_FOUND || (result == SL_OK && !same))
        return fault(check, comparison->sequence, what, err);
    comparison->bytes += row.len;
    return result;
}

static enum sl_result table_row(void *ctx, struct sl_span row, struct sl_err *err)
{
    struct comparison *comparison = ctx;
    return compare_row(comparison, comparison->chunk++, row, err);
}

static bool stream_bytes(void *ctx, const void *bytes, size_t len)
{
    struct comparison *comparison = ctx;
    const char *at = bytes;
    while (len > 0 && comparison->result == SL_OK) {
        size_t room = SL_SNAPSHOT_ROW_BYTES - comparison->stream.len, n = len < room ? len : room;
        buf_add(&comparison->stream, at, n);
        at += n;
        len -= n;
        if (comparison->stream.failed)
            comparison->result = sl_fail(comparison->err, SL_NOMEM, "out of memory");
        if (comparison->result != SL_OK || comparison->stream.len < SL_SNAPSHOT_ROW_BYTES) break;
        comparison->result = compare_row(
            comparison, comparison->chunk++, buf_span(&comparison->stream), comparison->err);
        comparison->stream.len = 0;
    }
    return comparison->result == SL_OK;
}

/* Nothing may lie behind the last row. */
static enum sl_result check_end(struct comparison *comparison, struct sl_err *err)
{
    struct row_key key =
        row_snapshot(sl_span_of(comparison->check->id), comparison->sequence, comparison->chunk);
    struct kv_pin pin;
    enum sl_result result =
        kv_get(comparison->check->store->kv, KV_SNAPSHOT, row_span(&key), &pin, err);
    kv_release(&pin);
    if (result == SL_OK)
        return fault(comparison->check, comparison->sequence, "it has a row too many", err);
    return result == SL_NOT_FOUND ? SL_OK : result;
}

static enum sl_result compare(struct share_check *check, struct sl_err *err)
{
    struct comparison comparison = {
        .check = check, .sequence = check->last.sequence, .chunk = 1, .err = err};
    struct snapshot_head head;
    struct buf head_bytes = {0};
    enum sl_result result = view_advance(check->view, check->last.sequence, err);
    if (result == SL_OK) result = state_layout(check->view, &head, err);
    if (result == SL_OK) result = snapshot_table(&check->view->fold, table_row, &comparison, err);
    head.table_rows = comparison.chunk - 1;
    if (result == SL_OK)
        result = state_stream(check->view, (struct sl_sink){stream_bytes, &comparison}, err);
    if (comparison.result != SL_OK) result = comparison.result;
    if (result == SL_OK && comparison.stream.len)
        result = compare_row(&comparison, comparison.chunk++, buf_span(&comparison.stream), err);
    if (result == SL_OK) result = check_end(&comparison, err);
    if (result == SL_OK) {
        head.sequence = check->last.sequence;
        head.stored = check->last.stored;
        head.size = comparison.bytes;
        snapshot_head_encode(&head, &head_bytes);
        result = head_bytes.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                                   : compare_row(&comparison, 0, buf_span(&head_bytes), err);
    }
    if (result == SL_OK) {
        check->snapshot_stored = head.stored;
        check->snapshot_size = head.size;
        check->verified->snapshots++;
    }
    buf_fini(&head_bytes);
    buf_fini(&comparison.stream);
    return result;
}

enum sl_result snapshot_check(struct share_check *check, struct sl_err *err)
{
    uint64_t sequence = check->last.sequence;
    bool should =
        check->last.stored - check->snapshot_stored >= share_due_bytes(check->snapshot_size);
    struct row_key key = row_snapshot(sl_span_of(check->id), sequence, 0);
    struct kv_pin pin;
    enum sl_result result = kv_get(check->store->kv, KV_SNAPSHOT, row_span(&key), &pin, err);
    kv_release(&pin);
    if (result == SL_OK && !should) return fault(check, sequence, "it should not be there", err);
    if (result == SL_OK) return compare(check, err);
    if (result != SL_NOT_FOUND) return result;
    /* The compactor may not have come to it yet; the later ones are not there then either. */
    if (should && !check->due) return fault(check, sequence, "it is missing", err);
    return SL_OK;
}
