/* A group's way. Each append is admitted, then staged: an event gets its sequence, position, time
   and `prev`, its rows and the tree's go into one RocksDB batch, `derive` adds its own. The batch
   is written with one fsync, memory is changed to match (`publish`), the subscriber is given the
   events, the callers wake.

   How it fails, and what is left:

   - An append is refused on admission (the share takes no batches, the guard's epoch has moved, the
     store is read-only or closing), or by its `derive` when it has no event: nothing of it is in
     the batch, and others of the group go on.
   - The write fails: its fate is unknown, since RocksDB may have written some of it to the log. All
     of the group are answered SL_IO, memory stays as it was, and the store takes no more writes;
     reopening reads what is there. The staged heads are ahead of the committed ones then, and
     nothing stages any more.
   - The process dies: the group is in the log as a whole, or not at all, and nobody was answered.
   - Memory runs out: an append brings all that it needs, made by its caller; RocksDB's batch alone
     grows here. */

#include "core/log/sequencer.h"

#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/tiles.h"

#include <assert.h>

struct sequencer {
    struct sl_store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct append *first, **last; /* the queue */
    bool busy;                    /* somebody commits: the thread, or a caller by itself */
    bool closing;
    atomic_bool read_only; /* a write has failed, or sequencer_stop was called … */
    struct sl_err fault;   /* … with this, which was there before and never changes */
    uint64_t position;     /* of the next event */
    /* for who commits: */
    struct tiles *tiles;
    struct kv_batch *kv_batch;
    uint64_t appended, groups, synced;
};

static void finish(struct append *append, enum sl_result result, const struct sl_err *err)
{
    append->result = result;
    if (err) append->err = *err;
    sem_post(&append->done); /* the caller may be gone from here on */
}

/* ---- one append ---- */

/* May it go ahead? Judged here, where nothing can come between. */
static enum sl_result admit(const struct append *append)
{
    bool sync = append->batch && append->kind == SL_SYNC;
    if (sync && !share_takes_batches(append->share)) return SL_REMOVED;
    return !append->guard || epoch_holds(append->guard, append->seen) ? SL_OK : SL_STOPPED;
}

/* The list of live shares by newest event, and the mark that a snapshot is due, follow every
   event. */
static void derive_rows(struct kv *kv, struct kv_batch *kv_batch, struct share *share,
    const struct head *before, struct append *append)
{
    struct sl_span id = sl_span_of(share->id);
    assert((before->sequence == 0) == (append->kind == SL_CREATE));
    if (share_is_live(share)) {
        struct row_key old = row_newest(before->position);
        kv_delete_single(kv, kv_batch, KV_INDEX, row_span(&old));
    } else if (append->kind != SL_CREATE) {
        return;
    }
    if (append->kind == SL_REMOVE) return;
    struct row_key newest = row_newest(append->place.position);
    kv_put(kv, kv_batch, KV_INDEX, row_span(&newest), id);
    if (!share->due &&
        append->place.stored - share->snapshot_stored >= share_due_bytes(share->snapshot_size)) {
        struct row_key mark = row_index(ROW_INDEX_DUE, id);
        kv_put(kv, kv_batch, KV_INDEX, row_span(&mark), SL_SPAN(""));
        append->makes_due = share->due = true;
    }
}

/* An event's place behind the one before, and what its header says. Its time is never before that
   of the event before it, nor before it arrived: a clock that is put back in between would make of
   it an event that no verifier takes. */
static void give_place(const struct sequencer *sequencer, struct append *append)
{
    const struct share *share = append->share;
    const struct head *before = &share->staged;
    uint64_t now_ms = store_now_us(sequencer->store) / 1000;
    uint64_t arrived_ms = append->batch->arrived_us / 1000;
    if (now_ms < arrived_ms) now_ms = arrived_ms;
    append->place = (struct head){
        .sequence = before->sequence + 1,
        .position = sequencer->position,
        .time_ms = now_ms > before->time_ms ? now_ms : before->time_ms,
        .syncs = before->syncs + (append->kind == SL_SYNC),
    };
    append->header = (struct header){
        .kind = append->kind, .sequence = append->place.sequence, .time_ms = append->place.time_ms};
    memcpy(append->header.share_ref, share->ref, 32);
    memcpy(append->header.prev, before->leaf, 32);
    memcpy(append->header.manifest_commitment, append->batch->manifest_commitment, 32);
}

static void stage_event(
    struct sequencer *sequencer, struct kv_batch *kv_batch, struct append *append)
{
    struct kv *kv = sequencer->store->kv;
    struct share *share = append->share;
    struct head before = share->staged;
    give_place(sequencer, append);
    log_append(kv, kv_batch, sl_span_of(share->id), &append->header, append->batch, before.stored,
        &append->place);
    struct tiles_batch tiles = {kv, kv_batch};
    tiles_append(sequencer->tiles, append->place.leaf, tiles_to_batch(&tiles));
    derive_rows(kv, kv_batch, share, &before, append);
    assert(append->place.time_ms >= before.time_ms && append->place.stored > before.stored);
    share->staged = append->place;
    sequencer->position++;
    if (append->kind == SL_CREATE || append->kind == SL_REMOVE)
        atomic_fetch_add(&sequencer->store->moves_begun, 1);
}

static enum sl_result stage(
    struct sequencer *sequencer, struct kv_batch *kv_batch, struct append *append)
{
    assert(!append->batch || append->share);
    enum sl_result result = admit(append);
    if (result != SL_OK) return result;
    if (append->batch) stage_event(sequencer, kv_batch, append);
    enum sl_result derived = append->derive ? append->derive(append, kv_batch) : SL_OK;
    /* an event's rows can't be taken back out of the batch */
    assert(derived == SL_OK || !append->batch);
    return derived;
}

/* ---- one group ---- */

struct group {
    struct append *first, **last;
    size_t events;
    bool durable;
};

static void take(struct group *group, struct append *append)
{
    assert(!*group->last);
    append->next = NULL;
    *group->last = append;
    group->last = &append->next;
    if (append->batch) {
        group->events++;
        group->durable = true;
    }
}

static void give_to_subscriber(struct sl_store *store, const struct group *group)
{
    pthread_mutex_lock(&store->subscriber_lock);
    for (const struct append *append = group->first; append && store->subscriber;
         append = append->next)
        if (append->batch) {
            struct sl_told event = {append->share->id, append->place.sequence, append->kind};
            store->subscriber(store->subscriber_ctx, &event);
        }
    pthread_mutex_unlock(&store->subscriber_lock);
}

/* Under the shares' lock. */
static void count(struct sl_store *store, const struct append *append)
{
    if (!append->batch || (append->kind != SL_CREATE && append->kind != SL_REMOVE)) return;
    bool removal = append->kind == SL_REMOVE;
    store->moves_done++;
    if (!store->counted) return;
    assert(!removal || store->live > 0);
    store->live += removal ? (uint64_t)-1 : 1;
    store->removed += removal;
}

static void publish(struct sequencer *sequencer, struct group *group)
{
    struct sl_store *store = sequencer->store;
    uint64_t position = atomic_load(&store->log_size);
    shares_lock(store->shares);
    for (struct append *append = group->first; append; append = append->next) {
        if (append->batch) {
            assert(append->place.sequence == append->share->head.sequence + 1);
            assert(append->place.position == position);
            position++;
            append->share->head = append->place;
        }
        if (append->committed) append->committed(append);
        count(store, append);
        if (append->makes_due && store->take_due)
            store->take_due(store, sl_span_of(append->share->id));
    }
    shares_unlock(store->shares);
    assert(position == atomic_load(&store->log_size) + group->events);
    atomic_store(&store->log_size, position);
    give_to_subscriber(store, group);
}

/* Under the lock. The first fault stays: who commits reads it without. */
static void stop(struct sequencer *sequencer, const struct sl_err *why)
{
    if (atomic_load(&sequencer->read_only)) return;
    sequencer->fault = *why;
    atomic_store(&sequencer->read_only, true);
}

static enum sl_result write_group(
    struct sequencer *sequencer, struct kv_batch *kv_batch, struct group *group)
{
    struct sl_store *store = sequencer->store;
    struct sl_err err = {0};
    assert(group->first && group->durable == (group->events > 0));
    bool sync = group->durable && store->durability == SL_DURABLE_FSYNC;
    enum sl_result result = SL_OK;
    if (group->durable || kv_batch_count(kv_batch) > 0)
        result = kv_write(store->kv, kv_batch, sync, &err);
    if (result == SL_OK) publish(sequencer, group);
    pthread_mutex_lock(&sequencer->lock);
    if (result == SL_OK) {
        sequencer->appended += group->events;
        sequencer->groups++;
        sequencer->synced += sync;
    } else {
        stop(sequencer, &err);
    }
    pthread_mutex_unlock(&sequencer->lock);
    for (struct append *append = group->first, *next; append; append = next) {
        next = append->next;
        finish(append, result == SL_OK ? SL_OK : SL_IO, &err);
    }
    return result;
}

static size_t weight(const struct append *append)
{
    return append->derived_bytes +
           (append->batch ? append->batch->rows.bytes.len + append->batch->packed.len + 512 : 0);
}

/* Everything that waited, in groups of at most SL_GROUP_BYTES (or one append, if that alone is
   larger). */
static void commit(struct sequencer *sequencer, struct kv_batch *kv_batch, struct append *append)
{
    while (append) {
        struct group group = {.last = &group.first};
        size_t bytes = 0;
        while (append && (bytes == 0 || bytes + weight(append) <= SL_GROUP_BYTES)) {
            struct append *next = append->next;
            bool read_only = atomic_load(&sequencer->read_only);
            enum sl_result result = read_only ? SL_READ_ONLY : stage(sequencer, kv_batch, append);
            if (result == SL_OK) {
                bytes += weight(append);
                take(&group, append);
            } else {
                /* `derive` may have left a message of its own */
                if (append->err.result != result)
                    sl_fail(&append->err, result, "%s", sl_result_text(result));
                finish(append, result, read_only ? &sequencer->fault : NULL);
            }
            append = next;
        }
        if (group.first) write_group(sequencer, kv_batch, &group);
        kv_batch_clear(kv_batch);
    }
}

static void *run(void *arg)
{
    struct sequencer *sequencer = arg;
    pthread_setname_np(pthread_self(), "sequencer");
    pthread_mutex_lock(&sequencer->lock);
    while (sequencer->first || sequencer->busy || !sequencer->closing) {
        if (!sequencer->first || sequencer->busy) {
            pthread_cond_wait(&sequencer->wake, &sequencer->lock);
            continue;
        }
        struct append *waiting = sequencer->first;
        sequencer->first = NULL;
        sequencer->last = &sequencer->first;
        sequencer->busy = true;
        pthread_mutex_unlock(&sequencer->lock);
        commit(sequencer, sequencer->kv_batch, waiting);
        pthread_mutex_lock(&sequencer->lock);
        assert(sequencer->busy);
        sequencer->busy = false;
    }
    pthread_mutex_unlock(&sequencer->lock);
    return NULL;
}

/* The caller commits its own append, since nobody else is committing or waiting. Appends that are
   queued meanwhile are the thread's. */
static void commit_alone(struct sequencer *sequencer, struct append *append)
{
    commit(sequencer, sequencer->kv_batch, append);
    pthread_mutex_lock(&sequencer->lock);
    assert(sequencer->busy);
    sequencer->busy = false;
    if (sequencer->first || sequencer->closing) pthread_cond_signal(&sequencer->wake);
    pthread_mutex_unlock(&sequencer->lock);
}

/* ---- its life ---- */

enum sl_result sequencer_create(struct sl_store *store, struct sequencer **out, struct sl_err *err)
{
    struct sequencer *sequencer = calloc(1, sizeof(*sequencer));
    if (!sequencer) return sl_fail(err, SL_NOMEM, "out of memory");
    sequencer->store = store;
    sequencer->last = &sequencer->first;
    enum sl_result result = log_size(store->kv, &sequencer->position, err);
    if (result == SL_OK)
        result = tiles_open(store->kv, sequencer->position, &sequencer->tiles, err);
    if (result != SL_OK) {
        free(sequencer);
        return result;
    }
    atomic_store(&store->log_size, sequencer->position);
    pthread_mutex_init(&sequencer->lock, NULL);
    pthread_cond_init(&sequencer->wake, NULL);
    sequencer->kv_batch = kv_batch_create();
    if (!kv_batch_is_there(sequencer->kv_batch) ||
        pthread_create(&sequencer->thread, NULL, run, sequencer) != 0) {
        kv_batch_destroy(sequencer->kv_batch);
        tiles_close(sequencer->tiles);
        free(sequencer);
        return sl_fail(err, SL_NOMEM, "no memory for the sequencer and its thread");
    }
    *out = sequencer;
    return SL_OK;
}

void sequencer_destroy(struct sequencer *sequencer)
{
    if (!sequencer) return;
    pthread_mutex_lock(&sequencer->lock);
    sequencer->closing = true;
    pthread_cond_signal(&sequencer->wake);
    pthread_mutex_unlock(&sequencer->lock);
    pthread_join(sequencer->thread, NULL);
    assert(!sequencer->first && !sequencer->busy);
    pthread_cond_destroy(&sequencer->wake);
    pthread_mutex_destroy(&sequencer->lock);
    kv_batch_destroy(sequencer->kv_batch);
    tiles_close(sequencer->tiles);
    free(sequencer);
}

void sequencer_stop(struct sequencer *sequencer, const struct sl_err *why)
{
    pthread_mutex_lock(&sequencer->lock);
    stop(sequencer, why);
    pthread_mutex_unlock(&sequencer->lock);
}

enum sl_result sequencer_append(
    struct sequencer *sequencer, struct append *append, struct sl_err *err)
{
    assert(!append->batch || (append->share && append->batch->packed.len > 0));
    append->next = NULL;
    sem_init(&append->done, 0, 0);
    pthread_mutex_lock(&sequencer->lock);
    bool closing = sequencer->closing;
    bool idle = !closing && !sequencer->busy && !sequencer->first;
    bool alone = idle && !append->gives_way;
    if (alone) {
        sequencer->busy = true;
    } else if (!closing) {
        *sequencer->last = append;
        sequencer->last = &append->next;
        if (idle) pthread_cond_signal(&sequencer->wake);
    }
    pthread_mutex_unlock(&sequencer->lock);
    if (closing) {
        sem_destroy(&append->done);
        return sl_fail(err, SL_CLOSING, "the store is closing");
    }
    if (alone) commit_alone(sequencer, append);
    while (sem_wait(&append->done) != 0) {
    }
    sem_destroy(&append->done);
    if (append->result != SL_OK && err) {
        *err = append->err;
        err->result = append->result;
    }
    return append->result;
}

enum sl_result sequencer_health(struct sequencer *sequencer, struct sl_err *err)
{
    if (!atomic_load(&sequencer->read_only)) return SL_OK;
    return sl_fail(err, SL_READ_ONLY, "read-only: %s", sequencer->fault.text);
}

void sequencer_counts(
    struct sequencer *sequencer, uint64_t *appended, uint64_t *groups, uint64_t *synced)
{
    pthread_mutex_lock(&sequencer->lock);
    *appended = sequencer->appended;
    *groups = sequencer->groups;
    *synced = sequencer->synced;
    pthread_mutex_unlock(&sequencer->lock);
}

enum sl_result store_writable(const struct sl_store *store, struct sl_err *err)
{
    if (!store->sequencer) return sl_fail(err, SL_READ_ONLY, "the store was opened to be read");
    return sequencer_health(store->sequencer, err);
}

enum sl_result log_committed(struct sl_store *store, uint64_t *size, struct sl_err *err)
{
    if (!store->sequencer) return log_size(store->kv, size, err);
    *size = atomic_load(&store->log_size);
    return SL_OK;
}
