#ifndef SHARELOG_TOOLS_KEPT_H
#define SHARELOG_TOOLS_KEPT_H

/* What a monitor keeps of a log from one look to the next, in DIR/<log>.kept:

     sharelog/kept@v1
     grew SECONDS        when this size was first seen, since 1970
     (an empty line)
     the last checkpoint that was found well, verbatim

   A file is replaced in one step by one that is whole, and never by anything but a checkpoint that
   was found well. One that is damaged stays as it is. */

#include "core/proof/note.h"
#include "tools/watch/state_dir.h"

struct kept {
    struct buf bytes; /* len 0: nothing is kept yet */
    struct sl_span note;
    uint64_t grew_s;
};

/* Nothing being kept is SL_OK too. SL_INVALID: what is there is no such file, or the log didn't
   sign it. SL_IO, SL_NOMEM. In any case the caller ends it. */
enum sl_result kept_read(const struct state_dir *dir, const char *name, const struct policy *policy,
    struct kept *kept, struct sl_err *err);
void kept_fini(struct kept *kept);

enum sl_result kept_write(const struct state_dir *dir, const char *name, struct sl_span note,
    uint64_t grew_s, struct sl_err *err);

#endif
