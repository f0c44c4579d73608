/* A session's shares for who reads, its holds, and letting it be shared again: an allow event is
   appended to each share that holds it, whose write takes the hold's row away.

   How it fails: looking leaves nothing behind. An allow that fails midway leaves the holds that it
   hadn't come to, and may be repeated. */

#include "core/by_session.h"

#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/session_lock.h"

#include <assert.h>
#include <stdio.h>

enum sl_result session_id_check(struct sl_span session_id, struct sl_err *err)
{
    if (session_id.len == 0) return sl_fail(err, SL_INVALID, "sessionID: empty");
    if (session_id.len > SL_SESSION_ID_BYTES)
        return sl_fail(err, SL_INVALID, "sessionID: longer than %d bytes", SL_SESSION_ID_BYTES);
    for (size_t i = 0; i < session_id.len; i++)
        if ((uint8_t)session_id.ptr[i] < ' ' || session_id.ptr[i] == 0x7f)
            return sl_fail(err, SL_INVALID, "sessionID: has a control character");
    return SL_OK;
}

/* ---- its live shares ---- */

static struct kv_iter *shares_between(
    struct sl_store *store, const struct row_key *from, const struct row_key *to)
{
    return kv_iter_create(store->kv, KV_BY_SESSION, row_span(from), row_span(to), KV_CACHED);
}

struct kv_iter *session_shares_by(
    struct sl_store *store, struct sl_span session_id, const uint8_t maker[MAKER_BYTES])
{
    struct row_key from = row_by_session(session_id, maker, 0),
                   to = row_by_session(session_id, maker, UINT64_MAX);
    return shares_between(store, &from, &to);
}

struct kv_iter *session_shares_by_keys(struct sl_store *store, struct sl_span session_id)
{
    struct row_key from = row_by_session(session_id, maker_nobody, UINT64_MAX),
                   to = row_by_session_to(session_id);
    return shares_between(store, &from, &to);
}

enum sl_result session_row(struct sl_span key, struct sl_span session_id, const uint8_t **maker,
    uint64_t *position, struct sl_err *err)
{
    return row_parse_by_session(key, session_id, maker, position)
               ? SL_OK
               : sl_fail(err, SL_CORRUPT,
                     "the list by session: a key is unreadable; `sharelog rebuild` makes it again");
}

/* Where a session's readers are led to: a key's share before one that doesn't say who made it, and
   that before nobody's, which any stranger may have made; of equals the newest. */
struct led_to {
    int rank; /* 0: none */
    uint64_t position;
    char id[SL_SHARE_ID_BYTES + 1];
};

static void consider(struct led_to *best, const uint8_t maker[MAKER_BYTES], uint64_t position,
    struct sl_span share_id)
{
    int rank = maker_same(maker, maker_nobody) ? 1 : maker_same(maker, maker_unknown) ? 2 : 3;
    if (rank < best->rank || (rank == best->rank && position < best->position)) return;
    best->rank = rank;
    best->position = position;
    snprintf(best->id, sizeof(best->id), "%.*s", (int)share_id.len, share_id.ptr);
}

enum sl_result sl_session_share(struct sl_store *store, struct sl_span session_id,
    char id[SL_SHARE_ID_BYTES + 1], struct sl_err *err)
{
    if (session_id_check(session_id, NULL) != SL_OK)
        return sl_fail(err, SL_NOT_FOUND, "no such session");
    struct row_key from = row_by_session_from(session_id), to = row_by_session_to(session_id);
    struct kv_iter *iter = shares_between(store, &from, &to);
    struct led_to best = {0};
    enum sl_result result = SL_OK;
    kv_iter_last(iter);
    while (result == SL_OK && kv_iter_valid(iter)) {
        /* The newest of each maker is looked at, and no older one. */
        const uint8_t *maker;
        uint64_t position;
        result = session_row(kv_iter_key(iter), session_id, &maker, &position, err);
        if (result != SL_OK) break;
        consider(&best, maker, position, kv_iter_value(iter));
        struct row_key before = row_by_session(session_id, maker, 0);
        before.len -= 8; /* all of this maker's lie behind it */
        kv_iter_seek_back(iter, row_span(&before));
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && !best.rank)
        result = sl_fail(err, SL_NOT_FOUND, "the session is not shared here");
    if (result == SL_OK) memcpy(id, best.id, sizeof(best.id));
    return result;
}

/* ---- its holds ---- */

/* Of the holds from one key up to another the first one's share; *share_id is empty if there is
   none. */
static enum sl_result first_hold(struct sl_store *store, struct sl_span session_id,
    const struct row_key *from, const struct row_key *to, char share_id[SL_SHARE_ID_BYTES + 1],
    struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_INDEX, row_span(from), row_span(to), KV_CACHED);
    enum sl_result result = SL_OK;
    struct sl_span id;
    kv_iter_first(iter);
    share_id[0] = 0;
    if (!kv_iter_valid(iter))
        result = kv_iter_check(iter, err);
    else if (row_parse_held(kv_iter_key(iter), session_id, &id))
        snprintf(share_id, SL_SHARE_ID_BYTES + 1, "%.*s", (int)id.len, id.ptr);
    else
        result = sl_fail(err, SL_CORRUPT,
            "the list of held sessions: a key is unreadable; `sharelog rebuild` makes it again");
    kv_iter_destroy(iter);
    return result;
}

/* Of a share that this maker made. */
static enum sl_result hold_on(struct sl_store *store, struct sl_span session_id,
    const uint8_t maker[MAKER_BYTES], char share_id[SL_SHARE_ID_BYTES + 1], struct sl_err *err)
{
    struct row_key from = row_held(session_id, maker, SL_SPAN("")),
                   to = row_held(session_id, maker, SL_SPAN("\x7f"));
    return first_hold(store, session_id, &from, &to, share_id, err);
}

static enum sl_result hold_on_any(struct sl_store *store, struct sl_span session_id,
    char share_id[SL_SHARE_ID_BYTES + 1], struct sl_err *err)
{
    struct row_key from = row_held_from(session_id), to = row_held_to(session_id);
    return first_hold(store, session_id, &from, &to, share_id, err);
}

enum sl_result session_check_held(struct sl_store *store, struct sl_span session_id,
    const uint8_t maker[MAKER_BYTES], struct sl_err *err)
{
    char id[SL_SHARE_ID_BYTES + 1];
    enum sl_result result;
    if (maker_same(maker, maker_nobody)) {
        result = hold_on_any(store, session_id, id, err);
    } else {
        result = hold_on(store, session_id, maker, id, err);
        if (result == SL_OK && !id[0]) result = hold_on(store, session_id, maker_unknown, id, err);
    }
    if (result != SL_OK || !id[0]) return result;
    return sl_fail(err, SL_HELD,
        "the owner took this session's share down: it can't be shared again until the owner allows it");
}

/* ---- letting a session be shared again ---- */

static enum sl_result drop_hold(struct append *append, struct kv_batch *kv_batch)
{
    struct sl_store *store = append->ctx;
    assert(append->kind == SL_ALLOW && !share_is_live(append->share));
    const struct share_record *record = &append->share->record;
    struct row_key key = row_held(record->session_id, record->maker, sl_span_of(append->share->id));
    kv_delete(store->kv, kv_batch, KV_INDEX, row_span(&key));
    return SL_OK;
}

static enum sl_result append_allow(
    struct sl_store *store, struct sl_span share_id, struct sl_err *err)
{
    struct share *share;
    struct batch batch = {0};
    struct buf body = {0};
    enum sl_result result = share_acquire(store->shares, share_id, &share, err);
    if (result != SL_OK) return result;
    allow_body_encode(&(struct allow_body){.who = SL_WHO_OWNER}, &body);
    result = body.failed
                 ? sl_fail(err, SL_NOMEM, "out of memory")
                 : batch_control("allow", buf_span(&body), store_now_us(store), &batch, err);
    if (result == SL_OK) {
        struct append append = {
            .share = share, .batch = &batch, .kind = SL_ALLOW, .derive = drop_hold, .ctx = store};
        result = sequencer_append(store->sequencer, &append, err);
    }
    batch_fini(&batch);
    buf_fini(&body);
    share_release(share);
    return result;
}

enum sl_result sl_session_allow(
    struct sl_store *store, struct sl_span session_id, struct sl_err *err)
{
    enum sl_result result = session_id_check(session_id, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result != SL_OK) return result;
    char share_id[SL_SHARE_ID_BYTES + 1], before[SL_SHARE_ID_BYTES + 1] = "";
    session_lock(store->session_locks, session_id);
    do {
        result = hold_on_any(store, session_id, share_id, err);
        if (result == SL_OK && share_id[0] && strcmp(share_id, before) == 0)
            result = sl_fail(err, SL_CORRUPT,
                "share %s holds a session that is not its own; `sharelog rebuild` mends that",
                share_id);
        if (result == SL_OK && share_id[0]) result = append_allow(store, sl_span_of(share_id), err);
        memcpy(before, share_id, sizeof(before));
    } while (result == SL_OK && share_id[0]);
    session_unlock(store->session_locks, session_id);
    return result;
}
