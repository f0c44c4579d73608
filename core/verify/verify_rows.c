/* meta and index are gone through row by row; of an index's entries only those are looked up that
   verify.c can't count. In bodies and snapshots the rows between two shares are looked at as the
   walk comes by. The first row that belongs to nothing is named by its key. */

#include "core/verify/verify_rows.h"

#include "core/audit/checkpoint.h"
#include "core/background/rebuild.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"
#include "core/log/share.h"
#include "core/redact/rules.h"

#include <stdio.h>

static enum sl_result unknown_row(enum kv_family family, struct sl_span key, struct sl_err *err)
{
    char shown[3 * 48 + 1];
    size_t n = 0;
    for (size_t i = 0; i < key.len && n + 4 < sizeof(shown); i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        n += (size_t)snprintf(shown + n, 4, c > ' ' && c < 0x7f && c != '%' ? "%c" : "%%%02X", c);
    }
    shown[n] = 0;
    return sl_fail(err, SL_CORRUPT, "family %s: the row %s belongs to nothing, or is damaged",
        kv_family_name(family), shown);
}

static bool has_prefix(struct sl_span key, const char *prefix)
{
    return key.len >= strlen(prefix) && memcmp(key.ptr, prefix, strlen(prefix)) == 0;
}

/* Does a share of the id exist? With `content`: is it live, or not erased yet? */
static enum sl_result find_share(
    struct sl_store *store, struct sl_span id, bool content, bool *found, struct sl_err *err)
{
    struct share *share;
    struct kv_pin pin;
    *found = false;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return SL_OK;
    if (result != SL_OK) return result;
    *found = !content || share_is_live(share);
    share_release(share);
    if (*found) return SL_OK;
    struct row_key mark = row_erase(id);
    result = kv_get(store->kv, KV_META, row_span(&mark), &pin, err);
    *found = result == SL_OK;
    kv_release(&pin);
    return result == SL_NOT_FOUND ? SL_OK : result;
}

/* ---- meta ---- */

static enum sl_result meta_row(struct sl_store *store, struct sl_span key, struct sl_span value,
    bool *fits, struct sl_err *err)
{
    const struct keys *keys = store->keys;
    const size_t mark = strlen("erase/");
    if (has_prefix(key, "erase/")) {
        enum sl_result result =
            find_share(store, (struct sl_span){key.ptr + mark, key.len - mark}, false, fits, err);
        *fits &= value.len == 0;
        return result;
    }
    if (has_prefix(key, "rule/"))
        *fits = rules_row_fits(store, key, value);
    else if (sl_span_eq(key, SL_SPAN("origin")))
        *fits =
            sl_span_eq(value, sl_span_of(keys->origin)) || checkpoints_ended(store->checkpoints);
    else if (sl_span_eq(key, SL_SPAN("log_key")))
        *fits = sl_span_eq(value, (struct sl_span){(const char *)keys->signing_public, 32});
    else if (sl_span_eq(key, SL_SPAN("format")))
        *fits = value.len == 1 && value.ptr[0] > 0 && value.ptr[0] <= STORE_FORMAT;
    else
        *fits = false;
    return SL_OK;
}

static enum sl_result check_meta(struct sl_store *store, struct sl_err *err)
{
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_META, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    enum sl_result result = SL_OK;
    unsigned known = 0;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter);
        bool fits = false;
        result = meta_row(store, key, kv_iter_value(iter), &fits, err);
        known += !memchr(key.ptr, '/', key.len);
        if (result == SL_OK && !fits) result = unknown_row(KV_META, key, err);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK && known != 3)
        result = sl_fail(err, SL_CORRUPT, "family meta: its origin, log_key or format is missing");
    return result;
}

/* ---- index ---- */

/* Marks of due snapshots are looked up. verify.c counts the entries of the other indexes. */
static enum sl_result index_row(struct sl_store *store, struct sl_span key, struct sl_span value,
    bool *fits, struct sl_err *err)
{
    char letter = key.len ? key.ptr[0] : 0;
    *fits = letter == ROW_INDEX_NEWEST || letter == ROW_INDEX_REF || letter == ROW_INDEX_HELD;
    if (letter != ROW_INDEX_DUE) return SL_OK;
    enum sl_result result =
        find_share(store, (struct sl_span){key.ptr + 1, key.len - 1}, true, fits, err);
    *fits &= value.len == 0;
    return result;
}

static enum sl_result check_index(struct sl_store *store, struct sl_err *err)
{
    struct row_key from = row_meta(""), to = row_whole();
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_INDEX, row_span(&from), row_span(&to), KV_SCAN);
    enum sl_result result = SL_OK;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        bool fits = false;
        result = index_row(store, kv_iter_key(iter), kv_iter_value(iter), &fits, err);
        if (result == SL_OK && !fits) result = unknown_row(KV_INDEX, kv_iter_key(iter), err);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* ---- between the shares ---- */

static bool is_of_next(struct sl_span key, const struct row_key *next)
{
    return next->len && sl_span_cmp(key, row_span(next)) >= 0;
}

enum sl_result rows_gap_bodies(
    struct body_iter *iter, const struct row_key *next, struct sl_err *err)
{
    if (!body_iter_valid(iter)) return body_iter_check(iter, err);
    struct sl_span key = body_iter_key(iter);
    return is_of_next(key, next) ? SL_OK : unknown_row(body_iter_family(iter), key, err);
}

enum sl_result rows_gap_snapshots(
    struct kv_iter *iter, const struct row_key *next, struct sl_err *err)
{
    struct row_key whole = row_whole();
    if (!kv_iter_valid(iter)) return kv_iter_check(iter, err);
    struct sl_span key = kv_iter_key(iter);
    if (is_of_next(key, next) || (!next->len && sl_span_eq(key, row_span(&whole)))) return SL_OK;
    return unknown_row(KV_SNAPSHOT, key, err);
}

enum sl_result rows_check(struct sl_store *store, struct sl_err *err)
{
    enum sl_result result = check_meta(store, err);
    if (result == SL_OK) result = check_index(store, err);
    if (result == SL_OK && !rebuild_is_whole(store->kv))
        result = sl_fail(err, SL_CORRUPT,
            "derived data is missing, or of another format; `sharelog rebuild` makes it again");
    return result;
}
