#ifndef TESTS_SUPPORT_TOOLS_RUN_H
#define TESTS_SUPPORT_TOOLS_RUN_H

/* The command line as a process: its words, its exit code, what it said. What can't be run, fails
   the test (cmocka). */

#include "core/base/span.h"

struct tools_run {
    const char *program; /* NULL: sharelog */
    const char *input;   /* on its standard input; NULL: nothing */
    bool as_owner;       /* SHARELOG_OWNER_KEY is that of tests/support/net_server.h; else unset */
    char text[65536];    /* what it wrote, on both outputs; terminated */
    size_t len;
};

/* The program and those words, NULL at the end; its exit code, or 128 and a signal. */
int tools_run(struct tools_run *run, const char *const *words);

/* The exit code, and a part of what it said. */
#define tools_expect(run, code, part, ...)                                                         \
    tools_expect_at(run, (const char *const[]){__VA_ARGS__, NULL}, code, part, __FILE__, __LINE__)
void tools_expect_at(struct tools_run *run, const char *const *words, int code, const char *part,
    const char *file, int line);

/* Files in a folder of the test's own, gone when the program ends. */
const char *tools_path(const char *name); /* valid until eight further calls */
void tools_write(const char *name, struct sl_span bytes);
/* The whole file, terminated; the caller frees it. */
char *tools_read(const char *name, size_t *len);
/* Put a copy of a folder in place of another. */
void tools_copy(const char *from, const char *to);

#endif
