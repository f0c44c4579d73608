#ifndef SHARELOG_TOOLS_OPTIONS_H
#define SHARELOG_TOOLS_OPTIONS_H

/* Options of a command: a table names them, and parsing puts what is given into a struct of values.

     {"limit", "N", OPTION_NUMBER, offsetof(struct values, limit), 1, 1000, "list so many at most"}

     struct values {
         struct common common;          what many commands take, always first
         struct option_number limit;
     };

   The same table makes the lists of `sharelog help COMMAND` and of the manual pages. A wrong option
   is told on stderr, and nothing is done. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, NULL if not given */
    OPTION_SECRET, /* char *, a copy: the word itself is blotted out in the list of processes */
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
enum option_takes {
    TAKES_DATA = 1,
    TAKES_URL = 2, /* and --key */
    TAKES_JSON = 4,
    TAKES_AT = 8,
    TAKES_YES = 16,
    TAKES_PROGRESS = 32
};
struct common {
    const char *data, *url, *at;
    char *key;
    bool json, yes, progress;
};

/* All that a command takes. */
struct option_set {
    const char *command;          /* its name, for messages */
    unsigned takes;               /* of the common options, enum option_takes */
    const struct option *options; /* its own, ended by a name of NULL; may be NULL */
};

enum option_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Parse what stands behind the command's name. Options and words may be mixed; "--" ends the
   options; `-o` is `--output`. The words are moved to the front of argv, *words of them. A wrong
   option is told on stderr. */
enum option_result options_parse(
    struct option_set set, int argc, char **argv, void *values, int *words);
/* Wipe and free the secrets among the values. */
void options_done(struct option_set set, void *values);
/* Each option of a set, its own first, in the order in which help lists them. */
void options_each(
    struct option_set set, void (*each)(void *ctx, const struct option *option), void *ctx);
/* How many times as fast: a number, or max (or 0), which is 0. False, told on stderr. */
bool options_speed(const char *command, const char *text, double *speed);
/* A decimal number in [min, max]. */
bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif
