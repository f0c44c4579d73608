/* Verifying a store against reading all of it and hashing what was read; verifying a bundle against
   hashing its bytes. */

#include "bench/suite/scratch.h"

#include "core/base/crypto.h"
#include "core/log/body_rows.h"
#include "core/log/store.h"
#include "core/proof/bundle.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES (16 * SL_MIB) /* as `sharelog verify` has it */
#define THREADS_MOST 16

/* ---- the floors: every row is read, and hashed; or all are but the snapshots' ---- */

enum hashed { HASHED_ALL, HASHED_EVENTS };

struct reader {
    struct sl_store *store;
    enum hashed hashed;
    unsigned number, count, shares; /* which thread this is, of how many */
    uint64_t bytes;
    pthread_t thread;
};

static void take(struct reader *reader, struct sl_span value, struct crypto_hash *hash)
{
    uint8_t out[32];
    reader->bytes += value.len;
    if (!hash) return;
    crypto_hash_begin(hash);
    crypto_hash_add(hash, value.ptr, value.len);
    crypto_hash_end(hash, out);
}

/* Where this thread's shares begin, and where they end: share ids are eight digits here. */
static void bounds(const struct reader *reader, char from[16], char to[16])
{
    snprintf(from, 16, "%08u", reader->shares * reader->number / reader->count);
    snprintf(to, 16, "%08u", reader->shares * (reader->number + 1) / reader->count);
}

static void read_family(struct reader *reader, enum kv_family family, struct crypto_hash *hash)
{
    char from[16], to[16];
    bool split = family != KV_LOG;
    if (!split && reader->number > 0) return;
    bounds(reader, from, to);
    struct kv_iter *iter = kv_iter_create(reader->store->kv, family,
        split ? sl_span_of(from) : SL_SPAN(""), split ? sl_span_of(to) : SL_SPAN(""), KV_SCAN);
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter))
        take(reader, kv_iter_value(iter), hash);
    kv_iter_destroy(iter);
}

static void read_bodies(struct reader *reader, struct crypto_hash *hash)
{
    char from[16], to[16];
    struct body_iter iter;
    struct sl_span raw;
    bounds(reader, from, to);
    body_iter_init(&iter, reader->store->bodies, sl_span_of(from), sl_span_of(to), KV_SCAN);
    for (body_iter_first(&iter); body_iter_valid(&iter); body_iter_next(&iter))
        if (body_iter_row(&iter, &raw, NULL) == SL_OK) take(reader, raw, hash);
    body_iter_fini(&iter);
}

static void *read_all(void *arg)
{
    struct reader *reader = arg;
    struct crypto_hash hash;
    read_family(reader, KV_EVENT, &hash);
    read_bodies(reader, &hash);
    read_family(reader, KV_LOG, &hash);
    read_family(reader, KV_SNAPSHOT, reader->hashed == HASHED_ALL ? &hash : NULL);
    return NULL;
}

/* bench NULL: to warm up. Otherwise `name`'s rate and processor time. */
static void record(
    struct bench *bench, const char *name, uint64_t bytes, uint64_t ns, uint64_t cpu_ns)
{
    char full[64];
    if (!bench) return;
    snprintf(full, sizeof(full), "%s.rate", name);
    figure_add(bench, full, "B/s", BETTER_HIGH, (double)bytes * 1e9 / (double)ns);
    snprintf(full, sizeof(full), "%s.cpu", name);
    figure_add(bench, full, "s", BETTER_LOW, (double)cpu_ns / 1e9);
}

/* How many bytes were read. */
static uint64_t read_and_hash(struct bench *bench, const char *name, enum hashed hashed,
    struct sl_store *store, unsigned shares)
{
    struct reader readers[THREADS_MOST] = {0};
    cpu_set_t set;
    unsigned threads = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    if (threads > THREADS_MOST) threads = THREADS_MOST;
    uint64_t begun = clock_ns(), cpu = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID), bytes = 0;
    for (unsigned i = 0; i < threads; i++) {
        readers[i] = (struct reader){store, hashed, i, threads, shares, 0, 0};
        if (pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0) abort();
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(readers[i].thread, NULL);
        bytes += readers[i].bytes;
    }
    record(bench, name, bytes, clock_ns() - begun, clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return bytes;
}

/* ---- a store ---- */

static bool make(const struct bench *bench, const char *path, unsigned *shares, uint64_t *events)
{
    uint64_t wanted = bench_pick(bench, 20, 100, 1000) * 1000000, bytes = 0;
    struct sl_store *store;
    struct sl_err err = {0};
    struct bodies bodies = {0};
    *shares = 0;
    *events = 0;
    if (!bodies_of_recording(bench, "long", &bodies)) return false;
    bool good = scratch_open(path, SL_DURABLE_PROCESS, &store);
    if (good) {
        for (; bytes < wanted && good; bytes += bodies.bytes.len, ++*shares) {
            struct sl_credentials share;
            good = scratch_share(store, *shares, &share);
            if (good) bodies_sign(&bodies, share.secret);
            good = good && bodies_play(&bodies, store, share.id);
            *events += 1 + bodies.count;
        }
        good = good && scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact");
        sl_store_close(store);
    }
    bodies_fini(&bodies);
    return good;
}

static bool verify_store(
    struct bench *bench, struct sl_store *store, unsigned shares, uint64_t events)
{
    struct sl_err err = {0};
    struct sl_verified verified;
    /* Each once to warm up: files, RocksDB's readers, the process's own memory. Then one beside the
       other. */
    read_and_hash(NULL, NULL, HASHED_ALL, store, shares);
    if (!scratch_ok(sl_store_verify(store, NULL, &verified, &err), &err, "verify")) return false;
    read_and_hash(bench, "verify.read_and_hash_events", HASHED_EVENTS, store, shares);
    uint64_t bytes = read_and_hash(bench, "verify.read_and_hash", HASHED_ALL, store, shares);
    uint64_t begun = clock_ns(), cpu = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (!scratch_ok(sl_store_verify(store, NULL, &verified, &err), &err, "verify")) return false;
    record(bench, "verify.store", bytes, clock_ns() - begun,
        clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    if (verified.events != events || verified.shares != shares)
        return bench_fail("verify: %llu events of %llu shares were checked",
            (unsigned long long)verified.events, (unsigned long long)verified.shares);
    goal_add(bench, "verify against reading the store and hashing all of it", "verify.store.rate",
        "verify.read_and_hash.rate", true, 0.8);
    return true;
}

/* ---- a bundle ---- */

struct reading {
    struct sl_span bytes;
    size_t at;
};

static enum sl_result read_bundle(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    struct reading *reading = ctx;
    (void)err;
    size_t left = reading->bytes.len - reading->at;
    *len = left < cap ? left : cap;
    memcpy(out, reading->bytes.ptr + reading->at, *len);
    reading->at += *len;
    return SL_OK;
}

static bool verify_bundle(struct bench *bench, struct sl_store *store)
{
    struct buf bundle = {0};
    struct note_key key;
    struct policy *policy = NULL;
    struct sl_err err = {0};
    struct bundle_verdict verdict;
    uint8_t hash[32];
    if (!note_key_parse(sl_span_of(sl_store_log_key(store)), &key))
        return bench_fail("the log's key isn't one");
    uint64_t begun = clock_ns();
    bool good = scratch_ok(sl_share_bundle(store, SL_SPAN("00000000"), buf_sink(&bundle), &err),
                    &err, "bundle") &&
                scratch_ok(policy_make(&key, NULL, 0, 0, &policy, &err), &err, "policy");
    double made_s = (double)(clock_ns() - begun) / 1e9;
    begun = clock_ns();
    if (good) crypto_sha256(bundle.ptr, bundle.len, hash);
    double floor_s = (double)(clock_ns() - begun) / 1e9;
    struct reading reading = {buf_span(&bundle), 0};
    begun = clock_ns();
    good =
        good && scratch_ok(bundle_verify((struct bundle_input){read_bundle, &reading, bundle.len},
                               &(struct bundle_asks){.policy = policy}, NULL, &verdict, &err),
                    &err, "verify a bundle");
    double verify_s = (double)(clock_ns() - begun) / 1e9;
    if (good) {
        figure_add(bench, "verify.bundle.made", "B/s", BETTER_HIGH, (double)bundle.len / made_s);
        figure_add(bench, "verify.bundle.hash", "B/s", BETTER_HIGH, (double)bundle.len / floor_s);
        figure_add(bench, "verify.bundle.rate", "B/s", BETTER_HIGH, (double)bundle.len / verify_s);
    }
    policy_destroy(policy);
    buf_fini(&bundle);
    return good;
}

static bool run(struct bench *bench)
{
    char path[SCRATCH_PATH_BYTES];
    unsigned shares;
    uint64_t events;
    struct sl_store *store;
    struct sl_err err = {0};
    bench_tell("verify: a store, then a bundle");
    scratch_path(bench, "verify", path);
    if (!make(bench, path, &shares, &events)) return false;
    struct sl_options options = {
        .dir = path, .durability = SL_DURABLE_FSYNC, .cache_bytes = CACHE_BYTES};
    bool good = scratch_ok(sl_store_open(&options, NULL, &store, &err), &err, "open");
    if (good) {
        good = verify_store(bench, store, shares, events) && verify_bundle(bench, store);
        sl_store_close(store);
    }
    scratch_remove(path);
    return good;
}

const struct part part_verify = {
    "verify", "verifying a store and a bundle, against reading and hashing them", run};
