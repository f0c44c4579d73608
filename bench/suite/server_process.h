#ifndef SHARELOG_BENCH_SERVER_PROCESS_H
#define SHARELOG_BENCH_SERVER_PROCESS_H

/* Programs that run beside this one and never outlive it, and what only main needs of the servers
   that parts start. */

#include "bench/suite/load_wire.h"

/* Start argv[0] (looked for in PATH), NULL-terminated. Its stdout is `out`; negative: LOG, where
   its stderr goes too. Returns its pid; 0: it couldn't be. A program that isn't there ends at once.
 */
int program_start(const char *const *argv, int out, const char *log);
/* It has ended by itself, and is gone. */
bool program_ended(int pid);
void program_stop(int pid);
/* A connection to a port of this machine; negative: nobody listens. The caller closes it. */
int connect_to(unsigned port);
bool send_all(int fd, const char *bytes, size_t len);
/* Read behind what is in `in` until `reader` has a whole answer, which is zeroed before, or the
   connection ends. ANSWER_MORE: memory ran out. */
enum answer_state receive_answer(
    int fd, answer_reader reader, struct buf *in, struct answer *answer);

void server_kill_all(void);     /* safe in a signal handler */
uint64_t server_rss_ever(void); /* the most that any stopped one took, bytes */

#endif
