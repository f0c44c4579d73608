#ifndef TESTS_SUPPORT_API_SERVER_H
#define TESTS_SUPPORT_API_SERVER_H

/* A sharelog server of a test's own: a process of the binary $SL_BIN on a temporary data directory
   and a free port. It ends with the test program, however that ends. What fails, fails the test
   (cmocka), so these are for the main thread alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A server is told these in its environment, so that tests know them. */
#define API_OWNER "owner-key-of-the-api-tests"
#define API_NAMESPACE "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define API_SANITIZED 1
#else
#define API_SANITIZED 0
#endif

struct api_server {
    pid_t pid;    /* 0: doesn't run */
    char dir[64]; /* its data directory, removed by api_server_close */
    char url[64]; /* http://127.0.0.1:PORT */
    unsigned port;
    char client_key[130]; /* asked of the command line, once */
    const char *flags[9]; /* of `serve`, NULL at the end; taken over by a restart */
};

/* Make a data directory and start a server on it. `flags` are words for `serve`, NULL at the end;
   may be NULL. */
void api_server_open(struct api_server *server, const char *const *flags);

/* Start it again on its data directory. */
void api_server_start(struct api_server *server);

/* SIGTERM; it must end with 0 within `timeout_ms`. Returns how long it took. */
unsigned api_server_stop_within(struct api_server *server, unsigned timeout_ms);
void api_server_stop(struct api_server *server);

/* The two halves of a stop. */
void api_server_term(struct api_server *server);
unsigned api_server_wait(struct api_server *server, unsigned timeout_ms);

/* kill -9, and wait until it is gone. */
void api_server_kill(struct api_server *server);

/* Kill it if it runs, remove its data directory. Never fails: for teardowns. */
void api_server_close(struct api_server *server);

/* Run `sharelog COMMAND --data DIR`; its exit code. `output` may be NULL; else it gets what the
   command printed, terminated, at most cap - 1 bytes. */
int api_server_run(
    struct api_server *server, const char *command, char *output, size_t cap, unsigned timeout_ms);

/* VmHWM of the process, in KiB. */
unsigned long api_server_peak_kib(const struct api_server *server);

/* ---- time and chance ---- */

uint64_t api_now_ms(void); /* monotonic */
void api_pause_ms(unsigned ms);

/* $SL_TEST_ROUNDS, 1 if there is none. */
unsigned api_rounds(void);

/* The seed of this run: $SL_TEST_SEED, else a fresh one; printed once. */
uint64_t api_seed(void);
/* A small generator of its own: splitmix64. */
uint64_t api_random(uint64_t *state);

/* End the whole program with a message when it hangs. */
void api_watchdog(unsigned seconds);

#endif
