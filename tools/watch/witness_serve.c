/* The edge is the server's: heads, bodies and their pace, connections. A request body is small, so
   all those in flight have a small part of a server's room. */

#include "tools/watch/witness_serve.h"

#include "http/http.h"
#include "tools/serve/listen_at.h"
#include "tools/serve/serve_signals.h"
#include "tools/shared/term.h"
#include "tools/watch/cosigner.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#define THREADS 128 /* connections at a time: a log has one */
#define STOP_MS 10000

struct witnessing {
    struct state_dir dir;
    struct witness_key key;
    struct witness_logs *logs;
    struct cosigner *cosigner;
    struct http_server *server;
};

/* ---- requests ---- */

static void reply_with(struct http_reply *reply, struct cosigner_answer *answer)
{
    if (answer->body.failed) {
        http_error(reply, 503, "out of memory");
        return;
    }
    reply->has_length = true;
    reply->length = answer->body.len;
    if (http_begin(reply, answer->status, answer->type))
        http_write(reply, answer->body.ptr, answer->body.len);
}

static void add_checkpoint(
    struct witnessing *witnessing, struct http_request *request, struct http_reply *reply)
{
    struct cosigner_answer answer = {0};
    struct sl_span body;
    struct sl_err err = {0};
    enum sl_result result = request->read_body(request, COSIGNER_REQUEST_BYTES, &body, &err);
    switch (result) {
    case SL_OK:
        cosigner_add(witnessing->cosigner, body, &answer);
        reply_with(reply, &answer);
        break;
    case SL_IO: reply->close = true; break; /* gone, or too slow: the server answers that */
    case SL_TOO_LARGE: http_error(reply, 413, "%s", err.text); break;
    case SL_INVALID: http_error(reply, 411, "Content-Length is needed"); break;
    default: http_error(reply, 503, "%s", err.text); break;
    }
    buf_fini(&answer.body);
}

/* `/<64 hex digits>/checkpoint`. */
static bool names_log(struct sl_span path, char name[STATE_NAME_BYTES])
{
    static const char end[] = "/checkpoint";
    size_t digits = STATE_NAME_BYTES - 1;
    if (path.len != 1 + digits + sizeof(end) - 1 || path.ptr[0] != '/') return false;
    if (memcmp(path.ptr + 1 + digits, end, sizeof(end) - 1) != 0) return false;
    for (size_t i = 0; i < digits; i++)
        if (!memchr("0123456789abcdef", path.ptr[1 + i], 16)) return false;
    memcpy(name, path.ptr + 1, digits);
    name[digits] = 0;
    return true;
}

static void show_checkpoint(
    struct witnessing *witnessing, const char *name, struct http_reply *reply)
{
    struct cosigner_answer answer = {0};
    cosigner_show(witnessing->cosigner, name, &answer);
    reply_with(reply, &answer);
    buf_fini(&answer.body);
}

static void answer(void *ctx, struct http_request *request, struct http_reply *reply)
{
    struct witnessing *witnessing = ctx;
    char name[STATE_NAME_BYTES];
    bool adds = sl_span_eq(request->path, SL_SPAN("/add-checkpoint"));
    bool shows = names_log(request->path, name);
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    http_header(reply, "X-Content-Type-Options", "nosniff");
    if (adds && request->method == HTTP_POST) {
        add_checkpoint(witnessing, request, reply);
    } else if (shows && reads) {
        show_checkpoint(witnessing, name, reply);
    } else if (adds || shows) {
        http_header(reply, "Allow", adds ? "POST" : "GET, HEAD");
        http_error(reply, 405, "Method not allowed");
    } else {
        http_error(reply, 404, "Not found");
    }
}

/* ---- its life ---- */

static bool open_state(const struct witness_serve *setup, struct witnessing *witnessing)
{
    struct sl_err err = {0};
    if (!state_dir_open("witness", setup->state, &witnessing->dir)) return false;
    enum sl_result result = witness_key_take(&witnessing->dir, setup->name, &witnessing->key, &err);
    if (result == SL_OK) result = witness_logs_open(setup->logs, &witnessing->logs, &err);
    if (result == SL_OK)
        result = cosigner_create(
            &witnessing->dir, &witnessing->key, witnessing->logs, &witnessing->cosigner, &err);
    if (result != SL_OK) fail("witness: %s", err.text);
    return result == SL_OK;
}

static bool start(const struct witness_serve *setup, struct witnessing *witnessing)
{
    struct sl_err err = {0};
    struct http_config config = http_config_default();
    config.listen = setup->listen;
    config.threads = THREADS;
    config.inflight_bytes = THREADS * COSIGNER_REQUEST_BYTES;
    config.stop_ms = STOP_MS;
    struct http_service service = {answer, witnessing};
    if (http_serve(&config, service, &witnessing->server, &err) == SL_OK) return true;
    fail(
        "witness: cannot listen on %s: %s", setup->listen, listen_why_not(setup->listen, err.text));
    return false;
}

static void tell_key(const struct note_key *key)
{
    char text[NOTE_VKEY_BYTES];
    note_key_text(key, text);
    printf("%s\n", text);
}

int witness_serve(const struct witness_serve *setup)
{
    struct witnessing witnessing = {.dir = {.lock = -1}};
    int code = EXIT_WRONG;
    prctl(PR_SET_DUMPABLE, 0); /* the key is in this memory */
    umask(077);
    serve_block_signals();
    if (open_state(setup, &witnessing) && start(setup, &witnessing)) {
        printf("listening on %s\n", http_server_url(witnessing.server));
        tell_key(&witnessing.key.key);
        fflush(stdout);
        serve_wait();
        serve_watch(STOP_MS);
        code = EXIT_YES;
    }
    if (witnessing.server && !http_server_stop(witnessing.server))
        fail("witness: some connections had to be cut off");
    cosigner_destroy(witnessing.cosigner);
    witness_logs_close(witnessing.logs);
    explicit_bzero(&witnessing.key, sizeof(witnessing.key));
    state_dir_close(&witnessing.dir);
    return code;
}

/* A key that is there is shown beside a witness that runs; only one that is to be made needs the
   directory for itself. */
int witness_show_key(const struct witness_serve *setup)
{
    struct witness_key key = {0};
    struct state_dir dir;
    struct sl_err err = {0};
    umask(077);
    enum sl_result result = witness_key_read(setup->state, &key, &err);
    if (result == SL_NOT_FOUND) {
        if (!state_dir_open("witness", setup->state, &dir)) return EXIT_WRONG;
        result = witness_key_take(&dir, setup->name, &key, &err);
        state_dir_close(&dir);
    }
    explicit_bzero(key.seed, sizeof(key.seed));
    if (result != SL_OK) return fail("witness: %s", err.text);
    tell_key(&key.key);
    return EXIT_YES;
}
