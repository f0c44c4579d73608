#ifndef SHARELOG_HTTP_CALL_CALL_H
#define SHARELOG_HTTP_CALL_CALL_H

/* What a handler is called with: the application, the route that was asked for, the request, the
   reply. routes.c has the table of routes, app.c makes the calls. */

#include "http/call/config.h"
#include "http/call/reply.h"
#include "http/call/request.h"

struct live;
struct route;

/* The application: an open store, how it is to be served, and the live viewers when a server runs.
 */
struct http_app {
    struct sl_store *store;     /* borrowed */
    struct http_config config;  /* its texts are this application's own copies */
    struct live *live;          /* set and cleared by the server; NULL where none runs */
    char cookie[65];            /* what the owner's browser holds instead of the key */
    const struct route *routes; /* the whole table, for documentation */
    size_t routes_count;
};

/* A request on its way through a handler. */
struct http_call {
    struct http_app *app;
    struct http_request *request;
    struct http_reply *reply;
    const struct route *route;
    char id[SL_SHARE_ID_BYTES + 1]; /* of `:id`, empty in a route without one */
    uint64_t sequence;              /* of `:seq` */
    unsigned level, width;          /* of `:level`; of `:tile`, 256 where it is full … */
    uint64_t tile;                  /* … and its number */
};

/* Who may: a route that is open to anyone may still ask for a share's secret in its body. */
enum route_who { ROUTE_ANYONE, ROUTE_SECRET, ROUTE_OWNER };

/* The limit of a sync's body is the operator's to set (http_config.body_bytes). */
#define ROUTE_BODY_CONFIGURED SIZE_MAX

struct route {
    enum http_method method; /* HTTP_GET answers HTTP_HEAD too */
    const char *pattern; /* `:id` is a share id (`:id.md` one with an ending), `:seq` a sequence,
                            `:file` a name with an ending, `:level` and `:tile` those of a tile
                            (http/tile.h; `:tile` is all that is left); all else is literal */
    enum route_who who;
    size_t body_bytes; /* at most; 0: the route takes no body */
    void (*handler)(struct http_call *call);
    const char *help;
};

#endif
