#ifndef SHARELOG_TOOLS_WITNESS_SERVE_H
#define SHARELOG_TOOLS_WITNESS_SERVE_H

/* A witness's life, from an empty process to an exit code:

     take the directory          another process has it: nothing was touched
     take the key, or make it
     read the logs' keys, and what was cosigned of each
     listen; tell `listening on …`, and the key
     wait for a signal, finish what is in flight

     POST /add-checkpoint        cosigner.h has the answers
     GET  /<log>/checkpoint      what was cosigned last of the log; its origin's SHA-256, as hex

   A prefix before them is a proxy's business. What fails is told on stderr. */

struct witness_serve {
    const char *state, *name, *logs; /* `name` may be NULL where there is a key */
    const char *listen;              /* an address of listen_at */
};

/* Both return an exit code. */
int witness_serve(const struct witness_serve *setup);
int witness_show_key(const struct witness_serve *setup);

#endif
