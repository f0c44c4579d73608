/* One redact event at a time. All its rows are made before it is appended: the events' new rows and
   bodies, the packs that such bodies lie in, the redact event's body. Who commits then moves the
   share to REDACTING and only puts them, with the rule's row, the deletion of every snapshot that
   has seen what is replaced, the mark that one is due again, and the mark that files are to be
   rewritten.

   How it fails: before the append, nothing is left. Refused by the sequencer: the same. The write
   failed (SL_IO): the share is LIVE again, so that readers needn't wait, under another epoch, since
   some of the rows may be there; the store takes no more writes until it is reopened. */

#include "core/redact/redact_append.h"

#include "core/base/crypto.h"
#include "core/event/redact_body.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/sequencer.h"
#include "core/redact/rules.h"

#include <assert.h>

/* One redact event says about so much at most … */
#define CHUNK_BYTES (4 * SL_MIB)
#define CHUNK_TARGETS 4096
/* … and makes events of about so many bytes anew, all of which are in memory at once. */
#define CHUNK_EVENTS_BYTES (32 * SL_MIB)

/* ---- one write ---- */

/* Back to the last snapshot that stays. */
static void take_back_snapshot(struct share *share, const struct snapshot_head *last)
{
    assert(last->sequence < share->staged.sequence);
    share->snapshot_sequence = last->sequence;
    share->snapshot_stored = last->stored;
    share->snapshot_size = last->size;
}

/* From here on a read of the share may see some old rows and some new ones, and a snapshot that is
   being made is of old ones: the epoch is odd. */
static enum sl_result put_redaction(struct append *append, struct kv_batch *kv_batch)
{
    struct redacting *redacting = append->ctx;
    struct sl_store *store = redacting->store;
    struct share *share = append->share;
    struct sl_span id = sl_span_of(share->id);
    assert(redacting->events_count > 0);
    shares_lock(store->shares);
    share_enter(store->shares, share, SHARE_REDACTING);
    /* here, not once it is written: what is staged behind it in the group must see it as due */
    take_back_snapshot(share, &redacting->before);
    shares_unlock(store->shares);
    for (size_t i = 0; i < redacting->events_count; i++)
        redacted_event_put(store->kv, kv_batch, id, &redacting->events[i]);
    cold_change_put(store->kv, kv_batch, id, &redacting->packs);
    struct row_key from = row_snapshot(id, redacting->events[0].sequence, 0), to = row_share_to(id),
                   due = row_index(ROW_INDEX_DUE, id), erase = row_erase(id);
    kv_delete_range(store->kv, kv_batch, KV_SNAPSHOT, row_span(&from), row_span(&to));
    kv_put(store->kv, kv_batch, KV_INDEX, row_span(&due), SL_SPAN(""));
    kv_put(store->kv, kv_batch, KV_META, row_span(&erase), SL_SPAN(""));
    rules_put(store->rules, store->kv, kv_batch, redacting->rule->share_id, &redacting->rule->rule);
    share->due = append->makes_due = true;
    return SL_OK;
}

static void redacted(struct append *append)
{
    struct redacting *redacting = append->ctx;
    /* a snapshot's head may have been before it in the group */
    take_back_snapshot(append->share, &redacting->before);
    share_enter(redacting->store->shares, append->share, SHARE_LIVE);
    bodies_forget(redacting->store->bodies);
}

/* Its fate is unknown, and the store read-only: who waits to read may go on. */
static void give_up(struct redacting *redacting)
{
    shares_lock(redacting->store->shares);
    share_enter(redacting->store->shares, redacting->share, SHARE_LIVE);
    shares_unlock(redacting->store->shares);
}

static enum sl_result append_redaction(
    struct redacting *redacting, struct sl_span body, struct sl_err *err)
{
    struct sl_store *store = redacting->store;
    struct batch batch = {0};
    size_t weight = 4096 + cold_change_bytes(&redacting->packs);
    for (size_t i = 0; i < redacting->events_count; i++)
        weight += redacting->events[i].row.len + redacting->events[i].body.bytes.len;
    enum sl_result result = batch_control("redact", body, store_now_us(store), &batch, err);
    if (result == SL_OK) {
        struct append append = {.share = redacting->share,
            .batch = &batch,
            .kind = SL_REDACT,
            .derive = put_redaction,
            .committed = redacted,
            .ctx = redacting,
            .derived_bytes = weight};
        result = sequencer_append(store->sequencer, &append, err);
        if (result == SL_OK) {
            assert(append.place.sequence > redacting->targets[redacting->count - 1].sequence);
            redacting->earlier[redacting->earlier_count++] = append.place.sequence;
        }
    }
    if (atomic_load(&redacting->share->phase) == SHARE_REDACTING) give_up(redacting);
    batch_fini(&batch);
    return result;
}

/* ---- targets ---- */

static void drop_targets(struct redacting *redacting)
{
    for (size_t i = 0; i < redacting->count; i++)
        buf_fini(&redacting->targets[i].replacement);
    for (size_t i = 0; i < redacting->events_count; i++)
        redacted_event_fini(&redacting->events[i]);
    free(redacting->events);
    cold_change_fini(&redacting->packs);
    redacting->pack = (struct body_place){0};
    redacting->events = NULL;
    redacting->events_count = redacting->count = redacting->bytes = 0;
    redacting->rewritten = 0;
}

enum sl_result redacting_add(struct redacting *redacting, uint64_t sequence, uint64_t item,
    struct buf *replacement, struct sl_err *err)
{
    if (redacting->count == redacting->cap) {
        size_t cap = redacting->cap ? redacting->cap * 2 : 64;
        struct redact_target *targets = realloc(redacting->targets, cap * sizeof(*targets));
        if (!targets) return sl_fail(err, SL_NOMEM, "out of memory");
        redacting->targets = targets;
        redacting->cap = cap;
    }
    assert(redacting->count < redacting->cap);
    redacting->targets[redacting->count++] =
        (struct redact_target){.sequence = sequence, .item = item, .replacement = *replacement};
    redacting->bytes += replacement->len;
    *replacement = (struct buf){0};
    return SL_OK;
}

/* What a redact event says of it. */
static struct sl_span said_of(const struct redact_target *target)
{
    return target->record ? (struct sl_span){(const char *)target->hash, 32}
                          : buf_span(&target->replacement);
}

/* A redact event's body, made anew. */
static enum sl_result add_record(
    struct redacting *redacting, uint64_t sequence, struct buf *body, struct sl_err *err)
{
    uint8_t hash[32];
    crypto_sha256(body->ptr, body->len, hash);
    enum sl_result result = redacting_add(redacting, sequence, 0, body, err);
    if (result != SL_OK) return result;
    struct redact_target *added = &redacting->targets[redacting->count - 1];
    added->record = true;
    memcpy(added->hash, hash, 32);
    return SL_OK;
}

static const struct redact_target *find_target(
    const struct redacting *redacting, uint64_t sequence, uint64_t item)
{
    size_t low = 0, high = redacting->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct redact_target *at = &redacting->targets[middle];
        if (at->sequence < sequence || (at->sequence == sequence && at->item < item))
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < redacting->count && redacting->targets[low].sequence == sequence &&
                 redacting->targets[low].item == item;
    return found ? &redacting->targets[low] : NULL;
}

/* The body of one of the share's redact events. */
static enum sl_result earlier_body(
    struct redacting *redacting, uint64_t sequence, struct buf *body, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    struct kv_pin pin;
    struct event_row row;
    struct event_reader reader = {0};
    struct event_item item;
    buf_clear(body);
    enum sl_result result = log_event(redacting->store->kv, id, sequence, &pin, err);
    if (result != SL_OK) return result;
    if (event_read_begin(pin.value, &row, &reader) == SL_OK && event_read_next(&reader, &item))
        result = bodies_read(
            redacting->store->bodies, id, sequence, item.offset, item.length, body, err);
    else
        result = sl_fail(err, SL_CORRUPT, "event %llu is unreadable", (unsigned long long)sequence);
    event_read_end(&reader);
    kv_release(&pin);
    return result;
}

static int by_place(const void *a, const void *b)
{
    const struct redact_target *x = a, *y = b;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

/* What earlier redact events put in the place of an item that is replaced now is replaced in them
   too. In order of sequence, since one may have replaced what another says. */
static enum sl_result add_earlier(struct redacting *redacting, struct sl_err *err)
{
    struct buf body = {0}, replacement = {0};
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < redacting->earlier_count && result == SL_OK; i++) {
        struct redact_body decoded = {0};
        bool changed = false;
        result = earlier_body(redacting, redacting->earlier[i], &body, err);
        if (result == SL_OK && redact_body_decode(buf_span(&body), &decoded) != SL_OK)
            result = sl_fail(err, SL_CORRUPT, "event %llu is unreadable",
                (unsigned long long)redacting->earlier[i]);
        for (size_t k = 0; result == SL_OK && k < decoded.count; k++) {
            struct redact_entry *entry = &decoded.entries[k];
            const struct redact_target *target =
                find_target(redacting, entry->sequence, entry->item);
            if (target) entry->replacement = said_of(target);
            changed |= target != NULL;
        }
        if (changed) redact_body_encode(&decoded, &replacement);
        redact_body_fini(&decoded);
        if (replacement.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
        if (result == SL_OK && changed)
            result = add_record(redacting, redacting->earlier[i], &replacement, err);
        if (changed)
            qsort(redacting->targets, redacting->count, sizeof(*redacting->targets), by_place);
    }
    buf_fini(&replacement);
    buf_fini(&body);
    return result;
}

/* ---- one redact event ---- */

static enum sl_result make_events(struct redacting *redacting, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    redacting->events = calloc(redacting->count, sizeof(*redacting->events));
    if (!redacting->events) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = SL_OK;
    for (size_t i = 0, n; i < redacting->count && result == SL_OK; i += n) {
        const struct redact_target *first = &redacting->targets[i];
        for (n = 1; i + n < redacting->count && first[n].sequence == first->sequence;)
            n++;
        result = redact_event(redacting->store, id, first->sequence, first, n,
            &redacting->events[redacting->events_count], err);
        redacting->events_count += result == SL_OK;
    }
    return result;
}

/* Of all events that lie in packs at once: several of them may lie in one. */
static enum sl_result make_packs(struct redacting *redacting, struct sl_err *err)
{
    struct cold_body *bodies = calloc(redacting->events_count, sizeof(*bodies));
    size_t count = 0;
    if (!bodies) return sl_fail(err, SL_NOMEM, "out of memory");
    for (size_t i = 0; i < redacting->events_count; i++) {
        const struct redacted_event *event = &redacting->events[i];
        if (event->cold)
            bodies[count++] = (struct cold_body){event->sequence, buf_span(&event->body.bytes)};
    }
    enum sl_result result = bodies_exchange(redacting->store->bodies,
        sl_span_of(redacting->share->id), bodies, count, &redacting->packs, err);
    for (size_t i = 0; i < redacting->events_count; i++)
        if (redacting->events[i].cold) hot_rows_fini(&redacting->events[i].body);
    free(bodies);
    return result;
}

static enum sl_result encode_body(
    const struct redacting *redacting, struct buf *body, struct sl_err *err)
{
    struct redact_entry *entries = calloc(redacting->count, sizeof(*entries));
    if (!entries) return sl_fail(err, SL_NOMEM, "out of memory");
    for (size_t i = 0; i < redacting->count; i++) {
        const struct redact_target *target = &redacting->targets[i];
        entries[i] = (struct redact_entry){target->sequence, target->item, said_of(target)};
    }
    struct redact_body said = {.who = redacting->asked->who,
        .reason = redacting->asked->reason,
        .entries = entries,
        .count = redacting->count};
    redact_body_encode(&said, body);
    free(entries);
    return body->failed ? sl_fail(err, SL_NOMEM, "out of memory") : SL_OK;
}

enum sl_result redacting_append(struct redacting *redacting, struct sl_err *err)
{
    if (redacting->count == 0) return SL_OK;
    struct sl_store *store = redacting->store;
    assert(redacting->share->acting); /* no removal and no other redaction comes between */
    struct buf body = {0};
    size_t items = redacting->count, events = 0;
    for (size_t i = 0; i < items; i++)
        events += i == 0 || redacting->targets[i].sequence != redacting->targets[i - 1].sequence;
    enum sl_result result = add_earlier(redacting, err);
    if (result == SL_OK) result = make_events(redacting, err);
    if (result == SL_OK) result = make_packs(redacting, err);
    if (result == SL_OK) result = encode_body(redacting, &body, err);
    redacting->before = (struct snapshot_head){0};
    if (result == SL_OK) {
        result = snapshot_last(store->kv, sl_span_of(redacting->share->id),
            redacting->targets[0].sequence - 1, &redacting->before, err);
        if (result == SL_NOT_FOUND) result = SL_OK;
    }
    if (result == SL_OK) result = append_redaction(redacting, buf_span(&body), err);
    if (result == SL_OK) {
        redacting->counts->items += items;
        redacting->counts->events += events;
        redacting->rule->kept = true;
    }
    buf_fini(&body);
    drop_targets(redacting);
    return result;
}

bool redacting_full(const struct redacting *redacting)
{
    return redacting->bytes >= CHUNK_BYTES || redacting->count >= CHUNK_TARGETS ||
           redacting->rewritten >= CHUNK_EVENTS_BYTES;
}

void redacting_fini(struct redacting *redacting)
{
    drop_targets(redacting);
    free(redacting->targets);
    free(redacting->earlier);
}
