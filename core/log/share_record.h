#ifndef SHARELOG_SHARE_RECORD_H
#define SHARELOG_SHARE_RECORD_H

/* What the family `share` holds of a share: who may write to it, which key made it, and whether it
   was removed. It is derived from the share's create and remove events, and made again by a
   rebuild. */

#include "core/event/control.h"

struct share_record {
    struct sl_span session_id;     /* in the share's own memory once loaded */
    uint64_t created_ms, position; /* of its create event */
    uint8_t salt[32], secret_hash[32];
    enum secret_kind secret_kind;
    uint8_t maker[MAKER_BYTES];
    enum sl_share_state state;
    uint64_t removed_ms;
    enum sl_who removed_by;
};

/* The most bytes that a record takes: an array's head, a string's head and its bytes, three hashes
   with theirs, seven numbers. */
#define SHARE_RECORD_BYTES (1 + 3 + SL_SESSION_ID_BYTES + 3 * 34 + 7 * 9)

/* The record of a live share, from its create event; session_id points into the body's bytes. */
struct share_record share_record_begin(
    const struct create_body *body, uint64_t created_ms, uint64_t position);
/* The record's bytes, at most SHARE_RECORD_BYTES. */
void share_record_encode(const struct share_record *record, struct buf *out);
/* session_id points into bytes. False: they are no record. */
bool share_record_decode(struct sl_span bytes, struct share_record *record);

/* Is it the secret that the record holds the hash of? In constant time. */
bool share_secret_fits(const struct share_record *record, struct sl_span secret);

#endif
