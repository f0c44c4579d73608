#ifndef SHARELOG_TOOLS_LOG_LOOK_H
#define SHARELOG_TOOLS_LOG_LOOK_H

/* One look of a monitor at one log:

     what was kept          its last checkpoint that was found well
     what the server shows  signed by the log; cosigned by a quorum, not too long ago
     what witnesses show    each its own cosignature of a checkpoint that the log signed
     all of these           of one history: each the beginning of the largest of them, by the
                            server's tiles; where it shows its entries they keep to the rules
     keep                   what the server shows, if all of that is well

   A log that signed two histories is proven by a file in the directory, DIR/<log>.conflict, that
   `sharelog verify --fork` judges; the first proof stays. */

#include "tools/watch/findings.h"
#include "tools/watch/state_dir.h"
#include "tools/watch/watched.h"

#include <stdatomic.h>

/* A log that makes the monitor wait longer is given up until the next look. */
#define LOOK_MS (60 * 60 * 1000)

/* Tells what it finds, and returns findings_end's exit code. Once *give_up is set, requests under
   way end within a second; a look that takes too long sets it. */
int log_look(
    const struct state_dir *dir, const struct watched_log *log, bool json, atomic_bool *give_up);

#endif
