#ifndef SHARELOG_VERIFY_H
#define SHARELOG_VERIFY_H

/* Checking what is stored against itself. verify_walk.c goes through the shares, on every
   processor; verify_log.c checks the log and its tree; verify_share.c begins and ends one share,
   with its derived records, verify_event.c checks its events one behind the other, verify_fold.c
   folds them anew, verify_snapshot.c holds the snapshots against that, and verify.c puts it
   together.

   Everything is read once, as it lies: of an item's bytes, while they are hashed for its
   commitment, a print is kept, and that is what a snapshot's bytes are compared by. */

#include "core/base/crypto.h"
#include "core/base/print.h"
#include "core/event/commit.h"
#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/proof/tree.h"
#include "core/proof/withheld.h"
#include "core/read/history.h"
#include "core/state/orders.h"

/* The log's tree made anew, and what is wrong with the one that is stored. */
struct log_check {
    struct sl_store *store;
    struct tree_edge edge;
    struct tiles *tiles;
    uint64_t rows; /* of tiles, that there should be */
    bool has_kept;
    struct sl_checkpoint kept;
    enum sl_result result;
    struct sl_err *err;
};

/* Walk the log: no position is missing, the tiles are what its leaves make, and so is the kept
   checkpoint. SL_CORRUPT: the fault, named. */
enum sl_result log_check(struct log_check *check, const struct sl_progress *progress,
    uint64_t total, struct sl_err *err);

/* The log on this thread and the shares on all: both are needed, whichever is through first. */
struct shares_verified {
    struct sl_verified verified;
    uint64_t holds; /* shares that hold a session */
};
enum sl_result shares_check(struct sl_store *store, struct log_check *log, uint64_t total,
    const struct sl_progress *progress, struct shares_verified *out, struct sl_err *err);

/* A fold from nothing, and the prints of what its entries hold. */
struct check_fold {
    bool folds; /* else the share is removed, and nothing is folded */
    struct fold fold;
    struct orders orders;
    struct print_key key;
    uint64_t *prints; /* one an entry */
    size_t prints_cap;
    uint64_t print; /* of the item that is being applied */
    /* an event's items, until it is known that they are its items */
    struct fold_taken {
        struct event_item item;
        uint64_t print;
        bool looked_into;
        size_t data_at; /* its bytes, if so */
    } * items;
    size_t count, cap;
    struct buf data;
};
/* Begin a share's fold, and end it. The memory for items and prints stays for the next share's. */
void check_fold_begin(struct check_fold *fold);
void check_fold_end(struct check_fold *fold);
void check_fold_fini(struct check_fold *fold);
/* Another event; its items, one by one (NULL: no memory; valid until the next; `print` and, of one
   that is looked into, the bytes in `data` are the caller's to put, before they are applied); and
   all of them applied. */
void check_fold_clear(struct check_fold *fold);
struct fold_taken *check_fold_take(struct check_fold *fold, const struct event_item *item);
enum sl_result check_fold_apply(
    struct check_fold *fold, uint64_t sequence, uint64_t arrived_us, struct sl_err *err);

struct share_check {
    struct sl_store *store;
    struct sl_verified *verified;
    struct kv_iter *log; /* where it was last looked into */
    /* these go on from share to share; a share's rows lie before `end` */
    struct kv_iter *events;
    struct kv_iter *bodies;    /* as far as they were needed */
    struct kv_iter *snapshots; /* all before that one are accounted for */
    struct kv_iter *owners;    /* a row of an earlier snapshot that one refers to */
    struct row_key end;
    struct row_key next; /* where those of the next share with events begin; empty: nowhere */
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    struct share_record record; /* as the events tell it */
    uint8_t ref[32];
    struct head last;
    bool held;
    uint64_t holds;      /* shares so far that hold a session */
    uint64_t removal;    /* the sequence of the remove event; 0: none */
    bool stored_removed; /* what the share's record says, which must be told by an event */
    bool erasing;        /* its content may be there or gone */
    struct check_fold fold;
    uint64_t snapshot_stored, snapshot_size; /* where the next snapshot has to be */
    bool due;                 /* one is marked as due: it and what follows may be missing */
    struct withheld withheld; /* items that a redact event has yet to name */
    struct commit commit;     /* of the event at hand */
    struct buf prefix, scratch;
};

/* The next share is not the one behind the last. */
void share_check_jump(struct share_check *check);
/* Begin with a share whose first event is here; check each event in order of sequence; end:
   snapshots that shouldn't be, the derived records. SL_CORRUPT: the fault, named. */
enum sl_result share_check_begin(struct share_check *check, struct sl_span id, struct sl_err *err);
enum sl_result share_check_event(
    struct share_check *check, uint64_t sequence, struct sl_span row, struct sl_err *err);
enum sl_result share_check_end(struct share_check *check, struct sl_err *err);
void share_check_fini(struct share_check *check);
/* No body row is left behind the last event's. */
enum sl_result bodies_end(struct share_check *check, struct sl_err *err);

/* The share's snapshot at its last checked event: must be there if it is due and must not if it
   isn't, and must be what the fold makes. */
enum sl_result snapshot_check(struct share_check *check, struct sl_err *err);
/* No row of one is left behind the last. */
enum sl_result snapshots_end(struct share_check *check, struct sl_err *err);

/* Rows that no event leads to: of `meta`, of indexes, of shares that there are not. */
enum sl_result rows_check(struct sl_store *store, struct sl_err *err);
/* No row stands between the shares: the iterator is behind one, and the next begins there. */
enum sl_result rows_gap(
    struct kv_iter *iter, enum kv_family family, const struct row_key *next, struct sl_err *err);

#endif
