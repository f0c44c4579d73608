/* The cache of shares. The happy path of an acquire is a look-up under the lock. A share that isn't
   there is put in LOADING, held by who loads it, its rows are read without the lock, and it moves
   to where its record says: so no share is ever loaded twice, and none is put in that another
   thread has meanwhile appended to. Others who want it wait for the load.

   A load that fails, and a share whose creation fails, leave the table at once; who holds such a
   share finds that it doesn't exist, and the last one to let go frees it. Releasing takes no lock:
   a share goes from held to not held by an atomic count, and back under the lock alone, where
   nobody forgets it in between. */

#include "core/log/share.h"

#include "core/base/crypto.h"
#include "core/base/hash.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/state/snapshot.h"
#include "core/state/summary.h"

#define BUCKETS 8192
#define EVICT_LOOKS 64          /* shares looked at for one to forget */
#define PINS_RETIRED (1u << 31) /* in `pins`: out of the table; the last release frees it */

struct shares {
    struct kv *kv;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a load, a redaction or a turn has ended */
    struct share *bucket[BUCKETS];
    struct share *newest, *oldest; /* of all, the ones held too */
    size_t count;
    uint32_t seed;
};

struct shares *shares_create(struct kv *kv)
{
    struct shares *shares = calloc(1, sizeof(*shares));
    if (!shares) return NULL;
    shares->kv = kv;
    crypto_random(&shares->seed, sizeof(shares->seed));
    pthread_mutex_init(&shares->lock, NULL);
    pthread_cond_init(&shares->changed, NULL);
    return shares;
}

void shares_lock(struct shares *shares)
{
    pthread_mutex_lock(&shares->lock);
}

void shares_unlock(struct shares *shares)
{
    pthread_mutex_unlock(&shares->lock);
}

/* ---- the table, under the lock ---- */

static struct share **slot(struct shares *shares, struct sl_span id)
{
    struct share **at = &shares->bucket[hash_id(shares->seed, id) % BUCKETS];
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

static void destroy(struct share *share)
{
    free(share->summary);
    free(share);
}

static void unlink_share(struct shares *shares, struct share *share)
{
    struct share **at = slot(shares, sl_span_of(share->id));
    assert(*at == share && shares->count > 0);
    *at = share->hash_next;
    unlink_age(shares, share);
    shares->count--;
}

/* Make room for one more. A share that is due stays: its mark is what the compactor goes by. */
static void evict(struct shares *shares)
{
    struct share *share = shares->oldest;
    for (int looked = 0; shares->count >= SL_SHARE_CACHE && share && looked < EVICT_LOOKS;
         looked++) {
        struct share *newer = share->newer;
        if (atomic_load(&share->pins) == 0 && !share->due) {
            assert(!share->acting);
            unlink_share(shares, share);
            destroy(share);
        } else {
            /* It is looked at again after all others: what stays long can't hide what may go. */
            unlink_age(shares, share);
            link_newest(shares, share);
        }
        share = newer;
    }
}

/* Held, if it is in memory; NULL if not. */
static struct share *hold(struct shares *shares, struct sl_span id)
{
    struct share *share = *slot(shares, id);
    if (!share) return NULL;
    atomic_fetch_add(&share->pins, 1);
    unlink_age(shares, share);
    link_newest(shares, share);
    return share;
}

/* A new one that is LOADING, held by the caller. NULL: out of memory. */
static struct share *insert(struct shares *shares, struct sl_span id)
{
    struct share *share = calloc(1, sizeof(*share));
    if (!share) return NULL;
    evict(shares);
    assert(id.len <= SL_SHARE_ID_BYTES);
    memcpy(share->id, id.ptr, id.len);
    atomic_init(&share->phase, SHARE_LOADING);
    atomic_init(&share->pins, 1);
    struct share **at = slot(shares, id);
    assert(!*at);
    *at = share;
    link_newest(shares, share);
    shares->count++;
    return share;
}

/* Out of the table, to be freed by the last release. */
static void retire(struct shares *shares, struct share *share)
{
    unlink_share(shares, share);
    unsigned before = atomic_fetch_or(&share->pins, PINS_RETIRED);
    assert(before > 0 && !(before & PINS_RETIRED)); /* held by the caller */
    pthread_cond_broadcast(&shares->changed);
}

void shares_clear(struct shares *shares)
{
    shares_lock(shares);
    for (struct share *share; (share = shares->newest);) {
        assert(atomic_load(&share->pins) == 0);
        unlink_share(shares, share);
        destroy(share);
    }
    assert(shares->count == 0);
    shares_unlock(shares);
}

void shares_destroy(struct shares *shares)
{
    if (!shares) return;
    shares_clear(shares);
    pthread_cond_destroy(&shares->changed);
    pthread_mutex_destroy(&shares->lock);
    free(shares);
}

/* ---- phases ---- */

#define TO(phase) (1u << (phase))
static const unsigned arrows[] = {
    [SHARE_LOADING] = TO(SHARE_MAKING) | TO(SHARE_LIVE) | TO(SHARE_REMOVED),
    [SHARE_MAKING] = TO(SHARE_LIVE),
    [SHARE_LIVE] = TO(SHARE_REDACTING) | TO(SHARE_CLOSING),
    [SHARE_REDACTING] = TO(SHARE_LIVE),
    [SHARE_CLOSING] = TO(SHARE_LIVE) | TO(SHARE_REMOVED),
    [SHARE_REMOVED] = 0,
};

static void drop_summary(struct share *share)
{
    free(share->summary);
    share->summary = NULL;
}

void share_enter(struct shares *shares, struct share *share, enum share_phase phase)
{
    enum share_phase before = atomic_load(&share->phase);
    assert(arrows[before] & TO(phase));
    bool redaction = phase == SHARE_REDACTING, removal = before == SHARE_CLOSING;
    if (phase == SHARE_REMOVED) share->record.state = SL_SHARE_REMOVED;
    /* the phase first: who sees that the epoch has moved looks there for why */
    atomic_store(&share->phase, phase);
    if (redaction) epoch_begin(&share->epoch);
    if (before == SHARE_REDACTING) epoch_end(&share->epoch);
    if (removal && phase == SHARE_REMOVED) epoch_pass(&share->epoch);
    if (redaction || phase == SHARE_REMOVED) drop_summary(share);
    assert(epoch_is_even(epoch_number(&share->epoch)) == !redaction);
    assert((share->record.state == SL_SHARE_REMOVED) == (phase == SHARE_REMOVED));
    pthread_cond_broadcast(&shares->changed);
}

unsigned long share_epoch(struct shares *shares, const struct share *share)
{
    unsigned long number = epoch_number(&share->epoch);
    if (epoch_is_even(number)) return number;
    shares_lock(shares);
    while (!epoch_is_even(number = epoch_number(&share->epoch)))
        pthread_cond_wait(&shares->changed, &shares->lock);
    shares_unlock(shares);
    return number;
}

enum sl_result share_changed(const struct share *share, struct sl_err *err)
{
    if (atomic_load(&share->phase) == SHARE_REMOVED)
        return sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
    return sl_fail(err, SL_REDACTED, "share %s: redacted meanwhile", share->id);
}

void share_turn_begin(struct shares *shares, struct share *share)
{
    assert(atomic_load(&share->pins) > 0);
    shares_lock(shares);
    while (share->acting)
        pthread_cond_wait(&shares->changed, &shares->lock);
    share->acting = true;
    shares_unlock(shares);
}

bool share_turn_try(struct shares *shares, struct share *share)
{
    assert(atomic_load(&share->pins) > 0);
    shares_lock(shares);
    bool free = !share->acting;
    share->acting = true;
    shares_unlock(shares);
    return free;
}

void share_turn_end(struct shares *shares, struct share *share)
{
    shares_lock(shares);
    assert(share->acting);
    share->acting = false;
    pthread_cond_broadcast(&shares->changed);
    shares_unlock(shares);
}

/* ---- loading ---- */

static void set_identity(struct share *share, const struct share_record *record)
{
    struct sl_span id = sl_span_of(share->id);
    assert(record->session_id.len <= SL_SESSION_ID_BYTES);
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
        struct event_reader reader = {0};
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
        event_read_end(&reader);
    }
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result load_record(struct kv *kv, struct share *share, struct sl_err *err)
{
    struct row_key key = row_share(sl_span_of(share->id));
    struct kv_pin pin;
    enum sl_result result = kv_get(kv, KV_SHARE, row_span(&key), &pin, err);
    if (result != SL_OK) return result;
    struct share_record record;
    if (share_record_decode(pin.value, &record))
        set_identity(share, &record);
    else
        result = sl_fail(err, SL_CORRUPT,
            "share %s: its record is unreadable; `sharelog rebuild` makes it again", share->id);
    kv_release(&pin);
    return result;
}

static enum sl_result load_snapshot(struct kv *kv, struct share *share, struct sl_err *err)
{
    struct snapshot_head last;
    enum sl_result result = snapshot_last(kv, sl_span_of(share->id), UINT64_MAX, &last, err);
    if (result == SL_NOT_FOUND) return SL_OK;
    if (result != SL_OK) return result;
    if (last.sequence > share->head.sequence || last.stored > share->head.stored)
        return sl_fail(err, SL_CORRUPT,
            "share %s: its last snapshot is of more than its events; `sharelog rebuild` makes it again",
            share->id);
    share->snapshot_sequence = last.sequence;
    share->snapshot_stored = last.stored;
    share->snapshot_size = last.size;
    return SL_OK;
}

/* SL_NOT_FOUND: its id was never given. */
static enum sl_result load(struct kv *kv, struct share *share, struct sl_err *err)
{
    enum sl_result result = load_record(kv, share, err);
    if (result == SL_OK) result = load_head(kv, share, err);
    return result == SL_OK ? load_snapshot(kv, share, err) : result;
}

/* Hold the share, once it is loaded, or put one in for the caller to load. */
static enum sl_result hold_or_insert(
    struct shares *shares, struct sl_span id, struct share **out, bool *is_new, struct sl_err *err)
{
    for (;;) {
        shares_lock(shares);
        struct share *share = hold(shares, id);
        *is_new = !share;
        if (!share) share = insert(shares, id);
        while (share && !*is_new && atomic_load(&share->phase) == SHARE_LOADING &&
               !(atomic_load(&share->pins) & PINS_RETIRED))
            pthread_cond_wait(&shares->changed, &shares->lock);
        shares_unlock(shares);
        if (!share) return sl_fail(err, SL_NOMEM, "out of memory");
        *out = share;
        if (*is_new || atomic_load(&share->phase) != SHARE_LOADING) return SL_OK;
        /* its load failed for another thread; it may not for this one */
        share_release(share);
    }
}

enum sl_result share_acquire(
    struct shares *shares, struct sl_span id, struct share **out, struct sl_err *err)
{
    /* Anything else was never given, and may not even fit into a key. */
    if (!sl_share_id_valid(id)) return SL_NOT_FOUND;
    struct share *share;
    bool is_new;
    enum sl_result result = hold_or_insert(shares, id, &share, &is_new, err);
    if (result != SL_OK) return result;
    if (is_new) {
        result = load(shares->kv, share, err);
        if (result != SL_OK) {
            share_abandon(shares, share);
            return result;
        }
        bool removed = share->record.state == SL_SHARE_REMOVED;
        shares_lock(shares);
        share_enter(shares, share, removed ? SHARE_REMOVED : SHARE_LIVE);
        shares_unlock(shares);
    }
    *out = share;
    return SL_OK;
}

enum sl_result share_claim(struct shares *shares, struct sl_span id,
    const struct share_record *record, struct share **out, struct sl_err *err)
{
    assert(sl_share_id_valid(id) && record->state == SL_SHARE_LIVE);
    struct share *share;
    bool is_new;
    *out = NULL;
    enum sl_result result = hold_or_insert(shares, id, &share, &is_new, err);
    if (result != SL_OK) return result;
    if (!is_new) {
        share_release(share);
        return SL_OK;
    }
    struct row_key key = row_share(id);
    struct kv_pin pin;
    result = kv_get(shares->kv, KV_SHARE, row_span(&key), &pin, err);
    if (result == SL_NOT_FOUND) {
        set_identity(share, record);
        shares_lock(shares);
        share_enter(shares, share, SHARE_MAKING);
        shares_unlock(shares);
        *out = share;
        return SL_OK;
    }
    kv_release(&pin);
    share_abandon(shares, share);
    return result;
}

void share_abandon(struct shares *shares, struct share *share)
{
    assert(!share_exists(share));
    shares_lock(shares);
    retire(shares, share);
    shares_unlock(shares);
    share_release(share);
}

void share_hold(struct share *share)
{
    unsigned before = atomic_fetch_add(&share->pins, 1);
    assert((before & ~PINS_RETIRED) > 0);
}

void share_release(struct share *share)
{
    if (!share) return;
    unsigned before = atomic_fetch_sub(&share->pins, 1);
    assert((before & ~PINS_RETIRED) > 0);
    if (before == (PINS_RETIRED | 1)) destroy(share);
}

/* ---- what a share says of itself ---- */

enum sl_result sl_share_info(
    struct sl_store *store, struct sl_span id, struct sl_share_info *info, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    if (!share_exists(share)) {
        share_release(share);
        return sl_fail(err, SL_NOT_FOUND, "no such share");
    }
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
    assert(i.sequence > 0);
    memcpy(i.id, share->id, sizeof(i.id));
    memcpy(i.session_id, share->session_id, sizeof(i.session_id));
    memcpy(i.salt, share->record.salt, 32);
    share_release(share);
    if (i.state == SL_SHARE_REMOVED) {
        struct row_key key = row_erase(id);
        struct kv_pin pin;
        result = kv_get(store->kv, KV_META, row_span(&key), &pin, err);
        i.erased = result == SL_NOT_FOUND;
        if (result == SL_NOT_FOUND) result = SL_OK;
        kv_release(&pin);
    }
    if (result == SL_OK) *info = i;
    return result;
}

/* ---- the summary of its head ---- */

void share_keep_summary(
    struct shares *shares, struct share *share, unsigned long seen, struct summary *summary)
{
    if (!summary) return;
    shares_lock(shares);
    if (share->head.sequence == summary->sequence && epoch_holds(&share->epoch, seen)) {
        drop_summary(share);
        share->summary = summary;
        summary = NULL;
    }
    shares_unlock(shares);
    free(summary);
}

struct summary *share_copy_summary(
    struct shares *shares, const struct share *share, unsigned long seen, uint64_t sequence)
{
    struct summary *copy = NULL;
    shares_lock(shares);
    const struct summary *summary = share->summary;
    if (summary && summary->sequence == sequence && epoch_holds(&share->epoch, seen))
        copy = summary_copy(summary);
    shares_unlock(shares);
    return copy;
}
