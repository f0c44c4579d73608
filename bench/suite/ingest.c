/* Clients that sync into a server of their own: start it, put load on it, record the load, stop and
   verify it. A server that fails in between is stopped and its store removed all the same. */

#include "bench/suite/ingest.h"

#include "bench/suite/scratch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void ingest_request(void *ctx, unsigned connection, struct buf *out)
{
    struct ingest *ingest = ctx;
    unsigned share = ingest->current[connection];
    struct writer *writer = &ingest->writers[share];
    const struct sl_span front = SL_SPAN("{\"secret\":\"");
    struct sl_span body = ingest_body(ingest, share, writer->sent++, &ingest->made);
    assert(share < ingest->count && body.len > front.len + SL_SECRET_BYTES);
    sync_head(writer->credentials.id, body.len, out);
    buf_add_span(out, front);
    buf_add(out, writer->credentials.secret, SL_SECRET_BYTES);
    buf_add(out, body.ptr + front.len + SL_SECRET_BYTES, body.len - front.len - SL_SECRET_BYTES);
}

bool ingest_answer(void *ctx, unsigned connection, int status, struct sl_span body)
{
    struct ingest *ingest = ctx;
    unsigned *current = &ingest->current[connection];
    struct writer *writer = &ingest->writers[*current];
    assert(writer->acknowledged < writer->sent);
    if (!sync_counted(status, body, writer->acknowledged + 1)) return false;
    writer->acknowledged++;
    *current += ingest->connections;
    if (*current >= ingest->count) *current = connection;
    return true;
}

/* ---- what is sent ---- */

struct sl_span ingest_body(
    const struct ingest *ingest, unsigned writer, uint64_t n, struct buf *room)
{
    uint64_t place = n * ingest->count + writer;
    if (!ingest->shapes || place < ingest->bodies.count) return bodies_get(&ingest->bodies, place);
    buf_clear(room);
    shape_body(ingest->shapes[writer], n, BODIES_NO_SECRET, room);
    if (room->failed) abort();
    return buf_span(room);
}

static bool make_bodies(struct ingest *ingest, const struct shape_kind *kind)
{
    if (kind->source != SHAPE_MIXED)
        return bodies_of_shape(ingest->bench, kind, 0, INGEST_BODIES, NULL, &ingest->bodies);
    ingest->shapes = calloc(ingest->count, sizeof(struct shape *));
    if (!ingest->shapes) abort();
    for (unsigned i = 0; i < ingest->count; i++)
        ingest->shapes[i] = shape_create(kind, ingest->bench->seed + i);
    for (uint64_t place = 0; ingest->bodies.bytes.len < INGEST_AHEAD_BYTES; place++)
        bodies_add(ingest->shapes[place % ingest->count], place / ingest->count, &ingest->bodies);
    return true;
}

/* ---- a server with shares ---- */

bool ingest_start(struct bench *bench, const struct shape_kind *kind, unsigned writers,
    const char *name, struct ingest *ingest)
{
    static const char *const flags[] = {"--durability", "fsync", NULL};
    char path[SCRATCH_PATH_BYTES], session[64];
    *ingest = (struct ingest){.bench = bench, .count = writers, .connections = writers};
    scratch_path(bench, name, path);
    if (!make_bodies(ingest, kind)) return false;
    ingest->writers = calloc(writers, sizeof(*ingest->writers));
    ingest->current = calloc(writers, sizeof(*ingest->current));
    if (!ingest->writers || !ingest->current) abort();
    bool good = server_start(bench, path, flags, &ingest->server);
    for (unsigned i = 0; good && i < writers; i++) {
        ingest->current[i] = i;
        snprintf(session, sizeof(session), "ses_ingest%08u", i);
        good = server_create_share(&ingest->server, session, &ingest->writers[i].credentials);
    }
    if (!good) ingest_finish(ingest, false);
    return good;
}

bool ingest_finish(struct ingest *ingest, bool good)
{
    if (ingest->server.pid > 0) {
        ingest_note_rss(&ingest->server);
        good = server_stop(&ingest->server) && good;
    }
    good = good && store_verified(ingest->bench, ingest->server.folder);
    if (ingest->server.folder[0]) scratch_remove(ingest->server.folder);
    bodies_fini(&ingest->bodies);
    buf_fini(&ingest->made);
    for (unsigned i = 0; ingest->shapes && i < ingest->count; i++)
        shape_destroy(ingest->shapes[i]);
    free(ingest->shapes);
    free(ingest->writers);
    free(ingest->current);
    *ingest = (struct ingest){0};
    return good;
}

/* At a rate far too high it may be that no answer came in time: that is a measurement too. */
bool ingest_load(struct ingest *ingest, double rate, uint64_t warm_up_ns, uint64_t measure_ns,
    struct load_outcome *outcome)
{
    struct load load = {.port = ingest->server.port,
        .connections = ingest->connections,
        .rate = rate,
        .warm_up_ns = warm_up_ns,
        .measure_ns = measure_ns,
        .request = ingest_request,
        .answer = ingest_answer,
        .ctx = ingest};
    if (!load_run(&load, outcome)) return false;
    if (outcome->failed == 0 && (outcome->answered > 0 || rate > 0)) return true;
    bench_fail("ingest: of %llu syncs %llu failed", (unsigned long long)outcome->sent,
        (unsigned long long)outcome->failed);
    load_outcome_fini(outcome);
    return false;
}

void ingest_record(
    struct bench *bench, const char *name, bool open, const struct load_outcome *outcome)
{
    char full[128];
    snprintf(full, sizeof(full), "%s.rate", name);
    figure_add(bench, full, "1/s", BETTER_HIGH, (double)outcome->answered / outcome->seconds);
    snprintf(full, sizeof(full), "%s.bytes", name);
    figure_add(bench, full, "B/s", BETTER_HIGH, (double)outcome->bytes_out / outcome->seconds);
    snprintf(full, sizeof(full), "%s.generator_busy", name);
    figure_add(bench, full, "", BETTER_NEITHER, outcome->busy);
    if (outcome->busy > 0.9)
        bench_tell("%s: the load generator was the bottleneck (%.0f %% of a core)", name,
            outcome->busy * 100);
    histogram_record(bench, name, outcome->latency);
    if (!open) return;
    snprintf(full, sizeof(full), "%s.late", name);
    figure_add(bench, full, "", BETTER_LOW, (double)outcome->late);
    snprintf(full, sizeof(full), "%s.uncorrected", name);
    histogram_record(bench, full, outcome->service);
}
