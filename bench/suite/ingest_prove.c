/* What was acknowledged is read back. What the bodies give is folded here once more, without core,
   which is what is being checked. */

#include "bench/suite/ingest_prove.h"

#include "core/base/json.h"

#include <stdlib.h>

#define SAMPLES 4

/* ---- what the bodies give ---- */

struct want {
    struct sl_span type, message, id, data;
    size_t order;
};
struct wants {
    struct want *list;
    size_t count, cap;
};

static int by_key(const struct want *x, const struct want *y)
{
    int order = sl_span_cmp(x->type, y->type);
    if (!order) order = sl_span_cmp(x->message, y->message);
    return order ? order : sl_span_cmp(x->id, y->id);
}

static int by_key_and_order(const void *a, const void *b)
{
    const struct want *x = a, *y = b;
    int order = by_key(x, y);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* An item by what it overwrites; told apart without core, which is what is being checked. */
static bool take_item(struct wants *wants, struct sl_span item)
{
    struct want want = {.order = wants->count};
    if (!json_get(item, "type", &want.type) || !json_get(item, "data", &want.data)) return false;
    bool part = sl_span_eq(want.type, SL_SPAN("\"part\""));
    if (sl_span_eq(want.type, SL_SPAN("\"model\""))) return true;
    if (part || sl_span_eq(want.type, SL_SPAN("\"message\""))) {
        if (!json_get(want.data, "id", &want.id)) return false;
        if (part && !json_get(want.data, "messageID", &want.message)) return false;
    }
    if (wants->count == wants->cap) {
        wants->cap = wants->cap ? 2 * wants->cap : 1024;
        wants->list = realloc(wants->list, wants->cap * sizeof(*wants->list));
        if (!wants->list) abort();
    }
    wants->list[wants->count++] = want;
    return true;
}

static bool take_items(struct wants *wants, struct sl_span array)
{
    struct sl_span item;
    while (json_next(&array, &item))
        if (!take_item(wants, item)) return false;
    return true;
}

/* In order of key, of each the newest. */
static void fold_wants(struct wants *wants)
{
    size_t kept = 0;
    if (wants->count) qsort(wants->list, wants->count, sizeof(*wants->list), by_key_and_order);
    for (size_t i = 0; i < wants->count; i++) {
        if (i + 1 < wants->count && by_key(&wants->list[i], &wants->list[i + 1]) == 0) continue;
        wants->list[kept++] = wants->list[i];
    }
    wants->count = kept;
}

bool data_fits(struct sl_span data, const struct sl_span *bodies, size_t count)
{
    struct wants want = {0}, got = {0};
    struct sl_span array;
    bool good = json_check(data, SL_JSON_DEPTH, NULL) == SL_OK && take_items(&got, data);
    size_t listed = got.count;
    for (size_t i = 0; good && i < count; i++)
        good = json_get(bodies[i], "data", &array) && take_items(&want, array);
    fold_wants(&want);
    fold_wants(&got);
    good = good && got.count == listed && want.count == got.count;
    for (size_t i = 0; good && i < want.count; i++)
        good = by_key(&want.list[i], &got.list[i]) == 0 &&
               sl_span_eq(want.list[i].data, got.list[i].data);
    free(want.list);
    free(got.list);
    return good;
}

/* ---- what the server says ---- */

static bool ask(const struct ingest *ingest, unsigned writer, const char *what, struct buf *answer)
{
    char target[SL_SHARE_ID_BYTES + 64];
    int status = 0;
    const char *id = ingest->writers[writer].credentials.id;
    snprintf(target, sizeof(target), "/api/share/%s/%s", id, what);
    buf_clear(answer);
    return (server_ask(&ingest->server, "GET", target, SL_SPAN(""), &status, answer) &&
               status == 200) ||
           bench_fail("reading back %s of share %s: status %d", what, id, status);
}

static bool counts_fit(const struct ingest *ingest, unsigned writer, struct buf *answer)
{
    struct sl_span field;
    uint64_t syncs = UINT64_MAX;
    const struct writer *w = &ingest->writers[writer];
    if (!ask(ingest, writer, "metadata", answer)) return false;
    if (json_check(buf_span(answer), SL_JSON_DEPTH, NULL) == SL_OK &&
        json_get(buf_span(answer), "syncCount", &field))
        json_u64(field, &syncs);
    return (syncs == w->acknowledged && w->sent == w->acknowledged) ||
           bench_fail("share %s counts %llu syncs; %llu were sent, %llu acknowledged",
               w->credentials.id, (unsigned long long)syncs, (unsigned long long)w->sent,
               (unsigned long long)w->acknowledged);
}

static bool state_fits(const struct ingest *ingest, unsigned writer, struct buf *answer)
{
    uint64_t sent = ingest->writers[writer].sent;
    uint64_t first = sent > INGEST_BODIES ? sent - INGEST_BODIES : 0; /* more come round again */
    size_t count = (size_t)(sent - first);
    struct sl_span bodies[INGEST_BODIES];
    for (size_t i = 0; i < count; i++)
        bodies[i] = bodies_get(&ingest->bodies, (first + i) * ingest->count + writer);
    if (!ask(ingest, writer, "data", answer)) return false;
    return data_fits(buf_span(answer), bodies, count) ||
           bench_fail("share %s: /data isn't what its %llu syncs give",
               ingest->writers[writer].credentials.id, (unsigned long long)sent);
}

/* Some events, the first and the last among them, hold the very bytes that were sent. (The state
   alone wouldn't show that the last went missing, had the same bytes been sent before.) */
static bool events_fit(const struct ingest *ingest, unsigned writer, struct buf *answer)
{
    char what[64];
    struct sl_span sent, kept;
    uint64_t syncs = ingest->writers[writer].acknowledged, step = syncs > 8 ? syncs / 8 : 1;
    for (uint64_t i = 0; i < syncs; i = i + step < syncs || i + 1 == syncs ? i + step : syncs - 1) {
        struct sl_span body = bodies_get(&ingest->bodies, i * ingest->count + writer);
        snprintf(what, sizeof(what), "events/%llu", (unsigned long long)i + 2);
        if (!ask(ingest, writer, what, answer)) return false;
        if (json_check(buf_span(answer), SL_JSON_DEPTH, NULL) != SL_OK ||
            !json_get(buf_span(answer), "data", &kept) || !json_get(body, "data", &sent) ||
            !sl_span_eq(kept, sent))
            return bench_fail("share %s: event %llu doesn't hold what was sent",
                ingest->writers[writer].credentials.id, (unsigned long long)i + 2);
    }
    return true;
}

bool ingest_proved(const struct ingest *ingest)
{
    struct buf answer = {0};
    bool good = true;
    for (unsigned i = 0; good && i < ingest->count; i++)
        good = counts_fit(ingest, i, &answer);
    unsigned step = ingest->count > SAMPLES ? ingest->count / SAMPLES : 1;
    for (unsigned i = 0; good && i < ingest->count; i += step)
        good = state_fits(ingest, i, &answer) && events_fit(ingest, i, &answer);
    buf_fini(&answer);
    return good;
}
