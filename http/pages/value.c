/* Looking into an item's JSON. Nothing fails: what isn't there, or isn't of the kind asked for, is
   an empty span, false or 0. */

#include "http/pages/value.h"

#include "core/base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE ((struct sl_span){NULL, 0})

bool value_is_kind(struct sl_span value, enum json_kind kind)
{
    return value.len && json_kind_of(value) == kind;
}

bool value_is_string(struct sl_span value)
{
    return value_is_kind(value, JSON_STRING);
}

bool value_is_text(struct sl_span value)
{
    return value.len > 2 && value_is_string(value);
}

bool value_is_true(struct sl_span value)
{
    return value_is_kind(value, JSON_TRUE);
}

bool value_is_some(struct sl_span value)
{
    struct sl_span rest = value, name, inner;
    if (!value.len) return false;
    switch (json_kind_of(value)) {
    case JSON_NULL: return false;
    case JSON_STRING: return value.len > 2;
    case JSON_ARRAY: return json_next(&rest, &inner);
    case JSON_OBJECT: return json_next_member(&rest, &name, &inner);
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER: break;
    }
    return true;
}

bool value_is(struct sl_span value, const char *text)
{
    struct sl_span raw;
    return value.len && json_string_raw(value, &raw) && json_raw_eq(raw, text);
}

static struct sl_span element(struct sl_span array, const char *index)
{
    struct sl_span rest = array, value;
    uint64_t left;
    if (!sl_decimal(sl_span_of(index), UINT64_MAX, &left)) return NONE;
    while (json_next(&rest, &value))
        if (left-- == 0) return value;
    return NONE;
}

struct sl_span value_at(struct sl_span value, const char *path)
{
    char name[128];
    while (value.len) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof(name)) return NONE;
        memcpy(name, path, len);
        name[len] = 0;
        if (json_kind_of(value) == JSON_ARRAY)
            value = element(value, name);
        else if (json_kind_of(value) != JSON_OBJECT || !json_get(value, name, &value))
            value = NONE;
        if (!path[len]) break;
        path += len + 1;
    }
    return value;
}

void value_pick(
    struct sl_span object, size_t count, const char *const names[], struct sl_span values[])
{
    struct sl_span rest = object, name, value;
    for (size_t i = 0; i < count; i++)
        values[i] = NONE;
    if (!value_is_kind(object, JSON_OBJECT)) return;
    while (json_next_member(&rest, &name, &value))
        for (size_t i = 0; i < count; i++)
            if (json_raw_eq(name, names[i])) values[i] = value;
}

bool value_number(struct sl_span value, double *number)
{
    char text[64];
    if (!value_is_kind(value, JSON_NUMBER) || value.len >= sizeof(text)) return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = 0;
    *number = strtod(text, NULL);
    return isfinite(*number);
}

uint64_t value_u64(struct sl_span value)
{
    double number;
    uint64_t whole;
    if (value_is_kind(value, JSON_NUMBER) && json_u64(value, &whole)) return whole;
    if (!value_number(value, &number) || number < 0) return 0;
    return number < 9e18 ? (uint64_t)number : (uint64_t)9e18;
}

size_t value_count(struct sl_span array)
{
    struct sl_span inner;
    size_t count = 0;
    if (!value_is_kind(array, JSON_ARRAY)) return 0;
    while (json_next(&array, &inner))
        count++;
    return count;
}

struct sl_span value_first(const struct sl_span values[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (value_is_some(values[i])) return values[i];
    return NONE;
}
