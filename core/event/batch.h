#ifndef SHARELOG_BATCH_H
#define SHARELOG_BATCH_H

/* A batch: a sync request's items, parsed in one pass over its bytes, then sealed: keyed, hashed
   and packed. All of that is done on the caller's thread, and all that can fail fails there: the
   sequencer only has to give a sealed batch a place. */

#include "core/event/event.h"
#include "core/event/hot_row.h"

struct batch_item {
    struct sl_span type, key; /* decoded; encoded */
    struct sl_span data;      /* in the request's bytes, or where it was replaced */
    bool marked;              /* it was: redacted on arrival */
};

struct batch {
    uint64_t arrived_us;
    struct batch_item *items;
    size_t count, cap;
    struct buf names;          /* types, decoded; keys, encoded */
    struct sl_span secret_raw; /* as it stands between its quotes */
    /* the first item that breaks a rule; judged after the secret */
    enum sl_result item_result;
    struct sl_err item_err;
    struct buf *replaced; /* data of items that was redacted on the way in */
    size_t replaced_count;
    /* sealed: */
    uint64_t data_bytes;
    uint8_t nonce[EVENT_NONCE_BYTES];
    uint8_t manifest_commitment[32];
    struct buf packed;    /* the event row's items */
    struct hot_rows rows; /* the body's, as they are put: whoever appends the batch makes nothing */
};

/* Parse `{"secret": …, "data": […]}`. The batch points into `body`, which must outlive it.
   SL_INVALID: not JSON, or without a secret or a list of items: nothing else is said before the
   secret is known to be right. Then batch_items says what is wrong with the items, if anything:
   SL_INVALID, SL_TOO_LARGE. batch_fini is called either way. */
enum sl_result batch_parse(
    struct sl_span body, uint64_t arrived_us, struct batch *batch, struct sl_err *err);
enum sl_result batch_items(const struct batch *batch, struct sl_err *err);

/* A batch of one item that the server itself makes: create, remove … */
enum sl_result batch_control(const char *kind, struct sl_span data, uint64_t arrived_us,
    struct batch *batch, struct sl_err *err);

/* Redact an item on arrival: give it other data, whose bytes the batch takes over (`data` is then
   empty), and mark it. Before it is sealed, or sealed again. SL_NOMEM. */
enum sl_result batch_replace(
    struct batch *batch, size_t index, struct buf *data, struct sl_err *err);

/* Draw a nonce, commit to every item and to the manifest, pack the row's items, make the body's
   rows: a sealed batch can be appended without anything that could fail. Takes 60 KiB of the
   caller's stack. SL_NOMEM: it isn't sealed. */
enum sl_result batch_seal(struct batch *batch, struct sl_err *err);

void batch_fini(struct batch *batch);

#endif
