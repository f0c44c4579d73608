#include "core/read/state.h"

#include "core/base/json.h"
#include "core/event/item.h"
#include "core/kv/rows.h"

#include <assert.h>

/* Is there a snapshot at just this moment? */
static bool nothing_pending(const struct sl_view *view)
{
    return view->has_base && view->base.sequence == view->at.sequence;
}

enum sl_result sl_view_data_bytes(struct sl_view *view, uint64_t *bytes, struct sl_err *err)
{
    enum sl_result result = view_base(view, err);
    if (result != SL_OK) return result;
    if (!nothing_pending(view)) return data_layout(view, bytes, err);
    result = view_still_there(view, err);
    if (result == SL_OK) *bytes = view->base.data_bytes;
    return result;
}

enum sl_result sl_view_data(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = view_base(view, err);
    if (result != SL_OK) return result;
    struct fold_place all = {0, 0, view->base.data_bytes};
    return nothing_pending(view) ? view_copy(view, &all, sink, err) : data_write(view, sink, err);
}

/* ---- a snapshot's stream ---- */

/* Does the newest session_diff item hold these entries, so that they needn't be kept twice? */
static const struct fold_entry *holder(const struct sl_view *view, const struct fold_entry *diff)
{
    const struct fold_entry *item = fold_find(&view->fold, FOLD_ITEM, SL_SPAN("session_diff"));
    if (!item || item->place.sequence != diff->place.sequence ||
        diff->place.offset < item->place.offset ||
        diff->place.offset + diff->place.length > item->place.offset + item->place.length)
        return NULL;
    return item;
}

enum sl_result state_layout(struct sl_view *view, struct snapshot_head *head, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result != SL_OK) return result;
    struct fold *fold = &view->fold;
    *head = (struct snapshot_head){.items = view->items_count,
        .messages = fold->messages,
        .parts = fold->parts,
        .models = fold->models,
        .diffs = fold->diffs};
    uint64_t at = 1;
    for (size_t i = 0; i < view->items_count; i++) {
        struct fold_entry *entry = &fold->entries[view->by_key[i]];
        entry->out.offset = at + (i > 0) + item_prefix_bytes(entry->type);
        entry->out.length = data_is_model(entry) ? data_models_bytes(view) : entry->place.length;
        at = entry->out.offset + entry->out.length + 1;
        if (sl_span_eq(entry->key, SL_SPAN("session"))) {
            head->session_offset = entry->out.offset;
            head->session_length = entry->out.length;
        }
        uint64_t element_at = entry->out.offset + 1;
        for (size_t k = 0; data_is_model(entry) && k < view->models_count; k++) {
            struct fold_entry *element = &fold->entries[view->models[k]];
            element->out = (struct fold_place){0, element_at, element->place.length};
            element_at += element->place.length + 1;
        }
    }
    head->data_bytes = at + 1;
    at = head->data_bytes;
    for (size_t i = 0; i < fold->count; i++) {
        struct fold_entry *entry = &fold->entries[i];
        if (entry->class != FOLD_DIFF) continue;
        const struct fold_entry *item = holder(view, entry);
        entry->out.offset =
            item ? item->out.offset + (entry->place.offset - item->place.offset) : at;
        entry->out.length = entry->place.length;
        if (!item) at += entry->place.length;
    }
    head->stream_bytes = at;
    return SL_OK;
}

enum sl_result state_stream(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result == SL_OK) result = data_write(view, sink, err);
    for (size_t i = 0; i < view->fold.count && result == SL_OK; i++) {
        const struct fold_entry *entry = &view->fold.entries[i];
        if (entry->class == FOLD_DIFF && !holder(view, entry))
            result = view_copy(view, &entry->place, sink, err);
    }
    return result;
}

/* ---- sections ---- */

static enum sl_result emit_list(struct sl_view *view, const uint32_t *order, size_t count,
    struct sl_span type, struct sl_sink sink, struct sl_err *err)
{
    bool first = true;
    enum sl_result result = sink_write(sink, "[", 1, err);
    for (size_t i = 0; i < count && result == SL_OK; i++) {
        const struct fold_entry *entry = &view->fold.entries[order[i]];
        if (type.len && !sl_span_eq(entry->type, type)) continue;
        if (!first) result = sink_write(sink, ",", 1, err);
        if (result == SL_OK) result = view_copy(view, &entry->place, sink, err);
        first = false;
    }
    return result == SL_OK ? sink_write(sink, "]", 1, err) : result;
}

static enum sl_result emit_diffs(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    size_t count;
    uint32_t *order = fold_by_arrival(&view->fold, FOLD_DIFF, &count);
    if (!order) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = emit_list(view, order, count, (struct sl_span){0}, sink, err);
    free(order);
    return result;
}

static enum sl_result emit_single(struct sl_view *view, struct sl_span key, const char *otherwise,
    struct sl_sink sink, struct sl_err *err)
{
    const struct fold_entry *entry = fold_find(&view->fold, FOLD_ITEM, key);
    return entry ? view_copy(view, &entry->place, sink, err)
                 : sink_write(sink, otherwise, strlen(otherwise), err);
}

enum sl_result sl_view_section(
    struct sl_view *view, enum sl_section section, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = view_order_arrival(view, err);
    if (result != SL_OK) return result;
    switch (section) {
    case SL_SECTION_SESSION: return emit_single(view, SL_SPAN("session"), "null", sink, err);
    case SL_SECTION_MESSAGES:
        return emit_list(view, view->by_arrival, view->items_count, SL_SPAN("message"), sink, err);
    case SL_SECTION_PARTS:
        return emit_list(view, view->by_arrival, view->items_count, SL_SPAN("part"), sink, err);
    case SL_SECTION_DIFFS: return emit_diffs(view, sink, err);
    case SL_SECTION_LATEST_DIFFS:
        return emit_single(view, SL_SPAN("session_diff"), "[]", sink, err);
    case SL_SECTION_MODELS:
        return emit_list(view, view->models, view->models_count, (struct sl_span){0}, sink, err);
    }
    return sl_fail(err, SL_INVALID, "no such section");
}

/* ---- item by item ---- */

size_t sl_view_items(struct sl_view *view)
{
    return view_order(view, NULL) == SL_OK ? view->items_count : 0;
}

static bool gather(void *ctx, const void *bytes, size_t len)
{
    struct buf *buf = ctx;
    buf_add(buf, bytes, len);
    return !buf->failed;
}

static enum sl_result find_item(struct sl_view *view, enum sl_order order, size_t index,
    const struct fold_entry **entry, struct sl_err *err)
{
    enum sl_result result =
        order == SL_BY_KEY ? view_order(view, err) : view_order_arrival(view, err);
    if (result != SL_OK) return result;
    if (index >= view->items_count)
        return sl_fail(err, SL_NOT_FOUND, "there are %zu items", view->items_count);
    *entry = &view->fold.entries[(order == SL_BY_KEY ? view->by_key : view->by_arrival)[index]];
    return SL_OK;
}

static struct sl_view_item item_of(const struct fold_entry *entry, struct sl_span data)
{
    return (struct sl_view_item){
        entry->key, entry->type, data, entry->arrived_us, entry->sequence, entry->first_sequence};
}

enum sl_result sl_view_item(struct sl_view *view, enum sl_order order, size_t index,
    struct sl_view_item *item, struct sl_err *err)
{
    const struct fold_entry *entry = NULL;
    struct sl_span data;
    enum sl_result result = find_item(view, order, index, &entry, err);
    if (result != SL_OK) return result;
    if (data_is_model(entry)) {
        buf_clear(&view->scratch);
        result =
            sl_view_section(view, SL_SECTION_MODELS, (struct sl_sink){gather, &view->scratch}, err);
        data = buf_span(&view->scratch);
    } else {
        result = view_bytes(view, &entry->place, &view->scratch, &data, err);
    }
    if (result == SL_OK) *item = item_of(entry, data);
    return result;
}

enum sl_result sl_view_item_key(struct sl_view *view, enum sl_order order, size_t index,
    struct sl_view_item *item, struct sl_err *err)
{
    const struct fold_entry *entry = NULL;
    enum sl_result result = find_item(view, order, index, &entry, err);
    if (result == SL_OK) *item = item_of(entry, (struct sl_span){NULL, 0});
    return result;
}

/* ---- metadata ---- */

static struct sl_span string_member(struct sl_span object, const char *name)
{
    struct sl_span member;
    if (json_get(object, name, &member) && json_kind_of(member) == JSON_STRING) return member;
    return (struct sl_span){0};
}

/* The session's bytes, kept in view->session so that spans into them outlive further reads. */
static enum sl_result read_session(
    struct sl_view *view, struct sl_metadata *metadata, struct sl_err *err)
{
    struct fold_place place = {0, view->base.session_offset, view->base.session_length};
    const struct fold_entry *entry =
        view_is_whole(view) ? fold_find(&view->fold, FOLD_ITEM, SL_SPAN("session")) : NULL;
    if (entry) place = entry->place;
    if (view_is_whole(view) && !entry) place.length = 0;
    struct sl_span bytes;
    enum sl_result result = view_bytes(view, &place, &view->scratch, &bytes, err);
    if (result != SL_OK || bytes.len == 0) return result;
    buf_clear(&view->session);
    buf_add_span(&view->session, bytes);
    if (view->session.failed) return sl_fail(err, SL_NOMEM, "out of memory");
    struct sl_span session = buf_span(&view->session), location;
    metadata->title = string_member(session, "title");
    metadata->directory = string_member(session, "directory");
    if (metadata->directory.len == 0 &&
        json_get(session, "location", &location)) /* of the newer message generation */
        metadata->directory = string_member(location, "directory");
    return SL_OK;
}

/* For whoever asks next. */
static void keep_summary(const struct sl_view *view, const struct sl_metadata *metadata)
{
    struct shares *shares = view->store->shares;
    struct share *share;
    if (share_acquire(shares, sl_span_of(view->id), &share, NULL) != SL_OK) return;
    share_keep_summary(shares, share, summary_create(metadata, view->redactions));
    share_release(shares, share);
}

enum sl_result sl_view_metadata(
    struct sl_view *view, struct sl_metadata *metadata, struct sl_err *err)
{
    struct sl_metadata m = {.id = view->id,
        .session_id = sl_span_of(view->session_id),
        .syncs = view->at.syncs,
        .sequence = view->at.sequence,
        .created_ms = view->created_ms,
        .updated_ms = view->at.time_ms};
    enum sl_result result = view_still_there(view, err);
    if (result == SL_OK && view->summary) {
        summary_tell(view->summary, &m);
        *metadata = m;
        return SL_OK;
    }
    if (result == SL_OK) result = view_base(view, err);
    struct snapshot_head head = view->base;
    if (result == SL_OK && !nothing_pending(view)) result = state_layout(view, &head, err);
    if (result == SL_OK) result = read_session(view, &m, err);
    if (result != SL_OK) return result;
    m.messages = head.messages;
    m.parts = head.parts;
    m.diffs = head.diffs;
    m.models = head.models;
    m.bytes = head.data_bytes;
    keep_summary(view, &m);
    *metadata = m;
    return SL_OK;
}
