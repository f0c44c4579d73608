/* Redacted items in a list that is sorted because they come in order, and searched when a redact
   event names one. Where memory runs out nothing is added. */

#include "core/proof/withheld.h"

#include <assert.h>
#include <stdlib.h>

/* Room for one more in a list that doubles. NULL: no memory. */
static void *reserve(void *list, size_t count, size_t *cap, size_t bytes)
{
    if (count < *cap) return list;
    size_t more = *cap ? *cap * 2 : 64;
    void *grown = realloc(list, more * bytes);
    if (grown) *cap = more;
    return grown;
}

/* False: no memory. */
static bool keep_text(struct withheld *withheld, struct sl_span text, size_t *at)
{
    *at = withheld->texts.len;
    buf_add_span(&withheld->texts, text);
    return !withheld->texts.failed;
}

enum sl_result withheld_add(struct withheld *withheld, const struct withheld_item *place,
    struct sl_span key, const uint8_t *replacement, struct sl_err *err)
{
    struct withheld_item *items =
        reserve(withheld->items, withheld->count, &withheld->cap, sizeof(*items));
    if (!items) return sl_fail(err, SL_NOMEM, "out of memory");
    withheld->items = items;
    struct withheld_item *added = &items[withheld->count];
    const struct withheld_item *last = withheld->count ? added - 1 : NULL;
    assert(!last || last->sequence < place->sequence ||
           (last->sequence == place->sequence && last->item < place->item));
    *added = (struct withheld_item){.sequence = place->sequence,
        .item = place->item,
        .marked = place->marked,
        .record = place->record,
        .withheld = replacement != NULL,
        .key_len = key.len};
    if (!keep_text(withheld, key, &added->key_at)) return sl_fail(err, SL_NOMEM, "out of memory");
    if (replacement) memcpy(added->replacement, replacement, 32);
    withheld->count++;
    return SL_OK;
}

enum sl_result withheld_begin(struct withheld *withheld, const struct withheld_act *act,
    struct sl_span reason, struct sl_err *err)
{
    struct withheld_act *acts =
        reserve(withheld->acts, withheld->acts_count, &withheld->acts_cap, sizeof(*acts));
    if (!acts) return sl_fail(err, SL_NOMEM, "out of memory");
    withheld->acts = acts;
    struct withheld_act *added = &acts[withheld->acts_count];
    *added = *act;
    added->reason_len = reason.len;
    if (!keep_text(withheld, reason, &added->reason_at))
        return sl_fail(err, SL_NOMEM, "out of memory");
    withheld->acts_count++;
    return SL_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct withheld_item *x = a, *y = b;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

bool withheld_name(
    struct withheld *withheld, uint64_t sequence, uint64_t item, const uint8_t replacement[32])
{
    struct withheld_item sought = {.sequence = sequence, .item = item}, *found = NULL;
    assert(withheld->acts_count > 0);
    if (withheld->count)
        found = bsearch(&sought, withheld->items, withheld->count, sizeof(sought), by_place);
    if (!found || !found->withheld || memcmp(found->replacement, replacement, 32) != 0)
        return false;
    found->act = withheld->acts_count;
    return true;
}

const struct withheld_item *withheld_fault(const struct withheld *withheld)
{
    for (size_t i = 0; i < withheld->count; i++)
        if (withheld->items[i].withheld && !withheld->items[i].act) return &withheld->items[i];
    return NULL;
}

static struct sl_span text_at(const struct withheld *withheld, size_t at, size_t len)
{
    assert(at + len <= withheld->texts.len);
    return (struct sl_span){len ? withheld->texts.ptr + at : "", len};
}

bool withheld_told(const struct withheld *withheld, size_t *at, struct redacted_item *told)
{
    while (*at < withheld->count && withheld->items[*at].record)
        ++*at;
    if (*at >= withheld->count) return false;
    const struct withheld_item *item = &withheld->items[(*at)++];
    *told = (struct redacted_item){.sequence = item->sequence,
        .item = item->item,
        .key = text_at(withheld, item->key_at, item->key_len),
        .marked = item->marked,
        .withheld = item->withheld};
    if (!item->act) return true;
    const struct withheld_act *act = &withheld->acts[item->act - 1];
    told->by = act->sequence;
    told->time_ms = act->time_ms;
    told->who = act->who;
    told->reason = text_at(withheld, act->reason_at, act->reason_len);
    return true;
}

void withheld_clear(struct withheld *withheld)
{
    withheld->count = withheld->acts_count = 0;
    buf_clear(&withheld->texts);
}

void withheld_fini(struct withheld *withheld)
{
    free(withheld->items);
    free(withheld->acts);
    buf_fini(&withheld->texts);
    *withheld = (struct withheld){0};
}
