#ifndef SHARELOG_VERIFY_LOG_H
#define SHARELOG_VERIFY_LOG_H

/* The log against its tree and its checkpoints: made anew from the headers, held against what is
   stored. */

#include "core/log/store.h"
#include "core/proof/tree.h"

/* The log's tree made anew. Zeroed but for its store. */
struct log_check {
    struct sl_store *store;
    struct tree_edge edge; /* of the headers so far; at the end, of all */
    struct tiles *tiles;
    uint64_t rows; /* of tiles, that there should be */
    bool has_kept;
    struct sl_checkpoint kept;
    enum sl_result result; /* of the tiles so far … */
    struct sl_err *err;    /* … and where to say why */
};

/* Walk the log: no position is missing, the tiles are what its leaves make, and so is the kept
   checkpoint. SL_CORRUPT: the fault, named. SL_NOMEM, SL_IO. The check is used once. */
enum sl_result log_check(struct log_check *check, const struct sl_progress *progress,
    uint64_t total, struct sl_err *err);

#endif
