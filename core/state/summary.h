#ifndef SHARELOG_SUMMARY_H
#define SHARELOG_SUMMARY_H

/* The counts and texts that folding a share gave for its metadata, kept with the share in memory
   (log/share.h), so that the next reader needn't fold again. It is that of one sequence, the
   head's; the next event makes it stale, and whoever folds then puts a new one in its place. It
   holds text of the share, so a removal and a redaction drop it at once, and what was read before
   them is not taken in afterwards (epoch.h). */

#include "core/sharelog.h"

struct summary {
    uint64_t sequence;
    uint64_t messages, parts, diffs, models, bytes;
    size_t title_len, directory_len;
    char text[]; /* title and directory, as JSON */
};

/* Of the state at metadata->sequence. NULL: its texts are longer than SL_SUMMARY_TEXT_BYTES, or no
   memory; then it is found out again each time. The caller frees. */
struct summary *summary_create(const struct sl_metadata *metadata);

/* Fill in the counts and texts, which point into it. */
void summary_tell(const struct summary *summary, struct sl_metadata *metadata);

/* A copy; the caller frees. NULL: no memory. */
struct summary *summary_copy(const struct summary *summary);

#endif
