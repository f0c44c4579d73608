/* The server: its flags checked, a store and an application opened, and an orderly end. */

#include "tools/serve.h"
#include "core/base/crypto.h"
#include "http/http.h"
#include "tools/command.h"
#include "tools/datadir.h"
#include "tools/source.h"
#include "tools/term.h"
#include "tools/witness.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct values {
    struct common common;
    const char *listen, *public_url, *durability, *origin;
    struct option_number cache_mb, threads, viewers, viewers_per_share, max_body_mb, inflight_mb,
        stop_timeout, witness_quorum, witness_interval;
    struct option_list witnesses, witness_keys;
    bool private_create, public_log, public_index;
};

#define AT(field) offsetof(struct values, field)
static const struct option options[] = {
    {"listen", "HOST:PORT", OPTION_TEXT, AT(listen), 0, 0,
        "default 127.0.0.1:8787; port 0 takes a free one"},
    {"public-url", "URL", OPTION_TEXT, AT(public_url), 0, 0,
        "where clients find this server, for links (behind a proxy)"},
    {"durability", "fsync|process", OPTION_TEXT, AT(durability), 0, 0,
        "an answer survives power loss (default), or only the process"},
    {"private", NULL, OPTION_FLAG, AT(private_create), 0, 0,
        "sharing needs the client or owner key"},
    {"public-log", NULL, OPTION_FLAG, AT(public_log), 0, 0, "show the log's entries to anyone"},
    {"public-index", NULL, OPTION_FLAG, AT(public_index), 0, 0,
        "show the list of sessions to anyone"},
    {"origin", "NAME", OPTION_TEXT, AT(origin), 0, 0,
        "the log's name; counts when the store is made"},
    {"max-body-mb", "N", OPTION_NUMBER, AT(max_body_mb), 1, 4096, "largest request, default 256"},
    {"inflight-mb", "N", OPTION_NUMBER, AT(inflight_mb), 1, 1048576,
        "all requests' bodies together, default 1024"},
    {"cache-mb", "N", OPTION_NUMBER, AT(cache_mb), 1, 1048576, "RocksDB's block cache, default 40"},
    {"threads", "N", OPTION_NUMBER, AT(threads), 2, 8192,
        "connections served at a time, default 1024"},
    {"viewers", "N", OPTION_NUMBER, AT(viewers), 0, 1000000, "live viewers, default 4096"},
    {"viewers-per-share", "N", OPTION_NUMBER, AT(viewers_per_share), 0, 1000000,
        "of one share, default 1024"},
    {"stop-timeout", "SECONDS", OPTION_NUMBER, AT(stop_timeout), 1, 3600,
        "a graceful stop takes no longer, default 20"},
    {"witness", "URL", OPTION_LIST, AT(witnesses), 0, 0,
        "have the log's checkpoints cosigned there (C2SP tlog-witness); repeatable"},
    {"witness-key", "VKEY", OPTION_LIST, AT(witness_keys), 0, 0,
        "that witness's verifier key, or a file that holds it; one each, in order"},
    {"witness-quorum", "N", OPTION_NUMBER, AT(witness_quorum), 1, OPTION_LIST_MAX,
        "publish what so many have cosigned, default all"},
    {"witness-interval", "SECONDS", OPTION_NUMBER, AT(witness_interval), 1, 86400,
        "between two checkpoints for them, default 10"},
    {0},
};

/* ---- what was asked for ---- */

static bool public_url_fits(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    const char *host = url + scheme;
    bool fits = scheme && *host && *host != '/' && strlen(url) < 250;
    for (const char *at = host; fits && *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("?#@\"<>\\`{}|^", *at)) fits = false;
    if (!fits)
        fail(
            "serve: --public-url \"%s\" is no URL such as https://share.example.org (no query, no user)",
            url);
    return fits;
}

/* HOST:PORT, the host an IPv4 address or "localhost"; put into `listen` as an address. */
static bool listen_fits(const char *text, char *listen, size_t cap)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || colon == text || !options_number(colon + 1, 0, 65535, &port)) {
        fail("serve: --listen takes HOST:PORT, such as 127.0.0.1:8787, not \"%s\"", text);
        return false;
    }
    struct sl_span host = {text, (size_t)(colon - text)};
    if (sl_span_eq(host, SL_SPAN("localhost"))) host = SL_SPAN("127.0.0.1");
    if (sl_span_eq(host, SL_SPAN("*"))) host = SL_SPAN("0.0.0.0");
    if (!serve_is_ipv4(host)) {
        fail(
            "serve: --listen \"%s\": the host is an IPv4 address, such as 127.0.0.1, or 0.0.0.0 for all; for IPv6 "
            "and TLS put a reverse proxy in front",
            text);
        return false;
    }
    snprintf(listen, cap, "%.*s:%u", (int)host.len, host.ptr, (unsigned)port);
    return true;
}

static void set_size(const struct option_number *given, size_t unit, size_t *value)
{
    if (given->given) *value = (size_t)given->value * unit;
}

static void set_count(const struct option_number *given, unsigned unit, unsigned *value)
{
    if (given->given) *value = (unsigned)given->value * unit;
}

static bool configure(const struct values *values, char *listen, size_t cap,
    struct http_config *config, struct sl_options *store)
{
    *config = http_config_default();
    if (!listen_fits(values->listen ? values->listen : config->listen, listen, cap)) return false;
    if (values->public_url && !public_url_fits(values->public_url)) return false;
    const char *durability = values->durability ? values->durability : "fsync";
    if (strcmp(durability, "fsync") != 0 && strcmp(durability, "process") != 0) {
        fail("serve: --durability is fsync or process, not \"%s\"", durability);
        return false;
    }
    store->durability = *durability == 'f' ? SL_DURABLE_FSYNC : SL_DURABLE_PROCESS;
    if (values->origin) store->origin = sl_span_of(values->origin);
    set_size(&values->cache_mb, SL_MIB, &store->cache_bytes);
    config->listen = listen;
    config->public_url = values->public_url;
    config->private_create = values->private_create;
    config->public_log = values->public_log;
    config->public_index = values->public_index;
    set_size(&values->max_body_mb, SL_MIB, &config->body_bytes);
    set_size(&values->inflight_mb, SL_MIB, &config->inflight_bytes);
    set_count(&values->threads, 1, &config->threads);
    set_count(&values->viewers, 1, &config->viewers);
    set_count(&values->viewers_per_share, 1, &config->viewers_per_share);
    set_count(&values->stop_timeout, 1000, &config->stop_ms);
    if (values->witness_quorum.given && !values->witnesses.count) {
        fail("serve: --witness-quorum of no --witness");
        return false;
    }
    if (config->body_bytes > config->inflight_bytes) {
        fail(
            "serve: --max-body-mb is more than --inflight-mb: such a request could never be taken");
        return false;
    }
    return true;
}

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
    const struct values *values, struct serving *serving, struct http_config *config)
{
    unsigned interval_s =
        values->witness_interval.given ? (unsigned)values->witness_interval.value : 10;
    struct witness_setup setup = {.urls = &values->witnesses,
        .keys = &values->witness_keys,
        .quorum = (unsigned)values->witness_quorum.value,
        .interval_ms = interval_s * 1000};
    if (!values->witnesses.count && !values->witness_keys.count) return true;
    client_global_init();
    if (!witnesses_create(&setup, sl_store_log_key(serving->store), &serving->witnesses))
        return false;
    config->witnesses = witnesses_status;
    config->witnesses_ctx = serving->witnesses;
    config->witness_quorum = setup.quorum ? setup.quorum : (unsigned)values->witnesses.count;
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
        fail("cannot listen on %s: %s", config->listen, serve_why_not(config->listen, err.text));
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
    /* Withdrawn first: a command that looks now finds no server, and says so, rather than one that
     * hangs up. */
    if (serving->server) datadir_withdraw(dir);
    witnesses_stop(serving->witnesses);
    if (serving->server && !http_server_stop(serving->server))
        fail("some connections had to be cut off");
    if (serving->app) http_app_destroy(serving->app);
    witnesses_destroy(serving->witnesses);
    sl_store_close(serving->store);
    explicit_bzero(&serving->announced, sizeof(serving->announced));
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    struct serving serving = {0};
    struct sl_options store;
    struct http_config config;
    char listen[64];
    const char *dir = datadir_of(&values->common);
    if (!dir || !datadir_options(dir, SL_READ_WRITE, &store) ||
        !configure(values, listen, sizeof(listen), &config, &store))
        return EXIT_WRONG;
    settle_process();
    serve_block_signals(); /* before the first thread, which inherits it */
    if (!open_store(dir, &store, &serving.store)) return EXIT_WRONG;
    datadir_withdraw(
        dir); /* of a server that was killed: it doesn't run, since the store is ours */
    crypto_base62(serving.announced.key, DATADIR_KEY_BYTES);
    config.control_key = serving.announced.key;
    int code = EXIT_WRONG;
    if (prepare_witnesses(values, &serving, &config) && start(&serving, &config, dir)) {
        serve_tell(&serving, dir, values->public_url);
        serve_wait();
        serve_watch(config.stop_ms);
        code = EXIT_YES;
    }
    stop(&serving, dir);
    return code;
}

const struct command command_serve = {
    .name = "serve",
    .words = "",
    .takes = TAKES_DATA,
    .summary = "take opencode's shares, and keep and show them",
    .about =
        "Once it answers it prints `listening on http://HOST:PORT`. SIGTERM and SIGINT stop it in good order: what is in\n"
        "flight is finished, and it exits with 0; a second one ends it at once. Nothing that was acknowledged is ever lost.\n\n"
        "Environment: SHARELOG_OWNER_KEY (the operator's key) and SHARELOG_NAMESPACE (a UUID that secrets follow from;\n"
        "SESSIONS_SHARED_SECRET is its older name). What isn't given is made once in the data directory.\n\n"
        "With witnesses, /log/checkpoint shows the newest checkpoint that --witness-quorum of them have cosigned. One that\n"
        "is down is asked again, less and less often; no sync waits for any of them.",
    .examples =
        "  sharelog serve\n"
        "  sharelog serve --data /srv/sharelog --listen 0.0.0.0:8787 --public-url https://share.example.org\n"
        "  sharelog serve --private --max-body-mb 64\n"
        "  sharelog serve --witness https://witness.example.org --witness-key witness.key\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
