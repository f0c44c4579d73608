#ifndef SHARELOG_BENCH_CHAIN_H
#define SHARELOG_BENCH_CHAIN_H

/* Texts that never come again, in the recordings' own words: a chain of order one. A token is a
   word and what stands behind it up to the next; each is picked among those that follow the one
   before it somewhere in the recordings, as often as they do. So a text packs as those it was
   learnt from (a little worse), and a passage of it comes again as seldom as chance has it. Of
   order two the recordings are too short: of 64 bytes of prose a third came again within 4 MB. */

#include "core/base/buf.h"

enum chain_kind { CHAIN_PROSE, CHAIN_CODE, CHAIN_OUTPUT, CHAIN_KINDS };

/* Learn from the texts in a recorded batch's JSON; one that was learnt already is passed over.
   Then, once, when all were learnt, make the chains. False: there is too little to learn from. One
   thread; memory that runs out ends the program. */
void chain_learn(struct sl_span json);
bool chain_make(void);

/* A text of that many bytes, up to CHAIN_TOKEN_BYTES more, for a JSON string: escaped, and never
   ended within an escape or a character. The same seed gives the same text; of two lengths the
   shorter text is how the longer one begins. Any thread, once the chains are made. */
#define CHAIN_TOKEN_BYTES 32
void chain_text(enum chain_kind kind, uint64_t seed, size_t bytes, struct buf *out);

#endif
