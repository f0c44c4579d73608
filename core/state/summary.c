/* A summary in one allocation, its texts behind its counts. Without memory, or with texts that are
   too long, there is none, and nothing else changes. */

#include "core/state/summary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct summary *summary_create(const struct sl_metadata *metadata)
{
    struct sl_span title = metadata->title, directory = metadata->directory;
    if (title.len + directory.len > SL_SUMMARY_TEXT_BYTES) return NULL;
    struct summary *summary = malloc(sizeof(*summary) + title.len + directory.len);
    if (!summary) return NULL;
    *summary = (struct summary){.sequence = metadata->sequence,
        .messages = metadata->messages,
        .parts = metadata->parts,
        .diffs = metadata->diffs,
        .models = metadata->models,
        .bytes = metadata->bytes,
        .title_len = title.len,
        .directory_len = directory.len};
    if (title.len) memcpy(summary->text, title.ptr, title.len);
    if (directory.len) memcpy(summary->text + title.len, directory.ptr, directory.len);
    return summary;
}

void summary_tell(const struct summary *summary, struct sl_metadata *metadata)
{
    assert(summary->title_len + summary->directory_len <= SL_SUMMARY_TEXT_BYTES);
    metadata->messages = summary->messages;
    metadata->parts = summary->parts;
    metadata->diffs = summary->diffs;
    metadata->models = summary->models;
    metadata->bytes = summary->bytes;
    metadata->title = (struct sl_span){summary->text, summary->title_len};
    metadata->directory =
        (struct sl_span){summary->text + summary->title_len, summary->directory_len};
}

struct summary *summary_copy(const struct summary *summary)
{
    size_t bytes = sizeof(*summary) + summary->title_len + summary->directory_len;
    struct summary *copy = malloc(bytes);
    if (copy) memcpy(copy, summary, bytes);
    return copy;
}
