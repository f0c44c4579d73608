#ifndef SHARELOG_FOLD_H
#define SHARELOG_FOLD_H

/* Folding: fold(state, event) -> state. A fold knows, for every key, where the newest version's
   bytes lie; it holds no content, reads no clock and no disk. It must look into two kinds of items
   (the elements of `model`, the entries of `session_diff`), and is handed their bytes.

       events   2: {message a}{model [m1,m2]}    3: {part b}{message a'}    4: {model [m2']}

       entries  ITEM   message a   ──> event 3, item 1        what /data shows, one a key
                ITEM   model       ──> (merged: brackets around the MODEL entries)
                MODEL  m1          ──> event 2, in item 1     an element of the merged `model`,
                MODEL  m2          ──> event 4, in item 0     by provider and id
                ITEM   part b      ──> event 3, item 0
                DIFF   event, item ──> the entries of one batch's session_diff, kept for the
                                       AgentSession view, which shows all batches'

   Of two versions the one that arrived later counts, whatever order they were appended in. Entries
   never go and never move: an index into them holds for the fold's life.

   Memory that runs out sets `failed`; the fold is worthless then, and whoever folds looks at it
   once, at the end. One thread at a time uses a fold. */

#include "core/base/buf.h"
#include "core/base/span.h"

enum fold_class { FOLD_ITEM, FOLD_MODEL, FOLD_DIFF };

/* Where bytes lie: in an event's items, or in the stream of the snapshot that the fold began
   with. */
struct fold_place {
    uint64_t sequence; /* of the event; 0: the snapshot */
    uint64_t offset, length;
};

struct fold_entry {
    enum fold_class class;
    uint32_t count; /* DIFF: how many entries it holds */
    struct sl_span key, type;
    struct fold_place place;
    /* this version: */
    uint64_t arrived_us, sequence;
    /* the earliest version, which orders the views: */
    uint64_t first_arrived_us, first_sequence;
    uint64_t first_index;  /* of the item in its batch, and of the element in its item */
    struct fold_place out; /* where its bytes come to lie in a snapshot (snapshot_layout) */
};

struct fold {
    struct fold_entry *entries;
    size_t count, cap;
    uint64_t seed;
    uint32_t *slots; /* hash table: index + 1 */
    size_t slots_count;
    struct buf *arenas; /* keys and types that are the fold's own */
    size_t arenas_count;
    struct sl_span types[8]; /* the usual types, kept once */
    size_t types_count;
    uint64_t messages, parts, models, diffs; /* counts of the views */
    bool failed;                             /* out of memory: the fold is worthless */
    /* Called for each entry that is new or has a newer version, with its index, which never
       changes; for a model's element and for diffs with their bytes too. It lets a caller keep
       something beside the entries. NULL: not called. */
    void (*placed)(void *ctx, size_t index, struct sl_span bytes);
    void *placed_ctx;
};

void fold_init(struct fold *fold);
void fold_fini(struct fold *fold);
/* Room for so many entries at once. */
void fold_reserve(struct fold *fold, size_t entries);

/* One item of an event. */
struct fold_item {
    struct sl_span key, type; /* copied */
    uint64_t sequence, offset, length, arrived_us;
    uint32_t index; /* in its batch */
};

/* Must fold_apply be given the item's bytes? */
bool fold_looks_into(struct sl_span type);

/* Apply an item. `data` is its bytes if fold_looks_into says so, else ignored. Of two versions the
   one that arrived later wins; at the same time, the one of the later sequence, or later in its
   batch. */
void fold_apply(struct fold *fold, const struct fold_item *item, struct sl_span data);

/* Put in an entry of a snapshot, beside what may be there of its key. Keys and types are copied. */
void fold_restore(struct fold *fold, const struct fold_entry *entry);

/* Of two versions of a key, is it the first that counts? */
bool fold_wins(const struct fold_entry *version, const struct fold_entry *other);

/* Is it the merged model item? Its text is not at its place: it is brackets around the MODEL
   entries in order of first arrival. */
static inline bool fold_is_models(const struct fold_entry *entry)
{
    return sl_span_eq(entry->key, SL_SPAN("model"));
}

const struct fold_entry *fold_find(
    const struct fold *fold, enum fold_class class, struct sl_span key);

#endif
