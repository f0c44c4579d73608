#ifndef SHARELOG_DISPUTE_H
#define SHARELOG_DISPUTE_H

/* What a witness holds against the log, kept in a file beside the checkpoints until the log goes on
   by another name. While it is there the store takes no writes: events that are appended now would
   belong to a history that contradicts a cosigned one.

     disputed    the reason, a line; an empty line; the checkpoint that was refused, verbatim */

#include "core/log/store.h"

#define DISPUTE_FILE "disputed"
#define DISPUTE_TEXT_BYTES 300
/* What an operator is told beside the reason. */
#define DISPUTE_ADVICE "the log must not go on by this name: see `sharelog help new-origin`"

/* The reason, terminated; empty: nothing is disputed. SL_IO, SL_NOMEM: the file can't be read; one
   without a reason in it is disputed all the same. */
enum sl_result dispute_read(
    const struct sl_store *store, char text[DISPUTE_TEXT_BYTES + 1], struct sl_err *err);

#endif
