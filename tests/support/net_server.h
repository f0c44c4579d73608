#ifndef TESTS_SUPPORT_NET_SERVER_H
#define TESTS_SUPPORT_NET_SERVER_H

/* A sharelog server of a test's own, or a witness: a process of the binary $SL_BIN on a temporary
   directory and a free port. It ends with the test program, however that ends. What fails, fails
   the test (cmocka), so these are for the main thread alone. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A server is told these in its environment, so that tests know them. */
#define NET_OWNER "owner-key-of-the-api-tests"
#define NET_NAMESPACE "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NET_SANITIZED 1
#else
#define NET_SANITIZED 0
#endif

struct net_server {
    bool witness; /* it is `sharelog witness`, and `dir` its state */
    pid_t pid;    /* 0: doesn't run */
    char dir[64]; /* its data directory, removed by net_server_close */
    char url[64]; /* http://127.0.0.1:PORT */
    unsigned port;
    char client_key[130]; /* asked of the command line, once */
    const char *flags[9]; /* of the command, NULL at the end; taken over by a restart */
};

/* Make a data directory and start a server on it. `flags` are words for `serve`, NULL at the end;
   may be NULL. */
void net_server_open(struct net_server *server, const char *const *flags);

/* The same of a witness: `flags` are words for `witness`. */
void net_witness_open(struct net_server *witness, const char *const *flags);

/* Start it again on its data directory. */
void net_server_start(struct net_server *server);

/* SIGTERM; it must end, with 0. */
void net_server_stop(struct net_server *server);

/* The two halves of a stop. */
void net_server_term(struct net_server *server);
void net_server_wait(struct net_server *server);

/* kill -9, and wait until it is gone. */
void net_server_kill(struct net_server *server);

/* Start it, kill it after that time (before it answers, perhaps), and wait until it is gone. */
void net_server_start_and_kill(struct net_server *server, unsigned after_ms);

/* Kill it from a thread of its own, so that it happens while the test goes on; then wait for that.
 */
struct net_server_killer {
    pthread_t thread;
    pid_t pid;
    unsigned after_us;
};
void net_server_kill_later(
    struct net_server *server, struct net_server_killer *killer, unsigned after_us);
void net_server_killed(struct net_server *server, struct net_server_killer *killer);

/* Kill it if it runs, remove its data directory. Never fails: for teardowns. */
void net_server_close(struct net_server *server);

/* Run `sharelog COMMAND --data DIR`; its exit code. `output` may be NULL; else it gets what the
   command printed, terminated, at most cap - 1 bytes. */
int net_server_run(struct net_server *server, const char *command, char *output, size_t cap);

/* VmHWM of the process, in KiB. */
unsigned long net_server_peak_kib(const struct net_server *server);

/* ---- time and chance ---- */

/* For what must come: minutes, because a busy machine is no fault. Nothing is ever asserted to have
   taken less than some time. */
#define NET_WAIT_MS 600000

uint64_t net_now_ms(void); /* monotonic */
void net_pause_ms(unsigned ms);

/* Pause before looking again for what must come; the test fails when it hasn't come for minutes.
   `since` is 0 at first: for (uint64_t since = 0; !is_there();) net_wait(&since); */
void net_wait(uint64_t *since);

/* $SL_TEST_ROUNDS, 1 if there is none. */
unsigned net_rounds(void);

/* The seed of this run: $SL_TEST_SEED, else a fresh one; printed once. */
uint64_t net_seed(void);
/* A small generator of its own: splitmix64. */
uint64_t net_random(uint64_t *state);

/* From now on, end the whole program with a message when it hangs: after hours, which no test takes
   on any machine. */
void net_watchdog(void);

#endif
