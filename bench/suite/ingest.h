#ifndef SHARELOG_BENCH_INGEST_H
#define SHARELOG_BENCH_INGEST_H

/* Clients that sync into a server, each into shares of its own over a connection of its own. */

#include "bench/suite/ingest_sync.h"
#include "bench/suite/scratch.h"

#define INGEST_BODIES 512
#define INGEST_AHEAD_BYTES (512u << 20)

/* Writer c sends as its n-th body the (n * count + c)-th of `bodies`, going round: the same bytes
   in the same order as the bare server gets them (floor_bare).
   Of a shape that never repeats each writer sends a share of its own kind, `shapes`. What of them
   fits into INGEST_AHEAD_BYTES is made before the clock runs and lies in `bodies` in that order,
   each writer's first ones first; what is sent after those is made when it is sent. */
struct ingest {
    struct bench *bench;
    struct server server;
    struct bodies bodies;
    struct shape **shapes; /* by writer, of a shape that never repeats; else NULL */
    struct buf made;       /* a body that is made when it is sent */
    struct writer *writers;
    unsigned count;
    unsigned connections; /* each has the shares c, c + connections, … in turn */
    unsigned *current;    /* by connection: the share whose turn it is */
};

/* A server on a new store, with so many shares and a connection for each (`connections` may be set
   lower). False: nothing is left to be finished. */
bool ingest_start(struct bench *bench, const struct shape_kind *kind, unsigned writers,
    const char *name, struct ingest *ingest);
/* Stop the server, which must end well, and verify its store from outside (`sharelog verify`);
   remove it. `good` is what came of what was measured: without it nothing is checked. */
bool ingest_finish(struct ingest *ingest, bool good);

/* The n-th body of a writer, with any secret; of a shape that never repeats it may lie in `room`,
   which is cleared before. */
struct sl_span ingest_body(
    const struct ingest *ingest, unsigned writer, uint64_t n, struct buf *room);

/* Load on it, none of which may fail. rate 0: closed. The outcome is the caller's to finish when
   true. */
bool ingest_load(struct ingest *ingest, double rate, uint64_t warm_up_ns, uint64_t measure_ns,
    struct load_outcome *outcome);
/* name.rate, .bytes, .generator_busy, the histogram of latency; of an open loop also .late and the
   histogram name.uncorrected, which counts from the send. */
void ingest_record(
    struct bench *bench, const char *name, bool open, const struct load_outcome *outcome);

/* load.request and load.answer, ctx being the ingest. An answer is right when it counts on. */
void ingest_request(void *ctx, unsigned connection, struct buf *out);
bool ingest_answer(void *ctx, unsigned connection, int status, struct sl_span body);

#endif
