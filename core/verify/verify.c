/* sl_store_verify: everything that is stored against everything else.

       verify.c           the whole, and the counts of the indexes
       verify_log.c       the log, its tree and its checkpoints
       verify_walk.c      all shares, on all processors
       verify_share.c     one share: how it begins and ends, its derived records
       verify_event.c     its events, one behind the other, with their commitments
       verify_body.c      the rows of their bodies
       verify_fold.c      the fold of the events
       verify_snapshot.c  the snapshots against that fold
       verify_rows.c      rows that nothing leads to
       verify_check.h     what is handed from file to file

   Everything is read once, as it lies: of an item's bytes, while they are hashed for its
   commitment, a print is kept, and by that a snapshot's bytes are compared. The first fault ends
   it. Nothing in the store is changed; what was found is kept in a file beside it
   (audit/verified.h). */

#include "core/audit/verified.h"
#include "core/log/log.h"
#include "core/verify/verify_rows.h"
#include "core/verify/verify_walk.h"

/* Rows of an index that belong to nothing. */
static enum sl_result count_index(struct sl_store *store, enum kv_family family,
    struct row_key from, struct row_key to, uint64_t expected, const char *what, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, family, row_span(&from), row_span(&to), KV_SCAN);
    uint64_t rows = 0;
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && rows != expected)
        return sl_fail(err, SL_CORRUPT,
            "%s: %llu entries where there should be %llu; `sharelog rebuild` makes it again", what,
            (unsigned long long)rows, (unsigned long long)expected);
    return result;
}

static enum sl_result check_indexes(
    struct sl_store *store, const struct sl_verified *verified, uint64_t holds, struct sl_err *err)
{
    struct row_key start = row_meta(""), newest = row_index(ROW_INDEX_NEWEST, SL_SPAN("")),
                   newest_end = row_index(ROW_INDEX_NEWEST + 1, SL_SPAN("")),
                   ref = row_index(ROW_INDEX_REF, SL_SPAN("")),
                   ref_end = row_index(ROW_INDEX_REF + 1, SL_SPAN("")),
                   held = row_index(ROW_INDEX_HELD, SL_SPAN("")),
                   held_end = row_index(ROW_INDEX_HELD + 1, SL_SPAN(""));
    uint64_t live = verified->shares - verified->removed;
    enum sl_result result = count_index(
        store, KV_SHARE, start, row_whole(), verified->shares, "the shares' records", err);
    if (result == SL_OK)
        result =
            count_index(store, KV_BY_SESSION, start, row_whole(), live, "the list by session", err);
    if (result == SL_OK)
        result =
            count_index(store, KV_INDEX, newest, newest_end, live, "the list of live shares", err);
    if (result == SL_OK)
        result = count_index(
            store, KV_INDEX, ref, ref_end, verified->shares, "the index by reference", err);
    if (result == SL_OK)
        result =
            count_index(store, KV_INDEX, held, held_end, holds, "the list of held sessions", err);
    return result;
}

static enum sl_result verify_once(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *out, struct sl_err *err)
{
    struct shares_verified shares;
    struct sl_verified *verified = &shares.verified;
    uint64_t total;
    struct log_check *log = calloc(1, sizeof(*log));
    if (!log) return sl_fail(err, SL_NOMEM, "out of memory");
    log->store = store;
    enum sl_result result = log_size(store->kv, &total, err);
    if (result == SL_OK) result = shares_check(store, log, total, progress, &shares, err);
    /* Each event has the log's header at its position, and each header names one event: with as
       many of both, none is missing. */
    if (result == SL_OK && verified->events != log->edge.size)
        result = sl_fail(err, SL_CORRUPT, "log: %llu headers, but the shares have %llu events",
            (unsigned long long)log->edge.size, (unsigned long long)verified->events);
    if (result == SL_OK) result = check_indexes(store, verified, shares.holds, err);
    if (result == SL_OK) result = rows_check(store, err);
    if (result == SL_OK) {
        tree_edge_root(&log->edge, verified->root);
        progress_report(progress, "verified", total, total);
        *out = *verified;
    }
    free(log);
    return result;
}

static enum sl_result verify_twice(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *verified, struct sl_err *err)
{
    enum sl_result result = verify_once(store, progress, verified, err);
    if (result != SL_CORRUPT || store->access != SL_READ_BESIDE) return result;
    /* Beside a writing process files come and go while they are read: a fault counts when it is
       still there afterwards. */
    result = sl_store_catch_up(store, err);
    return result == SL_OK ? verify_once(store, progress, verified, err) : result;
}

enum sl_result sl_store_verify(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *verified, struct sl_err *err)
{
    struct sl_err fault = {0};
    enum sl_result result = verify_twice(store, progress, verified, &fault);
    if (result == SL_OK) verified_keep(store, verified, NULL);
    if (result == SL_CORRUPT) verified_keep(store, NULL, &fault);
    if (result != SL_OK && err) *err = fault;
    return result;
}
