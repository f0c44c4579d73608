/* Items are placed in order of key, then the diffs that no item holds. An entry's `out` is that of
   its bytes alone: the text around them lies between the entries. */

#include "core/state/snapshot_layout.h"

#include "core/event/item.h"

#include <assert.h>

/* The newest session_diff item, if it holds a DIFF entry's bytes. */
static const struct fold_entry *holder(const struct fold *fold, const struct fold_entry *diff)
{
    const struct fold_entry *item = fold_find(fold, FOLD_ITEM, SL_SPAN("session_diff"));
    if (!item || item->place.sequence != diff->place.sequence ||
        diff->place.offset < item->place.offset ||
        diff->place.offset + diff->place.length > item->place.offset + item->place.length)
        return NULL;
    return item;
}

bool snapshot_layout_rest(const struct fold *fold, const struct fold_entry *diff)
{
    return !holder(fold, diff);
}

/* The elements of the merged model item, between its brackets. */
static void place_models(
    struct fold *fold, const struct orders *orders, const struct fold_entry *item)
{
    uint64_t at = item->out.offset + 1;
    for (size_t i = 0; i < orders->models_count; i++) {
        struct fold_entry *element = &fold->entries[orders->models[i]];
        element->out = (struct fold_place){0, at, element->place.length};
        at += element->place.length + 1;
    }
}

/* The text of /data; its length. */
static uint64_t place_items(
    struct fold *fold, const struct orders *orders, struct snapshot_head *head)
{
    uint64_t at = 1;
    for (size_t i = 0; i < orders->items; i++) {
        struct fold_entry *entry = &fold->entries[orders->by_key[i]];
        bool models = fold_is_models(entry);
        entry->out.offset = at + (i > 0) + item_prefix_bytes(entry->type);
        entry->out.length = models ? orders_models_bytes(orders, fold) : entry->place.length;
        at = entry->out.offset + entry->out.length + 1;
        assert(entry->class == FOLD_ITEM);
        if (models) place_models(fold, orders, entry);
        if (sl_span_eq(entry->key, SL_SPAN("session"))) {
            head->session_offset = entry->out.offset;
            head->session_length = entry->out.length;
        }
    }
    return at + 1;
}

void snapshot_layout(struct fold *fold, const struct orders *orders, struct snapshot_head *head)
{
    assert(orders->by_key && orders->models && orders->seen == fold->count);
    *head = (struct snapshot_head){.items = orders->items,
        .messages = fold->messages,
        .parts = fold->parts,
        .models = fold->models,
        .diffs = fold->diffs};
    head->data_bytes = head->stream_bytes = place_items(fold, orders, head);
    for (size_t i = 0; i < fold->count; i++) {
        struct fold_entry *entry = &fold->entries[i];
        if (entry->class != FOLD_DIFF) continue;
        const struct fold_entry *item = holder(fold, entry);
        entry->out.offset = item ? item->out.offset + (entry->place.offset - item->place.offset)
                                 : head->stream_bytes;
        entry->out.length = entry->place.length;
        if (!item) head->stream_bytes += entry->place.length;
    }
    assert(head->data_bytes <= head->stream_bytes);
}
