#ifndef SHARELOG_HTTP_PAGES_TEXT_SPREAD_H
#define SHARELOG_HTTP_PAGES_TEXT_SPREAD_H

/* A JSON value spread over several lines. (pretty.h shows one to a person, cut where it is long;
   this is all of it, for a difference, a file, a block of code.) */

#include "core/base/buf.h"

enum spread {
    SPREAD_JSON, /* the same value as JSON: only white space differs */
    /* For telling two versions apart: an object's members in order of name (the client sends the
       same object in different orders), and a string of several lines as lines below a `|`, so that
       a line that was added shows as one. */
    SPREAD_LINES
};

/* Append a valid value to `out`, which is marked as failed when memory runs out. Deeper inside than
   SPREAD_DEPTH levels, values stay as they were sent. */
#define SPREAD_DEPTH 48
void spread_add(struct buf *out, struct sl_span value, enum spread how);

#endif
