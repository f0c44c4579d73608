#ifndef SHARELOG_TILES_H
#define SHARELOG_TILES_H

/* The log's Merkle tree as it is stored: C2SP tiles (tlog-tiles), 256 hashes of a level each.

     level 2    [0 ────────── …                     a row; put anew every 65,536 events
                 ^ root of a full tile
     level 1    [0 1 2 ... 255][256 257 …           a row a tile; the last one, partial, is put anew
                 ^                                  every 256 events
     level 0    [0 … 255][256 … 511][512 … 599      a row a full tile; the partial one has none:
                                     └── made from the headers in the family `log`

   So opening, a proof or a checkpoint reads a few rows, whatever the log's size, and an append
   costs one hash and a bit. What a row holds for a log of some size never changes, and a longer
   log's rows begin with it: reads need no snapshot of the database and wait for nobody. */

#include "core/kv/kv.h"
#include "core/proof/tree.h"

/* The edge to which leaves are added; the sequencer's. SL_CORRUPT: the rows don't fit a log of
   `size` events. */
struct tiles;
enum sl_result tiles_open(struct kv *kv, uint64_t size, struct tiles **tiles, struct sl_err *err);
void tiles_close(struct tiles *tiles); /* NULL is fine */
/* Add a leaf; `put` gets the rows that change with it. Allocates nothing and can't fail. */
struct tiles_sink {
    void (*put)(void *ctx, unsigned level, uint64_t index, struct sl_span hashes);
    void *ctx;
};
void tiles_append(struct tiles *tiles, const uint8_t leaf[32], struct tiles_sink sink);
/* The usual sink: into a batch. */
struct tiles_batch {
    struct kv *kv;
    struct kv_batch *kv_batch;
};
struct tiles_sink tiles_to_batch(struct tiles_batch *batch);

/* `width` hashes of a tile, all of which the log has. SL_CORRUPT: a row lacks them. */
enum sl_result tiles_read(struct kv *kv, unsigned level, uint64_t index, unsigned width,
    uint8_t hashes[TILE_BYTES], struct sl_err *err);

/* Roots of subtrees, for tree.h. Keeps the last tile of each level; one thread at a time. */
struct tiles_reader;
struct tiles_reader *tiles_reader_create(struct kv *kv); /* NULL: out of memory */
void tiles_reader_destroy(struct tiles_reader *reader);  /* NULL is fine */
struct tree_source tiles_source(struct tiles_reader *reader);

#endif
