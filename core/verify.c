#include "verify.h"

#include "checkpoint.h"
#include "log.h"
#include "rows.h"
#include "tiles.h"

/* ---- the log by position ---- */

/* The log's tree made anew, and what is wrong with the one that is stored. */
struct log_check {
    struct sl_store *store;
    struct tree_edge edge;
    struct tiles *tiles;
    uint64_t rows; /* of tiles, that there should be */
    bool has_kept;
    struct sl_checkpoint kept;
    enum sl_result result;
    struct sl_err *err;
};

/* A row of a tile that isn't full yet is put again, longer, until it is. */
static void check_tile(void *ctx, unsigned level, uint64_t index, struct sl_span hashes)
{
    struct log_check *check = ctx;
    struct row_key key = row_tile(level, index);
    struct kv_pin pin;
    bool full = hashes.len == TILE_BYTES;
    check->rows += level == 0 ? full : hashes.len == 32;
    if (!full || check->result != SL_OK) return;
    enum sl_result result = kv_get(check->store->kv, KV_TILE, row_span(&key), &pin, check->err);
    if (result == SL_NOT_FOUND || (result == SL_OK && !sl_span_eq(pin.value, hashes)))
        result = sl_fail(check->err, SL_CORRUPT,
            "log: tile %u/%llu is not what its leaves make; `sharelog rebuild` makes it again",
            level, (unsigned long long)index);
    kv_release(&pin);
    check->result = result;
}

/* The rows at the edge must give the same root as the leaves do. */
static enum sl_result check_edge(struct log_check *check, struct sl_err *err)
{
    uint8_t root[32], stored[32];
    struct row_key from = row_meta(""), to = row_whole();
    uint64_t rows = 0;
    struct kv_iter *iter =
        kv_iter_create(check->store->kv, KV_TILE, row_span(&from), row_span(&to), true);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        rows++;
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result != SL_OK) return result;
    if (rows != check->rows)
        return sl_fail(err, SL_CORRUPT,
            "log: %llu tiles where there should be %llu; `sharelog rebuild` makes them again",
            (unsigned long long)rows, (unsigned long long)check->rows);
    struct tiles_reader *reader = tiles_reader_create(check->store->kv);
    if (!reader) return sl_fail(err, SL_NOMEM, "out of memory");
    result = tree_root(tiles_source(reader), check->edge.size, stored, err);
    tiles_reader_destroy(reader);
    tree_edge_root(&check->edge, root);
    if (result == SL_OK && memcmp(root, stored, 32) != 0)
        result = sl_fail(err, SL_CORRUPT,
            "log: a tile at its end is not what its leaves make; `sharelog rebuild` makes it again");
    return result;
}

static enum sl_result check_kept(struct log_check *check, struct sl_err *err)
{
    uint8_t root[32];
    if (!check->has_kept || check->edge.size != check->kept.size) return SL_OK;
    tree_edge_root(&check->edge, root);
    if (memcmp(root, check->kept.root, 32) == 0) return SL_OK;
    return sl_fail(err, SL_CORRUPT,
        "log: its first %llu events are not the ones that its checkpoint was signed for",
        (unsigned long long)check->kept.size);
}

static enum sl_result check_header(
    struct log_check *check, struct sl_span key, struct sl_span value, struct sl_err *err)
{
    uint64_t position = key.len == 8 ? be_get(key.ptr, 8) : UINT64_MAX;
    struct header header;
    uint8_t leaf[32];
    if (position != check->edge.size)
        return sl_fail(
            err, SL_CORRUPT, "log: position %llu is missing", (unsigned long long)check->edge.size);
    if (!header_decode(value, &header))
        return sl_fail(
            err, SL_CORRUPT, "log: the header at %llu is unreadable", (unsigned long long)position);
    header_leaf(value, leaf);
    tree_add(&check->edge, leaf);
    check->err = err;
    tiles_append(check->tiles, leaf, (struct tiles_sink){check_tile, check});
    return check->result == SL_OK ? check_kept(check, err) : check->result;
}

static enum sl_result check_log(
    struct log_check *check, const struct sl_progress *progress, uint64_t total, struct sl_err *err)
{
    struct kv *kv = check->store->kv;
    enum sl_result result = checkpoints_fault(check->store->checkpoints, err);
    if (result != SL_OK) return err ? (err->result = SL_CORRUPT) : SL_CORRUPT;
    check->has_kept = checkpoints_kept(check->store->checkpoints, &check->kept) == SL_OK;
    result = tiles_open(kv, 0, &check->tiles, err);
    if (result == SL_OK) result = check_kept(check, err);
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, true);
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        result = check_header(check, kv_iter_key(iter), kv_iter_value(iter), err);
        if (check->edge.size % 4096 == 0) progress_report(progress, "log", check->edge.size, total);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK) result = check_edge(check, err);
    if (result == SL_OK && check->has_kept && check->kept.size > check->edge.size)
        result = sl_fail(err, SL_CORRUPT,
            "log: it has %llu events, but a checkpoint of %llu was signed: the last ones are lost",
            (unsigned long long)check->edge.size, (unsigned long long)check->kept.size);
    tiles_close(check->tiles);
    return result;
}

/* ---- one share ---- */

enum sl_result share_check_begin(struct share_check *check, struct sl_span id, struct sl_err *err)
{
    struct sl_store *store = check->store;
    if (!sl_share_id_valid(id))
        return sl_fail(err, SL_CORRUPT, "an event belongs to something that is no share id");
    memset(check->id, 0, sizeof(check->id));
    memcpy(check->id, id.ptr, id.len);
    check->record = (struct share_record){0};
    check->last = (struct head){0};
    check->held = check->due = check->erasing = check->stored_removed = false;
    check->removal = check->snapshot_stored = check->snapshot_size = 0;
    check->withheld.count = 0;
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND)
        return sl_fail(err, SL_CORRUPT,
            "share %s: its record is missing; `sharelog rebuild` makes it again", check->id);
    if (result != SL_OK) return result;
    shares_lock(store->shares);
    check->stored_removed = share->record.state == SL_SHARE_REMOVED;
    shares_unlock(store->shares);
    struct row_key due = row_index(ROW_INDEX_DUE, id), erase = row_erase(id);
    struct kv_pin pin;
    check->due = kv_get(store->kv, KV_INDEX, row_span(&due), &pin, err) == SL_OK;
    kv_release(&pin);
    /* of a live share the mark says that files are being rewritten after a redaction */
    check->erasing =
        check->stored_removed && kv_get(store->kv, KV_META, row_span(&erase), &pin, err) == SL_OK;
    if (check->stored_removed) kv_release(&pin);
    result = check->stored_removed
                 ? SL_OK
                 : view_open_at(store, share, 1, VIEW_FROM_NOTHING, &check->view, err);
    share_release(store->shares, share);
    return result;
}

static enum sl_result record_fault(
    const struct share_check *check, const char *what, struct sl_err *err)
{
    return sl_fail(
        err, SL_CORRUPT, "share %s: %s; `sharelog rebuild` makes it again", check->id, what);
}

static bool row_is(struct kv *kv, enum kv_family family, struct row_key key, struct sl_span value)
{
    struct kv_pin pin;
    bool is =
        kv_get(kv, family, row_span(&key), &pin, NULL) == SL_OK && sl_span_eq(pin.value, value);
    kv_release(&pin);
    return is;
}

static enum sl_result check_derived(struct share_check *check, struct sl_err *err)
{
    struct kv *kv = check->store->kv;
    struct sl_span id = sl_span_of(check->id);
    bool live = check->record.state == SL_SHARE_LIVE;
    struct buf record = {0};
    share_record_encode(&check->record, &record);
    bool same = row_is(kv, KV_SHARE, row_share(id), buf_span(&record));
    buf_fini(&record);
    if (!same) return record_fault(check, "its record is not what its events tell", err);
    if (!row_is(kv, KV_INDEX, row_ref(check->ref), id))
        return record_fault(check, "the index does not find it by reference", err);
    if (row_is(kv, KV_BY_SESSION, row_by_session(check->record.session_id, check->record.position),
            id) != live)
        return record_fault(check, "the list by session is wrong about it", err);
    if (row_is(kv, KV_INDEX, row_newest(check->last.position), id) != live)
        return record_fault(check, "the list of live shares is wrong about it", err);
    if (row_is(kv, KV_INDEX, row_held(check->record.session_id, id), SL_SPAN("")) != check->held)
        return record_fault(check, "the list of held sessions is wrong about it", err);
    return SL_OK;
}

/* A row of content that a removed share still has. */
static enum sl_result check_gone(struct share_check *check, enum kv_family family,
    struct row_key from, struct row_key to, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(check->store->kv, family, row_span(&from), row_span(&to), false);
    kv_iter_first(iter);
    enum sl_result result =
        kv_iter_valid(iter) ? sl_fail(err, SL_CORRUPT,
                                  "share %s: removed, but a row of its %s should have been erased",
                                  check->id, kv_family_name(family))
                            : kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result check_erased(struct share_check *check, struct sl_err *err)
{
    struct sl_span id = sl_span_of(check->id);
    if (!check->removal || check->erasing) return SL_OK;
    enum sl_result result =
        check_gone(check, KV_BODY, row_body(id, 2, 0), row_body(id, check->removal, 0), err);
    return result == SL_OK
               ? check_gone(check, KV_SNAPSHOT, row_share_from(id), row_share_to(id), err)
               : result;
}

enum sl_result share_check_end(struct share_check *check, struct sl_err *err)
{
    if (!check->id[0]) return SL_OK;
    const struct withheld_item *left = withheld_left(&check->withheld);
    if (left)
        return sl_fail(err, SL_CORRUPT,
            "share %s: event %llu: item %llu is withheld, but no redact event names it", check->id,
            (unsigned long long)left->sequence, (unsigned long long)left->item);
    enum sl_result result = check_derived(check, err);
    if (result == SL_OK) result = check_erased(check, err);
    check->holds += check->held;
    check->verified->shares++;
    check->verified->removed += check->stored_removed;
    sl_view_close(check->view);
    check->view = NULL;
    check->id[0] = 0;
    return result;
}

void share_check_fini(struct share_check *check)
{
    sl_view_close(check->view);
    crypto_hash_destroy(check->hash);
    buf_fini(&check->manifest);
    buf_fini(&check->packed);
    buf_fini(&check->prefix);
    free(check->withheld.items);
    buf_fini(&check->scratch);
}

/* ---- everything ---- */

/* Rows of an index that belong to nothing. */
static enum sl_result count_index(struct sl_store *store, enum kv_family family,
    struct row_key from, struct row_key to, uint64_t expected, const char *what, struct sl_err *err)
{
    struct kv_iter *iter = kv_iter_create(store->kv, family, row_span(&from), row_span(&to), true);
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

static enum sl_result check_shares(struct share_check *check, const struct sl_progress *progress,
    uint64_t total, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(check->store->kv, KV_EVENT, (struct sl_span){0}, (struct sl_span){0}, true);
    enum sl_result result = SL_OK;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span id;
        uint64_t sequence;
        if (!row_parse_event(kv_iter_key(iter), &id, &sequence)) {
            result = sl_fail(err, SL_CORRUPT, "an event's key is unreadable");
            break;
        }
        if (!sl_span_eq(id, sl_span_of(check->id))) {
            result = share_check_end(check, err);
            if (result == SL_OK) result = share_check_begin(check, id, err);
        }
        if (result == SL_OK) result = share_check_event(check, sequence, kv_iter_value(iter), err);
        if (check->verified->events % 256 == 0)
            progress_report(progress, "shares", check->verified->events, total);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result == SL_OK ? share_check_end(check, err) : result;
}

static enum sl_result verify_once(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *out, struct sl_err *err)
{
    struct sl_verified verified = {0};
    struct share_check check = {
        .store = store, .verified = &verified, .hash = crypto_hash_create()};
    struct log_check *log = calloc(1, sizeof(*log));
    uint64_t total = 0;
    enum sl_result result =
        log ? log_size(store->kv, &total, err) : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK) {
        log->store = store;
        result = check_log(log, progress, total, err);
    }
    if (result == SL_OK) result = check_shares(&check, progress, total, err);
    /* Each event has the log's header at its position, and each header names one event: with as
       many of both, none is missing. */
    if (result == SL_OK && verified.events != log->edge.size)
        result = sl_fail(err, SL_CORRUPT, "log: %llu headers, but the shares have %llu events",
            (unsigned long long)log->edge.size, (unsigned long long)verified.events);
    if (result == SL_OK) result = check_indexes(store, &verified, check.holds, err);
    if (result == SL_OK) {
        tree_edge_root(&log->edge, verified.root);
        progress_report(progress, "verified", total, total);
        *out = verified;
    }
    share_check_fini(&check);
    free(log);
    return result;
}

enum sl_result sl_store_verify(struct sl_store *store, const struct sl_progress *progress,
    struct sl_verified *verified, struct sl_err *err)
{
    enum sl_result result = verify_once(store, progress, verified, err);
    if (result != SL_CORRUPT || store->access != SL_READ_BESIDE) return result;
    /* Beside a writing process files come and go while they are read: a fault counts when it is
       still there afterwards. */
    result = sl_store_catch_up(store, err);
    return result == SL_OK ? verify_once(store, progress, verified, err) : result;
}
