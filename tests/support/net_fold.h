#ifndef TESTS_SUPPORT_NET_FOLD_H
#define TESTS_SUPPORT_NET_FOLD_H

/* Folding once more, as naively as can be, to hold the server's answers against: lists that are
   searched from the front, texts that are copied. For batches that come one after the other, whose
   ids hold no `%`, `/`, control characters or escapes (which unit tests look at). */

#include "core/base/buf.h"

struct net_fold_item {
    char *type, *key;
    char *data; /* as it came */
    size_t len;
};

struct net_fold {
    struct net_fold_item *items; /* in order of first arrival; of `model` without the elements */
    size_t count;
    struct net_fold_item *models; /* elements, in order of first arrival */
    size_t models_count;
    struct buf diffs; /* all batches' entries, a comma between two */
};

/* Apply one batch: `items` is the JSON array that was sent as `data`. */
void net_fold_apply(struct net_fold *fold, struct sl_span items);
void net_fold_fini(struct net_fold *fold);

/* What /data says. The caller frees. */
struct buf net_fold_data(const struct net_fold *fold);

/* What /api/share/ID says, up to `,"metadata":`. The caller frees. */
struct buf net_fold_session(const struct net_fold *fold);

#endif
