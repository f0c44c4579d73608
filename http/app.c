/* The application, and the way of a request from a transport to its handler.

   http_dispatch finds the route, judges method and key, and calls the handler, which begins the
   reply. Whatever has no handler is answered here: 404 (a page, for paths of pages), 405 with
   Allow, 401 for a route of the owner's, 204 for a CORS preflight. A reply is left in any case. */

#include "http/call/auth.h"
#include "http/call/call.h"
#include "http/http.h"
#include "http/pages/frame.h"
#include "http/routes.h"

#include <assert.h>
#include <stdlib.h>

/* ---- lifetime ---- */

struct http_config http_config_default(void)
{
    return (struct http_config){
        .listen = "127.0.0.1:8787",
        .body_bytes = SL_BODY_BYTES,
        .inflight_bytes = SL_INFLIGHT_BYTES,
        .threads = SL_THREADS,
        .viewers = SL_VIEWERS,
        .viewers_per_share = SL_VIEWERS_PER_SHARE,
        .stop_ms = SL_STOP_MS,
    };
}

static bool copy_text(const char *text, const char **copy)
{
    *copy = text ? strdup(text) : NULL;
    return !text || *copy;
}

enum sl_result http_app_create(struct sl_store *store, const struct http_config *config,
    struct http_app **app, struct sl_err *err)
{
    struct http_app *made = calloc(1, sizeof(*made));
    if (!made) return sl_fail(err, SL_NOMEM, "application");
    made->store = store;
    made->config = *config;
    made->routes = routes_table(&made->routes_count);
    bool copied = copy_text(config->listen, &made->config.listen);
    copied = copy_text(config->public_url, &made->config.public_url) && copied;
    copied = copy_text(config->control_key, &made->config.control_key) && copied;
    if (!copied) {
        http_app_destroy(made);
        return sl_fail(err, SL_NOMEM, "application");
    }
    auth_cookie_value(sl_store_owner_key(store), made->cookie);
    *app = made;
    return SL_OK;
}

/* The texts are const to those who read them, but were allocated above. */
static void free_text(const char *text)
{
    free((char *)(uintptr_t)text);
}

void http_app_destroy(struct http_app *app)
{
    if (!app) return;
    free_text(app->config.listen);
    free_text(app->config.public_url);
    if (app->config.control_key)
        explicit_bzero((char *)(uintptr_t)app->config.control_key, strlen(app->config.control_key));
    free_text(app->config.control_key);
    explicit_bzero(app->cookie, sizeof(app->cookie));
    free(app);
}

/* ---- CORS ---- */

/* Are these names of headers and nothing else? They are about to be sent back in a header, and a
 * stranger chose them. */
static bool header_names(struct sl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-_!#$%&'*+.^`|~, \t", c));
        if (!token) return false;
    }
    return text.len > 0;
}

/* As Hono's cors() answers upstream's clients by default. */
static void preflight(struct http_request *request, struct http_reply *reply)
{
    char names[513];
    struct sl_span asked = request->header(request, "Access-Control-Request-Headers");
    http_header(reply, "Access-Control-Allow-Methods", "GET,HEAD,PUT,POST,DELETE,PATCH");
    if (asked.len < sizeof(names) && header_names(asked)) {
        memcpy(names, asked.ptr, asked.len);
        names[asked.len] = 0;
        http_header(reply, "Access-Control-Allow-Headers", names);
        http_header(reply, "Vary", "Access-Control-Request-Headers");
    }
    http_begin(reply, 204, NULL);
}

/* ---- the way of a request ---- */

static void answer_unknown(struct http_call *call, struct sl_span path, const char *allow)
{
    if (allow[0]) {
        http_header(call->reply, "Allow", allow);
        http_error(call->reply, 405, "Method not allowed");
    } else if (route_is_page(path)) {
        page_missing(call);
    } else {
        http_error(call->reply, 404, "Not found");
    }
}

void http_dispatch(struct http_app *app, struct http_request *request, struct http_reply *reply)
{
    struct http_call call = {.app = app, .request = request, .reply = reply};
    struct sl_span path = route_path(request->path);
    bool api = route_is_api(path);
    char allow[64];
    http_header(reply, "X-Content-Type-Options", "nosniff");
    if (api) http_header(reply, "Access-Control-Allow-Origin", "*");
    if (api && request->method == HTTP_OPTIONS) {
        preflight(request, reply);
        return;
    }
    call.route = route_find(request->method, path, &call, allow, sizeof(allow));
    if (!call.route) {
        answer_unknown(&call, path, allow);
    } else if (call.route->who == ROUTE_OWNER && auth_role(app, request) != SL_ROLE_OWNER) {
        http_header(reply, "WWW-Authenticate", "Bearer");
        http_error(reply, 401, "The owner key is needed");
    } else {
        assert(call.route->handler);
        call.route->handler(&call);
    }
}
