#ifndef SHARELOG_STORE_H
#define SHARELOG_STORE_H

/* What an open store is made of, for the files of core/ alone.

   Locks: who holds one takes only such as stand further in.

     redacting                  one redaction
       a share's turn           one removal or redaction of that share, its long looking included
         a session's lock       one create or allow of that session, and the moment of a removal
           twins                ┐
           the sequencer's      │ for a few memory accesses each, never while anything is read
           the rules'           │ or written; of these the shares' lock alone has others inside
           the subscriber's     │ it: to queue a task, to forget what was read
           the shares'          ┘
             the compactor's, that of the packs in memory
     naming                     one new origin
       the checkpoints'         one signing: the reads that it takes, an fsync, a file's write

   Two of the short ones are held longer: the rules' while a batch is compared with them, and the
   subscriber's while a group's events are given out. Naming and the checkpoints' stand apart from
   all that is above them in the list; who commits takes neither, so only who asks for a checkpoint
   waits for a signing. A thread that waits for its append keeps its turn and its session. Who
   commits takes neither, so a commit waits for nobody; and a read waits for the shares' lock, and
   while rows of its share are being exchanged. */

#include "core/kv/kv.h"
#include "core/sharelog.h"

#include <pthread.h>
#include <stdatomic.h>

/* 2: bodies are put into `hot`. A store of format 1 is one of format 2 from its first opening to be
   written on. */
#define STORE_FORMAT 2

struct bodies;
struct keys;
struct sequencer;
struct compactor;
struct due;
struct checkpoints;
struct rules;
struct session_locks;
struct shares;
struct twins;

struct sl_store {
    char *dir;
    enum sl_access access;
    enum sl_durability durability;
    bool no_compactor;
    uint64_t (*clock_us)(void);
    struct kv *kv;
    struct bodies *bodies;
    struct keys *keys;
    struct shares *shares;
    struct sequencer *sequencer; /* NULL when read beside */
    struct compactor *compactor; /* NULL when read beside */
    struct due *due;             /* the compactor's */
    /* Called with the shares locked, when an event has made a snapshot of its share due; set while
       nothing is appended. NULL: nobody wants to know, and the mark in the store waits. */
    void (*take_due)(struct sl_store *store, struct sl_span share_id);
    struct session_locks *session_locks;
    struct twins *twins;
    struct checkpoints *checkpoints;
    struct rules *rules; /* NULL when read beside */
    /* the log's size as committed; when the store is read beside, as of the opening */
    atomic_ullong log_size;
    pthread_mutex_t naming;    /* one new origin at a time */
    pthread_mutex_t redacting; /* one redaction at a time: their rules come and go in order */
    /* Shares by state, once they have been counted; kept up to date from then on. Under the shares'
       lock. */
    bool counted;
    uint64_t live, removed;
    /* Creates and removals: those that may be written, and those that are counted. Who counts the
       rows looks whether the two were equal all the while, so that none is counted twice. */
    atomic_ullong moves_begun;
    uint64_t moves_done;
    /* who is given each event once it is committed, by who commits it; under its own lock */
    pthread_mutex_t subscriber_lock;
    void (*subscriber)(void *ctx, const struct sl_told *event);
    void *subscriber_ctx;
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
