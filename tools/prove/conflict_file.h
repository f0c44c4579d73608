#ifndef SHARELOG_TOOLS_CONFLICT_FILE_H
#define SHARELOG_TOOLS_CONFLICT_FILE_H

/* Where two checkpoints are kept that contradict each other (core/proof/conflict.h). */

#include "core/proof/conflict.h"

/* Keep them at `path`, in one step. A file there that proves a conflict already, by the policy's
   log, stays as it is; one that doesn't is replaced. SL_IO, SL_NOMEM. */
enum sl_result conflict_keep(const char *path, const struct policy *policy, struct sl_span smaller,
    const struct conflict_roots *roots, struct sl_span larger, struct sl_err *err);

#endif
