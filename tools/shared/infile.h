#ifndef SHARELOG_TOOLS_INFILE_H
#define SHARELOG_TOOLS_INFILE_H

/* A file that a command is given to read; "-" is standard input. What can't be read is told on
   stderr. */

#include "core/proof/bundle.h"
#include "tools/shared/buffer.h"

struct infile {
    int fd;
    const char *name;
    uint64_t bytes; /* of a file; 0: not known */
};

bool infile_open(const char *path, struct infile *file);
void infile_close(struct infile *file);
/* As the verifier of bundles reads it. The file must outlive its use. */
struct bundle_input infile_bundle(struct infile *file);

/* All of a file, at most `max` bytes, in place of what `out` held. */
bool infile_all(const char *path, size_t max, struct buffer *out);

#endif
