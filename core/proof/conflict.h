#ifndef SHARELOG_CONFLICT_H
#define SHARELOG_CONFLICT_H

/* What proves that a log has two histories: two checkpoints that its key signed, of which one can't
   have grown out of the other. Text, so that it can be kept and handed on:

     sharelog/conflict@v1
     smaller BASE64         the note of the checkpoint of fewer events (or of as many)
     BASE64                 roots of subtrees, 32 bytes each; none where both are of one size
     (empty line)
     the other checkpoint's note, verbatim

   The roots are those of the cover of the smaller one's events in the larger log, then those of the
   cover of the rest.

   It is judged without any log: of one size, the two roots differ. Else all the subtrees together
   have the larger checkpoint's root, and those of the smaller one's events haven't its root. Two
   checkpoints without subtrees are no proof by themselves: both may be of one log. */

#include "core/proof/note.h"
#include "core/proof/tree.h"

#define CONFLICT_FORM "sharelog/conflict@v1" /* the first line */
/* No such file is larger. */
#define CONFLICT_BYTES (3 * NOTE_BYTES)

/* The roots of [0, size of the smaller) and from there to the size of the larger. */
struct conflict_roots {
    size_t count;
    uint8_t roots[2 * TREE_COVER][32];
};

/* Two notes of checkpoints, the smaller one first. */
void conflict_write(struct sl_span smaller, const struct conflict_roots *roots,
    struct sl_span larger, struct buf *out);

/* What a file says, once it is judged. */
struct conflict_verdict {
    uint64_t smaller, larger; /* events */
};
/* SL_OK: it proves that the log signed two histories. SL_CORRUPT: it doesn't, and err says why: not
   such a file, not signed by one log of the policy (policy_check_log), no contradiction.
   SL_NOMEM. */
enum sl_result conflict_verify(struct sl_span text, const struct policy *policy,
    struct conflict_verdict *verdict, struct sl_err *err);

#endif
