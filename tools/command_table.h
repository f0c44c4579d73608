#ifndef SHARELOG_TOOLS_COMMAND_TABLE_H
#define SHARELOG_TOOLS_COMMAND_TABLE_H

#include "tools/command.h"

/* Commands that belong together, in the order of the list. */
#define COMMAND_GROUP_MAX 10
struct command_group {
    const char *title;
    const struct command *commands[COMMAND_GROUP_MAX]; /* ended by NULL */
};
/* All groups; the last one has no title. */
extern const struct command_group command_groups[];

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

#endif
