/* Both forms are written from the same fields of a command, so they differ in their notation
   alone. */

#include "tools/help.h"

#include "tools/command_table.h"
#include "tools/shared/term.h"

#include <ctype.h>
#include <string.h>

#define NAME_BYTES 64

/* ---- on a terminal ---- */

void help_all(void)
{
    printf("sharelog keeps shared opencode sessions, every batch of them, for ever.\n\n"
           "usage: sharelog COMMAND [--data DIR | --url URL] ...\n");
    for (const struct command_group *group = command_groups; group->title; group++) {
        printf("\n%s%s%s\n", term_style(TERM_BOLD), group->title, term_style(TERM_PLAIN));
        for (const struct command *const *at = group->commands; *at; at++)
            printf("  %-12s %s\n", (*at)->name, (*at)->summary);
    }
    printf(
        "\nsharelog help COMMAND tells more, with examples. Exit codes: 0 yes, 1 the answer is no "
        "(not found, not verified), 2 wrong use or couldn't, 3 proof of fraud (verify --fork).\n");
}

void help_usage(FILE *out, const struct command *command)
{
    fprintf(
        out, "usage: sharelog %s%s%s", command->name, *command->words ? " " : "", command->words);
    if (command->takes & TAKES_URL)
        fputs(" [--data DIR | --url URL]", out);
    else if (command->takes & TAKES_DATA)
        fputs(" [--data DIR]", out);
    bool more = command->options || (command->takes & (TAKES_AT | TAKES_YES | TAKES_PROGRESS));
    fputs(more ? " [options]\n" : "\n", out);
}

static void put_option(void *ctx, const struct option *option)
{
    char name[NAME_BYTES];
    (void)ctx;
    snprintf(name, sizeof(name), "--%s%s%s", option->name, option->value ? " " : "",
        option->value ? option->value : "");
    printf("  %-26s %s\n", name, option->help);
}

void help_command(const struct command *command)
{
    printf("sharelog %s: %s\n\n", command->name, command->summary);
    help_usage(stdout, command);
    if (*command->about) printf("\n%s\n", command->about);
    if (command->takes || command->options) printf("\nOptions:\n");
    options_each(command_options(command), put_option, NULL);
    printf("\nExamples:\n%s", command->examples);
}

/* ---- a manual page ---- */

/* A text of a table: `code` in bold, and what scdoc would take for markup escaped. */
static void put_scdoc_bytes(const char *text, size_t len)
{
    bool begins = true; /* a line, where more is markup */
    for (; len > 0; text++, len--) {
        bool markup = strchr("_*\\", *text) || (begins && strchr("#-.;|[]", *text));
        begins = *text == '\n';
        if (*text == '`')
            putchar('*');
        else if (markup)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void put_scdoc(const char *text)
{
    put_scdoc_bytes(text, strlen(text));
}

/* Paragraphs; one whose lines begin with two spaces is shown as it stands. */
static void put_scdoc_about(const char *at)
{
    while (*at) {
        const char *end = strstr(at, "\n\n");
        size_t len = end ? (size_t)(end - at) : strlen(at);
        bool literal = strncmp(at, "  ", 2) == 0;
        if (literal) puts("```");
        for (size_t line; len > 0; at += line, len -= line) {
            const char *newline = memchr(at, '\n', len);
            line = newline ? (size_t)(newline - at) + 1 : len;
            if (literal)
                printf("%.*s", (int)line - 2, at + 2);
            else
                put_scdoc_bytes(at, line);
        }
        if (literal) printf("\n```");
        at += end ? 2 : 0;
        if (end) puts("\n");
    }
}

static void put_scdoc_option(void *ctx, const struct option *option)
{
    (void)ctx;
    printf("*--%s*", option->name);
    if (option->value) printf(" _%s_", option->value);
    printf("\n\t");
    put_scdoc(option->help);
    puts("\n");
}

static void put_upper(const char *text)
{
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

/* The lines of the examples are indented by two spaces in the table. */
static void put_scdoc_examples(const char *at)
{
    puts("# EXAMPLES\n\n```");
    while (*at) {
        size_t indent = strspn(at, " "), len = strcspn(at + indent, "\n");
        printf("$ %.*s\n", (int)len, at + indent);
        at += indent + len + (at[indent + len] == '\n');
    }
    puts("```\n");
}

void help_page(const struct command *command)
{
    printf("sharelog-%s(1)\n\n# NAME\n\nsharelog-%s - ", command->name, command->name);
    put_scdoc(command->summary);
    printf("\n\n# SYNOPSIS\n\n*sharelog %s*", command->name);
    if (*command->words) putchar(' ');
    put_scdoc(command->words);
    printf(" [options]\n\n# DESCRIPTION\n\n");
    if (*command->about) {
        put_scdoc_about(command->about);
    } else {
        putchar(toupper((unsigned char)command->summary[0]));
        put_scdoc(command->summary + 1);
        putchar('.');
    }
    puts("\n\n# OPTIONS\n");
    options_each(command_options(command), put_scdoc_option, NULL);
    put_scdoc_examples(command->examples);
    puts("# EXIT STATUS\n\n0: yes. 1: the answer is no (not found, not verified). 2: wrong use, or "
         "it couldn't.\n\n# SEE ALSO\n\n*sharelog*(1), *sharelog-operations*(7)");
}

void help_page_list(void)
{
    for (const struct command_group *group = command_groups; group->title; group++) {
        printf("## ");
        put_upper(group->title);
        puts("\n");
        for (const struct command *const *at = group->commands; *at; at++) {
            printf("*sharelog-%s*(1)\n\t", (*at)->name);
            put_scdoc((*at)->summary);
            puts("\n");
        }
    }
}
