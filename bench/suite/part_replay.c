/* The player: `update` brings the page of one event to that of the next, or of the one before. */

#include "bench/suite/scratch.h"
#include "bench/suite/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum way { FORWARD, BACK, WHOLE };

struct stepping {
    char id[SL_SHARE_ID_BYTES + 1];
    uint64_t last; /* sequence */
    enum way way;
    uint64_t step;
    /* by the sequence that is lower: the answer's length, which may not change */
    size_t *lengths;
    uint64_t right; /* answers */
};

static uint64_t lower_of(const struct stepping *stepping, uint64_t step)
{
    if (stepping->way == WHOLE) return 1;
    uint64_t steps = stepping->last - 1, n = step % steps;
    return stepping->way == FORWARD ? 1 + n : steps - n;
}

static void ask(void *ctx, unsigned connection, struct buf *out)
{
    struct stepping *stepping = ctx;
    char head[256];
    (void)connection;
    unsigned long long low = lower_of(stepping, stepping->step),
                       high = stepping->way == WHOLE ? stepping->last : low + 1;
    int len = snprintf(head, sizeof(head),
        "GET /share/%s/update?from=%llu&to=%llu HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", stepping->id,
        stepping->way == BACK ? high : low, stepping->way == BACK ? low : high);
    buf_add(out, head, (size_t)len);
}

static bool look(void *ctx, unsigned connection, int status, struct sl_span body)
{
    struct stepping *stepping = ctx;
    (void)connection;
    uint64_t low = lower_of(stepping, stepping->step++);
    if (status != 200 || body.len == 0) return false;
    if (stepping->lengths[low] == 0) stepping->lengths[low] = body.len;
    if (stepping->lengths[low] != body.len) return false;
    stepping->right++;
    return true;
}

/* One visitor, step behind step. */
static bool measure(
    struct bench *bench, const struct server *server, const char *name, struct stepping *stepping)
{
    struct load load = {.port = server->port,
        .connections = 1,
        .warm_up_ns = bench_measure_ns(bench) / 4,
        .measure_ns = 2 * bench_measure_ns(bench),
        .request = ask,
        .answer = look,
        .ctx = stepping};
    struct load_outcome outcome;
    stepping->step = 0;
    stepping->lengths = calloc(stepping->last + 1, sizeof(*stepping->lengths));
    if (!stepping->lengths) abort();
    bool ran = load_run(&load, &outcome);
    bool good = ran && load_record(bench, name, BETTER_HIGH, &outcome);
    if (ran) load_outcome_fini(&outcome);
    free(stepping->lengths);
    stepping->lengths = NULL;
    return good;
}

static bool step_through(
    struct bench *bench, const struct server *server, const char *name, struct stepping *stepping)
{
    static const char *const ways[] = {[FORWARD] = "forward", [BACK] = "back", [WHOLE] = "whole"};
    char figure[96];
    for (enum way way = FORWARD; way <= WHOLE; way++) {
        snprintf(figure, sizeof(figure), "replay.%s.%s", name, ways[way]);
        stepping->way = way;
        if (!measure(bench, server, figure, stepping)) return false;
    }
    return true;
}

static bool play(const struct server *server, const char *session_id, struct bodies *bodies,
    struct stepping *stepping)
{
    struct sl_credentials share;
    struct buf answer = {0};
    char target[128];
    if (!server_create_share(server, session_id, &share)) return false;
    bodies_sign(bodies, share.secret);
    snprintf(target, sizeof(target), "/api/share/%s/sync", share.id);
    bool good = true;
    for (size_t i = 0; i < bodies->count && good; i++) {
        int status = 0;
        buf_clear(&answer);
        good = server_ask(server, "POST", target, bodies_get(bodies, i), &status, &answer) &&
               status == 200;
        if (!good) bench_fail("sync: status %d", status);
    }
    buf_fini(&answer);
    memcpy(stepping->id, share.id, sizeof(stepping->id));
    stepping->last = 1 + bodies->count;
    return good;
}

static bool replay(
    struct bench *bench, const struct server *server, const char *name, struct bodies *bodies)
{
    struct stepping stepping = {0};
    char session_id[64];
    snprintf(session_id, sizeof(session_id), "ses_bench%s", name);
    bench_tell("replay: %s", name);
    bool good = play(server, session_id, bodies, &stepping);
    usleep(200000); /* snapshots */
    return good && step_through(bench, server, name, &stepping);
}

/* 20,000 parts in 2,000 syncs; fewer when it is to be quick. */
static bool made_up(const struct bench *bench, struct bodies *bodies)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) abort();
    session_write(out, (unsigned)bench_pick(bench, 200, 500, 2000), 2, 10, 800);
    fclose(out);
    bool good = bodies_of_lines((struct sl_span){text, len}, bodies);
    free(text);
    return good;
}

static bool check(const char *folder)
{
    struct sl_store *store;
    if (!scratch_open(folder, SL_DURABLE_FSYNC, &store)) return false;
    bool good = scratch_verified(store, 0);
    sl_store_close(store);
    return good;
}

static bool run(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    const char *const flags[] = {NULL};
    struct server server;
    struct bodies recorded = {0}, made = {0};
    scratch_path(bench, "replay", path);
    if (!bodies_of_recording(bench, "long", &recorded) || !made_up(bench, &made) ||
        !server_start(bench, path, flags, &server)) {
        bodies_fini(&recorded);
        bodies_fini(&made);
        return false;
    }
    bool good =
        replay(bench, &server, "recorded", &recorded) && replay(bench, &server, "made", &made);
    good = server_stop(&server) && good;
    good = good && check(server.folder);
    scratch_remove(server.folder);
    bodies_fini(&recorded);
    bodies_fini(&made);
    return good;
}

const struct part part_replay = {
    "replay", "steps of the player forward and back through long sessions", run};
