#ifndef SHARELOG_SNAPSHOT_H
#define SHARELOG_SNAPSHOT_H

/* A snapshot: a share's folded state at a sequence, in rows of the family `snapshot`, under the
   keys share 00 sequence chunk.

       chunk  0      head     counts and lengths; it is put last
              1 …    table    of every entry of the fold: key, versions, where its bytes lie
              …      stream   the entries' bytes, but for the rows that an earlier snapshot has
              …      index    where each row of the stream lies (snapshot_rows.h)

       stream   [{"type":…,"data":…},{"type":…,"data":…}] …
                └──── data_bytes: the text of /data ────┘└─ rest: session_diffs not in it ─┘
                └─────────────────────────── stream_bytes ────────────────────────────────┘

   With nothing pending the stream's rows are sent as they lie.

   A snapshot is there when its head is. The rows of one that was cut short lie unused until it is
   made again, which gives the same bytes. A removal or a redaction takes rows away at any moment:
   reading gives SL_NOT_FOUND then, and the caller says whether that is damage. SL_CORRUPT: a row is
   unreadable. SL_IO, SL_NOMEM. Nothing here keeps a state of its own; any thread may call it. */

#include "core/base/limits.h"
#include "core/base/pack.h"
#include "core/kv/kv.h"
#include "core/state/fold.h"

struct snapshot_head {
    uint64_t sequence;
    uint64_t stored; /* the share's bytes of events up to it */
    /* of table and stream, wherever its rows lie: what makes the next one due */
    uint64_t size;
    uint64_t table_rows, own_rows; /* of the stream, put with it */
    uint64_t data_bytes;           /* the stream's part that is /data */
    uint64_t stream_bytes;
    uint64_t items, messages, parts, models, diffs;
    /* of the session item's data in the stream; length 0: none */
    uint64_t session_offset, session_length;
};

void snapshot_head_encode(const struct snapshot_head *head, struct buf *out);
bool snapshot_head_decode(struct sl_span bytes, struct snapshot_head *head);

/* The last whole snapshot at or before a sequence. SL_NOT_FOUND leaves err alone. */
enum sl_result snapshot_last(struct kv *kv, struct sl_span share_id, uint64_t sequence,
    struct snapshot_head *head, struct sl_err *err);

/* A snapshot's table, entry by entry: items in order of key, then models, then diffs. An entry's
   spans last until the next. SL_NOT_FOUND: its rows are gone (its share was removed). */
struct snapshot_reader {
    struct kv *kv;
    struct sl_span share_id;
    const struct snapshot_head *head;
    uint32_t rows_read;
    size_t left; /* entries of the row */
    struct kv_pin pin;
    struct unpack row;
};
void snapshot_read_begin(struct snapshot_reader *reader, struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head);
enum sl_result snapshot_read_next(
    struct snapshot_reader *reader, struct fold_entry *entry, bool *more, struct sl_err *err);
void snapshot_read_end(struct snapshot_reader *reader);

/* Begin a fold with a snapshot's table, with room for `grows` times its entries. SL_NOT_FOUND: its
   rows are gone (its share was removed). */
enum sl_result snapshot_restore(struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head, double grows, struct fold *fold, struct sl_err *err);

/* Make the table's rows from a fold, its items in order of key and `out` of each entry where its
   bytes come to lie; `each` gets them in order. */
enum sl_result snapshot_table(const struct fold *fold, const uint32_t *by_key, size_t items,
    enum sl_result (*each)(void *ctx, struct sl_span row, struct sl_err *err), void *ctx,
    struct sl_err *err);

/* Fails with SL_CORRUPT: `what` of that snapshot is unreadable. */
enum sl_result snapshot_unreadable(
    struct sl_span share_id, uint64_t sequence, const char *what, struct sl_err *err);

#endif
