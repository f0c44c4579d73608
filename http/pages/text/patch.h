#ifndef SHARELOG_HTTP_PAGES_TEXT_PATCH_H
#define SHARELOG_HTTP_PAGES_TEXT_PATCH_H

/* A patch read line by line: unified, as diff, git and opencode write it, or the `*** Begin Patch`
   that models write. Nothing is copied: the lines are spans of the patch. */

#include "core/base/span.h"

enum diff_kind { DIFF_FILE, DIFF_HUNK, DIFF_NOTE, DIFF_SAME, DIFF_ADD, DIFF_DEL };

/* A line of a difference, however it came about. `text` is without its sign and line feed: a file's
   name (may be empty), a hunk's header, a note such as a rename. `before` and `after` number it on
   either side, 0: not there, or not known. */
struct diff_line {
    enum diff_kind kind;
    struct sl_span text;
    size_t before, after;
};

struct patch {
    struct sl_span rest;
    bool envelope;             /* *** Begin Patch */
    bool named, heading, hunk; /* a file was begun; its header is being read; its lines are */
    size_t before, after;      /* the next line's numbers; 0: they aren't known */
    size_t before_left, after_left;
    struct sl_span note; /* waits to be given */
    bool bad;
};

void patch_init(struct patch *patch, struct sl_span text);

/* The next line; a DIFF_FILE comes before any other. False at the end, and where the text can't be
   a patch: then `bad` is set. A copy of *patch reads on by itself. */
bool patch_next(struct patch *patch, struct diff_line *line);

#endif
