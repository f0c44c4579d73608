/* What brings the page of one moment to another: the articles that differ, as the page at the other
   moment has them. One mechanism for what comes in live, for replay and for jumps. */

#include "http/pages/session/page_update.h"

#include "http/api/api.h"
#include "http/call/param.h"
#include "http/pages/found.h"
#include "http/pages/frame.h"
#include "http/pages/session/facts.h"
#include "http/pages/session/sections.h"
#include "http/pages/session/turns.h"

#include <inttypes.h>
#include <stdlib.h>

struct update_side {
    uint64_t sequence;
    struct sl_view *view;
    struct outline outline;
    struct message_reader reader;
};

struct update {
    struct update_side *from, *to;
    struct sl_metadata metadata; /* of `to` */
    bool *kept;                  /* by the messages of `from`: are they in `to`? */
    bool *differs;               /* by the messages of `to` */
    bool undone_differs;
    size_t hint;
};

enum sl_result update_side_open(struct http_call *call, uint64_t sequence,
    const struct update_side *other, struct update_side **out, struct sl_err *err)
{
    struct sl_moment moment = {SL_AT_SEQUENCE, sequence};
    struct update_side *side = calloc(1, sizeof(*side));
    if (!side) return sl_fail(err, SL_NOMEM, "out of memory");
    side->sequence = sequence;
    side->reader = (struct message_reader){.outline = &side->outline};
    enum sl_result result = sl_view_open(call->app->store, api_id(call), moment, &side->view, err);
    if (result == SL_OK)
        result = outline_make(side->view, other ? &other->outline : NULL, &side->outline, err);
    if (result == SL_OK)
        *out = side;
    else
        update_side_close(side);
    return result;
}

void update_side_close(struct update_side *side)
{
    if (!side) return;
    outline_fini(&side->outline);
    sl_view_close(side->view);
    free(side);
}

/* ---- what differs ---- */

/* The message of `from` that is this one. Both come in one order, so that it is almost always where
   the last one was found, or behind. */
static size_t find(struct update *update, const struct outline_message *message)
{
    const struct outline *from = &update->from->outline;
    bool newer = message->element != OUTLINE_NONE;
    for (size_t n = 0; n < from->count; n++) {
        size_t i = (update->hint + n) % from->count;
        const struct outline_message *other = &from->messages[i];
        bool other_newer = other->element != OUTLINE_NONE;
        if (newer == other_newer && sl_span_eq(other->id, message->id)) {
            update->hint = i + 1;
            return i;
        }
        /* sorted: it isn't there */
        if (!newer && (other_newer || sl_span_cmp(other->id, message->id) > 0) &&
            (i == 0 || sl_span_cmp(from->messages[i - 1].id, message->id) < 0))
            break;
    }
    return SIZE_MAX;
}

static struct sl_span before(const struct outline *outline, size_t index)
{
    return index ? outline->messages[index - 1].id : (struct sl_span){NULL, 0};
}

static bool reverted_inside(const struct outline *outline, const struct outline_message *message)
{
    return outline->revert_part.len && sl_span_eq(buf_span(&outline->revert), message->id);
}

/* Do two items say the same? Those of one version do, and only others are read. */
static enum sl_result same_item(
    struct update *update, uint32_t a, uint32_t b, bool *same, struct sl_err *err)
{
    struct sl_view_item x, y;
    enum sl_result result = sl_view_item_key(update->from->view, SL_BY_KEY, a, &x, err);
    if (result == SL_OK) result = sl_view_item_key(update->to->view, SL_BY_KEY, b, &y, err);
    if (result != SL_OK) return result;
    *same = sl_span_eq(x.key, y.key);
    if (!*same || x.sequence == y.sequence) return SL_OK;
    result = sl_view_item(update->from->view, SL_BY_KEY, a, &x, err);
    if (result == SL_OK) result = sl_view_item(update->to->view, SL_BY_KEY, b, &y, err);
    if (result == SL_OK) *same = sl_span_eq(x.data, y.data);
    return result;
}

static enum sl_result same_parts(struct update *update, const struct outline_message *a,
    const struct outline_message *b, bool *same, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    for (uint32_t i = 0; result == SL_OK && *same && i < a->count; i++)
        result = same_item(update, a->first + i, b->first + i, same, err);
    return result;
}

static enum sl_result same_message(
    struct update *update, size_t i, size_t k, bool *same, struct sl_err *err)
{
    const struct outline *from = &update->from->outline, *to = &update->to->outline;
    const struct outline_message *a = &from->messages[i], *b = &to->messages[k];
    struct sl_span x, y;
    *same = a->undone == b->undone && a->count == b->count && a->element == b->element &&
            (a->item == OUTLINE_NONE) == (b->item == OUTLINE_NONE) &&
            sl_span_eq(before(from, i), before(to, k)) &&
            reverted_inside(from, a) == reverted_inside(to, b) &&
            (!reverted_inside(to, b) ||
                sl_span_eq(buf_span(&from->revert_part), buf_span(&to->revert_part)));
    if (*same && a->sequence != b->sequence) {
        enum sl_result result = message_data(&update->from->reader, a, &x, err);
        if (result == SL_OK) result = message_data(&update->to->reader, b, &y, err);
        if (result != SL_OK) return result;
        *same = sl_span_eq(x, y);
    }
    return same_parts(update, a, b, same, err);
}

static enum sl_result compare(struct update *update, struct sl_err *err)
{
    const struct outline *from = &update->from->outline, *to = &update->to->outline;
    update->kept = calloc(from->count + 1, sizeof(bool));
    update->differs = calloc(to->count + 1, sizeof(bool));
    if (!update->kept || !update->differs) return sl_fail(err, SL_NOMEM, "out of memory");
    update->undone_differs = from->totals.undone != to->totals.undone;
    for (size_t k = 0; k < to->count; k++) {
        size_t i = find(update, &to->messages[k]);
        bool same = i != SIZE_MAX && !update->kept[i];
        if (same) {
            update->kept[i] = true;
            enum sl_result result = same_message(update, i, k, &same, err);
            if (result != SL_OK) return result;
        }
        update->differs[k] = !same;
        update->undone_differs |= !same && to->messages[k].undone;
    }
    return SL_OK;
}

static enum sl_result same_diff(struct update *update, bool *same, struct sl_err *err)
{
    uint32_t a = update->from->outline.diff, b = update->to->outline.diff;
    *same = a == b;
    return a != OUTLINE_NONE && b != OUTLINE_NONE ? same_item(update, a, b, same, err) : SL_OK;
}

/* The next item from *index on that no section shows, or *index is the view's end. */
static enum sl_result next_other(struct sl_view *view, size_t *index, struct sl_err *err)
{
    struct sl_view_item item;
    bool is_other = false;
    size_t count = 0;
    enum sl_result result = sl_view_items(view, &count, err);
    for (; result == SL_OK && *index < count; ++*index) {
        result = outline_look(view, *index, &item, &is_other, err);
        if (result != SL_OK || is_other) break;
    }
    return result;
}

static enum sl_result same_others(struct update *update, bool *same, struct sl_err *err)
{
    size_t left = update->from->outline.others;
    *same = left == update->to->outline.others;
    for (size_t i = 0, k = 0; *same && left; i++, k++, left--) {
        enum sl_result result = next_other(update->from->view, &i, err);
        if (result == SL_OK) result = next_other(update->to->view, &k, err);
        if (result == SL_OK) result = same_item(update, (uint32_t)i, (uint32_t)k, same, err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

/* ---- writing it ---- */

static enum sl_result put_head(struct page *page, struct http_call *call, struct update *update,
    uint64_t last, struct sl_err *err)
{
    struct facts facts = {.outline = &update->to->outline,
        .metadata = &update->metadata,
        .last = last,
        .base = call->request->base};
    enum sl_result result = facts_put(page, &facts, err);
    if (result == SL_OK) result = turns_put(page, &update->to->outline, err);
    return result;
}

static enum sl_result put_messages(struct page *page, struct update *update, struct sl_err *err)
{
    const struct outline *to = &update->to->outline;
    update->to->reader.open = false; /* other items were read since */
    for (size_t k = 0; k < to->count; k++) {
        if (!update->differs[k] || to->messages[k].undone) continue;
        enum sl_result result = message_put(page, &update->to->reader, k, err);
        if (result != SL_OK) return result;
    }
    return update->undone_differs ? sections_put_undone(page, &update->to->reader, err) : SL_OK;
}

static enum sl_result put_sections(struct page *page, struct update *update, struct sl_err *err)
{
    bool diff = true, other = true;
    enum sl_result result = same_diff(update, &diff, err);
    if (result == SL_OK) result = same_others(update, &other, err);
    if (result == SL_OK && !diff) result = sections_put_diff(page, &update->to->outline, err);
    if (result == SL_OK && !other) result = sections_put_other(page, &update->to->outline, err);
    return result;
}

static bool put_dropped(struct page *page, const struct update *update)
{
    for (size_t i = 0; i < update->from->outline.count; i++)
        if (!update->kept[i] && !(put(page, "<template class=\"dropped\" data-id=\"") &&
                                    put_id(page, update->from->outline.messages[i].id) &&
                                    put(page, "\"></template>\n")))
            return false;
    return true;
}

static enum sl_result put_update(
    struct http_call *call, struct update *update, uint64_t last, struct sl_err *err)
{
    struct page page = {.reply = call->reply, .store = call->app->store, .share = call->id};
    frame_protect(call->reply);
    call->reply->compress = true;
    if (!http_begin(call->reply, 200, "text/html; charset=utf-8") ||
        !http_print(call->reply,
            "<div class=\"update\" data-from=\"%" PRIu64 "\" data-to=\"%" PRIu64
            "\" data-time=\"%" PRIu64 "\">\n",
            update->from->sequence, update->to->sequence, update->metadata.updated_ms))
        return SL_STOPPED;
    enum sl_result result = put_head(&page, call, update, last, err);
    if (result == SL_OK) result = put_messages(&page, update, err);
    if (result == SL_OK) result = put_sections(&page, update, err);
    if (result != SL_OK) return result;
    return put_dropped(&page, update) && put(&page, "</div>\n") ? SL_OK : SL_STOPPED;
}

enum sl_result update_write(
    struct http_call *call, struct update_side *from, struct update_side *to, struct sl_err *err)
{
    struct update update = {.from = from, .to = to};
    struct sl_share_info info;
    enum sl_result result = sl_share_info(call->app->store, api_id(call), &info, err);
    if (result == SL_OK) result = sl_view_metadata(to->view, &update.metadata, err);
    from->reader.open = to->reader.open = false; /* other items may have been read since */
    if (result == SL_OK) result = compare(&update, err);
    if (result == SL_OK) result = put_update(call, &update, info.sequence, err);
    free(update.kept);
    free(update.differs);
    return result;
}

void page_update(struct http_call *call)
{
    struct update_side *from = NULL, *to = NULL;
    struct sl_err err = {0};
    uint64_t first = 0, second = 0;
    enum sl_result result = SL_OK;
    if (param_u64(call->request, "from", &first) != PARAM_GIVEN ||
        param_u64(call->request, "to", &second) != PARAM_GIVEN)
        result = sl_fail(&err, SL_INVALID, "from and to: expected two sequences");
    if (result == SL_OK) result = update_side_open(call, first, NULL, &from, &err);
    if (result == SL_OK) result = update_side_open(call, second, from, &to, &err);
    if (result == SL_OK) result = update_write(call, from, to, &err);
    found_fail(call, result, &err);
    update_side_close(from);
    update_side_close(to);
}
