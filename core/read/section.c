/* The sections of AgentSession: its session, messages, parts, diffs and models as JSON text, each
   made from the fold and sent piece by piece. SL_STOPPED by the sink, or a read that fails, leaves
   the text unfinished and the view as it was. */

#include "core/read/view.h"

#include <assert.h>

static enum sl_result emit_list(struct sl_view *view, const uint32_t *order, size_t count,
    struct sl_span type, struct sl_sink sink, struct sl_err *err)
{
    bool first = true;
    enum sl_result result = sink_put(sink, "[", 1, err);
    for (size_t i = 0; i < count && result == SL_OK; i++) {
        assert(order[i] < view->fold.count);
        const struct fold_entry *entry = &view->fold.entries[order[i]];
        if (type.len && !sl_span_eq(entry->type, type)) continue;
        if (!first) result = sink_put(sink, ",", 1, err);
        if (result == SL_OK) result = reader_copy(&view->reader, &entry->place, sink, err);
        first = false;
    }
    return result == SL_OK ? sink_put(sink, "]", 1, err) : result;
}

static enum sl_result emit_diffs(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    size_t count;
    uint32_t *order = order_by_arrival(&view->fold, FOLD_DIFF, &count);
    if (!order) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = emit_list(view, order, count, (struct sl_span){0}, sink, err);
    free(order);
    return result;
}

static enum sl_result emit_single(struct sl_view *view, struct sl_span key, const char *otherwise,
    struct sl_sink sink, struct sl_err *err)
{
    const struct fold_entry *entry = fold_find(&view->fold, FOLD_ITEM, key);
    return entry ? reader_copy(&view->reader, &entry->place, sink, err)
                 : sink_put(sink, otherwise, strlen(otherwise), err);
}

enum sl_result sl_view_section(
    struct sl_view *view, enum sl_section section, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = view_order_arrival(view, err);
    if (result != SL_OK) return result;
    assert(view_is_whole(view));
    switch (section) {
    case SL_SECTION_SESSION: return emit_single(view, SL_SPAN("session"), "null", sink, err);
    case SL_SECTION_MESSAGES:
        return emit_list(
            view, view->orders.by_arrival, view->orders.items, SL_SPAN("message"), sink, err);
    case SL_SECTION_PARTS:
        return emit_list(
            view, view->orders.by_arrival, view->orders.items, SL_SPAN("part"), sink, err);
    case SL_SECTION_DIFFS: return emit_diffs(view, sink, err);
    case SL_SECTION_LATEST_DIFFS:
        return emit_single(view, SL_SPAN("session_diff"), "[]", sink, err);
    case SL_SECTION_MODELS:
        return emit_list(
            view, view->orders.models, view->orders.models_count, (struct sl_span){0}, sink, err);
    }
    return sl_fail(err, SL_INVALID, "no such section");
}
