#include "core/state/summary.h"

static size_t text_bytes(const struct summary *summary)
{
    return summary->title_len + summary->directory_len;
}

struct summary *summary_create(const struct sl_metadata *metadata, unsigned long redactions)
{
    struct sl_span title = metadata->title, directory = metadata->directory;
    if (title.len + directory.len > SL_SUMMARY_TEXT_BYTES) return NULL;
    struct summary *summary = malloc(sizeof(*summary) + title.len + directory.len);
    if (!summary) return NULL;
    *summary = (struct summary){.sequence = metadata->sequence,
        .redactions = redactions,
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
    metadata->messages = summary->messages;
    metadata->parts = summary->parts;
    metadata->diffs = summary->diffs;
    metadata->models = summary->models;
    metadata->bytes = summary->bytes;
    metadata->title = (struct sl_span){summary->text, summary->title_len};
    metadata->directory =
        (struct sl_span){summary->text + summary->title_len, summary->directory_len};
}

void summary_drop(struct share *share)
{
    free(share->summary);
    share->summary = NULL;
}

void summary_keep(struct shares *shares, struct share *share, struct summary *summary)
{
    if (!summary) return;
    shares_lock(shares);
    /* While a redaction is being written its number is odd, and no view's. */
    bool fits = share->record.state == SL_SHARE_LIVE && share->head.sequence == summary->sequence &&
                share->redactions == summary->redactions;
    if (fits) {
        summary_drop(share);
        share->summary = summary;
    }
    shares_unlock(shares);
    if (!fits) free(summary);
}

struct summary *summary_copy(
    struct shares *shares, const struct share *share, uint64_t sequence, unsigned long redactions)
{
    struct summary *copy = NULL;
    shares_lock(shares);
    const struct summary *summary = share->summary;
    if (summary && summary->sequence == sequence && summary->redactions == redactions) {
        size_t bytes = sizeof(*summary) + text_bytes(summary);
        copy = malloc(bytes);
        if (copy) memcpy(copy, summary, bytes);
    }
    shares_unlock(shares);
    return copy;
}
