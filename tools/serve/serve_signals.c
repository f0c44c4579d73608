/* SIGTERM, SIGINT and SIGHUP are taken by sigwait, so that no code runs in a handler. */

#include "tools/serve/serve_signals.h"

#include "tools/shared/term.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Behind the deadline of the HTTP part: for the store to finish what is queued and close. */
#define CLOSE_GRACE_MS 5000

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void serve_block_signals(void)
{
    sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void serve_wait(void)
{
    sigset_t set = stop_signals();
    int got;
    while (sigwait(&set, &got) != 0)
        continue;
}

static void *watch(void *ctx)
{
    const struct timespec *wait = ctx;
    sigset_t set = stop_signals();
    int got;
    do {
        got = sigtimedwait(&set, NULL, wait);
    } while (got < 0 && errno == EINTR);
    fail(got > 0 ? "leaving at once" : "couldn't stop in time; leaving");
    _exit(2);
}

void serve_watch(unsigned stop_ms)
{
    static struct timespec wait; /* it outlives every caller */
    unsigned ms = stop_ms + CLOSE_GRACE_MS;
    pthread_t thread;
    wait = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (pthread_create(&thread, NULL, watch, &wait) == 0)
        pthread_detach(thread);
    else
        alarm(ms / 1000 + 1); /* SIGALRM ends the process */
}
