#ifndef SHARELOG_TOOLS_DATADIR_H
#define SHARELOG_TOOLS_DATADIR_H

/* The data directory, and the file in it by which a running server is found: its address and a key
   of its own, which only those who can read the directory have. */

#include "core/sharelog.h"
#include "tools/shared/options.h"

#define DATADIR_KEY_BYTES 43 /* of base62: 256 bits */

struct datadir_server {
    char url[300];
    char key[SL_KEY_TEXT_BYTES + 1];
};

/* --data, or the default. NULL, told on stderr: there is neither a home nor XDG_DATA_HOME. Lives as
 * long as the process. */
const char *datadir_of(const struct common *common);

/* Options to open the store there: access, and the secrets that come from the environment, checked.
 * False, told. */
bool datadir_options(const char *dir, enum sl_access access, struct sl_options *options);

/* Has anything been kept there? Looks for core's folder and opens nothing. */
bool datadir_has_store(const char *dir);

/* Write DIR/server, readable by its owner alone, in one step; remove it; read it. Reading fails
 * silently. */
enum sl_result datadir_announce(
    const char *dir, const struct datadir_server *server, struct sl_err *err);
void datadir_withdraw(const char *dir);
bool datadir_find_server(const char *dir, struct datadir_server *server);

#endif
