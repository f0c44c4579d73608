/* Marks and pace. A mark is dropped by the sequencer, which refuses when an event has come
   meanwhile that makes a snapshot due again. Without memory to remember a share its mark stays, and
   the next start finds nothing to do there; when a flush or a write fails, the marks stay too. */

#include "core/background/due.h"

#include "core/base/clock.h"
#include "core/kv/rows.h"
#include "core/log/sequencer.h"

#include <assert.h>
#include <time.h>

/* Beside syncs the thread works a quarter of the time. */
#define REST_TIMES 3
#define REST_MOST_NS 100000000u
/* Rows of snapshots that a crash would take, and the next start make again. Less than a memtable:
   a flush that RocksDB begins by itself isn't waited for, and two at once stop every writer. */
#define UNFLUSHED_BYTES (12 * SL_MIB)
/* What a row takes in a memtable beside its bytes: many small states are many short rows. */
#define ROW_COSTS_BYTES 256

/* A share whose snapshots were made, and whose mark in the store still says that they are due. */
struct made {
    struct made *next;
    unsigned long flushes; /* that there had been by then */
    char id[SL_SHARE_ID_BYTES + 1];
};

void due_init(struct due *due, struct sl_store *store)
{
    *due = (struct due){.store = store};
}

void due_fini(struct due *due)
{
    for (struct made *made = due->made, *next; made; made = next) {
        next = made->next;
        free(made);
    }
    due->made = NULL;
}

void due_stop(struct due *due)
{
    atomic_store(&due->stopping, true);
}

bool due_stopping(const struct due *due)
{
    return atomic_load(&due->stopping);
}

/* ---- marks ---- */

void due_begin(struct due *due, const char *share_id)
{
    struct made **at = &due->made;
    while (*at && strcmp((*at)->id, share_id) != 0)
        at = &(*at)->next;
    struct made *made = *at;
    if (made) *at = made->next;
    free(made);
    due->resumed = clock_ns();
}

void due_end(struct due *due, const char *share_id)
{
    struct made *made = calloc(1, sizeof(*made));
    /* Without memory for it the mark stays too, and the next start finds nothing to do there. */
    if (!made) return;
    assert(strlen(share_id) <= SL_SHARE_ID_BYTES);
    memcpy(made->id, share_id, strlen(share_id));
    assert(share_id[0] && due->resumed > 0); /* due_begin was called */
    made->flushes = due->flushes;
    made->next = due->made;
    due->made = made;
}

bool share_is_due(const struct share *share)
{
    assert(share->staged.stored >= share->snapshot_stored);
    return share_takes_batches(share) &&
           share->staged.stored - share->snapshot_stored >= share_due_bytes(share->snapshot_size);
}

static enum sl_result delete_mark(struct append *append, struct kv_batch *kv_batch)
{
    assert(!append->batch);
    if (share_is_due(append->share)) return SL_STOPPED;
    struct row_key mark = row_index(ROW_INDEX_DUE, sl_span_of(append->share->id));
    kv_delete(((struct sl_store *)append->ctx)->kv, kv_batch, KV_INDEX, row_span(&mark));
    return SL_OK;
}

static enum sl_result drop_mark(struct sl_store *store, struct sl_span share_id, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, share_id, &share, err);
    if (result != SL_OK) return result == SL_NOT_FOUND ? SL_OK : result;
    struct append append = {.share = share,
        .derive = delete_mark,
        .ctx = store,
        .derived_bytes = 64,
        .gives_way = true};
    result = sequencer_append(store->sequencer, &append, err);
    share_release(share);
    return result == SL_STOPPED ? SL_OK : result;
}

/* Drop the marks of what was made before the last so many flushes began. */
static enum sl_result drop_marks(struct due *due, unsigned long flushes, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    for (struct made **at = &due->made; *at && result == SL_OK;) {
        struct made *made = *at;
        assert(made->flushes <= due->flushes);
        if (due->flushes - made->flushes < flushes) {
            at = &made->next;
            continue;
        }
        result = drop_mark(due->store, sl_span_of(made->id), err);
        if (result != SL_OK) break;
        *at = made->next;
        free(made);
    }
    return result;
}

/* ---- pace ---- */

static enum sl_result flush(struct due *due, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    if (due->unflushed > 0) result = kv_flush_family(due->store->kv, KV_SNAPSHOT, err);
    if (result != SL_OK) return result;
    due->unflushed = 0;
    due->flushes++;
    return SL_OK;
}

/* As long as events are appended, the thread rests for some times as long as it worked. Its nice
   level isn't enough: the kernel leaves a processor to whoever runs on it for milliseconds, and a
   sync needs a processor several times before it is on disk. */
void due_rest(struct due *due)
{
    uint64_t appended, groups, synced, now = clock_ns();
    sequencer_counts(due->store->sequencer, &appended, &groups, &synced);
    uint64_t ns = REST_TIMES * (now - due->resumed);
    if (ns > REST_MOST_NS) ns = REST_MOST_NS;
    if (appended != due->appended) nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
    due->appended = appended;
    due->resumed = clock_ns();
}

enum sl_result due_put(struct due *due, size_t bytes, struct sl_err *err)
{
    due_rest(due);
    assert(bytes > 0);
    due->unflushed += bytes + ROW_COSTS_BYTES;
    if (due->unflushed < UNFLUSHED_BYTES) return SL_OK;
    /* The marks of this flush wait for the next one: a process that reads beside this one reads the
       files first, then the log, and must not find a mark dropped for a file that it hasn't seen.
     */
    enum sl_result result = drop_marks(due, 1, err);
    return result == SL_OK ? flush(due, err) : result;
}

enum sl_result due_flush(struct due *due, struct sl_err *err)
{
    if (!due->made) return SL_OK;
    enum sl_result result = flush(due, err);
    return result == SL_OK ? drop_marks(due, 1, err) : result;
}
