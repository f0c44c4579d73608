#include "core/read/data.h"

#include "core/base/json.h"
#include "core/event/item.h"

#include <assert.h>

bool data_is_model(const struct fold_entry *entry)
{
    return sl_span_eq(entry->key, SL_SPAN("model"));
}

uint64_t data_models_bytes(const struct sl_view *view)
{
    uint64_t bytes = 2;
    for (size_t i = 0; i < view->models_count; i++)
        bytes += (i > 0) + view->fold.entries[view->models[i]].place.length;
    return bytes;
}

/* ---- the list ---- */

static void add_run(struct view_runs *runs, struct view_run run)
{
    if (runs->count == runs->cap) {
        size_t cap = 2 * runs->cap + 64;
        struct view_run *list = realloc(runs->list, cap * sizeof(*list));
        if (!list) {
            runs->failed = true;
            return;
        }
        runs->list = list;
        runs->cap = cap;
    }
    assert(runs->list);
    runs->list[runs->count++] = run;
}

/* Items of the stream, [from, to), with the commas between them; what lies one behind the other
   goes out in one run. */
static void add_stretch(struct view_runs *runs, uint64_t from, uint64_t to)
{
    struct view_run *last = runs->count ? &runs->list[runs->count - 1] : NULL;
    if (last && last->length && last->offset + last->length + 1 == from) {
        last->length = to - last->offset;
        return;
    }
    add_run(runs, (struct view_run){.offset = from, .length = to - from});
}

static void add_item(struct view_runs *runs, uint32_t item)
{
    add_run(runs, (struct view_run){.item = item});
}

/* Does the snapshot hold this item's text as it has to be sent? The elements of a merged model may
   all lie in it and yet have another order by now: a batch that arrived before and was appended
   after it moves an element to the front and brings no newer version. */
static bool as_it_lies(const struct sl_view *view, const struct fold_entry *entry)
{
    if (entry->place.sequence != 0) return false;
    if (!data_is_model(entry)) return true;
    uint64_t last = 0;
    for (size_t i = 0; i < view->models_count; i++) {
        const struct fold_place *place = &view->fold.entries[view->models[i]].place;
        if (place->sequence != 0 || place->offset < last) return false;
        last = place->offset;
    }
    return true;
}

static enum sl_result runs_of_fold(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result != SL_OK) return result;
    for (size_t i = 0; i < view->items_count; i++) {
        const struct fold_entry *entry = &view->fold.entries[view->by_key[i]];
        const struct fold_place *place = &entry->place;
        if (as_it_lies(view, entry))
            add_stretch(&view->runs, place->offset - item_prefix_bytes(entry->type),
                place->offset + place->length + 1);
        else
            add_item(&view->runs, view->by_key[i]);
    }
    return SL_OK;
}

/* What comes behind the snapshot, in order of key, on its way along the snapshot's table. */
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
    uint64_t from = joining->end + (joining->end > 1);
    joining->end = there->place.offset + there->place.length + 1;
    bool replaced = false;
    while (joining->next < joining->count) {
        uint32_t index = joining->by_key[joining->next];
        const struct fold_entry *ours = &view->fold.entries[index];
        int order = sl_span_cmp(ours->key, there->key);
        if (order > 0) break;
        joining->next++;
        replaced = order == 0 && (data_is_model(ours) || fold_wins(ours, there));
        if (order < 0 || replaced) add_item(&view->runs, index);
        if (order == 0) break;
    }
    if (!replaced) add_stretch(&view->runs, from, joining->end);
}

static enum sl_result join(struct joining *joining, struct sl_err *err)
{
    struct sl_view *view = joining->view;
    struct snapshot_reader table;
    struct fold_entry there;
    enum sl_result result = SL_OK;
    snapshot_read_begin(&table, view->store->kv, sl_span_of(view->id), &view->base);
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
    if (result == SL_NOT_FOUND) result = view_row_missing(view, err);
    if (result != SL_OK) return result;
    /* Whichever has something left. */
    uint64_t from = joining->end + (joining->end > 1), to = view->base.data_bytes - 1;
    if (from < to) add_stretch(&view->runs, from, to);
    while (joining->next < joining->count)
        add_item(&view->runs, joining->by_key[joining->next++]);
    return SL_OK;
}

static enum sl_result runs_of_table(struct sl_view *view, struct sl_err *err)
{
    enum sl_result result = view_fold_events(view, err);
    if (result != SL_OK) return result;
    struct joining joining = {.view = view, .end = 1};
    uint32_t *by_key = fold_by_key(&view->fold, FOLD_ITEM, &joining.count);
    joining.by_key = by_key;
    joining.models = fold_find(&view->fold, FOLD_ITEM, SL_SPAN("model")) != NULL;
    result = by_key ? join(&joining, err) : sl_fail(err, SL_NOMEM, "out of memory");
    free(by_key);
    if (result != SL_OK) return result;
    free(view->models);
    view->models = fold_by_arrival(&view->fold, FOLD_MODEL, &view->models_count);
    return view->models ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
}

enum sl_result data_layout(struct sl_view *view, uint64_t *bytes, struct sl_err *err)
{
    struct view_runs *runs = &view->runs;
    enum sl_result result = view_still_there(view, err);
    if (result == SL_OK) result = view_base(view, err);
    if (result == SL_OK && !runs->made) {
        bool needs_table = view->has_base && !view_is_whole(view);
        runs->count = 0;
        result = needs_table ? runs_of_table(view, err) : runs_of_fold(view, err);
        /* what went meanwhile is laid out as nothing */
        if (result == SL_OK) result = view_still_there(view, err);
        if (result == SL_OK && (runs->failed || view->fold.failed))
            result = sl_fail(err, SL_NOMEM, "out of memory");
        runs->made = result == SL_OK;
    }
    if (result != SL_OK) return result;
    uint64_t sum = 2 + (runs->count ? runs->count - 1 : 0);
    for (size_t i = 0; i < runs->count; i++) {
        const struct view_run *run = &runs->list[i];
        const struct fold_entry *entry = &view->fold.entries[run->item];
        if (run->length)
            sum += run->length;
        else
            sum += item_prefix_bytes(entry->type) + 1 +
                   (data_is_model(entry) ? data_models_bytes(view) : entry->place.length);
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
    enum sl_result result = sink_write(writing->sink, text->ptr, text->len, err);
    buf_clear(text);
    return result == SL_OK ? view_copy(writing->view, place, writing->sink, err) : result;
}

static enum sl_result write_models(struct writing *writing, struct sl_err *err)
{
    const struct sl_view *view = writing->view;
    enum sl_result result = SL_OK;
    buf_add(&writing->text, "[", 1);
    for (size_t i = 0; i < view->models_count && result == SL_OK; i++) {
        if (i > 0) buf_add(&writing->text, ",", 1);
        result = write_place(writing, &view->fold.entries[view->models[i]].place, err);
    }
    buf_add(&writing->text, "]", 1);
    return result;
}

static enum sl_result write_item(
    struct writing *writing, const struct fold_entry *entry, struct sl_err *err)
{
    item_prefix_add(&writing->text, entry->type);
    enum sl_result result = data_is_model(entry) ? write_models(writing, err)
                                                 : write_place(writing, &entry->place, err);
    buf_add(&writing->text, "}", 1);
    return result;
}

enum sl_result data_write(struct sl_view *view, struct sl_sink sink, struct sl_err *err)
{
    uint64_t bytes;
    enum sl_result result = data_layout(view, &bytes, err);
    struct writing writing = {.view = view, .sink = sink};
    buf_add(&writing.text, "[", 1);
    for (size_t i = 0; i < view->runs.count && result == SL_OK; i++) {
        const struct view_run *run = &view->runs.list[i];
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
