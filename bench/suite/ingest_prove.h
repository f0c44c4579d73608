#ifndef SHARELOG_BENCH_INGEST_PROVE_H
#define SHARELOG_BENCH_INGEST_PROVE_H

/* The proof that what was acknowledged is there: read back from the server, and held against the
   bodies that were sent. False: it isn't, or can't be read; the part fails, and has said why. */

#include "bench/suite/ingest.h"

/* Every share counts its syncs, the states of some are what their bodies give, and some of their
   events hold the bytes that were sent. The server goes on. */
bool ingest_proved(const struct ingest *ingest);
/* Is /data what these bodies give, sent in this order, the newest of each key? Merged models aside.
 */
bool data_fits(struct sl_span data, const struct sl_span *bodies, size_t count);

#endif
