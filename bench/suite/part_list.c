/* Many shares: the server's start, and its lists. */

#include "bench/suite/scratch.h"
#include "core/base/json.h"

#include <stdlib.h>

/* A session with a title to be found by, a prompt and an answer. */
static void session_body(uint64_t n, const char *secret, struct buf *out)
{
    char text[1024];
    int len = snprintf(text, sizeof(text),
        "{\"secret\":\"%s\",\"data\":[{\"type\":\"session\",\"data\":{\"id\":\"ses_bench%08llu\","
        "\"title\":\"Session number %llu\",\"directory\":\"/home/dev/project%llu\",\"version\":"
        "\"1.0\",\"time\":{\"created\":1795368000000,\"updated\":1795368000000}}},"
        "{\"type\":\"message\",\"data\":{\"id\":\"msg_1\",\"role\":\"user\"}},"
        "{\"type\":\"part\",\"data\":{\"id\":\"prt_1\",\"messageID\":\"msg_1\",\"type\":\"text\","
        "\"text\":\"What does function %llu do?\"}}]}",
        secret, (unsigned long long)n, (unsigned long long)n, (unsigned long long)(n % 97),
        (unsigned long long)n);
    buf_add(out, text, (size_t)len);
}

/* In this process, and not synced one by one: how they came to be isn't measured. */
static bool make_shares(const char *path, uint64_t shares)
{
    struct sl_store *store = NULL;
    struct sl_credentials credentials;
    struct sl_synced synced;
    struct sl_err err = {0};
    struct buf body = {0};
    bool good = scratch_open(path, SL_DURABLE_PROCESS, &store);
    for (uint64_t n = 0; good && n < shares; n++) {
        if (n % 5000 == 0) bench_tell("list: %llu shares", (unsigned long long)n);
        good = scratch_share(store, (unsigned)n, &credentials);
        buf_clear(&body);
        session_body(n, credentials.secret, &body);
        good = good && scratch_ok(sl_share_sync(store, sl_span_of(credentials.id), buf_span(&body),
                                      clock_ns() / 1000, &synced, &err),
                           &err, "sync");
    }
    good = good && scratch_verified(store, 2 * shares);
    buf_fini(&body);
    sl_store_close(store);
    return good;
}

/* ---- asking ---- */

struct asked {
    struct bench *bench;
    const struct server *server;
    uint64_t shares;
    struct buf answer;
};

/* The same request several times, each on a connection of its own: its median, as a figure. The
   first isn't counted, being the cache's. */
static bool ask(struct asked *asked, const char *name, const char *target)
{
    char full[96];
    uint64_t times = bench_pick(asked->bench, 11, 51, 201);
    struct histogram *histogram = histogram_create();
    bool good = true;
    for (uint64_t i = 0; good && i <= times; i++) {
        int status = 0;
        buf_clear(&asked->answer);
        uint64_t begun = clock_ns();
        good = server_ask(asked->server, "GET", target, SL_SPAN(""), &status, &asked->answer) &&
               status == 200;
        if (i > 0) histogram_add(histogram, clock_ns() - begun);
        if (!good) bench_fail("list: %s: status %d", target, status);
    }
    snprintf(full, sizeof(full), "list.%s", name);
    if (good) histogram_record(asked->bench, full, histogram);
    histogram_destroy(histogram);
    return good;
}

/* The sessions of an answer are those numbered from `newest` down; *next is the cursor. */
static bool numbered(struct asked *asked, uint64_t newest, uint64_t want, uint64_t *next)
{
    char title[64];
    struct sl_span all = buf_span(&asked->answer), list, session, field;
    uint64_t count = UINT64_MAX, seen = 0;
    *next = 0;
    bool good = json_check(all, SL_JSON_DEPTH, NULL) == SL_OK && json_get(all, "sessions", &list) &&
                json_get(all, "count", &field) && json_u64(field, &count) && count == asked->shares;
    for (; good && json_next(&list, &session); seen++) {
        int len = snprintf(
            title, sizeof(title), "\"Session number %llu\"", (unsigned long long)(newest - seen));
        good = json_get(session, "title", &field) &&
               sl_span_eq(field, (struct sl_span){title, (size_t)len});
    }
    if (good && json_get(all, "next", &field)) json_u64(field, next);
    return (good && seen == want) ||
           bench_fail("list: the sessions aren't those from %llu down (%llu listed, %llu counted)",
               (unsigned long long)newest, (unsigned long long)seen, (unsigned long long)count);
}

/* The cursor of the page behind `skip` sessions. */
static bool go_down(struct asked *asked, uint64_t skip, uint64_t *cursor)
{
    char target[96];
    *cursor = 0;
    for (uint64_t at = 0; at < skip; at += SL_LIST_PAGE) {
        int status = 0;
        uint64_t left = skip - at, limit = left < SL_LIST_PAGE ? left : SL_LIST_PAGE;
        snprintf(target, sizeof(target), "/api/sessions?limit=%llu&cursor=%llu",
            (unsigned long long)limit, (unsigned long long)*cursor);
        buf_clear(&asked->answer);
        if (!server_ask(asked->server, "GET", target, SL_SPAN(""), &status, &asked->answer) ||
            status != 200)
            return bench_fail("list: %s: status %d", target, status);
        if (!numbered(asked, asked->shares - 1 - at, limit, cursor)) return false;
    }
    return true;
}

static bool ask_all(struct asked *asked)
{
    char target[96];
    uint64_t cursor, next, middle = asked->shares / 2;
    if (!ask(asked, "api_50", "/api/sessions?limit=50") ||
        !numbered(asked, asked->shares - 1, 50, &next))
        return false;
    if (!go_down(asked, middle, &cursor)) return false;
    snprintf(
        target, sizeof(target), "/api/sessions?limit=50&cursor=%llu", (unsigned long long)cursor);
    if (!ask(asked, "api_middle", target) ||
        !numbered(asked, asked->shares - 1 - middle, 50, &next))
        return false;
    if (!ask(asked, "api", "/api/sessions") ||
        !numbered(asked, asked->shares - 1,
            asked->shares < SL_LIST_PAGE ? asked->shares : SL_LIST_PAGE, &next))
        return false;
    return true;
}

static bool holds(const struct buf *answer, const char *text)
{
    return (answer->len && memmem(answer->ptr, answer->len, text, strlen(text))) ||
           bench_fail("list: a page doesn't show \"%s\"", text);
}

/* The pages that the owner sees. `--public-index` lets them be asked for without a cookie. */
static bool ask_pages(struct asked *asked)
{
    char title[64], target[96];
    snprintf(title, sizeof(title), "Session number %llu<", (unsigned long long)asked->shares - 1);
    if (!ask(asked, "page", "/sessions") || !holds(&asked->answer, title)) return false;
    /* among the newest thousand, which is as far as a search looks at a time */
    uint64_t wanted = asked->shares - 600;
    snprintf(title, sizeof(title), "Session number %llu<", (unsigned long long)wanted);
    snprintf(target, sizeof(target), "/sessions?q=number+%llu", (unsigned long long)wanted);
    return ask(asked, "search", target) && holds(&asked->answer, title);
}

static bool run(struct bench *bench)
{
    static const char *const flags[] = {"--public-index", NULL};
    struct server server;
    char path[SCRATCH_PATH_BYTES];
    struct asked asked = {
        .bench = bench, .server = &server, .shares = bench_pick(bench, 1000, 20000, 100000)};
    scratch_path(bench, "list", path);
    bool good = make_shares(path, asked.shares);
    bench_tell("list: start and lists");
    uint64_t begun = clock_ns();
    good = good && server_start(bench, path, flags, &server);
    uint64_t took = clock_ns() - begun;
    if (good) {
        good = ask_all(&asked) && ask_pages(&asked);
        good = server_stop(&server) && good;
    }
    scratch_remove(path);
    buf_fini(&asked.answer);
    if (!good) return false;
    figure_add(bench, "list.open", "us", BETTER_LOW, (double)took / 1000);
    goal_add(bench, "first page of the list of sessions: /api/sessions, 1,000 of them",
        "list.api.p50", NULL, false, 10000);
    goal_add(bench, "first page of the list of sessions: /sessions, 50 rows", "list.page.p50", NULL,
        false, 10000);
    return true;
}

const struct part part_list = {
    "list", "many shares: the start of a server on them, its lists, a search", run};
