#ifndef SHARELOG_TOOLS_HELP_H
#define SHARELOG_TOOLS_HELP_H

/* What a command's table says, for people: on the terminal, and as the source of a manual page. */

#include "tools/command.h"

#include <stdio.h>

/* `sharelog help`: the list of commands. */
void help_all(void);
/* `sharelog help COMMAND`. */
void help_command(const struct command *command);
/* The usage line. */
void help_usage(FILE *out, const struct command *command);

/* The manual page sharelog-COMMAND(1) in scdoc's notation. Lines of its EXAMPLES that begin with
   `$ ` are run by tests/docs/run. */
void help_page(const struct command *command);
/* The list of commands that sharelog(1) has, in the same notation. */
void help_page_list(void);

#endif
