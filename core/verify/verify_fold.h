#ifndef SHARELOG_VERIFY_FOLD_H
#define SHARELOG_VERIFY_FOLD_H

/* A share's events folded anew, from nothing, with the print of each entry's bytes. A snapshot's
   bytes are compared by these prints, so that no event is read twice.

       event: clear ── take, take, … ── is it what its header says? ── apply
                                                └─ no: a fault, nothing is folded

   An event's items wait until the whole event was found to be what its header commits to. */

#include "core/base/print.h"
#include "core/event/event.h"
#include "core/state/orders.h"

struct check_fold {
    bool folds; /* else the share is removed, and nothing is folded */
    struct fold fold;
    struct orders orders;
    struct print_key key;
    uint64_t *prints; /* one an entry */
    size_t prints_cap;
    uint64_t print; /* of the item that is being applied */
    /* an event's items, until its header was found to commit to them */
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

/* Forget the items of the event before. */
void check_fold_clear(struct check_fold *fold);
/* Take one of the event's items; valid until the next. NULL: no memory. Before the items are
   applied the caller sets `print` and, of an item that is looked into, puts its bytes into `data`.
   The item's key and type must stay until then. */
struct fold_taken *check_fold_take(struct check_fold *fold, const struct event_item *item);
/* Apply the items that were taken. SL_NOMEM. */
enum sl_result check_fold_apply(
    struct check_fold *fold, uint64_t sequence, uint64_t arrived_us, struct sl_err *err);

#endif
