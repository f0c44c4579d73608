#ifndef TESTS_SUPPORT_PAPER_LOG_H
#define TESTS_SUPPORT_PAPER_LOG_H

/* A log of the test's own, that a server of ours would never be: it signs whatever it is told to.
   Its leaves are numbers; from a fork on they are others. What fails, fails the test (cmocka). */

#include "core/proof/note.h"
#include "core/proof/tree.h"

struct paper_log {
    struct note_key key;
    uint8_t seed[32];
    char vkey[NOTE_VKEY_BYTES];
};

void paper_log_make(struct paper_log *log, const char *origin, uint8_t seed);

/* One history of it: the leaves from `fork` on are this branch's own. */
struct paper_branch {
    uint64_t fork;
    uint64_t branch; /* 0: the one without forks */
};
void paper_root(struct paper_branch branch, uint64_t size, uint8_t root[32]);
struct tree_proof paper_consistency(struct paper_branch branch, uint64_t from, uint64_t to);

/* Append a signed checkpoint; and what a witness is sent: old size, proof, checkpoint. Terminated,
   which isn't counted. */
void paper_checkpoint(
    const struct paper_log *log, struct paper_branch branch, uint64_t size, struct buf *out);
void paper_request(const struct paper_log *log, struct paper_branch branch, uint64_t from,
    uint64_t to, struct buf *out);

#endif
