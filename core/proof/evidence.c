/* Two pieces of evidence are held against each other by walking both lists of places at once: by
   sequence if they are of one share, by position if they are of two. */

#include "core/proof/evidence.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_MIN 16

void evidence_fini(struct evidence *evidence)
{
    free(evidence->places);
    *evidence = (struct evidence){0};
}

bool evidence_add(struct evidence *evidence, const struct evidence_place *place)
{
    if (evidence->count == evidence->room) {
        size_t room = evidence->room ? 2 * evidence->room : ROOM_MIN;
        struct evidence_place *grown = realloc(evidence->places, room * sizeof(*grown));
        if (!grown) return false;
        evidence->places = grown;
        evidence->room = room;
    }
    evidence->places[evidence->count++] = *place;
    return true;
}

bool evidence_add_statement(struct evidence *evidence, const struct head_statement *statement)
{
    struct evidence_place first = {.sequence = 1, .position = statement->first},
                          last = {statement->sequence, statement->last, true, {0}};
    assert(evidence->count == 0);
    memcpy(last.leaf, statement->leaf, 32);
    evidence->has_end = true;
    evidence->end_sequence = statement->sequence;
    evidence->end_size = statement->size;
    memcpy(evidence->origin, statement->origin, sizeof(statement->origin));
    memcpy(evidence->share_id, statement->share_id, sizeof(evidence->share_id));
    memcpy(evidence->ref, statement->ref, 32);
    return (last.sequence == 1 || evidence_add(evidence, &first)) && evidence_add(evidence, &last);
}

enum sl_result evidence_add_bundle_place(
    void *ctx, const struct bundle_place *place, struct sl_err *err)
{
    struct evidence_place added = {place->sequence, place->position, true, {0}};
    memcpy(added.leaf, place->leaf, 32);
    return evidence_add(ctx, &added) ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
}

void evidence_set_bundle(struct evidence *evidence, const struct bundle_verdict *verdict)
{
    memcpy(evidence->origin, verdict->origin, sizeof(verdict->origin));
    evidence->has_root = true;
    evidence->size = verdict->log_size;
    memcpy(evidence->root, verdict->root, 32);
    memcpy(evidence->share_id, verdict->share_id, sizeof(evidence->share_id));
    memcpy(evidence->ref, verdict->ref, 32);
    if (verdict->head != BUNDLE_HEAD_HOLDS) return;
    evidence->has_end = true;
    evidence->end_sequence = verdict->statement.sequence;
    evidence->end_size = verdict->statement.size;
}

void evidence_set_checkpoint(struct evidence *evidence, const struct checkpoint_text *checkpoint)
{
    assert(checkpoint->origin.len <= NOTE_NAME_BYTES); /* a key has it as its name */
    evidence->has_root = true;
    evidence->size = checkpoint->size;
    memcpy(evidence->root, checkpoint->root, 32);
    memcpy(evidence->origin, checkpoint->origin.ptr, checkpoint->origin.len);
    evidence->origin[checkpoint->origin.len] = 0;
}

const char *evidence_rule_name(enum evidence_rule rule)
{
    switch (rule) {
    case EVIDENCE_AGREES: break;
    case EVIDENCE_ROOT: return "root";
    case EVIDENCE_SHARE: return "share";
    case EVIDENCE_EVENT: return "event";
    case EVIDENCE_ORDER: return "order";
    case EVIDENCE_LEFT_OUT: return "left-out";
    case EVIDENCE_POSITION: return "position";
    }
    return "";
}

/* ---- of one share ---- */

static bool same_event(const struct evidence_place *a, const struct evidence_place *b)
{
    return a->position == b->position &&
           (!a->has_leaf || !b->has_leaf || memcmp(a->leaf, b->leaf, 32) == 0);
}

/* Is there room in the log for the events between the two? */
static bool in_order(const struct evidence_place *before, const struct evidence_place *behind)
{
    return behind->position > before->position &&
           behind->position - before->position >= behind->sequence - before->sequence;
}

/* Each event is held against the last one of the other piece that isn't behind it: within a piece
   all is in order, so what doesn't fit anywhere doesn't fit there. */
static enum evidence_rule walk_share(
    const struct evidence *a, const struct evidence *b, struct evidence_found *found)
{
    size_t i = 0, k = 0;
    while (i < a->count || k < b->count) {
        bool from_a =
            k == b->count || (i < a->count && a->places[i].sequence <= b->places[k].sequence);
        const struct evidence_place *next = from_a ? &a->places[i] : &b->places[k];
        bool both = i < a->count && k < b->count && a->places[i].sequence == b->places[k].sequence;
        const struct evidence_place *other = both     ? &b->places[k]
                                             : from_a ? (k ? &b->places[k - 1] : NULL)
                                                      : (i ? &a->places[i - 1] : NULL);
        enum evidence_rule rule = EVIDENCE_AGREES;
        if (both && !same_event(next, other))
            rule = EVIDENCE_EVENT;
        else if (!both && other && !in_order(other, next))
            rule = EVIDENCE_ORDER;
        if (rule != EVIDENCE_AGREES) {
            *found =
                (struct evidence_found){rule, from_a ? *next : *other, from_a ? *other : *next};
            return rule;
        }
        i += from_a;
        k += both || !from_a;
    }
    return EVIDENCE_AGREES;
}

/* The first event of `whole` that a statement should have named, and didn't. */
static const struct evidence_place *left_out(
    const struct evidence *statement, const struct evidence *whole)
{
    if (!statement->has_end) return NULL;
    for (size_t i = 0; i < whole->count; i++)
        if (whole->places[i].sequence > statement->end_sequence)
            return whole->places[i].position < statement->end_size ? &whole->places[i] : NULL;
    return NULL;
}

static enum evidence_rule one_share(
    const struct evidence *a, const struct evidence *b, struct evidence_found *found)
{
    enum evidence_rule rule = walk_share(a, b, found);
    if (rule != EVIDENCE_AGREES) return rule;
    const struct evidence_place *in_b = left_out(a, b), *in_a = in_b ? NULL : left_out(b, a);
    if (!in_a && !in_b) return EVIDENCE_AGREES;
    *found = (struct evidence_found){.rule = EVIDENCE_LEFT_OUT};
    if (in_a) found->a = *in_a;
    if (in_b) found->b = *in_b;
    return EVIDENCE_LEFT_OUT;
}

/* ---- of two ---- */

static enum evidence_rule two_shares(
    const struct evidence *a, const struct evidence *b, struct evidence_found *found)
{
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        if (a->places[i].position == b->places[k].position) {
            *found = (struct evidence_found){EVIDENCE_POSITION, a->places[i], b->places[k]};
            return EVIDENCE_POSITION;
        }
        if (a->places[i].position < b->places[k].position)
            i++;
        else
            k++;
    }
    return EVIDENCE_AGREES;
}

/* ---- any two ---- */

struct evidence_found evidence_judge(const struct evidence *a, const struct evidence *b)
{
    struct evidence_found found = {.rule = EVIDENCE_AGREES};
    if (strcmp(a->origin, b->origin) != 0) return found;
    if (a->has_root && b->has_root && a->size == b->size && memcmp(a->root, b->root, 32) != 0) {
        found.rule = EVIDENCE_ROOT;
        return found;
    }
    if (a->count == 0 || b->count == 0) return found;
    bool same_ref = memcmp(a->ref, b->ref, 32) == 0;
    if (a->share_id[0] && b->share_id[0] && (strcmp(a->share_id, b->share_id) == 0) != same_ref) {
        found.rule = EVIDENCE_SHARE;
        return found;
    }
    enum evidence_rule rule = same_ref ? one_share(a, b, &found) : two_shares(a, b, &found);
    assert(rule == found.rule);
    return found;
}
