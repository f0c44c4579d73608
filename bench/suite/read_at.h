#ifndef SHARELOG_BENCH_READ_AT_H
#define SHARELOG_BENCH_READ_AT_H

#include "bench/suite/bench.h"

/* The state at random moments against the state now (read_at.c). */
bool read_at(struct bench *bench);

#endif
