#ifndef SHARELOG_HTTP_PAGES_TEXT_CUT_H
#define SHARELOG_HTTP_PAGES_TEXT_CUT_H

/* The front of a long text. What a page shows of one string is bounded, so that a page of a session
   with a 30 MB log in it is still a page; what is left out is counted and linked. Only the front is
   ever decoded. */

#include "core/base/buf.h"

#define CUT_LINES 200
#define CUT_BYTES ((size_t)32 * 1024)
/* What people wrote is shown in full but where that would be absurd. */
#define CUT_PROSE_LINES 4000
#define CUT_PROSE_BYTES ((size_t)256 * 1024)
/* What stands in a line. */
#define CUT_VALUE_BYTES ((size_t)600)

struct cut {
    uint64_t lines, bytes; /* left out */
};

/* Append the front of a JSON string, decoded, to `out`: at most so many lines and bytes, no
   character cut. False: it is no string, or memory ran out. */
bool cut_decode(
    struct sl_span string, size_t lines, size_t bytes, struct buf *out, struct cut *cut);

#endif
