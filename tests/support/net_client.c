/* The client: libcurl's wall in the tests. */

#include "tests/support/net_client.h"

#include "core/base/buf.h"
#include "core/base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 1800000L
#define RING 8

struct net_client {
    CURL *curl;
    char *url;
    struct buf body, headers;
    struct net_answer answer;
};

static _Thread_local char ring[RING][1024];
static _Thread_local unsigned turn;

/* ---- requests ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void curl_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct net_client *net_client_create(const char *url)
{
    pthread_once(&once, curl_once);
    struct net_client *client = calloc(1, sizeof(*client));
    if (!client) abort();
    client->curl = curl_easy_init();
    client->url = strdup(url);
    if (!client->curl || !client->url) abort();
    return client;
}

void net_client_destroy(struct net_client *client)
{
    if (!client) return;
    curl_easy_cleanup(client->curl);
    free(client->url);
    buf_fini(&client->body);
    buf_fini(&client->headers);
    free(client);
}

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    buf_add(ctx, bytes, size * count);
    return size * count;
}

static struct curl_slist *header_list(const struct net_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool typed = false;
    for (size_t i = 0; i < NET_HEADERS && request->headers[i]; i++) {
        list = curl_slist_append(list, request->headers[i]);
        typed = typed || strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
    }
    if (request->body.ptr && !typed)
        list = curl_slist_append(list, "Content-Type: application/json");
    return list;
}

static void set_up(struct net_client *client, const struct net_request *request, const char *url,
    struct curl_slist *headers)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &client->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &client->headers);
    if (request->body.ptr) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr);
    }
    if (strcmp(request->method, "HEAD") == 0) curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

int net_ask(struct net_client *client, const struct net_request *request)
{
    long status = 0;
    size_t size = strlen(client->url) + strlen(request->path) + 1;
    char *url = malloc(size);
    if (!url) abort();
    snprintf(url, size, "%s%s", client->url, request->path);
    buf_clear(&client->body);
    buf_clear(&client->headers);
    struct curl_slist *headers = header_list(request);
    set_up(client, request, url, headers);
    CURLcode code = curl_easy_perform(client->curl);
    if (code == CURLE_OK) curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    free(url);
    buf_add(&client->body, "", 1);
    buf_add(&client->headers, "", 1);
    if (client->body.failed || client->headers.failed) abort();
    client->answer = (struct net_answer){.status = (int)status,
        .failure = code == CURLE_OK ? "" : curl_easy_strerror(code),
        .body = client->body.ptr,
        .len = client->body.len - 1,
        .headers = client->headers.ptr};
    return (int)status;
}

const struct net_answer *net_answer(const struct net_client *client)
{
    return &client->answer;
}

int net_get(struct net_client *client, const char *path)
{
    return net_ask(client, &(struct net_request){.method = "GET", .path = path});
}

int net_ask_as(struct net_client *client, const char *method, const char *path, const char *header)
{
    return net_ask(
        client, &(struct net_request){.method = method, .path = path, .headers = {header}});
}

int net_get_as(struct net_client *client, const char *path, const char *header)
{
    return net_ask_as(client, "GET", path, header);
}

int net_post_span(struct net_client *client, const char *path, struct sl_span body)
{
    return net_ask(client, &(struct net_request){.method = "POST", .path = path, .body = body});
}

int net_post(struct net_client *client, const char *path, const char *body)
{
    return net_post_span(client, path, sl_span_of(body));
}

int net_delete(struct net_client *client, const char *path, const char *body)
{
    return net_ask(
        client, &(struct net_request){.method = "DELETE", .path = path, .body = sl_span_of(body)});
}

/* ---- answers ---- */

struct sl_span net_body_span(const struct net_client *client)
{
    return (struct sl_span){client->answer.body, client->answer.len};
}

static char *ring_next(void)
{
    return ring[turn++ % RING];
}

const char *net_header(const struct net_client *client, const char *name)
{
    size_t len = strlen(name);
    const char *line = client->answer.headers;
    while (line && *line) {
        const char *end = strstr(line, "\r\n");
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            char *text = ring_next();
            const char *value = line + len + 1;
            value += strspn(value, " \t");
            size_t n = end ? (size_t)(end - value) : strlen(value);
            snprintf(text, sizeof(ring[0]), "%.*s", (int)n, value);
            return text;
        }
        line = end ? end + 2 : NULL;
    }
    return "";
}

static bool member(const struct net_client *client, const char *name, struct sl_span *value)
{
    struct sl_span body = net_body_span(client);
    return json_check(body, 512, NULL) == SL_OK && json_get(body, name, value);
}

const char *net_field(const struct net_client *client, const char *name)
{
    struct sl_span value, raw;
    if (!member(client, name, &value) || !json_string_raw(value, &raw)) return "";
    if (raw.len >= sizeof(ring[0])) return "";
    char *text = ring_next();
    text[json_decode(raw, text)] = 0;
    return text;
}

uint64_t net_field_u64(const struct net_client *client, const char *name)
{
    struct sl_span value;
    uint64_t number = 0;
    if (member(client, name, &value)) json_u64(value, &number);
    return number;
}

/* ---- what fails a test ---- */

static void show(const struct net_client *client)
{
    const struct net_answer *answer = &client->answer;
    print_error("status %d%s%s\n%s%.*s\n", answer->status, *answer->failure ? ", " : "",
        answer->failure, answer->headers, answer->len > 2000 ? 2000 : (int)answer->len,
        answer->body);
}

void net_expect_at(
    const struct net_client *client, int status, const char *body, const char *file, int line)
{
    const struct net_answer *answer = &client->answer;
    if (answer->status == status &&
        (!body || (strlen(body) == answer->len && memcmp(body, answer->body, answer->len) == 0)))
        return;
    show(client);
    if (body) print_error("wanted: status %d, %s\n", status, body);
    print_error("wanted: status %d\n", status);
    _fail(file, line);
}

void net_expect_error_at(
    const struct net_client *client, int status, const char *text, const char *file, int line)
{
    net_expect_at(client, status, NULL, file, line);
    if (strcmp(net_field(client, "error"), text) == 0 &&
        strcmp(net_header(client, "Content-Type"), "application/json") == 0)
        return;
    show(client);
    print_error("wanted: {\"error\":\"%s\"}\n", text);
    _fail(file, line);
}

void net_expect_has_at(
    const struct net_client *client, const char *text, const char *file, int line)
{
    const struct net_answer *answer = &client->answer;
    if (memmem(answer->body, answer->len, text, strlen(text))) return;
    show(client);
    print_error("wanted in it: %s\n", text);
    _fail(file, line);
}

struct sl_span net_body_copy(const struct net_client *client)
{
    struct sl_span body = net_body_span(client);
    char *copy = malloc(body.len ? body.len : 1);
    assert_non_null(copy);
    if (body.len) memcpy(copy, body.ptr, body.len);
    return (struct sl_span){copy, body.len};
}

void net_body_drop(struct sl_span copy)
{
    free((char *)(uintptr_t)copy.ptr);
}

struct sl_span net_member(const struct net_client *client, const char *name)
{
    struct sl_span value;
    if (!json_get(net_body_span(client), name, &value)) fail_msg("no %s", name);
    return value;
}

/* ---- shares ---- */

static bool take_share(const struct net_client *client, struct net_share *share)
{
    const char *id = net_field(client, "id"), *secret = net_field(client, "secret");
    const char *url = net_field(client, "url");
    if (!*id || !*secret || strlen(id) >= sizeof(share->id) ||
        strlen(secret) >= sizeof(share->secret) || strlen(url) >= sizeof(share->url))
        return false;
    strcpy(share->id, id);
    strcpy(share->secret, secret);
    strcpy(share->url, url);
    return true;
}

bool net_create_as(struct net_client *client, const char *path, const char *header,
    const char *session_id, struct net_share *share)
{
    char body[600];
    snprintf(body, sizeof(body), "{\"sessionID\":\"%s\"}", session_id);
    struct net_request request = {
        .method = "POST", .path = path, .body = sl_span_of(body), .headers = {header}};
    return net_ask(client, &request) == 200 && take_share(client, share);
}

bool net_create(struct net_client *client, const char *session_id, struct net_share *share)
{
    return net_create_as(client, "/api/share", NULL, session_id, share);
}

int net_sync_span(struct net_client *client, const struct net_share *share, struct sl_span items)
{
    struct buf body = {0};
    const char *head = net_text("{\"secret\":\"%s\",\"data\":[", share->secret);
    buf_add(&body, head, strlen(head));
    buf_add_span(&body, items);
    buf_add(&body, "]}", 2);
    if (body.failed) abort();
    int status = net_post_span(client, net_path(share, "/sync"), buf_span(&body));
    buf_fini(&body);
    return status;
}

int net_sync(struct net_client *client, const struct net_share *share, const char *items)
{
    return net_sync_span(client, share, sl_span_of(items));
}

const char *net_text(const char *format, ...)
{
    char *text = ring_next();
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(ring[0]), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(ring[0])) abort();
    return text;
}

const char *net_path(const struct net_share *share, const char *rest)
{
    return net_text("/api/share/%s%s", share->id, rest);
}

const char *net_session_id(void)
{
    static unsigned count;
    unsigned n = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    return net_text("ses_t%07u%08x", (unsigned)getpid() % 10000000, n);
}
