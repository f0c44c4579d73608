#ifndef SHARELOG_TOOLS_SOURCE_H
#define SHARELOG_TOOLS_SOURCE_H

/* Where a command's answers come from: a server (--url), or a data directory, beside a server that
 * may run on it. */

#include "tools/ask/client.h"
#include "tools/shared/buffer.h"
#include "tools/shared/options.h"

struct source {
    struct client *client;
    struct sl_store *store; /* NULL when a server answers */
    struct http_app *app;
    const char *dir;  /* NULL with --url */
    char server[300]; /* the address of the server that answers, or "" */
};

/* To read: a data directory is read beside whoever writes to it. False, told on stderr. */
bool source_open(const struct common *common, struct source *source);
/* To write: a data directory that a server has is written to through that server. */
bool source_open_write(const struct common *common, struct source *source);
void source_close(struct source *source);

/* Open the store of a data directory alone. Returns false, told on stderr; but when another process
   has it (*locked, which may be NULL if that is an error like any other) nothing is told. */
bool source_open_store(const struct common *common, enum sl_access access, const char **dir,
    struct sl_store **store, bool *locked);

/* Ask and keep the whole answer, which is checked to be JSON. Returns EXIT_YES; else it has told
   what is wrong: EXIT_NO of a 404 or 410, EXIT_WRONG of all else. */
int source_ask(struct source *source, const char *method, const char *target, struct sl_span body,
    struct buffer *answer);
int source_get(struct source *source, const char *target, struct buffer *answer);
/* Ask and write the answer to stdout as it comes. */
int source_print(struct source *source, const char *target);
/* Ask and write the answer as it is, to a file, or (NULL) to stdout. A file is there when all of it
   is, and is else what it was before. */
int source_save(struct source *source, const char *target, const char *path);
/* Tell what an answer that isn't a 2xx says. */
int source_refused(struct source *source, int status, struct sl_span body);

#endif
