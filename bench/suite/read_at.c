/* What it costs to read the state of a share as it was, at any of its events, beside the state now:
   in this process, and over HTTP. */

#include "bench/suite/read_at.h"

#include "bench/suite/scratch.h"
#include "core/base/crypto.h"

#include <stdlib.h>
#include <string.h>

#define MOMENTS 24
#define TRIES 5
#define LEAST_BYTES 65536 /* a read of less is counted as so much */

/* A share that is read: of so many events, each a message and a part of 1,400 bytes; or the
   questions and answers of the mixed load. */
struct grown {
    const char *name; /* of its figures */
    const char *text; /* of its goals */
    uint64_t events;
    struct shape *shape; /* NULL: the parts */
};

struct moment {
    uint64_t sequence, bytes;
    uint64_t now_ns, at_ns; /* when it was the newest; when the share had gone on */
    uint64_t http_ns;       /* then, over HTTP */
    uint8_t hash[32];
};

static int by_sequence(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool hash_bytes(void *ctx, const void *bytes, size_t len)
{
    crypto_hash_add(ctx, bytes, len);
    return true;
}

/* The least that any reader does with them: they go somewhere else, as into a socket. Without it a
   state whose rows are handed over as they lie would cost nothing. */
static bool copy_bytes(void *ctx, const void *bytes, size_t len)
{
    static _Thread_local char socket[65536];
    *(uint64_t *)ctx += len;
    for (size_t at = 0, n; at < len; at += n) {
        n = len - at < sizeof(socket) ? len - at : sizeof(socket);
        memcpy(socket, (const char *)bytes + at, n);
        __asm__ volatile("" : : "r"(socket) : "memory");
    }
    return true;
}

static bool read_state(
    struct sl_store *store, const char *id, struct sl_moment moment, struct sl_sink sink)
{
    struct sl_view *view;
    struct sl_err err = {0};
    enum sl_result result = sl_view_open(store, sl_span_of(id), moment, &view, &err);
    if (result == SL_OK) {
        result = sl_view_data(view, sink, &err);
        sl_view_close(view);
    }
    return scratch_ok(result, &err, "read a state");
}

static bool hash_state(
    struct sl_store *store, const char *id, struct sl_moment moment, uint8_t out[32])
{
    struct crypto_hash hash;
    crypto_hash_begin(&hash);
    bool good = read_state(store, id, moment, (struct sl_sink){hash_bytes, &hash});
    crypto_hash_end(&hash, out);
    return good;
}

/* The median of some tries. */
static bool time_state(
    struct sl_store *store, const char *id, struct sl_moment moment, uint64_t *bytes, uint64_t *ns)
{
    double took[TRIES];
    for (int i = 0; i < TRIES; i++) {
        uint64_t begun = clock_ns();
        *bytes = 0;
        if (!read_state(store, id, moment, (struct sl_sink){copy_bytes, bytes})) return false;
        took[i] = (double)(clock_ns() - begun);
    }
    qsort(took, TRIES, sizeof(*took), by_value);
    *ns = (uint64_t)took[TRIES / 2];
    return true;
}

static double per_byte(uint64_t ns, uint64_t bytes)
{
    return (double)ns / (double)(bytes > LEAST_BYTES ? bytes : LEAST_BYTES);
}

static void next_body(const struct grown *grown, uint64_t n, const char *secret, struct buf *body)
{
    buf_clear(body);
    if (grown->shape)
        shape_body(grown->shape, n - 1, secret, body);
    else
        bodies_grown(n, secret, body);
}

/* A share of so many syncs; at some of them its state is read while it is the newest. */
static bool grow(struct sl_store *store, const struct sl_credentials *share,
    const struct grown *grown, struct moment *moments)
{
    struct buf body = {0};
    struct sl_err err = {0};
    struct sl_synced synced;
    size_t next = 0;
    bool good = true;
    for (uint64_t n = 1; n <= grown->events && good; n++) {
        next_body(grown, n, share->secret, &body);
        good = scratch_ok(
            sl_share_sync(store, sl_span_of(share->id), buf_span(&body), n, &synced, &err), &err,
            "sync");
        for (; next < MOMENTS && moments[next].sequence == n + 1 && good; next++) {
            struct moment *moment = &moments[next];
            struct sl_moment now = {SL_NOW, 0};
            good = synced.sequence == n + 1 &&
                   scratch_ok(sl_store_settle(store, &err), &err, "settle") &&
                   time_state(store, share->id, now, &moment->bytes, &moment->now_ns) &&
                   hash_state(store, share->id, now, moment->hash);
        }
    }
    buf_fini(&body);
    return good;
}

/* A share whose state is the same, but came in one batch: it has a snapshot at its last event. */
static bool twin(struct sl_store *store, const char *id, struct sl_credentials *share)
{
    struct buf body = {0};
    struct sl_err err = {0};
    struct sl_synced synced;
    bool good = scratch_share(store, 2, share);
    if (!good) return false;
    buf_add_span(&body, SL_SPAN("{\"secret\":\""));
    buf_add(&body, share->secret, strlen(share->secret));
    buf_add_span(&body, SL_SPAN("\",\"data\":"));
    good = read_state(store, id, (struct sl_moment){SL_NOW, 0}, buf_sink(&body));
    buf_add(&body, "}", 1);
    good =
        good && !body.failed &&
        scratch_ok(sl_share_sync(store, sl_span_of(share->id), buf_span(&body), 1, &synced, &err),
            &err, "sync of a whole state") &&
        scratch_ok(sl_store_settle(store, &err), &err, "settle");
    buf_fini(&body);
    return good;
}

static bool look_back(struct sl_store *store, const char *id, struct moment *moments)
{
    for (int i = 0; i < MOMENTS; i++) {
        struct sl_moment at = {SL_AT_SEQUENCE, moments[i].sequence};
        uint64_t bytes;
        uint8_t hash[32];
        if (!time_state(store, id, at, &bytes, &moments[i].at_ns) ||
            !hash_state(store, id, at, hash))
            return false;
        if (bytes != moments[i].bytes || memcmp(hash, moments[i].hash, sizeof(hash)) != 0)
            return bench_fail("the state at %llu isn't what it was then",
                (unsigned long long)moments[i].sequence);
    }
    return true;
}

/* The median of some GETs of a state, each on a connection of its own, until all of it is here. */
static bool time_get(
    const struct server *server, const char *id, uint64_t sequence, uint64_t bytes, uint64_t *ns)
{
    char target[128];
    double took[TRIES];
    struct buf body = {0};
    bool good = true;
    int len = snprintf(target, sizeof(target), "/api/share/%s/data", id);
    if (sequence)
        snprintf(
            target + len, sizeof(target) - (size_t)len, "?at=%llu", (unsigned long long)sequence);
    for (int i = 0; i < TRIES && good; i++) {
        int status = 0;
        buf_clear(&body);
        uint64_t begun = clock_ns();
        good = server_ask(server, "GET", target, SL_SPAN(""), &status, &body);
        took[i] = (double)(clock_ns() - begun);
        if (status != 200 || body.len != bytes)
            good = bench_fail("%s: status %d, %zu bytes", target, status, body.len);
    }
    buf_fini(&body);
    if (!good) return false;
    qsort(took, TRIES, sizeof(*took), by_value);
    *ns = (uint64_t)took[TRIES / 2];
    return true;
}

/* The same moments, and the newest state of the twin, as who asks a server sees them. */
static bool look_back_http(struct bench *bench, const char *path, const char *id,
    struct moment *moments, const char *twin_id, uint64_t bytes, uint64_t *now_ns)
{
    const char *const flags[] = {NULL};
    struct server server;
    if (!server_start(bench, path, flags, &server)) return false;
    bool good = true;
    for (int i = 0; i < MOMENTS && good; i++)
        good = time_get(&server, id, moments[i].sequence, moments[i].bytes, &moments[i].http_ns);
    good = good && time_get(&server, twin_id, 0, bytes, now_ns);
    return server_stop(&server) && good;
}

static void record_http(struct bench *bench, const struct grown *grown,
    const struct moment *moments, double now_per_byte)
{
    char name[96], under[96], text[160];
    double at[MOMENTS];
    const char *name_of = grown->name;
    unsigned long long e = grown->events;
    for (int i = 0; i < MOMENTS; i++)
        at[i] = per_byte(moments[i].http_ns, moments[i].bytes);
    qsort(at, MOMENTS, sizeof(*at), by_value);
    snprintf(under, sizeof(under), "%s.now_http.%llu.per_byte", name_of, e);
    figure_add(bench, under, "ns", BETTER_LOW, now_per_byte);
    snprintf(name, sizeof(name), "%s.at_http.%llu.per_byte", name_of, e);
    figure_add(bench, name, "ns", BETTER_LOW, at[MOMENTS / 2]);
    snprintf(text, sizeof(text),
        "over HTTP: the state at a random N of %llu events%s against the state now, a byte", e,
        grown->text);
    goal_add(bench, text, name, under, false, e == 2000 ? 1.5 : 2);
}

static void record(struct bench *bench, const struct grown *grown, const struct moment *moments,
    double now_per_byte)
{
    char name[96], under[96], text[160];
    double at[MOMENTS], against_then[MOMENTS];
    const char *name_of = grown->name;
    unsigned long long e = grown->events;
    for (int i = 0; i < MOMENTS; i++) {
        at[i] = per_byte(moments[i].at_ns, moments[i].bytes);
        against_then[i] = (double)moments[i].at_ns / (double)moments[i].now_ns;
        snprintf(name, sizeof(name), "%s.at_random.%llu.read_by_sequence", name_of, e);
        series_add(bench, name, (double)moments[i].sequence, (double)moments[i].at_ns / 1000);
        snprintf(name, sizeof(name), "%s.when_newest.%llu.read_by_sequence", name_of, e);
        series_add(bench, name, (double)moments[i].sequence, (double)moments[i].now_ns / 1000);
    }
    qsort(at, MOMENTS, sizeof(*at), by_value);
    qsort(against_then, MOMENTS, sizeof(*against_then), by_value);
    snprintf(under, sizeof(under), "%s.now.%llu.per_byte", name_of, e);
    figure_add(bench, under, "ns", BETTER_LOW, now_per_byte);
    snprintf(name, sizeof(name), "%s.at.%llu.worst_per_byte", name_of, e);
    figure_add(bench, name, "ns", BETTER_LOW, at[MOMENTS - 1]);
    snprintf(name, sizeof(name), "%s.at.%llu.against_then", name_of, e);
    figure_add(bench, name, "", BETTER_LOW, against_then[MOMENTS / 2]);
    snprintf(name, sizeof(name), "%s.at.%llu.per_byte", name_of, e);
    figure_add(bench, name, "ns", BETTER_LOW, at[MOMENTS / 2]);
    snprintf(text, sizeof(text),
        "the state at a random N of %llu events%s against the state now, a byte", e, grown->text);
    goal_add(bench, text, name, under, false, e == 20000 ? 0.8 : 2);
}

static bool read_grown(struct bench *bench, const struct grown *grown)
{
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_credentials share, clean;
    struct moment moments[MOMENTS] = {0};
    struct sl_err err = {0};
    uint64_t events = grown->events, bytes = 0, now_ns = 0, http_ns = 0;
    uint64_t seed = bench->seed + events;
    bench_tell("read: states of a share of %llu events%s", (unsigned long long)events, grown->text);
    for (int i = 0; i < MOMENTS; i++)
        moments[i].sequence = 2 + bench_random(&seed) % events;
    qsort(moments, MOMENTS, sizeof(*moments), by_sequence);
    scratch_path(bench, "read-at", path);
    if (!scratch_open(path, SL_DURABLE_PROCESS, &store)) return false;
    bool good = scratch_share(store, 1, &share) && grow(store, &share, grown, moments) &&
                twin(store, share.id, &clean) &&
                /* what is newest would still lie in memory as it was written, and be read for
                   nothing */
                scratch_ok(sl_store_compact(store, NULL, &err), &err, "compact") &&
                look_back(store, share.id, moments) &&
                time_state(store, clean.id, (struct sl_moment){SL_NOW, 0}, &bytes, &now_ns) &&
                scratch_verified(store, events + 3);
    sl_store_close(store);
    good = good && look_back_http(bench, path, share.id, moments, clean.id, bytes, &http_ns);
    scratch_remove(path);
    if (!good) return false;
    record(bench, grown, moments, per_byte(now_ns, bytes));
    record_http(bench, grown, moments, per_byte(http_ns, bytes));
    return true;
}

bool read_at(struct bench *bench)
{
    /* a share of this number asks and answers: mixed.h */
    struct shape *talk = shape_create(&shape_mixed, 8 * bench->seed + 1);
    const struct {
        struct grown grown;
        enum bench_size from;
    } shares[] = {{{"read", "", 2000, NULL}, BENCH_QUICK},
        {{"read.mixed", " that don't repeat", 2000, talk}, BENCH_QUICK},
        {{"read", "", 20000, NULL}, BENCH_NORMAL},
        {{"read.mixed", " that don't repeat", 20000, talk}, BENCH_NORMAL},
        {{"read", "", 100000, NULL}, BENCH_FULL}};
    bool good = true;
    for (size_t i = 0; good && i < sizeof(shares) / sizeof(*shares); i++)
        if (bench->size >= shares[i].from) good = read_grown(bench, &shares[i].grown);
    shape_destroy(talk);
    return good;
}
