/* What this machine can do: every other figure is read against these. */

#include "bench/suite/floor.h"

#include "bench/suite/scratch.h"
#include "core/base/crypto.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND_BYTES 2000000

/* ---- the disk ---- */

struct appending {
    int file;
    struct sl_span record;
};

static bool append_one(void *ctx, unsigned thread, uint64_t n)
{
    struct appending *appending = ctx;
    (void)thread;
    (void)n;
    ssize_t written = write(appending->file, appending->record.ptr, appending->record.len);
    return written == (ssize_t)appending->record.len && fdatasync(appending->file) == 0;
}

static bool floor_fsync(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES], record[2048];
    memset(record, 'x', sizeof(record));
    scratch_path(bench, "append", path);
    struct appending appending = {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), {record, sizeof(record)}};
    if (appending.file < 0) return bench_fail("%s: can't be made", path);
    struct writers writers = {
        1, bench_measure_ns(bench) / 4, bench_measure_ns(bench), append_one, &appending};
    struct writers_outcome outcome;
    bool good = writers_run(&writers, &outcome) || bench_fail("fsync of an appended record");
    off_t size = lseek(appending.file, 0, SEEK_END);
    if (good && (uint64_t)size != outcome.done * sizeof(record))
        good = bench_fail("fsync: the file has another length");
    if (good) {
        figure_add(bench, "floor.fsync.2k.rate", "1/s", BETTER_HIGH, outcome.rate);
        histogram_record(bench, "floor.fsync.2k", outcome.latency);
    }
    writers_outcome_fini(&outcome);
    close(appending.file);
    scratch_remove(path);
    return good;
}

/* ---- the processor ---- */

/* Calls a second of `work`, which does `each` of what is counted. */
static double rate_of(const struct bench *bench, void (*work)(void *ctx), void *ctx, double each)
{
    uint64_t until = clock_ns() + bench_measure_ns(bench), begun, now, calls = 0;
    work(ctx); /* warm-up */
    for (begun = now = clock_ns(); now < until; now = clock_ns(), calls++)
        work(ctx);
    return (double)calls * each * 1e9 / (double)(now - begun);
}

struct work {
    char *from, *to;
    size_t len;
    uint8_t seed[32], key[32], signature[64], hash[32];
    bool wrong;
};

static void hash_once(void *ctx)
{
    struct work *work = ctx;
    crypto_sha256(work->from, work->len, work->hash);
}

static void sign_once(void *ctx)
{
    struct work *work = ctx;
    crypto_sign(work->seed, (struct sl_span){work->from, 200}, work->signature);
}

static void verify_once(void *ctx)
{
    struct work *work = ctx;
    struct sl_span text = {work->from, 200};
    if (!crypto_sign_verify(work->key, text, work->signature)) work->wrong = true;
}

static void copy_once(void *ctx)
{
    struct work *work = ctx;
    memcpy(work->to, work->from, work->len);
    /* the compiler must not see that nobody reads it */
    __asm__ volatile("" : : "r"(work->to) : "memory");
}

static bool floor_processor(struct bench *bench)
{
    char *from = malloc(SEND_BYTES), *to = malloc(SEND_BYTES);
    if (!from || !to) abort();
    struct work work = {.from = from, .to = to};
    memset(work.from, 'x', SEND_BYTES);
    work.len = 4096;
    figure_add(bench, "floor.sha256.4k.rate", "B/s", BETTER_HIGH,
        rate_of(bench, hash_once, &work, (double)work.len));
    work.len = 64;
    figure_add(
        bench, "floor.sha256.64.rate", "1/s", BETTER_HIGH, rate_of(bench, hash_once, &work, 1));
    crypto_sign_key(work.seed, work.key);
    figure_add(
        bench, "floor.ed25519.sign.rate", "1/s", BETTER_HIGH, rate_of(bench, sign_once, &work, 1));
    figure_add(bench, "floor.ed25519.verify.rate", "1/s", BETTER_HIGH,
        rate_of(bench, verify_once, &work, 1));
    work.len = SEND_BYTES;
    figure_add(bench, "floor.memcpy.2m.rate", "B/s", BETTER_HIGH,
        rate_of(bench, copy_once, &work, (double)work.len));
    bool good = !work.wrong && memcmp(work.from, work.to, SEND_BYTES) == 0;
    free(from);
    free(to);
    return good || bench_fail("a signature doesn't verify, or a copy differs");
}

/* ---- the part ---- */

static bool run(struct bench *bench)
{
    static const unsigned writers[] = {1, 4, 16, 64}, connections[] = {1, 16, 64};
    const struct shape_kind *kinds[] = {&shape_2k, &shape_capture};
    bench_tell("floor: fsync, hashes, signatures, copies");
    if (!floor_fsync(bench) || !floor_processor(bench)) return false;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < 4; i++) {
            bench_tell("floor: RocksDB, %s, %u writers", kinds[k]->name, writers[i]);
            if (!floor_rocksdb(bench, kinds[k], writers[i])) return false;
        }
        for (size_t i = 0; i < 3; i++) {
            bench_tell(
                "floor: bare HTTP and server, %s, %u connections", kinds[k]->name, connections[i]);
            if (!floor_http(bench, kinds[k], connections[i]) ||
                !floor_bare(bench, kinds[k], connections[i]))
                return false;
        }
    }
    bench_tell("floor: sending 2 MB");
    return floor_send(bench, "floor.send2m", SEND_BYTES, 4);
}

const struct part part_floor = {"floor",
    "limits of this machine: fsync, RocksDB, CivetWeb, both, hashes, signatures, copies", run};
