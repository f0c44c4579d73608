#ifndef SHARELOG_PACK_MAKE_H
#define SHARELOG_PACK_MAKE_H

/* Bodies go cold: rows of families `hot` and `body` are moved into packs (log/body_pack.h), on the
   calling thread. Reads give the same before and after; nobody waits for it.

   The create event's body is never packed: it outlives a removal. */

#include "core/log/store.h"

/* Pack what lies behind the share's last snapshot, if that is SL_PACK_MIN_BYTES or more: a read of
   the newest state needs none of it. It is for the thread that makes snapshots, rests as that does,
   and passes over a share of which a removal or a redaction has the turn: the next snapshot brings
   it here again, and sl_store_compact. */
enum sl_result make_due_packs(struct sl_store *store, struct sl_span share_id, struct sl_err *err);

/* Pack everything of every live share up to its head, small packs together, as small as they get.
   `shares`: how many there are, for who wants progress. SL_CLOSING. */
enum sl_result pack_all(struct sl_store *store, uint64_t shares, const struct sl_progress *progress,
    struct sl_err *err);

#endif
