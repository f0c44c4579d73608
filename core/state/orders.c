/* An order is made by sorting only the entries that are new in it: a snapshot brings its items in
   order, and a fold that grows has few new ones. */

#include "core/state/orders.h"

#include <assert.h>

/* How a list is put in order. */
struct sorting {
    const struct fold *fold;
    int (*compare)(const void *a, const void *b, void *sorting);
};

static const struct fold_entry *entry_of(const void *index, const struct sorting *by)
{
    return &by->fold->entries[*(const uint32_t *)index];
}

static int by_key(const void *a, const void *b, void *sorting)
{
    return sl_span_cmp(entry_of(a, sorting)->key, entry_of(b, sorting)->key);
}

static int by_arrival(const void *a, const void *b, void *sorting)
{
    const struct fold_entry *x = entry_of(a, sorting), *y = entry_of(b, sorting);
    if (x->first_arrived_us != y->first_arrived_us)
        return x->first_arrived_us < y->first_arrived_us ? -1 : 1;
    if (x->first_sequence != y->first_sequence)
        return x->first_sequence < y->first_sequence ? -1 : 1;
    return (x->first_index > y->first_index) - (x->first_index < y->first_index);
}

static bool in_order(struct sorting *by, const uint32_t *a, const uint32_t *b)
{
    return by->compare(a, b, by) <= 0;
}

/* The first `head` of n are in order already, as what a snapshot brought is: only what came behind
   is sorted, then merged in from the end. `tail` has room for it. */
static void sort_tail(struct sorting *by, uint32_t *order, size_t head, size_t n, uint32_t *tail)
{
    assert(head < n);
    size_t left = n - head;
    memcpy(tail, order + head, left * sizeof(*tail));
    qsort_r(tail, left, sizeof(*tail), by->compare, by);
    while (left > 0) {
        bool from_head = head > 0 && !in_order(by, &order[head - 1], &tail[left - 1]);
        order[--n] = from_head ? order[--head] : tail[--left];
    }
}

/* From `order` (grown, or NULL), which has the class's *count entries of the first `seen` ones.
   NULL: no memory, and `order` stays. */
static uint32_t *sorted(
    struct sorting *by, enum fold_class class, uint32_t *order, size_t seen, size_t *count)
{
    const struct fold *fold = by->fold;
    assert(seen <= fold->count && *count <= seen);
    order = realloc(order, 2 * (fold->count + 1) * sizeof(*order));
    if (!order) return NULL;
    size_t n = *count, head = n;
    for (size_t i = seen; i < fold->count; i++) {
        if (fold->entries[i].class != class) continue;
        order[n] = (uint32_t)i;
        if (head == n && (n == 0 || in_order(by, &order[n - 1], &order[n]))) head++;
        n++;
    }
    if (head < n) sort_tail(by, order, head, n, order + n);
    *count = n;
    return order;
}

uint32_t *order_by_key(const struct fold *fold, enum fold_class class, size_t *count)
{
    struct sorting by = {fold, by_key};
    *count = 0;
    return sorted(&by, class, NULL, 0, count);
}

uint32_t *order_by_arrival(const struct fold *fold, enum fold_class class, size_t *count)
{
    struct sorting by = {fold, by_arrival};
    *count = 0;
    return sorted(&by, class, NULL, 0, count);
}

/* ---- all of them ---- */

bool orders_make_models(struct orders *orders, const struct fold *fold)
{
    size_t count;
    uint32_t *models = order_by_arrival(fold, FOLD_MODEL, &count);
    if (!models) return false;
    free(orders->models);
    orders->models = models;
    orders->models_count = count;
    return true;
}

bool orders_make(struct orders *orders, const struct fold *fold)
{
    if (orders->by_key && orders->models) return true;
    struct sorting by = {fold, by_key};
    uint32_t *order = sorted(&by, FOLD_ITEM, orders->by_key, orders->seen, &orders->items);
    if (!order) return false;
    assert(orders->items <= fold->count);
    orders->by_key = order;
    orders->seen = fold->count;
    return orders_make_models(orders, fold);
}

bool orders_make_arrival(struct orders *orders, const struct fold *fold)
{
    if (!orders_make(orders, fold)) return false;
    if (orders->by_arrival) return true;
    size_t count;
    orders->by_arrival = order_by_arrival(fold, FOLD_ITEM, &count);
    if (!orders->by_arrival) return false;
    assert(count == orders->items);
    return true;
}

void orders_outdate(struct orders *orders)
{
    free(orders->by_arrival);
    free(orders->models);
    orders->by_arrival = orders->models = NULL;
    orders->models_count = 0;
}

void orders_fini(struct orders *orders)
{
    orders_outdate(orders);
    free(orders->by_key);
    *orders = (struct orders){0};
}

uint64_t orders_models_bytes(const struct orders *orders, const struct fold *fold)
{
    assert(orders->models);
    uint64_t bytes = 2;
    for (size_t i = 0; i < orders->models_count; i++)
        bytes += (i > 0) + fold->entries[orders->models[i]].place.length;
    return bytes;
}
