/* The same load into sharelog and into servers that users know, for bench/neighbours:

       neighbour_load payload  CAPTURES SHAPE FOLDER            writes the bodies, a file each
       neighbour_load sharelog CAPTURES SHAPE SECONDS SHARELOG FOLDER
       neighbour_load redis    CAPTURES SHAPE SECONDS PORT      XADD, a stream a connection
       neighbour_load nats     CAPTURES SHAPE SECONDS PORT      JetStream publish, a subject each

   Closed loop, 16 connections, the suite's own generator, the same bodies in the same order. Prints
   `RATE P50_US P99_US ACKNOWLEDGED BUSY`; ACKNOWLEDGED counts the warm-up too. */

#include "bench/suite/ingest.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 16

struct neighbour {
    struct bodies bodies;
    uint64_t sent[CONNECTIONS], acknowledged[CONNECTIONS];
};

static struct sl_span next_body(struct neighbour *neighbour, unsigned connection)
{
    return bodies_get(&neighbour->bodies, neighbour->sent[connection]++ * CONNECTIONS + connection);
}

__attribute__((format(printf, 2, 3))) static void print(struct buf *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_add(out, text, (size_t)len);
}

static bool acknowledge(void *ctx, unsigned connection, int status, struct sl_span body)
{
    struct neighbour *neighbour = ctx;
    (void)body;
    if (status == 200) neighbour->acknowledged[connection]++;
    return status == 200;
}

/* ---- redis ---- */

static void redis_request(void *ctx, unsigned connection, struct buf *out)
{
    struct sl_span body = next_body(ctx, connection);
    print(out, "*5\r\n$4\r\nXADD\r\n$8\r\nbench:%02u\r\n$1\r\n*\r\n$4\r\ndata\r\n$%zu\r\n",
        connection, body.len);
    buf_add_span(out, body);
    buf_add(out, "\r\n", 2);
}

/* `$LENGTH`, and the new entry's id; anything else is an error. */
static enum answer_state redis_answer(struct buf *in, struct answer *answer, bool ended)
{
    const char *end = in->len ? memmem(in->ptr, in->len, "\r\n", 2) : NULL;
    if (!end) return ended ? ANSWER_BROKEN : ANSWER_MORE;
    if (*in->ptr != '$') {
        fprintf(stderr, "redis: %.*s\n", (int)(end - in->ptr), in->ptr);
        return ANSWER_BROKEN;
    }
    size_t head = (size_t)(end - in->ptr) + 2, length = strtoull(in->ptr + 1, NULL, 10);
    if (in->len < head + length + 2) return ended ? ANSWER_BROKEN : ANSWER_MORE;
    answer->status = 200;
    answer->body = (struct sl_span){in->ptr + head, length};
    answer->used = head + length + 2;
    return ANSWER_WHOLE;
}

/* ---- NATS ---- */

/* A PONG before each, since nobody answers the server's PINGs otherwise. */
static void nats_request(void *ctx, unsigned connection, struct buf *out)
{
    struct neighbour *neighbour = ctx;
    if (neighbour->sent[connection] == 0)
        print(out, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB _INBOX.%u 1\r\n",
            connection);
    struct sl_span body = next_body(neighbour, connection);
    print(out, "PONG\r\nPUB bench.%u _INBOX.%u %zu\r\n", connection, connection, body.len);
    buf_add_span(out, body);
    buf_add(out, "\r\n", 2);
}

static enum answer_state nats_answer(struct buf *in, struct answer *answer, bool ended)
{
    for (;;) {
        const char *line = in->ptr + answer->at;
        const char *end =
            in->len > answer->at ? memmem(line, in->len - answer->at, "\r\n", 2) : NULL;
        if (!end) return ended ? ANSWER_BROKEN : ANSWER_MORE;
        size_t behind = (size_t)(end - in->ptr) + 2;
        if (*line == '-') {
            fprintf(stderr, "nats: %.*s\n", (int)(end - line), line);
            return ANSWER_BROKEN;
        }
        if (strncmp(line, "MSG ", 4) == 0) {
            const char *space = memrchr(line, ' ', (size_t)(end - line));
            size_t length = strtoull(space + 1, NULL, 10);
            if (in->len < behind + length + 2) return ended ? ANSWER_BROKEN : ANSWER_MORE;
            answer->body = (struct sl_span){in->ptr + behind, length};
            answer->status = memmem(in->ptr + behind, length, "\"error\"", 7) ? 500 : 200;
            if (answer->status != 200)
                fprintf(stderr, "nats: %.*s\n", (int)length, in->ptr + behind);
            answer->used = behind + length + 2;
            return ANSWER_WHOLE;
        }
        answer->at = behind; /* INFO, PING, +OK */
    }
}

/* A stream that takes what is published to bench.*, on file. */
static bool nats_prepare(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char stream[] = "{\"name\":\"bench\",\"subjects\":[\"bench.*\"],\"storage\":"
                                 "\"file\",\"num_replicas\":1}";
    struct buf in = {0}, out = {0};
    struct answer answer = {0};
    enum answer_state state = ANSWER_MORE;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    print(&out,
        "CONNECT {\"verbose\":false}\r\nSUB _INBOX.made 1\r\n"
        "PUB $JS.API.STREAM.CREATE.bench _INBOX.made %zu\r\n%s\r\n",
        sizeof(stream) - 1, stream);
    bool good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
                send(fd, out.ptr, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
    while (good && state == ANSWER_MORE && buf_reserve(&in, 4096)) {
        ssize_t n = recv(fd, in.ptr + in.len, 4096, 0);
        if (n > 0) in.len += (size_t)n;
        state = nats_answer(&in, &answer, n <= 0);
    }
    good = good && state == ANSWER_WHOLE && answer.status == 200;
    if (fd >= 0) close(fd);
    buf_fini(&in);
    buf_fini(&out);
    return good || bench_fail("nats: no stream");
}

/* ---- runs ---- */

static bool run_load(
    struct load *load, answer_reader reader, double seconds, const uint64_t *counts)
{
    struct load_outcome outcome;
    uint64_t acknowledged = 0;
    load->connections = CONNECTIONS;
    load->measure_ns = (uint64_t)(seconds * 1e9);
    load->warm_up_ns = load->measure_ns / 4;
    if (!load_run_wire(load, reader, &outcome)) return false;
    for (unsigned i = 0; counts && i < CONNECTIONS; i++)
        acknowledged += counts[i];
    bool good = outcome.failed == 0 && outcome.answered > 0;
    if (good)
        printf("%.0f %.0f %.0f %llu %.2f\n", (double)outcome.answered / outcome.seconds,
            (double)histogram_at(outcome.latency, 0.5) / 1000,
            (double)histogram_at(outcome.latency, 0.99) / 1000, (unsigned long long)acknowledged,
            outcome.busy);
    else
        bench_fail("%llu requests failed", (unsigned long long)outcome.failed);
    load_outcome_fini(&outcome);
    return good;
}

static bool into_neighbour(
    struct bench *bench, const struct shape_kind *kind, bool nats, double seconds, unsigned port)
{
    struct neighbour neighbour = {0};
    struct load load = {.port = port,
        .request = nats ? nats_request : redis_request,
        .answer = acknowledge,
        .ctx = &neighbour};
    bool good = bodies_of_shape(bench, kind, 0, INGEST_BODIES, NULL, &neighbour.bodies) &&
                (!nats || nats_prepare(port)) &&
                run_load(&load, nats ? nats_answer : redis_answer, seconds, neighbour.acknowledged);
    bodies_fini(&neighbour.bodies);
    return good;
}

static bool into_sharelog(struct bench *bench, const struct shape_kind *kind, double seconds)
{
    struct ingest ingest;
    if (!ingest_start(bench, kind, CONNECTIONS, "sharelog", &ingest)) return false;
    struct load load = {.port = ingest.server.port,
        .request = ingest_request,
        .answer = ingest_answer,
        .ctx = &ingest};
    bool good = run_load(&load, http_answer, seconds, NULL);
    return ingest_finish(&ingest, good && ingest_proved(&ingest));
}

static bool write_payload(struct bench *bench, const struct shape_kind *kind, const char *folder)
{
    struct bodies bodies = {0};
    char path[SCRATCH_PATH_BYTES];
    bool good = bodies_of_shape(bench, kind, 0, INGEST_BODIES, NULL, &bodies);
    for (size_t i = 0; good && i < bodies.count; i++) {
        struct sl_span body = bodies_get(&bodies, i);
        snprintf(path, sizeof(path), "%s/%s.%03zu.json", folder, kind->name, i);
        FILE *file = fopen(path, "w");
        good = file && fwrite(body.ptr, 1, body.len, file) == body.len;
        if (!file || fclose(file) != 0) good = bench_fail("%s: %s", path, strerror(errno));
    }
    bodies_fini(&bodies);
    return good;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 4 ? argv[1] : "";
    struct bench bench = {.size = BENCH_NORMAL, .seed = 1, .captures = argc > 2 ? argv[2] : ""};
    const struct shape_kind *kind =
        argc > 3 && strcmp(argv[3], "2k") == 0 ? &shape_2k : &shape_capture;
    bool good;
    if (strcmp(mode, "payload") == 0) {
        good = write_payload(&bench, kind, argv[4]);
    } else if (strcmp(mode, "sharelog") == 0 && argc == 7) {
        bench.sharelog = argv[5];
        bench.folder = argv[6];
        good = into_sharelog(&bench, kind, atof(argv[4]));
    } else if ((strcmp(mode, "redis") == 0 || strcmp(mode, "nats") == 0) && argc == 6) {
        good = into_neighbour(
            &bench, kind, *mode == 'n', atof(argv[4]), (unsigned)strtoul(argv[5], NULL, 10));
    } else {
        fputs("usage: see the head of bench/neighbour_load.c\n", stderr);
        return 2;
    }
    return good ? 0 : 1;
}
