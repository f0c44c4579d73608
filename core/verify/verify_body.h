#ifndef SHARELOG_VERIFY_BODY_H
#define SHARELOG_VERIFY_BODY_H

/* The rows of the events' bodies, read once, in order:

       raw rows    2.0   2.1   2.2   3.0   5.0        (event.row)
                   └── event 2 ──┘    │     └ event 5
                                   event 3

   Within one event they are one run of bytes, each row but the last full. The rows of all of a
   share's events lie one behind the other, so a row that is passed over belongs to nothing. */

#include "core/verify/verify_check.h"

/* The body of one event. Zeroed but for check and sequence. */
struct body {
    struct share_check *check;
    uint64_t sequence;
    uint32_t chunk;     /* of the next row */
    struct sl_span row; /* ptr NULL: none yet */
    size_t used;        /* of the row */
    /* of the item that is read: its print afterwards, and where its bytes go too; NULL: nowhere */
    uint64_t print;
    struct buf *into;
};

/* The next bytes, as far as one row holds them: at least one, at most `want`; valid until the next
   call. SL_CORRUPT: a row is missing, too many, there twice, or can't be unpacked. */
enum sl_result body_piece(
    struct body *body, uint64_t want, struct sl_span *piece, struct sl_err *err);

/* Does the row at hand hold so many of the next bytes? */
static inline bool body_has(const struct body *body, uint64_t length)
{
    return body->row.len - body->used >= length;
}

/* All of the event's items came: nothing may be left. SL_CORRUPT. */
enum sl_result body_end(struct body *body, struct sl_err *err);

/* The share's events have all come: no row may be left behind the last one's. SL_CORRUPT. */
enum sl_result bodies_end(struct share_check *check, struct sl_err *err);

#endif
