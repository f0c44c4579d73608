#ifndef SHARELOG_COMMAND_H
#define SHARELOG_COMMAND_H

/* A command of the command line: one constant in a file of its own, listed in main.c's table. Help,
   usage and the checking of options all come from it. */

#include "tools/options.h"

/* Exit codes. */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_WRONG = 2 };

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
    /* `values` is zero but for what was given. Returns an exit code. */
    int (*run)(const void *values, int count, char **words);
};

extern const struct command command_allow, command_audit, command_bundle, command_changes,
    command_checkpoint, command_client_key, command_compact, command_data, command_events,
    command_limits, command_log, command_log_key, command_ls, command_new_origin, command_owner_key,
    command_proof, command_rebuild, command_redact, command_replay, command_rm, command_secret,
    command_send, command_serve, command_show, command_stats, command_verify, command_version;

#endif
