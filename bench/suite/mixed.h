#ifndef SHARELOG_BENCH_MIXED_H
#define SHARELOG_BENCH_MIXED_H

/* Sessions that never repeat: the batches that a client would sync into one share, without end. */

#include "core/base/buf.h"

/* Of eight shares whose seeds follow one another there are three that code, two of them shared
   again now and then, three that talk, and one of a client of the second generation:

     MIXED_TALK    a question, an answer: the prompt and an empty text, a second later the text
     MIXED_CODE    tasks of MIXED_TASK batches: steps with a thought, a text, a tool; some commands
                   run for seconds and are sent again each second with all that they have printed;
                   what is unfinished at a batch's end comes again finished; a task ends with its
                   prompt sent again with the diffs
     MIXED_AGAIN   as MIXED_CODE; each MIXED_SHARED_AGAIN-th batch is all that the others before it
                   gave, in one: the session was shared again
     MIXED_LIST    the second generation: one item that holds the whole list of messages, a message
                   longer each time; after MIXED_LIST_SYNCS the list of another session begins */
enum mixed_kind { MIXED_TALK, MIXED_CODE, MIXED_AGAIN, MIXED_LIST };
#define MIXED_SHARED_AGAIN 64
#define MIXED_LIST_SYNCS 32

/* What share it is. */
struct mixed {
    enum mixed_kind kind;
    uint64_t seed;
    uint64_t list_syncs;
};
/* One of the eight, by `number`; no two numbers have an id or a text in common. */
struct mixed mixed_of(uint64_t number);

/* Append the n-th batch, the array that is a sync's "data". A pure function: the same share and n,
   the same bytes. The chains must be made (chain.h). */
void mixed_batch(const struct mixed *mixed, uint64_t n, struct buf *out);

#endif
