/* One share, from its first event to its last: what it begins with, what has to be left over behind
   its events (nothing), and the derived records that its events lead to. */

#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/verify/verify.h"

/* The first row of a share, or the first behind it: these iterators go through all shares, in
   order, since beginning anew with each would read the same blocks again. */
static struct kv_iter *stand_at(
    struct sl_store *store, struct kv_iter *iter, enum kv_family family, const struct row_key *from)
{
    if (!iter)
        iter = kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    if (!kv_iter_valid(iter) || sl_span_cmp(kv_iter_key(iter), row_span(from)) < 0)
        kv_iter_seek(iter, row_span(from));
    return iter;
}

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
    check->stored_removed = !share_is_live(share);
    struct row_key due = row_index(ROW_INDEX_DUE, id), erase = row_erase(id);
    struct kv_pin pin;
    check->due = kv_get(store->kv, KV_INDEX, row_span(&due), &pin, err) == SL_OK;
    kv_release(&pin);
    /* of a live share the mark says that files are being rewritten after a redaction */
    check->erasing =
        check->stored_removed && kv_get(store->kv, KV_META, row_span(&erase), &pin, err) == SL_OK;
    if (check->stored_removed) kv_release(&pin);
    struct row_key from = row_share_from(id);
    check->end = row_share_to(id);
    check->events = stand_at(store, check->events, KV_EVENT, &from);
    check->bodies = stand_at(store, check->bodies, KV_BODY, &from);
    check->snapshots = stand_at(store, check->snapshots, KV_SNAPSHOT, &from);
    if (!check->stored_removed) check_fold_begin(&check->fold);
    share_release(share);
    return SL_OK;
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
        kv_iter_create(check->store->kv, family, row_span(&from), row_span(&to), KV_CACHED);
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

/* What was not gone through, of a share that is removed, is passed over here. */
static enum sl_result check_gaps(struct share_check *check, struct sl_err *err)
{
    stand_at(check->store, check->bodies, KV_BODY, &check->end);
    stand_at(check->store, check->snapshots, KV_SNAPSHOT, &check->end);
    enum sl_result result = rows_gap(check->bodies, KV_BODY, &check->next, err);
    return result == SL_OK ? rows_gap(check->snapshots, KV_SNAPSHOT, &check->next, err) : result;
}

enum sl_result share_check_end(struct share_check *check, struct sl_err *err)
{
    if (!check->id[0]) return SL_OK;
    const struct withheld_item *left = withheld_fault(&check->withheld);
    if (left)
        return sl_fail(err, SL_CORRUPT,
            "share %s: event %llu: item %llu is withheld, but no redact event names it", check->id,
            (unsigned long long)left->sequence, (unsigned long long)left->item);
    enum sl_result result = bodies_end(check, err);
    if (result == SL_OK && !check->stored_removed) result = snapshots_end(check, err);
    if (result == SL_OK) result = check_gaps(check, err);
    if (result == SL_OK) result = check_derived(check, err);
    if (result == SL_OK) result = check_erased(check, err);
    check->holds += check->held;
    check->verified->shares++;
    check->verified->removed += check->stored_removed;
    check_fold_end(&check->fold);
    check->id[0] = 0;
    return result;
}

void share_check_jump(struct share_check *check)
{
    kv_iter_destroy(check->bodies);
    kv_iter_destroy(check->snapshots);
    check->bodies = check->snapshots = NULL;
}

void share_check_fini(struct share_check *check)
{
    check_fold_fini(&check->fold);
    kv_iter_destroy(check->log);
    kv_iter_destroy(check->events);
    kv_iter_destroy(check->bodies);
    kv_iter_destroy(check->snapshots);
    kv_iter_destroy(check->owners);
    buf_fini(&check->prefix);
    withheld_fini(&check->withheld);
    buf_fini(&check->scratch);
}
