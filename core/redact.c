#include "redact.h"

#include "compactor.h"
#include "crypto.h"
#include "redact_body.h"
#include "redact_text.h"
#include "rows.h"
#include "rules.h"
#include "sequencer.h"
#include "snapshot.h"
#include "summary.h"

/* One redact event says at most about so much. */
#define CHUNK_BYTES (4 * SL_MIB)
#define CHUNK_TARGETS 4096
/* … and makes events of about so many bytes anew, all of which are in memory at once. */
#define CHUNK_EVENTS_BYTES (32 * SL_MIB)

/* By which what is redacted is known again. */
struct rule_use {
    struct sl_span share_id; /* empty: in every share */
    struct redact_rule rule;
    bool is_new, kept; /* in force through this call; in the store */
};

/* A redaction of one share, in as many redact events as it takes. */
struct redacting {
    struct sl_store *store;
    const struct sl_redaction *asked;
    struct share *share;
    struct rule_use *rule;
    uint64_t *earlier; /* sequences of the share's redact events so far */
    size_t earlier_count;
    struct redact_target *targets; /* in order of sequence, then item */
    size_t count, cap;
    size_t bytes;                  /* of their replacements */
    uint64_t rewritten;            /* bytes of their events */
    struct redacted_event *events; /* to be put */
    size_t events_count;
    struct snapshot_head before; /* the last snapshot that stays */
    bool begun;                  /* the sequencer has begun to write it */
    struct sl_redacted *told;
};

/* ---- one write ---- */

/* From here on what is read may be of two minds, and a snapshot that is being made is worthless. */
static enum sl_result put_redaction(struct append *append, struct kv_batch *kv_batch)
{
    struct redacting *redacting = append->ctx;
    struct sl_store *store = redacting->store;
    struct share *share = append->share;
    struct sl_span id = sl_span_of(share->id);
    shares_lock(store->shares);
    share->redactions++;
    share->generation++;
    summary_drop(share);
    /* here, not once it is written: what comes behind in the same group must see it as due */
    share->snapshot_sequence = redacting->before.sequence;
    share->snapshot_stored = redacting->before.stored;
    share->snapshot_size = redacting->before.size;
    shares_unlock(store->shares);
    atomic_fetch_add(&store->removals, 1);
    redacting->begun = true;
    for (size_t i = 0; i < redacting->events_count; i++)
        redacted_event_put(store->kv, kv_batch, id, &redacting->events[i]);
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
    struct share *share = append->share;
    /* a snapshot's head may have been before it in the group */
    share->snapshot_sequence = redacting->before.sequence;
    share->snapshot_stored = redacting->before.stored;
    share->snapshot_size = redacting->before.size;
    share->redactions++;
    atomic_fetch_add(&redacting->store->removals, 1);
}

static enum sl_result append_redaction(
    struct redacting *redacting, struct sl_span body, struct sl_err *err)
{
    struct sl_store *store = redacting->store;
    struct batch batch = {0};
    size_t weight = 4096;
    redacting->begun = false;
    for (size_t i = 0; i < redacting->events_count; i++)
        weight += redacting->events[i].row.len + redacting->events[i].body.len;
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
        if (result == SL_OK) redacting->earlier[redacting->earlier_count++] = append.place.sequence;
    }
    if (result != SL_OK && redacting->begun) {
        /* its fate is unknown and the store read-only: those who wait to read may go on */
        shares_lock(store->shares);
        redacting->share->redactions++;
        shares_unlock(store->shares);
    }
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
    redacting->events = NULL;
    redacting->events_count = redacting->count = redacting->bytes = 0;
    redacting->rewritten = 0;
}

/* Takes the replacement over. */
static enum sl_result add_target(struct redacting *redacting, uint64_t sequence, uint64_t item,
    struct buf *replacement, struct sl_err *err)
{
    if (redacting->count == redacting->cap) {
        size_t cap = redacting->cap ? redacting->cap * 2 : 64;
        struct redact_target *targets = realloc(redacting->targets, cap * sizeof(*targets));
        if (!targets) return sl_fail(err, SL_NOMEM, "out of memory");
        redacting->targets = targets;
        redacting->cap = cap;
    }
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
    enum sl_result result = add_target(redacting, sequence, 0, body, err);
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
    struct kv *kv = redacting->store->kv;
    struct sl_span id = sl_span_of(redacting->share->id);
    struct kv_pin pin;
    struct event_row row;
    struct event_reader *reader = NULL;
    struct event_item item;
    buf_clear(body);
    enum sl_result result = log_event(kv, id, sequence, &pin, err);
    if (result != SL_OK) return result;
    if (event_read_begin(pin.value, &row, &reader) == SL_OK && event_read_next(reader, &item))
        result = log_body_bytes(kv, id, sequence, item.offset, item.length, body, err);
    else
        result = sl_fail(err, SL_CORRUPT, "event %llu is unreadable", (unsigned long long)sequence);
    event_read_end(reader);
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
        result = redact_event(redacting->store->kv, id, first->sequence, first, n,
            &redacting->events[redacting->events_count], err);
        redacting->events_count += result == SL_OK;
    }
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

/* Append what is gathered, if anything is. */
static enum sl_result flush(struct redacting *redacting, struct sl_err *err)
{
    if (redacting->count == 0) return SL_OK;
    struct sl_store *store = redacting->store;
    struct buf body = {0};
    size_t items = redacting->count, events = 0;
    for (size_t i = 0; i < items; i++)
        events += i == 0 || redacting->targets[i].sequence != redacting->targets[i - 1].sequence;
    enum sl_result result = add_earlier(redacting, err);
    if (result == SL_OK) result = make_events(redacting, err);
    if (result == SL_OK) result = encode_body(redacting, &body, err);
    redacting->before = (struct snapshot_head){0};
    if (result == SL_OK) {
        result = snapshot_last(store->kv, sl_span_of(redacting->share->id),
            redacting->targets[0].sequence - 1, &redacting->before, err);
        if (result == SL_NOT_FOUND) result = SL_OK;
    }
    if (result == SL_OK) result = append_redaction(redacting, buf_span(&body), err);
    if (result == SL_OK) {
        redacting->told->items += items;
        redacting->told->events += events;
        redacting->rule->kept = true;
    }
    buf_fini(&body);
    drop_targets(redacting);
    return result;
}

/* ---- finding ---- */

/* The item's replacement, if it is meant; *found false: it isn't, or is what it would be. */
static enum sl_result replacement_of(const struct sl_redaction *asked, struct sl_span data,
    struct buf *out, bool *found, struct sl_err *err)
{
    buf_clear(out);
    enum sl_result result = asked->text.len ? redact_matches(data, asked->text, out, found, err)
                                            : redact_whole(data, out, err);
    if (result == SL_OK && !asked->text.len) *found = !sl_span_eq(buf_span(out), data);
    return result;
}

static enum sl_result search_event(
    struct redacting *redacting, uint64_t sequence, struct event_reader *reader, struct sl_err *err)
{
    const struct sl_redaction *asked = redacting->asked;
    struct sl_span id = sl_span_of(redacting->share->id);
    struct buf data = {0}, replacement = {0};
    struct event_item item;
    size_t before = redacting->count;
    uint64_t end = 0;
    enum sl_result result = SL_OK;
    for (uint64_t i = 0; result == SL_OK && event_read_next(reader, &item); i++) {
        end = item.offset + item.length;
        if (asked->text.len &&
            (memmem(item.key.ptr, item.key.len, asked->text.ptr, asked->text.len) ||
                memmem(item.type.ptr, item.type.len, asked->text.ptr, asked->text.len)))
            redacting->told->in_keys++;
        if (asked->key.len && !sl_span_eq(item.key, asked->key)) continue;
        if (asked->sequence && asked->item != i) continue;
        bool found = false;
        buf_clear(&data);
        result = log_body_bytes(
            redacting->store->kv, id, sequence, item.offset, item.length, &data, err);
        if (result == SL_OK)
            result = replacement_of(asked, buf_span(&data), &replacement, &found, err);
        if (result == SL_OK && found)
            result = add_target(redacting, sequence, i, &replacement, err);
    }
    if (redacting->count > before) redacting->rewritten += end;
    buf_fini(&data);
    buf_fini(&replacement);
    return result;
}

static enum sl_result search_row(
    struct redacting *redacting, uint64_t sequence, struct sl_span bytes, struct sl_err *err)
{
    struct event_row row;
    struct event_reader *reader = NULL;
    enum sl_kind kind = SL_CREATE;
    bool ok = event_read_begin(bytes, &row, &reader) == SL_OK && header_kind(row.header, &kind);
    enum sl_result result =
        ok ? SL_OK
           : sl_fail(err, SL_CORRUPT, "event %llu is unreadable", (unsigned long long)sequence);
    bool meant = !redacting->asked->sequence || redacting->asked->sequence == sequence;
    if (ok && kind == SL_SYNC && meant) result = search_event(redacting, sequence, reader, err);
    event_read_end(reader);
    bool full = redacting->bytes >= CHUNK_BYTES || redacting->count >= CHUNK_TARGETS ||
                redacting->rewritten >= CHUNK_EVENTS_BYTES;
    return result == SL_OK && full ? flush(redacting, err) : result;
}

/* The redact events that are there, and room for those that this call may append. */
static enum sl_result find_earlier(struct redacting *redacting, uint64_t last, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    struct row_key from = row_event(id, 1), to = row_event(id, last + 1);
    struct kv_iter *iter =
        kv_iter_create(redacting->store->kv, KV_EVENT, row_span(&from), row_span(&to), true);
    redacting->earlier = calloc((size_t)(2 * last + 2), sizeof(*redacting->earlier));
    enum sl_result result = redacting->earlier ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key_id;
        uint64_t sequence;
        struct event_row row;
        struct event_reader *reader = NULL;
        enum sl_kind kind;
        if (row_parse_event(kv_iter_key(iter), &key_id, &sequence) &&
            event_read_begin(kv_iter_value(iter), &row, &reader) == SL_OK &&
            header_kind(row.header, &kind) && kind == SL_REDACT)
            redacting->earlier[redacting->earlier_count++] = sequence;
        event_read_end(reader);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result search(struct redacting *redacting, uint64_t last,
    const struct sl_progress *progress, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    enum sl_result result = find_earlier(redacting, last, err);
    struct kv_pin pin;
    for (uint64_t sequence = 2; sequence <= last && result == SL_OK; sequence++) {
        if (redacting->asked->sequence) sequence = redacting->asked->sequence;
        result = log_event(redacting->store->kv, id, sequence, &pin, err);
        if (result == SL_OK) result = search_row(redacting, sequence, pin.value, err);
        kv_release(&pin);
        if (sequence % 256 == 0) progress_report(progress, "redact", sequence, last);
        if (redacting->asked->sequence) break;
    }
    if (result == SL_OK) result = flush(redacting, err);
    drop_targets(redacting);
    free(redacting->targets);
    free(redacting->earlier);
    return result;
}

/* ---- one share ---- */

static bool gather(void *ctx, const void *bytes, size_t len)
{
    struct buf *data = ctx;
    buf_add(data, bytes, len);
    return !data->failed;
}

/* An item is known again by its data, which must be read before it is replaced. */
static enum sl_result item_subject(
    struct sl_store *store, const struct sl_redaction *asked, struct buf *data, struct sl_err *err)
{
    struct sl_event *event;
    enum sl_result result = sl_event_open(store, asked->share_id, asked->sequence, &event, err);
    if (result == SL_NO_MOMENT && err) err->result = SL_NOT_FOUND;
    if (result != SL_OK) return result == SL_NO_MOMENT ? SL_NOT_FOUND : result;
    const struct sl_event_info *info = sl_event_info(event);
    if (info->kind != SL_SYNC)
        result = sl_fail(err, SL_INVALID, "event %llu is no sync: it has nothing to redact",
            (unsigned long long)asked->sequence);
    else if (asked->item >= info->items)
        result = sl_fail(err, SL_NOT_FOUND, "event %llu has %llu items, counted from 0",
            (unsigned long long)asked->sequence, (unsigned long long)info->items);
    if (result == SL_OK)
        result =
            sl_event_item_data(event, (size_t)asked->item, (struct sl_sink){gather, data}, err);
    sl_event_close(event);
    return result;
}

static enum sl_result make_rule(struct sl_store *store, const struct sl_redaction *asked,
    struct rule_use *use, struct sl_err *err)
{
    struct buf data = {0};
    enum sl_result result = SL_OK;
    *use = (struct rule_use){.share_id = asked->share_id};
    if (asked->text.len) {
        rules_make(store->rules, REDACT_RULE_TEXT, asked->text, &use->rule);
        if (asked->who == SL_WHO_OWNER) use->share_id = SL_SPAN("");
    } else if (asked->key.len) {
        rules_make(store->rules, REDACT_RULE_KEY, asked->key, &use->rule);
    } else {
        result = item_subject(store, asked, &data, err);
        if (result == SL_OK)
            rules_make(store->rules, REDACT_RULE_DATA, buf_span(&data), &use->rule);
    }
    buf_fini(&data);
    return result == SL_OK ? rules_add(store->rules, use->share_id, &use->rule, &use->is_new, err)
                           : result;
}

/* Is it there, live, and may who asks redact it? */
static enum sl_result check_share(struct sl_store *store, const struct sl_redaction *asked,
    const struct share *share, struct sl_err *err)
{
    shares_lock(store->shares);
    bool live = share->record.state == SL_SHARE_LIVE, made = share->head.sequence > 0;
    shares_unlock(store->shares);
    if (!made) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (asked->who == SL_WHO_SECRET && !share_secret_fits(&share->record, asked->secret))
        return sl_fail(err, SL_BAD_SECRET, "Invalid secret");
    return live ? SL_OK : sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
}

/* Without a rule it only looks whether it may. */
static enum sl_result redact_share(struct sl_store *store, const struct sl_redaction *asked,
    struct sl_span id, struct rule_use *rule, const struct sl_progress *progress,
    struct sl_redacted *told, struct sl_err *err)
{
    struct redacting redacting = {.store = store, .asked = asked, .rule = rule, .told = told};
    enum sl_result result = sl_share_id_valid(id)
                                ? share_acquire(store->shares, id, &redacting.share, err)
                                : SL_NOT_FOUND;
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    uint64_t before = told->items;
    pthread_mutex_lock(&store->admin);
    result = check_share(store, asked, redacting.share, err);
    if (result == SL_OK && rule) {
        shares_lock(store->shares);
        uint64_t last = redacting.share->head.sequence;
        shares_unlock(store->shares);
        result = search(&redacting, last, progress, err);
    }
    pthread_mutex_unlock(&store->admin);
    if (told->items > before) {
        told->shares++;
        compactor_erase(store->compactor, id);
    }
    share_release(store->shares, redacting.share);
    return result;
}

/* ---- every share ---- */

static enum sl_result redact_all(struct sl_store *store, const struct sl_redaction *asked,
    struct rule_use *rule, const struct sl_progress *progress, struct sl_redacted *told,
    struct sl_err *err)
{
    char id[SL_SHARE_ID_BYTES + 2] = "";
    enum sl_result result = SL_OK;
    for (;;) {
        struct row_key from = row_share(sl_span_of(id)), to = row_whole();
        struct kv_iter *iter =
            kv_iter_create(store->kv, KV_SHARE, row_span(&from), row_span(&to), false);
        kv_iter_first(iter);
        bool more = kv_iter_valid(iter) && kv_iter_key(iter).len <= SL_SHARE_ID_BYTES;
        size_t len = more ? kv_iter_key(iter).len : 0;
        if (more) memcpy(id, kv_iter_key(iter).ptr, len);
        result = kv_iter_check(iter, err);
        kv_iter_destroy(iter);
        if (result != SL_OK || !more) return result;
        id[len] = 0;
        result = redact_share(store, asked, (struct sl_span){id, len}, rule, progress, told, err);
        if (result != SL_OK && result != SL_REMOVED) return result;
        id[len] = '!'; /* before every character of an id, so behind this one alone */
        id[len + 1] = 0;
    }
}

static enum sl_result check_asked(const struct sl_redaction *asked, struct sl_err *err)
{
    int meant = (asked->sequence != 0) + (asked->key.len != 0) + (asked->text.len != 0);
    if (meant != 1)
        return sl_fail(
            err, SL_INVALID, "exactly one of an item (seq and item), a key, a text is redacted");
    if (asked->text.len && asked->text.len < REDACT_TEXT_MIN_BYTES)
        return sl_fail(err, SL_INVALID, "text: shorter than %d bytes", REDACT_TEXT_MIN_BYTES);
    if (asked->text.len > REDACT_TEXT_MAX_BYTES)
        return sl_fail(err, SL_INVALID, "text: longer than %d bytes", REDACT_TEXT_MAX_BYTES);
    if (asked->key.len > SL_ITEM_KEY_BYTES)
        return sl_fail(err, SL_INVALID, "key: longer than %d bytes", SL_ITEM_KEY_BYTES);
    if (asked->reason.len > SL_REASON_BYTES)
        return sl_fail(err, SL_INVALID, "reason: longer than %d bytes", SL_REASON_BYTES);
    if (!asked->share_id.len && (!asked->text.len || asked->who != SL_WHO_OWNER))
        return sl_fail(err, SL_INVALID, "only a text is redacted in every share, by the owner");
    return SL_OK;
}

enum sl_result sl_redact(struct sl_store *store, const struct sl_redaction *asked,
    const struct sl_progress *progress, struct sl_redacted *redacted_out, struct sl_err *err)
{
    struct sl_redacted told = {0};
    enum sl_result result = check_asked(asked, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result == SL_OK && asked->share_id.len)
        result = redact_share(store, asked, asked->share_id, NULL, progress, &told, err);
    if (result != SL_OK) return result;
    struct rule_use rule;
    pthread_mutex_lock(&store->redacting);
    /* the rule first: what is appended from now on needs no search … */
    result = make_rule(store, asked, &rule, err);
    /* … once that is on disk which was admitted before */
    struct append before = {0};
    if (result == SL_OK) result = sequencer_append(store->sequencer, &before, err);
    if (result == SL_OK)
        result = asked->share_id.len
                     ? redact_share(store, asked, asked->share_id, &rule, progress, &told, err)
                     : redact_all(store, asked, &rule, progress, &told, err);
    if (rule.is_new && !rule.kept) rules_drop(store->rules, rule.share_id, &rule.rule);
    pthread_mutex_unlock(&store->redacting);
    if (result == SL_OK) *redacted_out = told;
    return result;
}
