/* A hash table whose keys and data are copies: what was read is gone before the next event
   comes. */

#include "tools/show/seen.h"

#include "tools/shared/buffer.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    uint64_t hash;
    struct buffer name; /* type, a NUL, key; empty: no entry */
    struct buffer data;
};

struct seen {
    struct entry *entries; /* open addressing; a power of two, at most half full */
    size_t cap, count;
    struct buffer replaced;
};

static uint64_t hash_of(struct sl_span type, struct sl_span key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < type.len; i++)
        hash = (hash ^ (unsigned char)type.ptr[i]) * 1099511628211u;
    hash *= 1099511628211u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 1099511628211u;
    return hash;
}

static bool is_named(const struct entry *entry, struct sl_span type, struct sl_span key)
{
    return entry->name.len == type.len + 1 + key.len &&
           memcmp(entry->name.ptr, type.ptr, type.len) == 0 && entry->name.ptr[type.len] == 0 &&
           memcmp(entry->name.ptr + type.len + 1, key.ptr, key.len) == 0;
}

/* The entry of that name, or the free one where it belongs. */
static struct entry *find(const struct seen *seen, struct sl_span type, struct sl_span key)
{
    uint64_t hash = hash_of(type, key);
    for (size_t i = hash & (seen->cap - 1);; i = (i + 1) & (seen->cap - 1)) {
        struct entry *entry = &seen->entries[i];
        if (!entry->name.len || (entry->hash == hash && is_named(entry, type, key))) return entry;
    }
}

struct seen *seen_create(void)
{
    struct seen *seen = need(sizeof(*seen));
    seen->cap = 256;
    seen->entries = need(seen->cap * sizeof(*seen->entries));
    return seen;
}

void seen_destroy(struct seen *seen)
{
    if (!seen) return;
    for (size_t i = 0; i < seen->cap; i++) {
        buffer_free(&seen->entries[i].name);
        buffer_free(&seen->entries[i].data);
    }
    free(seen->entries);
    buffer_free(&seen->replaced);
    free(seen);
}

static void grow(struct seen *seen)
{
    struct entry *old = seen->entries;
    size_t cap = seen->cap;
    seen->cap *= 2;
    seen->entries = need(seen->cap * sizeof(*seen->entries));
    for (size_t i = 0; i < cap; i++) {
        if (!old[i].name.len) continue;
        size_t at = old[i].hash & (seen->cap - 1);
        while (seen->entries[at].name.len)
            at = (at + 1) & (seen->cap - 1);
        seen->entries[at] = old[i];
    }
    free(old);
}

struct sl_span seen_get(const struct seen *seen, struct sl_span type, struct sl_span key)
{
    return buffer_span(&find(seen, type, key)->data);
}

struct sl_span seen_swap(
    struct seen *seen, struct sl_span type, struct sl_span key, struct sl_span data)
{
    if (2 * (seen->count + 1) > seen->cap) grow(seen);
    struct entry *entry = find(seen, type, key);
    assert(seen->count * 2 < seen->cap);
    if (!entry->name.len) {
        entry->hash = hash_of(type, key);
        buffer_add(&entry->name, type.ptr, type.len);
        buffer_add(&entry->name, "", 1);
        buffer_add(&entry->name, key.ptr, key.len);
        seen->count++;
    }
    buffer_free(&seen->replaced);
    seen->replaced = entry->data;
    entry->data = (struct buffer){0};
    buffer_add(&entry->data, data.ptr, data.len);
    return buffer_span(&seen->replaced);
}
