#ifndef SHARELOG_STORE_H
#define SHARELOG_STORE_H

/* What an open store is made of, for the files of core/ alone. */

#include "core/kv/kv.h"
#include "core/log/share.h"
#include "core/sharelog.h"

#include <pthread.h>
#include <stdatomic.h>

#define STORE_FORMAT 1

struct keys;
struct sequencer;
struct compactor;
struct due;
struct checkpoints;
struct rules;
struct twins;

struct sl_store {
    char *dir;
    enum sl_access access;
    enum sl_durability durability;
    bool no_compactor;
    uint64_t (*clock_us)(void);
    struct kv *kv;
    struct keys *keys;
    struct shares *shares;
    struct sequencer *sequencer; /* NULL when read beside */
    struct compactor *compactor; /* NULL when read beside */
    struct due *due;             /* the compactor's */
    /* Called with the shares locked, when an event has made a snapshot of its share due; set while
       nothing is appended. NULL: nobody wants to know, and the mark in the store waits. */
    void (*told_due)(struct sl_store *store, struct sl_span share_id);
    struct twins *twins;
    struct checkpoints *checkpoints;
    struct rules *rules; /* NULL when read beside */
    /* the log's size as committed; when the store is read beside, as of the opening */
    atomic_ullong log_size;
    pthread_mutex_t redacting; /* one redaction at a time */
    pthread_mutex_t admin; /* one create, remove or allow at a time: each looks before it appends */
    /* Shares by state, once they have been counted; kept up to date from then on. Under the shares'
       lock. */
    bool counted;
    uint64_t live, removed, created_or_removed;
    /* counts removals and redactions, so that a long read can tell that it should look again */
    atomic_ulong removals;
    pthread_mutex_t told_lock;
    void (*told)(void *ctx, const struct sl_told *told);
    void *told_ctx;
};

static inline uint64_t store_now_us(const struct sl_store *store)
{
    return store->clock_us();
}

/* Report progress, if anybody wants it. */
static inline void progress_report(
    const struct sl_progress *progress, const char *phase, uint64_t done, uint64_t total)
{
    if (progress && progress->report) progress->report(progress->ctx, phase, done, total);
}

#endif
