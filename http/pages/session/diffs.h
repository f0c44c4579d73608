#ifndef SHARELOG_HTTP_PAGES_SESSION_DIFFS_H
#define SHARELOG_HTTP_PAGES_SESSION_DIFFS_H

/* Differences as items hold them. */

#include "http/pages/session/put.h"

/* A patch (JSON string) of a file (JSON string or nothing), cut. */
bool diffs_put_patch(
    struct page *page, struct sl_span patch, struct sl_span file, const char *field);

/* What differs between two JSON strings, either of which may be missing. Each is cut: `field` is
   that of the second. */
bool diffs_put_texts(struct page *page, struct sl_span before, struct sl_span after,
    struct sl_span file, const char *field);

/* A list of {file, patch, additions, deletions, status} (or {file, before, after}): the files with
   their counts, then their differences, of all together no more than a page can take. `base` is its
   path in the item, or "". Nothing when it is empty. */
bool diffs_put_list(struct page *page, struct sl_span list, const char *title, const char *base);

#endif
