#ifndef SHARELOG_BENCH_SCRATCH_H
#define SHARELOG_BENCH_SCRATCH_H

/* Stores in the scratch folder, and threads that write into them: what the parts that measure
   inside this process have in common. */

#include "bench/suite/bench.h"

/* ---- folders and stores ---- */

#define SCRATCH_PATH_BYTES 512

/* The path of `name` in the scratch folder; what an earlier round left there is removed. */
void scratch_path(const struct bench *bench, const char *name, char path[SCRATCH_PATH_BYTES]);
void scratch_remove(const char *path);
/* Of all regular files below it. */
uint64_t scratch_bytes(const char *path);

/* False, and the part failed: it isn't SL_OK. */
bool scratch_ok(enum sl_result result, const struct sl_err *err, const char *what);
/* A store with the server's settings of memory. */
bool scratch_open(const char *path, enum sl_durability durability, struct sl_store **store);
/* The number-th share. */
bool scratch_share(struct sl_store *store, unsigned number, struct sl_credentials *credentials);
/* Everything in it is as it should be; `events` are in its log (0: any number). */
bool scratch_verified(struct sl_store *store, uint64_t events);

/* ---- bodies, made before the clock runs ---- */

/* Sync bodies that begin `{"secret":"…36 bytes…","data":`, one behind the other. */
struct bodies {
    struct buf bytes;
    size_t *ends;
    size_t count, cap;
};
void bodies_fini(struct bodies *bodies);
#define BODIES_NO_SECRET "00000000-0000-4000-8000-000000000000"
/* One more: the n-th of a shape. */
void bodies_add(struct shape *shape, uint64_t n, struct bodies *bodies);
struct mixed;
void bodies_add_mixed(const struct mixed *mixed, uint64_t n, struct bodies *bodies);
/* `count` bodies of a shape, from the from-th on. */
bool bodies_of_shape(const struct bench *bench, const struct shape_kind *kind, uint64_t from,
    size_t count, const char *secret, struct bodies *bodies);
/* Each sync of a recording (a name such as "long"), or of recorded lines, once. */
bool bodies_of_recording(const struct bench *bench, const char *name, struct bodies *bodies);
bool bodies_of_lines(struct sl_span lines, struct bodies *bodies);
/* The n-th of a session that grows by a part a sync: the message, the part, about 2 KB. */
void bodies_grown(uint64_t n, const char *secret, struct buf *out);
/* The i-th, going round. */
struct sl_span bodies_get(const struct bodies *bodies, uint64_t i);
/* Put another share's secret into all of them. */
void bodies_sign(struct bodies *bodies, const char *secret);
/* Append all of them to a share. */
bool bodies_play(const struct bodies *bodies, struct sl_store *store, const char *id);

/* ---- threads ---- */

/* Threads that each do something again and again, for so long; what they do while they warm up
   isn't counted in rate and latency. */
struct writers {
    unsigned threads;
    uint64_t warm_up_ns, measure_ns;
    bool (*op)(void *ctx, unsigned thread, uint64_t n); /* false fails the run */
    void *ctx;
};
struct writers_outcome {
    double rate; /* per second */
    struct histogram *latency;
    uint64_t done; /* warm-up included */
};
bool writers_run(const struct writers *writers, struct writers_outcome *outcome);
void writers_outcome_fini(struct writers_outcome *outcome);
/* How long one measurement takes, and its warm-up. */
uint64_t bench_measure_ns(const struct bench *bench);

#endif
