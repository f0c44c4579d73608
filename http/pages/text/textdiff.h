#ifndef SHARELOG_HTTP_PAGES_TEXT_TEXTDIFF_H
#define SHARELOG_HTTP_PAGES_TEXT_TEXTDIFF_H

/* What differs between two texts, line by line (libgit2's wall). */

#include "http/pages/text/patch.h"

struct textdiff;

/* More than this on either side isn't compared. */
#define TEXTDIFF_BYTES ((size_t)1024 * 1024)
#define TEXTDIFF_LINES ((size_t)40000)

enum textdiff_result { TEXTDIFF_OK, TEXTDIFF_TOO_LARGE, TEXTDIFF_FAILED };

/* Compare; the texts must outlive *diff. Any thread. */
enum textdiff_result textdiff_create(
    struct sl_span before, struct sl_span after, struct textdiff **diff);
void textdiff_destroy(struct textdiff *diff);

void textdiff_counts(const struct textdiff *diff, size_t *added, size_t *dropped);

/* The next line (never a DIFF_FILE), three around a change; false at the end. */
bool textdiff_next(struct textdiff *diff, struct diff_line *line);

#endif
