/* Which messages there are, and where their parts lie: one pass over a view's keys. */

#include "http/pages/session/outline.h"

#include "http/pages/value.h"

#include <stdio.h>
#include <stdlib.h>

static bool begins_with(struct sl_span text, struct sl_span front)
{
    return text.len >= front.len && memcmp(text.ptr, front.ptr, front.len) == 0;
}

static bool is_message(struct sl_span key)
{
    return begins_with(key, SL_SPAN("message/"));
}

static bool is_messages(struct sl_span key)
{
    return begins_with(key, SL_SPAN("messages/"));
}

static bool is_part(struct sl_span key)
{
    return begins_with(key, SL_SPAN("part/"));
}

bool outline_elements(struct sl_span data, struct sl_span *messages)
{
    *messages = value_is_kind(data, JSON_ARRAY) ? data : value_at(data, "messages");
    return value_is_kind(*messages, JSON_ARRAY);
}

/* Keys of other types may begin in the same way, or be the same (`message` of a type called so with
   no id): the type decides with it. */
static bool is_shown(struct sl_span type)
{
    static const char *const shown[] = {"message", "part", "session", "session_diff", "model"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
        if (sl_span_eq(type, sl_span_of(shown[i]))) return true;
    return false;
}

enum sl_result outline_look(struct sl_view *view, size_t index, struct sl_view_item *item,
    bool *is_other, struct sl_err *err)
{
    struct sl_span messages;
    enum sl_result result = sl_view_item_key(view, SL_BY_KEY, index, item, err);
    if (result != SL_OK) return result;
    if (sl_span_eq(item->type, SL_SPAN("messages"))) {
        result = sl_view_item(view, SL_BY_KEY, index, item, err);
        if (result == SL_OK) *is_other = !outline_elements(item->data, &messages);
        return result;
    }
    *is_other = !is_shown(item->type);
    return SL_OK;
}

static struct outline_message *add(struct outline *outline)
{
    if (outline->count == outline->cap) {
        size_t cap = outline->cap ? outline->cap * 2 : 64;
        void *more = realloc(outline->messages, cap * sizeof(*outline->messages));
        if (!more) return NULL;
        outline->messages = more;
        outline->cap = cap;
    }
    struct outline_message *message = &outline->messages[outline->count++];
    *message = (struct outline_message){.item = OUTLINE_NONE, .element = OUTLINE_NONE};
    return message;
}

/* ---- totals ---- */

static double number_of(struct sl_span value)
{
    double number = 0;
    return value_number(value, &number) ? number : 0;
}

static struct outline_spent spent_by(struct sl_span data)
{
    static const char *const names[] = {"time", "tokens", "cost"};
    struct sl_span values[3];
    value_pick(data, 3, names, values);
    struct sl_span cache = value_at(values[1], "cache");
    return (struct outline_spent){
        .from_ms = value_u64(value_at(values[0], "created")),
        .to_ms = value_u64(value_at(values[0], "completed")),
        .input = number_of(value_at(values[1], "input")),
        .output = number_of(value_at(values[1], "output")),
        .reasoning = number_of(value_at(values[1], "reasoning")),
        .cache_read = number_of(value_at(cache, "read")),
        .cache_write = number_of(value_at(cache, "write")),
        .cost = number_of(values[2]),
    };
}

static void sum_up(struct outline_spent *sum, const struct outline_spent *spent)
{
    uint64_t created = spent->from_ms, ended = spent->to_ms;
    if (created && (!sum->from_ms || created < sum->from_ms)) sum->from_ms = created;
    if (created > sum->to_ms) sum->to_ms = created;
    if (ended > sum->to_ms) sum->to_ms = ended;
    sum->input += spent->input;
    sum->output += spent->output;
    sum->reasoning += spent->reasoning;
    sum->cache_read += spent->cache_read;
    sum->cache_write += spent->cache_write;
    sum->cost += spent->cost;
}

/* ---- one item ---- */

static struct outline_message *find(struct outline_message *list, size_t count, struct sl_span id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int d = sl_span_cmp(list[middle].id, id);
        if (d == 0) return &list[middle];
        if (d < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static enum sl_result take_message(struct outline *outline, const struct outline *other,
    struct sl_view_item *item, uint32_t index, struct sl_err *err)
{
    size_t front = sizeof("message/") - 1;
    struct sl_span id = {item->key.ptr + front, item->key.len - front};
    const struct outline_message *known = other ? find(other->messages, other->own, id) : NULL;
    struct outline_message *message = add(outline);
    if (!message) return sl_fail(err, SL_NOMEM, "out of memory");
    message->id = id;
    message->item = index;
    message->sequence = item->sequence;
    if (known && known->item != OUTLINE_NONE && known->sequence == item->sequence) {
        message->user = known->user;
        message->spent = known->spent;
        return SL_OK;
    }
    enum sl_result result = sl_view_item(outline->view, SL_BY_KEY, index, item, err);
    if (result != SL_OK) return result;
    message->user = value_is(value_at(item->data, "role"), "user") ||
                    value_is(value_at(item->data, "type"), "user");
    message->spent = spent_by(item->data);
    return SL_OK;
}

static struct sl_span newer_id(const struct outline *outline, const struct outline_message *message)
{
    return (struct sl_span){outline->ids.ptr + (uintptr_t)message->id.ptr, message->id.len};
}

/* Is the id free? Those of one array need not be different, but an element's must be. They grow,
   so that it is almost always enough to look at the last one. */
static bool is_free(struct outline *outline, size_t known, size_t first, struct sl_span id)
{
    if (find(outline->messages, known, id)) return false;
    if (outline->count == first ||
        sl_span_cmp(newer_id(outline, &outline->messages[outline->highest]), id) < 0) {
        outline->highest = outline->count;
        return true;
    }
    for (size_t i = first; i < outline->count; i++)
        if (sl_span_eq(newer_id(outline, &outline->messages[i]), id)) return false;
    return true;
}

/* A newer client's: all messages are one item. Their ids are copied, since the item's bytes go with
   the next one; ptr is an offset until all are there. */
static bool take_messages(
    struct outline *outline, size_t known, const struct sl_view_item *item, uint32_t index)
{
    struct sl_span rest, value, raw;
    char made[32];
    if (!outline_elements(item->data, &rest)) return true;
    if (!outline->lists++) outline->newer = outline->highest = outline->count;
    for (uint32_t i = 0; json_next(&rest, &value); i++) {
        struct sl_span id = value_at(value, "id");
        if (!value_is_text(id) || !json_string_raw(id, &raw) ||
            !is_free(outline, known, outline->newer, raw)) {
            /* no key has the slash, and no JSON the quote */
            snprintf(made, sizeof(made), "%u/\"%u", (unsigned)outline->lists, (unsigned)i);
            raw = sl_span_of(made);
        }
        struct outline_message *message = add(outline);
        if (!message) return false;
        message->id = (struct sl_span){(const char *)(uintptr_t)outline->ids.len, raw.len};
        buf_add_span(&outline->ids, raw);
        message->item = index;
        message->sequence = item->sequence;
        message->element = i;
        message->user = value_is(value_at(value, "type"), "user");
        message->spent = spent_by(value);
    }
    return !outline->ids.failed;
}

/* Parts come in order of key, those of a message together. `known` messages, sorted, are there
   before them. */
static bool take_part(
    struct outline *outline, size_t known, struct sl_span key, uint32_t index, size_t *last)
{
    size_t front = sizeof("part/") - 1;
    struct sl_span id = {key.ptr + front, key.len - front};
    const char *slash = memchr(id.ptr, '/', id.len);
    if (slash) id.len = (size_t)(slash - id.ptr);
    struct outline_message *message = *last < outline->count ? &outline->messages[*last] : NULL;
    if (!message || !sl_span_eq(message->id, id) || message->element != OUTLINE_NONE) {
        message = find(outline->messages, known, id);
        if (!message) {
            message = add(outline);
            if (!message) return false;
            message->id = id;
        }
        message->first = index;
        *last = (size_t)(message - outline->messages);
    }
    message->count++;
    return true;
}

/* ---- all of them ---- */

static void take_session(struct outline *outline, struct sl_span data)
{
    struct sl_span raw, revert = value_at(data, "revert");
    struct sl_span id = value_at(revert, "messageID"), part = value_at(revert, "partID");
    if (id.len && json_string_raw(id, &raw)) buf_add_span(&outline->revert, raw);
    if (part.len && json_string_raw(part, &raw)) buf_add_span(&outline->revert_part, raw);
}

static int by_id(const void *a, const void *b)
{
    const struct outline_message *x = a, *y = b;
    bool x_new = x->element != OUTLINE_NONE, y_new = y->element != OUTLINE_NONE;
    if (x_new != y_new) return x_new ? 1 : -1;
    if (x_new) {
        if (x->item != y->item) return x->item < y->item ? -1 : 1;
        return (x->element > y->element) - (x->element < y->element);
    }
    return sl_span_cmp(x->id, y->id);
}

static void finish(struct outline *outline)
{
    struct outline_totals *totals = &outline->totals;
    struct sl_span revert = buf_span(&outline->revert);
    for (size_t i = 0; i < outline->count; i++) {
        struct outline_message *message = &outline->messages[i];
        if (message->element != OUTLINE_NONE) message->id = newer_id(outline, message);
        int d = revert.len ? sl_span_cmp(message->id, revert) : -1;
        /* reverted to a part of it, the message itself stays */
        message->undone = d > 0 || (d == 0 && !outline->revert_part.len);
        totals->undone += message->undone;
        totals->turns += message->user;
        outline->own += message->element == OUTLINE_NONE;
        sum_up(&totals->spent, &message->spent);
    }
    if (outline->count) qsort(outline->messages, outline->count, sizeof(*outline->messages), by_id);
}

/* Where the parts are counted, and which messages were there before them. */
struct place {
    size_t known, last;
};

static enum sl_result take(struct outline *outline, const struct outline *other, uint32_t index,
    struct place *place, struct sl_err *err)
{
    struct sl_view_item item;
    bool is_other = false, ok = true;
    enum sl_result result = outline_look(outline->view, index, &item, &is_other, err);
    if (result != SL_OK) return result;
    if (is_other) {
        outline->others++;
    } else if (sl_span_eq(item.key, SL_SPAN("session"))) {
        result = sl_view_item(outline->view, SL_BY_KEY, index, &item, err);
        outline->session = index;
        if (result == SL_OK) take_session(outline, item.data);
    } else if (sl_span_eq(item.key, SL_SPAN("session_diff"))) {
        outline->diff = index;
    } else if (sl_span_eq(item.key, SL_SPAN("model"))) {
        outline->models = index;
    } else if (is_message(item.key)) {
        result = take_message(outline, other, &item, index, err);
        place->known = place->last = outline->count;
    } else if (is_messages(item.key)) {
        ok = take_messages(outline, place->known, &item, index);
    } else if (is_part(item.key)) {
        ok = take_part(outline, place->known, item.key, index, &place->last);
    }
    return ok ? result : sl_fail(err, SL_NOMEM, "out of memory");
}

enum sl_result outline_make(
    struct sl_view *view, const struct outline *other, struct outline *outline, struct sl_err *err)
{
    struct place place = {.last = SIZE_MAX};
    size_t count = 0;
    *outline = (struct outline){
        .view = view, .session = OUTLINE_NONE, .diff = OUTLINE_NONE, .models = OUTLINE_NONE};
    enum sl_result result = sl_view_items(view, &count, err);
    for (size_t i = 0; result == SL_OK && i < count; i++)
        result = take(outline, other, (uint32_t)i, &place, err);
    if (result == SL_OK && count) finish(outline);
    return result;
}

void outline_fini(struct outline *outline)
{
    free(outline->messages);
    buf_fini(&outline->revert);
    buf_fini(&outline->revert_part);
    buf_fini(&outline->ids);
    *outline = (struct outline){0};
}

bool outline_part_undone(
    const struct outline *outline, const struct outline_message *message, struct sl_span part_raw)
{
    return outline->revert_part.len && !message->undone &&
           sl_span_eq(message->id, buf_span(&outline->revert)) &&
           sl_span_cmp(part_raw, buf_span(&outline->revert_part)) >= 0;
}
