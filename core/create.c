/* Creating a share, finding it again, and letting a session be shared again after a take-down.

   A create looks first: is the session held by the owner's take-down; has it a live share that this
   caller may have back; did the same client create it a moment ago. Then it makes a share: it
   claims an id that was never given (share_claim), and appends the create event, whose write puts
   the share's derived rows too. Looking and appending are one under the session's lock.

   How it fails: before the append nothing is left but a claimed id, which is given back. The append
   refused (SL_READ_ONLY, SL_CLOSING): the same. Its write failed (SL_IO): the share isn't there for
   this process; whether it exists is settled when the store is reopened. */

#include "core/base/crypto.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/store.h"
#include "core/session_lock.h"
#include "core/twins.h"

#include <assert.h>
#include <stdio.h>

static enum sl_result session_id_check(struct sl_span session_id, struct sl_err *err)
{
    if (session_id.len == 0) return sl_fail(err, SL_INVALID, "sessionID: empty");
    if (session_id.len > SL_SESSION_ID_BYTES)
        return sl_fail(err, SL_INVALID, "sessionID: longer than %d bytes", SL_SESSION_ID_BYTES);
    for (size_t i = 0; i < session_id.len; i++)
        if ((uint8_t)session_id.ptr[i] < ' ' || session_id.ptr[i] == 0x7f)
            return sl_fail(err, SL_INVALID, "sessionID: has a control character");
    return SL_OK;
}

/* ---- recovery ---- */

static void secret_of(struct sl_store *store, struct sl_span session_id, struct sl_span share_id,
    enum secret_kind kind, char secret[SL_SECRET_BYTES + 1])
{
    sl_store_secret(
        store, session_id, kind == SECRET_BY_ID ? share_id : (struct sl_span){0}, secret);
}

/* Does the secret that this server computes for a live share fit the one it was made with? (It
   doesn't once the namespace has been changed.) `only_unsynced`: and has nothing been synced into
   it? */
static enum sl_result recover(struct sl_store *store, struct sl_span share_id, bool only_unsynced,
    struct sl_credentials *credentials, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, share_id, &share, err);
    if (result != SL_OK) return result;
    shares_lock(store->shares);
    uint64_t syncs = share->head.syncs;
    shares_unlock(store->shares);
    const struct share_record *record = &share->record; /* whose identity never changes */
    struct sl_credentials c = {.recovered = true};
    memcpy(c.id, share_id.ptr, share_id.len);
    secret_of(store, record->session_id, share_id, record->secret_kind, c.secret);
    bool fits = share_is_live(share) && (!only_unsynced || syncs == 0) &&
                share_secret_fits(record, sl_span_of(c.secret));
    share_release(share);
    if (!fits) return SL_NOT_FOUND;
    *credentials = c;
    return SL_OK;
}

/* The newest live share of a session whose secret fits. *any: it has a live share at all. */
static enum sl_result recover_session(struct sl_store *store, struct sl_span session_id, bool keyed,
    bool *any, struct sl_credentials *credentials, struct sl_err *err)
{
    struct row_key from = row_by_session(session_id, 0),
                   to = row_by_session(session_id, UINT64_MAX);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_BY_SESSION, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_NOT_FOUND;
    *any = false;
    for (kv_iter_last(iter); kv_iter_valid(iter) && result == SL_NOT_FOUND; kv_iter_prev(iter)) {
        *any = true;
        if (!keyed) break;
        result = recover(store, kv_iter_value(iter), false, credentials, err);
    }
    if (result == SL_NOT_FOUND) {
        enum sl_result read = kv_iter_check(iter, err);
        if (read != SL_OK) result = read;
    }
    kv_iter_destroy(iter);
    return result;
}

enum sl_result sl_session_share(struct sl_store *store, struct sl_span session_id,
    char id[SL_SHARE_ID_BYTES + 1], struct sl_err *err)
{
    enum sl_result result = session_id_check(session_id, err);
    if (result != SL_OK) return sl_fail(err, SL_NOT_FOUND, "no such session");
    struct row_key from = row_by_session(session_id, 0),
                   to = row_by_session(session_id, UINT64_MAX);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_BY_SESSION, row_span(&from), row_span(&to), KV_CACHED);
    kv_iter_last(iter);
    bool found = kv_iter_valid(iter) && kv_iter_value(iter).len <= SL_SHARE_ID_BYTES;
    if (found)
        snprintf(id, SL_SHARE_ID_BYTES + 1, "%.*s", (int)kv_iter_value(iter).len,
            kv_iter_value(iter).ptr);
    result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result != SL_OK || found ? result
                                    : sl_fail(err, SL_NOT_FOUND, "the session is not shared here");
}

/* ---- a new one ---- */

/* The id that a session id suggests: its last 8 characters, behind `test_` if it has that in front.
 * False if they make none. */
static bool suggest_id(struct sl_span session_id, char id[SL_SHARE_ID_BYTES + 1])
{
    bool test = session_id.len >= 5 && memcmp(session_id.ptr, "test_", 5) == 0;
    size_t n = session_id.len < 8 ? session_id.len : 8;
    struct sl_span last = {session_id.ptr + session_id.len - n, n};
    if (!sl_share_id_valid(last)) return false;
    snprintf(id, SL_SHARE_ID_BYTES + 1, "%s%.*s", test ? "test_" : "", (int)last.len, last.ptr);
    return true;
}

static enum sl_result put_share(struct append *append, struct kv_batch *kv_batch)
{
    const struct sl_store *store = append->ctx;
    struct kv *kv = store->kv;
    char room[SHARE_RECORD_BYTES];
    struct buf bytes = buf_fixed(room, sizeof(room));
    struct share_record record = append->share->record;
    struct sl_span id = sl_span_of(append->share->id);
    assert(append->place.sequence == 1 && atomic_load(&append->share->phase) == SHARE_MAKING);
    record.created_ms = append->place.time_ms;
    record.position = append->place.position;
    share_record_encode(&record, &bytes);
    assert(!bytes.failed);
    struct row_key key = row_share(id);
    kv_put(kv, kv_batch, KV_SHARE, row_span(&key), buf_span(&bytes));
    key = row_by_session(record.session_id, record.position);
    kv_put(kv, kv_batch, KV_BY_SESSION, row_span(&key), id);
    key = row_ref(append->share->ref);
    kv_put(kv, kv_batch, KV_INDEX, row_span(&key), id);
    return SL_OK;
}

static void share_made(struct append *append)
{
    const struct sl_store *store = append->ctx;
    append->share->record.created_ms = append->place.time_ms;
    append->share->record.position = append->place.position;
    share_enter(store->shares, append->share, SHARE_LIVE);
}

static enum sl_result append_create(struct sl_store *store, struct share *share, struct sl_err *err)
{
    struct buf body = {0};
    struct batch batch = {0};
    struct create_body says = {.share_id = sl_span_of(share->id),
        .session_id = share->record.session_id,
        .salt = share->record.salt,
        .secret_hash = share->record.secret_hash,
        .secret_kind = share->record.secret_kind};
    create_body_encode(&says, &body);
    enum sl_result result =
        body.failed ? sl_fail(err, SL_NOMEM, "out of memory")
                    : batch_control("create", buf_span(&body), store_now_us(store), &batch, err);
    if (result == SL_OK) {
        struct append append = {.share = share,
            .batch = &batch,
            .kind = SL_CREATE,
            .derive = put_share,
            .committed = share_made,
            .ctx = store,
            .derived_bytes = 1024};
        result = sequencer_append(store->sequencer, &append, err);
    }
    batch_fini(&batch);
    buf_fini(&body);
    return result;
}

/* Claim the id, with the secret that goes with it. *share is NULL when it is taken. */
static enum sl_result claim(struct sl_store *store, struct sl_span session_id,
    enum secret_kind kind, struct sl_credentials *credentials, struct share **share,
    struct sl_err *err)
{
    struct share_record record = {
        .session_id = session_id, .secret_kind = kind, .state = SL_SHARE_LIVE};
    struct sl_span id = sl_span_of(credentials->id);
    assert(sl_share_id_valid(id) && store->keys->has_namespace);
    secret_of(store, session_id, id, kind, credentials->secret);
    crypto_sha256(credentials->secret, SL_SECRET_BYTES, record.secret_hash);
    crypto_random(record.salt, sizeof(record.salt));
    return share_claim(store->shares, id, &record, share, err);
}

/* The id that the session's suggests; once that is taken, fresh ones behind it. */
static enum sl_result claim_any(struct sl_store *store, struct sl_span session_id, bool has_live,
    struct sl_credentials *credentials, struct share **share, struct sl_err *err)
{
    char base[SL_SHARE_ID_BYTES + 1];
    enum secret_kind kind = suggest_id(session_id, base) ? SECRET_PLAIN : SECRET_BY_ID;
    enum sl_result result = SL_OK;
    *share = NULL;
    if (kind == SECRET_BY_ID) crypto_base62(base, 8);
    if (kind == SECRET_BY_ID || !has_live) {
        memcpy(credentials->id, base, sizeof(base));
        result = claim(store, session_id, kind, credentials, share, err);
    }
    while (result == SL_OK && !*share) {
        char fresh[9];
        crypto_base62(fresh, 8);
        snprintf(credentials->id, sizeof(credentials->id), "%.20s-%s", base, fresh);
        result = claim(store, session_id, SECRET_BY_ID, credentials, share, err);
    }
    return result;
}

static enum sl_result make(struct sl_store *store, struct sl_span session_id, bool has_live,
    struct sl_credentials *credentials, struct sl_err *err)
{
    struct sl_credentials c = {0};
    struct share *share;
    enum sl_result result = claim_any(store, session_id, has_live, &c, &share, err);
    if (result != SL_OK) return result;
    result = append_create(store, share, err);
    if (result != SL_OK) {
        share_abandon(store->shares, share);
        return result;
    }
    assert(share_exists(share));
    share_release(share);
    *credentials = c;
    return SL_OK;
}

/* Does a share of this session that the owner took down hold it? Gives the first; *share_id is
 * empty if there is none. */
static enum sl_result holder(struct sl_store *store, struct sl_span session_id,
    char share_id[SL_SHARE_ID_BYTES + 1], struct sl_err *err)
{
    struct row_key from = row_held(session_id, SL_SPAN("")),
                   to = row_held(session_id, SL_SPAN("\x7f"));
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_INDEX, row_span(&from), row_span(&to), KV_CACHED);
    kv_iter_first(iter);
    share_id[0] = 0;
    if (kv_iter_valid(iter)) {
        struct sl_span key = kv_iter_key(iter);
        snprintf(
            share_id, SL_SHARE_ID_BYTES + 1, "%.*s", (int)(key.len - from.len), key.ptr + from.len);
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* Under the session's lock. */
static enum sl_result find_or_make(struct sl_store *store, struct sl_span session_id, bool keyed,
    struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err)
{
    char id[SL_SHARE_ID_BYTES + 1];
    bool has_live = false;
    enum sl_result result = holder(store, session_id, id, err);
    if (result == SL_OK && id[0])
        result = sl_fail(err, SL_HELD,
            "the owner took this session's share down: it can't be shared again until the owner allows it");
    if (result == SL_OK)
        result = recover_session(store, session_id, keyed, &has_live, credentials, err);
    if (result == SL_NOT_FOUND && !keyed && twins_find(store->twins, session_id, peer, id))
        result = recover(store, sl_span_of(id), true, credentials, err);
    if (result != SL_NOT_FOUND) return result;
    result = make(store, session_id, has_live, credentials, err);
    if (result == SL_OK) twins_add(store->twins, session_id, peer, sl_span_of(credentials->id));
    return result;
}

enum sl_result sl_share_create(struct sl_store *store, struct sl_span session_id, enum sl_role role,
    struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err)
{
    bool keyed = role != SL_ROLE_NONE;
    enum sl_result result = session_id_check(session_id, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result == SL_OK && !store->keys->has_namespace)
        result = sl_fail(err, SL_INVALID, "the namespace of the shares' secrets is not known here");
    if (result != SL_OK) return result;
    session_lock(store->session_locks, session_id);
    result = find_or_make(store, session_id, keyed, peer, credentials, err);
    session_unlock(store->session_locks, session_id);
    return result;
}

/* ---- letting a session be shared again ---- */

static enum sl_result drop_hold(struct append *append, struct kv_batch *kv_batch)
{
    struct sl_store *store = append->ctx;
    assert(append->kind == SL_ALLOW && !share_is_live(append->share));
    struct row_key key = row_held(append->share->record.session_id, sl_span_of(append->share->id));
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
        result = holder(store, session_id, share_id, err);
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
