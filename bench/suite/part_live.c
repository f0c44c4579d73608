/* A share with many viewers: what they cost a sync, and how soon they see it. */

#include "bench/suite/ingest_prove.h"
#include "core/base/decimal.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RATE 10 /* syncs a second, where a goal is */
#define SYNCS_MAX 4096
#define LINE_FRONT 96
#define SECOND UINT64_C(1000000000)

/* An event stream being read: lines, of which only the beginnings are kept. */
struct viewer {
    int fd;
    bool in_body;
    char front[LINE_FRONT];
    size_t line_bytes; /* of the line so far */
    uint64_t id;       /* of the event that is coming in; 0: none */
    size_t data_bytes; /* its data line's */
    uint64_t seen;     /* the last one that came whole */
};

struct live {
    struct ingest ingest;
    struct viewer *viewers;
    unsigned count;
    int epoll;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint wrong; /* viewers that missed something, or got something else */
    atomic_ullong delivered;
    _Atomic uint64_t sent_ns[SYNCS_MAX]; /* by sequence */
    size_t data_bytes[SYNCS_MAX];        /* of what was sent, as an array */
    uint64_t first;                      /* sequence that counts in figures */
    struct histogram *delivery, *sync;
};

/* ---- a viewer ---- */

/* An event is whole: is it the next one, and as long as what was sent? */
static void take_event(struct live *live, struct viewer *viewer)
{
    uint64_t now = clock_ns();
    char lead[LINE_FRONT];
    bool good = viewer->id == viewer->seen + 1 && viewer->id < SYNCS_MAX;
    if (good) {
        uint64_t sent = atomic_load(&live->sent_ns[viewer->id]);
        int len = snprintf(lead, sizeof(lead),
            "data: {\"seq\":%llu,\"time\":1234567890123,\"data\":", (unsigned long long)viewer->id);
        good = sent && viewer->data_bytes == (size_t)len + live->data_bytes[viewer->id] + 1;
        if (good && viewer->id >= live->first) histogram_add(live->delivery, now - sent);
    }
    if (!good) atomic_fetch_add(&live->wrong, 1);
    viewer->seen = viewer->id;
    viewer->id = 0;
    atomic_fetch_add(&live->delivered, 1);
}

static void take_line(struct live *live, struct viewer *viewer)
{
    size_t len = viewer->line_bytes, kept = len < LINE_FRONT - 1 ? len : LINE_FRONT - 1;
    viewer->front[kept] = 0;
    if (!viewer->in_body) {
        viewer->in_body = len <= 1; /* the head's end: only its CR */
    } else if (strncmp(viewer->front, "id: ", 4) == 0) {
        if (!sl_decimal(sl_span_of(viewer->front + 4), UINT64_MAX, &viewer->id)) viewer->id = 0;
    } else if (strncmp(viewer->front, "data: ", 6) == 0) {
        viewer->data_bytes = len;
    } else if (len == 0 && viewer->id) {
        take_event(live, viewer);
    }
}

static void take_bytes(struct live *live, struct viewer *viewer, const char *at, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(at, '\n', len);
        size_t n = newline ? (size_t)(newline - at) : len;
        if (viewer->line_bytes < LINE_FRONT - 1) {
            size_t room = LINE_FRONT - 1 - viewer->line_bytes;
            memcpy(viewer->front + viewer->line_bytes, at, n < room ? n : room);
        }
        viewer->line_bytes += n;
        if (!newline) return;
        take_line(live, viewer);
        viewer->line_bytes = 0;
        at += n + 1;
        len -= n + 1;
    }
}

static void *view(void *arg)
{
    struct live *live = arg;
    struct epoll_event events[256];
    static char bytes[256 * 1024];
    while (!atomic_load(&live->stop)) {
        int count = epoll_wait(live->epoll, events, 256, 50);
        for (int i = 0; i < count; i++) {
            struct viewer *viewer = &live->viewers[events[i].data.u32];
            ssize_t n = recv(viewer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
            if (n > 0) {
                take_bytes(live, viewer, bytes, (size_t)n);
            } else if (n == 0 || errno != EAGAIN) { /* nobody said goodbye */
                atomic_fetch_add(&live->wrong, 1);
                epoll_ctl(live->epoll, EPOLL_CTL_DEL, viewer->fd, NULL);
            }
        }
    }
    return NULL;
}

/* Asks, and waits until it is a viewer: the head has come. */
static bool viewer_open(struct live *live, unsigned number)
{
    struct viewer *viewer = &live->viewers[number];
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)live->ingest.server.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    char request[256], answer[16] = "";
    int len = snprintf(request, sizeof(request),
        "GET /api/share/%s/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
        live->ingest.writers[0].credentials.id);
    viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    viewer->seen = live->ingest.writers[0].acknowledged + 1;
    return (viewer->fd >= 0 && connect(viewer->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
               send(viewer->fd, request, (size_t)len, MSG_NOSIGNAL) == len &&
               recv(viewer->fd, answer, 12, MSG_PEEK | MSG_WAITALL) == 12 &&
               memcmp(answer + 8, " 200", 4) == 0 &&
               epoll_ctl(live->epoll, EPOLL_CTL_ADD, viewer->fd, &event) == 0) ||
           bench_fail("live: viewer %u isn't let in: %s", number, answer);
}

/* ---- the writer ---- */

static void request(void *ctx, unsigned connection, struct buf *out)
{
    struct live *live = ctx;
    uint64_t sequence = live->ingest.writers[0].sent + 2;
    size_t envelope = sizeof("{\"secret\":\"\",\"data\":}") - 1 + SL_SECRET_BYTES;
    size_t body = bodies_get(&live->ingest.bodies, live->ingest.writers[0].sent).len;
    ingest_request(&live->ingest, connection, out);
    if (sequence >= SYNCS_MAX) return;
    live->data_bytes[sequence] = body - envelope;
    atomic_store(&live->sent_ns[sequence], clock_ns());
}

static bool answer(void *ctx, unsigned connection, int status, struct sl_span body)
{
    return ingest_answer(&((struct live *)ctx)->ingest, connection, status, body);
}

/* So many syncs a second; their latency goes into live->sync. */
static bool sync_for(struct live *live, unsigned rate, uint64_t ns)
{
    struct load load = {.port = live->ingest.server.port,
        .connections = 1,
        .rate = rate,
        .warm_up_ns = SECOND / 2,
        .measure_ns = ns,
        .request = request,
        .answer = answer,
        .ctx = live};
    struct load_outcome outcome;
    live->first = live->ingest.writers[0].sent + 2 + rate / 2; /* behind the warm-up */
    histogram_clear(live->sync);
    if (!load_run(&load, &outcome)) return false;
    bool good = (outcome.failed == 0 && outcome.late == 0) ||
                bench_fail("live: %llu syncs failed, %llu were late",
                    (unsigned long long)outcome.failed, (unsigned long long)outcome.late);
    histogram_merge(live->sync, outcome.latency);
    load_outcome_fini(&outcome);
    return good;
}

static bool open_viewers(struct live *live, unsigned count)
{
    live->count = count;
    live->viewers = calloc(count, sizeof(*live->viewers));
    live->epoll = epoll_create1(EPOLL_CLOEXEC);
    atomic_store(&live->stop, false);
    atomic_store(&live->delivered, 0);
    if (!live->viewers || pthread_create(&live->thread, NULL, view, live) != 0) abort();
    for (unsigned i = 0; i < count; i++)
        live->viewers[i].fd = -1;
    for (unsigned i = 0; i < count; i++)
        if (!viewer_open(live, i)) return false;
    return true;
}

static void close_viewers(struct live *live)
{
    atomic_store(&live->stop, true);
    pthread_join(live->thread, NULL);
    for (unsigned i = 0; i < live->count; i++)
        if (live->viewers[i].fd >= 0) close(live->viewers[i].fd);
    close(live->epoll);
    free(live->viewers);
}

/* Every viewer saw every sync, whole and in order. */
static bool all_seen(struct live *live, uint64_t before)
{
    uint64_t syncs = live->ingest.writers[0].acknowledged, want = (syncs - before) * live->count;
    for (uint64_t until = clock_ns() + 5 * SECOND;
         atomic_load(&live->delivered) < want && clock_ns() < until;)
        usleep(10000);
    unsigned wrong = atomic_load(&live->wrong);
    for (unsigned i = 0; i < live->count; i++)
        wrong += live->viewers[i].seen != syncs + 1;
    return (wrong == 0 && atomic_load(&live->delivered) == want) ||
           bench_fail("live: %llu of %llu events came, %u of them or their viewers wrong",
               (unsigned long long)atomic_load(&live->delivered), (unsigned long long)want, wrong);
}

/* So many syncs a second before so many viewers, into live->sync and live->delivery. */
static bool with_viewers(struct live *live, unsigned count, unsigned rate, uint64_t ns)
{
    uint64_t before = live->ingest.writers[0].acknowledged;
    bench_tell("live: %u viewers, %u syncs a second", count, rate);
    histogram_clear(live->delivery);
    bool good = open_viewers(live, count) && sync_for(live, rate, ns) && all_seen(live, before);
    close_viewers(live);
    return good;
}

/* ---- the part ---- */

static void let_in_many(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files); /* the server that is started has it from here */
}

/* What the goals are about. */
static bool against_none(struct live *live, unsigned count)
{
    struct bench *bench = live->ingest.bench;
    uint64_t ns = bench_pick(bench, 2, 15, 30) * SECOND;
    char text[64];
    bench_tell("live: no viewers");
    if (!sync_for(live, RATE, ns)) return false;
    histogram_record(bench, "live.unviewed", live->sync);
    uint64_t before = server_rss(&live->ingest.server, false);
    if (!with_viewers(live, count, RATE, ns)) return false;
    uint64_t after = server_rss(&live->ingest.server, false);
    histogram_record(bench, "live.viewed", live->sync);
    histogram_record(bench, "live.delivery", live->delivery);
    figure_add(bench, "live.viewer_bytes", "B", BETTER_LOW,
        after > before ? (double)(after - before) / count : 0);
    snprintf(text, sizeof(text), "p99 of a sync, %u viewers, against none", count);
    goal_add(bench, text, "live.viewed.p99", "live.unviewed.p99", false, 2);
    goal_add(bench, "p99 from sending a sync until a viewer has it", "live.delivery.p99", NULL,
        false, 50000);
    return true;
}

/* Viewers by rates, as curves. */
static bool by_rate(struct live *live, unsigned most)
{
    static const unsigned rates[] = {5, 10, 20};
    struct bench *bench = live->ingest.bench;
    uint64_t ns = bench_pick(bench, 1, 2, 4) * SECOND;
    char name[64];
    for (unsigned count = most / 100; count <= most; count *= 10)
        for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
            if (!with_viewers(live, count, rates[i], ns)) return false;
            snprintf(name, sizeof(name), "live.sync_p99_%u_viewers.by_rate", count);
            series_add(bench, name, rates[i], (double)histogram_at(live->sync, 0.99) / 1000);
            snprintf(name, sizeof(name), "live.delivery_p99_%u_viewers.by_rate", count);
            series_add(bench, name, rates[i], (double)histogram_at(live->delivery, 0.99) / 1000);
        }
    return true;
}

static bool run(struct bench *bench)
{
    struct live *live = calloc(1, sizeof(*live));
    unsigned count = (unsigned)bench_pick(bench, 100, 1000, 1000);
    if (!live) abort();
    let_in_many();
    live->sync = histogram_create();
    live->delivery = histogram_create();
    bool good = ingest_start(bench, &shape_2k, 1, "live", &live->ingest);
    if (good) {
        good = against_none(live, count) && by_rate(live, count);
        good = ingest_finish(&live->ingest, good && ingest_proved(&live->ingest));
    }
    histogram_destroy(live->sync);
    histogram_destroy(live->delivery);
    free(live);
    return good;
}

const struct part part_live = {
    "live", "viewers of one share: what they cost a sync, how soon they see it", run};
