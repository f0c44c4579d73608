#ifndef SHARELOG_BENCH_INGEST_GROW_H
#define SHARELOG_BENCH_INGEST_GROW_H

/* What a sync costs in a share that grows, and beside folds. Each proves itself and adds its
   figures under `ingest.`. */

#include "bench/suite/bench.h"

bool ingest_grow(struct bench *bench);
bool ingest_fold(struct bench *bench);

#endif
