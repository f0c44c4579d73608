/* A naive fold. */

#include "tests/support/net_fold.h"

#include "core/base/json.h"

#include <assert.h>
#include <stdio.h>

static char *copy(struct sl_span text)
{
    char *made = malloc(text.len + 1);
    if (!made) abort();
    memcpy(made, text.ptr, text.len);
    made[text.len] = 0;
    return made;
}

/* A string member that has no escapes, or "". */
static struct sl_span text_of(struct sl_span object, const char *name)
{
    struct sl_span value, raw = {"", 0};
    if (json_get(object, name, &value)) json_string_raw(value, &raw);
    assert(!memchr(raw.ptr, '\\', raw.len));
    return raw;
}

static char *key_of(const char *type, struct sl_span data)
{
    char key[1024];
    struct sl_span id = text_of(data, "id"), message = text_of(data, "messageID");
    struct sl_span session = text_of(data, "sessionID");
    if (!strcmp(type, "session") || !strcmp(type, "session_diff") || !strcmp(type, "model"))
        snprintf(key, sizeof(key), "%s", type);
    else if (!strcmp(type, "part"))
        snprintf(
            key, sizeof(key), "part/%.*s/%.*s", (int)message.len, message.ptr, (int)id.len, id.ptr);
    else if (!strcmp(type, "messages"))
        snprintf(key, sizeof(key), "messages/%.*s", (int)session.len, session.ptr);
    else if (id.len)
        snprintf(key, sizeof(key), "%s/%.*s", type, (int)id.len, id.ptr);
    else
        snprintf(key, sizeof(key), "%s", type);
    return copy(sl_span_of(key));
}

/* Replace, or put at the end. */
static void put(
    struct net_fold_item **items, size_t *count, char *type, char *key, char *data, size_t len)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*items)[i].key, key) != 0) continue;
        free((*items)[i].data);
        (*items)[i].data = data;
        (*items)[i].len = len;
        free(type);
        free(key);
        return;
    }
    *items = realloc(*items, (*count + 1) * sizeof(**items));
    if (!*items) abort();
    (*items)[(*count)++] = (struct net_fold_item){type, key, data, len};
}

static void put_model(struct net_fold *fold, struct sl_span element)
{
    char key[1024];
    struct sl_span provider = text_of(element, "providerID"), id = text_of(element, "id");
    snprintf(key, sizeof(key), "%.*s/%.*s", (int)provider.len, provider.ptr, (int)id.len, id.ptr);
    put(&fold->models, &fold->models_count, copy(SL_SPAN("model")), copy(sl_span_of(key)),
        copy(element), element.len);
}

static void add_diff(struct net_fold *fold, struct sl_span entry)
{
    if (fold->diffs.len) buf_add(&fold->diffs, ",", 1);
    buf_add_span(&fold->diffs, entry);
}

void net_fold_apply(struct net_fold *fold, struct sl_span items)
{
    struct sl_span item, data, element;
    while (json_next(&items, &item)) {
        char *type = copy(text_of(item, "type"));
        assert(json_get(item, "data", &data));
        struct sl_span rest = data;
        while (!strcmp(type, "model") && json_next(&rest, &element))
            put_model(fold, element);
        while (!strcmp(type, "session_diff") && json_next(&rest, &element))
            add_diff(fold, element);
        put(&fold->items, &fold->count, type, key_of(type, data), copy(data), data.len);
    }
}

static void free_items(struct net_fold_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].type);
        free(items[i].key);
        free(items[i].data);
    }
    free(items);
}

void net_fold_fini(struct net_fold *fold)
{
    free_items(fold->items, fold->count);
    free_items(fold->models, fold->models_count);
    buf_fini(&fold->diffs);
    *fold = (struct net_fold){0};
}

/* ---- what it says ---- */

static void add_text(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void add_models(const struct net_fold *fold, struct buf *out)
{
    add_text(out, "[");
    for (size_t i = 0; i < fold->models_count; i++) {
        if (i) add_text(out, ",");
        buf_add(out, fold->models[i].data, fold->models[i].len);
    }
    add_text(out, "]");
}

static int by_key(const void *a, const void *b)
{
    const struct net_fold_item *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key); /* as bytes: strcmp compares unsigned */
}

struct buf net_fold_data(const struct net_fold *fold)
{
    struct buf out = {0};
    const struct net_fold_item **order = calloc(fold->count + 1, sizeof(*order));
    if (!order) abort();
    for (size_t i = 0; i < fold->count; i++)
        order[i] = &fold->items[i];
    qsort(order, fold->count, sizeof(*order), by_key);
    add_text(&out, "[");
    for (size_t i = 0; i < fold->count; i++) {
        add_text(&out, i ? ",{\"type\":\"" : "{\"type\":\"");
        add_text(&out, order[i]->type);
        add_text(&out, "\",\"data\":");
        if (strcmp(order[i]->type, "model") == 0)
            add_models(fold, &out);
        else
            buf_add(&out, order[i]->data, order[i]->len);
        add_text(&out, "}");
    }
    add_text(&out, "]");
    free(order);
    return out;
}

static void add_all(const struct net_fold *fold, const char *type, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < fold->count; i++) {
        if (strcmp(fold->items[i].type, type) != 0) continue;
        if (!first) add_text(out, ",");
        buf_add(out, fold->items[i].data, fold->items[i].len);
        first = false;
    }
}

struct buf net_fold_session(const struct net_fold *fold)
{
    struct buf out = {0};
    size_t before;
    add_text(&out, "{\"session\":");
    before = out.len;
    add_all(fold, "session", &out);
    if (out.len == before) add_text(&out, "null");
    add_text(&out, ",\"messages\":[");
    add_all(fold, "message", &out);
    add_text(&out, "],\"parts\":[");
    add_all(fold, "part", &out);
    add_text(&out, "],\"diffs\":[");
    buf_add(&out, fold->diffs.ptr, fold->diffs.len);
    add_text(&out, "],\"models\":");
    add_models(fold, &out);
    return out;
}
