/* The load generator: many connections, one thread, one epoll, no waiting for any single one.

   It runs on the caller's thread. One is enough: it sends and reads back more than 100,000 requests
   a second on the machines that this is for, several times what a durable server answers; `busy`
   says when that isn't so. A second thread would take from the server what it gave. */

#include "bench/suite/load_wire.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define EVENTS 128
#define READ_BYTES (64 * 1024)
/* Behind the window: what is due in it may still be sent for so long before it is late, … */
#define GRACE_NS (SECOND / 10)
/* … and what was sent may still be answered for so long before it failed. */
#define DRAIN_NS (20 * SECOND)
/* Connections that broke one behind the other, without an answer between: the server is gone. */
#define BROKEN_MAX 1000

struct connection {
    int fd;
    unsigned number;
    bool busy;      /* its request is under way */
    bool wants_out; /* part of the request couldn't be sent yet */
    bool counts;
    struct buf out, in;
    size_t out_at;
    struct answer answer;
    uint64_t due_ns, sent_ns;
};

struct generator {
    const struct load *load;
    answer_reader reader;
    struct load_outcome *outcome;
    struct connection *connections;
    unsigned *idle; /* a ring of those that may be used, the longest idle first */
    unsigned idle_at, idle_count, under_way, broken;
    int epoll;
    uint64_t start_ns, from_ns, until_ns;
    uint64_t next; /* open: the next request's number */
    uint64_t cpu_from, wall_from, cpu_until, wall_until;
};

/* ---- a connection ---- */

static void hang_up(struct connection *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->wants_out = false;
    buf_clear(&c->in);
}

/* Doesn't wait for the other side: what is sent before it agreed is kept by `flush`. */
static bool dial(struct generator *g, struct connection *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)g->load->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = c->number};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if ((connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(g->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
        hang_up(c);
        return false;
    }
    return true;
}

static void put_idle(struct generator *g, struct connection *c)
{
    assert(!c->busy && g->idle_count < g->load->connections);
    g->idle[(g->idle_at + g->idle_count++) % g->load->connections] = c->number;
}

static struct connection *take_idle(struct generator *g)
{
    assert(g->idle_count > 0);
    struct connection *c = &g->connections[g->idle[g->idle_at]];
    g->idle_at = (g->idle_at + 1) % g->load->connections;
    g->idle_count--;
    return c;
}

static void want_out(struct generator *g, struct connection *c, bool want)
{
    struct epoll_event event = {
        .events = want ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u32 = c->number};
    if (c->wants_out == want) return;
    c->wants_out = want;
    epoll_ctl(g->epoll, EPOLL_CTL_MOD, c->fd, &event);
}

/* Send what the socket takes. False: the connection is broken. */
static bool flush(struct generator *g, struct connection *c)
{
    while (c->out_at < c->out.len) {
        ssize_t n = send(c->fd, c->out.ptr + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (n < 0) return false;
        c->out_at += (size_t)n;
    }
    want_out(g, c, c->out_at < c->out.len);
    return true;
}

/* ---- a request and its answer ---- */

static bool in_window(const struct generator *g, uint64_t ns)
{
    return ns >= g->from_ns && ns < g->until_ns;
}

static void tell_failure(const struct answer *answer, bool answered)
{
    struct sl_span body = answer->body;
    char text[100];
    size_t len = body.len < sizeof(text) ? body.len : sizeof(text);
    for (size_t i = 0; i < len; i++)
        text[i] = body.ptr[i] < ' ' ? ' ' : body.ptr[i];
    if (answered)
        bench_fail("load: an answer is wrong: status %d, %.*s", answer->status, (int)len, text);
    else
        bench_fail("load: a connection broke before its answer was there");
}

/* It is over, answered or not. */
static void end_request(struct generator *g, struct connection *c, bool answered)
{
    struct load_outcome *outcome = g->outcome;
    uint64_t now = clock_ns();
    assert(c->busy && g->under_way > 0);
    /* closed: what is answered within the window; open: what is due in it, however late it is
       answered, or slowness would drop out of the figure */
    bool counts = in_window(g, g->load->rate > 0 ? c->due_ns : now);
    bool good =
        answered && g->load->answer(g->load->ctx, c->number, c->answer.status, c->answer.body);
    c->busy = false;
    g->under_way--;
    if (!good) {
        if (outcome->failed == 0) tell_failure(&c->answer, answered);
        outcome->failed++; /* in the warm-up too: none may */
    } else if (counts) {
        outcome->answered++;
        outcome->bytes_out += c->out.len;
        outcome->bytes_in += c->answer.used;
        histogram_add(outcome->latency, now - c->due_ns);
        histogram_add(outcome->service, now - c->sent_ns);
        size_t second = (size_t)((now - g->from_ns) / SECOND);
        if (second < outcome->per_second_count) outcome->per_second[second]++;
    }
    if (answered) g->broken = 0;
}

static void broke(struct generator *g, struct connection *c)
{
    hang_up(c);
    g->broken++;
    if (!c->busy) return;
    end_request(g, c, false);
    put_idle(g, c);
}

static void begin_request(struct generator *g, struct connection *c, uint64_t due_ns)
{
    assert(!c->busy);
    buf_clear(&c->out);
    g->load->request(g->load->ctx, c->number, &c->out);
    if (c->out.failed) abort();
    c->out_at = 0;
    c->answer = (struct answer){0};
    c->busy = true;
    g->under_way++;
    c->sent_ns = clock_ns();
    c->due_ns = due_ns ? due_ns : c->sent_ns;
    if (in_window(g, c->due_ns)) g->outcome->sent++;
    if ((c->fd < 0 && !dial(g, c)) || !flush(g, c)) broke(g, c);
}

/* Take an answer out of what has come, if it is whole. False: that is none. */
static bool take_answer(struct generator *g, struct connection *c, bool ended)
{
    enum answer_state state = g->reader(&c->in, &c->answer, ended);
    if (state == ANSWER_MORE) return !ended;
    if (state == ANSWER_BROKEN) return false;
    bool closes = c->answer.closes || ended;
    size_t used = c->answer.used;
    assert(used <= c->in.len);
    end_request(g, c, true);
    if (closes) {
        hang_up(c);
    } else {
        c->in.len -= used;
        if (c->in.len) memmove(c->in.ptr, c->in.ptr + used, c->in.len);
    }
    put_idle(g, c);
    return true;
}

static void receive(struct generator *g, struct connection *c)
{
    for (;;) {
        if (!buf_reserve(&c->in, READ_BYTES)) abort();
        ssize_t n = recv(c->fd, c->in.ptr + c->in.len, READ_BYTES, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n > 0) c->in.len += (size_t)n;
        /* a server may let go of an idle connection */
        if (n <= 0 && !c->busy) {
            hang_up(c);
            return;
        }
        if (c->busy && !take_answer(g, c, n <= 0)) {
            broke(g, c);
            return;
        }
        if (n < READ_BYTES || c->fd < 0) return;
    }
}

/* ---- a run ---- */

static uint64_t due_of(const struct generator *g, uint64_t n)
{
    return g->start_ns + (uint64_t)((double)n * 1e9 / g->load->rate);
}

/* Send what is to be sent now; returns when there is more to do though nothing comes in. */
static uint64_t send_due(struct generator *g, uint64_t now)
{
    if (g->load->rate <= 0) {
        while (g->idle_count && now < g->until_ns && g->broken < BROKEN_MAX) {
            begin_request(g, take_idle(g), 0);
            now = clock_ns();
        }
        return g->until_ns + DRAIN_NS;
    }
    for (;;) {
        uint64_t due = due_of(g, g->next);
        if (due >= g->until_ns || now >= g->until_ns + GRACE_NS) return g->until_ns + DRAIN_NS;
        if (due > now) return due;
        if (!g->idle_count || g->broken >= BROKEN_MAX) return g->until_ns + GRACE_NS;
        g->next++;
        begin_request(g, take_idle(g), due);
        now = clock_ns();
    }
}

static bool finished(const struct generator *g, uint64_t now)
{
    if (now < g->until_ns) return false;
    if (now >= g->until_ns + DRAIN_NS) return true;
    if (g->load->rate > 0 && now < g->until_ns + GRACE_NS && due_of(g, g->next) < g->until_ns)
        return false;
    return g->under_way == 0;
}

static void watch_cpu(struct generator *g, uint64_t now)
{
    if (!g->wall_from && now >= g->from_ns) {
        g->wall_from = now;
        g->cpu_from = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    }
    if (!g->wall_until && now >= g->until_ns) {
        g->wall_until = now;
        g->cpu_until = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    }
}

static void take_event(struct generator *g, const struct epoll_event *event)
{
    struct connection *c = &g->connections[event->data.u32];
    if (c->fd < 0) return;
    if (event->events & EPOLLOUT && c->busy && !flush(g, c)) {
        broke(g, c);
        return;
    }
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(g, c);
}

static bool drive(struct generator *g)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        uint64_t now = clock_ns();
        watch_cpu(g, now);
        if (finished(g, now)) return true;
        if (g->broken >= BROKEN_MAX)
            return bench_fail("load: the server answers no more (port %u)", g->load->port);
        uint64_t wake = send_due(g, now);
        now = clock_ns();
        if (now < g->until_ns && wake > g->until_ns) wake = g->until_ns;
        uint64_t wait = wake > now ? wake - now : 0;
        struct timespec timeout = {(time_t)(wait / SECOND), (long)(wait % SECOND)};
        int count = epoll_pwait2(g->epoll, events, EVENTS, &timeout, NULL);
        if (count < 0 && errno != EINTR)
            return bench_fail("load: epoll_pwait2: %s", strerror(errno));
        for (int i = 0; i < count; i++)
            take_event(g, &events[i]);
    }
}

static void reckon(struct generator *g)
{
    struct load_outcome *outcome = g->outcome;
    outcome->seconds = (double)(g->until_ns - g->from_ns) / 1e9;
    outcome->failed += g->under_way;
    if (g->under_way)
        bench_fail("load: %u requests weren't answered within %d s", g->under_way,
            (int)(DRAIN_NS / SECOND));
    if (g->load->rate > 0)
        for (uint64_t due; (due = due_of(g, g->next)) < g->until_ns; g->next++)
            outcome->late += due >= g->from_ns;
    if (g->wall_until > g->wall_from)
        outcome->busy =
            (double)(g->cpu_until - g->cpu_from) / (double)(g->wall_until - g->wall_from);
}

static bool prepare(struct generator *g)
{
    unsigned count = g->load->connections;
    struct load_outcome *outcome = g->outcome;
    *outcome = (struct load_outcome){.latency = histogram_create(), .service = histogram_create()};
    outcome->per_second_count = (size_t)((g->load->measure_ns + SECOND - 1) / SECOND);
    outcome->per_second = calloc(outcome->per_second_count + 1, sizeof(*outcome->per_second));
    g->connections = calloc(count, sizeof(*g->connections));
    g->idle = calloc(count, sizeof(*g->idle));
    if (!outcome->latency || !outcome->service || !outcome->per_second || !g->connections ||
        !g->idle)
        abort();
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (g->epoll < 0) return bench_fail("load: epoll_create1: %s", strerror(errno));
    for (unsigned i = 0; i < count; i++) {
        g->connections[i] = (struct connection){.fd = -1, .number = i};
        if (!dial(g, &g->connections[i]))
            return bench_fail("load: connection %u: %s", i, strerror(errno));
        put_idle(g, &g->connections[i]);
    }
    return true;
}

static void clean_up(struct generator *g)
{
    for (unsigned i = 0; g->connections && i < g->load->connections; i++) {
        hang_up(&g->connections[i]);
        buf_fini(&g->connections[i].out);
        buf_fini(&g->connections[i].in);
    }
    if (g->epoll >= 0) close(g->epoll);
    free(g->connections);
    free(g->idle);
}

bool load_run_wire(const struct load *load, answer_reader reader, struct load_outcome *outcome)
{
    struct generator g = {.load = load, .reader = reader, .outcome = outcome, .epoll = -1};
    /* sleep to the microsecond: what is due is due then */
    int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    bool good = prepare(&g);
    if (good) {
        prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
        g.start_ns = clock_ns();
        g.from_ns = g.start_ns + load->warm_up_ns;
        g.until_ns = g.from_ns + load->measure_ns;
        good = drive(&g);
        if (good) reckon(&g);
        prctl(PR_SET_TIMERSLACK, (unsigned long)(slack > 0 ? slack : 0), 0, 0, 0);
    }
    clean_up(&g);
    if (!good) load_outcome_fini(outcome);
    return good;
}

bool load_run(const struct load *load, struct load_outcome *outcome)
{
    return load_run_wire(load, http_answer, outcome);
}

void load_outcome_fini(struct load_outcome *outcome)
{
    histogram_destroy(outcome->latency);
    histogram_destroy(outcome->service);
    free(outcome->per_second);
    *outcome = (struct load_outcome){0};
}

/* ---- what is recorded of it ---- */

bool load_record(
    struct bench *bench, const char *name, enum better better, const struct load_outcome *outcome)
{
    char rate[128];
    if (outcome->failed > 0 || outcome->answered == 0)
        return bench_fail("%s: %llu requests failed, %llu were answered", name,
            (unsigned long long)outcome->failed, (unsigned long long)outcome->answered);
    snprintf(rate, sizeof(rate), "%s.rate", name);
    figure_add(bench, rate, "1/s", better, (double)outcome->answered / outcome->seconds);
    histogram_record(bench, name, outcome->latency);
    return true;
}

void load_record_seconds(struct bench *bench, const char *name, const struct load_outcome *outcome)
{
    char full[128];
    snprintf(full, sizeof(full), "%s.per_second", name);
    for (size_t i = 0; i < outcome->per_second_count; i++)
        series_add(bench, full, (double)i, (double)outcome->per_second[i]);
}
