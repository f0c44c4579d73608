/* The text of /data: the list of runs is made, once for a view, then written out run by run.

   How it fails: a list that is cut short is made anew by the next call. A read that fails in the
   middle breaks the text off; what was written stays written. */

#include "core/read/data.h"

#include "core/event/item.h"
#include "core/state/snapshot_layout.h"

#include <assert.h>

/* Does the snapshot hold this item's text as it has to be sent? The elements of a merged model may
   all lie in it and yet have another order by now: a batch that arrived before and was appended
   after it moves an element to the front and brings no newer version. */
static bool as_it_lies(const struct sl_view *view, const struct fold_entry *entry)
{
    if (entry->place.sequence != 0) return false;
    if (!fold_is_models(entry)) return true;
    uint64_t last = 0;
    for (size_t i = 0; i < view->orders.models_count; i++) {
        const struct fold_place *place = &view->fold.entries[view->orders.models[i]].place;
        if (place->sequence != 0 || place->offset < last) return false;
        last = place->offset;
    }
    return true;
}

static enum sl_result runs_of_fold(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result != SL_OK) return result;
    for (size_t i = 0; i < view->orders.items; i++) {
        const struct fold_entry *entry = &view->fold.entries[view->orders.by_key[i]];
        const struct fold_place *place = &entry->place;
        if (as_it_lies(view, entry))
            runs_add_stretch(&view->runs, place->offset - item_prefix_bytes(entry->type),
                place->offset + place->length + 1);
        else
            runs_add_item(&view->runs, view->orders.by_key[i]);
    }
    return SL_OK;
}

/* The events' items, in order of key, on their way along the snapshot's table. */
struct joining {
    struct sl_view *view;
    const uint32_t *by_key;
    size_t count, next;
    bool models;  /* there is a model item among them, so it is put together anew */
    uint64_t end; /* of the item of the stream that came last */
};

/* An item of the table, and those of ours that come before it. */
static void join_item(struct joining *joining, const struct fold_entry *there)
{
    struct sl_view *view = joining->view;
    assert(there->class == FOLD_ITEM && joining->next <= joining->count);
    uint64_t from = joining->end + (joining->end > 1);
    joining->end = there->place.offset + there->place.length + 1;
    bool replaced = false;
    while (joining->next < joining->count) {
        uint32_t index = joining->by_key[joining->next];
        const struct fold_entry *ours = &view->fold.entries[index];
        int order = sl_span_cmp(ours->key, there->key);
        if (order > 0) break;
        joining->next++;
        replaced = order == 0 && (fold_is_models(ours) || fold_wins(ours, there));
        if (order < 0 || replaced) runs_add_item(&view->runs, index);
        if (order == 0) break;
    }
    if (!replaced) runs_add_stretch(&view->runs, from, joining->end);
}

static enum sl_result join(struct joining *joining, struct sl_err *err)
{
    struct sl_view *view = joining->view;
    struct snapshot_reader table;
    struct fold_entry there;
    enum sl_result result = SL_OK;
    snapshot_read_begin(
        &table, view->moment.store->kv, sl_span_of(view->moment.id), &view->moment.base);
    bool more = true;
    while (result == SL_OK && more && (joining->next < joining->count || joining->models)) {
        result = snapshot_read_next(&table, &there, &more, err);
        if (result != SL_OK || !more) break;
        if (there.class == FOLD_DIFF || (there.class == FOLD_MODEL && !joining->models)) break;
        if (there.class == FOLD_ITEM)
            join_item(joining, &there);
        else
            fold_restore(&view->fold, &there);
    }
    snapshot_read_end(&table);
    if (result == SL_NOT_FOUND) result = moment_row_missing(&view->moment, err);
    if (result != SL_OK) return result;
    /* The table or the events' items have something left, never both. */
    uint64_t from = joining->end + (joining->end > 1), to = view->moment.base.data_bytes - 1;
    if (from < to) runs_add_stretch(&view->runs, from, to);
    while (joining->next < joining->count)
        runs_add_item(&view->runs, joining->by_key[joining->next++]);
    return SL_OK;
}

static enum sl_result runs_of_table(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_fold_events(view, err);
    if (result != SL_OK) return result;
    assert(view->folded == VIEW_EVENTS && moment_has_base(&view->moment));
    struct joining joining = {.view = view, .end = 1};
    uint32_t *by_key = order_by_key(&view->fold, FOLD_ITEM, &joining.count);
    joining.by_key = by_key;
    joining.models = fold_find(&view->fold, FOLD_ITEM, SL_SPAN("model")) != NULL;
    result = by_key ? join(&joining, err) : sl_fail(err, SL_NOMEM, "out of memory");
    free(by_key);
    if (result != SL_OK) return result;
    return orders_make_models(&view->orders, &view->fold) ? SL_OK
                                                          : sl_fail(err, SL_NOMEM, "out of memory");
}

static enum sl_result lay_out(struct sl_view *view, uint64_t *bytes, struct sl_err *err)
{
    struct runs *runs = &view->runs;
    enum sl_result result = moment_still_there(&view->moment, err);
    if (result == SL_OK) result = moment_seek_base(&view->moment, err);
    if (result == SL_OK && !runs->made) {
        bool needs_table = moment_has_base(&view->moment) && !view_is_whole(view);
        runs_clear(runs);
        result = needs_table ? runs_of_table(view, err) : runs_of_fold(view, err);
        /* content that was taken away meanwhile is laid out as nothing */
        if (result == SL_OK) result = moment_still_there(&view->moment, err);
        if (result == SL_OK && (runs->failed || view->fold.failed))
            result = sl_fail(err, SL_NOMEM, "out of memory");
        runs->made = result == SL_OK;
    }
    if (result != SL_OK) return result;
    assert(runs->made && !runs->failed);
    uint64_t sum = 2 + (runs->count ? runs->count - 1 : 0);
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->list[i];
        const struct fold_entry *entry = &view->fold.entries[run->item];
        assert(run->length || run->item < view->fold.count);
        if (run->length)
            sum += run->length;
        else
            sum += item_prefix_bytes(entry->type) + 1 +
                   (fold_is_models(entry) ? orders_models_bytes(&view->orders, &view->fold)
                                          : entry->place.length);
    }
    *bytes = sum;
    return SL_OK;
}

/* ---- writing ---- */

struct writing {
    struct sl_view *view;
    struct sl_sink sink;
    struct buf text; /* of our own, on its way */
};

static enum sl_result write_place(
    struct writing *writing, const struct fold_place *place, struct sl_err *err)
{
    struct buf *text = &writing->text;
    if (text->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = sink_put(writing->sink, text->ptr, text->len, err);
    buf_clear(text);
    return result == SL_OK ? reader_copy(&writing->view->reader, place, writing->sink, err)
                           : result;
}

static enum sl_result write_models(struct writing *writing, struct sl_err *err)
{
    const struct sl_view *view = writing->view;
    enum sl_result result = SL_OK;
    buf_add(&writing->text, "[", 1);
    for (size_t i = 0; i < view->orders.models_count && result == SL_OK; i++) {
        if (i > 0) buf_add(&writing->text, ",", 1);
        result = write_place(writing, &view->fold.entries[view->orders.models[i]].place, err);
    }
    buf_add(&writing->text, "]", 1);
    return result;
}

static enum sl_result write_item(
    struct writing *writing, const struct fold_entry *entry, struct sl_err *err)
{
    item_prefix_add(&writing->text, entry->type);
    enum sl_result result = fold_is_models(entry) ? write_models(writing, err)
                                                  : write_place(writing, &entry->place, err);
    buf_add(&writing->text, "}", 1);
    return result;
}

static enum sl_result write_text(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    uint64_t bytes;
    enum sl_result result = lay_out(view, &bytes, err);
    struct writing writing = {.view = view, .sink = sink};
    buf_add(&writing.text, "[", 1);
    for (size_t i = 0; i < view->runs.count && result == SL_OK; i++) {
        const struct run *run = &view->runs.list[i];
        struct fold_place stretch = {0, run->offset, run->length};
        if (i > 0) buf_add(&writing.text, ",", 1);
        result = run->length ? write_place(&writing, &stretch, err)
                             : write_item(&writing, &view->fold.entries[run->item], err);
    }
    buf_add(&writing.text, "]", 1);
    if (result == SL_OK) result = write_place(&writing, &(struct fold_place){0}, err);
    buf_fini(&writing.text);
    return result;
}

/* ---- asked for ---- */

enum sl_result sl_view_data_bytes(struct sl_view *view, uint64_t *bytes, struct sl_err *err)
{
    struct moment *moment = &view->moment;
    enum sl_result result = moment_seek_base(moment, err);
    if (result != SL_OK) return result;
    if (!moment_is_snapshot(moment)) return lay_out(view, bytes, err);
    result = moment_still_there(moment, err);
    if (result == SL_OK) *bytes = moment->base.data_bytes;
    return result;
}

enum sl_result sl_view_data(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    struct moment *moment = &view->moment;
    enum sl_result result = moment_seek_base(moment, err);
    if (result != SL_OK) return result;
    struct fold_place all = {0, 0, moment->base.data_bytes};
    return moment_is_snapshot(moment) ? reader_copy(&view->reader, &all, sink, err)
                                      : write_text(view, sink, err);
}

enum sl_result data_stream(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    assert(result != SL_OK || view_is_whole(view));
    if (result == SL_OK) result = write_text(view, sink, err);
    for (size_t i = 0; i < view->fold.count && result == SL_OK; i++) {
        const struct fold_entry *entry = &view->fold.entries[i];
        if (entry->class == FOLD_DIFF && snapshot_layout_rest(&view->fold, entry))
            result = reader_copy(&view->reader, &entry->place, sink, err);
    }
    return result;
}
