/* Erasing, for all shares of a list together:

     removed   rows of its events shrunk to place and header, bodies and snapshots deleted by range
     redacted  nothing: its rows are new already
       └─> memtables flushed, and the ranges of all of them compacted down to the bottom level, so
           that no file and no write-ahead log has the old bytes
             └─> the mark dropped

   How it fails: whatever fails leaves the mark, and the erasure is done again, by the compactor
   after a while or by the next start. All that it does may be done twice. A share that fails
   doesn't keep the others from being erased; files that can't be rewritten fail all of the list. */

#include "core/background/erase.h"

#include "core/background/due.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"

#include <assert.h>

#define ERASE_EVENTS 512         /* rows rewritten in one write */
#define FILE_BYTES (64 * SL_MIB) /* about what RocksDB's files have at the bottom */

struct erasure {
    struct sl_store *store;
    struct share *share;
    uint64_t from, to;                    /* the events of one write */
    struct log_erased rows[ERASE_EVENTS]; /* their new rows … */
    struct buf bytes;                     /* … in here */
    size_t count;
    struct sl_err *err;
};

/* The new rows of an erasure's events, made before who commits puts them: nobody else changes rows
   of a removed share. */
static enum sl_result make_rows(struct erasure *erasure)
{
    enum sl_result result = SL_OK;
    buf_clear(&erasure->bytes);
    erasure->count = 0;
    assert(erasure->to > erasure->from && erasure->to - erasure->from <= ERASE_EVENTS);
    for (uint64_t at = erasure->from; at < erasure->to && result == SL_OK; at++) {
        struct log_erased *row = &erasure->rows[erasure->count];
        result = log_erased_row(erasure->store->kv, sl_span_of(erasure->share->id), at,
            &erasure->bytes, row, erasure->err);
        erasure->count += result == SL_OK && row->length > 0;
    }
    return result;
}

static enum sl_result put_rows(struct append *append, struct kv_batch *kv_batch)
{
    struct erasure *erasure = append->ctx;
    for (size_t i = 0; i < erasure->count; i++)
        log_put_erased(erasure->store->kv, kv_batch, sl_span_of(append->share->id),
            &erasure->rows[i], &erasure->bytes);
    return SL_OK;
}

/* Bodies and snapshots go by range; so does the mark that a snapshot was due. */
static enum sl_result drop_bulk(struct append *append, struct kv_batch *kv_batch)
{
    struct erasure *erasure = append->ctx;
    struct sl_span id = sl_span_of(append->share->id);
    struct kv *kv = erasure->store->kv;
    assert(!share_is_live(append->share) && erasure->from == 2 && erasure->to >= 2);
    body_delete(kv, kv_batch, id, erasure->from, erasure->to);
    struct row_key from = row_share_from(id), to = row_share_to(id),
                   due = row_index(ROW_INDEX_DUE, id);
    kv_delete_range(kv, kv_batch, KV_SNAPSHOT, row_span(&from), row_span(&to));
    kv_delete(kv, kv_batch, KV_INDEX, row_span(&due));
    return SL_OK;
}

static void bulk_dropped(struct append *append)
{
    const struct erasure *erasure = append->ctx;
    bodies_forget(erasure->store->bodies);
    append->share->snapshot_sequence = append->share->snapshot_stored =
        append->share->snapshot_size = 0;
    append->share->due = false;
}

static enum sl_result drop_mark(struct append *append, struct kv_batch *kv_batch)
{
    struct sl_store *store = append->ctx;
    struct row_key mark = row_erase(sl_span_of(append->share->id));
    kv_delete(store->kv, kv_batch, KV_META, row_span(&mark));
    return SL_OK;
}

static enum sl_result write(struct erasure *erasure,
    enum sl_result (*derive)(struct append *, struct kv_batch *),
    void (*committed)(struct append *))
{
    struct append append = {.share = erasure->share,
        .derive = derive,
        .committed = committed,
        .ctx = erasure,
        .derived_bytes = ERASE_EVENTS * 300,
        .gives_way = true};
    if (due_stopping(erasure->store->due))
        return sl_fail(erasure->err, SL_STOPPED, "the store is closing");
    return sequencer_append(erasure->store->sequencer, &append, erasure->err);
}

/* The sequence of the share's remove event: everything before it but the creation goes. */
static enum sl_result find_removal(
    struct sl_store *store, struct share *share, uint64_t *sequence, struct sl_err *err)
{
    shares_lock(store->shares);
    uint64_t last = share->head.sequence;
    shares_unlock(store->shares);
    for (uint64_t at = last; at > 1; at--) {
        struct kv_pin pin;
        enum sl_result result = log_event(store->kv, sl_span_of(share->id), at, &pin, err);
        if (result != SL_OK) return result;
        struct event_row row;
        struct event_reader reader = {0};
        struct header header = {0};
        bool ok = event_read_begin(pin.value, &row, &reader) == SL_OK &&
                  header_decode(row.header, &header);
        event_read_end(&reader);
        kv_release(&pin);
        if (!ok)
            return sl_fail(
                err, SL_CORRUPT, "event %llu: its row is unreadable", (unsigned long long)at);
        if (header.kind == SL_REMOVE) {
            *sequence = at;
            return SL_OK;
        }
    }
    return sl_fail(err, SL_CORRUPT, "removed, but it has no remove event");
}

/* ---- a share's rows ---- */

static enum sl_result erase_rows(struct sl_store *store, struct share *share, struct sl_err *err)
{
    uint64_t removal = 0;
    struct erasure *erasure = calloc(1, sizeof(*erasure));
    if (!erasure) return sl_fail(err, SL_NOMEM, "out of memory");
    erasure->store = store;
    erasure->share = share;
    erasure->err = err;
    enum sl_result result = find_removal(store, share, &removal, err);
    for (uint64_t at = 2; at < removal && result == SL_OK; at = erasure->to) {
        erasure->from = at;
        erasure->to = removal - at > ERASE_EVENTS ? at + ERASE_EVENTS : removal;
        result = make_rows(erasure);
        if (result == SL_OK) result = write(erasure, put_rows, NULL);
    }
    erasure->from = 2;
    erasure->to = removal;
    if (result == SL_OK) result = write(erasure, drop_bulk, bulk_dropped);
    buf_fini(&erasure->bytes);
    free(erasure);
    return result;
}

/* A share that isn't there is erased: SL_NOT_FOUND. */
static void begin(struct sl_store *store, struct erasing *erasing)
{
    erasing->result =
        share_acquire(store->shares, sl_span_of(erasing->id), &erasing->share, &erasing->err);
    if (erasing->result != SL_OK) return;
    struct share *share = erasing->share;
    assert(share_exists(share));
    erasing->seen = share_epoch(store->shares, share);
    erasing->redaction = share_is_live(share);
    if (!erasing->redaction) erasing->result = erase_rows(store, share, &erasing->err);
}

/* The mark of a redaction stays if the share's epoch has moved since: what moved it put the mark
   for itself, after files began to be rewritten. */
static void end(struct sl_store *store, struct erasing *erasing)
{
    assert(erasing->share && erasing->result == SL_OK);
    struct append append = {.share = erasing->share,
        .derive = drop_mark,
        .ctx = store,
        .derived_bytes = 64,
        .gives_way = true,
        .guard = erasing->redaction ? &erasing->share->epoch : NULL,
        .seen = erasing->seen};
    erasing->result = sequencer_append(store->sequencer, &append, &erasing->err);
    if (erasing->redaction && erasing->result == SL_STOPPED) erasing->result = SL_OK;
}

/* ---- the files ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct erasing *)a)->id, ((const struct erasing *)b)->id);
}

/* Only what has reached the bottom level of the files, and no log any more, is gone. Each share's
   range rewrites the files that it touches; are there more shares than files, then all between them
   is rewritten, but once. */
static enum sl_result compact_family(struct sl_store *store, enum kv_family family,
    const struct erasing *list, size_t count, struct sl_err *err)
{
    assert(count > 0);
    size_t step = count > 1 + kv_family_bytes(store->kv, family) / FILE_BYTES ? count : 1;
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < count && result == SL_OK; i += step) {
        struct row_key from = row_share_from(sl_span_of(list[i].id)),
                       to = row_share_to(sl_span_of(list[i + step - 1].id));
        if (due_stopping(store->due)) return sl_fail(err, SL_STOPPED, "the store is closing");
        if (i > 0 && strcmp(list[i - 1].id, list[i].id) == 0) continue;
        result = kv_compact(store->kv, family, row_span(&from), row_span(&to), err);
    }
    return result;
}

static enum sl_result rewrite_files(
    struct sl_store *store, const struct erasing *list, size_t count, struct sl_err *err)
{
    enum sl_result result = kv_flush(store->kv, err);
    if (result == SL_OK) result = compact_family(store, KV_EVENT, list, count, err);
    for (size_t i = 0; i < BODY_FAMILIES && result == SL_OK; i++)
        result = compact_family(store, body_families[i], list, count, err);
    return result == SL_OK ? compact_family(store, KV_SNAPSHOT, list, count, err) : result;
}

void erase_shares(struct sl_store *store, struct erasing *list, size_t count)
{
    struct sl_err err = {0};
    assert(list && count > 0);
    qsort(list, count, sizeof(*list), by_id);
    for (size_t i = 0; i < count; i++)
        begin(store, &list[i]);
    enum sl_result result = rewrite_files(store, list, count, &err);
    for (size_t i = 0; i < count; i++) {
        struct erasing *erasing = &list[i];
        if (erasing->result == SL_OK && result == SL_OK) end(store, erasing);
        share_release(erasing->share);
        erasing->share = NULL;
        if (erasing->result == SL_NOT_FOUND) erasing->result = SL_OK;
        if (erasing->result != SL_OK || result == SL_OK) continue;
        erasing->result = result;
        erasing->err = err;
    }
}
