/* Steps, gathered one by one, and the exchange of bodies:

       packs before   (2,0) × 6              (8,0) × 3         (11,0) × 4
       rows           2 3 4 5 6 7            8 9 10            11 12 13 14
       exchanged            5                    10
                      ╰─────── one run ────────────────╯       stays
       packs after    (2,0) × 5    (7,0) × 4

   A run begins with the pack that has an exchanged body's first row, and ends with the pack behind
   which none of that body is left. What lies between the exchanged bodies is copied.

   How it fails: whatever fails leaves the store as it is, since nothing is written here. */

#include "core/log/cold_change.h"

#include "core/event/hot_row.h"
#include "core/log/body_cold.h"

#include <assert.h>

void cold_change_fini(struct cold_change *change)
{
    buf_fini(&change->values);
    free(change->steps);
    *change = (struct cold_change){0};
}

static struct cold_step *add_step(struct cold_change *change)
{
    if (change->count == change->cap) {
        size_t cap = change->cap ? 2 * change->cap : 8;
        struct cold_step *steps = realloc(change->steps, cap * sizeof(*steps));
        if (!steps) return NULL;
        change->steps = steps;
        change->cap = cap;
    }
    return &change->steps[change->count++];
}

enum sl_result cold_change_drop(
    struct cold_change *change, struct body_place first, struct sl_err *err)
{
    struct cold_step *step = add_step(change);
    if (!step) return sl_fail(err, SL_NOMEM, "out of memory");
    *step = (struct cold_step){.first = first};
    return SL_OK;
}

enum sl_result cold_change_add(
    struct cold_change *change, struct body_packer *packer, struct sl_err *err)
{
    struct body_place first = packer->first;
    size_t at = change->values.len;
    enum sl_result result = body_packer_make(packer, &change->values, err);
    if (result != SL_OK) return result;
    struct cold_step *step = add_step(change);
    if (!step) return sl_fail(err, SL_NOMEM, "out of memory");
    *step =
        (struct cold_step){.first = first, .comes = true, .at = at, .len = change->values.len - at};
    return SL_OK;
}

size_t cold_change_bytes(const struct cold_change *change)
{
    return change->values.len + change->count * ROW_KEY_BYTES;
}

/* What goes goes first: what comes may have its key. */
void cold_change_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct cold_change *change)
{
    for (int comes = 0; comes < 2; comes++)
        for (size_t i = 0; i < change->count; i++) {
            const struct cold_step *step = &change->steps[i];
            struct row_key key = row_body(share_id, step->first.sequence, step->first.chunk);
            assert(step->first.sequence > 1);
            if (step->comes != comes) continue;
            if (comes)
                kv_put(kv, kv_batch, KV_COLD, row_span(&key),
                    (struct sl_span){change->values.ptr + step->at, step->len});
            else
                kv_delete(kv, kv_batch, KV_COLD, row_span(&key));
        }
}

/* ---- exchanging bodies ---- */

struct exchange {
    struct sl_span share_id;
    const struct cold_body *next, *end; /* the first that isn't through yet; behind the last */
    uint64_t through;                   /* the event of the row that was taken last */
    struct body_packer packer;
    struct cold_iter rows;
    struct buf unpacked; /* a row of what comes */
    struct cold_change *change;
    struct sl_err *err;
};

static enum sl_result add_row(
    struct exchange *exchange, struct body_place place, struct sl_span row)
{
    enum sl_result result = SL_OK;
    if (!body_packer_takes(&exchange->packer, place, row.len))
        result = cold_change_add(exchange->change, &exchange->packer, exchange->err);
    if (result == SL_OK) body_packer_add(&exchange->packer, place, row);
    return result;
}

static enum sl_result add_body(struct exchange *exchange, const struct cold_body *body)
{
    enum sl_result result = SL_OK;
    struct body_place place = {body->sequence, 0};
    struct sl_span rest = body->rows, value;
    for (; result == SL_OK && hot_rows_next(&rest, &value); place.chunk++) {
        struct hot_row hot;
        bool ours = hot_row_read(value, &hot);
        assert(ours);
        struct sl_span row = hot.payload;
        if (hot.packed) {
            buf_clear(&exchange->unpacked);
            if (!buf_reserve(&exchange->unpacked, hot.raw_bytes))
                return sl_fail(exchange->err, SL_NOMEM, "out of memory");
            ours = hot_row_unpack(&hot, exchange->unpacked.ptr);
            assert(ours);
            row = (struct sl_span){exchange->unpacked.ptr, hot.raw_bytes};
        }
        result = add_row(exchange, place, row);
    }
    return result;
}

/* The row at hand, or what comes in its place. */
static enum sl_result take_row(struct exchange *exchange, struct body_place place)
{
    while (exchange->next < exchange->end && exchange->next->sequence < place.sequence)
        exchange->next++;
    if (exchange->next < exchange->end && exchange->next->sequence == place.sequence)
        return place.chunk == 0 ? add_body(exchange, exchange->next) : SL_OK;
    struct sl_span row;
    enum sl_result result = cold_iter_row(&exchange->rows, &row, exchange->err);
    return result == SL_OK ? add_row(exchange, place, row) : result;
}

/* The pack that the iterator stands at the beginning of; afterwards it stands behind. *more: it
   ends within a body that is exchanged, which goes on in the next one. */
static enum sl_result take_pack(struct exchange *exchange, bool *more)
{
    struct cold_iter *rows = &exchange->rows;
    struct body_place first = rows->first, place = first;
    uint32_t count = rows->pack.count;
    enum sl_result result = cold_change_drop(exchange->change, first, exchange->err);
    for (uint32_t i = 0; i < count && result == SL_OK; i++) {
        place = body_pack_place(first, i);
        assert(cold_iter_valid(rows) && rows->index == i);
        result = take_row(exchange, place);
        if (result == SL_OK) cold_iter_next(rows);
    }
    exchange->through = place.sequence;
    bool within = exchange->next < exchange->end && exchange->next->sequence == place.sequence;
    *more = within && cold_iter_valid(rows) && rows->first.sequence == place.sequence;
    return result == SL_OK ? cold_iter_check(rows, exchange->err) : result;
}

static enum sl_result exchange_run(struct exchange *exchange)
{
    uint64_t sequence = exchange->next->sequence;
    struct row_key key = row_body(exchange->share_id, sequence, 0);
    cold_iter_seek(&exchange->rows, row_span(&key));
    enum sl_result result = cold_iter_check(&exchange->rows, exchange->err);
    if (result != SL_OK) return result;
    if (!cold_iter_valid(&exchange->rows) ||
        !sl_span_eq(cold_iter_key(&exchange->rows), row_span(&key)))
        return sl_fail(exchange->err, SL_CORRUPT, "share %.*s: event %llu: its body is missing",
            (int)exchange->share_id.len, exchange->share_id.ptr, (unsigned long long)sequence);
    cold_iter_rewind(&exchange->rows);
    bool more = true;
    while (more && result == SL_OK)
        result = take_pack(exchange, &more);
    if (result != SL_OK) return result;
    while (exchange->next < exchange->end && exchange->next->sequence <= exchange->through)
        exchange->next++;
    return cold_change_add(exchange->change, &exchange->packer, exchange->err);
}

enum sl_result cold_exchange(struct kv *kv, struct pack_cache *cache, struct sl_span share_id,
    const struct cold_body *bodies, size_t count, struct cold_change *change, struct sl_err *err)
{
    struct exchange exchange = {
        .share_id = share_id, .next = bodies, .end = bodies + count, .change = change, .err = err};
    struct row_key from = row_share_from(share_id), to = row_share_to(share_id);
    if (count == 0) return SL_OK;
    enum sl_result result = body_packer_init(&exchange.packer, ZSTD_FAST, err);
    cold_iter_init(&exchange.rows, kv, cache, row_span(&from), row_span(&to), KV_SCAN);
    while (result == SL_OK && exchange.next < exchange.end)
        result = exchange_run(&exchange);
    cold_iter_fini(&exchange.rows);
    buf_fini(&exchange.unpacked);
    body_packer_fini(&exchange.packer);
    return result;
}
