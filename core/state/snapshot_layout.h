#ifndef SHARELOG_SNAPSHOT_LAYOUT_H
#define SHARELOG_SNAPSHOT_LAYOUT_H

/* Where everything comes to lie in the stream of a snapshot that is made of a fold:

       [{"type":…,"data":ITEM},{"type":…,"data":[MODEL,MODEL]},{"type":…,"data":[DIFF,DIFF]}]DIFF,DIFF
       └────────────────────── the text of /data, items in order of key ──────────────────┘└─ rest
   ─┘

   The rest are the entries of session_diffs that /data no longer shows. */

#include "core/state/orders.h"
#include "core/state/snapshot.h"

/* Set the `out` of every entry, and the head but for its sequence, stored, size and rows. The
   orders are made. */
void snapshot_layout(struct fold *fold, const struct orders *orders, struct snapshot_head *head);

/* Does a DIFF entry lie in the rest? Not if the newest session_diff item holds its bytes. */
bool snapshot_layout_rest(const struct fold *fold, const struct fold_entry *diff);

#endif
