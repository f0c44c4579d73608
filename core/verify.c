#include "verify.h"

#include "log.h"
#include "rows.h"

/* ---- the log by position ---- */

/* RFC 6962 2.1, from the left: the roots of the full subtrees so far, one a set bit of the size. */
struct roots {
    uint8_t level[64][32];
    uint64_t size;
};

static void join(const uint8_t left[32], const uint8_t right[32], uint8_t out[32])
{
    crypto_sha256_of(
        (struct sl_span[]){{"\1", 1}, {(const char *)left, 32}, {(const char *)right, 32}}, 3, out);
}

static void roots_add(struct roots *roots, const uint8_t leaf[32])
{
    uint8_t hash[32];
    memcpy(hash, leaf, 32);
    unsigned level = 0;
    for (uint64_t size = roots->size++; size & 1; size >>= 1, level++)
        join(roots->level[level], hash, hash);
    memcpy(roots->level[level], hash, 32);
}

static void roots_root(const struct roots *roots, uint8_t root[32])
{
    bool any = false;
    crypto_sha256("", 0, root);
    for (unsigned level = 0; level < 64; level++) {
        if (!(roots->size >> level & 1)) continue;
        if (any)
            join(roots->level[level], root, root);
        else
            memcpy(root, roots->level[level], 32);
        any = true;
    }
}

static enum sl_result check_log(struct sl_store *store, const struct sl_progress *progress,
    struct roots *roots, uint64_t total, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, true);
    enum sl_result result = SL_OK;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter), value = kv_iter_value(iter);
        uint64_t position = key.len == 8 ? be_get(key.ptr, 8) : UINT64_MAX;
        struct header header;
        uint8_t leaf[32];
        if (position != roots->size)
            result = sl_fail(
                err, SL_CORRUPT, "log: position %llu is missing", (unsigned long long)roots->size);
        else if (!header_decode(value, &header))
            result = sl_fail(err, SL_CORRUPT, "log: the header at %llu is unreadable",
                (unsigned long long)position);
        if (result != SL_OK) break;
        header_leaf(value, leaf);
        roots_add(roots, leaf);
        if (position % 4096 == 0) progress_report(progress, "log", position, total);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
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
    check->erasing = kv_get(store->kv, KV_META, row_span(&erase), &pin, err) == SL_OK;
    kv_release(&pin);
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
    struct roots *roots = calloc(1, sizeof(*roots));
    uint64_t total = 0;
    enum sl_result result =
        roots ? log_size(store->kv, &total, err) : sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK) result = check_log(store, progress, roots, total, err);
    if (result == SL_OK) result = check_shares(&check, progress, total, err);
    /* Each event has the log's header at its position, and each header names one event: with as
       many of both, none is missing. */
    if (result == SL_OK && verified.events != roots->size)
        result = sl_fail(err, SL_CORRUPT, "log: %llu headers, but the shares have %llu events",
            (unsigned long long)roots->size, (unsigned long long)verified.events);
    if (result == SL_OK) result = check_indexes(store, &verified, check.holds, err);
    if (result == SL_OK) {
        roots_root(roots, verified.root);
        progress_report(progress, "verified", total, total);
        *out = verified;
    }
    share_check_fini(&check);
    free(roots);
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
