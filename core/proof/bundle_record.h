#ifndef SHARELOG_BUNDLE_RECORD_H
#define SHARELOG_BUNDLE_RECORD_H

/* What a bundle's remove, redact and allow events say: the records that their items are. */

#include "core/proof/bundle_check.h"

/* Take the record of `length` bytes that comes next, whose values are read while they go into the
   hash: that of the event at hand, or what stands in its place. What is wrong with its shape is the
   stream's fault, what it says falsely the event's claim (bundle_check.h). SL_NOMEM. */
enum sl_result bundle_record_take(
    struct bundle_check *check, uint64_t length, struct crypto_hash *hash);

/* The position of an event that was checked, for the removal to name. */
void bundle_record_position(struct bundle_check *check, uint64_t position);

#endif
