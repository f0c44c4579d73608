#ifndef SHARELOG_TOOLS_VERIFY_OFFLINE_H
#define SHARELOG_TOOLS_VERIFY_OFFLINE_H

/* What can be verified with files and the log's keys alone: nothing is opened but the files that
   are named, and no server is asked but one that is named with a bundle. Both return an exit code,
   and have told the result. */

#include "tools/prove/verify_values.h"

/* --bundle: all of a share; with --url, what came after it too. */
int verify_bundle(const struct verify_values *values);
/* --proof and --event: one event. */
int verify_event(const struct verify_values *values);

#endif
