#ifndef SHARELOG_BENCH_FLOOR_H
#define SHARELOG_BENCH_FLOOR_H

/* Floors that other parts measure once more, right beside what they compare with them: the machine
   drifts. Each call adds one sample to the figures that it names. */

#include "bench/suite/bench.h"

/* floor.rocksdb.SHAPE.WRITERS.rate and .p50 …: durable puts of those bodies, in the best of three
   ways of grouping them. */
bool floor_rocksdb(struct bench *bench, const struct shape_kind *kind, unsigned writers);
/* floor.bare.SHAPE.CONNECTIONS.rate and .p50 …: the same over HTTP, with nothing else. */
bool floor_bare(struct bench *bench, const struct shape_kind *kind, unsigned connections);
/* floor.http.SHAPE.CONNECTIONS.rate and .p50 …: read and answered, not kept. */
bool floor_http(struct bench *bench, const struct shape_kind *kind, unsigned connections);
/* NAME.rate and .p50 …: `bytes` from memory to so many connections. */
bool floor_send(struct bench *bench, const char *name, size_t bytes, unsigned connections);

#endif
