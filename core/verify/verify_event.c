/* One event after the other:

       row ─► header ─► what it says of the share ─► its place (prev, time, counts, the log's copy)
                                                              │
                        applied to the fold ◄─ all committed ─┘ items, as their bytes come by

   Each step takes for granted that the one before found nothing. The first fault ends the share's
   check, and nothing of that event is folded. */

#include "core/verify/verify_event.h"

#include "core/event/redact_body.h"
#include "core/kv/rows.h"
#include "core/log/log.h"
#include "core/verify/verify_body.h"
#include "core/verify/verify_snapshot.h"

#include <assert.h>

/* The nonces of the manifest and the items: derived from the event's nonce, or one by one where an
   item is withheld. */
struct nonces {
    uint8_t event[EVENT_NONCE_BYTES];
    uint8_t manifest[ITEM_NONCE_BYTES];
    bool withheld, record; /* of a redact event */
    bool folded;           /* its items are to be */
    struct sl_span rest;   /* of a prefix that has them one by one */
};

static enum sl_result take_prefix(
    struct body *body, const struct event_row *row, struct nonces *nonces, struct sl_err *err)
{
    struct share_check *check = body->check;
    const uint8_t *manifest;
    buf_clear(&check->prefix);
    for (uint64_t left = row->prefix; left > 0;) {
        struct sl_span piece;
        enum sl_result result = body_piece(body, left, &piece, err);
        if (result != SL_OK) return result;
        buf_add_span(&check->prefix, piece);
        left -= piece.len;
    }
    if (check->prefix.failed) return sl_fail(err, SL_NOMEM, "out of memory");
    assert(check->prefix.len == row->prefix);
    nonces->rest = buf_span(&check->prefix);
    nonces->withheld = row->redacted;
    if (row->redacted) {
        if (!body_withheld_read(&nonces->rest, &manifest))
            return SHARE_FAULT(check, body->sequence, err, "its body doesn't begin with nonces");
        memcpy(nonces->manifest, manifest, ITEM_NONCE_BYTES);
        return SL_OK;
    }
    if (check->prefix.ptr[0] != BODY_FORM_WHOLE)
        return SHARE_FAULT(check, body->sequence, err, "its body doesn't begin with a nonce");
    memcpy(nonces->event, check->prefix.ptr + 1, EVENT_NONCE_BYTES);
    return SL_OK;
}

/* Hash the body's next `length` bytes, and make their print. */
static enum sl_result read_item(
    struct body *body, uint64_t length, struct crypto_hash *hash, struct sl_err *err)
{
    struct print print;
    struct sl_span piece = {0};
    print_begin(&print, &body->check->fold.key);
    for (uint64_t done = 0; done < length; done += piece.len) {
        enum sl_result result = body_piece(body, length - done, &piece, err);
        if (result != SL_OK) return result;
        crypto_hash_add(hash, piece.ptr, piece.len);
        if (piece.len < length) print_add(&print, piece.ptr, piece.len);
        if (body->into) buf_add_span(body->into, piece);
    }
    body->print = piece.len == length ? print_of(&body->check->fold.key, piece) : print_end(&print);
    return SL_OK;
}

/* The event keeps a withheld item's commitment. A later redact event has to name, by its hash, what
   stands in the item's place. */
static enum sl_result take_withheld(struct body *body, const struct nonces *nonces, uint32_t index,
    const struct event_item *item, struct sl_err *err)
{
    struct withheld_item place = {.sequence = body->sequence,
        .item = index,
        .marked = item->marked,
        .record = nonces->record};
    struct crypto_hash hash;
    uint8_t replacement[32];
    crypto_hash_begin(&hash);
    enum sl_result result = read_item(body, item->length, &hash, err);
    crypto_hash_end(&hash, replacement);
    if (result != SL_OK) return result;
    if (nonces->record) crypto_sha256(replacement, 32, replacement);
    body->check->verified->redacted += !nonces->record;
    return withheld_add(&body->check->withheld, &place, item->key, replacement, err);
}

/* Commit to an item that comes in pieces, or is withheld. *length: of what was committed to. */
static enum sl_result take_pieces(struct body *body, struct nonces *nonces, uint32_t index,
    const struct event_item *item, uint64_t *length, struct sl_err *err)
{
    struct commit *commit = &body->check->commit;
    struct body_item kept = {0};
    uint8_t commitment[32];
    if (nonces->withheld && !body_withheld_next(&nonces->rest, &kept))
        return SHARE_FAULT(
            body->check, body->sequence, err, "item %u: its nonce is unreadable", index);
    if (kept.commitment) {
        *length = kept.length;
        commit_withheld(commit, item->type, item->key, item->marked, kept.length, kept.commitment);
        return take_withheld(body, nonces, index, item, err);
    }
    struct crypto_hash *hash = commit_stream(commit, kept.nonce);
    enum sl_result result = read_item(body, item->length, hash, err);
    commit_stream_end(commit, item->type, item->key, item->marked, item->length, commitment);
    return result;
}

/* How many bytes the event took when it was appended. No header commits to `stored`, which is their
   sum, and the places of the snapshots follow from it. */
static uint64_t appended_bytes(
    const struct event_row *row, uint64_t packed_bytes, uint64_t data_bytes)
{
    struct event_row whole = *row;
    struct buf bytes = {0};
    whole.redacted = false;
    event_row_encode(&whole, &bytes);
    uint64_t len = bytes.len;
    buf_fini(&bytes);
    return len + packed_bytes + body_bytes(data_bytes);
}

/* Commit to the next item, at once or with those after it; and have it ready for the fold. */
static enum sl_result take_item(struct body *body, struct nonces *nonces, uint32_t index,
    const struct event_item *item, uint64_t *length, struct sl_err *err)
{
    struct share_check *check = body->check;
    struct fold_taken *taken = nonces->folded ? check_fold_take(&check->fold, item) : NULL;
    if (nonces->folded && !taken) return sl_fail(err, SL_NOMEM, "out of memory");
    *length = item->length;
    check->verified->items++;
    check->verified->marked += item->marked;
    if (taken) taken->data_at = check->fold.data.len;
    struct buf *into = taken && taken->looked_into ? &check->fold.data : NULL;
    if (!nonces->withheld && body_has(body, item->length)) {
        struct sl_span bytes = {body->row.ptr + body->used, item->length};
        body->used += item->length;
        commit_item(&check->commit, item->type, item->key, item->marked, NULL, bytes);
        if (taken) taken->print = print_of(&check->fold.key, bytes);
        if (into) buf_add_span(into, bytes);
        return SL_OK;
    }
    commit_settle(&check->commit); /* the row that the items before it lie in is left now */
    body->into = into;
    enum sl_result result = take_pieces(body, nonces, index, item, length, err);
    if (result == SL_OK && taken) taken->print = body->print;
    return result;
}

/* Commit to everything again, and see that it is what the header says. */
static enum sl_result check_commitments(struct share_check *check, const struct event_row *row,
    struct event_reader *reader, const struct header *header, struct sl_err *err)
{
    struct body body = {.check = check, .sequence = header->sequence};
    struct nonces nonces = {.record = header->kind == SL_REDACT,
        .folded = header->kind == SL_SYNC && check->fold.folds};
    uint8_t commitment[32];
    struct event_item item;
    uint64_t bytes = 0, length = 0, packed_bytes = event_items_begin_bytes(row->items);
    check_fold_clear(&check->fold);
    enum sl_result result = take_prefix(&body, row, &nonces, err);
    if (result != SL_OK) return result;
    if (row->redacted)
        commit_begin_given(&check->commit, nonces.manifest, row->arrived_us, row->items);
    else
        commit_begin(&check->commit, nonces.event, row->arrived_us, row->items);
    for (uint32_t i = 0; result == SL_OK && event_read_next(reader, &item); i++) {
        result = take_item(&body, &nonces, i, &item, &length, err);
        bytes += length;
        packed_bytes += event_items_add_bytes(item.type, item.key, item.marked, length);
    }
    commit_settle(&check->commit);
    if (result == SL_OK && row->redacted && nonces.rest.len)
        result = SHARE_FAULT(check, header->sequence, err, "its body has a nonce too many");
    if (result == SL_OK) result = body_end(&body, err);
    if (result != SL_OK) return result;
    commit_end(&check->commit, commitment);
    if (memcmp(commitment, header->manifest_commitment, 32) != 0)
        return SHARE_FAULT(check, header->sequence, err,
            "its items are not the ones that its header commits to (an item's bytes, key, type or order, or the time of arrival)");
    if (row->stored != check->facts.last.stored + appended_bytes(row, packed_bytes, bytes))
        return SHARE_FAULT(check, header->sequence, err, "its count of stored bytes is wrong");
    check->verified->bytes += bytes;
    return nonces.folded ? check_fold_apply(&check->fold, header->sequence, row->arrived_us, err)
                         : SL_OK;
}

/* The log's header at a position, valid until the next; ptr NULL: there is none. A share's events
   often lie side by side. */
static enum sl_result read_log(
    struct share_check *check, uint64_t position, struct sl_span *header, struct sl_err *err)
{
    struct row_key key = row_log(position);
    if (!check->at.log)
        check->at.log = kv_iter_create(
            check->store->kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    if (kv_iter_valid(check->at.log)) kv_iter_next(check->at.log);
    if (!kv_iter_valid(check->at.log) || !sl_span_eq(kv_iter_key(check->at.log), row_span(&key)))
        kv_iter_seek(check->at.log, row_span(&key));
    bool found =
        kv_iter_valid(check->at.log) && sl_span_eq(kv_iter_key(check->at.log), row_span(&key));
    *header = found ? kv_iter_value(check->at.log) : (struct sl_span){0};
    return kv_iter_check(check->at.log, err);
}

static enum sl_result check_place(struct share_check *check, const struct event_row *row,
    const struct header *header, struct sl_err *err)
{
    const struct head *last = &check->facts.last;
    uint64_t sequence = header->sequence;
    if (memcmp(header->share_ref, check->facts.ref, 32) != 0)
        return SHARE_FAULT(check, sequence, err, "its header belongs to another share");
    if (memcmp(header->prev, last->leaf, 32) != 0)
        return SHARE_FAULT(
            check, sequence, err, "its header does not name the event before it (prev)");
    if (header->time_ms < last->time_ms)
        return SHARE_FAULT(check, sequence, err, "its time is before that of the event before it");
    if (row->syncs != last->syncs + (header->kind == SL_SYNC))
        return SHARE_FAULT(check, sequence, err, "its count of syncs is wrong");
    if (row->stored <= last->stored)
        return SHARE_FAULT(check, sequence, err, "its count of stored bytes is wrong");
    if (sequence > 1 && header->kind == SL_CREATE)
        return SHARE_FAULT(check, sequence, err, "a second creation");
    if (header->kind == SL_SYNC && check->facts.removal)
        return SHARE_FAULT(check, sequence, err, "a batch after the removal");
    struct sl_span logged;
    enum sl_result result = read_log(check, row->position, &logged, err);
    if (result != SL_OK) return result;
    if (!logged.ptr)
        return SHARE_FAULT(check, sequence, err, "the log has nothing at its position %llu",
            (unsigned long long)row->position);
    if (!sl_span_eq(logged, row->header))
        return SHARE_FAULT(check, sequence, err, "the log has another header at its position %llu",
            (unsigned long long)row->position);
    return result;
}

/* Everything that a redact event names must be withheld, and replaced by what it says. */
static enum sl_result take_redaction(
    struct share_check *check, uint64_t sequence, struct sl_err *err)
{
    struct redact_body body;
    enum sl_result result = redact_body_decode(buf_span(&check->control), &body);
    if (result == SL_NOMEM) return sl_fail(err, SL_NOMEM, "out of memory");
    if (result != SL_OK) return SHARE_FAULT(check, sequence, err, "its body is unreadable");
    struct withheld_act act = {.sequence = sequence, .who = body.who};
    result = withheld_begin(&check->withheld, &act, body.reason, err);
    for (size_t i = 0; i < body.count && result == SL_OK; i++) {
        const struct redact_entry *entry = &body.entries[i];
        uint8_t replacement[32];
        crypto_sha256(entry->replacement.ptr, entry->replacement.len, replacement);
        if (entry->sequence >= sequence ||
            !withheld_name(&check->withheld, entry->sequence, entry->item, replacement))
            result = SHARE_FAULT(check, sequence, err,
                "item %llu of event %llu is not replaced by what it says",
                (unsigned long long)entry->item, (unsigned long long)entry->sequence);
    }
    redact_body_fini(&body);
    return result;
}

/* A control event's item. As a rule the iterator of bodies stands at it, and it is not looked for.
 */
static enum sl_result control_bytes(
    struct share_check *check, uint64_t sequence, const struct event_item *item, struct sl_err *err)
{
    struct row_key key = row_body(sl_span_of(check->facts.id), sequence, 0);
    struct body_iter *at = &check->at.bodies;
    buf_clear(&check->control);
    if (body_iter_valid(at) && sl_span_eq(body_iter_key(at), row_span(&key))) {
        struct sl_span row;
        enum sl_result result = body_iter_row(at, &row, err);
        if (result != SL_OK) return result;
        if (item->offset <= row.len && item->length <= row.len - item->offset) {
            buf_add(&check->control, row.ptr + item->offset, item->length);
            return check->control.failed ? sl_fail(err, SL_NOMEM, "out of memory") : SL_OK;
        }
    }
    enum sl_result result = bodies_read(check->store->bodies, sl_span_of(check->facts.id), sequence,
        item->offset, item->length, &check->control, err);
    if (result == SL_NOT_FOUND) return SHARE_FAULT(check, sequence, err, "its body is missing");
    return result;
}

/* Gather what create, remove and redact events say, for the comparison with the derived records. */
static enum sl_result take_control(struct share_check *check, const struct header *header,
    struct event_reader *reader, struct sl_err *err)
{
    struct event_item item;
    struct create_body creation;
    struct remove_body removal;
    if (!event_read_next(reader, &item))
        return SHARE_FAULT(check, header->sequence, err, "it has no body");
    enum sl_result result = control_bytes(check, header->sequence, &item, err);
    if (result != SL_OK) return result;
    if (header->kind == SL_REDACT) return take_redaction(check, header->sequence, err);
    if (header->kind == SL_REMOVE) {
        if (!remove_body_decode(buf_span(&check->control), &removal))
            return SHARE_FAULT(check, header->sequence, err, "its body is unreadable");
        check->facts.record.state = SL_SHARE_REMOVED;
        check->facts.record.removed_ms = header->time_ms;
        check->facts.record.removed_by = removal.who;
        check->facts.removal = header->sequence;
        check->facts.holds = removal.who == SL_WHO_OWNER;
        return SL_OK;
    }
    if (!create_body_decode(buf_span(&check->control), &creation) ||
        !sl_span_eq(creation.share_id, sl_span_of(check->facts.id)))
        return SHARE_FAULT(check, header->sequence, err, "its body is unreadable");
    check->facts.record =
        share_record_begin(&creation, header->time_ms, check->facts.record.position);
    assert(creation.session_id.len < sizeof(check->facts.session_id));
    memcpy(check->facts.session_id, creation.session_id.ptr, creation.session_id.len);
    check->facts.session_id[creation.session_id.len] = 0;
    check->facts.record.session_id.ptr = check->facts.session_id;
    event_share_ref(check->facts.record.salt, sl_span_of(check->facts.id), check->facts.ref);
    return SL_OK;
}

/* Read what the event says of the share from its first item. */
static enum sl_result check_control(struct share_check *check, struct sl_span bytes,
    const struct header *header, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    if (header->kind == SL_ALLOW) check->facts.holds = false;
    bool redact = header->kind == SL_REDACT && check->content != CONTENT_ERASING;
    if (header->kind != SL_CREATE && header->kind != SL_REMOVE && !redact) return SL_OK;
    if (event_read_begin(bytes, &row, &reader) != SL_OK)
        return SHARE_FAULT(check, header->sequence, err, "its row is unreadable");
    enum sl_result result = take_control(check, header, &reader, err);
    event_read_end(&reader);
    return result;
}

static enum sl_result check_row(struct share_check *check, struct sl_span bytes,
    const struct event_row *row, struct event_reader *reader, struct sl_err *err)
{
    struct header header;
    if (!header_decode(row->header, &header) || header.sequence != check->facts.last.sequence + 1)
        return SHARE_FAULT(
            check, check->facts.last.sequence + 1, err, "its row or header is unreadable");
    uint64_t sequence = header.sequence;
    if (sequence == 1 && header.kind != SL_CREATE)
        return SHARE_FAULT(check, sequence, err, "the first event is no creation");
    bool content = header.kind == SL_SYNC || header.kind == SL_REDACT;
    if (row->erased && (!content || check->content == CONTENT_WHOLE))
        return SHARE_FAULT(
            check, sequence, err, "its content is gone, but the share is not removed");
    if (content && !row->erased && check->content == CONTENT_ERASED)
        return SHARE_FAULT(check, sequence, err, "its content should have been erased");
    enum sl_result result = row->erased ? SL_OK : check_control(check, bytes, &header, err);
    if (result == SL_OK) result = check_place(check, row, &header, err);
    /* what is being erased may be half gone */
    bool whole = !row->erased && !(check->content == CONTENT_ERASING && content);
    if (result == SL_OK && whole) result = check_commitments(check, row, reader, &header, err);
    if (result != SL_OK) return result;
    if (sequence == 1) check->facts.record.position = row->position;
    check->facts.last =
        (struct head){sequence, row->position, header.time_ms, row->syncs, row->stored, {0}};
    header_leaf(row->header, check->facts.last.leaf);
    check->verified->events++;
    return SL_OK;
}

enum sl_result share_check_event(
    struct share_check *check, uint64_t sequence, struct sl_span bytes, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    if (sequence != check->facts.last.sequence + 1)
        return SHARE_FAULT(check, check->facts.last.sequence + 1, err,
            "missing (the next one is %llu)", (unsigned long long)sequence);
    if (event_read_begin(bytes, &row, &reader) != SL_OK)
        return SHARE_FAULT(check, sequence, err, "its row or header is unreadable");
    enum sl_result result = check_row(check, bytes, &row, &reader, err);
    if (!event_read_end(&reader) && result == SL_OK)
        result = SHARE_FAULT(check, sequence, err, "its row is unreadable");
    if (result != SL_OK) return result;
    return check->content != CONTENT_WHOLE ? SL_OK : snapshot_check(check, err);
}
