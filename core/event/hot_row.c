/* Rows are made in the buffer that keeps them:

       made rows │ length │ form │ row at hand, as it will be │ its raw bytes, gathered │
                 ^ bytes.len                                                              ^ reserved

   A raw row below HOT_ROW_PACKED_FROM is gathered where it stays. When memory runs out the buffer
   says so, and the rest of the body is passed over. */

#include "core/event/hot_row.h"

#include "core/base/lz4.h"

#define LENGTH_BYTES 4 /* of a row's length before it, and of a raw row's length in it */
#define HEAD_BYTES (LENGTH_BYTES + 1)

static_assert(SL_BODY_ROW_BYTES <= UINT32_MAX / 2, "a row's length has four bytes");
static_assert(HOT_ROW_PACKED_FROM > LENGTH_BYTES, "a packed row can be smaller");

/* ---- making them ---- */

static size_t row_bytes(const struct hot_rows *rows)
{
    return rows->left < SL_BODY_ROW_BYTES ? (size_t)rows->left : SL_BODY_ROW_BYTES;
}

static char *gathering(const struct hot_rows *rows)
{
    size_t raw = row_bytes(rows);
    char *stays = rows->bytes.ptr + rows->bytes.len + HEAD_BYTES;
    return raw < HOT_ROW_PACKED_FROM ? stays : stays + raw;
}

static void begin_row(struct hot_rows *rows)
{
    size_t raw = row_bytes(rows);
    rows->gathered = 0;
    buf_reserve(&rows->bytes, HEAD_BYTES + raw + (raw < HOT_ROW_PACKED_FROM ? 0 : raw));
}

/* All of the row at hand is gathered. */
static void end_row(struct hot_rows *rows)
{
    size_t raw = row_bytes(rows), len = 1 + raw;
    char *gathered = gathering(rows), *row = rows->bytes.ptr + rows->bytes.len + LENGTH_BYTES;
    assert(rows->gathered == raw);
    size_t block = raw < HOT_ROW_PACKED_FROM ? 0
                                             : lz4_pack((struct sl_span){gathered, raw},
                                                   row + 1 + LENGTH_BYTES, raw - LENGTH_BYTES - 1);
    if (block) {
        row[0] = HOT_ROW_PACKED;
        be_put(row + 1, raw, LENGTH_BYTES);
        len = 1 + LENGTH_BYTES + block;
    } else {
        row[0] = HOT_ROW_RAW;
        if (gathered != row + 1) memcpy(row + 1, gathered, raw);
    }
    be_put(row - LENGTH_BYTES, len, LENGTH_BYTES);
    rows->bytes.len += LENGTH_BYTES + len;
    rows->left -= raw;
    if (rows->left > 0) begin_row(rows);
}

void hot_rows_begin(struct hot_rows *rows, uint64_t body_bytes)
{
    buf_clear(&rows->bytes);
    rows->left = body_bytes;
    begin_row(rows);
}

void hot_rows_add(struct hot_rows *rows, struct sl_span bytes)
{
    assert(rows->bytes.failed || bytes.len <= rows->left - rows->gathered);
    while (bytes.len > 0 && !rows->bytes.failed) {
        size_t room = row_bytes(rows) - rows->gathered, n = bytes.len < room ? bytes.len : room;
        memcpy(gathering(rows) + rows->gathered, bytes.ptr, n);
        rows->gathered += n;
        bytes.ptr += n;
        bytes.len -= n;
        if (rows->gathered == row_bytes(rows)) end_row(rows);
    }
}

bool hot_rows_end(const struct hot_rows *rows)
{
    assert(rows->bytes.failed || rows->left == 0);
    return !rows->bytes.failed;
}

void hot_rows_fini(struct hot_rows *rows)
{
    buf_fini(&rows->bytes);
    *rows = (struct hot_rows){0};
}

bool hot_rows_next(struct sl_span *rest, struct sl_span *row)
{
    if (rest->len == 0) return false;
    assert(rest->len > LENGTH_BYTES);
    *row = (struct sl_span){rest->ptr + LENGTH_BYTES, (size_t)be_get(rest->ptr, LENGTH_BYTES)};
    assert(row->len > 1 && row->len <= rest->len - LENGTH_BYTES);
    *rest = (struct sl_span){row->ptr + row->len, rest->len - LENGTH_BYTES - row->len};
    return true;
}

/* ---- reading them ---- */

bool hot_row_read(struct sl_span bytes, struct hot_row *row)
{
    if (bytes.len < 2) return false;
    bool packed = bytes.ptr[0] == HOT_ROW_PACKED;
    size_t head = packed ? 1 + LENGTH_BYTES : 1;
    if ((!packed && bytes.ptr[0] != HOT_ROW_RAW) || bytes.len <= head) return false;
    size_t payload = bytes.len - head;
    size_t raw = packed ? (size_t)be_get(bytes.ptr + 1, LENGTH_BYTES) : payload;
    if (raw > SL_BODY_ROW_BYTES) return false;
    if (packed && (raw < HOT_ROW_PACKED_FROM || bytes.len > raw)) return false;
    *row = (struct hot_row){packed, raw, {bytes.ptr + head, payload}};
    return true;
}

bool hot_row_unpack(const struct hot_row *row, char *raw)
{
    assert(row->packed && row->raw_bytes <= SL_BODY_ROW_BYTES);
    return lz4_unpack(row->payload, raw, row->raw_bytes);
}
