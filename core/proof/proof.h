#ifndef SHARELOG_PROOF_H
#define SHARELOG_PROOF_H

/* The file that proves one event: c2sp.org/tlog-proof@v1, text. An index, the hashes of an
   inclusion proof, a checkpoint with its signatures. */

#include "core/proof/note.h"
#include "core/proof/tree.h"

/* No proof file is larger: a note, and as much again for its hashes and what `extra` holds. */
#define PROOF_BYTES (2 * NOTE_BYTES)

struct proof {
    struct sl_span extra; /* base64 as it stands; empty: none */
    uint64_t index;
    struct tree_proof hashes;
    struct sl_span checkpoint; /* verbatim */
};

void proof_write(const struct proof *proof, struct buf *out);
/* Spans point into `text`. SL_INVALID: what is wrong, with its line. */
enum sl_result proof_parse(struct sl_span text, struct proof *proof, struct sl_err *err);

#endif
