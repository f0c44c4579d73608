#include "core/log/share.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "core/state/summary.h"

#include <assert.h>
#include <time.h>

#define RECORD_VERSION 1
#define BUCKETS 8192

struct shares {
    struct kv *kv;
    pthread_mutex_t lock;
    struct share *bucket[BUCKETS];
    struct share *newest, *oldest; /* of all, the ones held too */
    size_t count;
    uint64_t forgotten; /* shares taken out so far */
    uint32_t seed;
};

/* ---- records ---- */

void share_record_encode(const struct share_record *record, struct buf *out)
{
    pack_array(out, 11);
    pack_u64(out, RECORD_VERSION);
    pack_str(out, record->session_id);
    pack_u64(out, record->created_ms);
    pack_u64(out, record->position);
    pack_bin(out, (struct sl_span){(const char *)record->salt, 32});
    pack_u64(out, record->secret_kind);
    pack_bin(out, (struct sl_span){(const char *)record->secret_hash, 32});
    pack_u64(out, record->expiry_ms);
    pack_u64(out, record->state);
    pack_u64(out, record->removed_ms);
    pack_u64(out, record->removed_by);
}

bool share_record_decode(struct sl_span bytes, struct share_record *record)
{
    struct unpack in;
    struct share_record r;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 11 && unpack_u64(&in) == RECORD_VERSION;
    r.session_id = unpack_str(&in);
    r.created_ms = unpack_u64(&in);
    r.position = unpack_u64(&in);
    unpack_bin_into(&in, r.salt, 32);
    r.secret_kind = (enum secret_kind)unpack_u64(&in);
    unpack_bin_into(&in, r.secret_hash, 32);
    r.expiry_ms = unpack_u64(&in);
    r.state = (enum sl_share_state)unpack_u64(&in);
    r.removed_ms = unpack_u64(&in);
    r.removed_by = (enum sl_who)unpack_u64(&in);
    if (!unpack_end(&in) || !ok || r.session_id.len > SL_SESSION_ID_BYTES ||
        r.state > SL_SHARE_REMOVED)
        return false;
    *record = r;
    return true;
}

struct share_record share_record_begin(
    const struct create_body *body, uint64_t created_ms, uint64_t position)
{
    struct share_record record = {.session_id = body->session_id,
        .created_ms = created_ms,
        .position = position,
        .secret_kind = body->secret_kind,
        .expiry_ms = body->expiry_ms,
        .state = SL_SHARE_LIVE};
    memcpy(record.salt, body->salt, 32);
    memcpy(record.secret_hash, body->secret_hash, 32);
    return record;
}

bool share_secret_fits(const struct share_record *record, struct sl_span secret)
{
    uint8_t hash[32];
    crypto_sha256(secret.ptr, secret.len, hash);
    return crypto_equal((struct sl_span){(const char *)hash, 32},
        (struct sl_span){(const char *)record->secret_hash, 32});
}

/* ---- the cache ---- */

struct shares *shares_create(struct kv *kv)
{
    struct shares *shares = calloc(1, sizeof(*shares));
    if (!shares) return NULL;
    shares->kv = kv;
    crypto_random(&shares->seed, sizeof(shares->seed));
    pthread_mutex_init(&shares->lock, NULL);
    return shares;
}

unsigned long share_redactions(struct shares *shares, const struct share *share)
{
    for (;;) {
        shares_lock(shares);
        unsigned long redactions = share->redactions;
        shares_unlock(shares);
        if (redactions % 2 == 0) return redactions;
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    }
}

void shares_lock(struct shares *shares)
{
    pthread_mutex_lock(&shares->lock);
}

void shares_unlock(struct shares *shares)
{
    pthread_mutex_unlock(&shares->lock);
}

static struct share **slot(struct shares *shares, struct sl_span id)
{
    /* An id is the end of a session id, which the client chooses: the seed keeps anyone from aiming
     * at a bucket. */
    uint32_t hash = shares->seed;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (uint8_t)id.ptr[i]) * 16777619u;
    struct share **at = &shares->bucket[(hash ^ hash >> 15) % BUCKETS];
    while (*at && !sl_span_eq(sl_span_of((*at)->id), id))
        at = &(*at)->hash_next;
    return at;
}

static void unlink_age(struct shares *shares, struct share *share)
{
    *(share->newer ? &share->newer->older : &shares->newest) = share->older;
    *(share->older ? &share->older->newer : &shares->oldest) = share->newer;
}

static void link_newest(struct shares *shares, struct share *share)
{
    share->newer = NULL;
    share->older = shares->newest;
    *(shares->newest ? &shares->newest->newer : &shares->oldest) = share;
    shares->newest = share;
}

static void forget(struct shares *shares, struct share *share)
{
    *slot(shares, sl_span_of(share->id)) = share->hash_next;
    unlink_age(shares, share);
    shares->count--;
    shares->forgotten++;
    share_drop_summary(share);
    free(share);
}

/* A share that is due stays: its mark is what the compactor goes by. */
static void evict(struct shares *shares)
{
    struct share *share = shares->oldest;
    for (int looked = 0; shares->count > SL_SHARE_CACHE && share && looked < 64; looked++) {
        struct share *newer = share->newer;
        if (share->pins == 0 && !share->due) forget(shares, share);
        share = newer;
    }
}

void shares_clear(struct shares *shares)
{
    shares_lock(shares);
    while (shares->newest) {
        assert(shares->newest->pins == 0);
        forget(shares, shares->newest);
    }
    shares_unlock(shares);
}

void shares_destroy(struct shares *shares)
{
    if (!shares) return;
    shares_clear(shares);
    pthread_mutex_destroy(&shares->lock);
    free(shares);
}

static void set_identity(struct share *share, struct sl_span id, const struct share_record *record)
{
    assert(id.len <= SL_SHARE_ID_BYTES && record->session_id.len <= SL_SESSION_ID_BYTES);
    memcpy(share->id, id.ptr, id.len);
    memcpy(share->session_id, record->session_id.ptr, record->session_id.len);
    share->record = *record;
    share->record.session_id = (struct sl_span){share->session_id, record->session_id.len};
    event_share_ref(record->salt, id, share->ref);
}

/* The head is the last event's row. */
static enum sl_result load_head(struct kv *kv, struct share *share, struct sl_err *err)
{
    struct sl_span id = sl_span_of(share->id);
    struct row_key from = row_share_from(id), to = row_share_to(id);
    struct kv_iter *iter = kv_iter_create(kv, KV_EVENT, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_OK;
    kv_iter_last(iter);
    if (!kv_iter_valid(iter)) {
        result = kv_iter_check(iter, err);
        if (result == SL_OK)
            result = sl_fail(err, SL_CORRUPT, "share %s: has a record but no events", share->id);
    } else {
        struct event_row row;
        struct event_reader *reader = NULL;
        struct header header;
        struct sl_span key_id;
        uint64_t sequence;
        if (event_read_begin(kv_iter_value(iter), &row, &reader) == SL_OK &&
            header_decode(row.header, &header) &&
            row_parse_event(kv_iter_key(iter), &key_id, &sequence) && header.sequence == sequence) {
            share->head =
                (struct head){sequence, row.position, header.time_ms, row.syncs, row.stored, {0}};
            header_leaf(row.header, share->head.leaf);
            share->staged = share->head;
        } else {
            result = sl_fail(err, SL_CORRUPT, "share %s: its last event is unreadable", share->id);
        }
        event_read_end(reader);
    }
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result load(struct kv *kv, struct sl_span id, struct share **out, struct sl_err *err)
{
    struct row_key key = row_share(id);
    struct kv_pin pin;
    enum sl_result result = kv_get(kv, KV_SHARE, row_span(&key), &pin, err);
    if (result != SL_OK) return result;
    struct share_record record;
    struct share *share = calloc(1, sizeof(*share));
    if (!share) {
        result = sl_fail(err, SL_NOMEM, "out of memory");
    } else if (!share_record_decode(pin.value, &record)) {
        result = sl_fail(err, SL_CORRUPT,
            "share %.*s: its record is unreadable; `sharelog rebuild` makes it again", (int)id.len,
            id.ptr);
    } else {
        set_identity(share, id, &record);
        result = load_head(kv, share, err);
    }
    kv_release(&pin);
    struct snapshot_head last;
    if (result == SL_OK) result = snapshot_last(kv, id, UINT64_MAX, &last, err);
    if (result == SL_OK) {
        share->snapshot_sequence = last.sequence;
        share->snapshot_stored = last.stored;
        share->snapshot_size = last.size;
    } else if (result == SL_NOT_FOUND) {
        result = SL_OK;
    }
    if (result != SL_OK) {
        free(share);
        return result;
    }
    *out = share;
    return SL_OK;
}

static struct share *insert(struct shares *shares, struct share *share)
{
    struct share **at = slot(shares, sl_span_of(share->id));
    assert(!*at);
    *at = share;
    link_newest(shares, share);
    shares->count++;
    share->pins++;
    assert(share->pins > 0); /* so it stays */
    evict(shares);
    return share;
}

/* Held, if it is in memory; NULL if not. Under the lock. */
static struct share *hold(struct shares *shares, struct sl_span id)
{
    struct share *share = *slot(shares, id);
    if (!share) return NULL;
    share->pins++;
    unlink_age(shares, share);
    link_newest(shares, share);
    return share;
}

enum sl_result share_acquire(
    struct shares *shares, struct sl_span id, struct share **out, struct sl_err *err)
{
    /* Anything else was never given, and may not even fit into a key. */
    if (!sl_share_id_valid(id)) return SL_NOT_FOUND;
    for (;;) {
        shares_lock(shares);
        struct share *share = hold(shares, id);
        uint64_t forgotten = shares->forgotten;
        shares_unlock(shares);
        if (!share) {
            /* Read outside the lock. What is read is the share's end unless another thread puts it
               in, appends and has it forgotten again meanwhile; then read once more. */
            struct share *loaded;
            enum sl_result result = load(shares->kv, id, &loaded, err);
            if (result != SL_OK) return result;
            shares_lock(shares);
            share = hold(shares, id);
            /* numbers that it never had before it was forgotten */
            loaded->redactions = (unsigned long)forgotten << 32;
            if (!share && shares->forgotten == forgotten) share = insert(shares, loaded);
            shares_unlock(shares);
            if (share != loaded) free(loaded);
            if (!share) continue;
        }
        *out = share;
        return SL_OK;
    }
}

void share_release(struct shares *shares, struct share *share)
{
    if (!share) return;
    shares_lock(shares);
    assert(share->pins > 0);
    share->pins--;
    shares_unlock(shares);
}

struct share *share_add(struct shares *shares, struct sl_span id, const struct share_record *record)
{
    struct share *share = calloc(1, sizeof(*share));
    if (!share) return NULL;
    set_identity(share, id, record);
    shares_lock(shares);
    insert(shares, share);
    shares_unlock(shares);
    return share;
}

void share_drop(struct shares *shares, struct share *share)
{
    /* Who held it beside us for a moment finds it without events, which is not found. */
    shares_lock(shares);
    if (--share->pins == 0) forget(shares, share);
    shares_unlock(shares);
}

enum sl_result sl_share_info(
    struct sl_store *store, struct sl_span id, struct sl_share_info *info, struct sl_err *err)
{
    struct share *share;
    enum sl_result result =
        sl_share_id_valid(id) ? share_acquire(store->shares, id, &share, err) : SL_NOT_FOUND;
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    struct sl_share_info i = {0};
    shares_lock(store->shares);
    i.state = share->record.state;
    i.created_ms = share->record.created_ms;
    i.sequence = share->head.sequence;
    i.syncs = share->head.syncs;
    i.updated_ms = share->head.time_ms;
    i.removed_ms = share->record.removed_ms;
    i.removed_by = share->record.removed_by;
    shares_unlock(store->shares);
    memcpy(i.id, share->id, sizeof(i.id));
    memcpy(i.session_id, share->session_id, sizeof(i.session_id));
    memcpy(i.salt, share->record.salt, 32);
    if (i.state == SL_SHARE_REMOVED) {
        struct row_key key = row_erase(id);
        struct kv_pin pin;
        result = kv_get(store->kv, KV_META, row_span(&key), &pin, err);
        i.erased = result == SL_NOT_FOUND;
        if (result == SL_NOT_FOUND) result = SL_OK;
        kv_release(&pin);
    }
    share_release(store->shares, share);
    if (result == SL_OK && i.sequence == 0) result = sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result == SL_OK) *info = i;
    return result;
}

/* ---- the summary of its head ---- */

void share_drop_summary(struct share *share)
{
    free(share->summary);
    share->summary = NULL;
}

void share_keep_summary(struct shares *shares, struct share *share, struct summary *summary)
{
    if (!summary) return;
    shares_lock(shares);
    /* While a redaction is being written its number is odd, and no view's. */
    bool fits = share->record.state == SL_SHARE_LIVE && share->head.sequence == summary->sequence &&
                share->redactions == summary->redactions;
    if (fits) {
        share_drop_summary(share);
        share->summary = summary;
    }
    shares_unlock(shares);
    if (!fits) free(summary);
}

struct summary *share_copy_summary(
    struct shares *shares, const struct share *share, uint64_t sequence, unsigned long redactions)
{
    struct summary *copy = NULL;
    shares_lock(shares);
    const struct summary *summary = share->summary;
    if (summary && summary->sequence == sequence && summary->redactions == redactions)
        copy = summary_copy(summary);
    shares_unlock(shares);
    return copy;
}
