#ifndef SHARELOG_TOOLS_WITNESS_KEY_H
#define SHARELOG_TOOLS_WITNESS_KEY_H

/* A witness's own key: made once, kept in its directory, never written again. Whoever has it can
   cosign in the witness's name; a witness that lost it is another witness. */

#include "core/proof/note.h"
#include "tools/watch/state_dir.h"

struct witness_key {
    struct note_key key; /* a cosignature's */
    uint8_t seed[32];
};

/* Read DIR/key. SL_NOT_FOUND: there is none. SL_INVALID: it is no key. SL_IO, SL_NOMEM. */
enum sl_result witness_key_read(const char *dir, struct witness_key *key, struct sl_err *err);

/* The same, and where there is none draw one and make that file (0600) for a witness called `name`.
   `name` may be NULL where there is one; given, it must be the key's: SL_INVALID. */
enum sl_result witness_key_take(
    const struct state_dir *dir, const char *name, struct witness_key *key, struct sl_err *err);

#endif
