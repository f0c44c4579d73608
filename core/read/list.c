/* The list of live shares, newest event first: along the index by newest, a view each. An event
   that is committed while the list is made may be in it or not; a share whose newest event moves is
   listed at most twice over two pages. A failure leaves *next as it was. */

#include "core/kv/rows.h"
#include "core/log/store.h"
#include "core/read/view.h"

#include <assert.h>

static enum sl_result list_now(struct sl_store *store, struct sl_span id,
    bool (*each)(void *ctx, const struct sl_metadata *metadata), void *ctx, bool *given, bool *more,
    struct sl_err *err)
{
    struct sl_view *view;
    struct sl_metadata metadata;
    enum sl_result result = sl_view_open(store, id, (struct sl_moment){SL_NOW, 0}, &view, err);
    if (result != SL_OK) return result;
    result = sl_view_metadata(view, &metadata, err);
    *given = result == SL_OK;
    if (*given) *more = each(ctx, &metadata);
    sl_view_close(view);
    return result;
}

/* One share of the list. One that is removed at this moment is passed over. One that is redacted at
   this moment is opened again: each round needs another redact event, so the rounds end. */
static enum sl_result list_share(struct sl_store *store, struct sl_span id,
    bool (*each)(void *ctx, const struct sl_metadata *metadata), void *ctx, bool *given, bool *more,
    struct sl_err *err)
{
    enum sl_result result;
    *given = false;
    do
        result = list_now(store, id, each, ctx, given, more, err);
    while (result == SL_REDACTED);
    return result == SL_REMOVED || result == SL_NOT_FOUND ? SL_OK : result;
}

/* The cursor is the position of the last share's newest event, plus one: the list goes on below
   it. */
enum sl_result sl_shares(struct sl_store *store, uint64_t cursor, size_t limit,
    bool (*each)(void *ctx, const struct sl_metadata *metadata), void *ctx, uint64_t *next,
    struct sl_err *err)
{
    struct row_key from =
        cursor > 1 ? row_newest(cursor - 2) : row_index(ROW_INDEX_NEWEST, SL_SPAN(""));
    struct row_key to = row_index(ROW_INDEX_NEWEST + 1, SL_SPAN(""));
    if (cursor == 1) {
        *next = 0;
        return SL_OK;
    }
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_INDEX, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_OK;
    bool more = true;
    uint64_t last = 0, goes_on = 0;
    size_t listed = 0;
    for (kv_iter_first(iter); result == SL_OK && more && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter);
        if (listed == limit) {
            goes_on = last;
            break;
        }
        if (key.len != 9) {
            result = sl_fail(
                err, SL_CORRUPT, "index: a key is unreadable; `sharelog rebuild` makes it again");
            break;
        }
        bool given;
        last = ~be_get(key.ptr + 1, 8) + 1;
        result = list_share(store, kv_iter_value(iter), each, ctx, &given, &more, err);
        listed += given;
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    assert(listed <= limit);
    if (result == SL_OK) *next = goes_on;
    return result;
}
