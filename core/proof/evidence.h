#ifndef SHARELOG_EVIDENCE_H
#define SHARELOG_EVIDENCE_H

/* Can two things that one log signed both be true? A log only grows, a share's events only follow
   each other, and nothing of either ever moves; so there are pairs that an honest log never signs,
   whatever its clock and its losses:

     root       two checkpoints of one size with different roots
     share      one share id with two share_refs, or one share_ref with two ids
     event      one event of a share (by its sequence) with two leaf hashes, or at two positions
     order      two events of a share whose positions don't lie as their sequences do
     left-out   a head statement, and an event that it leaves out: behind the last that it names, at
                a position below its size
     position   one position of the log with events of two shares

   What is held against each other here was verified before: its signatures, and that the events are
   in the log. Nothing here allocates but places. */

#include "core/proof/bundle.h"

/* A share's event in the log. */
struct evidence_place {
    uint64_t sequence, position;
    bool has_leaf; /* a head statement gives no leaf of the first event */
    uint8_t leaf[32];
};

/* What one piece says. All zero: nothing; evidence_fini frees what was added. */
struct evidence {
    char origin[NOTE_NAME_BYTES + 1]; /* of the log that signed it */
    /* of a checkpoint */
    bool has_root;
    uint64_t size;
    uint8_t root[32];
    /* of one share, unless there is no place */
    char share_id[SL_SHARE_ID_BYTES + 1]; /* "": not told */
    uint8_t ref[32];
    struct evidence_place *places; /* in order of sequence, and so of position */
    size_t count, room;
    /* of a head statement: behind its last event the share has none below that size */
    bool has_end;
    uint64_t end_sequence, end_size;
};
void evidence_fini(struct evidence *evidence);

/* Behind those that are there. False: out of memory. */
bool evidence_add(struct evidence *evidence, const struct evidence_place *place);
/* What a statement says, into an empty one. False: out of memory. */
bool evidence_add_statement(struct evidence *evidence, const struct head_statement *statement);
/* What a bundle's verdict says, beside its places, which were added as they were verified; what a
   checkpoint says. */
void evidence_set_bundle(struct evidence *evidence, const struct bundle_verdict *verdict);
void evidence_set_checkpoint(struct evidence *evidence, const struct checkpoint_text *checkpoint);
/* For bundle_asks: adds each event's place to the evidence that `ctx` is. */
enum sl_result evidence_add_bundle_place(
    void *ctx, const struct bundle_place *place, struct sl_err *err);

enum evidence_rule {
    EVIDENCE_AGREES, /* no contradiction shows */
    EVIDENCE_ROOT,
    EVIDENCE_SHARE,
    EVIDENCE_EVENT,
    EVIDENCE_ORDER,
    EVIDENCE_LEFT_OUT,
    EVIDENCE_POSITION
};
const char *evidence_rule_name(enum evidence_rule rule); /* as above; "" where nothing shows */

/* The first rule by which the two contradict each other, and the places that do: `a` of the first
   piece, `b` of the second (of left-out, the one that has the event; all zero where the rule is of
   no places). Of two logs nothing can be said: EVIDENCE_AGREES. */
struct evidence_found {
    enum evidence_rule rule;
    struct evidence_place a, b;
};
struct evidence_found evidence_judge(const struct evidence *a, const struct evidence *b);

#endif
