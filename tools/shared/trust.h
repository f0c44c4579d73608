#ifndef SHARELOG_TOOLS_TRUST_H
#define SHARELOG_TOOLS_TRUST_H

/* Whom a verifier believes: the log's keys, and the witnesses of a policy. */

#include "core/proof/note.h"

/* A verifier key as text, or a file that begins with one. False, told on stderr. */
bool trust_key(const char *given, enum note_kind kind, struct note_key *key);

struct trust {
    struct policy *policy; /* what must hold; it knows what time it is */
    bool has_head;
    struct note_key head; /* of the log's head statements, if it was given */
};
/* `key` is the log's verifier key and behind it, in another line or behind a space, that of its
   head statements, which may lack: what `sharelog log-key` prints, as text or in a file. It, or the
   policy's file, may be NULL, if the policy names a log. A cosignature that is older than
   `max_age_s` doesn't count (0: any age will do). False, told on stderr. */
bool trust_open(const char *key, const char *policy_path, uint64_t max_age_s, struct trust *trust);
void trust_close(struct trust *trust);

#endif
