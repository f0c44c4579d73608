/* CivetWeb's wall: connections in, a service's answers out (an application's: http_dispatch). Every
   request comes through one callback, begin_request, before CivetWeb has looked at anything but the
   head; none of its own files, redirects, authorization or CORS is used. A request that CivetWeb
   refuses itself, or whose head is not acceptable (edge/head.h), is answered here, and its
   connection ends. A stop lets the requests under way finish, up to stop_ms; what is cut off then
   is told by http_server_stop's false. */
#include "core/base/clock.h"
#include "core/base/decimal.h"
#include "http/call/call.h"
#include "http/edge/body.h"
#include "http/edge/head.h"
#include "http/edge/socket.h"
#include "http/edge/wire.h"
#include "http/http.h"
#include "http/live/live_hub.h"

#include <assert.h>
#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A head may take so long, a client may accept nothing of its answer for so long. */
#define REQUEST_TIMEOUT "30000"
/* A connection is kept for so long between requests. */
#define KEEP_ALIVE_TIMEOUT "30000"
#define HEAD_BYTES "32768"
/* How long, and for how many bytes, a client that is still sending is listened to, so that it sees
 * an answer that came early. */
#define LINGER_MS 2000
#define LINGER_BYTES (64 * SL_MIB)

struct http_server {
    struct http_config config; /* its texts are borrowed */
    struct http_service service;
    struct http_app *app; /* whose live viewers end with it; NULL: none */
    struct mg_context *context;
    struct budget *large, *small;
    char url[300];
    const char *address; /* "HOST:PORT" in url */
    unsigned threads;
    atomic_uint connections;
    atomic_bool stopping; /* answers end their connection */
    int listeners[SOCKET_LISTENERS];
    struct socket_bell bells[SOCKET_LISTENERS];
    size_t listeners_count, bells_count;
    pthread_mutex_t mutex;
    unsigned in_flight; /* under mutex: requests between callback and answer */
    bool closed;        /* under mutex: no request begins any more */
};

/* One request, from callback to answer, on the worker's stack. */
struct exchange {
    struct http_server *server;
    struct mg_connection *conn;
    const struct mg_request_info *info;
    struct http_request request;
    struct http_reply reply;
    struct wire wire;
    struct body body;
    struct head_field fields[HEAD_FIELDS];
    size_t fields_count;
    bool refused; /* by acceptable(): whatever follows on the connection can't be trusted */
    char base[300], peer[128];
};

static_assert(HEAD_FIELDS == MG_MAX_HEADERS, "as many as CivetWeb keeps");

/* ---- what a request needs of its connection ---- */

static struct sl_span request_header(const struct http_request *request, const char *name)
{
    const struct exchange *exchange = request->transport;
    return head_find(exchange->fields, exchange->fields_count, name);
}

static enum sl_result request_read_body(
    struct http_request *request, size_t max, struct sl_span *body, struct sl_err *err)
{
    struct exchange *exchange = request->transport;
    return body_read(&exchange->body, max, body, err);
}

static enum sl_result request_take_over(struct http_request *request, int *fd, struct sl_err *err)
{
    struct exchange *exchange = request->transport;
    if (exchange->wire.head_sent) return sl_fail(err, SL_IO, "take over: already answered");
    return socket_take(fd, err);
}

static bool gate_closed(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    bool closed = server->closed;
    pthread_mutex_unlock(&server->mutex);
    return closed;
}

static long source_read(void *ctx, void *bytes, size_t len)
{
    struct exchange *exchange = ctx;
    int n = mg_read(exchange->conn, bytes, len);
    /* 0 means that nothing came in time; it is asked for again. Once mg_stop was called, 0 comes at
     * once and for ever, so the gate is looked at. */
    return n == 0 && gate_closed(exchange->server) ? -1 : n;
}

static bool send_all(void *ctx, const void *bytes, size_t len)
{
    struct exchange *exchange = ctx;
    return mg_write(exchange->conn, bytes, len) == (int)len;
}

static bool source_go_on(void *ctx)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    return send_all(ctx, text, sizeof(text) - 1);
}

/* May the connection go on? CivetWeb holds a thread for it, so when three quarters of the threads
   have one, answers end theirs: idle connections must not keep new clients waiting. */
static bool may_keep(void *ctx)
{
    struct exchange *exchange = ctx;
    struct http_server *server = exchange->server;
    struct sl_span wish = request_header(&exchange->request, "Connection");
    bool wanted = wish.len ? head_lists(wish, "keep-alive") : exchange->wire.http11;
    unsigned connections = atomic_load_explicit(&server->connections, memory_order_relaxed);
    return wanted && body_leaves_connection(&exchange->body) &&
           !atomic_load_explicit(&server->stopping, memory_order_relaxed) &&
           connections <= server->threads / 4 * 3;
}

static void break_off(void *ctx)
{
    (void)ctx;
    socket_break();
}

/* ---- from CivetWeb's request to ours ---- */

static enum http_method method_of(const char *name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST},
        {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS}};
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (strcmp(methods[i].name, name) == 0) return methods[i].method;
    return HTTP_OTHER;
}

static bool address_text(struct sl_span text)
{
    if (text.len == 0 || text.len > 64) return false;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789abcdefABCDEF:.[]", text.ptr[i])) return false;
    return true;
}

/* Who asks, and under what name the server was reached. A proxy on this machine may say whom it
 * speaks for. */
static void name_ends(struct exchange *exchange)
{
    const struct http_config *config = &exchange->server->config;
    struct http_request *request = &exchange->request;
    bool local = strncmp(exchange->info->remote_addr, "127.", 4) == 0;
    struct sl_span forwarded = head_last(request_header(request, "X-Forwarded-For"));
    struct sl_span host = request_header(request, "Host");
    struct sl_span scheme = request_header(request, "X-Forwarded-Proto");
    bool secure = local && head_lists(scheme, "https");
    if (!local || !address_text(forwarded)) forwarded.len = 0;
    snprintf(exchange->peer, sizeof(exchange->peer), "%s%s%.*s", exchange->info->remote_addr,
        forwarded.len ? "|" : "", (int)forwarded.len, forwarded.len ? forwarded.ptr : "");
    request->peer = sl_span_of(exchange->peer);
    if (config->public_url) {
        request->base = sl_span_of(config->public_url);
        while (request->base.len > 0 && request->base.ptr[request->base.len - 1] == '/')
            request->base.len--;
        return;
    }
    if (!head_host_valid(host)) host = sl_span_of(exchange->server->address);
    snprintf(exchange->base, sizeof(exchange->base), "%s://%.*s", secure ? "https" : "http",
        (int)host.len, host.ptr);
    request->base = sl_span_of(exchange->base);
}

static void exchange_init(
    struct exchange *exchange, struct http_server *server, struct mg_connection *conn)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    memset(exchange, 0, sizeof(*exchange));
    exchange->server = server;
    exchange->conn = conn;
    exchange->info = info;
    exchange->fields_count = (size_t)info->num_headers;
    for (size_t i = 0; i < exchange->fields_count; i++)
        exchange->fields[i] =
            (struct head_field){info->http_headers[i].name, info->http_headers[i].value};
    exchange->request = (struct http_request){
        .method = method_of(info->request_method),
        .query = info->query_string ? sl_span_of(info->query_string) : (struct sl_span){0},
        .arrived_us = socket_arrived_us(),
        .header = request_header,
        .read_body = request_read_body,
        .take_over = request_take_over,
        .transport = exchange,
    };
    exchange->request.path =
        head_path_key(sl_span_of(info->local_uri_raw), &exchange->request.path_key);
    exchange->wire.out = (struct wire_out){send_all, may_keep, break_off, exchange};
    exchange->wire.http11 = strcmp(info->http_version, "1.1") == 0;
    exchange->wire.head_only = exchange->request.method == HTTP_HEAD;
    exchange->wire.accept = request_header(&exchange->request, "Accept-Encoding");
    wire_init(&exchange->wire, &exchange->reply);
    exchange->body.source = (struct body_source){source_read, source_go_on, exchange};
    exchange->body.large = server->large;
    exchange->body.small = server->small;
    exchange->body.expects_continue =
        exchange->wire.http11 &&
        head_lists(request_header(&exchange->request, "Expect"), "100-continue");
}

/* Is the request one that can be dispatched? If not it has been refused, and its connection ends.
 */
static bool acceptable(struct exchange *exchange)
{
    struct http_request *request = &exchange->request;
    const char *what = NULL;
    int status = head_check(exchange->info->http_version, exchange->fields, exchange->fields_count,
        &exchange->body.declared, &what);
    if (!status && (!head_target_valid(sl_span_of(exchange->info->local_uri_raw)) ||
                       !head_target_valid(request->query))) {
        status = 400;
        what = "malformed request target";
    }
    if (!status) {
        request->has_length = exchange->body.declared.has_length;
        request->length = exchange->body.declared.length;
        return true;
    }
    exchange->refused = exchange->reply.close = true;
    http_error(&exchange->reply, status, "%s", what);
    return false;
}

/* The answer is made; send what is left of it and decide about the connection. */
static void exchange_fini(struct exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    bool taken = socket_taken();
    if (!taken && !reply->begun && (!exchange->body.gone || exchange->body.late)) {
        reply->close = true;
        if (exchange->body.late)
            http_error(reply, 408, "the body came too slowly");
        else
            http_error(reply, 500, "no answer");
    }
    wire_fini(&exchange->wire, reply);
    bool keep = !taken && exchange->wire.keep && !reply->cut;
    if (exchange->wire.head_only && exchange->wire.keep) keep = true; /* cut short on purpose */
    if (keep) keep = body_drop_rest(&exchange->body);
    if (!keep) {
        mg_disable_keep_alive(exchange->conn);
        bool unread =
            exchange->refused || exchange->body.declared.chunked || exchange->body.unmeasured ||
            (!exchange->body.whole && exchange->body.arrived < exchange->body.declared.length);
        if (!taken && unread && !exchange->body.gone) socket_linger(LINGER_MS, LINGER_BYTES);
    }
    body_fini(&exchange->body);
}

/* ---- CivetWeb's callbacks ---- */

static void refuse(struct mg_connection *conn, int status, const char *text)
{
    char answer[512];
    int body = snprintf(NULL, 0, "{\"error\":\"%s\"}", text);
    int n = snprintf(answer, sizeof(answer),
        "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: %d\r\n"
        "Connection: close\r\n\r\n{\"error\":\"%s\"}",
        status, wire_reason(status), body, text);
    if (n > 0 && (size_t)n < sizeof(answer)) mg_write(conn, answer, (size_t)n);
    mg_disable_keep_alive(conn);
}

static bool gate_enter(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    bool open = !server->closed;
    if (open) server->in_flight++;
    pthread_mutex_unlock(&server->mutex);
    return open;
}

static void gate_leave(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    assert(server->in_flight > 0);
    server->in_flight--;
    pthread_mutex_unlock(&server->mutex);
}

static int on_request(struct mg_connection *conn)
{
    struct http_server *server = mg_get_user_data(mg_get_context(conn));
    if (!gate_enter(server)) {
        refuse(conn, 503, "the server is stopping");
        return 503;
    }
    struct exchange exchange;
    exchange_init(&exchange, server, conn);
    if (acceptable(&exchange)) {
        name_ends(&exchange);
        server->service.answer(server->service.ctx, &exchange.request, &exchange.reply);
    }
    exchange_fini(&exchange);
    socket_request_end();
    gate_leave(server);
    return exchange.reply.status > 0 ? exchange.reply.status : 200;
}

/* CivetWeb refuses some requests by itself. Its texts are constant. Two of its statuses are wrong
 * and are put right here: its 411 is a Content-Length that is no number (400), its 413 a head that
 * is too large (431). */
static int on_error(struct mg_connection *conn, int status, const char *text)
{
    char safe[128];
    snprintf(safe, sizeof(safe), "%s", text ? text : "");
    for (char *c = safe; *c; c++)
        if (*c < ' ' || *c == '"' || *c == '\\' || *c == 0x7f) *c = ' ';
    if (status == 411) status = 400;
    if (status == 413) status = 431;
    refuse(conn, status, safe);
    socket_linger(LINGER_MS, LINGER_BYTES);
    return 0;
}

static _Thread_local char start_log[256];

/* The program prints nothing by itself; what goes wrong at the start is told by http_server_start.
 */
static int on_log(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    snprintf(start_log, sizeof(start_log), "%s", message);
    return 1;
}

#define WORKER_THREAD 1

static void *on_thread(const struct mg_context *context, int type)
{
    (void)context;
    if (type == WORKER_THREAD) socket_worker_begin();
    return NULL;
}

static void on_thread_end(const struct mg_context *context, int type, void *pointer)
{
    (void)context;
    (void)pointer;
    if (type == WORKER_THREAD) socket_worker_end();
}

static int on_connection(const struct mg_connection *conn, void **data)
{
    struct http_server *server = mg_get_user_data(mg_get_context(conn));
    atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
    socket_connection_begin();
    *data = NULL;
    return 0;
}

static void on_connection_close(const struct mg_connection *conn)
{
    (void)conn;
    socket_connection_close();
}

static void on_connection_closed(const struct mg_connection *conn)
{
    struct http_server *server = mg_get_user_data(mg_get_context(conn));
    socket_connection_closed();
    /* CivetWeb's threads take turns, so each of them would come to keep buffers that only a few
     * need at a time. */
    body_connection_end();
    wire_connection_end();
    atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
}

/* ---- start ---- */

/* "HOST:PORT", and nothing that CivetWeb would read as more than that (`80s`, `80r`, `80,81`,
 * `+80`). */
static bool listen_valid(const char *text, size_t *host_len)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !head_host_valid(sl_span_of(text))) return false;
    uint64_t port;
    if (!sl_decimal(sl_span_of(colon + 1), UINT16_MAX, &port)) return false;
    *host_len = (size_t)(colon - text);
    return true;
}

static enum sl_result listen_start(struct http_server *server, size_t host_len, struct sl_err *err)
{
    const struct http_config *config = &server->config;
    struct mg_callbacks callbacks = {
        .begin_request = on_request,
        .http_error = on_error,
        .log_message = on_log,
        .init_thread = on_thread,
        .exit_thread = on_thread_end,
        .init_connection = on_connection,
        .connection_close = on_connection_close,
        .connection_closed = on_connection_closed,
    };
    char threads[16];
    snprintf(threads, sizeof(threads), "%u", server->threads);
    const char *options[] = {"listening_ports", config->listen, "num_threads", threads,
        "tcp_nodelay", "1", "enable_keep_alive", "yes", "request_timeout_ms", REQUEST_TIMEOUT,
        "keep_alive_timeout_ms", KEEP_ALIVE_TIMEOUT, "listen_backlog", "4096", "max_request_size",
        HEAD_BYTES, "decode_url", "no", "access_control_allow_methods", "",
        "enable_auth_domain_check", "no", "enable_directory_listing", "no", NULL};
    start_log[0] = '\0';
    socket_listeners_begin();
    server->context = mg_start(&callbacks, server, options);
    server->listeners_count = socket_listeners_end(server->listeners);
    if (!server->context) return sl_fail(err, SL_IO, "listen on %s: %s", config->listen, start_log);
    struct mg_server_port port;
    if (mg_get_server_ports(server->context, 1, &port) < 1)
        return sl_fail(err, SL_IO, "listen on %s: no port", config->listen);
    snprintf(server->url, sizeof(server->url), "http://%.*s:%d", (int)host_len, config->listen,
        port.port);
    server->address = server->url + strlen("http://");
    return SL_OK;
}

static void server_destroy(struct http_server *server)
{
    if (!server) return;
    budget_destroy(server->large);
    budget_destroy(server->small);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

enum sl_result http_serve(const struct http_config *config, struct http_service service,
    struct http_server **server, struct sl_err *err)
{
    size_t host_len;
    if (!config->listen || !listen_valid(config->listen, &host_len))
        return sl_fail(
            err, SL_INVALID, "listen: expected HOST:PORT (IPv4), such as 127.0.0.1:8787");
    struct http_server *made = calloc(1, sizeof(*made));
    if (!made) return sl_fail(err, SL_NOMEM, "no memory for a server");
    made->config = *config;
    made->service = service;
    made->threads = config->threads ? config->threads : SL_THREADS;
    pthread_mutex_init(&made->mutex, NULL);
    made->large = budget_create(config->inflight_bytes);
    made->small = budget_create(SL_INFLIGHT_SMALL_BYTES);
    enum sl_result result = SL_OK;
    if (!made->large || !made->small) result = sl_fail(err, SL_NOMEM, "no memory for a server");
    /* A request may come before the URL is known: it waits at the gate. */
    pthread_mutex_lock(&made->mutex);
    if (result == SL_OK) result = listen_start(made, host_len, err);
    pthread_mutex_unlock(&made->mutex);
    if (result != SL_OK) {
        mg_stop(made->context); /* NULL is fine */
        server_destroy(made);
        return result;
    }
    *server = made;
    return SL_OK;
}

static void dispatch(void *ctx, struct http_request *request, struct http_reply *reply)
{
    http_dispatch(ctx, request, reply);
}

enum sl_result http_server_start(
    struct http_app *app, struct http_server **server, struct sl_err *err)
{
    const struct http_config *config = &app->config;
    assert(!app->live);
    enum sl_result result =
        live_create(app->store, config->viewers, config->viewers_per_share, &app->live, err);
    if (result != SL_OK) return result;
    result = http_serve(config, (struct http_service){dispatch, app}, server, err);
    if (result == SL_OK) {
        (*server)->app = app;
    } else {
        live_destroy(app->live, 0);
        app->live = NULL;
    }
    return result;
}

const char *http_server_url(const struct http_server *server)
{
    return server->url;
}

/* ---- stop ---- */

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

static bool drained(struct http_server *server, bool close)
{
    pthread_mutex_lock(&server->mutex);
    bool empty = server->in_flight == 0;
    if (close) server->closed = true;
    pthread_mutex_unlock(&server->mutex);
    return empty;
}

/* How long connections that were woken may take to end. */
#define WAKE_MS 250

bool http_server_stop(struct http_server *server)
{
    uint64_t until = clock_ms() + server->config.stop_ms;
    atomic_store_explicit(&server->stopping, true, memory_order_relaxed);
    for (size_t i = 0; i < server->listeners_count; i++)
        if (socket_listener_replace(
                server->listeners[i], &server->bells[server->bells_count], NULL) == SL_OK)
            server->bells_count++;
    /* A request that still comes on an open connection is answered as ever, and its connection then
     * ended: the client would lose a batch that is refused. */
    while (!drained(server, false) && clock_ms() < until)
        pause_ms(2);
    /* What is still under way is woken too, and ends short. */
    bool in_time = drained(server, false);
    socket_wake_idle();
    for (uint64_t woken = clock_ms(); clock_ms() < until && clock_ms() - woken < WAKE_MS;
         pause_ms(2))
        if (atomic_load_explicit(&server->connections, memory_order_relaxed) == 0) break;
    while (!drained(server, false) && clock_ms() < until)
        pause_ms(2);
    bool clean = drained(server, true) && in_time;
    for (size_t i = 0; i < server->bells_count; i++)
        socket_bell_ring(&server->bells[i]);
    mg_stop(server->context);
    for (size_t i = 0; i < server->bells_count; i++)
        socket_bell_close(&server->bells[i]);
    if (server->app) {
        live_destroy(server->app->live, 1000);
        server->app->live = NULL;
    }
    server_destroy(server);
    return clean;
}
