#ifndef SHARELOG_HTTP_HTTP_H
#define SHARELOG_HTTP_HTTP_H

/* sharelog's edge: HTTP on top of core/, CivetWeb at the very edge only. This is all that tools/
   needs of it; README.md has the API, the pages and the rooms.

   server.c (CivetWeb's wall) turns a connection's request into an http_request and an http_reply,
   and calls http_dispatch (app.c). routes.c holds the one table of routes; api/ and pages/ hold the
   handlers, which take a request and fill a reply and know no sockets. The same dispatch answers
   the command line on a data directory (http_local), so that a command shows what the API shows.
   live/ sends events to viewers from a thread of its own. */

#include "http/call/config.h"
#include "http/call/reply.h"
#include "http/call/request.h"

struct http_app;
struct http_server;

/* ---- the application ---- */

/* An application over an open store: what a handler needs. Without a server it answers http_local
   alone. The store must outlive it. */
enum sl_result http_app_create(struct sl_store *store, const struct http_config *config,
    struct http_app **app, struct sl_err *err);
void http_app_destroy(struct http_app *app);

/* Answer one request: finds the route, checks method and keys, calls the handler. Always leaves a
 * reply. */
void http_dispatch(struct http_app *app, struct http_request *request, struct http_reply *reply);

/* Answer without a socket: what a server on this store would answer to `method target` (such as GET
   "/api/share/ID/data?at=7"), body into the sink as it comes. *status is set before the first byte.
 */
enum sl_result http_local(struct http_app *app, const char *method, const char *target,
    struct sl_span body, enum sl_role role, int *status, struct sl_sink sink, struct sl_err *err);

/* ---- a server ---- */

/* Whoever answers what a server is asked: called on its threads, many at a time. It always leaves
   a reply. */
struct http_service {
    void (*answer)(void *ctx, struct http_request *request, struct http_reply *reply);
    void *ctx;
};
/* Listen, and have a service answer until http_server_stop. Of the configuration the address, the
   threads, the bytes in flight and stop_ms count; its texts must outlive the server. SL_INVALID: an
   address that is none. SL_IO: nothing can listen there. SL_NOMEM. */
enum sl_result http_serve(const struct http_config *config, struct http_service service,
    struct http_server **server, struct sl_err *err);

/* The same with an application as the service, and its live viewers. `url` is "http://HOST:PORT" as
 * bound. */
enum sl_result http_server_start(
    struct http_app *app, struct http_server **server, struct sl_err *err);
const char *http_server_url(const struct http_server *server);

/* Graceful: no new connections, what is in flight is finished (at most stop_ms), viewers are let
   go; then the server is gone. False if something had to be cut off. An application's store is
   still open. */
bool http_server_stop(struct http_server *server);

#endif
