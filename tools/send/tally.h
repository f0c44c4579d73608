#ifndef SHARELOG_TOOLS_TALLY_H
#define SHARELOG_TOOLS_TALLY_H

/* What many threads have sent, counted together. */

#include "tools/shared/buffer.h"

#include <pthread.h>

#define TALLY_BUCKETS 3840

struct tally_counts {
    uint64_t requests, shares, syncs, failed, bytes, runs;
    uint64_t slowest_us;
};

struct tally {
    pthread_mutex_t lock;
    struct tally_counts counts;
    uint64_t latency[TALLY_BUCKETS]; /* of syncs, by logarithm: each bucket within 1.6 % */
    char first_error[600];
    struct buffer urls; /* of the shares, each ended by a NUL */
};

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);

void tally_request(struct tally *tally, uint64_t bytes);
void tally_sync(struct tally *tally, uint64_t us);
void tally_share(struct tally *tally, const char *url);
void tally_run(struct tally *tally);
void tally_failed(struct tally *tally, const char *what);

struct tally_counts tally_counts(struct tally *tally);
/* The latency that `share` of the syncs (0 … 1) stayed within, in µs. When nobody counts any more.
 */
uint64_t tally_latency_us(const struct tally *tally, double share);

#endif
