/* The functions that CivetWeb finds here in place of the system's (socket.h says why), and what
 * they know of each worker thread. On other threads they do what the system's own do. A descriptor
 * that can't be duplicated (socket_take, socket_listener_replace) is SL_IO, and the connection or
 * listener stays as it was. Fortified headers would define recv themselves, so fortification is off
 * in this file alone. */
#undef _FORTIFY_SOURCE

#include "http/edge/socket.h"

#include "core/base/clock.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A handler reads from RocksDB (37 KB of stack in the worst case) and compresses; sanitizers need
   several times more. Pages that are never touched cost nothing. */
#define WORKER_STACK_BYTES ((size_t)1 << 20)

/* The first read of a request takes in its head and, of most, all of its body. The rest of a larger
 * body is received where it stays. In one read of CivetWeb's own size it would go through the
 * buffer for heads, be copied from there, and each of a thousand threads would come to hold 32 KiB.
 */
#define FIRST_BYTES ((size_t)8192)

/* A worker thread and the connection it serves. */
struct worker {
    bool active;         /* this thread is CivetWeb's worker */
    bool taken;          /* the connection is somebody else's now */
    bool broken;         /* the connection is to end in a reset */
    int fd;              /* -1 before the connection's first recv */
    uint64_t arrived_us; /* 0 before the request's first byte */
    /* the pace of a body: what came since the span began */
    bool paced, late;
    size_t pace_bytes_per_s, span_bytes;
    uint64_t pace_grace_ms, span_began_ms;
    struct worker *next, *prev; /* connections that can be woken, under `open_mutex` */
};

static _Thread_local struct worker worker = {.fd = -1};
static _Thread_local bool noting_listeners;
static _Thread_local int noted[SOCKET_LISTENERS];
static _Thread_local size_t noted_count;

static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct worker *open_workers;

static ssize_t system_recv(int fd, void *bytes, size_t len, int flags)
{
    return syscall(SYS_recvfrom, fd, bytes, len, flags, NULL, NULL);
}

static int system_shutdown(int fd, int how)
{
    return (int)syscall(SYS_shutdown, fd, how);
}

/* ---- connections that can be woken ---- */

static void open_link(int fd)
{
    assert(worker.active && worker.fd < 0 && fd >= 0);
    pthread_mutex_lock(&open_mutex);
    worker.fd = fd;
    worker.prev = NULL;
    worker.next = open_workers;
    if (open_workers) open_workers->prev = &worker;
    open_workers = &worker;
    pthread_mutex_unlock(&open_mutex);
}

/* Before the descriptor is closed, so that nobody wakes a descriptor that is another connection's
 * by then. */
static void open_unlink(void)
{
    if (worker.fd < 0) return;
    pthread_mutex_lock(&open_mutex);
    if (worker.prev) worker.prev->next = worker.next;
    if (worker.next) worker.next->prev = worker.prev;
    if (open_workers == &worker) open_workers = worker.next;
    worker.next = worker.prev = NULL;
    pthread_mutex_unlock(&open_mutex);
}

void socket_wake_idle(void)
{
    pthread_mutex_lock(&open_mutex);
    for (struct worker *w = open_workers; w; w = w->next)
        system_shutdown(w->fd, SHUT_RD);
    pthread_mutex_unlock(&open_mutex);
}

/* ---- CivetWeb's callbacks ---- */

static void worker_reset(void)
{
    worker.taken = worker.broken = worker.paced = worker.late = false;
    worker.fd = -1;
    worker.arrived_us = 0;
}

void socket_worker_begin(void)
{
    worker_reset();
    worker.active = true;
}

void socket_worker_end(void)
{
    worker.active = false;
}

void socket_connection_begin(void)
{
    worker_reset();
}

void socket_connection_close(void)
{
    open_unlink();
}

void socket_connection_closed(void)
{
    worker_reset();
}

uint64_t socket_arrived_us(void)
{
    return worker.arrived_us ? worker.arrived_us : clock_real_us();
}

void socket_request_end(void)
{
    worker.arrived_us = 0;
}

/* ---- a connection's end ---- */

enum sl_result socket_take(int *fd, struct sl_err *err)
{
    if (!worker.active || worker.fd < 0 || worker.taken)
        return sl_fail(err, SL_IO, "no connection to take over");
    int copy = fcntl(worker.fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return sl_fail(err, SL_IO, "take over a connection: %s", strerror(errno));
    worker.taken = true;
    *fd = copy;
    return SL_OK;
}

bool socket_taken(void)
{
    return worker.taken;
}

void socket_break(void)
{
    if (worker.fd < 0 || worker.taken) return;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(worker.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    worker.broken = true;
}

void socket_linger(unsigned timeout_ms, size_t max_bytes)
{
    if (worker.fd < 0 || worker.taken || worker.broken) return;
    char dropped[4096];
    uint64_t until = clock_ms() + timeout_ms;
    if (system_shutdown(worker.fd, SHUT_WR) != 0) return;
    for (size_t total = 0; total < max_bytes;) {
        uint64_t now = clock_ms();
        struct pollfd wait = {.fd = worker.fd, .events = POLLIN};
        if (now >= until || poll(&wait, 1, (int)(until - now)) <= 0) return;
        ssize_t n = system_recv(worker.fd, dropped, sizeof(dropped), MSG_DONTWAIT);
        if (n <= 0) return;
        total += (size_t)n;
    }
}

/* ---- pace ---- */

void socket_pace_begin(size_t bytes_per_s, unsigned grace_ms)
{
    worker.paced = true;
    worker.late = false;
    worker.pace_bytes_per_s = bytes_per_s;
    worker.pace_grace_ms = grace_ms;
    worker.span_bytes = 0;
    worker.span_began_ms = clock_ms();
}

bool socket_pace_kept(void)
{
    if (!worker.paced || worker.late) return !worker.late;
    uint64_t now = clock_ms(), span_ms = now - worker.span_began_ms;
    if (span_ms < worker.pace_grace_ms) return true;
    if (worker.span_bytes < worker.pace_bytes_per_s * span_ms / 1000) {
        worker.late = true;
        return false;
    }
    worker.span_began_ms = now;
    worker.span_bytes = 0;
    return true;
}

void socket_pace_end(void)
{
    worker.paced = false;
}

/* ---- listening ---- */

void socket_listeners_begin(void)
{
    noting_listeners = true;
    noted_count = 0;
}

size_t socket_listeners_end(int fds[SOCKET_LISTENERS])
{
    assert(noting_listeners);
    noting_listeners = false;
    memcpy(fds, noted, noted_count * sizeof(*fds));
    return noted_count;
}

enum sl_result socket_listener_replace(int listener, struct socket_bell *bell, struct sl_err *err)
{
    struct socket_bell made = {.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .listener = fcntl(listener, F_DUPFD_CLOEXEC, 0)};
    if (made.event >= 0 && made.listener >= 0) {
        system_shutdown(listener, SHUT_RDWR);
        if (syscall(SYS_dup3, made.event, listener, O_CLOEXEC) >= 0) {
            *bell = made;
            return SL_OK;
        }
    }
    int code = errno;
    socket_bell_close(&made);
    return sl_fail(err, SL_IO, "replace a listener: %s", strerror(code));
}

void socket_bell_ring(const struct socket_bell *bell)
{
    uint64_t one = 1;
    ssize_t n = write(bell->event, &one, sizeof(one));
    (void)n; /* full is ringing too */
    /* A poll that began before the replacement sleeps on the old socket, and looks at the new
     * descriptor once it is woken. Shutting the old socket down again wakes it, though that socket
     * is shut already. */
    system_shutdown(bell->listener, SHUT_RDWR);
}

void socket_bell_close(const struct socket_bell *bell)
{
    if (bell->event >= 0) close(bell->event);
    if (bell->listener >= 0) close(bell->listener);
}

/* ---- what CivetWeb finds in place of the system's ---- */

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    if (!worker.active) return system_recv(fd, bytes, len, flags);
    if (worker.taken && fd == worker.fd) return 0;
    if (worker.paced && !socket_pace_kept()) {
        errno = ETIMEDOUT;
        return -1;
    }
    if (worker.fd < 0) open_link(fd);
    if (!worker.arrived_us && len > FIRST_BYTES) len = FIRST_BYTES;
    ssize_t n = system_recv(fd, bytes, len, flags);
    if (n > 0 && fd == worker.fd) {
        worker.span_bytes += (size_t)n;
        if (!worker.arrived_us) worker.arrived_us = clock_real_us();
    }
    return n;
}

int shutdown(int fd, int how)
{
    if (worker.active && fd == worker.fd && (worker.taken || worker.broken)) return 0;
    return system_shutdown(fd, how);
}

int listen(int fd, int backlog)
{
    int result = (int)syscall(SYS_listen, fd, backlog);
    if (result == 0 && noting_listeners && noted_count < SOCKET_LISTENERS)
        noted[noted_count++] = fd;
    return result;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t bytes)
{
    static int (*_Atomic system_setstacksize)(pthread_attr_t *, size_t);
    int (*next)(pthread_attr_t *, size_t) =
        atomic_load_explicit(&system_setstacksize, memory_order_relaxed);
    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "pthread_attr_setstacksize");
        memcpy(&next, &symbol, sizeof(next)); /* ISO C knows no cast from an object to a function */
        atomic_store_explicit(&system_setstacksize, next, memory_order_relaxed);
    }
    return next(attr, bytes < WORKER_STACK_BYTES ? WORKER_STACK_BYTES : bytes);
}
