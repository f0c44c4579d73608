#ifndef SHARELOG_BENCH_SERVER_H
#define SHARELOG_BENCH_SERVER_H

/* What only main needs of the servers that parts start. */

#include <stdint.h>

void server_kill_all(void);     /* safe in a signal handler */
uint64_t server_rss_ever(void); /* the most that any stopped one took, bytes */

#endif
