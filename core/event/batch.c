/* A sync request becomes a batch in one pass over its bytes: the scanner validates all of it and
   yields each item's type, the members that make its key, and the span of its data. Then it is
   sealed. A request that isn't JSON or has no secret is refused at once. What is wrong with an item
   is kept, the first of them, and told once the secret is known to be right. Where memory runs out
   the batch is refused; batch_fini frees what there is. */

#include "core/event/batch.h"

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/commit.h"
#include "core/event/item_key.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct raw_item {
    struct sl_span type_raw, data;
    bool has_type, type_is_string, has_data;
    struct item_ids ids;
};

static enum sl_result json_error(const struct json *json, struct sl_err *err)
{
    return sl_fail(err, SL_INVALID, "invalid JSON at byte %zu: %s",
        (size_t)(json->at - json->start), json->what);
}

/* ---- parsing ---- */

static void item_fail(struct batch *batch, enum sl_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void item_fail(struct batch *batch, enum sl_result result, const char *format, ...)
{
    if (batch->item_result != SL_OK) return;
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    batch->item_result = sl_fail(&batch->item_err, result, "%s", text);
}

static bool parse_item(struct json *json, struct raw_item *item)
{
    *item = (struct raw_item){0};
    struct sl_span name, value;
    if (!json_enter(json, JSON_OBJECT)) return false;
    while (json_member(json, &name)) {
        if (json_raw_eq(name, "data")) {
            if (!item_ids_read(json, &item->ids, &item->data)) return false;
            item->has_data = true;
            continue;
        }
        bool type = json_raw_eq(name, "type");
        if (!json_value(json, &value)) return false;
        if (!type) continue;
        item->has_type = true;
        item->type_is_string = json_string_raw(value, &item->type_raw);
    }
    return !json->what;
}

/* Names lie in batch->names, which moves as it grows: until the end a span's ptr is an offset into
   it. */
static struct sl_span name_span(size_t from, const struct buf *names)
{
    return (struct sl_span){(const char *)(uintptr_t)from, names->len - from};
}

/* Type and key, of the type decoded. */
static void add_names(
    struct batch *batch, struct sl_span type, const struct item_ids *ids, size_t index)
{
    const char *lacks = item_key_lacks(type, ids);
    if (lacks) { /* its type is a known one, in plain characters */
        item_fail(batch, SL_INVALID,
            "data[%zu].data.%s: expected a string (an item of type %.*s needs it)", index, lacks,
            (int)type.len, type.ptr);
        return;
    }
    assert(index < batch->count && batch->count <= batch->cap);
    struct buf *names = &batch->names;
    struct batch_item *item = &batch->items[index];
    size_t from = names->len;
    item_type_add(names, type);
    item->type = name_span(from, names);
    from = names->len;
    item_key_make(names, type, ids);
    item->key = name_span(from, names);
    if (item->type.len > SL_ITEM_TYPE_BYTES)
        item_fail(
            batch, SL_TOO_LARGE, "data[%zu].type: longer than %d bytes", index, SL_ITEM_TYPE_BYTES);
    else if (item->key.len > SL_ITEM_KEY_BYTES)
        item_fail(batch, SL_TOO_LARGE, "data[%zu]: its ids make a key longer than %d bytes", index,
            SL_ITEM_KEY_BYTES);
}

static void make_names(struct batch *batch, const struct raw_item *raw, size_t index)
{
    struct sl_span type = raw->type_raw;
    char *decoded = NULL;
    if (memchr(type.ptr, '\\', type.len)) {
        decoded = malloc(type.len);
        if (!decoded) {
            batch->names.failed = true;
            return;
        }
        type = (struct sl_span){decoded, json_decode(type, decoded)};
    }
    add_names(batch, type, &raw->ids, index);
    free(decoded);
}

static bool add_item(struct batch *batch, const struct raw_item *raw)
{
    size_t index = batch->count;
    if (index == SL_BATCH_ITEMS) {
        item_fail(batch, SL_TOO_LARGE, "data: more than %d items", SL_BATCH_ITEMS);
        return true;
    }
    if (index == batch->cap) {
        size_t cap = batch->cap ? batch->cap * 2 : 32;
        struct batch_item *items = realloc(batch->items, cap * sizeof(*items));
        if (!items) return false;
        batch->items = items;
        batch->cap = cap;
    }
    batch->items[index] = (struct batch_item){.data = raw->data};
    batch->count++;
    if (!raw->type_is_string)
        item_fail(batch, SL_INVALID, "data[%zu].type: %s", index,
            raw->has_type ? "expected a string" : "missing");
    else if (!raw->has_data)
        item_fail(batch, SL_INVALID, "data[%zu].data: missing", index);
    else
        make_names(batch, raw, index);
    return !batch->names.failed;
}

/* The list of items. A second "data" takes the first one's place. */
static enum sl_result parse_items(
    struct json *json, struct batch *batch, bool *is_list, struct sl_err *err)
{
    batch->count = 0;
    batch->names.len = 0;
    batch->item_result = SL_OK;
    enum json_kind kind;
    if (!json_peek(json, &kind)) return json_error(json, err);
    *is_list = kind == JSON_ARRAY;
    if (!*is_list) return json_value(json, NULL) ? SL_OK : json_error(json, err);
    if (!json_enter(json, JSON_ARRAY)) return json_error(json, err);
    for (size_t i = 0; json_element(json); i++) {
        struct raw_item raw;
        if (!json_peek(json, &kind)) return json_error(json, err);
        if (kind != JSON_OBJECT) {
            item_fail(batch, SL_INVALID, "data[%zu]: expected an object", i);
            if (!json_value(json, NULL)) return json_error(json, err);
        } else if (!parse_item(json, &raw)) {
            return json_error(json, err);
        } else if (batch->item_result == SL_OK && !add_item(batch, &raw)) {
            return sl_fail(err, SL_NOMEM, "out of memory");
        }
    }
    return json->what ? json_error(json, err) : SL_OK;
}

static void settle_names(struct batch *batch)
{
    for (size_t i = 0; i < batch->count && batch->item_result == SL_OK; i++) {
        struct batch_item *item = &batch->items[i];
        assert((uintptr_t)item->key.ptr + item->key.len <= batch->names.len);
        item->type.ptr = batch->names.ptr + (uintptr_t)item->type.ptr;
        item->key.ptr = batch->names.ptr + (uintptr_t)item->key.ptr;
    }
}

enum sl_result batch_parse(
    struct sl_span body, uint64_t arrived_us, struct batch *batch, struct sl_err *err)
{
    *batch = (struct batch){.arrived_us = arrived_us};
    struct json json;
    json_init(&json, body, SL_JSON_DEPTH);
    enum json_kind kind;
    if (!json_peek(&json, &kind)) return json_error(&json, err);
    if (kind != JSON_OBJECT) {
        if (!json_value(&json, NULL) || !json_end(&json)) return json_error(&json, err);
        return sl_fail(err, SL_INVALID, "expected an object with secret and data");
    }
    bool has_secret = false, secret_is_string = false, has_data = false, is_list = false;
    struct sl_span name, value;
    if (!json_enter(&json, JSON_OBJECT)) return json_error(&json, err);
    while (json_member(&json, &name)) {
        if (json_raw_eq(name, "data")) {
            has_data = true;
            enum sl_result result = parse_items(&json, batch, &is_list, err);
            if (result != SL_OK) return result;
            continue;
        }
        bool secret = json_raw_eq(name, "secret");
        if (!json_value(&json, &value)) return json_error(&json, err);
        if (!secret) continue;
        has_secret = true;
        secret_is_string = json_string_raw(value, &batch->secret_raw);
    }
    if (json.what || !json_end(&json)) return json_error(&json, err);
    if (!secret_is_string)
        return sl_fail(err, SL_INVALID, "secret: %s", has_secret ? "expected a string" : "missing");
    if (!is_list)
        return sl_fail(err, SL_INVALID, "data: %s", has_data ? "expected an array" : "missing");
    settle_names(batch);
    return SL_OK;
}

enum sl_result batch_items(const struct batch *batch, struct sl_err *err)
{
    if (batch->item_result != SL_OK && err) *err = batch->item_err;
    return batch->item_result;
}

enum sl_result batch_control(const char *kind, struct sl_span data, uint64_t arrived_us,
    struct batch *batch, struct sl_err *err)
{
    *batch = (struct batch){.arrived_us = arrived_us, .count = 1, .cap = 1};
    batch->items = calloc(1, sizeof(*batch->items));
    if (!batch->items) return sl_fail(err, SL_NOMEM, "out of memory");
    assert(sl_span_of(kind).len <= SL_ITEM_TYPE_BYTES);
    batch->items[0] =
        (struct batch_item){.type = sl_span_of(kind), .key = sl_span_of(kind), .data = data};
    return batch_seal(batch, err);
}

enum sl_result batch_replace(
    struct batch *batch, size_t index, struct buf *data, struct sl_err *err)
{
    assert(index < batch->count);
    struct buf *replaced =
        realloc(batch->replaced, (batch->replaced_count + 1) * sizeof(*replaced));
    if (!replaced) return sl_fail(err, SL_NOMEM, "out of memory");
    batch->replaced = replaced;
    replaced[batch->replaced_count++] = *data;
    batch->items[index].data = buf_span(data);
    batch->items[index].marked = true;
    *data = (struct buf){0};
    return SL_OK;
}

/* The body: what its prefix is made of, then the items' bytes. */
static bool make_rows(struct batch *batch)
{
    char prefix[BODY_PREFIX_BYTES];
    prefix[0] = BODY_FORM_WHOLE;
    memcpy(prefix + 1, batch->nonce, EVENT_NONCE_BYTES);
    hot_rows_begin(&batch->rows, body_bytes(batch->data_bytes));
    hot_rows_add(&batch->rows, (struct sl_span){prefix, sizeof(prefix)});
    for (size_t i = 0; i < batch->count; i++)
        hot_rows_add(&batch->rows, batch->items[i].data);
    return hot_rows_end(&batch->rows);
}

enum sl_result batch_seal(struct batch *batch, struct sl_err *err)
{
    struct commit commit;
    buf_clear(&batch->packed);
    batch->data_bytes = 0;
    crypto_random(batch->nonce, sizeof(batch->nonce));
    commit_begin(&commit, batch->nonce, batch->arrived_us, batch->count);
    event_items_begin(&batch->packed, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        assert(item->type.len <= SL_ITEM_TYPE_BYTES && item->key.len <= SL_ITEM_KEY_BYTES);
        commit_item(&commit, item->type, item->key, item->marked, NULL, item->data);
        event_items_add(&batch->packed, item->type, item->key, item->marked, item->data.len);
        batch->data_bytes += item->data.len;
    }
    commit_end(&commit, batch->manifest_commitment);
    if (batch->packed.failed || !make_rows(batch)) return sl_fail(err, SL_NOMEM, "out of memory");
    return SL_OK;
}

void batch_fini(struct batch *batch)
{
    free(batch->items);
    for (size_t i = 0; i < batch->replaced_count; i++)
        buf_fini(&batch->replaced[i]);
    free(batch->replaced);
    hot_rows_fini(&batch->rows);
    buf_fini(&batch->names);
    buf_fini(&batch->packed);
    *batch = (struct batch){0};
}
