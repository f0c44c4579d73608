/* One share's beginning and end. It begins with what the store says of it beside its events: live,
   being erased, erased. At the end no row may be left over behind its events, and each derived
   record must be what the events say. Whatever happened, the check can go on to another share. */

#include "core/verify/verify_share.h"

#include "core/log/share.h"
#include "core/verify/verify_body.h"
#include "core/verify/verify_rows.h"
#include "core/verify/verify_snapshot.h"

#include <assert.h>

/* The first row of a share, or the first behind it: these iterators go through all shares, in
   order, since beginning anew with each would read the same blocks again. */
static void bodies_at(struct share_check *check, const struct row_key *from)
{
    struct body_iter *iter = &check->at.bodies;
    if (!body_iter_is_there(iter))
        body_iter_init(
            iter, check->store->bodies, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    if (!body_iter_valid(iter) || sl_span_cmp(body_iter_key(iter), row_span(from)) < 0)
        body_iter_seek(iter, row_span(from));
}

static struct kv_iter *stand_at(
    struct sl_store *store, struct kv_iter *iter, enum kv_family family, const struct row_key *from)
{
    if (!iter)
        iter = kv_iter_create(store->kv, family, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    if (!kv_iter_valid(iter) || sl_span_cmp(kv_iter_key(iter), row_span(from)) < 0)
        kv_iter_seek(iter, row_span(from));
    return iter;
}

static enum sl_result is_there(struct kv *kv, enum kv_family family, const struct row_key *key,
    bool *there, struct sl_err *err)
{
    struct kv_pin pin;
    enum sl_result result = kv_get(kv, family, row_span(key), &pin, err);
    kv_release(&pin);
    if (result != SL_OK && result != SL_NOT_FOUND) return result;
    *there = result == SL_OK;
    return SL_OK;
}

/* What the store says of the share beside its events: is it removed, is it being erased, is a
   snapshot of it due? */
static enum sl_result read_stored(struct share_check *check, struct sl_span id, struct sl_err *err)
{
    struct sl_store *store = check->store;
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND)
        return sl_fail(err, SL_CORRUPT,
            "share %s: its record is missing; `sharelog rebuild` makes it again", check->facts.id);
    if (result != SL_OK) return result;
    bool removed = !share_is_live(share), erasing = false;
    share_release(share);
    struct row_key due = row_index(ROW_INDEX_DUE, id), erase = row_erase(id);
    result = is_there(store->kv, KV_INDEX, &due, &check->snapshot.due, err);
    /* of a live share the mark says that files are being rewritten after a redaction */
    if (result == SL_OK && removed) result = is_there(store->kv, KV_META, &erase, &erasing, err);
    check->content = erasing ? CONTENT_ERASING : removed ? CONTENT_ERASED : CONTENT_WHOLE;
    return result;
}

enum sl_result share_check_begin(struct share_check *check, struct sl_span id, struct sl_err *err)
{
    struct sl_store *store = check->store;
    if (!sl_share_id_valid(id))
        return sl_fail(err, SL_CORRUPT, "an event belongs to something that is no share id");
    assert(!check->facts.id[0]); /* the one before was ended */
    check->facts = (struct check_facts){0};
    memcpy(check->facts.id, id.ptr, id.len);
    check->snapshot = (struct check_snapshot){0};
    withheld_clear(&check->withheld);
    enum sl_result result = read_stored(check, id, err);
    if (result != SL_OK) return result;
    struct row_key from = row_share_from(id);
    check->at.end = row_share_to(id);
    check->at.events = stand_at(store, check->at.events, KV_EVENT, &from);
    bodies_at(check, &from);
    check->at.snapshots = stand_at(store, check->at.snapshots, KV_SNAPSHOT, &from);
    if (check->content == CONTENT_WHOLE) check_fold_begin(&check->fold);
    return SL_OK;
}

static enum sl_result record_fault(
    const struct share_check *check, const char *what, struct sl_err *err)
{
    return sl_fail(
        err, SL_CORRUPT, "share %s: %s; `sharelog rebuild` makes it again", check->facts.id, what);
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
    struct sl_span id = sl_span_of(check->facts.id);
    bool live = check->facts.record.state == SL_SHARE_LIVE;
    assert(!live == (check->facts.removal > 0));
    struct buf record = {0};
    share_record_encode(&check->facts.record, &record);
    bool same = row_is(kv, KV_SHARE, row_share(id), buf_span(&record));
    buf_fini(&record);
    if (!same) return record_fault(check, "its record is not what its events tell", err);
    if (!row_is(kv, KV_INDEX, row_ref(check->facts.ref), id))
        return record_fault(check, "the index does not find it by reference", err);
    const struct share_record *facts = &check->facts.record;
    if (row_is(kv, KV_BY_SESSION, row_by_session(facts->session_id, facts->maker, facts->position),
            id) != live)
        return record_fault(check, "the list by session is wrong about it", err);
    if (row_is(kv, KV_INDEX, row_newest(check->facts.last.position), id) != live)
        return record_fault(check, "the list of live shares is wrong about it", err);
    if (row_is(kv, KV_INDEX, row_held(facts->session_id, facts->maker, id), SL_SPAN("")) !=
        check->facts.holds)
        return record_fault(check, "the list of held sessions is wrong about it", err);
    return SL_OK;
}

/* A row of content that a removed share still has. */
static enum sl_result not_gone(
    const struct share_check *check, enum kv_family family, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
        "share %s: removed, but a row of its %s should have been erased", check->facts.id,
        kv_family_name(family));
}

static enum sl_result check_bodies_gone(struct share_check *check, struct sl_err *err)
{
    struct sl_span id = sl_span_of(check->facts.id);
    struct row_key from = row_body(id, 2, 0), to = row_body(id, check->facts.removal, 0);
    struct body_iter iter;
    body_iter_init(&iter, check->store->bodies, row_span(&from), row_span(&to), KV_CACHED);
    body_iter_first(&iter);
    enum sl_result result = body_iter_valid(&iter) ? not_gone(check, body_iter_family(&iter), err)
                                                   : body_iter_check(&iter, err);
    body_iter_fini(&iter);
    return result;
}

static enum sl_result check_snapshots_gone(struct share_check *check, struct sl_err *err)
{
    struct sl_span id = sl_span_of(check->facts.id);
    struct row_key from = row_share_from(id), to = row_share_to(id);
    struct kv_iter *iter =
        kv_iter_create(check->store->kv, KV_SNAPSHOT, row_span(&from), row_span(&to), KV_CACHED);
    kv_iter_first(iter);
    enum sl_result result =
        kv_iter_valid(iter) ? not_gone(check, KV_SNAPSHOT, err) : kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result check_erased(struct share_check *check, struct sl_err *err)
{
    if (!check->facts.removal || check->content == CONTENT_ERASING) return SL_OK;
    enum sl_result result = check_bodies_gone(check, err);
    return result == SL_OK ? check_snapshots_gone(check, err) : result;
}

/* The rows of a removed share that were not gone through are passed over, up to the next share. */
static enum sl_result check_gaps(struct share_check *check, struct sl_err *err)
{
    bodies_at(check, &check->at.end);
    stand_at(check->store, check->at.snapshots, KV_SNAPSHOT, &check->at.end);
    enum sl_result result = rows_gap_bodies(&check->at.bodies, &check->at.next, err);
    return result == SL_OK ? rows_gap_snapshots(check->at.snapshots, &check->at.next, err) : result;
}

enum sl_result share_check_end(struct share_check *check, struct sl_err *err)
{
    assert(check->facts.id[0] && check->fold.folds == (check->content == CONTENT_WHOLE));
    const struct withheld_item *left = withheld_fault(&check->withheld);
    if (left)
        return sl_fail(err, SL_CORRUPT,
            "share %s: event %llu: item %llu is withheld, but no redact event names it",
            check->facts.id, (unsigned long long)left->sequence, (unsigned long long)left->item);
    enum sl_result result = bodies_end(check, err);
    if (result == SL_OK && check->content == CONTENT_WHOLE) result = snapshots_end(check, err);
    if (result == SL_OK) result = check_gaps(check, err);
    if (result == SL_OK) result = check_derived(check, err);
    if (result == SL_OK) result = check_erased(check, err);
    check->holds += check->facts.holds;
    check->verified->shares++;
    check->verified->removed += check->content != CONTENT_WHOLE;
    check_fold_end(&check->fold);
    check->facts.id[0] = 0;
    return result;
}

void share_check_jump(struct share_check *check)
{
    body_iter_fini(&check->at.bodies);
    kv_iter_destroy(check->at.snapshots);
    check->at.snapshots = NULL;
}

void share_check_fini(struct share_check *check)
{
    check_fold_fini(&check->fold);
    kv_iter_destroy(check->at.log);
    kv_iter_destroy(check->at.events);
    body_iter_fini(&check->at.bodies);
    kv_iter_destroy(check->at.snapshots);
    kv_iter_destroy(check->at.owners);
    buf_fini(&check->prefix);
    withheld_fini(&check->withheld);
    buf_fini(&check->control);
}
