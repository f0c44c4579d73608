#ifndef SHARELOG_TOOLS_VERIFY_FORK_H
#define SHARELOG_TOOLS_VERIFY_FORK_H

/* --fork: do pieces of evidence contradict each other, so that who signed them is shown to have
   lied? Files may be

     a bundle; a note, or several, one behind the other: checkpoints and head statements; an event's
     answer (JSON) with its proof file, the first of each going together, then the second, and so
   on; the proof of a conflict (conflict.h), which needs no other

   Each must be verified by itself before it counts. Two that contradict each other are told so that
   a third party can follow, with the key that it takes; EXIT_FRAUD then. */

#include "tools/prove/verify_values.h"

/* An exit code; the result is told. EXIT_YES: all were compared, and no contradiction shows. */
int verify_fork(const struct verify_values *values);

#endif
