#include "tests/support/core_model.h"

#include <stdlib.h>

static void *must(void *ptr)
{
    if (!ptr) abort();
    return ptr;
}

struct model_event *model_append(
    struct model_share *share, enum sl_kind kind, uint64_t position, uint64_t now_us)
{
    share->events = must(realloc(share->events, (share->count + 1) * sizeof(*share->events)));
    uint64_t last_ms = share->count ? share->events[share->count - 1].time_ms : 0;
    struct model_event *event = &share->events[share->count++];
    *event = (struct model_event){.kind = kind, .position = position, .time_ms = now_us / 1000};
    if (event->time_ms < last_ms) event->time_ms = last_ms;
    return event;
}

void model_share_fini(struct model_share *share)
{
    for (size_t i = 0; i < share->count; i++) {
        struct model_event *event = &share->events[i];
        for (size_t k = 0; k < event->count; k++) {
            struct model_item *item = &event->items[k];
            for (size_t e = 0; e < item->elements_count; e++) {
                buf_fini(&item->elements[e].key);
                buf_fini(&item->elements[e].text);
            }
            free(item->elements);
            buf_fini(&item->key);
            buf_fini(&item->data);
            buf_fini(&item->diffs);
        }
        free(event->items);
    }
    free(share->events);
    *share = (struct model_share){0};
}

/* ---- of a session ---- */

static const struct model_share *newest_by(
    const struct model_share *shares, size_t count, const char *session, enum sl_role by)
{
    const struct model_share *newest = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(shares[i].session, session) == 0 && !shares[i].removed && shares[i].by == by)
            newest = &shares[i];
    return newest;
}

const struct model_share *model_given_back(
    const struct model_share *shares, size_t count, const char *session, enum sl_role role)
{
    if (role == SL_ROLE_NONE) return NULL;
    const struct model_share *own = newest_by(shares, count, session, role);
    return own || role == SL_ROLE_CLIENT ? own : newest_by(shares, count, session, SL_ROLE_CLIENT);
}

bool model_is_held(
    const struct model_share *shares, size_t count, const char *session, enum sl_role role)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(shares[i].session, session) == 0 && shares[i].held &&
            (role == SL_ROLE_NONE || shares[i].by == role))
            return true;
    return false;
}

const struct model_share *model_led_to(
    const struct model_share *shares, size_t count, const char *session)
{
    const struct model_share *owner = newest_by(shares, count, session, SL_ROLE_OWNER),
                             *client = newest_by(shares, count, session, SL_ROLE_CLIENT);
    if (owner && client) return owner > client ? owner : client; /* as they were created */
    const struct model_share *key = owner ? owner : client;
    return key ? key : newest_by(shares, count, session, SL_ROLE_NONE);
}

/* ---- folding ---- */

const struct model_entry *model_find(const struct model_list *list, const struct buf *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (sl_span_eq(buf_span(list->entries[i].key), buf_span(key))) return &list->entries[i];
    return NULL;
}

static void put(struct model_list *list, const struct model_entry *entry)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 64;
        list->entries = must(realloc(list->entries, list->cap * sizeof(*list->entries)));
    }
    list->entries[list->count++] = *entry;
}

/* A version comes: versions come in the order of appending, so at a tie the one that comes now is
 * the later one. */
static void merge(struct model_list *list, const struct model_entry *version)
{
    struct model_entry *known = (struct model_entry *)(uintptr_t)model_find(list, version->key);
    if (!known) {
        put(list, version);
        return;
    }
    if (version->arrived_us >= known->arrived_us) {
        known->item = version->item;
        known->text = version->text;
        known->arrived_us = version->arrived_us;
        known->sequence = version->sequence;
        known->index = version->index;
    }
    if (version->first_us < known->first_us) {
        known->first_us = version->first_us;
        known->first_sequence = version->first_sequence;
        known->first_index = version->first_index;
    }
}

static void fold_item(struct model_state *state, const struct model_item *item, uint64_t arrived_us,
    uint64_t sequence, uint64_t index)
{
    struct model_entry version = {.item = item,
        .key = &item->key,
        .text = &item->data,
        .arrived_us = arrived_us,
        .sequence = sequence,
        .index = index,
        .first_us = arrived_us,
        .first_sequence = sequence,
        .first_index = index << 32};
    merge(&state->items, &version);
    for (size_t i = 0; i < item->elements_count; i++) {
        struct model_entry element = version;
        element.key = &item->elements[i].key;
        element.text = &item->elements[i].text;
        element.first_index += i;
        merge(&state->models, &element);
    }
    version.text = &item->diffs;
    if (item->diffs_count) put(&state->diffs, &version);
}

void model_fold(const struct model_share *share, uint64_t sequence, struct model_state *state)
{
    *state = (struct model_state){0};
    for (uint64_t at = 1; at <= sequence; at++) {
        const struct model_event *event = &share->events[at - 1];
        for (size_t i = 0; i < event->count; i++)
            fold_item(state, &event->items[i], event->arrived_us, at, i);
    }
    model_sort_by_arrival(&state->models);
    model_sort_by_arrival(&state->diffs);
}

void model_state_fini(struct model_state *state)
{
    free(state->items.entries);
    free(state->models.entries);
    free(state->diffs.entries);
    *state = (struct model_state){0};
}

static int by_key(const void *a, const void *b)
{
    const struct model_entry *x = a, *y = b;
    return sl_span_cmp(buf_span(x->key), buf_span(y->key));
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_arrival(const void *a, const void *b)
{
    const struct model_entry *x = a, *y = b;
    int d = compare(x->first_us, y->first_us);
    if (d == 0) d = compare(x->first_sequence, y->first_sequence);
    return d ? d : compare(x->first_index, y->first_index);
}

void model_sort_by_key(struct model_list *list)
{
    if (list->count) qsort(list->entries, list->count, sizeof(*list->entries), by_key);
}

void model_sort_by_arrival(struct model_list *list)
{
    if (list->count) qsort(list->entries, list->count, sizeof(*list->entries), by_arrival);
}

/* ---- as text ---- */

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void add_list(const struct model_list *list, int kind, struct buf *out)
{
    bool first = true;
    add(out, "[");
    for (size_t i = 0; i < list->count; i++) {
        if (kind >= 0 && (int)list->entries[i].item->kind != kind) continue;
        if (!first) add(out, ",");
        buf_add_span(out, buf_span(list->entries[i].text));
        first = false;
    }
    add(out, "]");
}

void model_item_data(struct model_state *state, const struct model_entry *entry, struct buf *out)
{
    if (entry->item->kind == MODEL_MODEL)
        add_list(&state->models, -1, out);
    else
        buf_add_span(out, buf_span(entry->text));
}

void model_data(struct model_state *state, struct buf *out)
{
    model_sort_by_key(&state->items);
    add(out, "[");
    for (size_t i = 0; i < state->items.count; i++) {
        const struct model_entry *entry = &state->items.entries[i];
        add(out, i ? ",{\"type\":" : "{\"type\":");
        add(out, entry->item->type);
        add(out, ",\"data\":");
        model_item_data(state, entry, out);
        add(out, "}");
    }
    add(out, "]");
}

static void add_only(
    const struct model_state *state, enum model_kind kind, const char *otherwise, struct buf *out)
{
    for (size_t i = 0; i < state->items.count; i++)
        if (state->items.entries[i].item->kind == kind) {
            buf_add_span(out, buf_span(state->items.entries[i].text));
            return;
        }
    add(out, otherwise);
}

void model_section(struct model_state *state, enum sl_section section, struct buf *out)
{
    model_sort_by_arrival(&state->items);
    switch (section) {
    case SL_SECTION_SESSION: add_only(state, MODEL_SESSION, "null", out); break;
    case SL_SECTION_MESSAGES: add_list(&state->items, MODEL_MESSAGE, out); break;
    case SL_SECTION_PARTS: add_list(&state->items, MODEL_PART, out); break;
    case SL_SECTION_DIFFS: add_list(&state->diffs, -1, out); break;
    case SL_SECTION_LATEST_DIFFS: add_only(state, MODEL_DIFF, "[]", out); break;
    case SL_SECTION_MODELS: add_list(&state->models, -1, out); break;
    }
}

uint64_t model_count(const struct model_state *state, enum model_kind kind)
{
    uint64_t count = 0;
    for (size_t i = 0; i < state->items.count; i++)
        count += state->items.entries[i].item->kind == kind;
    return count;
}

uint64_t model_diffs(const struct model_state *state)
{
    uint64_t count = 0;
    for (size_t i = 0; i < state->diffs.count; i++)
        count += state->diffs.entries[i].item->diffs_count;
    return count;
}
