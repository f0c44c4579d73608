/* The print of each entry stands at the entry's index, which never changes. */

#include "core/verify/verify_fold.h"

#include <assert.h>

/* The fold has placed an entry, or a newer version of it. */
static void placed(void *ctx, size_t index, struct sl_span bytes)
{
    struct check_fold *fold = ctx;
    assert(index < fold->fold.count);
    if (index >= fold->prints_cap) {
        size_t cap = fold->prints_cap ? 2 * fold->prints_cap : 256;
        uint64_t *prints = realloc(fold->prints, cap * sizeof(*prints));
        if (!prints) fold->fold.failed = true;
        if (!prints) return;
        fold->prints = prints;
        fold->prints_cap = cap;
    }
    fold->prints[index] = bytes.ptr ? print_of(&fold->key, bytes) : fold->print;
}

void check_fold_begin(struct check_fold *fold)
{
    assert(!fold->folds);
    fold->folds = true;
    fold->count = 0;
    fold_init(&fold->fold);
    fold->fold.placed = placed;
    fold->fold.placed_ctx = fold;
}

void check_fold_end(struct check_fold *fold)
{
    orders_fini(&fold->orders);
    fold_fini(&fold->fold);
    fold->folds = false;
}

void check_fold_fini(struct check_fold *fold)
{
    check_fold_end(fold);
    free(fold->prints);
    free(fold->items);
    buf_fini(&fold->data);
    *fold = (struct check_fold){0};
}

void check_fold_clear(struct check_fold *fold)
{
    fold->count = 0;
    buf_clear(&fold->data);
}

struct fold_taken *check_fold_take(struct check_fold *fold, const struct event_item *item)
{
    if (fold->count == fold->cap) {
        size_t cap = fold->cap ? 2 * fold->cap : 64;
        struct fold_taken *items = realloc(fold->items, cap * sizeof(*items));
        if (!items) return NULL;
        fold->items = items;
        fold->cap = cap;
    }
    struct fold_taken *taken = &fold->items[fold->count++];
    *taken = (struct fold_taken){.item = *item, .looked_into = fold_looks_into(item->type)};
    return taken;
}

enum sl_result check_fold_apply(
    struct check_fold *fold, uint64_t sequence, uint64_t arrived_us, struct sl_err *err)
{
    struct fold *state = &fold->fold;
    assert(fold->folds && fold->count <= fold->cap);
    orders_outdate(&fold->orders);
    for (size_t i = 0; i < fold->count && !fold->data.failed; i++) {
        const struct fold_taken *taken = &fold->items[i];
        const struct event_item *item = &taken->item;
        struct fold_item applied = {
            item->key, item->type, sequence, item->offset, item->length, arrived_us, (uint32_t)i};
        struct sl_span data = {0};
        if (taken->looked_into) {
            assert(taken->data_at + item->length <= fold->data.len);
            data = (struct sl_span){fold->data.ptr + taken->data_at, item->length};
        }
        fold->print = taken->print;
        fold_apply(state, &applied, data);
    }
    return state->failed || fold->data.failed ? sl_fail(err, SL_NOMEM, "out of memory") : SL_OK;
}
