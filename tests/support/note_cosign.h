#ifndef TESTS_SUPPORT_NOTE_COSIGN_H
#define TESTS_SUPPORT_NOTE_COSIGN_H

/* What a witness does with a checkpoint: append its line, `— name base64(id ‖ time ‖ signature)`,
   of a cosignature/v1 at a time. sharelog is no witness. */

#include "core/proof/note.h"

void note_cosign(struct sl_span text, const struct note_key *key, const uint8_t seed[32],
    uint64_t time_s, struct buf *out);

#endif
