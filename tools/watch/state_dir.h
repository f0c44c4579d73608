#ifndef SHARELOG_TOOLS_STATE_DIR_H
#define SHARELOG_TOOLS_STATE_DIR_H

/* A directory in which a command keeps what it must not forget between two runs, and the names of
   the files there that belong to a log. One process at a time has it. */

#include "core/base/span.h"

struct state_dir {
    const char *path; /* borrowed */
    int lock;         /* of DIR/lock, which a process that ends lets go */
};

/* Make it (0700) where it is missing, and take it. False, told on stderr: it can't be made, or
   another process has it. */
bool state_dir_open(const char *command, const char *path, struct state_dir *dir);
void state_dir_close(struct state_dir *dir);

/* A log's name in a directory: its origin's SHA-256 as hex. An origin may hold anything. */
#define STATE_NAME_BYTES 65
void state_dir_name(struct sl_span origin, char name[STATE_NAME_BYTES]);

/* `DIR/NAME.ENDING`, for the caller to free. NULL: out of memory. */
char *state_dir_file(const struct state_dir *dir, const char *name, const char *ending);

#endif
