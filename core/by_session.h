#ifndef SHARELOG_BY_SESSION_H
#define SHARELOG_BY_SESSION_H

/* What there is of a session: its live shares and the owner's holds, both by who made the share
   (event/maker.h). Who looks in order to append holds the session's lock (session_lock.h).

   Rows of a session lie by maker, so what strangers made, of which there is no end, is never walked
   over to find what a key made:

       unknown      nobody         the keys
         00       01 00 … 00     01 any HMAC */

#include "core/event/maker.h"
#include "core/kv/kv.h"
#include "core/log/store.h"

/* SL_INVALID: no share can be made of such a session id; err says why. */
enum sl_result session_id_check(struct sl_span session_id, struct sl_err *err);

/* An iterator over the rows of the session's live shares (value: the share's id): of one maker,
   oldest first; of all keys, by maker, then oldest first. The caller destroys it. */
struct kv_iter *session_shares_by(
    struct sl_store *store, struct sl_span session_id, const uint8_t maker[MAKER_BYTES]);
struct kv_iter *session_shares_by_keys(struct sl_store *store, struct sl_span session_id);
/* Who made it, and the position of its create event, from the key of such a row. SL_CORRUPT. */
enum sl_result session_row(struct sl_span key, struct sl_span session_id, const uint8_t **maker,
    uint64_t *position, struct sl_err *err);

/* SL_HELD if the owner's take-downs hold the session for this maker: of a share that it made, or of
   one that doesn't say who did. Who comes without a key may be anybody, and is held by any of them:
   leaving a key out is no way past the owner's word. */
enum sl_result session_check_held(struct sl_store *store, struct sl_span session_id,
    const uint8_t maker[MAKER_BYTES], struct sl_err *err);

#endif
