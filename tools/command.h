#ifndef SHARELOG_TOOLS_COMMAND_H
#define SHARELOG_TOOLS_COMMAND_H

/* A command of the command line: one constant in a file of its own (cmd_NAME.c), listed in
   command_table.c. The checking of words and options, `sharelog help` and the manual page all come
   from it, so none of them can say what the others don't. */

#include "tools/shared/options.h"

struct command {
    const char *name;
    const char *words; /* "ID [SEQ]", for the usage line */
    int words_min, words_max;
    unsigned takes;      /* of the common options, enum option_takes */
    const char *summary; /* a line of the list of commands */
    const char *about;   /* paragraphs of help */
    const char *examples;
    const struct option *options; /* its own, ended by a name of NULL; may be NULL */
    size_t values_bytes; /* of the struct they are parsed into, which begins with a struct common */
    /* `values` is zero but for what was given. Returns an exit code of tools/shared/term.h. */
    int (*run)(const void *values, int count, char **words);
};

static inline struct option_set command_options(const struct command *command)
{
    return (struct option_set){command->name, command->takes, command->options};
}

/* Each defined in its cmd_NAME.c; keys and proofs have several in one file. */
extern const struct command command_allow, command_audit, command_bundle, command_changes,
    command_checkpoint, command_client_key, command_compact, command_data, command_events,
    command_limits, command_log, command_log_key, command_ls, command_monitor, command_new_origin,
    command_owner_key, command_proof, command_rebuild, command_redact, command_replay, command_rm,
    command_secret, command_send, command_serve, command_show, command_stats, command_verify,
    command_version, command_witness;

#endif
