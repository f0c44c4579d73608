#ifndef SHARELOG_BENCH_READ_COLD_H
#define SHARELOG_BENCH_READ_COLD_H

#include "bench/suite/bench.h"

/* One event of a compacted store: read.event_cold.* that no cache of the store holds,
   read.event_disk.* that the kernel doesn't hold either. */
bool read_cold(struct bench *bench);

#endif
