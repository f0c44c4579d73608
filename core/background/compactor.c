/* A queue of tasks and the thread that does them, one at a time: snapshots of a share, erasures
   (all that wait together, since the files are rewritten for all at once), a flush of what was
   made. What is queued is in the store as well, as marks; the queue says in which order.

   How it fails: a task that fails is kept, its message with it (sl_store_settle gives it), and
   tried again after TRY_AGAIN_S. Without memory for a task its mark waits for the next start. When
   the store closes, a task stops after the row that is being written, and the next start takes it
   up. */

#include "core/background/compactor.h"

#include "core/background/due.h"
#include "core/background/erase.h"
#include "core/background/pack_make.h"
#include "core/background/snapshot_make.h"
#include "core/base/clock.h"
#include "core/kv/rows.h"
#include "core/log/sequencer.h"

#include <assert.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define TRY_AGAIN_S 60
#define ERASURES 256 /* done together, at most */
/* The compactor's thread runs at nice 10: a sync that comes meanwhile goes first. At 19 a busy
   machine would starve it. */
#define COMPACTOR_NICE 10

enum task_kind { TASK_SNAPSHOT, TASK_ERASE, TASK_FLUSH };
static const char *const task_text[] = {"snapshot of share ", "erase share ", "snapshots"};

struct task {
    struct task *next;
    enum task_kind kind;
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
    struct sl_err fault; /* of the last task that failed */
    struct due due;      /* of the thread that works */
};

static void enqueue(struct compactor *compactor, struct sl_span id, enum task_kind kind)
{
    struct task *task = compactor ? calloc(1, sizeof(*task)) : NULL;
    /* without memory the mark in the store stays, and the next start sees to it */
    if (!task) return;
    assert(id.len <= SL_SHARE_ID_BYTES);
    if (id.len) memcpy(task->id, id.ptr, id.len);
    task->kind = kind;
    pthread_mutex_lock(&compactor->lock);
    *compactor->last = task;
    compactor->last = &task->next;
    compactor->queued++;
    pthread_cond_broadcast(&compactor->changed);
    pthread_mutex_unlock(&compactor->lock);
}

/* The store's take_due: called with the shares locked. */
static void take_due(struct sl_store *store, struct sl_span share_id)
{
    enqueue(store->compactor, share_id, TASK_SNAPSHOT);
}

void compactor_erase(struct compactor *compactor, struct sl_span share_id)
{
    enqueue(compactor, share_id, TASK_ERASE);
}

/* ---- tasks ---- */

static enum sl_result make_snapshots(
    struct compactor *compactor, const char *id, struct sl_err *err)
{
    due_begin(&compactor->due, id);
    enum sl_result result = make_due_snapshots(compactor->store, sl_span_of(id), err);
    if (result == SL_OK) due_end(&compactor->due, id);
    if (result == SL_OK) result = make_due_packs(compactor->store, sl_span_of(id), err);
    return result;
}

/* With the lock held. */
static void end_task(
    struct compactor *compactor, struct task *task, enum sl_result result, const struct sl_err *err)
{
    if (result != SL_OK && result != SL_STOPPED) {
        compactor->fault = *err;
        sl_fail_in(&compactor->fault, "%s%s", task_text[task->kind], task->id);
        task->next = compactor->failed;
        compactor->failed = task;
    } else {
        free(task);
    }
    assert(compactor->queued > 0);
    compactor->queued--;
}

/* Takes all erasures out of the queue, as far as there is room. With the lock held. */
static size_t take_erasures(struct compactor *compactor, struct task *taken[ERASURES])
{
    size_t count = 0;
    compactor->last = &compactor->first;
    for (struct task *task; (task = *compactor->last);)
        if (task->kind == TASK_ERASE && count < ERASURES) {
            taken[count++] = task;
            *compactor->last = task->next;
        } else {
            compactor->last = &task->next;
        }
    return count;
}

/* With the lock held, which is let go meanwhile. */
static void erase(struct compactor *compactor)
{
    struct task *taken[ERASURES];
    size_t count = take_erasures(compactor, taken);
    assert(count > 0 && count <= compactor->queued);
    pthread_mutex_unlock(&compactor->lock);
    struct erasing *list = calloc(count, sizeof(*list));
    for (size_t i = 0; i < count && list; i++)
        memcpy(list[i].id, taken[i]->id, sizeof(list[i].id));
    if (list) erase_shares(compactor->store, list, count);
    struct sl_err nomem = {0};
    if (!list) sl_fail(&nomem, SL_NOMEM, "out of memory");
    pthread_mutex_lock(&compactor->lock);
    for (size_t i = 0; i < count; i++) {
        if (list) memcpy(taken[i]->id, list[i].id, sizeof(list[i].id)); /* in its order */
        end_task(
            compactor, taken[i], list ? list[i].result : SL_NOMEM, list ? &list[i].err : &nomem);
    }
    free(list);
}

static enum sl_result perform(
    struct compactor *compactor, const struct task *task, struct sl_err *err)
{
    return task->kind == TASK_SNAPSHOT ? make_snapshots(compactor, task->id, err)
                                       : due_flush(&compactor->due, err);
}

/* Do the first task. With the lock held, which is let go meanwhile. */
static void work(struct compactor *compactor)
{
    struct task *task = compactor->first;
    assert(task && compactor->queued > 0);
    if (task->kind == TASK_ERASE) {
        erase(compactor);
    } else {
        compactor->first = task->next;
        if (!compactor->first) compactor->last = &compactor->first;
        pthread_mutex_unlock(&compactor->lock);
        struct sl_err err = {0};
        enum sl_result result = perform(compactor, task, &err);
        pthread_mutex_lock(&compactor->lock);
        end_task(compactor, task, result, &err);
    }
    pthread_cond_broadcast(&compactor->changed);
}

/* Queue again what failed: a disk that was full may have room by now. With the lock held. */
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

/* Wait until there is a task, or until one that failed is to be tried again. With the lock held,
   which is let go meanwhile. */
static void idle(struct compactor *compactor)
{
    uint64_t until_ms = clock_ms() + TRY_AGAIN_S * UINT64_C(1000);
    struct timespec until = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000};
    if (!compactor->failed)
        pthread_cond_wait(&compactor->changed, &compactor->lock);
    else if (pthread_cond_timedwait(&compactor->changed, &compactor->lock, &until) == ETIMEDOUT)
        try_again(compactor);
}

static void *run(void *arg)
{
    struct compactor *compactor = arg;
    pthread_setname_np(pthread_self(), "compactor");
    setpriority(PRIO_PROCESS, (id_t)gettid(), COMPACTOR_NICE);
    pthread_mutex_lock(&compactor->lock);
    while (!due_stopping(&compactor->due)) {
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
    struct kv_iter *iter = kv_iter_create(compactor->store->kv, erase ? KV_META : KV_INDEX,
        row_span(&from), row_span(&to), KV_CACHED);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter);
        struct sl_span id = {key.ptr + from.len, key.len - from.len};
        if (sl_share_id_valid(id)) enqueue(compactor, id, erase ? TASK_ERASE : TASK_SNAPSHOT);
    }
    enum sl_result result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* What waits on it with a time limit waits by the monotonic clock: a clock that is set doesn't
   shorten or lengthen the wait. */
static void init_changed(pthread_cond_t *changed)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum sl_result compactor_create(struct sl_store *store, struct compactor **out, struct sl_err *err)
{
    struct compactor *compactor = calloc(1, sizeof(*compactor));
    if (!compactor) return sl_fail(err, SL_NOMEM, "out of memory");
    compactor->store = store;
    due_init(&compactor->due, store);
    compactor->last = &compactor->first;
    pthread_mutex_init(&compactor->lock, NULL);
    init_changed(&compactor->changed);
    enum sl_result result = take_up(compactor, true, err);
    if (result == SL_OK) result = take_up(compactor, false, err);
    assert(!store->due && !store->take_due); /* one compactor a store */
    /* before the thread begins: what it does reaches the compactor through the store */
    *out = compactor;
    store->due = &compactor->due;
    store->take_due = take_due;
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
    due_stop(&compactor->due);
    pthread_cond_broadcast(&compactor->changed);
    pthread_mutex_unlock(&compactor->lock);
    if (compactor->threaded) pthread_join(compactor->thread, NULL);
    assert(due_stopping(&compactor->due));
    /* what fails has its mark, and is made again */
    if (store_writable(compactor->store, NULL) == SL_OK) due_flush(&compactor->due, NULL);
    due_fini(&compactor->due);
    compactor->store->due = NULL;
    compactor->store->take_due = NULL;
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
    pthread_mutex_unlock(&compactor->lock);
    enqueue(compactor, (struct sl_span){0}, TASK_FLUSH); /* behind what is tried again */
    pthread_mutex_lock(&compactor->lock);
    size_t total = compactor->queued;
    compactor->fault = (struct sl_err){0};
    while (compactor->queued > 0 && !due_stopping(&compactor->due)) {
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
