#ifndef SHARELOG_VERIFY_ROWS_H
#define SHARELOG_VERIFY_ROWS_H

/* Rows that no event leads to: they are found only by looking at all rows. */

#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/store.h"

/* The rows of `meta` and `index`, and the marks that derived families are whole. SL_CORRUPT: the
   row, named. */
enum sl_result rows_check(struct sl_store *store, struct sl_err *err);

/* No row stands between the shares: the iterator is behind one, and the next begins there (empty:
   there is none). SL_CORRUPT. */
enum sl_result rows_gap_bodies(
    struct body_iter *iter, const struct row_key *next, struct sl_err *err);
enum sl_result rows_gap_snapshots(
    struct kv_iter *iter, const struct row_key *next, struct sl_err *err);

#endif
