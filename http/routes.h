#ifndef SHARELOG_HTTP_ROUTES_H
#define SHARELOG_HTTP_ROUTES_H

/* The one table of routes. Whatever can be asked of a server is a line of it: its documentation is
   made from it, and method, key and body limit are judged by it before a handler runs. */

#include "http/call/call.h"

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
