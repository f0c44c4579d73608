#ifndef SHARELOG_TOOLS_SHARE_EVENTS_H
#define SHARELOG_TOOLS_SHARE_EVENTS_H

/* A share's history, page after page, through the API. */

#include "tools/ask/source.h"

struct share_events {
    const char *id;
    uint64_t from, limit; /* 0: from the first (or last) on; all of them */
    bool reverse;
    /* One event {seq,position,time,kind,items,bytes,types,hash}; false stops with EXIT_YES. */
    bool (*each)(void *ctx, struct sl_span event);
    void *ctx;
};
/* An exit code; what isn't EXIT_YES is told. */
int share_events_walk(struct source *source, const struct share_events *history);
/* The same, written to stdout as {"events":[…]}; `each` and `ctx` are not used. */
int share_events_print(struct source *source, struct share_events history);

#endif
