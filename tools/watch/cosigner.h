#ifndef SHARELOG_TOOLS_COSIGNER_H
#define SHARELOG_TOOLS_COSIGNER_H

/* A witness without its sockets: what it makes of a checkpoint that somebody shows it (C2SP
   tlog-witness v1.0.0), and what it has cosigned. A cosignature says that this is the largest
   checkpoint of the log that the witness has ever seen, and that it grew out of all earlier ones.

     DIR/key                  the witness's own
     DIR/<log>.checkpoint     of each log the last one that was cosigned: its text, the log's own
                              signature, the cosignature; <log> is the SHA-256 of its origin
     DIR/<log>.conflict       the proof that the log signed two histories, once it did: the
                              checkpoint that was cosigned and the first of its size that differs
     DIR/<log>.refused        the last request that the log signed and whose proof doesn't hold: no
                              proof of anything, but reason to look

   What was cosigned is on disk before it is answered, and of two requests at once one is judged
   after the other is on disk. A file that is damaged stays as it is, and its log gets no more
   cosignatures: a witness that forgets would cosign another history. */

#include "core/proof/note.h"
#include "tools/watch/state_dir.h"
#include "tools/watch/witness_key.h"
#include "tools/watch/witness_logs.h"

struct cosigner;

/* What it answers: a status, and a body of that type. */
struct cosigner_answer {
    int status;
    const char *type;
    struct buf body; /* the caller ends it; failed: out of memory */
};

/* `old N`, the hashes of a proof, an empty line, a checkpoint. */
#define COSIGNER_PROOF_LINES 63
#define COSIGNER_REQUEST_BYTES (NOTE_BYTES + (COSIGNER_PROOF_LINES + 2) * 48)

/* Borrows all of them. SL_CORRUPT: what was cosigned of a log is damaged. SL_IO, SL_NOMEM. */
enum sl_result cosigner_create(const struct state_dir *dir, const struct witness_key *key,
    struct witness_logs *logs, struct cosigner **cosigner, struct sl_err *err);
void cosigner_destroy(struct cosigner *cosigner); /* NULL is fine */

/* Any thread.
   200 the line of the cosignature; 400 no such request, or a proof from a larger size; 404 the log
   is not known; 403 it hasn't signed; 409 (text/x.tlog.size) the size that was cosigned last is
   another one; 422 it didn't grow out of that; 500 the disk failed, or the clock ran back. */
void cosigner_add(
    struct cosigner *cosigner, struct sl_span request, struct cosigner_answer *answer);

/* The checkpoint of the log of that name that was cosigned last. 404: none. */
void cosigner_show(struct cosigner *cosigner, const char *name, struct cosigner_answer *answer);

#endif
