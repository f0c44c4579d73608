/* A view's items one by one, for pages and programs. An item whose bytes can't be read leaves the
   caller's struct as it was, and the others can still be asked for. */

#include "core/read/view.h"

#include <assert.h>

enum sl_result sl_view_items(struct sl_view *view, size_t *count, struct sl_err *err)
{
    enum sl_result result = view_order(view, err);
    if (result == SL_OK) *count = view->orders.items;
    return result;
}

static enum sl_result find_item(struct sl_view *view, enum sl_order order, size_t index,
    const struct fold_entry **entry, struct sl_err *err)
{
    enum sl_result result =
        order == SL_BY_KEY ? view_order(view, err) : view_order_arrival(view, err);
    if (result != SL_OK) return result;
    if (index >= view->orders.items)
        return sl_fail(err, SL_NOT_FOUND, "there are %zu items", view->orders.items);
    const uint32_t *list = order == SL_BY_KEY ? view->orders.by_key : view->orders.by_arrival;
    assert(list[index] < view->fold.count);
    *entry = &view->fold.entries[list[index]];
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
    if (fold_is_models(entry)) {
        buf_clear(&view->scratch);
        result = sl_view_section(view, SL_SECTION_MODELS, buf_sink(&view->scratch), err);
        if (view->scratch.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
        data = buf_span(&view->scratch);
    } else {
        result = reader_bytes(&view->reader, &entry->place, &view->scratch, &data, err);
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
