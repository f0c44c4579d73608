/* Batches made up: items of known and unknown types, ids that need encoding, data in every form
 * that JSON allows. */

#include "tests/support/core_model.h"
#include "tests/support/core_store.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct spelling {
    const char *json, *key; /* between its quotes, as it is sent; as a part of a key */
};

static const struct spelling ids[] = {{"a", "a"}, {"b", "b"}, {"msg_1", "msg_1"},
    {"prt_1", "prt_1"}, {"\\u0061", "a"}, {"", ""}, {"a/b", "a%2Fb"}, {"a\\/b", "a%2Fb"},
    {"%", "%25"}, {"%2F", "%252F"}, {"\\ud800", "%uD800"}, {"\\uDFFFx", "%uDFFFx"},
    {"\\u0000", "%00"}, {"\x7f", "%7F"}, {"\\u0085", "%C2%85"}, {"\xc2\x9f", "%C2%9F"},
    {"\xc2\xa0", "\xc2\xa0"}, {"\xc3\xa9", "\xc3\xa9"}, {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
    {"%uD800", "%25uD800"}, {"\\\"", "\""}};

static const struct {
    enum model_kind kind;
    const char *json, *shown, *key;
} types[] = {
    {MODEL_SESSION, "session", "\"session\"", "session"},
    {MODEL_MESSAGE, "message", "\"message\"", "message"},
    {MODEL_MESSAGE, "m\\u0065ssage", "\"message\"", "message"},
    {MODEL_PART, "part", "\"part\"", "part"},
    {MODEL_PART, "part", "\"part\"", "part"},
    {MODEL_PART, "part", "\"part\"", "part"},
    {MODEL_DIFF, "session_diff", "\"session_diff\"", "session_diff"},
    {MODEL_MODEL, "model", "\"model\"", "model"},
    {MODEL_MESSAGES, "messages", "\"messages\"", "messages"},
    {MODEL_OTHER, "todo", "\"todo\"", "todo"},
    {MODEL_OTHER, "a/b%", "\"a/b%\"", "a%2Fb%25"},
    {MODEL_OTHER, "\\ud800\\\"\\n", "\"%uD800\\\"\\n\"", "%uD800\"%0A"},
    {MODEL_OTHER, "\xc3\xa9\\\\", "\"\xc3\xa9\\\\\"", "\xc3\xa9\\"},
    {MODEL_OTHER, "", "\"\"", ""},
};

static const char *const scalars[] = {"0", "-0.0e-7", "1e999", "12345678901234567890", "true",
    "null", "\"\"", "\"\\ud800\\u0000\\/\"", "[]", "{}", "[ 1 , [ ] ]", "{\"id\":{\"id\":\"no\"}}",
    "\"\xe2\x80\xae\""};

static const char *const titles[] = {"\"A title\"", "\"<\\u0022>\"", "7", "null", "[]", "\"\""};

static uint64_t below(uint64_t *random, uint64_t bound)
{
    return core_random(random) % bound;
}

static void add(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static void add_space(uint64_t *random, struct buf *out)
{
    static const char *const spaces[] = {"", "", "", "", "", " ", "\n", "\t ", "\r\n"};
    add(out, spaces[below(random, COUNT(spaces))]);
}

static void add_member(
    uint64_t *random, struct buf *out, const char *name, const char *json, bool string)
{
    if (out->len > 1 && out->ptr[out->len - 1] != '{') add(out, ",");
    add_space(random, out);
    add(out, "\"");
    add(out, name);
    add(out, string ? "\":\"" : "\":");
    add(out, json);
    if (string) add(out, "\"");
}

static const struct spelling *pick_id(uint64_t *random)
{
    return &ids[below(random, below(random, 3) ? 6 : COUNT(ids))];
}

/* A member of some size. Mostly small; now and then such that snapshots are due, or, rarely, of
 * more than a row of a snapshot or of a body. */
static void add_filler(uint64_t *random, bool large, struct buf *out)
{
    uint64_t kind = below(random, 1000);
    size_t bytes = below(random, 200);
    if (kind < 100) bytes = below(random, 8000);
    if (kind < 10) bytes = below(random, 150000);
    if (large && kind < 2) bytes = SL_SNAPSHOT_ROW_BYTES - 300 + below(random, 600);
    if (large && kind == 0) bytes = SL_BODY_ROW_BYTES - 300 + below(random, 600);
    char seed[17];
    add_member(random, out, "text", "\"", false);
    snprintf(seed, sizeof(seed), "%016llx", (unsigned long long)core_random(random));
    for (; bytes > 16; bytes -= 16)
        buf_add(out, seed, 16);
    buf_add(out, seed, bytes);
    add(out, "\"");
}

/* `few`: of a handful, so that the same ones come again and again. */
static void add_id(uint64_t *random, const char *name, bool few, struct buf *out,
    const char *before_key, struct buf *key)
{
    const struct spelling *id = few ? &ids[below(random, 4)] : pick_id(random);
    char text[64], spelled[64];
    snprintf(text, sizeof(text), "%s", id->json);
    snprintf(spelled, sizeof(spelled), "%s", id->key);
    if (!few && below(random, 2)) {
        snprintf(text, sizeof(text), "n%d", (int)below(random, 40));
        memcpy(spelled, text, sizeof(spelled));
    }
    /* of a name that comes twice the last one counts */
    if (below(random, 20) == 0)
        add_member(random, out, name, below(random, 2) ? "17" : "\"never\"", false);
    add_member(random, out, name, text, true);
    add(key, before_key);
    add(key, spelled);
}

static void make_session(uint64_t *random, struct model_item *item)
{
    const char *title = titles[below(random, COUNT(titles))],
               *directory = titles[below(random, COUNT(titles))];
    bool newer = below(random, 4) == 0; /* the newer generation has its directory elsewhere */
    add_member(random, &item->data, "title", title, false);
    char location[64];
    snprintf(location, sizeof(location), "{\"directory\":%s}", directory);
    add_member(
        random, &item->data, newer ? "location" : "directory", newer ? location : directory, false);
    item->title = title[0] == '"' ? title : NULL;
    item->directory = directory[0] == '"' ? directory : NULL;
}

static void make_object(uint64_t *random, bool large, struct model_item *item)
{
    struct buf message = {0};
    add(&item->data, "{");
    if (below(random, 2)) add_filler(random, large, &item->data);
    switch (item->kind) {
    case MODEL_SESSION: make_session(random, item); break;
    case MODEL_PART:
        add_id(random, "messageID", false, &item->data, "/", &message);
        buf_add_span(&item->key, buf_span(&message));
        add_id(random, "id", false, &item->data, "/", &item->key);
        break;
    case MODEL_MESSAGES: add_id(random, "sessionID", false, &item->data, "/", &item->key); break;
    case MODEL_MESSAGE: add_id(random, "id", false, &item->data, "/", &item->key); break;
    default: /* an unknown type: with an id, or with one that counts for nothing */
        if (below(random, 3))
            add_id(random, "id", false, &item->data, "/", &item->key);
        else if (below(random, 2))
            add_member(random, &item->data, "id", "12", false);
    }
    if (below(random, 2)) add_filler(random, large, &item->data);
    add_space(random, &item->data);
    add(&item->data, "}");
    buf_fini(&message);
}

static void add_element(struct model_item *item, const char *key, struct sl_span text)
{
    item->elements = realloc(item->elements, (item->elements_count + 1) * sizeof(*item->elements));
    if (!item->elements) abort();
    struct model_element *element = &item->elements[item->elements_count++];
    *element = (struct model_element){0};
    add(&element->key, key);
    buf_add_span(&element->text, text);
}

static void make_model(uint64_t *random, struct model_item *item)
{
    bool is_list = below(random, 8) != 0;
    size_t count = is_list ? below(random, 4) : 1;
    if (is_list) add(&item->data, "[");
    for (size_t i = 0; i < count; i++) {
        struct buf text = {0}, key = {0}, id = {0};
        if (i) add(&item->data, ",");
        if (is_list) add_space(random, &item->data);
        if (below(random, 10) == 0) { /* no object, or none with ids */
            add(&text, below(random, 2) ? "7" : "{ \"id\":[] }");
            add(&key, "/");
        } else {
            add(&text, "{");
            add_id(random, "id", true, &text, "/", &id);
            add_id(random, "providerID", true, &text, "", &key);
            buf_add_span(&key, buf_span(&id));
            add_member(random, &text, "n", scalars[below(random, COUNT(scalars))], false);
            add(&text, "}");
        }
        buf_add(&key, "", 1);
        add_element(item, key.ptr, buf_span(&text));
        buf_add_span(&item->data, buf_span(&text));
        if (is_list) add_space(random, &item->data);
        buf_fini(&text);
        buf_fini(&key);
        buf_fini(&id);
    }
    if (is_list) add(&item->data, "]");
}

static void make_diff(uint64_t *random, struct model_item *item)
{
    bool is_list = below(random, 8) != 0;
    size_t count = !is_list ? 1 : below(random, 2) ? 0 : 1 + below(random, 3);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        if (i) {
            add_space(random, &item->diffs);
            add(&item->diffs, ",");
            add_space(random, &item->diffs);
        }
        snprintf(text, sizeof(text), "{\"file\":\"f%d\"}", (int)below(random, 1000));
        add(&item->diffs, below(random, 5) ? text : scalars[below(random, COUNT(scalars))]);
    }
    if (!is_list) { /* what is no list is one entry */
        buf_clear(&item->diffs);
        add(&item->diffs, "{\"x\":[1,2]}");
    }
    if (is_list) add(&item->data, "[");
    if (is_list) add_space(random, &item->data);
    buf_add_span(&item->data, buf_span(&item->diffs));
    if (is_list) add_space(random, &item->data);
    if (is_list) add(&item->data, "]");
    item->diffs_count = count;
}

/* `{"type":…,"data":…}`, its members in either order, sometimes with others. */
static void add_item(
    uint64_t *random, const struct model_item *item, const char *type, struct buf *json)
{
    bool data_first = below(random, 3) == 0;
    add_space(random, json);
    add(json, "{");
    if (below(random, 10) == 0) add(json, "\"type\":\"never\",\"data\":{\"id\":\"never\"},");
    for (int i = 0; i < 2; i++) {
        if (i) add(json, ",");
        if (data_first == (i == 0)) {
            add(json, "\"data\":");
            add_space(random, json);
            buf_add_span(json, buf_span(&item->data));
        } else {
            add(json, "\"type\":\"");
            add(json, type);
            add(json, "\"");
        }
        add_space(random, json);
    }
    if (below(random, 10) == 0) add(json, ",\"more\":[{\"data\":1}]");
    add(json, "}");
}

void model_make_batch(uint64_t *random, bool large, struct model_event *event, struct buf *json)
{
    event->count = below(random, 10) ? 1 + below(random, 6) : below(random, 40);
    event->items = calloc(event->count + 1, sizeof(*event->items));
    if (!event->items) abort();
    add(json, "[");
    for (size_t i = 0; i < event->count; i++) {
        struct model_item *item = &event->items[i];
        size_t type = below(random, COUNT(types));
        item->kind = types[type].kind;
        item->type = types[type].shown;
        add(&item->key, types[type].key);
        if (item->kind == MODEL_MODEL)
            make_model(random, item);
        else if (item->kind == MODEL_DIFF)
            make_diff(random, item);
        else if ((item->kind == MODEL_OTHER || item->kind == MODEL_SESSION) &&
                 below(random, 4) == 0)
            add(&item->data, scalars[below(random, COUNT(scalars))]);
        else
            make_object(random, large, item);
        if (i) add(json, ",");
        add_item(random, item, types[type].json, json);
        if (item->data.failed || item->key.failed) abort();
    }
    add(json, "]");
    if (json->failed) abort();
}
