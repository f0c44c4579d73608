#ifndef SHARELOG_HISTORY_H
#define SHARELOG_HISTORY_H

/* A share's history, page after page, through the API. */

#include "tools/source.h"

struct history {
    const char *id;
    uint64_t from, limit; /* 0: from the first (or last) on; all of them */
    bool reverse;
    /* One event {seq,position,time,kind,items,bytes,types,hash}; false stops with EXIT_YES. */
    bool (*each)(void *ctx, struct sl_span event);
    void *ctx;
};
/* An exit code; what isn't EXIT_YES is told. */
int history_walk(struct source *source, const struct history *history);
/* The same, written to stdout as {"events":[…]}; `each` and `ctx` are not used. */
int history_print(struct source *source, struct history history);

#endif
