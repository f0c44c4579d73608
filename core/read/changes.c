/* The differences between two moments of a share: two views in order of key, one looked up in the
   other. A key whose version is the same is unchanged without a read; bytes are compared only where
   a new version has the length of the old one. A read that fails ends the walk, with the changes
   before it given. */

#include "core/read/view.h"

#include <assert.h>

struct difference {
    struct sl_view *earlier, *later;
    bool backwards;
    bool (*each)(void *ctx, enum sl_change change, struct sl_span key);
    void *ctx;
};

/* Do two places of two views hold the same bytes? Clients send most items again unchanged. */
static enum sl_result same_bytes(struct sl_view *a, const struct fold_place *place_a,
    struct sl_view *b, const struct fold_place *place_b, bool *same, struct sl_err *err)
{
    *same = place_a->length == place_b->length;
    for (uint64_t at = 0; *same && at < place_a->length;) {
        struct sl_span x, y;
        enum sl_result result = reader_piece(&a->reader, place_a, at, &x, err);
        if (result == SL_OK) result = reader_piece(&b->reader, place_b, at, &y, err);
        if (result != SL_OK) return result;
        size_t n = x.len < y.len ? x.len : y.len;
        assert(n > 0);
        *same = memcmp(x.ptr, y.ptr, n) == 0;
        at += n;
    }
    return SL_OK;
}

static enum sl_result same_models(struct difference *d, bool *same, struct sl_err *err)
{
    *same = d->earlier->orders.models_count == d->later->orders.models_count;
    for (size_t i = 0; *same && i < d->earlier->orders.models_count; i++) {
        enum sl_result result =
            same_bytes(d->earlier, &d->earlier->fold.entries[d->earlier->orders.models[i]].place,
                d->later, &d->later->fold.entries[d->later->orders.models[i]].place, same, err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

/* Is the key changed between the two? Nothing was sent for it in between if its version is the
   same. */
static enum sl_result is_changed(struct difference *d, const struct fold_entry *old,
    const struct fold_entry *new, bool *changed, struct sl_err *err)
{
    bool same = true;
    enum sl_result result = SL_OK;
    assert(sl_span_eq(old->key, new->key));
    if (fold_is_models(new))
        result = same_models(d, &same, err);
    else if (old->sequence != new->sequence || old->place.length != new->place.length)
        result = same_bytes(d->earlier, &old->place, d->later, &new->place, &same, err);
    *changed = !same;
    return result;
}

/* One kind of change, in order of key. Items never go, so forwards there are none dropped, and
   backwards none added. */
static enum sl_result walk(
    struct difference *d, enum sl_change change, bool *more, struct sl_err *err)
{
    assert(change == SL_CHANGED || (change == SL_DROPPED) == d->backwards);
    for (size_t i = 0; i < d->later->orders.items && *more; i++) {
        const struct fold_entry *new = &d->later->fold.entries[d->later->orders.by_key[i]];
        const struct fold_entry *old = fold_find(&d->earlier->fold, FOLD_ITEM, new->key);
        bool is = !old;
        if (change == SL_CHANGED && old) {
            enum sl_result result = is_changed(d, old, new, &is, err);
            if (result != SL_OK) return result;
        } else if (change == SL_CHANGED) {
            is = false;
        }
        if (is) *more = d->each(d->ctx, change, new->key);
    }
    return SL_OK;
}

enum sl_result sl_share_changes(struct sl_store *store, struct sl_span id, uint64_t from,
    uint64_t to, bool (*each)(void *ctx, enum sl_change change, struct sl_span key), void *ctx,
    struct sl_err *err)
{
    struct difference d = {.backwards = from > to, .each = each, .ctx = ctx};
    struct sl_moment earlier = {SL_AT_SEQUENCE, from < to ? from : to},
                     later = {SL_AT_SEQUENCE, from < to ? to : from};
    enum sl_result result = sl_view_open(store, id, earlier, &d.earlier, err);
    if (result == SL_OK) result = sl_view_open(store, id, later, &d.later, err);
    if (result == SL_OK) result = view_order(d.earlier, err);
    if (result == SL_OK) result = view_order(d.later, err);
    assert(result != SL_OK || d.earlier->moment.at.sequence <= d.later->moment.at.sequence);
    bool more = true;
    if (result == SL_OK && !d.backwards) result = walk(&d, SL_ADDED, &more, err);
    if (result == SL_OK) result = walk(&d, SL_CHANGED, &more, err);
    if (result == SL_OK && d.backwards) result = walk(&d, SL_DROPPED, &more, err);
    sl_view_close(d.earlier);
    sl_view_close(d.later);
    return result;
}
