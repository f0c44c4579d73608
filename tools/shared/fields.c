/* Fields are looked up by walking the object each time: answers are small, and read once. */

#include "tools/shared/fields.h"

static bool is_kind(struct sl_span value, enum json_kind kind)
{
    return value.len && json_kind_of(value) == kind;
}

struct sl_span field(struct sl_span object, const char *path)
{
    char name[64];
    while (is_kind(object, JSON_OBJECT)) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof(name)) break;
        memcpy(name, path, len);
        name[len] = 0;
        struct sl_span member;
        if (!json_get(object, name, &member)) break;
        if (!path[len]) return member;
        object = member;
        path += len + 1;
    }
    return (struct sl_span){0};
}

bool value_text(struct sl_span value, struct buffer *out)
{
    struct sl_span raw;
    if (!value.len || !json_string_raw(value, &raw)) return false;
    size_t before = out->len;
    buffer_add(out, raw.ptr, raw.len); /* decoding never grows, so this is room enough */
    out->len = before + json_decode(raw, out->ptr + before);
    return true;
}

bool field_text(struct sl_span object, const char *path, struct buffer *out)
{
    out->len = 0;
    return value_text(field(object, path), out);
}

bool field_short(struct sl_span object, const char *path, char *out, size_t cap)
{
    struct buffer text = {0};
    bool found = field_text(object, path, &text);
    size_t len = text.len < cap ? text.len : cap - 1;
    memcpy(out, buffer_span(&text).ptr, len);
    out[len] = 0;
    buffer_free(&text);
    return found;
}

uint64_t field_u64(struct sl_span object, const char *path)
{
    uint64_t number = 0;
    struct sl_span value = field(object, path);
    if (!is_kind(value, JSON_NUMBER)) return 0;
    return json_u64(value, &number) ? number : 0;
}

bool field_is(struct sl_span object, const char *path, const char *text)
{
    struct sl_span value = field(object, path), raw;
    return value.len && json_string_raw(value, &raw) && json_raw_eq(raw, text);
}

bool field_true(struct sl_span object, const char *path)
{
    return is_kind(field(object, path), JSON_TRUE);
}

struct sl_span field_array(struct sl_span object, const char *path)
{
    struct sl_span value = path ? field(object, path) : object;
    return is_kind(value, JSON_ARRAY) ? value : SL_SPAN("[]");
}

size_t field_count(struct sl_span object, const char *path)
{
    struct sl_span rest = field_array(object, path), element;
    size_t count = 0;
    while (json_next(&rest, &element))
        count++;
    return count;
}
