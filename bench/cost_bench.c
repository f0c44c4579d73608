/* What a sync and a read cost as a session grows: medians within one run, so that the ratios hold
   on a noisy machine.

       make bench-cost            a session of 5,000 parts
       build/release/bench/cost_bench 20000

   A sync is timed in blocks of 250 (the first block is warm-up); a read of the state at sequence N
   is compared with sending as many bytes of the newest state, read when nothing is pending since
   its snapshot. */

#include "core/sharelog.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 250

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double median(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return (double)values[count / 2];
}

static void need(enum sl_result result, const struct sl_err *err)
{
    if (result == SL_OK) return;
    fprintf(stderr, "cost_bench: %s\n", err->text);
    exit(2);
}

/* A batch as the client sends it while a part grows: the message, the part, about 2 KB. */
static size_t make_batch(char *out, size_t cap, const char *secret, unsigned n)
{
    char text[1400];
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        text[i] = "the quick brown fox jumps over the lazy dog "[(i * 7 + n) % 44];
    text[sizeof(text) - 1] = 0;
    return (size_t)snprintf(out, cap,
        "{\"secret\":\"%s\",\"data\":[{\"type\":\"message\",\"data\":{\"id\":\"msg_%06u\",\"role\":\"assistant\",\"cost\":0.01}},"
        "{\"type\":\"part\",\"data\":{\"id\":\"prt_%06u\",\"messageID\":\"msg_%06u\",\"type\":\"text\",\"text\":\"%s\"}}]}",
        secret, n / 4, n, n / 4, text);
}

static bool count_bytes(void *ctx, const void *bytes, size_t len)
{
    (void)bytes;
    *(uint64_t *)ctx += len;
    return true;
}

static uint64_t time_read(
    struct sl_store *store, struct sl_span id, uint64_t sequence, uint64_t *bytes)
{
    struct sl_err err = {0};
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 7; i++) {
        struct sl_view *view;
        uint64_t begin = now_ns();
        *bytes = 0;
        need(sl_view_open(store, id, (struct sl_moment){SL_AT_SEQUENCE, sequence}, &view, &err),
            &err);
        need(sl_view_data(view, (struct sl_sink){count_bytes, bytes}, &err), &err);
        sl_view_close(view);
        uint64_t took = now_ns() - begin;
        if (took < best) best = took;
    }
    return best;
}

static void read_all(struct sl_store *store, struct sl_span id, uint64_t last)
{
    printf("\nreads of /data: microseconds, bytes, ns a byte\n");
    double worst = 0, least = 1e18;
    for (unsigned i = 1; i <= 24; i++) {
        uint64_t sequence = last * i / 24, bytes;
        uint64_t took = time_read(store, id, sequence, &bytes);
        double per_byte = (double)took / (double)(bytes > 65536 ? bytes : 65536);
        printf("  at %6llu %8.0f us %10llu B %6.3f\n", (unsigned long long)sequence,
            (double)took / 1000, (unsigned long long)bytes, per_byte);
        if (per_byte > worst) worst = per_byte;
        if (per_byte < least) least = per_byte;
    }
    printf("  dearest byte against cheapest: %.2f\n", worst / least);
}

int main(int argc, char **argv)
{
    unsigned parts = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
    char dir[] = "/tmp/sharelog-bench-XXXXXX", batch[4096];
    if (parts < 4 * BLOCK || !mkdtemp(dir)) return 2;
    mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024); /* as the server has it */
    mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    struct sl_options options = {.dir = dir, .durability = SL_DURABLE_PROCESS};
    struct sl_store *store;
    struct sl_err err = {0};
    struct sl_credentials credentials;
    need(sl_store_open(&options, NULL, &store, &err), &err);
    need(sl_share_create(
             store, SL_SPAN("ses_benchmark01"), SL_ROLE_NONE, SL_SPAN("-"), &credentials, &err),
        &err);
    struct sl_span id = sl_span_of(credentials.id);
    uint64_t took[BLOCK];
    double first = 0, last = 0;
    struct sl_synced synced = {0};
    printf("syncs: median microseconds of %d, by parts in the session\n", BLOCK);
    for (unsigned n = 0; n < parts + BLOCK; n++) {
        size_t len = make_batch(batch, sizeof(batch), credentials.secret, n);
        uint64_t begin = now_ns();
        need(sl_share_sync(store, id, (struct sl_span){batch, len}, n + 1, &synced, &err), &err);
        took[n % BLOCK] = now_ns() - begin;
        if (n % BLOCK != BLOCK - 1) continue;
        last = median(took, BLOCK) / 1000;
        if (n / BLOCK == 1) first = last;
        if (n / BLOCK == 1 || n + BLOCK >= parts) printf("  %6u %8.2f us\n", n + 1, last);
    }
    printf("  last against first: %.3f\n", last / first);
    need(sl_store_settle(store, &err), &err);
    read_all(store, id, synced.sequence);
    sl_store_close(store);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) == 0 ? 0 : 2;
}
