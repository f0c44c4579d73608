#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "tests/support/core_store.h"

#include <stdio.h>

char vec_name[200];

/* What a vector's strings were decoded to. */
static struct buf rooms[4096];
static size_t rooms_count;

struct buf *vec_room(size_t bytes)
{
    assert_true(rooms_count < sizeof(rooms) / sizeof(rooms[0]));
    struct buf *room = &rooms[rooms_count++];
    assert_true(buf_reserve(room, bytes + 4));
    return room;
}

static void drop_rooms(void)
{
    while (rooms_count)
        buf_fini(&rooms[--rooms_count]);
}

/* ---- values ---- */

bool vec_has(struct sl_span object, const char *name)
{
    struct sl_span value;
    return json_get(object, name, &value);
}

struct sl_span vec_member(struct sl_span object, const char *name)
{
    struct sl_span value = {0};
    if (!json_get(object, name, &value)) fail_msg("%s: has no %s", vec_name, name);
    return value;
}

size_t vec_count(struct sl_span list)
{
    size_t count = 0;
    for (struct sl_span element; json_next(&list, &element);)
        count++;
    return count;
}

struct sl_span vec_string(struct sl_span value)
{
    struct sl_span raw = {0};
    if (!json_string_raw(value, &raw))
        fail_msg("%s: %.*s is no string", vec_name, (int)value.len, value.ptr);
    struct buf *room = vec_room(raw.len);
    room->len = json_decode(raw, room->ptr);
    return buf_span(room);
}

struct sl_span vec_hex(struct sl_span value)
{
    struct sl_span digits = vec_string(value);
    struct buf *room = vec_room(digits.len / 2);
    for (size_t i = 0; i + 1 < digits.len; i += 2) {
        char pair[3] = {digits.ptr[i], digits.ptr[i + 1], 0};
        unsigned byte = 0;
        assert_int_equal(sscanf(pair, "%2x", &byte), 1);
        buf_add(room, (char[]){(char)byte}, 1);
    }
    assert_int_equal(room->len * 2, digits.len);
    return buf_span(room);
}

struct sl_span vec_text(struct sl_span object, const char *name)
{
    return vec_string(vec_member(object, name));
}

struct sl_span vec_bytes(struct sl_span object, const char *name)
{
    return vec_hex(vec_member(object, name));
}

const uint8_t *vec_fixed(struct sl_span object, const char *name, size_t len)
{
    struct sl_span bytes = vec_bytes(object, name);
    assert_int_equal(bytes.len, len);
    return (const uint8_t *)bytes.ptr;
}

struct sl_span vec_base64(struct sl_span object, const char *name)
{
    struct sl_span digits = vec_text(object, name);
    struct buf *room = vec_room(digits.len);
    assert_true(crypto_base64_parse(digits, (uint8_t *)room->ptr, room->cap, &room->len));
    return buf_span(room);
}

uint64_t vec_number(struct sl_span object, const char *name)
{
    uint64_t value = 0;
    if (!json_u64(vec_text(object, name), &value)) fail_msg("%s: %s is no number", vec_name, name);
    return value;
}

bool vec_flag(struct sl_span object, const char *name)
{
    enum json_kind kind = json_kind_of(vec_member(object, name));
    assert_true(kind == JSON_TRUE || kind == JSON_FALSE);
    return kind == JSON_TRUE;
}

/* ---- files ---- */

void vec_each_of(const char *file, const char *list, vec_check *check)
{
    char path[100];
    struct buf bytes = {0};
    struct sl_err err = {0};
    struct sl_span vector;
    size_t count = 0;
    snprintf(path, sizeof(path), "tests/vectors/%s", file);
    if (!core_read_file(path, &bytes)) fail_msg("%s: missing; tests run in the top folder", path);
    struct sl_span all = buf_span(&bytes);
    core_expect(json_check(all, JSON_DEPTH_CEILING, &err), SL_OK, &err);
    snprintf(vec_name, sizeof(vec_name), "%s", file);
    struct sl_span rest = vec_member(all, list);
    for (; json_next(&rest, &vector); count++) {
        struct sl_span name = vec_text(vector, "name");
        snprintf(vec_name, sizeof(vec_name), "%s: %.*s", file, (int)name.len, name.ptr);
        check(all, vector);
        drop_rooms();
    }
    print_message("%s: %zu %s\n", file, count, list);
    assert_true(count > 0);
    buf_fini(&bytes);
}

void vec_each(const char *file, vec_check *check)
{
    vec_each_of(file, "vectors", check);
}

/* ---- comparing ---- */

void vec_same(struct sl_span got, struct sl_span expected, const char *what)
{
    char where[300];
    snprintf(where, sizeof(where), "%s: %s", vec_name, what);
    core_assert_same(got, expected, where);
}

void vec_same_number(uint64_t got, struct sl_span vector, const char *name)
{
    uint64_t expected = vec_number(vector, name);
    if (got != expected)
        fail_msg("%s: %s is %llu, not %llu", vec_name, name, (unsigned long long)got,
            (unsigned long long)expected);
}
