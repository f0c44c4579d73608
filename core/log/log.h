#ifndef SHARELOG_LOG_H
#define SHARELOG_LOG_H

/* The log: the truth about every share, in the families `event` and `log` and in those of bodies
   (body_rows.h). Three things are done to it: append, read back (by share and sequence, or by
   position), erase content. Nothing here knows a session, a snapshot or an index. */

#include "core/event/batch.h"
#include "core/kv/kv.h"
#include "core/log/share.h"

/* Put an event's rows into a batch. `place` has its sequence, position, time and syncs; its
   `stored` and `leaf` are set here, from the share's head before it. */
void log_append(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct header *header, const struct batch *batch, uint64_t stored_before,
    struct head *place);

/* How many events there are: the position after the last. */
enum sl_result log_size(struct kv *kv, uint64_t *size, struct sl_err *err);

/* The header at a position, held by the pin. SL_NOT_FOUND. */
enum sl_result log_header(struct kv *kv, uint64_t position, struct kv_pin *pin, struct sl_err *err);

/* An event's row, held by the pin. SL_NOT_FOUND. */
enum sl_result log_event(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct kv_pin *pin, struct sl_err *err);

/* The head that an event was, from its row: everything but the leaf comes cheaply, and the leaf
   costs a hash. SL_NOT_FOUND; SL_CORRUPT. */
enum sl_result log_place(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct head *place, struct sl_err *err);

/* The last event at or before a time, by bisection: times never run backwards within a share.
   `*sequence` is 0 when all of `last` events are later. */
enum sl_result log_at_time(struct kv *kv, struct sl_span share_id, uint64_t last, uint64_t time_ms,
    uint64_t *sequence, struct sl_err *err);

/* The first sequence in (after, last] whose `stored` is at least `stored`, by bisection; 0:
   none. */
enum sl_result log_at_stored(struct kv *kv, struct sl_span share_id, uint64_t after, uint64_t last,
    uint64_t stored, uint64_t *sequence, struct sl_err *err);

/* An event's row without its content: place and header. */
struct log_erased {
    uint64_t sequence;
    size_t offset, length; /* in the buf that it was made into; length 0: it is erased already */
};
/* Make it, behind what `bytes` holds. SL_NOT_FOUND; SL_CORRUPT; SL_NOMEM. */
enum sl_result log_erased_row(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct buf *bytes, struct log_erased *row, struct sl_err *err);
void log_put_erased(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct log_erased *row, const struct buf *bytes);

#endif
