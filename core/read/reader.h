#ifndef SHARELOG_READER_H
#define SHARELOG_READER_H

/* Reads the bytes of any place of a share at a moment: of the snapshot's stream, or of an event's
   items. Places come in order of key as a rule, which is neither the order of the rows nor that of
   the events, so the reader keeps what it read last in three caches:

       pins    a few rows, held in RocksDB's memory or unpacked
       past    of a large state: rows of the snapshot that lie one behind the other, copied, since
               reading them one by one past RocksDB's cache would unpack a block for each
       ahead   bodies of events that lie one behind the other, copied

   Once the share's content was taken away a reader fails with SL_REMOVED or SL_REDACTED, for bytes
   in its caches too. SL_CORRUPT: a row is missing or too short; SL_NOMEM, SL_IO. It can be used
   again after a failure. One thread at a time uses a reader. */

#include "core/log/body_rows.h"
#include "core/read/moment.h"
#include "core/state/snapshot_rows.h"

/* An event of many rows whose keys don't come in the order of its items is read all over: a row
   that isn't held is unpacked once for each item of it. Eight hold one of 32 MiB. */
#define READER_PINS 8
struct reader_pin {
    bool snapshot; /* a row of the snapshot's, or of an event's body */
    uint64_t sequence;
    uint32_t chunk;
    struct sl_span bytes; /* ptr NULL: nothing is held */
    struct kv_pin of_snapshot;
    struct body_row of_body;
};

#define READER_PAST_ROWS 8
struct reader_past {
    uint64_t sequence;
    uint32_t chunk; /* of the first */
    uint32_t count;
    size_t at[READER_PAST_ROWS + 1]; /* where each row begins in bytes; one more for the end */
    struct buf bytes;
};

struct reader_ahead {
    uint64_t first; /* sequence */
    size_t count;
    size_t *at; /* where each event's body, its prefix included, begins in bytes; one more for the
                   end */
    size_t at_cap;
    struct buf bytes;
    size_t want; /* bytes that the last one was to take in */
};

struct reader {
    struct moment *moment;     /* borrowed; it stays where it is */
    struct snapshot_rows rows; /* of the snapshot's stream, once they are asked for */
    struct reader_pin pins[READER_PINS];
    unsigned pins_next;
    uint64_t rows_read; /* past the cache */
    struct reader_past past;
    struct reader_ahead ahead;
};

/* The moment may be set, and its snapshot found, until the first read. */
void reader_init(struct reader *reader, struct moment *moment);
void reader_fini(struct reader *reader); /* zeroed is fine */

/* The bytes at `offset` of a place, as far as one row holds them: a piece of at least one byte,
   valid until the next call. */
enum sl_result reader_piece(struct reader *reader, const struct fold_place *place, uint64_t offset,
    struct sl_span *piece, struct sl_err *err);

/* A place's bytes in one piece, valid until the next call: in a row if it lies in one, else in
   `into`, which the caller frees. */
enum sl_result reader_bytes(struct reader *reader, const struct fold_place *place, struct buf *into,
    struct sl_span *bytes, struct sl_err *err);

/* A place's bytes to a sink. SL_STOPPED. */
enum sl_result reader_copy(
    struct reader *reader, const struct fold_place *place, struct sl_sink sink, struct sl_err *err);

#endif
