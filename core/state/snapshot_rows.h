#ifndef SHARELOG_SNAPSHOT_ROWS_H
#define SHARELOG_SNAPSHOT_ROWS_H

/* Where the rows of a snapshot's stream lie. Most of a state is as it was: a row that the snapshot
   before has too is not put again: the index of rows says where it lies. The index names the row
   itself, never another index, and always a row of an earlier snapshot. So snapshots can be taken
   away from some sequence on, and those before stay whole.

   For rows to be equal they must begin and end at the same items, whatever is new before them. So
   the stream is cut behind items picked by their keys, and before and behind the parts. */

#include "core/state/snapshot.h"

/* Between those places a row ends with an item: it has at least so many bytes … */
#define SNAPSHOT_CUT_MIN (64 * SL_KIB)
/* … and about so many more, as the picked items fall … */
#define SNAPSHOT_CUT_MORE (32 * SL_KIB)
/* … but ends with the first item behind this. Inside a large item it ends at
   SL_SNAPSHOT_ROW_BYTES. */
#define SNAPSHOT_CUT_FULL (112 * SL_KIB)

struct snapshot_row {
    uint64_t end;      /* in the stream */
    uint64_t sequence; /* of the snapshot that has it */
    uint32_t chunk;
    uint64_t print; /* by which the next snapshot finds it (print.h, under the fixed key) */
};

struct snapshot_rows {
    struct snapshot_row *rows;
    size_t count, cap;
};

void snapshot_rows_fini(struct snapshot_rows *rows);

/* Read a snapshot's index. SL_NOT_FOUND: a row of it is gone (its share was removed); leaves err
   alone. Rows that were there stay. */
enum sl_result snapshot_rows_load(struct kv *kv, struct sl_span share_id,
    const struct snapshot_head *head, struct snapshot_rows *rows, struct sl_err *err);

bool snapshot_rows_add(struct snapshot_rows *rows, const struct snapshot_row *row);

/* The index's rows as the store has them; `each` gets them in order. */
enum sl_result snapshot_rows_encode(const struct snapshot_rows *rows,
    enum sl_result (*each)(void *ctx, struct sl_span row, struct sl_err *err), void *ctx,
    struct sl_err *err);

/* Which row an offset of the stream is in; count if it is behind the end. */
size_t snapshot_rows_at(const struct snapshot_rows *rows, uint64_t offset);

static inline uint64_t snapshot_row_begin(const struct snapshot_rows *rows, size_t index)
{
    return index ? rows->rows[index - 1].end : 0;
}

uint64_t snapshot_row_print(struct sl_span bytes);

/* Where a stream is cut: asked from its beginning, row after row. */
struct snapshot_cut {
    const struct fold *fold; /* `out` of its entries known */
    const uint32_t *by_key;
    size_t items, next;
    uint64_t stream_bytes;
};
/* The end of the row that begins there. */
uint64_t snapshot_cut(struct snapshot_cut *cut, uint64_t begin);

#endif
