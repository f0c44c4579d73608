/* CivetWeb by itself, and the bare server, under the same load that sharelog gets. */

#include "bench/suite/bare.h"
#include "bench/suite/floor.h"
#include "bench/suite/scratch.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    const struct bodies *bodies;
    unsigned connections;
    uint64_t next[256];     /* by connection */
    atomic_ullong answered; /* warm-up included; of posts that were kept */
    struct buf expected;    /* what an answer's body has to be; empty: anything */
};

static void post(void *ctx, unsigned connection, struct buf *out)
{
    struct asking *asking = ctx;
    char head[256];
    struct sl_span body =
        bodies_get(asking->bodies, asking->next[connection]++ * asking->connections + connection);
    int len = snprintf(head, sizeof(head),
        "POST /api/share/q7Zk2bXa/sync HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        body.len);
    buf_add(out, head, (size_t)len);
    buf_add_span(out, body);
}

static void get(void *ctx, unsigned connection, struct buf *out)
{
    struct asking *asking = ctx;
    char head[128];
    (void)connection;
    int len = snprintf(
        head, sizeof(head), "GET /%zu HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", asking->expected.len);
    buf_add(out, head, (size_t)len);
}

/* Byte for byte, as answers of sharelog are looked at: comparing 2 MB takes the generator about as
   long as receiving them, and the server shares its processors. */
static bool look(void *ctx, unsigned connection, int status, struct sl_span body)
{
    struct asking *asking = ctx;
    (void)connection;
    if (status != 200 || (asking->expected.len && !sl_span_eq(body, buf_span(&asking->expected))))
        return false;
    atomic_fetch_add_explicit(&asking->answered, 1, memory_order_relaxed);
    return true;
}

/* Load on a bare server that runs, as figures of that name. */
static bool measure(struct bench *bench, const struct bare *bare, struct asking *asking, bool posts,
    const char *name)
{
    struct load load = {.port = bare->port,
        .connections = asking->connections,
        .warm_up_ns = bench_measure_ns(bench) / 4,
        .measure_ns = bench_measure_ns(bench),
        .request = posts ? post : get,
        .answer = look,
        .ctx = asking};
    struct load_outcome outcome;
    if (asking->connections > 256) return bench_fail("%s: too many connections", name);
    if (!load_run(&load, &outcome)) return false;
    /* A disk that stalls for longer than a short window says nothing of the server: once more. */
    for (int tries = 0; tries < 3 && outcome.failed == 0 && outcome.answered == 0; tries++) {
        load_outcome_fini(&outcome);
        load.measure_ns *= 2;
        if (!load_run(&load, &outcome)) return false;
    }
    bool good = load_record(bench, name, BETTER_HIGH, &outcome);
    load_outcome_fini(&outcome);
    return good;
}

bool floor_http(struct bench *bench, const struct shape_kind *kind, unsigned connections)
{
    struct bodies bodies = {0};
    struct asking asking = {.bodies = &bodies, .connections = connections};
    struct bare bare;
    char name[128];
    snprintf(name, sizeof(name), "floor.http.%s.%u", kind->name, connections);
    if (!bodies_of_shape(bench, kind, 0, 512, NULL, &bodies)) return false;
    bool good = bare_start(NULL, GROUP_OWN, &bare);
    if (good) {
        good = measure(bench, &bare, &asking, true, name);
        good = bare_stop(&bare) && good;
    }
    bodies_fini(&bodies);
    return good;
}

/* Everything that was answered is there. */
static bool kept(const char *folder, uint64_t answered)
{
    uint64_t puts = 0, bytes = 0;
    struct group *group = group_create(folder, GROUP_OWN);
    bool good = group && group_count(group, &puts, &bytes);
    group_destroy(group);
    return good && (puts >= answered || bench_fail("the bare server lost what it answered"));
}

bool floor_bare(struct bench *bench, const struct shape_kind *kind, unsigned connections)
{
    struct bodies bodies = {0};
    struct asking asking = {.bodies = &bodies, .connections = connections};
    struct bare bare;
    char name[128], path[SCRATCH_PATH_BYTES];
    snprintf(name, sizeof(name), "floor.bare.%s.%u", kind->name, connections);
    scratch_path(bench, "bare", path);
    if (!bodies_of_shape(bench, kind, 0, 512, NULL, &bodies)) return false;
    bool good = bare_start(path, connections == 1 ? GROUP_LED : GROUP_THREAD, &bare);
    if (good) {
        good = measure(bench, &bare, &asking, true, name);
        good = bare_stop(&bare) && good;
    }
    good = good && kept(path, asking.answered);
    scratch_remove(path);
    bodies_fini(&bodies);
    return good;
}

bool floor_send(struct bench *bench, const char *name, size_t bytes, unsigned connections)
{
    struct asking asking = {.connections = connections};
    struct bare bare;
    if (!bare_start(NULL, GROUP_OWN, &bare)) return false;
    if (!buf_reserve(&asking.expected, bytes)) abort();
    assert(asking.expected.ptr);
    memset(asking.expected.ptr, BARE_BYTE, asking.expected.len = bytes);
    bool good = measure(bench, &bare, &asking, false, name);
    buf_fini(&asking.expected);
    return bare_stop(&bare) && good;
}
