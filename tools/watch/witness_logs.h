#ifndef SHARELOG_TOOLS_WITNESS_LOGS_H
#define SHARELOG_TOOLS_WITNESS_LOGS_H

/* Whose checkpoints a witness cosigns: a file of the logs' verifier keys, one a line; `#` begins a
   comment. A log's origin is its key's name, and it may have several keys. The file is read again
   when it has changed, so that an operator adds a log without a restart. */

#include "core/proof/note.h"

struct witness_logs;

/* SL_NOT_FOUND: no such file. SL_INVALID: what is wrong in it, with its line. SL_IO, SL_NOMEM. */
enum sl_result witness_logs_open(const char *path, struct witness_logs **logs, struct sl_err *err);
void witness_logs_close(struct witness_logs *logs); /* NULL is fine */

/* The keys of an origin, at most `cap`, and how many it has: 0 where the log is not known. A file
   that changed is read first; one that is wrong now is told on stderr, and what it held before goes
   on to count. Any thread. */
size_t witness_logs_keys(
    struct witness_logs *logs, struct sl_span origin, struct note_key *keys, size_t cap);

/* Each log's key in turn, while `each` returns true. Not while a server answers. */
bool witness_logs_each(
    struct witness_logs *logs, bool (*each)(void *ctx, const struct note_key *key), void *ctx);

#endif
