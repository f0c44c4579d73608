/* The same bytes in the same order into servers that users know, over 16 connections, each after
   sharelog in its turn:
     redis   XADD, appendonly, fsync always: an answer means durable, as here
     nats    JetStream on files. Before 2.10 it can't sync before it answers; its figure is then one
             of a server that a power cut makes lose what it acknowledged
   What isn't installed is left out, and said so: its goal is not measured. */

#include "bench/suite/ingest_prove.h"
#include "bench/suite/neighbours_wire.h"
#include "bench/suite/server_process.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_MS 10000

struct visit {
    struct bench *bench;
    const struct shape_kind *kind;
    char folder[SCRATCH_PATH_BYTES], log[SCRATCH_PATH_BYTES + 8];
    unsigned port;
    int pid;
};

/* ---- programs ---- */

/* The first line that it prints of its version; false: it isn't installed. */
static bool version_of(const char *program, char *line, size_t cap)
{
    char command[128];
    snprintf(command, sizeof(command), "%s --version 2>&1", program);
    FILE *out = popen(command, "re");
    bool good = out && fgets(line, (int)cap, out);
    if (out && pclose(out) != 0) good = false;
    if (!good) bench_tell("%s isn't installed: left out (make deps-neighbours)", program);
    return good;
}

/* One that nobody listens on now. */
static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 &&
                getsockname(fd, (struct sockaddr *)&at, &len) == 0;
    if (fd >= 0) close(fd);
    return good ? ntohs(at.sin_port) : 0;
}

static bool visit_begin(
    struct bench *bench, const struct shape_kind *kind, const char *name, struct visit *visit)
{
    *visit = (struct visit){.bench = bench, .kind = kind, .port = free_port()};
    scratch_path(bench, name, visit->folder);
    snprintf(visit->log, sizeof(visit->log), "%s.log", visit->folder);
    return (visit->port && mkdir(visit->folder, 0700) == 0) || bench_fail("%s: no folder", name);
}

static bool visit_start(struct visit *visit, const char *const *argv)
{
    visit->pid = program_start(argv, -1, visit->log);
    for (int ms = 0; visit->pid && ms < START_MS; ms += 50) {
        int fd = connect_to(visit->port);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (program_ended(visit->pid)) visit->pid = 0;
        usleep(50000);
    }
    return bench_fail("%s didn't start", argv[0]);
}

static void visit_end(struct visit *visit)
{
    if (visit->pid) program_stop(visit->pid);
    scratch_remove(visit->folder);
    scratch_remove(visit->log);
}

/* ---- load ---- */

static bool run_load(struct bench *bench, struct load *load, answer_reader reader,
    const struct shape_kind *kind, const char *who)
{
    struct load_outcome outcome;
    char name[64];
    bench_tell("neighbours: %s, %s", kind->name, who);
    load->connections = NEIGHBOUR_CONNECTIONS;
    load->measure_ns = bench_pick(bench, 500, 2000, 3000) * 1000000;
    load->warm_up_ns = load->measure_ns / 4;
    if (!load_run_wire(load, reader, &outcome)) return false;
    snprintf(name, sizeof(name), "neighbours.%s.%s", kind->name, who);
    bool good = load_record(bench, name, BETTER_NEITHER, &outcome);
    load_outcome_fini(&outcome);
    return good;
}

static bool into_sharelog(struct bench *bench, const struct shape_kind *kind)
{
    struct ingest ingest;
    if (!ingest_start(bench, kind, NEIGHBOUR_CONNECTIONS, "sharelog", &ingest)) return false;
    struct load load = {.port = ingest.server.port,
        .request = ingest_request,
        .answer = ingest_answer,
        .ctx = &ingest};
    bool good = run_load(bench, &load, http_answer, kind, "sharelog");
    return ingest_finish(&ingest, good && ingest_proved(&ingest));
}

static bool into_redis(struct bench *bench, const struct shape_kind *kind)
{
    struct visit visit;
    struct neighbour neighbour = {0};
    char port[8];
    if (!visit_begin(bench, kind, "redis", &visit)) return false;
    snprintf(port, sizeof(port), "%u", visit.port);
    const char *argv[] = {"redis-server", "--port", port, "--bind", "127.0.0.1", "--dir",
        visit.folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", NULL};
    struct load load = {.port = visit.port,
        .request = redis_request,
        .answer = neighbour_acknowledged,
        .ctx = &neighbour};
    bool good = bodies_of_shape(bench, kind, 0, INGEST_BODIES, NULL, &neighbour.bodies) &&
                visit_start(&visit, argv) && run_load(bench, &load, redis_answer, kind, "redis") &&
                redis_kept(&neighbour, visit.port);
    visit_end(&visit);
    bodies_fini(&neighbour.bodies);
    return good;
}

static bool write_nats_conf(const struct visit *visit, bool synced, const char *path)
{
    FILE *conf = fopen(path, "we");
    if (!conf) return bench_fail("nats: no configuration");
    fprintf(conf,
        "listen: 127.0.0.1:%u\nmax_payload: 8MB\n"
        "jetstream { store_dir: \"%s\", max_file_store: 20GB%s }\n",
        visit->port, visit->folder, synced ? ", sync_interval: always" : "");
    return fclose(conf) == 0;
}

static bool into_nats(struct bench *bench, const struct shape_kind *kind, bool synced)
{
    struct visit visit;
    struct neighbour neighbour = {0};
    char conf[SCRATCH_PATH_BYTES + 8];
    if (!visit_begin(bench, kind, "nats", &visit)) return false;
    snprintf(conf, sizeof(conf), "%s.conf", visit.folder);
    const char *argv[] = {"nats-server", "-c", conf, NULL};
    struct load load = {.port = visit.port,
        .request = nats_request,
        .answer = neighbour_acknowledged,
        .ctx = &neighbour};
    bool good = bodies_of_shape(bench, kind, 0, INGEST_BODIES, NULL, &neighbour.bodies) &&
                write_nats_conf(&visit, synced, conf) && visit_start(&visit, argv) &&
                nats_prepare(visit.port) &&
                run_load(bench, &load, nats_answer, kind, synced ? "nats" : "nats_unsynced");
    visit_end(&visit);
    scratch_remove(conf);
    bodies_fini(&neighbour.bodies);
    return good;
}

/* ---- the part ---- */

static bool can_sync(const char *version)
{
    const char *digits = strpbrk(version, "0123456789");
    char *end = NULL;
    if (!digits) return false;
    unsigned long major = strtoul(digits, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major > 2 || (major == 2 && minor >= 10);
}

static bool run(struct bench *bench)
{
    static const struct shape_kind *const kinds[] = {&shape_2k, &shape_capture};
    char version[128] = "", over[64], under[64], text[96];
    bool redis = version_of("redis-server", version, sizeof(version));
    bool nats = version_of("nats-server", version, sizeof(version)), synced = can_sync(version);
    if (nats && !synced) bench_tell("this nats-server can't sync before it answers (2.10 can)");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((redis || nats) && !into_sharelog(bench, kinds[i])) return false;
        if (redis && !into_redis(bench, kinds[i])) return false;
        if (nats && !into_nats(bench, kinds[i], synced)) return false;
        snprintf(text, sizeof(text), "ingest against redis XADD, fsync always, %s", kinds[i]->name);
        snprintf(over, sizeof(over), "neighbours.%s.sharelog.rate", kinds[i]->name);
        snprintf(under, sizeof(under), "neighbours.%s.redis.rate", kinds[i]->name);
        goal_add(bench, text, over, under, true, kinds[i]->source == SHAPE_RECORDED ? 1 : 0.9);
    }
    return true;
}

const struct part part_neighbours = {
    "neighbours", "the same batches into redis and NATS JetStream, where installed", run};
