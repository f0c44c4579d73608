/* The table of commands. A new command is a file cmd_NAME.c and a line here. */

#include "tools/command_table.h"

#include <string.h>

const struct command_group command_groups[] = {
    {"Serve", {&command_serve, &command_owner_key, &command_client_key, &command_secret}},
    {"Look", {&command_ls, &command_show, &command_log, &command_replay, &command_data,
                 &command_events, &command_changes, &command_stats}},
    {"Prove", {&command_verify, &command_bundle, &command_proof, &command_checkpoint,
                  &command_audit, &command_log_key, &command_new_origin}},
    {"Watch", {&command_monitor, &command_witness}},
    {"Keep", {&command_rm, &command_redact, &command_allow, &command_compact, &command_rebuild}},
    {"More", {&command_send, &command_limits, &command_version}},
    {NULL, {NULL}},
};

const struct command *command_find(const char *name)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *const *at = group->commands; *at; at++)
            if (strcmp((*at)->name, name) == 0) return *at;
    return NULL;
}
