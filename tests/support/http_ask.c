/* Requests without sockets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/http_ask.h"

#include "core/base/json.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECRET_NAMESPACE "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

/* ---- the store ---- */

static char dir[64];
struct sl_store *ask_store;
struct http_app *ask_app;

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

int ask_close(void **state)
{
    (void)state;
    http_app_destroy(ask_app);
    sl_store_close(ask_store);
    ask_app = NULL;
    ask_store = NULL;
    free(got.body);
    got = (struct answer){0};
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static int open_with(bool private_create)
{
    struct sl_err err = {0};
    struct http_config config = http_config_default();
    strcpy(dir, "/tmp/sharelog-http-XXXXXX");
    if (!mkdtemp(dir)) return -1;
    struct sl_options options = {.dir = dir,
        .durability = SL_DURABLE_PROCESS,
        .owner_key = SL_SPAN(ASK_OWNER),
        .namespace_id = SL_SPAN(SECRET_NAMESPACE)};
    config.private_create = private_create;
    config.control_key = "control-key";
    if (sl_store_open(&options, NULL, &ask_store, &err) != SL_OK ||
        http_app_create(ask_store, &config, &ask_app, &err) != SL_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

int ask_open_public(void **state)
{
    (void)state;
    return open_with(false);
}

int ask_open_private(void **state)
{
    (void)state;
    return open_with(true);
}

/* ---- a request and its answer ---- */

struct answer got;
static size_t got_cap;

static struct sl_span header_of(const struct http_request *request, const char *name)
{
    const struct asking *asking = request->transport;
    const char *value = NULL;
    if (strcasecmp(name, "Authorization") == 0) value = asking->auth;
    if (strcasecmp(name, "x-opencode-share-key") == 0) value = asking->key;
    if (strcasecmp(name, "Content-Type") == 0) value = asking->type;
    if (strcasecmp(name, "Cookie") == 0) value = asking->cookie;
    if (strcasecmp(name, "Sec-Fetch-Site") == 0) value = asking->site;
    if (strcasecmp(name, "Origin") == 0) value = asking->origin;
    if (strcasecmp(name, "Accept") == 0) value = asking->accept;
    if (strcasecmp(name, "Access-Control-Request-Headers") == 0) value = asking->cors;
    return value ? sl_span_of(value) : (struct sl_span){"", 0};
}

static enum sl_result read_body(
    struct http_request *request, size_t max, struct sl_span *body, struct sl_err *err)
{
    struct asking *asking = request->transport;
    asking->body_read = true;
    *body = sl_span_of(asking->body ? asking->body : "");
    return body->len > max ? sl_fail(err, SL_TOO_LARGE, "limit") : SL_OK;
}

static bool reply_begin(struct http_reply *reply)
{
    got.status = reply->status;
    snprintf(got.type, sizeof(got.type), "%s", reply->content_type ? reply->content_type : "");
    snprintf(got.cache, sizeof(got.cache), "%s", reply->cache_control ? reply->cache_control : "");
    snprintf(got.headers, sizeof(got.headers), "%.*s", (int)reply->headers_len, reply->headers);
    return true;
}

static bool reply_write(struct http_reply *reply, const void *bytes, size_t len)
{
    (void)reply;
    if (!got.body ||
        got.len + len >= got_cap) { /* by doubling: a page comes in thousands of pieces */
        got_cap = 2 * (got.len + len + 1);
        got.body = realloc(got.body, got_cap);
        assert_non_null(got.body);
    }
    memcpy(got.body + got.len, bytes, len);
    got.len += len;
    got.body[got.len] = 0;
    return true;
}

static void reply_abort(struct http_reply *reply)
{
    reply->cut = true;
    got.aborted = true;
}

static enum http_method method_of(const char *name)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "DELETE", "OPTIONS"};
    for (int i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0) return (enum http_method)i;
    return HTTP_OTHER;
}

int ask(struct asking *asking)
{
    const char *question = strchr(asking->target, '?');
    size_t path = question ? (size_t)(question - asking->target) : strlen(asking->target);
    size_t body = asking->body ? strlen(asking->body) : 0;
    struct http_request request = {.method = method_of(asking->method),
        .path = {asking->target, path},
        .query = sl_span_of(question ? question + 1 : ""),
        .path_key = sl_span_of(asking->path_key ? asking->path_key : ""),
        .peer = sl_span_of(asking->peer ? asking->peer : "192.0.2.1"),
        .base = SL_SPAN("http://share.example"),
        .arrived_us = 1700000000000000,
        .has_length = !asking->no_length && (body || asking->length),
        .length = asking->length ? asking->length : body,
        .header = header_of,
        .read_body = read_body,
        .transport = asking};
    struct http_reply reply = {.begin = reply_begin, .write = reply_write, .abort = reply_abort};
    free(got.body);
    memset(&got, 0, sizeof(got));
    reply_write(&reply, "", 0);
    http_dispatch(ask_app, &request, &reply);
    assert_true(reply.begun);
    return got.status;
}

int get(const char *target)
{
    return ask(&(struct asking){.method = "GET", .target = target});
}

int get_as_owner(const char *target)
{
    return ask(&(struct asking){.method = "GET", .target = target, .auth = "Bearer " ASK_OWNER});
}

int post(const char *target, const char *body)
{
    return ask(&(struct asking){.method = "POST", .target = target, .body = body});
}

void assert_body(const char *body)
{
    assert_string_equal(got.body, body);
}

void assert_lacks(const char *text)
{
    if (strstr(got.body, text)) fail_msg("%s in %s", text, got.body);
}

size_t times(const char *text)
{
    size_t count = 0;
    for (const char *from = got.body; (from = strstr(from, text)); from++)
        count++;
    return count;
}

void assert_has(const char *text)
{
    if (!strstr(got.body, text)) fail_msg("no %s in %s", text, got.body);
}

void assert_header(const char *line)
{
    if (!strstr(got.headers, line)) fail_msg("no %s in %s", line, got.headers);
}

const char *field(const char *name)
{
    static char texts[4][256];
    static int turn;
    char *text = texts[turn++ % 4];
    struct sl_span value, raw;
    assert_true(json_get((struct sl_span){got.body, got.len}, name, &value));
    assert_true(json_string_raw(value, &raw));
    assert_true(raw.len < 256);
    memcpy(text, raw.ptr, raw.len);
    text[raw.len] = 0;
    return text;
}

/* ---- a share ---- */

struct share create(const char *session_id, const char *peer)
{
    char body[400];
    struct share share;
    snprintf(body, sizeof(body), "{\"sessionID\":\"%s\"}", session_id);
    struct asking asking = {.method = "POST", .target = "/api/share", .body = body, .peer = peer};
    assert_int_equal(ask(&asking), 200);
    strcpy(share.id, field("id"));
    strcpy(share.secret, field("secret"));
    return share;
}

const char *at(const struct share *share, const char *rest)
{
    static char targets[4][256];
    static int turn;
    char *target = targets[turn++ % 4];
    snprintf(target, 256, "/api/share/%s%s", share->id, rest);
    return target;
}

const char *share_page(const struct share *share, const char *rest)
{
    static char target[512];
    snprintf(target, sizeof(target), "/share/%s%s", share->id, rest);
    return target;
}

int sync_items(const struct share *share, const char *items)
{
    char body[4096];
    snprintf(body, sizeof(body), "{\"secret\":\"%s\",\"data\":[%s]}", share->secret, items);
    return post(at(share, "/sync"), body);
}

struct share filled(const char *session_id)
{
    struct share share = create(session_id, NULL);
    assert_int_equal(sync_items(&share, SESSION "," MESSAGE), 200);
    assert_body("{\"success\":true,\"syncCount\":1,\"seq\":2}");
    assert_int_equal(sync_items(&share, PART("<script>one</script>")), 200);
    assert_int_equal(sync_items(&share, PART("two")), 200);
    assert_body("{\"success\":true,\"syncCount\":3,\"seq\":4}");
    return share;
}
