/* A server of a part's own: `sharelog serve` on a free port of this machine, and one plain request
   at a time to it. A server never outlives this process, however it ends. */

#include "bench/suite/server_process.h"
#include "bench/suite/scratch.h"

#include "core/base/decimal.h"
#include "core/base/json.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 600000 /* a large store takes long to open */
#define STOP_MS 60000
#define ANSWER_S 120
#define READ_BYTES (64 * 1024)
#define ARGV_MAX 32
#define RUNNING_MAX 16

static volatile sig_atomic_t running[RUNNING_MAX];
static uint64_t rss_highest;

/* `from` 0: a program that was started; `to` 0: one that is gone. */
static void note_running(int from, int to)
{
    for (int i = 0; i < RUNNING_MAX; i++)
        if (running[i] == from) {
            running[i] = to;
            return;
        }
    assert(false); /* a program that isn't noted could outlive this one */
}

void server_kill_all(void)
{
    for (int i = 0; i < RUNNING_MAX; i++)
        if (running[i] > 0) kill((pid_t)running[i], SIGKILL);
}

uint64_t server_rss_ever(void)
{
    return rss_highest;
}

/* ---- start and stop ---- */

/* In the child: becomes the program. stderr goes to LOG, so that a failure can be shown. */
static void become(const char *const *argv, int out, const char *log, int parent)
{
    char *words[ARGV_MAX] = {NULL}; /* execvp writes to none of them, whatever its type says */
    size_t count = 0;
    while (argv[count])
        count++;
    assert(count < ARGV_MAX);
    memcpy(words, argv, count * sizeof(*words));
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || fd < 0 || nothing < 0) _exit(127);
    dup2(nothing, 0);
    dup2(out < 0 ? fd : out, 1);
    dup2(fd, 2);
    unsetenv("SHARELOG_OWNER_KEY");
    unsetenv("SHARELOG_NAMESPACE");
    unsetenv("SESSIONS_SHARED_SECRET");
    execvp(words[0], words);
    dprintf(2, "%s: %s\n", words[0], strerror(errno));
    _exit(127);
}

int program_start(const char *const *argv, int out, const char *log)
{
    int parent = getpid(), pid = fork();
    if (pid == 0) become(argv, out, log, parent);
    if (pid > 0) note_running(0, pid);
    return pid > 0 ? pid : 0;
}

bool program_ended(int pid)
{
    if (waitpid(pid, NULL, WNOHANG) == 0) return false;
    note_running(pid, 0);
    return true;
}

/* waitpid's status; killed outright when it takes too long. */
static int stop(int pid)
{
    int status = -1, got;
    uint64_t begun = clock_ns();
    kill(pid, SIGTERM);
    while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
        if (clock_ns() - begun > (uint64_t)STOP_MS * 1000000) kill(pid, SIGKILL);
        usleep(2000);
    }
    note_running(pid, 0);
    return got > 0 ? status : -1;
}

void program_stop(int pid)
{
    stop(pid);
}

/* The first line that it prints, or what there is of it when it ends or takes too long. */
static void read_line(int fd, char *line, size_t cap)
{
    size_t len = 0;
    uint64_t begun = clock_ns();
    line[0] = 0;
    while (len + 1 < cap && !strchr(line, '\n')) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint64_t gone_ms = (clock_ns() - begun) / 1000000;
        if (gone_ms >= START_MS || poll(&wait, 1, (int)(START_MS - gone_ms)) <= 0) return;
        ssize_t got = read(fd, line + len, cap - 1 - len);
        if (got <= 0) return;
        line[len += (size_t)got] = 0;
    }
}

static void log_path(const struct server *server, char *path, size_t cap)
{
    snprintf(path, cap, "%s.log", server->folder);
}

/* The last line of what a program wrote to its log. */
static void last_words(const char *log, char *words, size_t cap)
{
    char line[1024];
    FILE *file = fopen(log, "r");
    snprintf(words, cap, "it said nothing");
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = 0;
        if (line[0]) snprintf(words, cap, "%s", line);
    }
    if (file) fclose(file);
}

static bool read_owner_key(struct server *server)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/owner-key", server->folder);
    FILE *file = fopen(path, "r");
    bool good = file && fgets(server->owner_key, sizeof(server->owner_key), file);
    if (file) fclose(file);
    server->owner_key[good ? strcspn(server->owner_key, "\r\n") : 0] = 0;
    return good;
}

/* The port of `listening on http://127.0.0.1:PORT`. */
static bool take_port(const char *line, unsigned *port)
{
    static const char front[] = "listening on http://127.0.0.1:";
    uint64_t number;
    if (strncmp(line, front, sizeof(front) - 1) != 0) return false;
    const char *digits = line + sizeof(front) - 1;
    if (!sl_decimal((struct sl_span){digits, strcspn(digits, "\n")}, UINT16_MAX, &number))
        return false;
    *port = (unsigned)number;
    return true;
}

bool server_start(
    struct bench *bench, const char *folder, const char *const *flags, struct server *server)
{
    const char *argv[ARGV_MAX] = {
        bench->sharelog, "serve", "--listen", "127.0.0.1:0", "--data", folder};
    char line[256], log[300], words[1024];
    int count = 6, out[2];
    *server = (struct server){0};
    for (; flags && *flags && count < ARGV_MAX - 1; flags++)
        argv[count++] = *flags;
    if (strlen(folder) >= sizeof(server->folder)) return bench_fail("%s: path too long", folder);
    strcpy(server->folder, folder);
    log_path(server, log, sizeof(log));
    if (pipe2(out, O_CLOEXEC) != 0) return bench_fail("pipe: %s", strerror(errno));
    int pid = server->pid = program_start(argv, out[1], log);
    close(out[1]);
    read_line(out[0], line, sizeof(line));
    close(out[0]);
    if (pid > 0 && take_port(line, &server->port) && read_owner_key(server)) return true;
    last_words(log, words, sizeof(words));
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        note_running(pid, 0);
    }
    return bench_fail("%s serve didn't start: %s", bench->sharelog, words);
}

bool server_stop(struct server *server)
{
    char log[300], words[1024];
    if (server->pid <= 0) return true;
    uint64_t rss = server_rss(server, true);
    if (rss > rss_highest) rss_highest = rss;
    int status = stop(server->pid);
    server->pid = 0;
    if (status == 0) return true;
    log_path(server, log, sizeof(log));
    last_words(log, words, sizeof(words));
    return bench_fail("the server ended with %s %d: %s", WIFSIGNALED(status) ? "signal" : "status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
}

bool store_verified(const struct bench *bench, const char *folder)
{
    const char *argv[] = {bench->sharelog, "verify", "--data", folder, NULL};
    char log[SCRATCH_PATH_BYTES], words[1024];
    int status = -1;
    scratch_path(bench, "verify.log", log);
    int pid = program_start(argv, -1, log);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0) note_running(pid, 0);
    bool good = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!good) last_words(log, words, sizeof(words));
    scratch_remove(log);
    return good || bench_fail("sharelog verify: %s", words);
}

/* ---- /proc ---- */

uint64_t server_rss(const struct server *server, bool highest)
{
    char path[64], line[256];
    const char *name = highest ? "VmHWM:" : "VmRSS:";
    uint64_t kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", server->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0) kib = strtoull(line + strlen(name), NULL, 10);
    if (file) fclose(file);
    return kib * 1024;
}

/* ---- one request ---- */

int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = ANSWER_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) return fd;
    close(fd);
    return -1;
}

bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

enum answer_state receive_answer(
    int fd, answer_reader reader, struct buf *in, struct answer *answer)
{
    enum answer_state state = ANSWER_MORE;
    while (state == ANSWER_MORE && buf_reserve(in, READ_BYTES)) {
        ssize_t got = recv(fd, in->ptr + in->len, READ_BYTES, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got > 0) in->len += (size_t)got;
        state = reader(in, answer, got <= 0);
    }
    return state;
}

bool server_ask(const struct server *server, const char *method, const char *target,
    struct sl_span body, int *status, struct buf *out)
{
    char head[1024];
    struct buf in = {0};
    struct answer answer = {0};
    *status = 0;
    int len = snprintf(head, sizeof(head),
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
        "Authorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        method, target, server->port, server->owner_key, body.len);
    int fd = len < (int)sizeof(head) ? connect_to(server->port) : -1;
    bool good = fd >= 0 && send_all(fd, head, (size_t)len) && send_all(fd, body.ptr, body.len) &&
                receive_answer(fd, http_answer, &in, &answer) == ANSWER_WHOLE;
    if (good) {
        *status = answer.status;
        buf_add_span(out, answer.body);
        good = !out->failed;
    }
    if (fd >= 0) close(fd);
    buf_fini(&in);
    return good;
}

static bool take_text(struct sl_span answer, const char *name, char *out, size_t cap)
{
    struct sl_span value, raw;
    if (!json_get(answer, name, &value) || !json_string_raw(value, &raw) || raw.len >= cap)
        return false;
    memcpy(out, raw.ptr, raw.len);
    out[raw.len] = 0;
    return true;
}

bool server_create_share(
    const struct server *server, const char *session_id, struct sl_credentials *credentials)
{
    char body[SL_SESSION_ID_BYTES + 32];
    struct buf answer = {0};
    int status = 0, len = snprintf(body, sizeof(body), "{\"sessionID\":\"%s\"}", session_id);
    *credentials = (struct sl_credentials){0};
    bool good =
        len < (int)sizeof(body) &&
        server_ask(
            server, "POST", "/api/share", (struct sl_span){body, (size_t)len}, &status, &answer) &&
        status == 200 && json_check(buf_span(&answer), 16, NULL) == SL_OK &&
        take_text(buf_span(&answer), "id", credentials->id, sizeof(credentials->id)) &&
        take_text(buf_span(&answer), "secret", credentials->secret, sizeof(credentials->secret));
    buf_fini(&answer);
    return good || bench_fail("the server made no share (status %d)", status);
}
