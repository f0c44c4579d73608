#ifndef SHARELOG_TOOLS_WATCHED_H
#define SHARELOG_TOOLS_WATCHED_H

/* The logs that a monitor watches, from a file. A line each; what is said of a log stands below it:

     log https://share.example.org share.key          # a server, and its log's key
     policy team.policy                               # whose cosignatures it must have
     witness https://witness.example.org witness.key  # a witness, to be asked what it cosigned
     max-age 1d                                       # of the cosignatures, or none
     max-still 7d                                     # the log grows at least so often

   A key is a verifier key, or a file that holds it; a file is named from the folder of this one.
   `#` begins a comment. */

#include "tools/shared/buffer.h"
#include "tools/shared/trust.h"

#define WATCHED_LOGS 256
#define WATCHED_WITNESSES 16 /* of one log */

struct watched_witness {
    char *url;
    struct note_key key;
};

struct watched_log {
    char *url;
    struct note_key key;
    struct trust trust;
    uint64_t max_age_s, max_still_s; /* 0: any will do */
    size_t witnesses_count;
    struct watched_witness witnesses[WATCHED_WITNESSES];
};

struct watched {
    size_t count;
    struct watched_log *logs;
};

/* False, told on stderr with its line. */
bool watched_read(const char *path, struct watched *watched);
void watched_free(struct watched *watched);

#endif
