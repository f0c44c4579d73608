#ifndef SHARELOG_HTTP_ROUTES_H
#define SHARELOG_HTTP_ROUTES_H

/* The one table of routes. Whatever can be asked of a server is a line of it: its documentation is
   made from it, and method, key and body limit are judged by it before a handler runs. */

#include "http/app.h"

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

/* The table, for documentation. */
const struct route *routes_table(size_t *count);

/* Does a raw path fit a pattern? Fills call->id and call->sequence if it does. The path is never
   decoded, and a parameter takes [A-Za-z0-9_-] alone: so no `%2F`, `..` or empty segment can pass
   for something else.
   `/api/shares` stands for `/api/share`, as upstream has it for accounts. */
bool route_fits(const char *pattern, struct sl_span path, struct http_call *call);

/* The route for a method and a path. NULL: none; `allow` then lists the methods that the path does
   take (as the Allow header has them), and is empty when the path itself is unknown. */
const struct route *route_find(
    enum http_method method, struct sl_span path, struct http_call *call, char *allow, size_t cap);

/* Is the path the API's (CORS, JSON), or a page's (HTML)? Neither is possible too. */
bool route_is_api(struct sl_span path);
bool route_is_page(struct sl_span path);

/* opencode joins its configured URL and `/api/share` as text, so a URL that ends in a slash doubles
   it. One doubled slash in front of `api` is taken off; nothing else is ever corrected. */
struct sl_span route_path(struct sl_span path);

#endif
