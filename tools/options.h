#ifndef SHARELOG_OPTIONS_H
#define SHARELOG_OPTIONS_H

/* Options, parsed by a table into a struct of values. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, NULL if not given */
    OPTION_NUMBER, /* struct option_number */
    OPTION_LIST    /* struct option_list: may be given again and again */
};

#define OPTION_LIST_MAX 16
struct option_list {
    size_t count;
    const char *values[OPTION_LIST_MAX];
};

struct option_number {
    bool given;
    uint64_t value;
};

struct option {
    const char *name;  /* without the dashes */
    const char *value; /* what it takes, for help; NULL of a flag */
    enum option_kind kind;
    size_t offset;     /* in the struct of values */
    uint64_t min, max; /* of a number */
    const char *help;
};

/* The options that many commands share, in front of each command's own values. */
enum option_takes { TAKES_DATA = 1, TAKES_URL = 2, TAKES_JSON = 4 };
struct common {
    const char *data, *url;
    char *key; /* a copy of its own */
    bool json;
};

struct command;
enum option_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Blot out, in what others see of this process in a list of processes, a word that was given. */
void options_blot(const char *text);
/* Parse what stands behind the command's name. Options and words may be mixed; "--" ends the
   options; `-o` is `--output`. The words are moved to the front of argv, *words of them. A wrong
   option is told on stderr. */
enum option_result options_parse(
    const struct command *command, int argc, char **argv, void *values, int *words);
/* Forget what parsing copied: the key. */
void options_done(void *values);
/* The list of a command's options, for help. */
void options_help(const struct command *command);
/* How many times as fast: a number, or max (or 0), which is 0. False, told on stderr. */
bool options_speed(const struct command *command, const char *text, double *speed);
/* A decimal number in [min, max]. */
bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif
