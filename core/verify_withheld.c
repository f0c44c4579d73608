#include "verify.h"

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

bool withheld_name(
    struct withheld *withheld, uint64_t sequence, uint64_t item, struct sl_span replacement)
{
    struct withheld_item sought = {.sequence = sequence, .item = item};
    struct withheld_item *found =
        withheld->count == 0
            ? NULL
            : bsearch(&sought, withheld->items, withheld->count, sizeof(sought), by_place);
    if (!found) return false;
    uint8_t hash[32];
    crypto_sha256(replacement.ptr, replacement.len, hash);
    found->named = true;
    return memcmp(hash, found->replacement, 32) == 0;
}

const struct withheld_item *withheld_left(const struct withheld *withheld)
{
    for (size_t i = 0; i < withheld->count; i++)
        if (!withheld->items[i].named) return &withheld->items[i];
    return NULL;
}
