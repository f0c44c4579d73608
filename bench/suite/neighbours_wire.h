#ifndef SHARELOG_BENCH_NEIGHBOURS_WIRE_H
#define SHARELOG_BENCH_NEIGHBOURS_WIRE_H

/* The wires of the neighbours: how a batch is sent to each, and what acknowledges it. */

#include "bench/suite/load_wire.h"
#include "bench/suite/scratch.h"

#define NEIGHBOUR_CONNECTIONS 16

/* Connection c sends as its n-th body the (n * connections + c)-th, as `ingest` does. */
struct neighbour {
    struct bodies bodies;
    uint64_t sent[NEIGHBOUR_CONNECTIONS], acknowledged[NEIGHBOUR_CONNECTIONS];
};

/* load.answer of all of them. */
bool neighbour_acknowledged(void *ctx, unsigned connection, int status, struct sl_span body);

/* XADD, a stream a connection. */
void redis_request(void *ctx, unsigned connection, struct buf *out);
enum answer_state redis_answer(struct buf *in, struct answer *answer, bool ended);
/* The streams hold as many entries as were acknowledged. */
bool redis_kept(const struct neighbour *neighbour, unsigned port);

/* JetStream publish, a subject a connection. */
void nats_request(void *ctx, unsigned connection, struct buf *out);
enum answer_state nats_answer(struct buf *in, struct answer *answer, bool ended);
/* A stream on file that takes what is published. */
bool nats_prepare(unsigned port);

#endif
