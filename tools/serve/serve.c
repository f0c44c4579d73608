/* What is begun is in struct serving, zero before; stop() ends what is there, so it serves a
   start that failed half way as well as a server that has run for years. */

#include "tools/serve/serve.h"

#include "core/base/crypto.h"
#include "tools/ask/client.h"
#include "tools/ask/datadir.h"
#include "tools/ask/target.h"
#include "tools/serve/listen_at.h"
#include "tools/serve/serve_signals.h"
#include "tools/shared/term.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct serving {
    struct sl_store *store;
    struct http_app *app;
    struct http_server *server;
    struct witnesses *witnesses; /* NULL: none */
    struct datadir_server announced;
};

/* ---- the process ---- */

static void settle_process(void)
{
    struct rlimit files;
    /* Every thread of many would else get an arena of its own, and keep what it freed. */
    mallopt(M_ARENA_MAX, 4);
    /* A read's buffers are a few MiB, freed at its end: given back to the system each time, they
       would cost a page fault for every 4 KiB of the next read (measured: two to three times the
       read's own time). */
    mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    /* Keys are in this memory: no core file, and no other process of this user looks into it. */
    prctl(PR_SET_DUMPABLE, 0);
    /* What a server writes is for its own user alone. */
    umask(077);
    /* Viewers and RocksDB's files need more descriptors than a shell's soft limit. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static bool open_store(const char *dir, const struct sl_options *how, struct sl_store **store)
{
    struct sl_err err = {0};
    struct datadir_server other;
    struct term_line line = {0};
    struct sl_progress progress = term_progress(&line);
    enum sl_result result = sl_store_open(how, &progress, store, &err);
    if (line.shown_us) term_line(&line, true, "%s", "");
    if (result == SL_OK && sl_store_health(*store, &err) != SL_OK)
        fail("%s takes no writes: %s", dir, err.text); /* but it is served */
    if (result == SL_OK) return true;
    if (result == SL_LOCKED && datadir_find_server(dir, &other))
        fail("%s is in use: a server runs on it at %s; stop that one, or serve another --data", dir,
            other.url);
    else if (result == SL_LOCKED)
        fail("%s is in use by another process; wait for it, or serve another --data", dir);
    else
        fail("%s: %s", dir, err.text);
    return false;
}

/* Witnesses, where there are any; they are asked once the server answers. */
static bool prepare_witnesses(
    const struct witness_setup *setup, struct serving *serving, struct http_config *config)
{
    if (!setup->count) return true;
    client_global_init();
    if (!witnesses_create(setup, sl_store_log_key(serving->store), &serving->witnesses))
        return false;
    config->witnesses = witnesses_status;
    config->witnesses_ctx = serving->witnesses;
    config->witness_quorum = setup->quorum;
    return true;
}

static bool start(struct serving *serving, const struct http_config *config, const char *dir)
{
    struct sl_err err = {0};
    if (http_app_create(serving->store, config, &serving->app, &err) != SL_OK) {
        fail("%s", err.text);
        return false;
    }
    if (http_server_start(serving->app, &serving->server, &err) != SL_OK) {
        fail("cannot listen on %s: %s", config->listen, listen_why_not(config->listen, err.text));
        return false;
    }
    /* Commands on this machine reach a server that listens everywhere by its loopback address. */
    const char *url = http_server_url(serving->server), *port = strrchr(url, ':');
    struct datadir_server *announced = &serving->announced;
    if (strncmp(url, "http://0.0.0.0:", 15) == 0)
        snprintf(announced->url, sizeof(announced->url), "http://127.0.0.1%s", port);
    else
        snprintf(announced->url, sizeof(announced->url), "%s", url);
    if (datadir_announce(dir, announced, &err) != SL_OK) {
        fail("%s", err.text);
        return false;
    }
    return !serving->witnesses || witnesses_start(serving->witnesses, serving->store);
}

static void stop(struct serving *serving, const char *dir)
{
    /* Withdrawn first, so that a command that looks now finds no server, not one that hangs up. */
    if (serving->server) datadir_withdraw(dir);
    witnesses_stop(serving->witnesses);
    if (serving->server && !http_server_stop(serving->server))
        fail("some connections had to be cut off");
    if (serving->app) http_app_destroy(serving->app);
    witnesses_destroy(serving->witnesses);
    sl_store_close(serving->store);
    explicit_bzero(&serving->announced, sizeof(serving->announced));
}

/* ---- what it tells ---- */

static void tell_user(const struct serving *serving, const char *dir, const char *url)
{
    struct buffer link = {0};
    buffer_text(&link, "/sessions"); /* the key is escaped, since an operator may have chosen it */
    target_param(&link, "key", sl_store_owner_key(serving->store));
    printf("\nData is kept in %s.\n\n", dir);
    printf(
        "In opencode.json, to share with this server:\n  %s{\"enterprise\":{\"url\":\"%s\"}}%s\n",
        term_style(TERM_BOLD), url, term_style(TERM_PLAIN));
    printf("or, so that a session that is shared again gets its old link:\n  "
           "{\"enterprise\":{\"url\":\"%s/k/%s\"}}\n\n",
        url, sl_store_client_key(serving->store));
    printf("Your sessions (this link has the owner key in it; keep it to yourself):\n  %s%s\n\n",
        url, buffer_c(&link));
    explicit_bzero(link.ptr, link.len);
    buffer_free(&link);
}

/* Print the line that scripts wait for; on a terminal also what a user needs at first. Keys are
   printed on a terminal alone, never into a file or journal. */
static void tell(const struct serving *serving, const char *dir, const char *public_url)
{
    printf("listening on %s\n", http_server_url(serving->server));
    if (term_out()) {
        struct buffer url = {0};
        buffer_text(&url, public_url ? public_url : serving->announced.url);
        while (url.len && url.ptr[url.len - 1] == '/')
            url.len--;
        tell_user(serving, dir, buffer_c(&url));
        printf("Stop it with Ctrl-C.\n");
        buffer_free(&url);
    }
    fflush(stdout);
}

int serve_run(const struct serve_setup *setup)
{
    struct serving serving = {0};
    struct http_config config = setup->http;
    int code = EXIT_WRONG;
    assert(setup->dir && setup->store.access == SL_READ_WRITE);
    settle_process();
    serve_block_signals();
    if (!open_store(setup->dir, &setup->store, &serving.store)) return EXIT_WRONG;
    /* A server that was killed left its file behind. It doesn't run: this process has the store. */
    datadir_withdraw(setup->dir);
    crypto_base62(serving.announced.key, DATADIR_KEY_BYTES);
    config.control_key = serving.announced.key;
    if (prepare_witnesses(&setup->witnesses, &serving, &config) &&
        start(&serving, &config, setup->dir)) {
        tell(&serving, setup->dir, config.public_url);
        serve_wait();
        serve_watch(config.stop_ms);
        code = EXIT_YES;
    }
    stop(&serving, setup->dir);
    return code;
}
