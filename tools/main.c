/* sharelog, the program: finds the command that its first word names, parses what the command
   takes, runs it, and ends with its exit code. `help` and `--version` are answered here. Output
   that couldn't be written makes a success a failure. */

#include "tools/command_table.h"
#include "tools/help.h"
#include "tools/shared/buffer.h"
#include "tools/shared/term.h"

#include <signal.h>
#include <stdlib.h>

static int unknown(const char *name)
{
    return fail("there is no command \"%s\" (see: sharelog --help)", name);
}

static int run(const struct command *command, int argc, char **argv)
{
    void *values = need(command->values_bytes);
    int words = 0, code = EXIT_WRONG;
    switch (options_parse(command_options(command), argc, argv, values, &words)) {
    case OPTIONS_HELP:
        help_command(command);
        code = EXIT_YES;
        break;
    case OPTIONS_WRONG: break;
    case OPTIONS_OK:
    default:
        if (words < command->words_min || words > command->words_max) {
            fail("%s: %s (see: sharelog help %s)", command->name,
                words < command->words_min ? "something is missing" : "that is one word too many",
                command->name);
            help_usage(stderr, command);
        } else {
            code = command->run(values, words, argv);
        }
    }
    options_done(command_options(command), values);
    free(values);
    return code;
}

/* `help [COMMAND]`; with --scdoc, which the build of the manual pages uses, as their source. */
static int help(int argc, char **argv)
{
    bool scdoc = argc > 0 && strcmp(argv[0], "--scdoc") == 0;
    const char *name = argc > scdoc ? argv[scdoc] : NULL;
    const struct command *command = name ? command_find(name) : NULL;
    if (name && !command) return unknown(name);
    if (scdoc && command)
        help_page(command);
    else if (scdoc)
        help_page_list();
    else if (command)
        help_command(command);
    else
        help_all();
    return EXIT_YES;
}

static int dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) name = "version";
    if (argc <= 1) {
        help_all();
        return EXIT_WRONG;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(argc - 2, argv + 2);
    if (name[0] == '-')
        return fail("unknown option %s; a command comes first (see: sharelog --help)", name);
    const struct command *command = command_find(name);
    return command ? run(command, argc - 2, argv + 2) : unknown(name);
}

int main(int argc, char **argv)
{
    term_init();
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is a failed write, told below */
    int code = dispatch(argc, argv);
    /* Output that was not written is a failure: `sharelog data ID >full-disk` must not exit with 0.
     */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code == EXIT_YES) code = term_failed();
    }
    return code;
}
