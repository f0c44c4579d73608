#ifndef SHARELOG_TOOLS_WITNESS_H
#define SHARELOG_TOOLS_WITNESS_H

/* The client of the log's witnesses (C2SP tlog-witness): a thread that shows them the log's newest
   checkpoint when the log has grown, with a proof that it grew out of what they saw before, and
   publishes it once enough have cosigned. Syncs never wait for it: it only reads the log, and a
   witness that is down, slow or lies delays nothing but its own cosignature. */

#include "core/proof/note.h"
#include "http/http.h"

#define WITNESSES_MAX 16

struct witness_setup {
    size_t count;            /* at most WITNESSES_MAX */
    const char *const *urls; /* so many */
    const char *const *keys; /* of each its verifier key, or a file that holds it */
    unsigned quorum;         /* how many cosignatures are enough, 1 to count */
    unsigned interval_ms;    /* between two checkpoints */
    unsigned refresh_ms;     /* a cosignature that is so old is asked for again */
};

struct witnesses;

/* Check what was given, and begin nothing yet. `log_key` is the log's own. False, told on stderr.
 */
bool witnesses_create(
    const struct witness_setup *setup, const char *log_key, struct witnesses **witnesses);
bool witnesses_start(struct witnesses *witnesses, struct sl_store *store);
/* Ends the thread, which takes a second at most; what it knows can still be asked for. */
void witnesses_stop(struct witnesses *witnesses);
void witnesses_destroy(struct witnesses *witnesses); /* NULL is fine */

/* For http_config. */
size_t witnesses_status(void *ctx, struct http_witness_status *status, size_t cap);

#endif
