#ifndef SHARELOG_BENCH_H
#define SHARELOG_BENCH_H

/* The benchmark suite: one program, `bench`, of parts that each print and record figures.

   A *figure* is a number with a name (`ingest.capture.16.rate`), a unit and a direction. A part
   measures it once per round; the run keeps every sample, and reports medians. A *goal* compares
   two figures of the same run, since on a shared machine only ratios within a run mean something:
   its name, what it divides by what, the least or most that it should be.

   Parts run one after the other, in this process or against servers that they start; nothing is
   left behind. Figures are only recorded when what they measured was checked: answers that were
   counted were right, what was acknowledged can be read back, `verify` is clean. A part that can't
   show that fails the run. */

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/sharelog.h"

#include <stdio.h>

/* ---- a run ---- */

enum bench_size { BENCH_QUICK, BENCH_NORMAL, BENCH_FULL };

struct bench {
    enum bench_size size;
    uint64_t seed;
    const char *sharelog; /* path of the server's binary */
    const char *captures; /* folder of the recordings */
    const char *folder;   /* scratch, on the file system that is measured; removed at the end */
    const char *out;      /* folder of run.json, histograms, CSV, plots */
    unsigned round;       /* which one it is, from 0 */
    struct figures *figures;
    const struct custom *custom;
};

/* A number for each size. */
static inline uint64_t bench_pick(
    const struct bench *bench, uint64_t quick, uint64_t normal, uint64_t full)
{
    return bench->size == BENCH_QUICK ? quick : bench->size == BENCH_NORMAL ? normal : full;
}

struct part {
    const char *name;
    const char *about; /* one line for --help */
    /* One round of all its figures. False: it failed, and has said why on stderr. */
    bool (*run)(struct bench *bench);
};
extern const struct part part_floor, part_append, part_ingest, part_read, part_replay, part_compact,
    part_live, part_verify, part_open, part_list, part_disk, part_models, part_neighbours, part_wrk,
    part_custom;

/* Tell how it goes on stderr (a line that is overwritten on a terminal). */
void bench_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Say why a part fails; returns false. */
bool bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- figures (figures.c) ---- */

enum better { BETTER_HIGH, BETTER_LOW, BETTER_NEITHER };

/* Record one sample. The name is letters, digits, '.', '_'; unit such as "1/s", "us", "B", "". */
void figure_add(
    struct bench *bench, const char *name, const char *unit, enum better better, double value);
/* The median so far; NAN: none. */
double figure_median(const struct bench *bench, const char *name);
/* A goal: `over` divided by `under` (medians; under NULL: the figure itself), at least or at most.
 */
void goal_add(struct bench *bench, const char *text, const char *over, const char *under,
    bool at_least, double bound);

/* A point of a curve, kept in out/NAME.csv (`round,x,y`, in order of coming) and drawn. How follows
   from the name's last component; the rest is the label, its first component the part:
     per_second    throughput over time: x second, y answers in it; one plot a part
     folds, compactions   marks in the part's plot over time: x second, y any
     by_rate       rate against latency: x requests/s asked for, y µs; one plot a part
     sync_by_size, read_by_size   cost against session size: x parts, y µs; one plot for all parts
     disk_by_events   x events, y bytes on disk; one plot for all parts
   Anything else gets a plot of its own. The name is one for figures. */
void series_add(struct bench *bench, const char *name, double x, double y);

/* ---- histograms (histogram.c): log-linear, relative error below 1 %, 1 ns to hours ---- */

struct histogram;
struct histogram *histogram_create(void);
void histogram_destroy(struct histogram *histogram);
void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_count(const struct histogram *histogram);
/* The value at a quantile, 0 … 1 (1: the largest added). */
uint64_t histogram_at(const struct histogram *histogram, double quantile);
/* Record name.p50, .p90, .p99, .p999, .p9999, .max in µs, and write the histogram to
   out/name.hist (percentile, value, count: a line each). */
void histogram_record(struct bench *bench, const char *name, const struct histogram *histogram);

/* ---- chance (tell.c) ---- */

uint64_t bench_random(uint64_t *state); /* splitmix64 */

/* ---- batches (shape.c) ---- */

/* A sequence of sync bodies, as a client would send them to one share, without end: recorded ones
   played again and again with the ids of that share; made-up sessions that never repeat; or
   synthetic ones. The same seed gives the same bytes. */
enum shape_source { SHAPE_MADE, SHAPE_RECORDED, SHAPE_MIXED };
struct shape_kind {
    /* "capture": all recordings, weighted as recorded; "mixed": what never repeats; "2k" … */
    const char *name;
    enum shape_source source;
    size_t items, bytes; /* of a synthetic batch: items, and bytes of each */
    unsigned resent;     /* per cent of its items that were in the batch before */
};
extern const struct shape_kind shape_capture, shape_mixed, shape_2k, shape_10k;
/* One of those by its name, or a synthetic one: ITEMSxBYTES, or ITEMSxBYTES:RESENT with the per
   cent that are sent again; up to 1,000 items of 160 bytes to 1 MB, 16 MB in all. The name is
   borrowed. False: it is none. */
bool shape_named(const char *name, struct shape_kind *kind);
/* Read the recordings, which all shapes need; once, before any is made. False: said why. */
bool shapes_load(const char *folder);
struct shape;
struct shape *shape_create(const struct shape_kind *kind, uint64_t seed);
void shape_destroy(struct shape *shape);
/* The n-th batch of a share as the request's body; appended to `out`, which isn't cleared. */
void shape_body(struct shape *shape, uint64_t n, const char *secret, struct buf *out);
/* Short text, at most 511 bytes, appended. */
void add_format(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- a load as someone has it (part_custom.c) ---- */

struct custom {
    uint64_t connections, shares, rate, seconds; /* shares 0: one a connection; rate 0: closed */
    struct shape_kind shape;
};

/* ---- a server (server_process.c) ---- */

struct server {
    int pid;
    unsigned port;
    char folder[256]; /* its data directory */
    char owner_key[64];
};
/* Start `sharelog serve` on a new data directory (or an existing one) with further flags,
   NULL-terminated; waits until it answers. */
bool server_start(
    struct bench *bench, const char *folder, const char *const *flags, struct server *server);
bool server_stop(struct server *server);                        /* orderly; the directory stays */
uint64_t server_rss(const struct server *server, bool highest); /* bytes */
/* One request on a connection of its own. *status 0: no answer. The body is appended to `out`. */
bool server_ask(const struct server *server, const char *method, const char *target,
    struct sl_span body, int *status, struct buf *out);
bool server_create_share(
    const struct server *server, const char *session_id, struct sl_credentials *credentials);
/* `sharelog verify` finds nothing wrong with a store that no server has. */
bool store_verified(const struct bench *bench, const char *folder);

/* ---- load (load.c) ---- */

/* Requests over many connections, from the caller's thread. What failed first is told. Closed: each
   connection sends its next request when the answer is there. Open: requests are due at a constant
   rate, whatever the server does, and latency counts from when one was due. */
struct load {
    unsigned port;
    unsigned connections;
    double rate; /* per second over all connections; 0: closed */
    uint64_t warm_up_ns, measure_ns;
    /* Write the next request of connection c whole (head and body) into `out`, cleared before; and
       look at its answer (bytes behind the head): false counts as failed. */
    void (*request)(void *ctx, unsigned connection, struct buf *out);
    bool (*answer)(void *ctx, unsigned connection, int status, struct sl_span body);
    void *ctx;
};
struct load_outcome {
    uint64_t sent, answered, failed, late; /* late: due, but never sent in time to count */
    double seconds;                        /* measured */
    uint64_t bytes_out, bytes_in;
    struct histogram *latency; /* from the send; open loop: from when it was due */
    struct histogram *service; /* from the send itself (uncorrected) */
    double busy;               /* of the generator's thread: near 1, it was the bottleneck */
    uint64_t *per_second;      /* answers in each second, `seconds` of them */
    size_t per_second_count;
};
bool load_run(const struct load *load, struct load_outcome *outcome);
void load_outcome_fini(struct load_outcome *outcome);
/* Record name.rate and the histogram of latency. False, and the part fails: a request failed, or
   none was answered; nothing is recorded then. */
bool load_record(
    struct bench *bench, const char *name, enum better better, const struct load_outcome *outcome);
/* Record the curve name.per_second. */
void load_record_seconds(struct bench *bench, const char *name, const struct load_outcome *outcome);

#endif
