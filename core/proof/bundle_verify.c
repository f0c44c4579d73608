/* A bundle is verified in one pass over its stream: the head, the events in order of sequence, the
   checkpoint. Each event's header names the one before it, and its leaf joins the log's tree behind
   the roots of the gap before it; at the end the tree's root must be the one that the checkpoint
   signs. What an event contains is bundle_content.c's.

   It ends at the first fault. What is known until then goes with it: a verdict is given of a whole
   bundle alone. */

#include "core/proof/bundle_content.h"

#include <assert.h>

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
    if (!check->verdict.removed && kind == SL_ALLOW)
        return BUNDLE_FAULT(check, "it allows what was never removed");
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
    if (position < check->edge.size)
        return BUNDLE_FAULT(check, "its position, %llu, is not behind that of the event before it",
            (unsigned long long)position);
    if (position >= POSITION_MAX)
        return BUNDLE_FAULT(check, "its position is beyond any log's end");
    return SL_OK;
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
    if (parts == 3) check->erased = check->sequence;
    if (check->sequence == 1) check->verdict.first_ms = check->header.time_ms;
    check->verdict.last_ms = check->header.time_ms;
    check->verdict.syncs += check->header.kind == SL_SYNC;
    return SL_OK;
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
        return BUNDLE_FAULT(
            check, item->named == WITHHELD_DIFFERS
                       ? "what stands in its place is not what the redact event says"
                       : "withheld, but no redact event names it");
    }
    if (check->erased && !check->verdict.removed) {
        check->sequence = check->erased;
        return BUNDLE_FAULT(check, "its content is gone, but the share is not removed");
    }
    return SL_OK;
}

/* The note of the tail: of this policy, and of a log that is large enough. */
static enum sl_result check_note(
    struct bundle_check *check, struct sl_span bytes, struct checkpoint_text *checkpoint)
{
    struct sl_err below = {0};
    struct note note;
    enum sl_result result = policy_check(check->policy, bytes, &check->verdict.cosigned, &below);
    if (result == SL_INVALID || result == SL_NOT_FOUND)
        return BUNDLE_FAULT(check, "its checkpoint: %s", below.text);
    if (result != SL_OK) return sl_fail(check->err, result, "checkpoint: %s", below.text);
    if (!note_parse(bytes, &note) || !checkpoint_parse(note.text, checkpoint))
        return BUNDLE_FAULT(check, "its checkpoint is unreadable");
    if (checkpoint->size < check->edge.size || checkpoint->size > POSITION_MAX)
        return BUNDLE_FAULT(check,
            "its checkpoint is of %llu events, and its last one is at position %llu",
            (unsigned long long)checkpoint->size, (unsigned long long)check->edge.size - 1);
    return SL_OK;
}

static enum sl_result check_tail(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    struct bundle_verdict *verdict = &check->verdict;
    struct checkpoint_text checkpoint;
    struct buf note = {0};
    char bytes[TREE_COVER * TREE_HASH_BYTES];
    if (read_array(in) != 2) read_fault(in, "not the end of a bundle");
    struct sl_span gap = read_bin(in, sizeof(bytes));
    if (gap.len) memcpy(bytes, gap.ptr, gap.len);
    gap.ptr = bytes;
    buf_add_span(&note, read_str(in, NOTE_BYTES));
    if (read_ok(in) && !read_at_end(in)) read_fault(in, "something follows the bundle");
    enum sl_result result = bundle_check_read(check);
    if (result == SL_OK && note.failed) result = sl_fail(check->err, SL_NOMEM, "out of memory");
    if (result == SL_OK) result = check_note(check, buf_span(&note), &checkpoint);
    if (result == SL_OK) result = check_gap(check, gap, checkpoint.size);
    buf_fini(&note);
    if (result != SL_OK) return result;
    tree_edge_root(&check->edge, verdict->root);
    verdict->log_size = checkpoint.size;
    if (memcmp(verdict->root, checkpoint.root, 32) != 0)
        return BUNDLE_FAULT(check,
            "its events are not, as they stand here, those of the log that the checkpoint signs (the root differs)");
    return SL_OK;
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
    result = check_tail(check);
    return result == SL_OK ? check_left(check) : result;
}

enum sl_result bundle_verify(struct bundle_input input, const struct policy *policy,
    const struct sl_progress *progress, struct bundle_verdict *verdict, struct sl_err *err)
{
    struct bundle_check *check = calloc(1, sizeof(*check));
    if (!check) return sl_fail(err, SL_NOMEM, "out of memory");
    check->policy = policy;
    check->err = err;
    check->item = NO_ITEM;
    enum sl_result result = bundle_reader_init(&check->in, input, progress, err);
    check->in.leaving = bundle_check_leaving;
    check->in.leaving_ctx = check;
    if (result == SL_OK) result = check_all(check);
    if (result == SL_OK) *verdict = check->verdict;
    bundle_reader_fini(&check->in);
    withheld_fini(&check->withheld);
    buf_fini(&check->nonces);
    free(check);
    return result;
}
