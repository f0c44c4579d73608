#ifndef SHARELOG_TOOLS_TRUST_H
#define SHARELOG_TOOLS_TRUST_H

/* Whom a verifier believes: the log's key, and the witnesses of a policy. */

#include "core/proof/note.h"

/* A verifier key as text, or a file that holds one in its first line. False, told on stderr. */
bool trust_key(const char *given, enum note_kind kind, struct note_key *key);

struct trust {
    struct note_key log;
    struct policy *alone;  /* the log's signature alone */
    struct policy *policy; /* what must hold; the same as `alone` without a policy file */
};
/* `policy_path` may be NULL. False, told on stderr. */
bool trust_open(const char *key, const char *policy_path, struct trust *trust);
void trust_close(struct trust *trust);

#endif
