/* `sharelog serve`: its options, checked and made into what tools/serve/ runs with. */

#include "tools/ask/datadir.h"
#include "tools/command.h"
#include "tools/serve/listen_at.h"
#include "tools/serve/serve.h"
#include "tools/shared/term.h"

#include <assert.h>

#define WITNESS_INTERVAL_MS 10000
#define WITNESS_REFRESH_MS 3600000

static_assert(OPTION_LIST_MAX <= WITNESSES_MAX, "what can be given can be asked");

struct values {
    struct common common;
    const char *listen, *public_url, *durability, *origin;
    struct option_number cache_mb, threads, viewers, viewers_per_share, max_body_mb, inflight_mb,
        stop_timeout, witness_quorum, witness_interval, witness_refresh;
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
    {"cache-mb", "N", OPTION_NUMBER, AT(cache_mb), 1, 1048576, "RocksDB's block cache, default 24"},
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
    {"witness-refresh", "SECONDS", OPTION_NUMBER, AT(witness_refresh), 1, 86400,
        "cosigned again after that time, though nothing new came, default 3600"},
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

static void set_size(const struct option_number *given, size_t unit, size_t *value)
{
    if (given->given) *value = (size_t)given->value * unit;
}

static void set_count(const struct option_number *given, unsigned unit, unsigned *value)
{
    if (given->given) *value = (unsigned)given->value * unit;
}

static bool configure_store(const struct values *values, struct sl_options *store)
{
    const char *durability = values->durability ? values->durability : "fsync";
    if (strcmp(durability, "fsync") != 0 && strcmp(durability, "process") != 0) {
        fail("serve: --durability is fsync or process, not \"%s\"", durability);
        return false;
    }
    store->durability = *durability == 'f' ? SL_DURABLE_FSYNC : SL_DURABLE_PROCESS;
    if (values->origin) store->origin = sl_span_of(values->origin);
    set_size(&values->cache_mb, SL_MIB, &store->cache_bytes);
    return true;
}

static bool configure_http(
    const struct values *values, char *listen, size_t cap, struct http_config *http)
{
    *http = http_config_default();
    if (!listen_at("serve", values->listen ? values->listen : http->listen, listen, cap))
        return false;
    if (values->public_url && !public_url_fits(values->public_url)) return false;
    http->listen = listen;
    http->public_url = values->public_url;
    http->private_create = values->private_create;
    http->public_log = values->public_log;
    http->public_index = values->public_index;
    set_size(&values->max_body_mb, SL_MIB, &http->body_bytes);
    set_size(&values->inflight_mb, SL_MIB, &http->inflight_bytes);
    set_count(&values->threads, 1, &http->threads);
    set_count(&values->viewers, 1, &http->viewers);
    set_count(&values->viewers_per_share, 1, &http->viewers_per_share);
    set_count(&values->stop_timeout, 1000, &http->stop_ms);
    if (http->body_bytes <= http->inflight_bytes) return true;
    fail("serve: --max-body-mb is more than --inflight-mb: such a request could never be taken");
    return false;
}

static bool configure_witnesses(const struct values *values, struct witness_setup *setup)
{
    const struct option_list *urls = &values->witnesses, *keys = &values->witness_keys;
    *setup = (struct witness_setup){.count = urls->count,
        .urls = urls->values,
        .keys = keys->values,
        .quorum = (unsigned)urls->count,
        .interval_ms = WITNESS_INTERVAL_MS,
        .refresh_ms = WITNESS_REFRESH_MS};
    set_count(&values->witness_quorum, 1, &setup->quorum);
    set_count(&values->witness_interval, 1000, &setup->interval_ms);
    set_count(&values->witness_refresh, 1000, &setup->refresh_ms);
    if (values->witness_quorum.given && !urls->count)
        fail("serve: --witness-quorum of no --witness");
    else if (urls->count != keys->count)
        fail("serve: each --witness URL needs its --witness-key, in the same order");
    else if (setup->quorum > urls->count)
        fail("serve: --witness-quorum %u, of %zu witnesses", setup->quorum, urls->count);
    else
        return true;
    return false;
}

static int run(const void *given, int count, char **words)
{
    (void)count, (void)words;
    const struct values *values = given;
    struct serve_setup setup = {.dir = datadir_of(&values->common)};
    char listen[64];
    if (!setup.dir || !datadir_options(setup.dir, SL_READ_WRITE, &setup.store) ||
        !configure_store(values, &setup.store) ||
        !configure_http(values, listen, sizeof(listen), &setup.http) ||
        !configure_witnesses(values, &setup.witnesses))
        return EXIT_WRONG;
    return serve_run(&setup);
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
        "is down is asked again, less and less often; no sync waits for any of them. One that says that it has cosigned\n"
        "another log by this name stops the server from taking writes, also after a restart: see new-origin.",
    .examples =
        "  sharelog serve\n"
        "  sharelog serve --data /srv/sharelog --listen 0.0.0.0:8787 --public-url https://share.example.org\n"
        "  sharelog serve --private --max-body-mb 64\n"
        "  sharelog serve --witness https://witness.example.org --witness-key witness.key\n",
    .options = options,
    .values_bytes = sizeof(struct values),
    .run = run,
};
