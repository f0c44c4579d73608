/* A store that is opened here is answered by http_local with the owner's rights, a server by
   HTTP with whatever key there is. Refusals are told once, here, with what to do about them. */

#include "tools/ask/source.h"

#include "core/base/json.h"
#include "tools/ask/datadir.h"
#include "tools/shared/fields.h"
#include "tools/shared/term.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool open_remote(const char *url, const char *key, bool direct, struct source *source)
{
    struct sl_err err = {0};
    struct client_remote remote = {.url = url, .key = key, .direct = direct};
    /* The server of a data directory is on this machine, and may compact for as long as it takes.
     */
    if (!direct) remote.stall_s = 300;
    client_global_init();
    if (client_create_remote(&remote, &source->client, &err) != SL_OK) {
        fail("%s", err.text);
        return false;
    }
    snprintf(source->server, sizeof(source->server), "%s", url);
    return true;
}

static bool open_local(struct source *source)
{
    struct sl_err err = {0};
    struct http_config config = http_config_default();
    if (http_app_create(source->store, &config, &source->app, &err) != SL_OK) {
        fail("%s", err.text);
        return false;
    }
    source->client = client_create_local(source->app);
    return true;
}

static void tell_store(const char *dir, const struct sl_err *err)
{
    struct datadir_server server;
    if (err->result == SL_NOT_FOUND)
        fail(
            "there is no store in %s: start one with `sharelog serve`, or name another with --data",
            dir);
    else if (err->result == SL_LOCKED && datadir_find_server(dir, &server))
        fail("%s is in use by a server at %s; stop it first", dir, server.url);
    else if (err->result == SL_LOCKED)
        fail("%s is in use by another process; wait for it, or stop it", dir);
    else if (err->result == SL_FORMAT)
        fail("%s: %s; nothing was touched: use that version", dir, err->text);
    else
        fail("%s: %s", dir, err->text);
}

bool source_open_store(const struct common *common, enum sl_access access, const char **dir,
    struct sl_store **store, bool *locked)
{
    struct sl_options options;
    struct sl_err err = {0};
    struct term_line line = {0};
    struct sl_progress progress = term_progress(&line);
    *dir = datadir_of(common);
    if (!*dir || !datadir_options(*dir, access, &options)) return false;
    options.makes_no_keys = true; /* only a server makes them; its own may have come from outside */
    /* Opening to write makes what is missing; a command that finds nothing to work on must not. */
    if (access == SL_READ_WRITE && !datadir_has_store(*dir)) {
        sl_fail(&err, SL_NOT_FOUND, "no store");
        tell_store(*dir, &err);
        return false;
    }
    enum sl_result result = sl_store_open(&options, &progress, store, &err);
    if (line.shown_us) term_line(&line, true, "%s", "");
    if (result == SL_OK) return true;
    if (locked) *locked = result == SL_LOCKED;
    if (!locked || result != SL_LOCKED) tell_store(*dir, &err);
    return false;
}

bool source_open(const struct common *common, struct source *source)
{
    *source = (struct source){0};
    if (common->url) {
        const char *key = common->key ? common->key : getenv("SHARELOG_OWNER_KEY");
        return open_remote(common->url, key && *key ? key : NULL, false, source);
    }
    if (!source_open_store(common, SL_READ_BESIDE, &source->dir, &source->store, NULL))
        return false;
    if (open_local(source)) return true;
    source_close(source);
    return false;
}

bool source_open_write(const struct common *common, struct source *source)
{
    struct datadir_server server;
    bool locked = false;
    if (common->url) return source_open(common, source);
    *source = (struct source){0};
    if (source_open_store(common, SL_READ_WRITE, &source->dir, &source->store, &locked)) {
        if (open_local(source)) return true;
        source_close(source);
        return false;
    }
    if (!locked) return false;
    if (!datadir_find_server(source->dir, &server)) {
        fail(
            "%s is in use by a process that is no server, or one that is just starting or stopping; try again",
            source->dir);
        return false;
    }
    return open_remote(server.url, server.key, true, source);
}

void source_close(struct source *source)
{
    client_destroy(source->client);
    if (source->app) http_app_destroy(source->app);
    sl_store_close(source->store);
    *source = (struct source){0};
}

/* ---- asking ---- */

static bool keep(void *ctx, const void *bytes, size_t len)
{
    buffer_add(ctx, bytes, len);
    return true;
}

int source_refused(struct source *source, int status, struct sl_span body)
{
    struct buffer text = {0};
    bool json = json_check(body, JSON_DEPTH_CEILING, NULL) == SL_OK;
    if (!json || !field_text(body, "error", &text))
        buffer_print(&text, "the answer was %d", status);
    if (status == 401 && source->server[0])
        fail("%s: %s (give the owner key: environment SHARELOG_OWNER_KEY, or --key)",
            source->server, buffer_c(&text));
    else if (source->server[0])
        fail("%s: %s", source->server, buffer_c(&text));
    else
        fail("%s", buffer_c(&text));
    buffer_free(&text);
    return status == 404 || status == 410 ? EXIT_NO : EXIT_WRONG;
}

int source_ask(struct source *source, const char *method, const char *target, struct sl_span body,
    struct buffer *answer)
{
    struct sl_err err = {0};
    struct sl_sink sink = {keep, answer};
    int status = 0;
    answer->len = 0;
    if (client_request(source->client, method, target, body, sink, &status, &err) != SL_OK)
        return fail("%s", err.text);
    if (status < 200 || status > 299) return source_refused(source, status, buffer_span(answer));
    if (json_check(buffer_span(answer), JSON_DEPTH_CEILING, &err) != SL_OK)
        return fail(
            "%s: the answer is no JSON: %s", source->server[0] ? source->server : target, err.text);
    return EXIT_YES;
}

int source_get(struct source *source, const char *target, struct buffer *answer)
{
    return source_ask(source, "GET", target, (struct sl_span){0}, answer);
}

/* A 2xx goes to `out` as it arrives; any other answer is kept, since it says what is wrong. */
struct printing {
    int status;
    struct sl_sink out;
    struct buffer refusal;
};

static bool print(void *ctx, const void *bytes, size_t len)
{
    struct printing *printing = ctx;
    if (printing->status >= 200 && printing->status <= 299)
        return printing->out.write(printing->out.ctx, bytes, len);
    if (printing->refusal.len < 65536) buffer_add(&printing->refusal, bytes, len);
    return true;
}

int source_print(struct source *source, const char *target)
{
    struct sl_err err = {0};
    struct printing printing = {.out = term_json()};
    struct sl_sink sink = {print, &printing};
    int code = EXIT_YES;
    enum sl_result result = client_request(
        source->client, "GET", target, (struct sl_span){0}, sink, &printing.status, &err);
    if (result == SL_STOPPED)
        code = term_failed();
    else if (result != SL_OK)
        code = fail("%s", err.text);
    else if (printing.status < 200 || printing.status > 299)
        code = source_refused(source, printing.status, buffer_span(&printing.refusal));
    else if (!term_json_end())
        code = EXIT_WRONG;
    buffer_free(&printing.refusal);
    return code;
}

static bool write_file(void *ctx, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len;
}

/* The answer into an open file. */
static int save(struct source *source, const char *target, FILE *file, const char *name)
{
    struct sl_err err = {0};
    struct printing printing = {.out = {write_file, file}};
    int code = EXIT_YES;
    enum sl_result result = client_request(source->client, "GET", target, (struct sl_span){0},
        (struct sl_sink){print, &printing}, &printing.status, &err);
    bool answered = printing.status >= 200 && printing.status <= 299;
    if (result == SL_STOPPED || (result == SL_OK && answered && fflush(file) != 0))
        code = file == stdout ? term_failed() : fail("%s: %s", name, strerror(errno));
    else if (result != SL_OK)
        code = fail("%s", err.text);
    else if (!answered)
        code = source_refused(source, printing.status, buffer_span(&printing.refusal));
    buffer_free(&printing.refusal);
    return code;
}

int source_save(struct source *source, const char *target, const char *path)
{
    if (!path) return save(source, target, stdout, "");
    struct buffer beside = {0};
    buffer_print(&beside, "%s.part", path);
    const char *part = buffer_c(&beside);
    FILE *file = fopen(part, "wbe");
    int code = file ? save(source, target, file, path) : fail("%s: %s", part, strerror(errno));
    if (file && code == EXIT_YES && fsync(fileno(file)) != 0)
        code = fail("%s: %s", part, strerror(errno));
    if (file && fclose(file) != 0 && code == EXIT_YES) code = fail("%s: %s", part, strerror(errno));
    if (code == EXIT_YES && rename(part, path) != 0) code = fail("%s: %s", path, strerror(errno));
    if (file && code != EXIT_YES) unlink(part);
    buffer_free(&beside);
    return code;
}
