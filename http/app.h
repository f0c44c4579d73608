#ifndef SHARELOG_HTTP_APP_H
#define SHARELOG_HTTP_APP_H

/* The application: an open store, how it is to be served, and the live viewers when a server runs.
 */

#include "http/http.h"

struct live;

struct http_app {
    struct sl_store *store;    /* borrowed */
    struct http_config config; /* its texts are this application's own copies */
    struct live *live;         /* set and cleared by the server; NULL where none runs */
    char cookie[65];           /* what the owner's browser holds instead of the key */
};

#endif
