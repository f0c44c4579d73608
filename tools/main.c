/* sharelog: the table of commands, and what is common to them. */

#include "tools/buffer.h"
#include "tools/command.h"
#include "tools/term.h"

#include <signal.h>
#include <stdlib.h>

static const struct {
    const char *title;
    const struct command *commands[10];
} groups[] = {
    {"Serve", {&command_serve, &command_owner_key, &command_client_key, &command_secret}},
    {"Look", {&command_ls, &command_show, &command_log, &command_replay, &command_data,
                 &command_events, &command_changes, &command_stats}},
    {"Prove", {&command_verify, &command_bundle, &command_proof, &command_checkpoint,
                  &command_audit, &command_log_key, &command_new_origin}},
    {"Keep", {&command_rm, &command_redact, &command_allow, &command_compact, &command_rebuild}},
    {"More", {&command_send, &command_limits, &command_version}},
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static const struct command *find(const char *name)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (const struct command *const *at = groups[g].commands; *at; at++)
            if (strcmp((*at)->name, name) == 0) return *at;
    return NULL;
}

/* Levenshtein's distance, of words that are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[32], len = strlen(b);
    if (len >= 32) return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; *a; a++, i++) {
        size_t before = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t cost = before + (*a != b[j - 1]);
            before = row[j];
            if (row[j] + 1 < cost) cost = row[j] + 1;
            if (row[j - 1] + 1 < cost) cost = row[j - 1] + 1;
            row[j] = cost;
        }
    }
    return row[len];
}

static int unknown(const char *name)
{
    const struct command *nearest = NULL;
    size_t least = 4; /* farther away, a guess is no help */
    for (size_t g = 0; g < GROUPS; g++)
        for (const struct command *const *at = groups[g].commands; *at; at++) {
            size_t d = distance(name, (*at)->name);
            if (d < least && d < strlen((*at)->name)) {
                least = d;
                nearest = *at;
            }
        }
    if (nearest)
        return fail("there is no command \"%s\"; did you mean \"%s\"?", name, nearest->name);
    return fail("there is no command \"%s\" (see: sharelog --help)", name);
}

static int help(void)
{
    printf("sharelog keeps shared opencode sessions, every batch of them, for ever.\n\n"
           "usage: sharelog COMMAND [--data DIR | --url URL] ...\n");
    for (size_t g = 0; g < GROUPS; g++) {
        printf("\n%s%s%s\n", term_style(TERM_BOLD), groups[g].title, term_style(TERM_PLAIN));
        for (const struct command *const *at = groups[g].commands; *at; at++)
            printf("  %-12s %s\n", (*at)->name, (*at)->summary);
    }
    printf(
        "\nsharelog help COMMAND tells more, with examples. Exit codes: 0 yes, 1 the answer is no "
        "(not found, not verified), 2 wrong use or couldn't.\n");
    return EXIT_YES;
}

static void usage(FILE *out, const struct command *command)
{
    fprintf(
        out, "usage: sharelog %s%s%s", command->name, *command->words ? " " : "", command->words);
    if (command->takes & TAKES_URL)
        fputs(" [--data DIR | --url URL]", out);
    else if (command->takes & TAKES_DATA)
        fputs(" [--data DIR]", out);
    fputs(command->options ? " [options]\n" : "\n", out);
}

static int help_command(const struct command *command)
{
    printf("sharelog %s: %s\n\n", command->name, command->summary);
    usage(stdout, command);
    if (*command->about) printf("\n%s\n", command->about);
    options_help(command);
    printf("\nExamples:\n%s", command->examples);
    return EXIT_YES;
}

static int run(const struct command *command, int argc, char **argv)
{
    void *values = need(command->values_bytes);
    int words = 0, code;
    switch (options_parse(command, argc, argv, values, &words)) {
    case OPTIONS_HELP: code = help_command(command); break;
    case OPTIONS_WRONG: code = EXIT_WRONG; break;
    case OPTIONS_OK:
    default:
        if (words < command->words_min || words > command->words_max) {
            code = fail("%s: %s (see: sharelog help %s)", command->name,
                words < command->words_min ? "something is missing" : "that is one word too many",
                command->name);
            usage(stderr, command);
        } else {
            code = command->run(values, words, argv);
        }
    }
    options_done(values);
    free(values);
    return code;
}

static int dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) name = "version";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        if (argc <= 2) {
            help();
            return argc > 1 ? EXIT_YES : EXIT_WRONG;
        }
        const struct command *about = find(argv[2]);
        return about ? help_command(about) : unknown(argv[2]);
    }
    if (name[0] == '-')
        return fail("unknown option %s; a command comes first (see: sharelog --help)", name);
    const struct command *command = find(name);
    return command ? run(command, argc - 2, argv + 2) : unknown(name);
}

int main(int argc, char **argv)
{
    term_init();
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is a failed write, told below */
    int code = dispatch(argc, argv);
    /* What could not be written was not said: `sharelog data ID >full-disk` must not look well. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code == EXIT_YES) code = term_failed();
    }
    return code;
}
