/* Withheld items in a list that is sorted because they come in order, and searched when a redact
   event names one. Where memory runs out nothing is added. */

#include "core/proof/withheld.h"

#include <assert.h>
#include <stdlib.h>

enum sl_result withheld_add(struct withheld *withheld, uint64_t sequence, uint64_t item,
    const uint8_t replacement[32], struct sl_err *err)
{
    if (withheld->count == withheld->cap) {
        size_t cap = withheld->cap ? withheld->cap * 2 : 64;
        struct withheld_item *items = realloc(withheld->items, cap * sizeof(*items));
        if (!items) return sl_fail(err, SL_NOMEM, "out of memory");
        withheld->items = items;
        withheld->cap = cap;
    }
    const struct withheld_item *last =
        withheld->count ? &withheld->items[withheld->count - 1] : NULL;
    assert(!last || last->sequence < sequence || (last->sequence == sequence && last->item < item));
    struct withheld_item *added = &withheld->items[withheld->count++];
    *added = (struct withheld_item){.sequence = sequence, .item = item};
    memcpy(added->replacement, replacement, 32);
    return SL_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct withheld_item *x = a, *y = b;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

enum withheld_named withheld_name(
    struct withheld *withheld, uint64_t sequence, uint64_t item, const uint8_t replacement[32])
{
    struct withheld_item sought = {.sequence = sequence, .item = item}, *found = NULL;
    if (withheld->count)
        found = bsearch(&sought, withheld->items, withheld->count, sizeof(sought), by_place);
    if (!found) return WITHHELD_UNNAMED;
    found->named =
        memcmp(found->replacement, replacement, 32) == 0 ? WITHHELD_FITS : WITHHELD_DIFFERS;
    return found->named;
}

const struct withheld_item *withheld_fault(const struct withheld *withheld)
{
    for (size_t i = 0; i < withheld->count; i++)
        if (withheld->items[i].named != WITHHELD_FITS) return &withheld->items[i];
    return NULL;
}

void withheld_fini(struct withheld *withheld)
{
    free(withheld->items);
    *withheld = (struct withheld){0};
}
