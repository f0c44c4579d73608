/* The bare server, as bare.h describes it: this program started once more under another first word,
   which serves until its stdin ends. A server that doesn't start is reaped before bare_start
   returns; none outlives the pipe that its parent holds.

       bare_start ── posix_spawn of /proc/self/exe ──> serve: prints its port, answers
       bare_stop  ── closes the pipe ───────────────> serve: exits 0, since what it answered is
   durable */

#include "bench/suite/bare.h"

#include "core/base/decimal.h"
#include "core/base/limits.h"

#include <civetweb.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS "128"
#define WORD "bare-server"
#define ANSWER_MAX (64 * 1024 * 1024)

extern char **environ;

/* ---- the process ---- */

struct memory {
    pthread_mutex_t mutex;
    size_t bytes; /* behind the head */
    char *answer;
    size_t len;
};

struct server_here {
    struct group *group;
    struct memory memory;
};

static _Thread_local struct buf body;

static int answer_post(struct server_here *here, struct mg_connection *conn, long long length)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Cache-Control: no-store\r\nContent-Length: 42\r\n\r\n"
                               "{\"success\":true,\"syncCount\":1000,\"seq\":10}";
    static const char bad[] = "HTTP/1.1 500 Failed\r\nContent-Length: 0\r\n\r\n";
    buf_clear(&body);
    if (length < 0 || !buf_reserve(&body, (size_t)length)) return 500;
    while (body.len < (size_t)length) {
        int n = mg_read(conn, body.ptr + body.len, (size_t)length - body.len);
        if (n <= 0) return 500;
        body.len += (size_t)n;
    }
    if (here->group && !group_put(here->group, buf_span(&body))) {
        mg_write(conn, bad, sizeof(bad) - 1);
        return 500;
    }
    mg_write(conn, good, sizeof(good) - 1);
    return 200;
}

static int answer_get(struct server_here *here, struct mg_connection *conn, size_t bytes)
{
    struct memory *memory = &here->memory;
    pthread_mutex_lock(&memory->mutex);
    if (!memory->answer || memory->bytes != bytes) {
        /* one size at a time: what is being sent is not freed, but left */
        memory->answer = malloc(bytes + 256);
        if (!memory->answer) abort();
        int head = snprintf(memory->answer, 256,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: private, "
            "no-store\r\nContent-Length: %zu\r\n\r\n",
            bytes);
        memset(memory->answer + head, BARE_BYTE, bytes);
        memory->bytes = bytes;
        memory->len = bytes + (size_t)head;
    }
    const char *answer = memory->answer;
    size_t len = memory->len;
    pthread_mutex_unlock(&memory->mutex);
    mg_write(conn, answer, len);
    return 200;
}

static int on_request(struct mg_connection *conn)
{
    struct server_here *here = mg_get_user_data(mg_get_context(conn));
    const struct mg_request_info *info = mg_get_request_info(conn);
    if (strcmp(info->request_method, "POST") == 0)
        return answer_post(here, conn, info->content_length);
    uint64_t bytes = 0;
    sl_decimal(sl_span_of(info->local_uri_raw + 1), ANSWER_MAX, &bytes);
    return answer_get(here, conn, (size_t)bytes);
}

static void on_thread_end(const struct mg_context *context, int type, void *pointer)
{
    (void)context;
    (void)type;
    (void)pointer;
    buf_fini(&body);
}

/* `bench bare-server KIND [FOLDER]`: tells its port, ends with its input. */
static int serve(int argc, char **argv)
{
    struct server_here here = {.memory = {.mutex = PTHREAD_MUTEX_INITIALIZER}};
    uint64_t kind;
    if (!sl_decimal(sl_span_of(argv[2]), GROUP_KINDS - 1, &kind)) return 2;
    if (argc > 3 && !(here.group = group_create(argv[3], (enum group_kind)kind))) return 2;
    /* as http/server.c has them */
    const char *options[] = {"listening_ports", "127.0.0.1:0", "num_threads", THREADS,
        "tcp_nodelay", "1", "enable_keep_alive", "yes", "request_timeout_ms", "30000",
        "keep_alive_timeout_ms", "30000", "listen_backlog", "4096", "max_request_size", "32768",
        "decode_url", "no", "access_control_allow_methods", "", "enable_auth_domain_check", "no",
        "enable_directory_listing", "no", NULL};
    struct mg_callbacks callbacks = {.begin_request = on_request, .exit_thread = on_thread_end};
    struct mg_context *context = mg_start(&callbacks, &here, options);
    struct mg_server_port port;
    if (!context || mg_get_server_ports(context, 1, &port) < 1) return 2;
    printf("%d\n", port.port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    /* What was answered is durable, so nothing needs closing; and CivetWeb takes two seconds to
     * stop. */
    _exit(0);
}

/* The program starts itself under this name before main() looks at any flag: a child that is forked
   once RocksDB has threads can't use it. */
__attribute__((constructor)) static void begin(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], WORD) == 0) exit(serve(argc, argv));
}

/* ---- starting it ---- */

static bool spawn(char *const *argv, int in, int out, int other_in, int other_out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, other_in);
    posix_spawn_file_actions_addclose(&actions, other_out);
    int failed = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0;
}

bool bare_start(const char *folder, enum group_kind kind, struct bare *bare)
{
    int in[2], out[2];
    char number[8], line[32] = "", path[4096] = "", program[] = "bench", word[] = WORD;
    snprintf(number, sizeof(number), "%d", (int)kind);
    char *argv[] = {program, word, number, folder ? path : NULL, NULL};
    if (folder && (size_t)snprintf(path, sizeof(path), "%s", folder) >= sizeof(path))
        return bench_fail("%s: path too long", folder);
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return bench_fail("pipe");
    bool good = spawn(argv, in[0], out[1], in[1], out[0], &bare->pid);
    close(in[0]);
    close(out[1]);
    bare->in = in[1];
    bare->out = out[0];
    ssize_t n = good ? read(bare->out, line, sizeof(line) - 1) : 0;
    struct sl_span digits = {line, n > 0 ? strcspn(line, "\n") : 0};
    uint64_t port = 0;
    bare->port = sl_decimal(digits, UINT16_MAX, &port) ? (unsigned)port : 0;
    if (bare->port) return true;
    if (good) bare_stop(bare);
    return bench_fail("the bare server doesn't start");
}

bool bare_stop(struct bare *bare)
{
    int status = 0;
    close(bare->in);
    while (waitpid(bare->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(bare->out);
    return status == 0 || bench_fail("the bare server ended with status %d", status);
}
