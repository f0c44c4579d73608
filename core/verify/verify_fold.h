#ifndef SHARELOG_VERIFY_FOLD_H
#define SHARELOG_VERIFY_FOLD_H

/* A share's events folded anew, from nothing, with the print of what each entry holds: that is what
   the bytes of a snapshot are compared by, so that no event is read twice.

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

#endif
