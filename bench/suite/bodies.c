/* Bodies made before the clock runs: of a shape, of a recording, of lines in a recording's format.
   They lie one behind the other in one buffer, so that getting one costs nothing. Memory that runs
   out ends the program: a benchmark without its input has nothing to say. */

#include "bench/suite/chain.h"
#include "bench/suite/mixed.h"
#include "bench/suite/scratch.h"
#include "core/base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_AT (sizeof("{\"secret\":\"") - 1)

void bodies_fini(struct bodies *bodies)
{
    buf_fini(&bodies->bytes);
    free(bodies->ends);
    *bodies = (struct bodies){0};
}

/* What was added to bytes since the last one is one more. */
static void end_body(struct bodies *bodies)
{
    if (bodies->count == bodies->cap) {
        bodies->cap = bodies->cap ? 2 * bodies->cap : 64;
        bodies->ends = realloc(bodies->ends, bodies->cap * sizeof(*bodies->ends));
        if (!bodies->ends) abort();
    }
    if (bodies->bytes.failed) abort();
    bodies->ends[bodies->count++] = bodies->bytes.len;
}

struct sl_span bodies_get(const struct bodies *bodies, uint64_t i)
{
    assert(bodies->count > 0);
    size_t at = (size_t)(i % bodies->count), from = at ? bodies->ends[at - 1] : 0;
    return (struct sl_span){bodies->bytes.ptr + from, bodies->ends[at] - from};
}

void bodies_sign(struct bodies *bodies, const char *secret)
{
    for (size_t i = 0; i < bodies->count; i++) {
        size_t from = i ? bodies->ends[i - 1] : 0;
        assert(bodies->ends[i] - from > SECRET_AT + SL_SECRET_BYTES);
        memcpy(bodies->bytes.ptr + from + SECRET_AT, secret, SL_SECRET_BYTES);
    }
}

void bodies_add(struct shape *shape, uint64_t n, struct bodies *bodies)
{
    shape_body(shape, n, BODIES_NO_SECRET, &bodies->bytes);
    end_body(bodies);
}

void bodies_add_mixed(const struct mixed *mixed, uint64_t n, struct bodies *bodies)
{
    buf_add_span(&bodies->bytes, SL_SPAN("{\"secret\":\"" BODIES_NO_SECRET "\",\"data\":"));
    mixed_batch(mixed, n, &bodies->bytes);
    buf_add(&bodies->bytes, "}", 1);
    end_body(bodies);
}

bool bodies_of_shape(const struct bench *bench, const struct shape_kind *kind, uint64_t from,
    size_t count, const char *secret, struct bodies *bodies)
{
    struct shape *shape = shape_create(kind, bench->seed);
    for (size_t i = 0; i < count; i++) {
        shape_body(shape, from + i, secret ? secret : BODIES_NO_SECRET, &bodies->bytes);
        end_body(bodies);
    }
    shape_destroy(shape);
    return true;
}

bool bodies_of_lines(struct sl_span lines, struct bodies *bodies)
{
    const char *at = lines.ptr, *end = lines.ptr + lines.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct sl_span line = {at, (size_t)((newline ? newline : end) - at)}, body, data;
        at = newline ? newline + 1 : end;
        if (!json_get(line, "body", &body) || !json_get(body, "data", &data)) continue;
        buf_add_span(&bodies->bytes, SL_SPAN("{\"secret\":\"" BODIES_NO_SECRET "\",\"data\":"));
        buf_add_span(&bodies->bytes, data);
        buf_add(&bodies->bytes, "}", 1);
        end_body(bodies);
    }
    return bodies->count > 0 || bench_fail("a recording without syncs");
}

bool bodies_of_recording(const struct bench *bench, const char *name, struct bodies *bodies)
{
    char path[SCRATCH_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s.jsonl", bench->captures, name);
    FILE *file = fopen(path, "r");
    if (!file) return bench_fail("%s: %s", path, strerror(errno));
    char *text = NULL;
    size_t cap = 0;
    ssize_t len = getdelim(&text, &cap, EOF, file);
    fclose(file);
    bool good = len > 0 ? bodies_of_lines((struct sl_span){text, (size_t)len}, bodies)
                        : bench_fail("%s: empty", path);
    free(text);
    return good;
}

void bodies_grown(uint64_t n, const char *secret, struct buf *out)
{
    char head[512];
    unsigned long long part = n, message = n / 4;
    int len = snprintf(head, sizeof(head),
        "{\"secret\":\"%s\",\"data\":[{\"type\":\"message\",\"data\":{\"id\":\"msg_%08llu\","
        "\"role\":\"assistant\",\"cost\":0.01}},{\"type\":\"part\",\"data\":{\"id\":\"prt_%08llu\","
        "\"messageID\":\"msg_%08llu\",\"type\":\"text\",\"text\":\"",
        secret, message, part, message);
    buf_add(out, head, (size_t)len);
    chain_text(CHAIN_PROSE, n * UINT64_C(0x9e3779b97f4a7c15), 1392, out);
    buf_add(out, "\"}}]}", 5);
}

bool bodies_play(const struct bodies *bodies, struct sl_store *store, const char *id)
{
    struct sl_err err = {0};
    struct sl_synced synced;
    for (size_t i = 0; i < bodies->count; i++)
        if (!scratch_ok(sl_share_sync(store, sl_span_of(id), bodies_get(bodies, i),
                            clock_ns() / 1000, &synced, &err),
                &err, "sync"))
            return false;
    return true;
}
