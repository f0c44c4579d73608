#ifndef SHARELOG_SERVE_H
#define SHARELOG_SERVE_H

/* Parts of `sharelog serve`: what it tells, and how it is stopped. */

#include "http/http.h"
#include "tools/datadir.h"

struct witnesses;

struct serving {
    struct sl_store *store;
    struct http_app *app;
    struct http_server *server;
    struct witnesses *witnesses; /* NULL: none */
    struct datadir_server announced;
};

bool serve_is_ipv4(struct sl_span host);
/* Why nothing can listen at an address, in words; `otherwise` when that is not it. */
const char *serve_why_not(const char *listen, const char *otherwise);
/* The line that scripts wait for; on a terminal also what a user needs at first. Never a key into a
 * file or journal. */
void serve_tell(const struct serving *serving, const char *dir, const char *public_url);

/* SIGTERM, SIGINT and SIGHUP are taken by serve_wait alone, in every thread that begins after this.
 */
void serve_block_signals(void);
void serve_wait(void);
/* The stop has begun: another signal, or a stop that takes much longer than it may, ends the
   process with 2. What was acknowledged is on disk already. */
void serve_watch(unsigned stop_ms);

#endif
