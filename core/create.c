/* Creating a share, and finding it again.

   A create looks first: does a take-down by the owner hold the session for this caller; has it a
   live share that this caller may have back; did the same client create it a moment ago. Then it
   makes a share: it claims an id that was never given (share_claim), and appends the create event,
   whose write puts the share's derived rows too. Looking and appending are one under the session's
   lock. Who gets what is a table in core/README.md; all of it follows from which key made the
   session's shares.

   How it fails: before the append nothing is left but a claimed id, which is given back. The append
   refused (SL_READ_ONLY, SL_CLOSING): the same. Its write failed (SL_IO): the share isn't there for
   this process; whether it exists is settled when the store is reopened. */

#include "core/by_session.h"

#include "core/base/crypto.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/session_lock.h"
#include "core/twins.h"

#include <assert.h>
#include <stdio.h>

/* A share that somebody asks for: of which session, and by which key. */
struct asked {
    struct sl_span session_id;
    uint8_t maker[MAKER_BYTES];
};

/* ---- recovery ---- */

static void secret_of(struct sl_store *store, struct sl_span session_id, struct sl_span share_id,
    enum secret_kind kind, char secret[SL_SECRET_BYTES + 1])
{
    sl_store_secret(
        store, session_id, kind == SECRET_BY_ID ? share_id : (struct sl_span){0}, secret);
}

/* Does the secret that this server computes for a live share fit the one it was made with? (It
   doesn't once the namespace has been changed.) `as_twin`: and is it its session's first, made by
   nobody, into which nothing has been synced? */
static enum sl_result recover(struct sl_store *store, struct sl_span share_id, bool as_twin,
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
    bool twin = maker_same(record->maker, maker_nobody) && record->secret_kind == SECRET_PLAIN &&
                syncs == 0;
    bool fits = share_is_live(share) && (!as_twin || twin) &&
                share_secret_fits(record, sl_span_of(c.secret));
    share_release(share);
    if (!fits) return SL_NOT_FOUND;
    *credentials = c;
    return SL_OK;
}

/* Of the shares that the iterator has, which is destroyed, the newest whose secret fits. */
static enum sl_result recover_newest(struct sl_store *store, struct sl_span session_id,
    struct kv_iter *iter, struct sl_credentials *credentials, struct sl_err *err)
{
    uint64_t newest = 0;
    bool found = false;
    enum sl_result result = SL_OK;
    for (kv_iter_last(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_prev(iter)) {
        const uint8_t *maker;
        uint64_t position;
        result = session_row(kv_iter_key(iter), session_id, &maker, &position, err);
        if (result != SL_OK || (found && position < newest)) continue;
        result = recover(store, kv_iter_value(iter), false, credentials, err);
        if (result == SL_OK) {
            newest = position;
            found = true;
        } else if (result == SL_NOT_FOUND) {
            result = SL_OK; /* it doesn't fit, or is going at this moment */
        }
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result == SL_OK && !found ? SL_NOT_FOUND : result;
}

/* What the asking key made itself. The owner gets another key's too, but its own first, so that
   nobody else with a key can put one in its place. */
static enum sl_result recover_made(struct sl_store *store, const struct asked *asked,
    enum sl_role role, struct sl_credentials *credentials, struct sl_err *err)
{
    struct sl_span session_id = asked->session_id;
    struct kv_iter *iter = session_shares_by(store, session_id, asked->maker);
    enum sl_result result = recover_newest(store, session_id, iter, credentials, err);
    if (result != SL_NOT_FOUND || role != SL_ROLE_OWNER) return result;
    iter = session_shares_by_keys(store, session_id);
    return recover_newest(store, session_id, iter, credentials, err);
}

/* What a client without a key created a moment ago, and hasn't synced to: its second create, a
   third of a second behind the first, gets the same. Of the share with the plain secret alone, the
   first that the session ever had: until somebody can have seen a share of it, its id is known to
   its client only. A stranger who learns it later has nothing to wait for at the client's address,
   be that a proxy's that all share. */
static enum sl_result recover_twin(struct sl_store *store, struct sl_span session_id,
    struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err)
{
    char id[SL_SHARE_ID_BYTES + 1];
    return twins_find(store->twins, session_id, peer, id)
               ? recover(store, sl_span_of(id), true, credentials, err)
               : SL_NOT_FOUND;
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
    key = row_by_session(record.session_id, record.maker, record.position);
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
        .secret_kind = share->record.secret_kind,
        .maker = share->record.maker};
    assert(!maker_same(says.maker, maker_unknown));
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
static enum sl_result claim(struct sl_store *store, const struct asked *asked,
    enum secret_kind kind, struct sl_credentials *credentials, struct share **share,
    struct sl_err *err)
{
    struct share_record record = {
        .session_id = asked->session_id, .secret_kind = kind, .state = SL_SHARE_LIVE};
    struct sl_span id = sl_span_of(credentials->id);
    assert(sl_share_id_valid(id) && store->keys->has_namespace);
    secret_of(store, asked->session_id, id, kind, credentials->secret);
    crypto_sha256(credentials->secret, SL_SECRET_BYTES, record.secret_hash);
    crypto_random(record.salt, sizeof(record.salt));
    memcpy(record.maker, asked->maker, MAKER_BYTES);
    return share_claim(store->shares, id, &record, share, err);
}

/* The id that the session's suggests; once that is taken, fresh ones behind it. */
static enum sl_result claim_any(struct sl_store *store, const struct asked *asked,
    struct sl_credentials *credentials, struct share **share, struct sl_err *err)
{
    char base[SL_SHARE_ID_BYTES + 1];
    bool suggested = suggest_id(asked->session_id, base);
    enum secret_kind kind = suggested ? SECRET_PLAIN : SECRET_BY_ID;
    if (!suggested) crypto_base62(base, 8);
    memcpy(credentials->id, base, sizeof(base));
    enum sl_result result = claim(store, asked, kind, credentials, share, err);
    while (result == SL_OK && !*share) {
        char fresh[9];
        crypto_base62(fresh, 8);
        snprintf(credentials->id, sizeof(credentials->id), "%.20s-%s", base, fresh);
        result = claim(store, asked, SECRET_BY_ID, credentials, share, err);
    }
    return result;
}

static enum sl_result make(struct sl_store *store, const struct asked *asked,
    struct sl_credentials *credentials, struct sl_err *err)
{
    struct sl_credentials c = {0};
    struct share *share;
    enum sl_result result = claim_any(store, asked, &c, &share, err);
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

/* ---- create ---- */

/* Under the session's lock. */
static enum sl_result find_or_make(struct sl_store *store, const struct asked *asked,
    enum sl_role role, struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err)
{
    struct sl_span session_id = asked->session_id;
    enum sl_result result = session_check_held(store, session_id, asked->maker, err);
    if (result != SL_OK) return result;
    result = role == SL_ROLE_NONE ? recover_twin(store, session_id, peer, credentials, err)
                                  : recover_made(store, asked, role, credentials, err);
    if (result != SL_NOT_FOUND) return result;
    result = make(store, asked, credentials, err);
    if (result == SL_OK && role == SL_ROLE_NONE)
        twins_add(store->twins, session_id, peer, sl_span_of(credentials->id));
    return result;
}

enum sl_result sl_share_create(struct sl_store *store, struct sl_span session_id, enum sl_role role,
    struct sl_span peer, struct sl_credentials *credentials, struct sl_err *err)
{
    struct asked asked = {.session_id = session_id};
    enum sl_result result = session_id_check(session_id, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result == SL_OK && !store->keys->has_namespace)
        result = sl_fail(err, SL_INVALID, "the namespace of the shares' secrets is not known here");
    if (result != SL_OK) return result;
    keys_maker(store->keys, role, asked.maker);
    session_lock(store->session_locks, session_id);
    result = find_or_make(store, &asked, role, peer, credentials, err);
    session_unlock(store->session_locks, session_id);
    return result;
}
