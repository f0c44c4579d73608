#ifndef SHARELOG_HOT_ROW_H
#define SHARELOG_HOT_ROW_H

/* How a body lies in the store while it is new. A body is cut into raw rows of SL_BODY_ROW_BYTES;
   each becomes a row by itself:

       body     prefix │ bytes of item 0 │ bytes of item 1 │ …
                ├──────── raw row 0 ────────┼──── raw row 1 ────┤
                            ▼                         ▼
       rows     00 ‖ the raw row         01 ‖ raw length (u32) ‖ LZ4 block

   Form 01 is for raw rows of HOT_ROW_PACKED_FROM bytes and more, where the row becomes smaller by
   it. Rows are made on the thread that has the body, before anybody waits for them: what is written
   to the log, to files and again to files is then a third of the bytes.

   What is read may be damaged: a row is refused by its head, before room for its raw bytes is
   asked for. */

#include "core/base/buf.h"
#include "core/base/limits.h"

#define HOT_ROW_RAW 0
#define HOT_ROW_PACKED 1
#define HOT_ROW_PACKED_FROM 1024

/* ---- making them ---- */

/* A body's rows, one behind the other in one buffer. Zeroed is empty; nothing but the buffer is
   allocated, once for a body of one row. Behind the rows it has room to gather the raw bytes of the
   row at hand. */
struct hot_rows {
    struct buf bytes; /* of each row its length (u32), then the row */
    uint64_t left;    /* raw bytes that are still to come, those of the row at hand included */
    size_t gathered;  /* raw bytes of the row at hand that are there */
};

/* Begin anew, for a body of that many bytes. */
void hot_rows_begin(struct hot_rows *rows, uint64_t body_bytes);
/* The body's next bytes, wherever rows end. */
void hot_rows_add(struct hot_rows *rows, struct sl_span bytes);
/* All of them have come. False: memory ran out, and the rows mean nothing. */
bool hot_rows_end(const struct hot_rows *rows);
void hot_rows_fini(struct hot_rows *rows);

/* Take the next row off what is left of `rows->bytes`. False: there is none. */
bool hot_rows_next(struct sl_span *rest, struct sl_span *row);

/* ---- reading them ---- */

struct hot_row {
    bool packed;
    size_t raw_bytes;       /* 1 to SL_BODY_ROW_BYTES */
    struct sl_span payload; /* the raw row, or its block */
};

/* False: no such row; nothing of it counts. */
bool hot_row_read(struct sl_span bytes, struct hot_row *row);
/* A packed row's raw bytes into `raw`, which has room for `raw_bytes`. False: it is damaged. */
bool hot_row_unpack(const struct hot_row *row, char *raw);

#endif
