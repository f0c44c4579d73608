#ifndef SHARELOG_ORDERS_H
#define SHARELOG_ORDERS_H

/* A fold's entries in the orders that readers want: items by key, items by first arrival, models by
   first arrival. An order is a list of indexes into the fold's entries, so it holds as long as
   nothing is applied to the fold.

       fold.entries    0: part/b   1: m1 (MODEL)   2: message/a   3: m2 (MODEL)
       by_key          2, 0
       by_arrival      0, 2
       models          1, 3

   Zeroed is empty. Making an order fails for want of memory alone, and leaves what was made. One
   thread at a time uses them. */

#include "core/state/fold.h"

struct orders {
    uint32_t *by_key, *by_arrival; /* ITEM entries, `items` of each; NULL: not made */
    uint32_t *models;              /* MODEL entries, in order of first arrival */
    size_t items, models_count;
    size_t seen; /* entries of the fold that by_key takes account of */
};

/* Make by_key and models, or by_arrival besides, if that isn't done yet. False: no memory. */
bool orders_make(struct orders *orders, const struct fold *fold);
bool orders_make_arrival(struct orders *orders, const struct fold *fold);

/* Put the models alone in order, anew: for a fold whose items are in no order. */
bool orders_make_models(struct orders *orders, const struct fold *fold);

/* The fold has grown: the next order is made of all of it, by_key by adding the new entries. */
void orders_outdate(struct orders *orders);
void orders_fini(struct orders *orders);

/* The bytes of the merged model item's text. */
uint64_t orders_models_bytes(const struct orders *orders, const struct fold *fold);

/* A class's entries by key or by first arrival, *count of them; the caller frees. NULL: no
   memory. */
uint32_t *order_by_key(const struct fold *fold, enum fold_class class, size_t *count);
uint32_t *order_by_arrival(const struct fold *fold, enum fold_class class, size_t *count);

#endif
