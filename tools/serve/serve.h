#ifndef SHARELOG_TOOLS_SERVE_H
#define SHARELOG_TOOLS_SERVE_H

/* A server's life, from an empty process to an exit code:

     open the store         SL_LOCKED: another process has it; nothing was touched
     make the witnesses     their keys are checked
     listen, announce       `DIR/server` names the address and a key, for commands beside it
     tell `listening on …`
     wait for a signal
     withdraw `DIR/server`, end the witnesses, finish what is in flight, close the store

   What fails is told on stderr, and what was begun is ended in the same order. A server that is
   killed leaves `DIR/server` behind; the next one takes it away. */

#include "http/http.h"
#include "tools/serve/witness.h"

struct serve_setup {
    const char *dir; /* the data directory */
    struct sl_options store;
    struct http_config http;
    struct witness_setup witnesses; /* count 0: none */
};

/* Returns an exit code. */
int serve_run(const struct serve_setup *setup);

#endif
