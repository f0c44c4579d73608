#ifndef SHARELOG_BODY_PACK_H
#define SHARELOG_BODY_PACK_H

/* A pack: consecutive rows of one share's bodies, compressed together, as family `cold` has them.

       key     share 00 sequence chunk      of its first row
       value   form │ id │ count │ length of each row … │ a zstd frame of the rows
                 1    16     4       4 × count              one behind the other

   Numbers are big-endian. The form says how hard the frame was compressed, so that nobody does it
   again for nothing. The id is the first half of the SHA-256 of all bytes but its own: two packs
   that differ have different ids, and a pack that was damaged no longer fits its own. All of a
   pack's rows together have at most SL_BODY_ROW_BYTES, so a full row is a pack of its own, and
   behind each row but the last comes the next event's first one:

       packs    (7,0) × 4                (11,0) × 1         (11,1) × 3
       rows     7.0  8.0  9.0  10.0      11.0, a full one   11.1  12.0  13.0

   Nothing here knows a store. Every function may be called from any thread; a packer is one
   thread's at a time. */

#include "core/base/buf.h"
#include "core/base/limits.h"
#include "core/base/zstd.h"

#define BODY_PACK_FORM_FAST 1
#define BODY_PACK_FORM_HARD 2
#define BODY_PACK_ID_BYTES 16
#define BODY_PACK_HEAD_BYTES (1 + BODY_PACK_ID_BYTES + 4)

/* The place of a row among a share's bodies: an event's sequence, and which of its rows. */
struct body_place {
    uint64_t sequence;
    uint32_t chunk;
};

/* ---- reading ---- */

/* A pack's parts. Spans point into its value. */
struct body_pack {
    enum zstd_effort effort;
    struct sl_span id;
    uint32_t count; /* of rows, at least one */
    struct sl_span lengths;
    struct sl_span frame;
    size_t bytes; /* of all rows together */
};

/* Every length is held against the others and against the limits, nothing is decompressed or
   allocated. SL_CORRUPT. */
enum sl_result body_pack_read(struct sl_span value, struct body_pack *pack, struct sl_err *err);

/* Does it fit its id? Reads trust the checksums of RocksDB's blocks; who verifies the store, and
   who makes another pack of its rows, asks. */
bool body_pack_intact(struct sl_span value);

/* How many bytes a row has. */
static inline size_t body_pack_row_bytes(const struct body_pack *pack, uint32_t index)
{
    assert(index < pack->count);
    return (size_t)be_get(pack->lengths.ptr + 4 * (size_t)index, 4);
}

/* Where the pack that begins at `first` has its row `index`. */
static inline struct body_place body_pack_place(struct body_place first, uint32_t index)
{
    return index == 0 ? first : (struct body_place){first.sequence + index, 0};
}

/* Which of its rows is at `place`. False: none is. */
static inline bool body_pack_find(
    struct body_place first, uint32_t count, struct body_place place, uint32_t *index)
{
    if (place.sequence < first.sequence || place.sequence - first.sequence >= count) return false;
    *index = (uint32_t)(place.sequence - first.sequence);
    return place.chunk == (*index == 0 ? first.chunk : 0);
}

/* ---- making ---- */

/* Gathers rows, then makes a pack of them. Used again for the next one. */
struct body_packer {
    enum zstd_effort effort;
    struct zstd_encoder *encoder;
    struct zstd_decoder *decoder;
    struct body_place first;
    uint32_t count;
    struct buf rows, lengths;
    struct buf decoded; /* the pack's rows once more, to be compared */
};

/* SL_NOMEM: it isn't there. */
enum sl_result body_packer_init(
    struct body_packer *packer, enum zstd_effort effort, struct sl_err *err);
void body_packer_fini(struct body_packer *packer); /* zeroed is fine */

/* Does the row go into the same pack as those before? The first one always does. */
bool body_packer_takes(const struct body_packer *packer, struct body_place place, size_t len);
/* Add a row that it takes, of 1 to SL_BODY_ROW_BYTES bytes, copied. A lack of memory is told by
   body_packer_make. */
void body_packer_add(struct body_packer *packer, struct body_place place, struct sl_span row);

/* Append the pack's value to `value`, and begin anew. It was decoded and compared with the rows
   before this returns. SL_NOMEM, SL_CORRUPT (the machine's fault: what was decoded differs):
   `value` holds what it held, and the rows are gone. */
enum sl_result body_packer_make(struct body_packer *packer, struct buf *value, struct sl_err *err);

#endif
