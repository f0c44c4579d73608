#include "compactor.h"

#include "rows.h"
#include "sequencer.h"

#include <errno.h>
#include <time.h>

#define TRY_AGAIN_S 60

struct task {
    struct task *next;
    bool erase;
    char id[SL_SHARE_ID_BYTES + 1];
};

struct compactor {
    struct sl_store *store;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct task *first, **last;
    struct task *failed; /* to be tried again */
    size_t queued;
    bool working;
    atomic_bool stopping;
    struct sl_err fault; /* of the last task that failed */
};

static void enqueue(struct compactor *compactor, struct sl_span id, bool erase)
{
    struct task *task = compactor ? calloc(1, sizeof(*task)) : NULL;
    /* without memory the mark in the store stays, and the next start sees to it */
    if (!task) return;
    memcpy(task->id, id.ptr, id.len);
    task->erase = erase;
    pthread_mutex_lock(&compactor->lock);
    *compactor->last = task;
    compactor->last = &task->next;
    compactor->queued++;
    pthread_cond_broadcast(&compactor->changed);
    pthread_mutex_unlock(&compactor->lock);
}

void compactor_due(struct compactor *compactor, struct sl_span share_id)
{
    enqueue(compactor, share_id, false);
}

void compactor_erase(struct compactor *compactor, struct sl_span share_id)
{
    enqueue(compactor, share_id, true);
}

bool compactor_stopping(struct compactor *compactor)
{
    return compactor && atomic_load(&compactor->stopping);
}

/* Do the first task. With the lock held, which is let go meanwhile. */
static void work(struct compactor *compactor)
{
    struct task *task = compactor->first;
    compactor->first = task->next;
    if (!compactor->first) compactor->last = &compactor->first;
    compactor->working = true;
    pthread_mutex_unlock(&compactor->lock);
    struct sl_err err = {0};
    struct sl_span id = sl_span_of(task->id);
    enum sl_result result = task->erase ? erase_share(compactor->store, id, &err)
                                        : make_due_snapshots(compactor->store, id, &err);
    pthread_mutex_lock(&compactor->lock);
    if (result != SL_OK && result != SL_STOPPED) {
        compactor->fault = err;
        sl_fail_in(
            &compactor->fault, "%s share %s", task->erase ? "erase" : "snapshot of", task->id);
        task->next = compactor->failed;
        compactor->failed = task;
    } else {
        free(task);
    }
    compactor->working = false;
    compactor->queued--;
    pthread_cond_broadcast(&compactor->changed);
}

/* What failed may do so no longer: a disk that was full has room again. With the lock held. */
static void try_again(struct compactor *compactor)
{
    for (struct task *task = compactor->failed, *next; task; task = next) {
        next = task->next;
        task->next = NULL;
        *compactor->last = task;
        compactor->last = &task->next;
        compactor->queued++;
    }
    compactor->failed = NULL;
    pthread_cond_broadcast(&compactor->changed);
}

/* Until there is something to do; if something failed, that after a while. With the lock held. */
static void idle(struct compactor *compactor)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TRY_AGAIN_S;
    if (!compactor->failed)
        pthread_cond_wait(&compactor->changed, &compactor->lock);
    else if (pthread_cond_timedwait(&compactor->changed, &compactor->lock, &until) == ETIMEDOUT)
        try_again(compactor);
}

static void *run(void *arg)
{
    struct compactor *compactor = arg;
    pthread_setname_np(pthread_self(), "compactor");
    pthread_mutex_lock(&compactor->lock);
    while (!compactor_stopping(compactor)) {
        if (compactor->first)
            work(compactor);
        else
            idle(compactor);
    }
    pthread_mutex_unlock(&compactor->lock);
    return NULL;
}

/* What an earlier process left undone: the share ids behind a prefix. */
static enum sl_result take_up(struct compactor *compactor, bool erase, struct sl_err *err)
{
    struct row_key from = erase ? row_erase(SL_SPAN("")) : row_index(ROW_INDEX_DUE, SL_SPAN(""));
    struct row_key to =
        erase ? row_erase(SL_SPAN("\x7f")) : row_index(ROW_INDEX_DUE, SL_SPAN("\x7f"));
    struct kv_iter *iter = kv_iter_create(
        compactor->store->kv, erase ? KV_META : KV_INDEX, row_span(&from), row_span(&to), false);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter);
        struct sl_span id = {key.ptr + from.len, key.len - from.len};
        if (sl_share_id_valid(id)) enqueue(compactor, id, erase);
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

enum sl_result compactor_create(struct sl_store *store, struct compactor **out, struct sl_err *err)
{
    struct compactor *compactor = calloc(1, sizeof(*compactor));
    if (!compactor) return sl_fail(err, SL_NOMEM, "out of memory");
    compactor->store = store;
    compactor->last = &compactor->first;
    pthread_mutex_init(&compactor->lock, NULL);
    pthread_cond_init(&compactor->changed, NULL);
    enum sl_result result = take_up(compactor, true, err);
    if (result == SL_OK) result = take_up(compactor, false, err);
    /* before the thread begins: what it does reaches the compactor through the store */
    *out = compactor;
    if (result == SL_OK && !store->no_compactor) {
        compactor->threaded = pthread_create(&compactor->thread, NULL, run, compactor) == 0;
        if (!compactor->threaded) result = sl_fail(err, SL_NOMEM, "cannot start a thread");
    }
    if (result != SL_OK) {
        *out = NULL;
        compactor_destroy(compactor);
    }
    return result;
}

void compactor_destroy(struct compactor *compactor)
{
    if (!compactor) return;
    pthread_mutex_lock(&compactor->lock);
    atomic_store(&compactor->stopping, true);
    pthread_cond_broadcast(&compactor->changed);
    pthread_mutex_unlock(&compactor->lock);
    if (compactor->threaded) pthread_join(compactor->thread, NULL);
    try_again(compactor); /* one list to free */
    for (struct task *task = compactor->first, *next; task; task = next) {
        next = task->next;
        free(task);
    }
    pthread_cond_destroy(&compactor->changed);
    pthread_mutex_destroy(&compactor->lock);
    free(compactor);
}

enum sl_result compactor_settle(
    struct compactor *compactor, const struct sl_progress *progress, struct sl_err *err)
{
    pthread_mutex_lock(&compactor->lock);
    try_again(compactor);
    size_t total = compactor->queued;
    compactor->fault = (struct sl_err){0};
    while (compactor->queued > 0 && !compactor_stopping(compactor)) {
        progress_report(
            progress, "compact", total > compactor->queued ? total - compactor->queued : 0, total);
        if (compactor->threaded)
            pthread_cond_wait(&compactor->changed, &compactor->lock);
        else if (compactor->first)
            work(compactor);
        else
            break;
    }
    struct sl_err fault = compactor->fault;
    bool stopped = compactor->queued > 0;
    pthread_mutex_unlock(&compactor->lock);
    if (fault.result != SL_OK) {
        if (err) *err = fault;
        return fault.result;
    }
    return stopped ? sl_fail(err, SL_CLOSING, "the store is closing") : SL_OK;
}
