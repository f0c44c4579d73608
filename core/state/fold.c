/* A fold is a list of entries in order of first sight, and a hash table of indexes into it. */

#include "core/state/fold.h"

#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/batch.h"
#include "core/event/item.h"

#include <assert.h>

#define ARENA_BYTES ((size_t)64 * 1024)

void fold_init(struct fold *fold)
{
    *fold = (struct fold){0};
    /* Keys come from the network: a multiplier of the fold's own keeps anyone from aiming at one
       slot. */
    crypto_random(&fold->seed, sizeof(fold->seed));
    fold->seed |= 1;
}

void fold_fini(struct fold *fold)
{
    free(fold->entries);
    free(fold->slots);
    for (size_t i = 0; i < fold->arenas_count; i++)
        buf_fini(&fold->arenas[i]);
    free(fold->arenas);
    *fold = (struct fold){0};
}

/* ---- the fold's own copies of keys and types ---- */

static struct sl_span keep(struct fold *fold, struct sl_span text)
{
    struct buf *arena = fold->arenas_count ? &fold->arenas[fold->arenas_count - 1] : NULL;
    if (!arena || arena->cap - arena->len < text.len) {
        struct buf *arenas = realloc(fold->arenas, (fold->arenas_count + 1) * sizeof(*arenas));
        if (!arenas) {
            fold->failed = true;
            return (struct sl_span){0};
        }
        fold->arenas = arenas;
        arena = &arenas[fold->arenas_count++];
        *arena = (struct buf){0};
        if (!buf_reserve(arena, text.len > ARENA_BYTES ? text.len : ARENA_BYTES))
            fold->failed = true;
    }
    if (fold->failed) return (struct sl_span){0};
    char *at = arena->ptr + arena->len;
    if (text.len) memcpy(at, text.ptr, text.len);
    arena->len += text.len;
    assert(arena->len <= arena->cap); /* else what was kept before would have moved */
    return (struct sl_span){at, text.len};
}

static struct sl_span keep_type(struct fold *fold, struct sl_span type)
{
    size_t limit = sizeof(fold->types) / sizeof(fold->types[0]);
    for (size_t i = 0; i < fold->types_count; i++) {
        if (sl_span_eq(fold->types[i], type)) return fold->types[i];
    }
    struct sl_span kept = keep(fold, type);
    if (fold->types_count < limit && !fold->failed) fold->types[fold->types_count++] = kept;
    return kept;
}

/* ---- the table ---- */

static uint64_t hash_of(uint64_t seed, enum fold_class class, struct sl_span key)
{
    uint64_t hash = seed ^ (uint64_t) class << 56 ^ key.len;
    size_t i = 0;
    for (; i + 8 <= key.len; i += 8) {
        uint64_t word;
        memcpy(&word, key.ptr + i, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29 ^ seed;
    }
    uint64_t word = 0;
    if (key.len > i) memcpy(&word, key.ptr + i, key.len - i);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 32) * seed;
    return hash ^ hash >> 29;
}

static uint32_t *slot_of(const struct fold *fold, enum fold_class class, struct sl_span key)
{
    size_t mask = fold->slots_count - 1;
    assert(fold->count < fold->slots_count); /* so that the search ends */
    assert((fold->slots_count & mask) == 0); /* a power of two */
    for (size_t at = hash_of(fold->seed, class, key) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &fold->slots[at];
        if (!*slot) return slot;
        const struct fold_entry *entry = &fold->entries[*slot - 1];
        if (entry->class == class && sl_span_eq(entry->key, key)) return slot;
    }
}

static bool make_room(struct fold *fold, size_t wanted)
{
    if (wanted >= UINT32_MAX)
        return false; /* an index has 32 bits; and doubling must come to an end */
    if (wanted > fold->cap) {
        size_t cap = fold->cap ? fold->cap + fold->cap / 2 : 64;
        if (cap < wanted) cap = wanted;
        struct fold_entry *entries = realloc(fold->entries, cap * sizeof(*entries));
        if (!entries) return false;
        fold->entries = entries;
        fold->cap = cap;
    }
    assert(wanted <= fold->cap);
    if (wanted * 2 > fold->slots_count) {
        size_t slots_count = fold->slots_count ? fold->slots_count : 128;
        while (slots_count < wanted * 2)
            slots_count *= 2;
        uint32_t *slots = calloc(slots_count, sizeof(*slots));
        if (!slots) return false;
        free(fold->slots);
        fold->slots = slots;
        fold->slots_count = slots_count;
        for (size_t i = 0; i < fold->count; i++)
            *slot_of(fold, fold->entries[i].class, fold->entries[i].key) = (uint32_t)i + 1;
    }
    return true;
}

static bool grow(struct fold *fold)
{
    return make_room(fold, fold->count + 1);
}

void fold_reserve(struct fold *fold, size_t entries)
{
    if (!make_room(fold, entries)) fold->failed = true;
}

const struct fold_entry *fold_find(
    const struct fold *fold, enum fold_class class, struct sl_span key)
{
    if (!fold->slots_count) return NULL;
    uint32_t slot = *slot_of(fold, class, key);
    return slot ? &fold->entries[slot - 1] : NULL;
}

static void count(struct fold *fold, const struct fold_entry *entry)
{
    if (entry->class == FOLD_MODEL)
        fold->models++;
    else if (entry->class == FOLD_DIFF)
        fold->diffs += entry->count;
    else if (sl_span_eq(entry->type, SL_SPAN("message")))
        fold->messages++;
    else if (sl_span_eq(entry->type, SL_SPAN("part")))
        fold->parts++;
}

static void insert(struct fold *fold, uint32_t *slot, const struct fold_entry *entry)
{
    assert(!*slot && fold->count < fold->cap);
    fold->entries[fold->count] = *entry;
    fold->entries[fold->count].key = keep(fold, entry->key);
    fold->entries[fold->count].type = keep_type(fold, entry->type);
    *slot = (uint32_t)++fold->count;
    if (!fold->failed) count(fold, &fold->entries[fold->count - 1]);
}

/* ---- applying ---- */

static bool comes_before(
    uint64_t arrived_a, uint64_t sequence_a, uint64_t arrived_b, uint64_t sequence_b)
{
    return arrived_a != arrived_b ? arrived_a < arrived_b : sequence_a < sequence_b;
}

bool fold_wins(const struct fold_entry *version, const struct fold_entry *other)
{
    return !comes_before(
        version->arrived_us, version->sequence, other->arrived_us, other->sequence);
}

static void merge(struct fold *fold, const struct fold_entry *version, struct sl_span bytes)
{
    if (fold->failed || !grow(fold)) {
        fold->failed = true;
        return;
    }
    uint32_t *slot = slot_of(fold, version->class, version->key);
    if (!*slot) {
        insert(fold, slot, version);
        if (fold->placed) fold->placed(fold->placed_ctx, fold->count - 1, bytes);
        return;
    }
    struct fold_entry *entry = &fold->entries[*slot - 1];
    if (comes_before(version->first_arrived_us, version->first_sequence, entry->first_arrived_us,
            entry->first_sequence)) {
        entry->first_arrived_us = version->first_arrived_us;
        entry->first_sequence = version->first_sequence;
        entry->first_index = version->first_index;
    }
    assert(entry->class == version->class);
    if (fold_wins(version, entry)) {
        entry->place = version->place;
        entry->arrived_us = version->arrived_us;
        entry->sequence = version->sequence;
        if (fold->placed) fold->placed(fold->placed_ctx, *slot - 1, bytes);
    }
}

void fold_restore(struct fold *fold, const struct fold_entry *entry)
{
    merge(fold, entry, (struct sl_span){0});
}

static struct fold_entry version_of(
    const struct fold_item *item, enum fold_class class, struct sl_span key)
{
    return (struct fold_entry){
        .class = class,
        .key = key,
        .type = item->type,
        .place = {item->sequence, item->offset, item->length},
        .arrived_us = item->arrived_us,
        .sequence = item->sequence,
        .first_arrived_us = item->arrived_us,
        .first_sequence = item->sequence,
        .first_index = (uint64_t)item->index << 32,
    };
}

static void add_component(struct buf *key, struct sl_span element, const char *name)
{
    struct sl_span member, raw;
    if (!json_get(element, name, &member) || !json_string_raw(member, &raw)) return;
    struct buf text = {0};
    if (buf_reserve(&text, raw.len + 1)) {
        text.len = json_decode(raw, text.ptr);
        item_key_add(key, buf_span(&text));
    } else {
        key->failed = true;
    }
    buf_fini(&text);
}

/* An element's ids have no limit but the body's, and a snapshot's rows do: beyond an item key's
   length they go by their hash, which no key that has a `/` can be. */
static void bound_key(struct buf *key)
{
    uint8_t hash[32];
    char hex[65];
    if (key->failed || key->len <= SL_ITEM_KEY_BYTES) return;
    crypto_sha256(key->ptr, key->len, hash);
    crypto_hex(hash, sizeof(hash), hex);
    buf_clear(key);
    buf_add(key, hex, 64);
}

/* A live batch lists only the newest model, so elements are merged one by one. A value that is no
   list counts as one element; an element without ids has the key `/`. */
static void apply_models(struct fold *fold, const struct fold_item *item, struct sl_span data)
{
    bool is_list = json_kind_of(data) == JSON_ARRAY;
    struct sl_span rest = data, element = data;
    struct buf key = {0};
    uint64_t nth = 0;
    for (bool more = is_list ? json_next(&rest, &element) : true; more;
         more = is_list && json_next(&rest, &element)) {
        buf_clear(&key);
        add_component(&key, element, "providerID");
        buf_add(&key, "/", 1);
        add_component(&key, element, "id");
        bound_key(&key);
        struct fold_entry version = version_of(item, FOLD_MODEL, buf_span(&key));
        version.place.offset = item->offset + (uint64_t)(element.ptr - data.ptr);
        version.place.length = element.len;
        version.first_index += nth++;
        merge(fold, &version, element);
        if (key.failed) fold->failed = true;
    }
    buf_fini(&key);
}

/* One batch's entries lie behind each other, commas and all: one entry holds them. Each batch has a
   key of its own. */
static void apply_diffs(struct fold *fold, const struct fold_item *item, struct sl_span data)
{
    struct sl_span all = data;
    uint32_t entries = 1;
    if (json_kind_of(data) == JSON_ARRAY) {
        struct sl_span rest = data, element = data;
        entries = 0;
        while (json_next(&rest, &element)) {
            if (entries++ == 0) all.ptr = element.ptr;
            all.len = (size_t)(element.ptr + element.len - all.ptr);
        }
    }
    if (entries == 0) return;
    char key[12];
    be_put(key, item->sequence, 8);
    be_put(key + 8, item->index, 4);
    struct fold_entry version = version_of(item, FOLD_DIFF, (struct sl_span){key, sizeof(key)});
    version.place.offset = item->offset + (uint64_t)(all.ptr - data.ptr);
    version.place.length = all.len;
    version.count = entries;
    merge(fold, &version, all);
}

static bool is_model(struct sl_span type)
{
    return sl_span_eq(type, SL_SPAN("model"));
}

static bool is_session_diff(struct sl_span type)
{
    return sl_span_eq(type, SL_SPAN("session_diff"));
}

bool fold_looks_into(struct sl_span type)
{
    return is_model(type) || is_session_diff(type);
}

void fold_apply(struct fold *fold, const struct fold_item *item, struct sl_span data)
{
    struct fold_entry version = version_of(item, FOLD_ITEM, item->key);
    merge(fold, &version, (struct sl_span){0});
    if (is_model(item->type)) apply_models(fold, item, data);
    if (is_session_diff(item->type)) apply_diffs(fold, item, data);
}
