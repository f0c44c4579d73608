/* Redacting: what is asked for becomes a rule, the rule is put in force, and what was appended
   before is searched and replaced, share by share:

     rule in force ──> a barrier in the sequencer ──> each share: search, append redact events
        │                  │
        every batch        what was admitted under older rules is on disk, where the search
        from now on        finds it
        is held to it

   A share is searched in its turn (share_turn_begin): no removal and no other redaction of it comes
   between, while creates, syncs and reads go on. What is found is appended piece by piece
   (redact_append.h), and the mark that its files are to be rewritten goes with each piece.

   How it fails: pieces that were appended stay, the rule with them (it is stored by the first
   piece); asked for again, the redaction goes on with the rest. A rule of which nothing was found,
   or that came to nothing, is dropped again. */

#include "core/background/compactor.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/sequencer.h"
#include "core/redact/redact_append.h"
#include "core/redact/rules.h"

#include <assert.h>

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

/* A pack is made anew as a whole for one event in it, and in memory until the redaction is written.
 */
static enum sl_result count_pack(struct redacting *redacting, uint64_t sequence, struct sl_err *err)
{
    struct body_place first;
    size_t bytes;
    enum sl_result result = cold_pack_of(redacting->store->kv, sl_span_of(redacting->share->id),
        (struct body_place){sequence, 0}, &first, &bytes, err);
    if (result == SL_NOT_FOUND) return SL_OK;
    if (result != SL_OK) return result;
    if (first.sequence != redacting->pack.sequence || first.chunk != redacting->pack.chunk)
        redacting->rewritten += bytes;
    redacting->pack = first;
    return SL_OK;
}

static enum sl_result search_event(
    struct redacting *redacting, uint64_t sequence, struct event_reader *reader, struct sl_err *err)
{
    const struct sl_redaction *asked = redacting->asked;
    struct body_cursor body =
        body_cursor_of(redacting->store->bodies, sl_span_of(redacting->share->id), sequence);
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
            redacting->counts->in_keys++;
        if (asked->key.len && !sl_span_eq(item.key, asked->key)) continue;
        if (asked->sequence && asked->item != i) continue;
        bool found = false;
        buf_clear(&data);
        result = body_cursor_read(&body, item.offset, item.length, &data, err);
        if (result == SL_OK)
            result = replacement_of(asked, buf_span(&data), &replacement, &found, err);
        if (result == SL_OK && found)
            result = redacting_add(redacting, sequence, i, &replacement, err);
    }
    if (redacting->count > before) redacting->rewritten += end;
    if (redacting->count > before && result == SL_OK) result = count_pack(redacting, sequence, err);
    body_cursor_fini(&body);
    buf_fini(&data);
    buf_fini(&replacement);
    return result;
}

static enum sl_result search_row(
    struct redacting *redacting, uint64_t sequence, struct sl_span bytes, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    enum sl_kind kind = SL_CREATE;
    bool ok = event_read_begin(bytes, &row, &reader) == SL_OK && header_kind(row.header, &kind);
    enum sl_result result =
        ok ? SL_OK
           : sl_fail(err, SL_CORRUPT, "event %llu is unreadable", (unsigned long long)sequence);
    bool meant = !redacting->asked->sequence || redacting->asked->sequence == sequence;
    if (ok && kind == SL_SYNC && meant) result = search_event(redacting, sequence, &reader, err);
    event_read_end(&reader);
    return result == SL_OK && redacting_full(redacting) ? redacting_append(redacting, err) : result;
}

/* The redact events that are there, and room for those that this call may append. */
static enum sl_result find_earlier(struct redacting *redacting, uint64_t last, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    struct row_key from = row_event(id, 1), to = row_event(id, last + 1);
    struct kv_iter *iter =
        kv_iter_create(redacting->store->kv, KV_EVENT, row_span(&from), row_span(&to), KV_SCAN);
    redacting->earlier = calloc((size_t)(2 * last + 2), sizeof(*redacting->earlier));
    enum sl_result result = redacting->earlier ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key_id;
        uint64_t sequence;
        struct event_row row;
        struct event_reader reader = {0};
        enum sl_kind kind;
        if (row_parse_event(kv_iter_key(iter), &key_id, &sequence) &&
            event_read_begin(kv_iter_value(iter), &row, &reader) == SL_OK &&
            header_kind(row.header, &kind) && kind == SL_REDACT)
            redacting->earlier[redacting->earlier_count++] = sequence;
        assert(redacting->earlier_count <= last);
        event_read_end(&reader);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

static enum sl_result search(struct redacting *redacting, uint64_t last,
    const struct sl_progress *progress, struct sl_err *err)
{
    struct sl_span id = sl_span_of(redacting->share->id);
    assert(redacting->rule && share_is_live(redacting->share));
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
    if (result == SL_OK) result = redacting_append(redacting, err);
    redacting_fini(redacting);
    return result;
}

/* ---- one share ---- */

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
        result = sl_event_item_data(event, (size_t)asked->item, buf_sink(data), err);
    sl_event_close(event);
    return result;
}

static enum sl_result make_rule(struct sl_store *store, const struct sl_redaction *asked,
    struct rule_use *use, struct sl_err *err)
{
    struct buf data = {0};
    enum sl_result result = SL_OK;
    assert(!asked->sequence + !asked->key.len + !asked->text.len == 2);
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
static enum sl_result check_share(
    const struct sl_redaction *asked, const struct share *share, struct sl_err *err)
{
    if (!share_exists(share)) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (asked->who == SL_WHO_SECRET && !share_secret_fits(&share->record, asked->secret))
        return sl_fail(err, SL_BAD_SECRET, "Invalid secret");
    return share_is_live(share) ? SL_OK : sl_fail(err, SL_REMOVED, "share %s: removed", share->id);
}

/* Without a rule it only looks whether it may. */
static enum sl_result redact_share(struct sl_store *store, const struct sl_redaction *asked,
    struct sl_span id, struct rule_use *rule, const struct sl_progress *progress,
    struct sl_redacted *counts, struct sl_err *err)
{
    struct redacting redacting = {.store = store, .asked = asked, .rule = rule, .counts = counts};
    enum sl_result result = sl_share_id_valid(id)
                                ? share_acquire(store->shares, id, &redacting.share, err)
                                : SL_NOT_FOUND;
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    uint64_t before = counts->items;
    /* Judged before the turn is waited for: who may not do it waits for nobody. */
    result = check_share(asked, redacting.share, err);
    if (result != SL_OK || !rule) {
        share_release(redacting.share);
        return result;
    }
    share_turn_begin(store->shares, redacting.share);
    result = check_share(asked, redacting.share, err);
    if (result == SL_OK) {
        shares_lock(store->shares);
        uint64_t last = redacting.share->head.sequence;
        shares_unlock(store->shares);
        result = search(&redacting, last, progress, err);
    }
    share_turn_end(store->shares, redacting.share);
    if (counts->items > before) {
        counts->shares++;
        compactor_erase(store->compactor, id);
    }
    share_release(redacting.share);
    return result;
}

/* ---- every share ---- */

static enum sl_result redact_all(struct sl_store *store, const struct sl_redaction *asked,
    struct rule_use *rule, const struct sl_progress *progress, struct sl_redacted *counts,
    struct sl_err *err)
{
    char id[SL_SHARE_ID_BYTES + 2] = "";
    enum sl_result result = SL_OK;
    for (;;) {
        struct row_key from = row_share(sl_span_of(id)), to = row_whole();
        struct kv_iter *iter =
            kv_iter_create(store->kv, KV_SHARE, row_span(&from), row_span(&to), KV_CACHED);
        kv_iter_first(iter);
        bool more = kv_iter_valid(iter) && kv_iter_key(iter).len <= SL_SHARE_ID_BYTES;
        size_t len = more ? kv_iter_key(iter).len : 0;
        if (more) memcpy(id, kv_iter_key(iter).ptr, len);
        result = kv_iter_check(iter, err);
        kv_iter_destroy(iter);
        if (result != SL_OK || !more) return result;
        id[len] = 0;
        result = redact_share(store, asked, (struct sl_span){id, len}, rule, progress, counts, err);
        /* A share that is being made has no syncs yet, and the rule is in force for those to come.
         */
        if (result != SL_OK && result != SL_REMOVED && result != SL_NOT_FOUND) return result;
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
    if (asked->text.len && asked->text.len < SL_REDACT_TEXT_MIN_BYTES)
        return sl_fail(err, SL_INVALID, "text: shorter than %d bytes", SL_REDACT_TEXT_MIN_BYTES);
    if (asked->text.len > SL_REDACT_TEXT_BYTES)
        return sl_fail(err, SL_INVALID, "text: longer than %d bytes", SL_REDACT_TEXT_BYTES);
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
    struct sl_redacted counts = {0};
    enum sl_result result = check_asked(asked, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result == SL_OK && asked->share_id.len)
        result = redact_share(store, asked, asked->share_id, NULL, progress, &counts, err);
    if (result != SL_OK) return result;
    struct rule_use rule;
    struct append barrier = {0};
    pthread_mutex_lock(&store->redacting);
    result = make_rule(store, asked, &rule, err);
    if (result == SL_OK) result = sequencer_append(store->sequencer, &barrier, err);
    if (result == SL_OK)
        result = asked->share_id.len
                     ? redact_share(store, asked, asked->share_id, &rule, progress, &counts, err)
                     : redact_all(store, asked, &rule, progress, &counts, err);
    if (rule.is_new && !rule.kept) rules_drop(store->rules, rule.share_id, &rule.rule);
    pthread_mutex_unlock(&store->redacting);
    if (result == SL_OK) *redacted_out = counts;
    return result;
}
