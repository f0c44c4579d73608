/* Is the load generator itself right? It is asked about a server of which everything is known. */

#include "bench/suite/load_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define CONNECTIONS 16
/* The stalling server sleeps for so long, so often. */
#define STALL_MS 50
#define PERIOD_MS 250
/* requests a second */
#define IMPOSSIBLE 5e6

/* ---- answers, byte by byte ---- */

static bool read_in_pieces(const char *text, size_t piece, const char *body, bool closes)
{
    struct buf in = {0};
    struct answer answer = {0};
    size_t len = strlen(text);
    enum answer_state state = ANSWER_MORE;
    for (size_t at = 0; at < len && state == ANSWER_MORE; at += piece) {
        buf_add(&in, text + at, len - at < piece ? len - at : piece);
        state = http_answer(&in, &answer, false);
        if (state == ANSWER_WHOLE && at + piece < len) state = ANSWER_BROKEN; /* too early */
    }
    if (state == ANSWER_MORE && closes) state = http_answer(&in, &answer, true);
    bool good = state == ANSWER_WHOLE && answer.status == 200 && answer.used == in.len &&
                answer.closes == closes && sl_span_eq(answer.body, sl_span_of(body));
    buf_fini(&in);
    return good;
}

static bool check_reader(void)
{
    static const struct {
        const char *text, *body;
        bool closes;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello", false},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:0\r\n\r\n", "", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nB;x=1\r\n, the "
         "world\r\n0\r\n\r\n",
            "hello, the world", false},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n", "", false},
        {"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (size_t piece = 1; piece < 200; piece++)
            if (!read_in_pieces(cases[i].text, piece, cases[i].body, cases[i].closes))
                return bench_fail("load: answer %zu, in pieces of %zu bytes, is misread", i, piece);
    return true;
}

/* ---- a server that does nothing ---- */

struct trivial {
    int listener;
    unsigned port;
    bool stalls;
    atomic_bool stop;
    pthread_t thread;
};

static const char trivial_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/* Requests come one at a time a connection, whole: they are small, and this is loopback. */
static bool answer_one(int fd)
{
    char request[4096];
    ssize_t n = recv(fd, request, sizeof(request), 0);
    return n > 0 && send(fd, trivial_answer, sizeof(trivial_answer) - 1, MSG_NOSIGNAL) > 0;
}

static void *serve(void *arg)
{
    struct trivial *trivial = arg;
    struct pollfd fds[CONNECTIONS + 1] = {{.fd = trivial->listener, .events = POLLIN}};
    nfds_t count = 1;
    uint64_t stall_ns = clock_ns() + PERIOD_MS * MS;
    while (!atomic_load(&trivial->stop)) {
        if (poll(fds, count, 10) <= 0) continue;
        if (trivial->stalls && clock_ns() > stall_ns) {
            usleep(STALL_MS * 1000);
            stall_ns += PERIOD_MS * MS;
        }
        if (fds[0].revents && count <= CONNECTIONS) {
            int one = 1, fd = accept(trivial->listener, NULL, NULL);
            if (fd >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
            }
        }
        for (nfds_t i = 1; i < count; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !answer_one(fds[i].fd)) {
                close(fds[i].fd);
                fds[i].fd = -1;
            }
    }
    for (nfds_t i = 1; i < count; i++)
        if (fds[i].fd >= 0) close(fds[i].fd);
    return NULL;
}

static bool trivial_start(struct trivial *trivial)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    trivial->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (trivial->listener < 0 || bind(trivial->listener, (struct sockaddr *)&at, len) != 0 ||
        listen(trivial->listener, CONNECTIONS) != 0 ||
        getsockname(trivial->listener, (struct sockaddr *)&at, &len) != 0 ||
        pthread_create(&trivial->thread, NULL, serve, trivial) != 0)
        return bench_fail("load: a trivial server: %s", strerror(errno));
    trivial->port = ntohs(at.sin_port);
    return true;
}

static void trivial_stop(struct trivial *trivial)
{
    atomic_store(&trivial->stop, true);
    pthread_join(trivial->thread, NULL);
    close(trivial->listener);
}

/* ---- what is asked ---- */

static void ask(void *ctx, unsigned connection, struct buf *out)
{
    (void)ctx;
    (void)connection;
    buf_add_span(out, SL_SPAN("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
}

static bool look(void *ctx, unsigned connection, int status, struct sl_span body)
{
    (void)ctx;
    (void)connection;
    return status == 200 && sl_span_eq(body, SL_SPAN("ok"));
}

static bool run(bool stalls, unsigned connections, double rate, struct load_outcome *outcome)
{
    struct trivial trivial = {.stalls = stalls};
    struct load load = {.connections = connections,
        .rate = rate,
        .warm_up_ns = 50 * MS,
        .measure_ns = (stalls ? 1000 : 300) * MS,
        .request = ask,
        .answer = look};
    if (!trivial_start(&trivial)) return false;
    load.port = trivial.port;
    bool good = load_run(&load, outcome);
    trivial_stop(&trivial);
    if (good && outcome->failed) {
        good = bench_fail(
            "load: a trivial server failed %llu requests", (unsigned long long)outcome->failed);
        load_outcome_fini(outcome);
    }
    return good;
}

/* A server that sleeps a fifth of the time: what was due meanwhile waited, and must be seen to
   have, though on one connection only one request in a few was sent into the sleep. */
static bool check_stalls(void)
{
    struct load_outcome outcome;
    if (!run(true, 1, 1000, &outcome)) return false;
    uint64_t p90 = histogram_at(outcome.latency, 0.90);
    uint64_t uncorrected = histogram_at(outcome.service, 0.90);
    double share = (double)outcome.answered / 1000;
    load_outcome_fini(&outcome);
    if (p90 < STALL_MS * MS / 5 || uncorrected > p90 / 2 || share < 0.9)
        return bench_fail("load: a server that stalls for %d ms every %d: p90 %.1f ms, uncorrected "
                          "%.1f, %.0f %% answered",
            STALL_MS, PERIOD_MS, (double)p90 / 1e6, (double)uncorrected / 1e6, share * 100);
    return true;
}

/* More than any connection takes: what wasn't sent in time is late, and all that was due is either.
 */
static bool check_late(void)
{
    struct load_outcome outcome;
    if (!run(false, 1, IMPOSSIBLE, &outcome)) return false;
    double due = IMPOSSIBLE * outcome.seconds, counted = (double)(outcome.sent + outcome.late);
    bool good = outcome.late > 0 && counted > due - 2 && counted < due + 2;
    load_outcome_fini(&outcome);
    return good || bench_fail("load: of %.0f requests due, %.0f were sent or late", due, counted);
}

bool load_check(struct bench *bench)
{
    struct load_outcome outcome;
    if (!check_reader() || !check_stalls() || !check_late() ||
        !run(false, CONNECTIONS, 0, &outcome))
        return false;
    double limit = (double)outcome.answered / outcome.seconds;
    figure_add(bench, "load.limit.rate", "1/s", BETTER_HIGH, limit);
    load_outcome_fini(&outcome);
    return true;
}
