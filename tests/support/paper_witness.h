#ifndef TESTS_SUPPORT_PAPER_WITNESS_H
#define TESTS_SUPPORT_PAPER_WITNESS_H

/* A witness of the test's own, a process, and the paper log that it cosigns. What fails, fails the
   test (cmocka). Tests name them on every line, hence the short names. */

#include "tests/support/net_client.h"
#include "tests/support/net_server.h"
#include "tests/support/paper_log.h"

extern struct net_server witness;
extern struct net_client *asks; /* a client of it */
extern struct note_key key;     /* its own */
extern struct paper_log paper;
extern const struct paper_branch own; /* the history without forks */
extern char logs_path[256];           /* the file of its logs' keys */

int open_witness(void **state); /* cmocka's set-up and teardown */
int close_witness(void **state);
void restart_witness(void);

/* Put a text in place of the logs' keys. */
void write_logs(const char *text);
/* What `--show-key` prints. */
void show_key(const struct net_server *of, struct note_key *out);

/* POST /add-checkpoint: a body; a checkpoint of a branch with the proof from a size. The status. */
int ask_body(struct sl_span body);
int ask_growth(struct paper_branch branch, uint64_t from, uint64_t to);
/* The last answer: a cosignature of that checkpoint; 409 with that size. */
void expect_cosigned(struct paper_branch branch, uint64_t size);
void expect_conflict(uint64_t size);

/* A file of the paper log in the witness's state, by its ending; where its checkpoint is shown. */
const char *log_file(const char *ending);
const char *log_path(void);
/* The name that a witness has for a log. */
const char *log_hex(const char *origin);

/* Whole files; what is read is terminated, and the caller frees it. */
char *read_file(const char *path, size_t *len);
void write_file(const char *path, const void *bytes, size_t len);

#endif
