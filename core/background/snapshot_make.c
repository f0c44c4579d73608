/* Making one snapshot:

     view of the moment ──> table rows ──> stream, cut into rows ──> index rows ──> head
                                            a row that the snapshot before has isn't put again

   Each row goes through the sequencer, which alone may commit it, and refuses it once the share has
   been removed or redacted since the making began: the share's epoch is the guard. The rows go past
   the write-ahead log: in it each would hold up the next sync's fsync, and what a crash takes of
   them is made again (due.h). So does the head, being the last: in the log it would outlive the
   rows that it speaks for.

   How it fails: a making that is cut short (SL_STOPPED, SL_REDACTED, SL_REMOVED, a crash, no
   memory) leaves rows without a head. Nobody reads those; the same making done again puts the same
   rows at the same keys, a redaction deletes them, a removal's erasure does. */

#include "core/background/snapshot_make.h"

#include "core/background/due.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/read/data.h"
#include "core/state/snapshot_layout.h"

#include <assert.h>

struct making {
    struct sl_store *store;
    struct share *share;
    unsigned long seen; /* the share's epoch, when what is due was looked up */
    uint64_t sequence;
    uint32_t chunk;                    /* of the next row */
    struct snapshot_rows before, rows; /* of the snapshot before; of this one so far */
    uint32_t *found_by;                /* the rows before, by their prints */
    struct snapshot_cut cut;
    struct buf stream; /* of the row being filled … */
    uint64_t end;      /* … which ends there */
    struct snapshot_head head;
    struct sl_err *err;
    enum sl_result result;
};

struct row_put {
    struct making *making;
    struct kv_batch *unlogged; /* made before: who commits is in a hurry */
};

static enum sl_result put_row(struct append *append, struct kv_batch *kv_batch)
{
    const struct row_put *put = append->ctx;
    (void)kv_batch;
    return kv_write_unlogged(put->making->store->kv, put->unlogged, &append->err);
}

static void snapshot_made(struct append *append)
{
    const struct snapshot_head *head = &((struct row_put *)append->ctx)->making->head;
    assert(head->sequence > append->share->snapshot_sequence);
    append->share->snapshot_sequence = head->sequence;
    append->share->snapshot_stored = head->stored;
    append->share->snapshot_size = head->size;
}

static enum sl_result commit_row(
    struct making *making, uint32_t chunk, struct sl_span value, struct sl_err *err)
{
    struct kv *kv = making->store->kv;
    struct row_put put = {making, kv_batch_create()};
    struct row_key key = row_snapshot(sl_span_of(making->share->id), making->sequence, chunk);
    struct append append = {.share = making->share,
        .derive = put_row,
        .committed = chunk == 0 ? snapshot_made : NULL,
        .ctx = &put,
        .derived_bytes = value.len,
        .gives_way = true,
        .guard = &making->share->epoch,
        .seen = making->seen};
    kv_put(kv, put.unlogged, KV_SNAPSHOT, row_span(&key), value);
    enum sl_result result = due_stopping(making->store->due)
                                ? sl_fail(err, SL_STOPPED, "the store is closing")
                                : sequencer_append(making->store->sequencer, &append, err);
    kv_batch_destroy(put.unlogged);
    return result == SL_OK ? due_put(making->store->due, value.len, err) : result;
}

static enum sl_result table_row(void *ctx, struct sl_span row, struct sl_err *err)
{
    struct making *making = ctx;
    making->head.size += row.len;
    return commit_row(making, making->chunk++, row, err);
}

static enum sl_result index_row(void *ctx, struct sl_span row, struct sl_err *err)
{
    struct making *making = ctx;
    return commit_row(making, making->chunk++, row, err);
}

/* ---- rows that the snapshot before has ---- */

static int by_print(const void *a, const void *b, void *rows_ptr)
{
    const struct snapshot_row *rows = rows_ptr;
    uint64_t x = rows[*(const uint32_t *)a].print, y = rows[*(const uint32_t *)b].print;
    return (x > y) - (x < y);
}

static enum sl_result load_before(
    struct making *making, const struct sl_view *view, struct sl_err *err)
{
    if (!moment_has_base(&view->moment)) return SL_OK;
    enum sl_result result = snapshot_rows_load(
        making->store->kv, sl_span_of(making->share->id), &view->moment.base, &making->before, err);
    /* only a removal or a redaction takes rows away, and then this making is worth nothing */
    if (result != SL_OK) return result == SL_NOT_FOUND ? SL_STOPPED : result;
    size_t count = making->before.count;
    making->found_by = calloc(count + 1, sizeof(*making->found_by));
    if (!making->found_by) return sl_fail(err, SL_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        making->found_by[i] = (uint32_t)i;
    qsort_r(making->found_by, count, sizeof(*making->found_by), by_print, making->before.rows);
    return SL_OK;
}

/* Is that row these bytes? The print alone is no proof. A row that can't be read just now fails the
   making rather than count as another: the making that is begun again after a crash might find that
   it is the same, and the row that was put in its place would be left over. */
static enum sl_result is_row(
    const struct making *making, const struct snapshot_row *row, struct sl_span bytes, bool *is)
{
    struct row_key key = row_snapshot(sl_span_of(making->share->id), row->sequence, row->chunk);
    struct kv_pin pin;
    enum sl_result result =
        kv_get_once(making->store->kv, KV_SNAPSHOT, row_span(&key), &pin, making->err);
    *is = result == SL_OK && sl_span_eq(pin.value, bytes);
    kv_release(&pin);
    return result == SL_NOT_FOUND ? SL_OK : result;
}

/* *found is NULL if there is none. */
static enum sl_result find_before(const struct making *making, uint64_t print, struct sl_span bytes,
    const struct snapshot_row **found)
{
    *found = NULL;
    size_t low = 0, high = making->before.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (making->before.rows[making->found_by[middle]].print < print)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == making->before.count) return SL_OK;
    const struct snapshot_row *row = &making->before.rows[making->found_by[low]];
    if (row->print != print) return SL_OK;
    bool is = false;
    enum sl_result result = is_row(making, row, bytes, &is);
    if (is) *found = row;
    return result;
}

/* ---- the stream ---- */

static enum sl_result end_row(struct making *making)
{
    struct sl_span bytes = buf_span(&making->stream);
    struct snapshot_row row = {
        .end = making->end, .sequence = making->sequence, .print = snapshot_row_print(bytes)};
    const struct snapshot_row *before;
    enum sl_result result = find_before(making, row.print, bytes, &before);
    if (result != SL_OK) return result;
    if (before) {
        row.sequence = before->sequence;
        row.chunk = before->chunk;
    } else {
        row.chunk = making->chunk++;
        making->head.own_rows++;
        result = commit_row(making, row.chunk, bytes, making->err);
    }
    if (!snapshot_rows_add(&making->rows, &row))
        result = sl_fail(making->err, SL_NOMEM, "out of memory");
    making->head.size += bytes.len;
    making->stream.len = 0;
    assert(making->end <= making->head.stream_bytes);
    if (making->end < making->head.stream_bytes)
        making->end = snapshot_cut(&making->cut, making->end);
    return result;
}

static bool stream_bytes(void *ctx, const void *bytes, size_t len)
{
    struct making *making = ctx;
    const char *at = bytes;
    while (len > 0) {
        uint64_t room = making->end - snapshot_row_begin(&making->rows, making->rows.count) -
                        making->stream.len;
        size_t n = len < room ? len : (size_t)room;
        buf_add(&making->stream, at, n);
        if (making->stream.failed) {
            making->result = sl_fail(making->err, SL_NOMEM, "out of memory");
            return false;
        }
        at += n;
        len -= n;
        if (n < room) break;
        making->result = end_row(making);
        if (making->result != SL_OK) return false;
    }
    return true;
}

/* The stream's rows; what the sink failed of counts before what the writer says of it. */
static enum sl_result put_stream(struct making *making, struct sl_view *view)
{
    struct sl_err why = {0};
    making->cut = (struct snapshot_cut){.fold = &view->fold,
        .by_key = view->orders.by_key,
        .items = view->orders.items,
        .stream_bytes = making->head.stream_bytes};
    making->end = snapshot_cut(&making->cut, 0);
    enum sl_result result = load_before(making, view, making->err);
    if (result != SL_OK) return result;
    result = data_stream(view, (struct sl_sink){stream_bytes, making}, &why);
    if (making->result != SL_OK) return making->result;
    if (result != SL_OK && making->err) *making->err = why;
    return result == SL_OK ? snapshot_rows_encode(&making->rows, index_row, making, making->err)
                           : result;
}

static enum sl_result put_head(struct making *making, uint64_t stored)
{
    struct buf bytes = {0};
    assert(making->chunk > making->head.table_rows + making->head.own_rows);
    making->head.sequence = making->sequence;
    making->head.stored = stored;
    snapshot_head_encode(&making->head, &bytes);
    enum sl_result result = bytes.failed ? sl_fail(making->err, SL_NOMEM, "out of memory")
                                         : commit_row(making, 0, buf_span(&bytes), making->err);
    buf_fini(&bytes);
    return result;
}

/* The snapshot is there: a redaction looked for the last one before this was finished, and has put
   the share back behind it. Made again, it would find its own rows to be the ones before, and put
   others in their place. */
static enum sl_result take_up(
    struct making *making, const struct snapshot_head *there, struct sl_err *err)
{
    struct row_put put = {.making = making};
    struct append append = {.share = making->share,
        .committed = snapshot_made,
        .ctx = &put,
        .gives_way = true,
        .guard = &making->share->epoch,
        .seen = making->seen};
    making->head = *there;
    return sequencer_append(making->store->sequencer, &append, err);
}

static enum sl_result make(struct sl_store *store, struct share *share, unsigned long seen,
    uint64_t sequence, struct sl_err *err)
{
    struct making making = {
        .store = store, .share = share, .seen = seen, .sequence = sequence, .chunk = 1, .err = err};
    struct sl_view *view;
    enum sl_result result = view_open_at(store, share, sequence, &view, err);
    if (result != SL_OK) return result;
    assert(view->moment.at.sequence == sequence && view->moment.base.sequence <= sequence);
    if (view->moment.base.sequence == sequence) {
        result = take_up(&making, &view->moment.base, err);
        sl_view_close(view);
        return result;
    }
    result = view_order(view, err);
    if (result == SL_OK) snapshot_layout(&view->fold, &view->orders, &making.head);
    if (result == SL_OK)
        result = snapshot_table(
            &view->fold, view->orders.by_key, view->orders.items, table_row, &making, err);
    making.head.table_rows = making.chunk - 1;
    if (result == SL_OK) result = put_stream(&making, view);
    if (result == SL_OK) result = put_head(&making, view->moment.at.stored);
    snapshot_rows_fini(&making.before);
    snapshot_rows_fini(&making.rows);
    free(making.found_by);
    buf_fini(&making.stream);
    sl_view_close(view);
    return result;
}

/* Called by who commits, where no event can come between the look and the change. The mark in the
   store stays: what was made is not on disk yet. */
static enum sl_result end_due(struct append *append, struct kv_batch *kv_batch)
{
    (void)kv_batch;
    if (share_is_due(append->share)) return SL_STOPPED;
    append->share->due = false;
    return SL_OK;
}

enum sl_result make_due_snapshots(
    struct sl_store *store, struct sl_span share_id, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, share_id, &share, err);
    if (result != SL_OK) return result == SL_NOT_FOUND ? SL_OK : result;
    while (result == SL_OK) {
        /* first: what is looked at under a number that has moved meanwhile is refused */
        unsigned long seen = share_epoch(store->shares, share);
        shares_lock(store->shares);
        struct head head = share->head;
        uint64_t after = share->snapshot_sequence;
        uint64_t target = share->snapshot_stored + share_due_bytes(share->snapshot_size);
        shares_unlock(store->shares);
        if (!share_is_live(share) || head.stored < target) {
            struct append append = {.share = share, .derive = end_due, .gives_way = true};
            result = sequencer_append(store->sequencer, &append, err);
            if (result != SL_STOPPED) break;
            result = SL_OK; /* an event came meanwhile and made one due again */
            continue;
        }
        uint64_t sequence = 0;
        result = log_at_stored(store->kv, share_id, after, head.sequence, target, &sequence, err);
        if (result == SL_OK) result = make(store, share, seen, sequence, err);
    }
    share_release(share);
    bool overtaken = result == SL_REMOVED || result == SL_STOPPED || result == SL_REDACTED;
    return overtaken ? SL_OK : result;
}
