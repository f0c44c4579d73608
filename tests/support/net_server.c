/* A server of a test's own. */

#include "tests/support/net_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A sanitized server on two busy cores takes its time. */
/* How long a process may take to start, to stop, to run: minutes, which say that it hangs. */
#define PROCESS_MS 1800000
#define WATCHDOG_S 7200
#define WORDS 24

/* ---- time and chance ---- */

uint64_t net_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void net_pause_ms(unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

void net_wait(uint64_t *since)
{
    uint64_t now = net_now_ms();
    if (*since == 0) *since = now;
    if (now - *since > NET_WAIT_MS) fail_msg("it didn't come in %d s", NET_WAIT_MS / 1000);
    net_pause_ms(5);
}

unsigned net_rounds(void)
{
    const char *text = getenv("SL_TEST_ROUNDS");
    long rounds = text ? strtol(text, NULL, 10) : 1;
    return rounds < 1 ? 1 : (unsigned)rounds;
}

uint64_t net_seed(void)
{
    static uint64_t seed;
    if (seed) return seed;
    const char *text = getenv("SL_TEST_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = text ? strtoull(text, NULL, 10)
                : (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec + (uint64_t)getpid();
    if (seed == 0) seed = 1;
    print_message("SL_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

uint64_t net_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void hangs(int signal_number)
{
    static const char text[] = "the test hangs: given up by its watchdog\n";
    (void)signal_number;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) _exit(4);
    _exit(3);
}

void net_watchdog(void)
{
    signal(SIGALRM, hangs);
    signal(SIGPIPE, SIG_IGN);
    alarm(WATCHDOG_S);
}

/* ---- folders ---- */

#define DIRS 16
static char dirs[DIRS][64]; /* made and not yet removed */

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void remove_dir(char *dir)
{
    if (dir[0]) nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    dir[0] = 0;
}

/* What a failed test leaves behind goes when the program ends. (Its server may still write: by then
   nobody else waits for it.) */
static void remove_all(void)
{
    for (int i = 0; i < DIRS; i++)
        remove_dir(dirs[i]);
}

static void make_dir(char dir[64])
{
    static bool registered;
    if (!registered) registered = atexit(remove_all) == 0;
    strcpy(dir, "/tmp/sharelog-api-XXXXXX");
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < DIRS; i++)
        if (!dirs[i][0]) {
            strcpy(dirs[i], dir);
            break;
        }
}

static void forget_dir(const char *dir)
{
    for (int i = 0; i < DIRS; i++)
        if (strcmp(dirs[i], dir) == 0) remove_dir(dirs[i]);
}

/* ---- processes ---- */

static const char *binary(void)
{
    const char *path = getenv("SL_BIN");
    if (!path) fail_msg("SL_BIN is not set: tests/run sets it");
    return path;
}

/* `words` ends with NULL; standard output comes through *out. */
static pid_t spawn(const char *const *words, int *out)
{
    int ends[2];
    pid_t parent = getpid();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        dup2(ends[1], STDOUT_FILENO);
        setenv("SHARELOG_OWNER_KEY", NET_OWNER, 1);
        setenv("SHARELOG_NAMESPACE", NET_NAMESPACE, 1);
        execv(words[0], (char *const *)(uintptr_t)words); /* it doesn't change them */
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    return pid;
}

/* The exit code, or 128 and the signal; -1: still running after that time, and killed. */
static int reap(pid_t pid, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    int status;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (got < 0 && errno != EINTR) return -1;
        if (net_now_ms() >= until) break;
        net_pause_ms(1);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

/* Read until `stop` is found in what came, the end, or the deadline. */
static size_t read_text(int fd, char *text, size_t cap, const char *stop, unsigned timeout_ms)
{
    uint64_t until = net_now_ms() + timeout_ms;
    size_t len = 0;
    text[0] = 0;
    while (len + 1 < cap && !(stop && strstr(text, stop))) {
        uint64_t now = net_now_ms();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (now >= until || poll(&ready, 1, (int)(until - now)) == 0) break;
        ssize_t n = read(fd, text + len, cap - 1 - len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        len += (size_t)n;
        text[len] = 0;
    }
    return len;
}

/* ---- the server ---- */

static pid_t spawn_server(const struct net_server *server, int *out)
{
    const char *words[WORDS] = {binary(), server->witness ? "witness" : "serve",
        server->witness ? "--state" : "--data", server->dir, "--listen", "127.0.0.1:0"};
    size_t count = 6;
    for (size_t i = 0; server->flags[i]; i++)
        words[count++] = server->flags[i];
    assert_int_equal(server->pid, 0);
    return spawn(words, out);
}

void net_server_start(struct net_server *server)
{
    char line[256];
    int out;
    server->pid = spawn_server(server, &out);
    read_text(out, line, sizeof(line), "\n", PROCESS_MS);
    close(out);
    if (sscanf(line, "listening on http://127.0.0.1:%u", &server->port) != 1) {
        net_server_kill(server);
        fail_msg("the server didn't start: %s", line);
    }
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", server->port);
}

static void open_dir(struct net_server *server, const char *const *flags)
{
    for (size_t i = 0; flags && flags[i]; i++) {
        assert_true(i + 1 < sizeof(server->flags) / sizeof(server->flags[0]));
        server->flags[i] = flags[i];
    }
    make_dir(server->dir);
    net_server_start(server);
}

void net_witness_open(struct net_server *witness, const char *const *flags)
{
    *witness = (struct net_server){.witness = true};
    open_dir(witness, flags);
}

void net_server_open(struct net_server *server, const char *const *flags)
{
    *server = (struct net_server){0};
    open_dir(server, flags);
    char text[160] = "";
    assert_int_equal(net_server_run(server, "client-key", text, sizeof(text)), 0);
    text[strcspn(text, "\r\n")] = 0;
    assert_true(text[0] && strlen(text) < sizeof(server->client_key));
    strcpy(server->client_key, text);
}

void net_server_term(struct net_server *server)
{
    assert_true(server->pid > 0);
    kill(server->pid, SIGTERM);
}

void net_server_wait(struct net_server *server)
{
    pid_t pid = server->pid;
    server->pid = 0;
    int code = reap(pid, PROCESS_MS);
    if (code == -1) fail_msg("the server doesn't stop");
    assert_int_equal(code, 0);
}

void net_server_stop(struct net_server *server)
{
    net_server_term(server);
    net_server_wait(server);
}

void net_server_kill(struct net_server *server)
{
    if (server->pid <= 0) return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void net_server_start_and_kill(struct net_server *server, unsigned after_ms)
{
    int out;
    server->pid = spawn_server(server, &out);
    net_pause_ms(after_ms);
    close(out);
    net_server_kill(server);
}

static void *kill_later(void *ctx)
{
    const struct net_server_killer *killer = ctx;
    usleep(killer->after_us);
    kill(killer->pid, SIGKILL);
    return NULL;
}

void net_server_kill_later(
    struct net_server *server, struct net_server_killer *killer, unsigned after_us)
{
    *killer = (struct net_server_killer){.pid = server->pid, .after_us = after_us};
    assert_int_equal(pthread_create(&killer->thread, NULL, kill_later, killer), 0);
}

void net_server_killed(struct net_server *server, struct net_server_killer *killer)
{
    pthread_join(killer->thread, NULL);
    net_server_kill(server);
}

void net_server_close(struct net_server *server)
{
    net_server_kill(server);
    if (server->dir[0]) forget_dir(server->dir);
    *server = (struct net_server){0};
}

int net_server_run(struct net_server *server, const char *command, char *output, size_t cap)
{
    char own[4096];
    const char *words[] = {binary(), command, "--data", server->dir, NULL};
    int out;
    pid_t pid = spawn(words, &out);
    read_text(out, output ? output : own, output ? cap : sizeof(own), NULL, PROCESS_MS);
    close(out);
    return reap(pid, PROCESS_MS);
}

unsigned long net_server_peak_kib(const struct net_server *server)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "VmHWM: %lu", &kib) == 1) break;
    fclose(file);
    return kib;
}
