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
    } else if (sl_span_eq(want.type, SL_SPAN("\"messages\""))) {
        if (!json_get(want.data, "sessionID", &want.id)) return false;
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

/* Bodies that a writer has sent, side by side. */
struct sent {
    struct sl_span *spans;
    struct buf made; /* holds those that were made when they were sent */
};

static void sent_fini(struct sent *sent)
{
    free(sent->spans);
    buf_fini(&sent->made);
}

static struct sent sent_bodies(
    const struct ingest *ingest, unsigned writer, uint64_t first, size_t count)
{
    struct sent sent = {.spans = calloc(count + 1, sizeof(*sent.spans))};
    struct buf room = {0};
    if (!sent.spans) abort();
    for (size_t i = 0; i < count; i++) {
        sent.spans[i] = ingest_body(ingest, writer, first + i, &room);
        if (sent.spans[i].ptr != room.ptr) continue;
        sent.spans[i].ptr = NULL; /* where it lies is known when all are there */
        buf_add_span(&sent.made, buf_span(&room));
    }
    if (sent.made.failed) abort();
    const char *at = sent.made.ptr;
    for (size_t i = 0; i < count; i++) {
        if (sent.spans[i].ptr) continue;
        sent.spans[i].ptr = at;
        at += sent.spans[i].len;
    }
    buf_fini(&room);
    return sent;
}

static bool state_fits(const struct ingest *ingest, unsigned writer, struct buf *answer)
{
    uint64_t sent = ingest->writers[writer].sent;
    bool again = !ingest->shapes && sent > INGEST_BODIES; /* what is more came round again */
    uint64_t first = again ? sent - INGEST_BODIES : 0;
    size_t count = (size_t)(sent - first);
    struct sent all = sent_bodies(ingest, writer, first, count);
    bool good = ask(ingest, writer, "data", answer);
    if (good && !data_fits(buf_span(answer), all.spans, count))
        good = bench_fail("share %s: /data isn't what its %llu syncs give",
            ingest->writers[writer].credentials.id, (unsigned long long)sent);
    sent_fini(&all);
    return good;
}

/* Some events, the first and the last among them, hold the very bytes that were sent. (The state
   alone wouldn't show that the last went missing, had the same bytes been sent before.) */
static bool events_fit(const struct ingest *ingest, unsigned writer, struct buf *answer)
{
    char what[64];
    struct sl_span sent, kept;
    uint64_t syncs = ingest->writers[writer].acknowledged, step = syncs > 8 ? syncs / 8 : 1;
    struct buf room = {0};
    bool good = true;
    for (uint64_t i = 0; good && i < syncs;
         i = i + step < syncs || i + 1 == syncs ? i + step : syncs - 1) {
        struct sl_span body = ingest_body(ingest, writer, i, &room);
        snprintf(what, sizeof(what), "events/%llu", (unsigned long long)i + 2);
        good = ask(ingest, writer, what, answer);
        if (!good) break;
        if (json_check(buf_span(answer), SL_JSON_DEPTH, NULL) != SL_OK ||
            !json_get(buf_span(answer), "data", &kept) || !json_get(body, "data", &sent) ||
            !sl_span_eq(kept, sent))
            good = bench_fail("share %s: event %llu doesn't hold what was sent",
                ingest->writers[writer].credentials.id, (unsigned long long)i + 2);
    }
    buf_fini(&room);
    return good;
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
