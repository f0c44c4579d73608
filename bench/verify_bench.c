/* What `verify` costs against reading the same store and hashing the same bytes: both in one run,
   on as many processors as there are.

       build/release/bench/verify_bench RECORDING [MB [DIR]]

   plays the recording (tests/captures/long.jsonl) into new shares until the store has synced so
   many MB (default 200; 1000 for the figure that counts), settles, and then, three times each:
   reads every row of event, body, log and snapshot and hashes the bodies' bytes; verifies. Prints
   medians and how much memory grew while verifying. A store in DIR is made only where there is
   none, and stays. */

#include "core/crypto.h"
#include "core/json.h"
#include "core/rows.h"
#include "core/store.h"

#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 3
#define CACHE_BYTES (16 * SL_MIB) /* as `sharelog verify` has it */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of all threads: on a machine that does other things too, the fairer of the two. */
static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void need(enum sl_result result, const struct sl_err *err)
{
    if (result == SL_OK) return;
    fprintf(stderr, "verify_bench: %s\n", err->text);
    exit(2);
}

static double median(double values[ROUNDS])
{
    for (int i = 0; i < ROUNDS; i++)
        for (int j = i + 1; j < ROUNDS; j++)
            if (values[j] < values[i]) {
                double value = values[i];
                values[i] = values[j];
                values[j] = value;
            }
    return values[ROUNDS / 2];
}

/* A field of /proc/self/status, in KiB. */
static long status_kib(const char *name)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0) kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (file) fclose(file);
    return kib;
}

/* The peak of memory (VmHWM) counts from now on. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) fputs("5", file);
    if (file) fclose(file);
}

/* ---- the store ---- */

static char *read_recording(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t len = 0;
    if (!file || getdelim(&text, &len, EOF, file) < 0) {
        fprintf(stderr, "verify_bench: can't read %s\n", path);
        exit(2);
    }
    fclose(file);
    return text;
}

/* Each recorded sync once, into a new share. Returns the bytes synced. */
static uint64_t play(struct sl_store *store, const char *recording, unsigned number)
{
    struct sl_err err = {0};
    struct sl_credentials share;
    struct sl_synced synced;
    char session[64];
    /* share ids whose first byte is spread: by that the threads of the floor share them out */
    snprintf(session, sizeof(session), "ses_bench%c%07u", 'A' + (int)(number % 26), number);
    need(sl_share_create(store, sl_span_of(session), SL_ROLE_NONE, SL_SPAN("bench"), &share, &err),
        &err);
    uint64_t bytes = 0;
    for (const char *line = recording; *line; line = strchr(line, '\n') + 1) {
        struct sl_span text = {line, (size_t)(strchr(line, '\n') - line)}, body, data;
        if (!json_get(text, "body", &body) || !json_get(body, "data", &data)) continue;
        struct buf batch = {0};
        buf_add(&batch, "{\"secret\":\"", 11);
        buf_add(&batch, share.secret, strlen(share.secret));
        buf_add(&batch, "\",\"data\":", 9);
        buf_add_span(&batch, data);
        buf_add(&batch, "}", 1);
        need(sl_share_sync(store, sl_span_of(share.id), buf_span(&batch), 1, &synced, &err), &err);
        bytes += batch.len;
        buf_fini(&batch);
    }
    return bytes;
}

static void make_store(const struct sl_options *options, const char *path, uint64_t wanted)
{
    struct sl_store *store;
    struct sl_err err = {0};
    char *recording = read_recording(path);
    need(sl_store_open(options, NULL, &store, &err), &err);
    uint64_t synced = 0;
    for (unsigned i = 0; synced < wanted; i++)
        synced += play(store, recording, i);
    need(sl_store_compact(store, NULL, &err), &err);
    sl_store_close(store);
    free(recording);
}

/* ---- the floor ---- */

struct reader {
    struct kv *kv;
    unsigned number, count; /* which thread this is, of how many */
    uint64_t bytes;
    pthread_t thread;
};

/* Every row of a family whose key falls to this thread: a range of the share ids' first byte. */
static void read_family(struct reader *reader, enum kv_family family, struct crypto_hash *hash)
{
    unsigned char from = (unsigned char)('A' + 26 * reader->number / reader->count),
                  to = (unsigned char)('A' + 26 * (reader->number + 1) / reader->count);
    bool split = family != KV_LOG;
    if (!split && reader->number > 0) return;
    struct sl_span lower = {(const char *)&from, 1}, upper = {(const char *)&to, 1};
    struct kv_iter *iter = kv_iter_create(
        reader->kv, family, split ? lower : SL_SPAN(""), split ? upper : SL_SPAN(""), true);
    uint8_t out[32];
    for (kv_iter_first(iter); kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span value = kv_iter_value(iter);
        reader->bytes += value.len;
        if (family == KV_SNAPSHOT) continue;
        crypto_hash_begin(hash);
        crypto_hash_add(hash, value.ptr, value.len);
        crypto_hash_end(hash, out);
    }
    kv_iter_destroy(iter);
}

static void *read_all(void *arg)
{
    struct reader *reader = arg;
    struct crypto_hash *hash = crypto_hash_create();
    read_family(reader, KV_EVENT, hash);
    read_family(reader, KV_BODY, hash);
    read_family(reader, KV_LOG, hash);
    read_family(reader, KV_SNAPSHOT, hash);
    crypto_hash_destroy(hash);
    return NULL;
}

static double floor_s(struct sl_store *store, unsigned threads, uint64_t *bytes)
{
    struct reader readers[16] = {0};
    double begun = now_s();
    for (unsigned i = 0; i < threads; i++) {
        readers[i] = (struct reader){.kv = store->kv, .number = i, .count = threads};
        pthread_create(&readers[i].thread, NULL, read_all, &readers[i]);
    }
    *bytes = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(readers[i].thread, NULL);
        *bytes += readers[i].bytes;
    }
    return now_s() - begun;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: verify_bench RECORDING [MB]\n");
        return 2;
    }
    uint64_t wanted = (argc > 2 ? strtoull(argv[2], NULL, 10) : 200) * 1000000;
    char own[] = "/tmp/verify_bench.XXXXXX", remove_dir[64];
    const char *dir = argc > 3 ? argv[3] : mkdtemp(own);
    if (!dir) return 2;
    struct sl_options options = {
        .dir = dir, .access = SL_READ_WRITE, .durability = SL_DURABLE_PROCESS};
    struct sl_store *store;
    struct sl_err err = {0};
    if (argc < 4 || access(dir, F_OK) != 0) make_store(&options, argv[1], wanted);
    options.access = SL_READ_BESIDE;
    options.cache_bytes = CACHE_BYTES;
    need(sl_store_open(&options, NULL, &store, &err), &err);
    cpu_set_t set;
    unsigned threads = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    if (threads > 16) threads = 16;
    double floors[ROUNDS], verifies[ROUNDS], floors_cpu[ROUNDS], verifies_cpu[ROUNDS];
    uint64_t bytes = 0;
    struct sl_verified verified;
    malloc_trim(0);
    forget_peak();
    long before = status_kib("VmRSS"), peak = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double begun = now_s(), begun_cpu = cpu_s();
        need(sl_store_verify(store, NULL, &verified, &err), &err);
        verifies[i] = now_s() - begun;
        verifies_cpu[i] = cpu_s() - begun_cpu;
        if (i == 0) peak = status_kib("VmHWM");
        begun_cpu = cpu_s();
        floors[i] = floor_s(store, threads, &bytes);
        floors_cpu[i] = cpu_s() - begun_cpu;
    }
    double floor_median = median(floors), verify_median = median(verifies);
    printf(
        "%.0f MB of items, %llu events, %llu items, %llu snapshots; %.0f MB to read; %u threads\n",
        (double)verified.bytes / 1e6, (unsigned long long)verified.events,
        (unsigned long long)verified.items, (unsigned long long)verified.snapshots,
        (double)bytes / 1e6, threads);
    printf("read and hash %8.2f s  %7.0f MB/s\n", floor_median, (double)bytes / 1e6 / floor_median);
    printf("verify        %8.2f s  %7.0f MB/s  %.2f of that speed (goal 0.80)\n", verify_median,
        (double)bytes / 1e6 / verify_median, floor_median / verify_median);
    printf("processor time: %.2f s against %.2f s, %.2f of that speed\n", median(verifies_cpu),
        median(floors_cpu), median(floors_cpu) / median(verifies_cpu));
    printf("memory grew by %ld MiB at its peak (goal 64), the block cache of %zu MiB included\n",
        (peak - before) / 1024, CACHE_BYTES / SL_MIB);
    sl_store_close(store);
    if (argc > 3) return 0;
    snprintf(remove_dir, sizeof(remove_dir), "rm -rf %s", dir);
    return system(remove_dir) == 0 ? 0 : 2;
}
