/* A bundle is verified in one pass over its stream: the head, the events in order of sequence, the
   checkpoint. Each event's header names the one before it, and its leaf joins the log's tree behind
   the roots of the gap before it; at the end the tree's root must be the one that the checkpoint
   signs, and the last event the one that the head statement says is the share's last. What an event
   contains is bundle_content.c's.

   It ends at the first fault. What is known until then goes with it: a verdict is given of a whole
   bundle alone. */

#include "core/proof/bundle_content.h"
#include "core/proof/bundle_record.h"
#include "core/proof/event_times.h"

#include <assert.h>
#include <stdio.h>

/* more events than any log can have: sums stay in range */
#define POSITION_MAX ((uint64_t)1 << 62)

/* ---- the tree ---- */

/* The roots between the log as far as it is known and `to`. */
static enum sl_result check_gap(struct bundle_check *check, struct sl_span gap, uint64_t to)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(check->edge.size, to, cover);
    if (gap.len != count * TREE_HASH_BYTES)
        return BUNDLE_FAULT(
            check, "the gap before it has %zu bytes, where %zu roots belong", gap.len, count);
    for (size_t i = 0; i < count; i++)
        if (!tree_add_subtree(&check->edge, cover[i].level, (const uint8_t *)gap.ptr + i * 32))
            return BUNDLE_FAULT(check, "the gap before it doesn't fit the tree");
    return SL_OK;
}

/* ---- an event ---- */

/* What its kind may not do there. */
static enum sl_result check_kind(struct bundle_check *check, bool erased)
{
    enum sl_kind kind = check->header.kind;
    if (kind > SL_ALLOW)
        return BUNDLE_FAULT(check, "of an unknown kind, %llu", (unsigned long long)kind);
    if (check->sequence == 1 && kind != SL_CREATE)
        return BUNDLE_FAULT(check, "the first event is no creation");
    if (check->sequence > 1 && kind == SL_CREATE) return BUNDLE_FAULT(check, "a second creation");
    if (check->verdict.removed && kind != SL_ALLOW)
        return BUNDLE_FAULT(check, "a %s after the removal", sl_kind_name(kind));
    if (kind == SL_ALLOW && !(check->verdict.removed && check->verdict.removed_by == SL_WHO_OWNER))
        return BUNDLE_FAULT(check, "an allow, but the owner did not remove the share before");
    if (erased && kind != SL_SYNC && kind != SL_REDACT)
        return BUNDLE_FAULT(
            check, "its content is gone, which that of a %s never is", sl_kind_name(kind));
    return SL_OK;
}

static enum sl_result check_place(struct bundle_check *check, uint64_t position)
{
    const struct header *header = &check->header;
    if (memcmp(header->share_ref, check->ref, 32) != 0)
        return BUNDLE_FAULT(check, "its header belongs to another share (or the salt is wrong)");
    if (header->sequence != check->sequence)
        return BUNDLE_FAULT(
            check, "missing (the next one is %llu)", (unsigned long long)header->sequence);
    if (memcmp(header->prev, check->leaf, 32) != 0)
        return BUNDLE_FAULT(check, "its header does not name the event before it (prev)");
    if (header->time_ms < check->verdict.last_ms)
        return BUNDLE_FAULT(check, "its time is before that of the event before it");
    if (!event_time_fits(header->time_ms))
        return BUNDLE_FAULT(check, "its time is before the year 2000 or after 9999");
    if (position < check->edge.size)
        return BUNDLE_FAULT(check, "its position, %llu, is not behind that of the event before it",
            (unsigned long long)position);
    if (position >= POSITION_MAX)
        return BUNDLE_FAULT(check, "its position is beyond any log's end");
    return SL_OK;
}

static enum sl_result tell_place(const struct bundle_check *check)
{
    const struct bundle_asks *asks = check->asks;
    struct bundle_place place = {.sequence = check->sequence,
        .position = check->verdict.last,
        .time_ms = check->header.time_ms,
        .kind = check->header.kind};
    memcpy(place.leaf, check->leaf, 32);
    return asks->place ? asks->place(asks->place_ctx, &place, check->err) : SL_OK;
}

static enum sl_result check_event(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    size_t parts = read_array(in);
    if (parts != 3 && parts != 6) read_fault(in, "not an event: neither 3 nor 6 parts");
    char bytes[TREE_COVER * TREE_HASH_BYTES];
    struct sl_span gap = read_bin(in, sizeof(bytes));
    if (gap.len) memcpy(bytes, gap.ptr, gap.len);
    gap.ptr = bytes;
    uint64_t position = read_u64(in);
    struct sl_span header = read_bin(in, SL_HEADER_BYTES);
    enum sl_result result = bundle_check_read(check);
    if (result != SL_OK) return result;
    if (!header_decode(header, &check->header))
        return BUNDLE_FAULT(check, "its header is unreadable");
    uint8_t leaf[32];
    header_leaf(header, leaf);
    result = check_place(check, position);
    if (result == SL_OK) result = check_kind(check, parts == 3);
    if (result == SL_OK) result = check_gap(check, gap, position);
    if (result == SL_OK && parts == 6) result = bundle_check_content(check);
    if (result != SL_OK) return result;
    tree_add(&check->edge, leaf);
    memcpy(check->leaf, leaf, 32);
    check->verdict.last = position;
    if (check->sequence == 1) check->verdict.first = position;
    if (!check->verdict.removed) bundle_record_position(check, position);
    if (parts == 3) check->erased = check->sequence;
    if (check->sequence == 1) check->verdict.first_ms = check->header.time_ms;
    check->verdict.last_ms = check->header.time_ms;
    check->verdict.syncs += check->header.kind == SL_SYNC;
    return tell_place(check);
}

/* ---- the whole ---- */

static enum sl_result check_head(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    uint8_t salt[32];
    if (read_array(in) != 4 || !sl_span_eq(read_str(in, 64), SL_SPAN(BUNDLE_FORM)))
        read_fault(in, "not a " BUNDLE_FORM);
    struct sl_span id = read_str(in, SL_SHARE_ID_BYTES);
    if (!sl_share_id_valid(id)) read_fault(in, "not the id of a share");
    if (read_ok(in)) memcpy(check->verdict.share_id, id.ptr, id.len);
    if (read_bin_into(in, salt, 32))
        event_share_ref(salt, sl_span_of(check->verdict.share_id), check->ref);
    check->verdict.events = read_u64(in);
    if (check->verdict.events == 0) read_fault(in, "no events");
    return bundle_check_read(check);
}

/* What only the last event can settle. */
static enum sl_result check_left(struct bundle_check *check)
{
    const struct withheld_item *item = withheld_fault(&check->withheld);
    check->key[0] = 0;
    if (item) {
        check->sequence = item->sequence;
        check->item = item->item;
        return BUNDLE_FAULT(check, "withheld, but no redact event names it");
    }
    if (check->erased && !check->verdict.removed) {
        check->sequence = check->erased;
        return BUNDLE_FAULT(check, "its content is gone, but the share is not removed");
    }
    return SL_OK;
}

/* What the tail has. */
struct tail {
    struct sl_span gap, note, head; /* head.len 0: no statement */
    char gap_bytes[TREE_COVER * TREE_HASH_BYTES], note_bytes[NOTE_BYTES];
    char head_bytes[HEAD_STATEMENT_BYTES];
};

/* A value of the stream, which the next one would take the place of, is copied. */
static struct sl_span kept(struct sl_span value, char *room)
{
    if (value.len) memcpy(room, value.ptr, value.len);
    return (struct sl_span){room, value.len};
}

static enum sl_result read_tail(struct bundle_check *check, struct tail *tail)
{
    struct bundle_reader *in = &check->in;
    size_t parts = read_array(in);
    if (parts != 2 && parts != 3) read_fault(in, "not the end of a bundle");
    tail->gap = kept(read_bin(in, sizeof(tail->gap_bytes)), tail->gap_bytes);
    tail->note = kept(read_str(in, sizeof(tail->note_bytes)), tail->note_bytes);
    tail->head = (struct sl_span){"", 0};
    if (parts == 3) {
        tail->head = kept(read_str(in, sizeof(tail->head_bytes)), tail->head_bytes);
        check->verdict.head = BUNDLE_HEAD_UNCHECKED;
    }
    if (read_ok(in) && !read_at_end(in)) read_fault(in, "something follows the bundle");
    return bundle_check_read(check);
}

static enum sl_result check_checkpoint(struct bundle_check *check, const struct tail *tail)
{
    struct bundle_verdict *verdict = &check->verdict;
    struct sl_err below = {0};
    struct note parts;
    struct checkpoint_text checkpoint;
    enum sl_result result =
        policy_check(check->asks->policy, tail->note, &verdict->cosigned, &below);
    if (result == SL_INVALID || result == SL_NOT_FOUND)
        return BUNDLE_FAULT(check, "its checkpoint: %s", below.text);
    if (result != SL_OK) return sl_fail(check->err, result, "checkpoint: %s", below.text);
    if (!note_parse(tail->note, &parts) || !checkpoint_parse(parts.text, &checkpoint))
        return BUNDLE_FAULT(check, "its checkpoint is unreadable");
    if (checkpoint.size < check->edge.size || checkpoint.size > POSITION_MAX)
        return BUNDLE_FAULT(check,
            "its checkpoint is of %llu events, and its last one is at position %llu",
            (unsigned long long)checkpoint.size, (unsigned long long)check->edge.size - 1);
    if (!event_cosigned_fits(verdict->last_ms, &verdict->cosigned))
        return BUNDLE_FAULT(check, "its last event is dated after a witness had seen it");
    result = check_gap(check, tail->gap, checkpoint.size);
    if (result != SL_OK) return result;
    tree_edge_root(&check->edge, verdict->root);
    verdict->log_size = checkpoint.size;
    snprintf(verdict->origin, sizeof(verdict->origin), "%.*s", (int)checkpoint.origin.len,
        checkpoint.origin.ptr);
    if (memcmp(verdict->root, checkpoint.root, 32) != 0)
        return BUNDLE_FAULT(check,
            "its events are not, as they stand here, those of the log that the checkpoint signs (the root differs)");
    return SL_OK;
}

/* What the statement says is what the bundle shows; NULL, or what isn't. */
static const char *statement_fault(const struct bundle_verdict *verdict)
{
    const struct head_statement *statement = &verdict->statement;
    if (strcmp(statement->origin, verdict->origin) != 0) return "is of another log";
    if (strcmp(statement->share_id, verdict->share_id) != 0 ||
        memcmp(statement->ref, verdict->ref, 32) != 0)
        return "is of another share";
    if (statement->sequence != verdict->events) return "ends at another event";
    if (statement->first != verdict->first || statement->last != verdict->last)
        return "has its events at other positions";
    if (memcmp(statement->leaf, verdict->leaf, 32) != 0) return "has another last event";
    if (statement->time_ms < verdict->last_ms) return "is from before its last event";
    return NULL;
}

static enum sl_result check_statement(struct bundle_check *check, const struct tail *tail)
{
    struct bundle_verdict *verdict = &check->verdict;
    struct note parts;
    struct sl_err below = {0};
    if (verdict->head == BUNDLE_HEAD_NONE) return SL_OK;
    if (!note_parse(tail->head, &parts))
        return BUNDLE_FAULT(check, "its head statement: not a signed note");
    if (!head_statement_parse(parts.text, &verdict->statement))
        return BUNDLE_FAULT(check, "its head statement: not a head statement");
    const char *fault = statement_fault(verdict);
    if (fault) return BUNDLE_FAULT(check, "its head statement %s", fault);
    if (!check->asks->head) return SL_OK;
    if (head_statement_verify(tail->head, check->asks->head, &verdict->statement, &below) != SL_OK)
        return BUNDLE_FAULT(check, "its head statement: %s", below.text);
    verdict->head = BUNDLE_HEAD_HOLDS;
    return SL_OK;
}

static enum sl_result check_end(struct bundle_check *check)
{
    struct tail *tail = malloc(sizeof(*tail));
    if (!tail) return sl_fail(check->err, SL_NOMEM, "out of memory");
    memcpy(check->verdict.ref, check->ref, 32);
    memcpy(check->verdict.leaf, check->leaf, 32);
    enum sl_result result = read_tail(check, tail);
    if (result == SL_OK) result = check_checkpoint(check, tail);
    if (result == SL_OK) result = check_left(check);
    check->sequence = 0;
    check->item = NO_ITEM;
    if (result == SL_OK) result = check_statement(check, tail);
    free(tail);
    return result;
}

static enum sl_result check_all(struct bundle_check *check)
{
    enum sl_result result = check_head(check);
    for (uint64_t i = 1; i <= check->verdict.events && result == SL_OK; i++) {
        check->sequence = i;
        result = check_event(check);
    }
    if (result != SL_OK) return result;
    check->sequence = 0;
    return check_end(check);
}

static void tell(const struct bundle_check *check)
{
    const struct redacted_each *told = check->asks->redacted;
    struct redacted_item item;
    for (size_t at = 0; told && withheld_told(&check->withheld, &at, &item);)
        told->each(told->ctx, &item);
}

enum sl_result bundle_verify(struct bundle_input input, const struct bundle_asks *asks,
    const struct sl_progress *progress, struct bundle_verdict *verdict, struct sl_err *err)
{
    struct bundle_check *check = calloc(1, sizeof(*check));
    if (!check) return sl_fail(err, SL_NOMEM, "out of memory");
    check->asks = asks;
    check->err = err;
    check->item = NO_ITEM;
    crypto_hash_begin(&check->positions);
    enum sl_result result = bundle_reader_init(&check->in, input, progress, err);
    check->in.leaving = bundle_check_leaving;
    check->in.leaving_ctx = check;
    if (result == SL_OK) result = check_all(check);
    if (result == SL_OK) *verdict = check->verdict;
    if (result == SL_OK) tell(check);
    bundle_reader_fini(&check->in);
    withheld_fini(&check->withheld);
    buf_fini(&check->nonces);
    buf_fini(&check->data);
    free(check);
    return result;
}
