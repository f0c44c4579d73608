/* Logs are looked at one after the other. A thread waits for the signals that stop it, and lets the
   look under way end; a single look has none, and a signal ends the process. */

#include "tools/watch/monitor.h"

#include "core/base/clock.h"
#include "tools/ask/client.h"
#include "tools/serve/serve_signals.h"
#include "tools/shared/term.h"
#include "tools/watch/log_look.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define PAUSE_MS 200

struct monitor {
    const struct monitor_setup *setup;
    struct state_dir dir;
    struct watched watched;
    atomic_bool stopped; /* a signal came */
    atomic_bool give_up; /* the look under way ends */
};

static void *watch_signals(void *ctx)
{
    struct monitor *monitor = ctx;
    serve_wait();
    atomic_store(&monitor->stopped, true);
    atomic_store(&monitor->give_up, true);
    return NULL;
}

/* Something that is wrong outweighs something that couldn't be looked at. */
static int worse(int a, int b)
{
    if (a == EXIT_NO || b == EXIT_NO) return EXIT_NO;
    return a != EXIT_YES ? a : b;
}

static int look_at_all(struct monitor *monitor)
{
    int code = EXIT_YES;
    for (size_t i = 0; i < monitor->watched.count; i++) {
        atomic_store(&monitor->give_up, false); /* cleared first: a signal may come in between */
        if (atomic_load(&monitor->stopped)) break;
        code = worse(code, log_look(&monitor->dir, &monitor->watched.logs[i], monitor->setup->json,
                               &monitor->give_up));
    }
    return code;
}

static void pause_until(const struct monitor *monitor, uint64_t until_ms)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    while (!atomic_load(&monitor->stopped) && clock_ms() < until_ms)
        nanosleep(&pause, NULL);
}

static int look_again_and_again(struct monitor *monitor)
{
    pthread_t thread;
    serve_block_signals();
    if (pthread_create(&thread, NULL, watch_signals, monitor) != 0)
        return fail("monitor: no thread: %s", strerror(errno));
    while (!atomic_load(&monitor->stopped)) {
        uint64_t begun_ms = clock_ms();
        look_at_all(monitor);
        pause_until(monitor, begun_ms + monitor->setup->every_s * 1000);
    }
    pthread_join(thread, NULL);
    return EXIT_YES;
}

int monitor_run(const struct monitor_setup *setup)
{
    struct monitor monitor = {.setup = setup, .dir = {.lock = -1}};
    int code = EXIT_WRONG;
    client_global_init();
    if (watched_read(setup->config, &monitor.watched)) {
        if (state_dir_open("monitor", setup->state, &monitor.dir))
            code = setup->every_s ? look_again_and_again(&monitor) : look_at_all(&monitor);
        state_dir_close(&monitor.dir);
        watched_free(&monitor.watched);
    }
    return code;
}
