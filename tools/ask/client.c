/* The wall of libcurl. A client without libcurl calls http_local instead. An answer that breaks off
   is an error, never a short answer: the caller's sink may have had a part of it. */

#include "tools/ask/client.h"

#include "tools/shared/buffer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct client {
    struct http_app *app; /* local, or: */
    CURL *curl;
    char *url;
    struct curl_slist *headers;
    const atomic_bool *stop;
    char error[CURL_ERROR_SIZE];
};

/* One request under way. */
struct asking {
    CURL *curl;
    struct sl_sink sink;
    int *status;
    bool stopped;
};

void client_global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

const char *client_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

static size_t receive(char *bytes, size_t size, size_t count, void *ctx)
{
    struct asking *asking = ctx;
    long status = 0;
    curl_easy_getinfo(asking->curl, CURLINFO_RESPONSE_CODE, &status);
    *asking->status = (int)status;
    if (!asking->sink.write(asking->sink.ctx, bytes, size * count)) {
        asking->stopped = true;
        return 0;
    }
    return size * count;
}

/* Called all through a request, about once a second where nothing happens. */
static int watch_stop(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct client *client = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(client->stop);
}

static bool add_header(struct client *client, const char *text)
{
    struct curl_slist *longer = curl_slist_append(client->headers, text);
    if (longer) client->headers = longer;
    return longer != NULL;
}

/* Proxies are for other machines; some environments name one and forget to except this one. */
static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0;
}

static bool prepare(struct client *client, const struct client_remote *remote)
{
    CURL *curl = client->curl;
    struct buffer line = {0};
    bool ok = true;
    if (remote->key) {
        buffer_print(&line, "Authorization: Bearer %s", remote->key);
        ok = add_header(client, buffer_c(&line));
        buffer_free(&line);
    }
    /* "Expect: 100-continue" would cost a round trip, and opencode doesn't send it. */
    ok = ok && add_header(client, "Expect:") &&
         add_header(client, remote->text ? "Content-Type: text/plain; charset=utf-8"
                                         : "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, ""); /* all that this libcurl can decode */
    curl_easy_setopt(
        curl, CURLOPT_USERAGENT, remote->user_agent ? remote->user_agent : "sharelog/" SL_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    if (remote->direct || is_loopback(remote->url)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (remote->stall_s) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)remote->stall_s);
    }
    if (remote->timeout_s) curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)remote->timeout_s);
    client->stop = remote->stop;
    if (remote->stop) {
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    }
    return ok;
}

static bool url_fits(const char *url)
{
    bool http = strncmp(url, "http://", 7) == 0, https = strncmp(url, "https://", 8) == 0;
    if (!http && !https) return false;
    const char *host = url + (http ? 7 : 8);
    /* A query or fragment would swallow the path that is put behind it. */
    return *host && *host != '/' && !strpbrk(url, " ?#\"<>\\");
}

enum sl_result client_create_remote(
    const struct client_remote *remote, struct client **client, struct sl_err *err)
{
    if (!url_fits(remote->url))
        return sl_fail(err, SL_INVALID,
            "\"%.200s\" is no URL of a server, such as http://127.0.0.1:8787", remote->url);
    if (remote->key && strpbrk(remote->key, "\r\n"))
        return sl_fail(err, SL_INVALID, "the key has a line break in it");
    struct client *made = need(sizeof(*made));
    made->url = need_text(remote->url);
    for (size_t len = strlen(made->url); len && made->url[len - 1] == '/'; len--)
        made->url[len - 1] = 0;
    made->curl = curl_easy_init();
    if (!made->curl || !prepare(made, remote)) {
        client_destroy(made);
        return sl_fail(err, SL_NOMEM, "libcurl could not be set up");
    }
    *client = made;
    return SL_OK;
}

struct client *client_create_local(struct http_app *app)
{
    struct client *client = need(sizeof(*client));
    client->app = app;
    return client;
}

void client_destroy(struct client *client)
{
    if (!client) return;
    if (client->curl) curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->url);
    free(client);
}

static void set_method(CURL *curl, const char *method, struct sl_span body)
{
    /* Each request says all of it anew: the handle is used again for its connection. */
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
    if (body.len || strcmp(method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    }
    if (strcmp(method, body.len ? "POST" : "GET") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static enum sl_result ask_remote(struct client *client, const char *method, const char *target,
    struct sl_span body, struct sl_sink sink, int *status, struct sl_err *err)
{
    CURL *curl = client->curl;
    struct asking asking = {curl, sink, status, false};
    struct buffer url = {0};
    buffer_print(&url, "%s%s", client->url, target);
    set_method(curl, method, body);
    curl_easy_setopt(curl, CURLOPT_URL, buffer_c(&url));
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &asking);
    client->error[0] = 0;
    CURLcode code = curl_easy_perform(curl);
    buffer_free(&url);
    if (code == CURLE_OK) {
        long got = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got);
        *status = (int)got;
        return SL_OK;
    }
    if (asking.stopped) return sl_fail(err, SL_STOPPED, "stopped");
    return sl_fail(err, SL_IO, "%s: %s", client->url,
        client->error[0] ? client->error : curl_easy_strerror(code));
}

enum sl_result client_request(struct client *client, const char *method, const char *target,
    struct sl_span body, struct sl_sink sink, int *status, struct sl_err *err)
{
    if (client->app)
        return http_local(client->app, method, target, body, SL_ROLE_OWNER, status, sink, err);
    return ask_remote(client, method, target, body, sink, status, err);
}

/* ---- answers of bounded size ---- */

struct bounded {
    struct buffer *out;
    size_t cap;
    bool over;
};

static bool keep(void *ctx, const void *bytes, size_t len)
{
    struct bounded *bounded = ctx;
    bounded->over = len > bounded->cap - bounded->out->len;
    if (!bounded->over) buffer_add(bounded->out, bytes, len);
    return !bounded->over;
}

enum sl_result client_fetch(struct client *client, const char *target, size_t cap,
    struct buffer *out, int *status, struct sl_err *err)
{
    struct bounded bounded = {.out = out, .cap = cap};
    out->len = 0;
    enum sl_result result = client_request(
        client, "GET", target, (struct sl_span){0}, (struct sl_sink){keep, &bounded}, status, err);
    return bounded.over
               ? sl_fail(err, SL_TOO_LARGE, "%s: the answer is longer than %zu bytes", target, cap)
               : result;
}

bool client_answer_is(struct client *client, const char *content_type)
{
    const char *got = NULL;
    size_t len = strlen(content_type);
    if (client->curl) curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &got);
    return got && strncasecmp(got, content_type, len) == 0 &&
           (got[len] == 0 || got[len] == ';' || got[len] == ' ');
}
