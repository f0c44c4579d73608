#ifndef SHARELOG_BENCH_BARE_H
#define SHARELOG_BENCH_BARE_H

/* The bare server: CivetWeb, with RocksDB behind it or nothing, in a process of its own as sharelog
   is. What it does is the least that any server of the kind could do:

     POST /…       read the body, put it durably (with a store), answer as a sync is answered
     GET  /N       N bytes from memory, in one write: all BARE_BYTE */

#include "bench/suite/bench.h"
#include "bench/suite/group.h"

#include <sys/types.h>

#define BARE_BYTE 'x'

struct bare {
    pid_t pid;
    int in, out; /* its stdin, which it ends with, and stdout */
    unsigned port;
};

/* folder NULL: no store. */
bool bare_start(const char *folder, enum group_kind kind, struct bare *bare);
bool bare_stop(struct bare *bare);

#endif
