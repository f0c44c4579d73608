/* The history of a share, and of the store: events from their rows alone. A page is read through
   one iterator, so it is of one moment; no body is touched. A failure leaves *next as it was; the
   events before it have been given. */

#include "core/read/history.h"

#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/store.h"

#include <assert.h>

static int by_type(const void *a, const void *b)
{
    return sl_span_cmp(
        ((const struct sl_type_count *)a)->type, ((const struct sl_type_count *)b)->type);
}

/* There are few types: the one sought is almost always among the first. sort_types counts those
   behind them, or a batch of many types would cost their square. */
#define TYPES_SOUGHT 32

static bool count_type(struct event_facts *facts, struct sl_span type)
{
    for (size_t i = 0; i < facts->types_count && i < TYPES_SOUGHT; i++)
        if (sl_span_eq(facts->types[i].type, type)) {
            facts->types[i].items++;
            return true;
        }
    if (facts->types_count == facts->types_cap) {
        size_t cap = facts->types_cap ? facts->types_cap * 2 : 8;
        struct sl_type_count *types = realloc(facts->types, cap * sizeof(*types));
        if (!types) return false;
        facts->types = types;
        facts->types_cap = cap;
    }
    assert(facts->types_count < facts->types_cap);
    facts->types[facts->types_count++] = (struct sl_type_count){type, 1};
    return true;
}

/* In bytewise order, each type once. */
static void sort_types(struct event_facts *facts)
{
    if (facts->types_count <= 1) return;
    qsort(facts->types, facts->types_count, sizeof(*facts->types), by_type);
    size_t last = 0;
    for (size_t i = 1; i < facts->types_count; i++) {
        if (sl_span_eq(facts->types[i].type, facts->types[last].type))
            facts->types[last].items += facts->types[i].items;
        else
            facts->types[++last] = facts->types[i];
    }
    assert(last < facts->types_count);
    facts->types_count = last + 1;
}

enum sl_result event_facts_read(const char *share_id, uint64_t sequence, struct sl_span bytes,
    struct event_facts *facts, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    struct header header;
    facts->types_count = 0;
    enum sl_result result = event_read_begin(bytes, &row, &reader);
    if (result == SL_OK && (!header_decode(row.header, &header) || header.sequence != sequence))
        result = SL_CORRUPT;
    if (result == SL_OK) {
        struct sl_event_info *info = &facts->info;
        *info = (struct sl_event_info){.share_id = share_id,
            .sequence = sequence,
            .position = row.position,
            .time_ms = header.time_ms,
            .arrived_us = row.arrived_us,
            .kind = header.kind,
            .erased = row.erased,
            .items = row.items};
        header_leaf(row.header, info->leaf);
        struct event_item item;
        while (result == SL_OK && event_read_next(&reader, &item)) {
            info->bytes += item.length;
            info->marked += item.marked;
            if (!count_type(facts, item.type)) result = SL_NOMEM;
        }
        /* The spans into `bytes` outlive the reader. */
        sort_types(facts);
        info->types = facts->types;
        info->types_count = facts->types_count;
        facts->header = row.header;
    }
    if (!event_read_end(&reader) && result == SL_OK) result = SL_CORRUPT;
    if (result == SL_OK) return SL_OK;
    return sl_fail(err, result, "share %s: event %llu: %s", share_id, (unsigned long long)sequence,
        result == SL_NOMEM ? "out of memory" : "its row is unreadable");
}

bool event_facts_hide(struct event_facts *facts, enum sl_share_state state)
{
    struct sl_event_info *info = &facts->info;
    if (state != SL_SHARE_REMOVED || (info->kind != SL_SYNC && info->kind != SL_REDACT))
        return false;
    info->erased = true;
    info->items = info->marked = info->bytes = info->arrived_us = info->types_count = 0;
    return true;
}

void event_facts_fini(struct event_facts *facts)
{
    free(facts->types);
    *facts = (struct event_facts){0};
}

enum sl_result sl_share_events(struct sl_store *store, struct sl_span id, uint64_t from,
    size_t limit, bool newest_first, bool (*each)(void *ctx, const struct sl_event_info *info),
    void *ctx, uint64_t *next, struct sl_err *err)
{
    struct sl_share_info info;
    enum sl_result result = sl_share_info(store, id, &info, err);
    if (result != SL_OK) return result;
    struct row_key lower = row_share_from(id), upper = row_share_to(id), at = row_event(id, from);
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_EVENT, row_span(&lower), row_span(&upper), KV_CACHED);
    struct event_facts facts = {0};
    if (from == 0 && newest_first)
        kv_iter_last(iter);
    else if (newest_first)
        kv_iter_seek_back(iter, row_span(&at));
    else
        kv_iter_seek(iter, row_span(&at));
    uint64_t sequence = 0;
    bool more = true;
    size_t given = 0;
    uint64_t goes_on = 0;
    while (result == SL_OK && more && kv_iter_valid(iter)) {
        struct sl_span key_id;
        if (!row_parse_event(kv_iter_key(iter), &key_id, &sequence)) {
            result = sl_fail(err, SL_CORRUPT, "share %s: an event's key is unreadable", info.id);
            break;
        }
        if (given == limit) {
            goes_on = sequence;
            break;
        }
        result = event_facts_read(info.id, sequence, kv_iter_value(iter), &facts, err);
        event_facts_hide(&facts, info.state);
        if (result == SL_OK) more = each(ctx, &facts.info);
        given++;
        if (newest_first)
            kv_iter_prev(iter);
        else
            kv_iter_next(iter);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    event_facts_fini(&facts);
    assert(given <= limit);
    if (result == SL_OK) *next = goes_on;
    return result;
}

/* ---- the whole store's ---- */

static enum sl_result at_position(struct sl_store *store, uint64_t position,
    struct sl_span header_bytes, bool (*each)(void *ctx, const struct sl_event_info *info),
    void *ctx, bool *more, struct sl_err *err)
{
    struct header header;
    if (!header_decode(header_bytes, &header))
        return sl_fail(
            err, SL_CORRUPT, "log: the header at %llu is unreadable", (unsigned long long)position);
    struct row_key key = row_ref(header.share_ref);
    struct kv_pin ref = {0}, row = {0};
    struct event_facts facts = {0};
    struct sl_share_info info;
    enum sl_result result = kv_get(store->kv, KV_INDEX, row_span(&key), &ref, err);
    if (result == SL_OK) result = sl_share_info(store, ref.value, &info, err);
    if (result == SL_OK) result = log_event(store->kv, ref.value, header.sequence, &row, err);
    if (result == SL_OK)
        result = event_facts_read(info.id, header.sequence, row.value, &facts, err);
    if (result == SL_OK) event_facts_hide(&facts, info.state);
    if (result == SL_NOT_FOUND)
        result = sl_fail(
            err, SL_CORRUPT, "log: the event at %llu is in no share", (unsigned long long)position);
    if (result == SL_OK) *more = each(ctx, &facts.info);
    event_facts_fini(&facts);
    kv_release(&ref);
    kv_release(&row);
    return result;
}

enum sl_result sl_store_events(struct sl_store *store, uint64_t from, size_t limit,
    bool (*each)(void *ctx, const struct sl_event_info *info), void *ctx, uint64_t *next,
    struct sl_err *err)
{
    /* An event that is being committed has its rows before its share is made in memory. */
    uint64_t size;
    enum sl_result result = log_committed(store, &size, err);
    if (result != SL_OK) return result;
    struct row_key lower = row_log(from), upper = row_log(size);
    bool more = from < size;
    uint64_t position = from;
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_LOG, row_span(&lower), row_span(&upper), KV_CACHED);
    kv_iter_first(iter);
    for (size_t given = 0; result == SL_OK && more && given < limit && kv_iter_valid(iter);
         given++) {
        position = be_get(kv_iter_key(iter).ptr, 8);
        result = at_position(store, position, kv_iter_value(iter), each, ctx, &more, err);
        position++;
        kv_iter_next(iter);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    if (result == SL_OK) *next = position;
    kv_iter_destroy(iter);
    return result;
}
