/* GET /api/doc: the table of routes, as text. */

#include "http/api/api.h"

static const char *method_text(enum http_method method)
{
    switch (method) {
    case HTTP_GET: return "GET";
    case HTTP_POST: return "POST";
    case HTTP_DELETE: return "DELETE";
    case HTTP_HEAD:
    case HTTP_OPTIONS:
    case HTTP_OTHER: break;
    }
    return "?";
}

static const char *who_text(enum route_who who)
{
    switch (who) {
    case ROUTE_ANYONE: return "";
    case ROUTE_SECRET: return " (the share's secret)";
    case ROUTE_OWNER: return " (the owner key)";
    }
    return "";
}

void handle_doc(struct http_call *call)
{
    const struct route *routes = call->app->routes;
    struct http_reply *reply = call->reply;
    reply->compress = true;
    if (!http_begin(reply, 200, "text/plain; charset=utf-8")) return;
    http_print(reply,
        "Paths under /api/share are under /api/shares too. GET answers HEAD. Errors under /api are\n"
        "{\"error\": text}. What is not said to be cached is no-store.\n");
    for (size_t i = 0; i < call->app->routes_count; i++)
        http_print(reply, "\n%s %s%s\n    %s\n", method_text(routes[i].method), routes[i].pattern,
            who_text(routes[i].who), routes[i].help);
}
