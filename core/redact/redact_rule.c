/* Rules: texts, keys and data known by keyed hashes.

   A text is looked for by a polynomial over the field of 2^61 - 1 whose base comes from the key:
   for who doesn't know the base, two texts of n bytes have the same hash with a chance of n in
   2^60, whatever texts they are. (Modulo 2^64 some collide under every base.) The hash alone would
   give short texts away to who holds some rules and the text of one, so a rule has it under a mask
   that takes the key to make. */

#include "core/redact/redact_text.h"

#include "core/base/crypto.h"
#include "core/redact/redact_strings.h"

#include <assert.h>

static const uint64_t prime = (UINT64_C(1) << 61) - 1;

enum {
    FILTER_MIN_BYTES = 512,
    REFUTED_MAX = 64, /* a rule whose HMAC denied so many is broken, not unlucky */
};

/* ---- keyed functions ---- */

static void mac_of(const uint8_t key[32], const char *use, struct sl_span subject, uint8_t mac[32])
{
    uint8_t own[32]; /* a key for each use, so that no two uses can be taken for each other */
    crypto_hmac((struct sl_span){(const char *)key, 32}, sl_span_of(use), own);
    crypto_hmac((struct sl_span){(const char *)own, 32}, subject, mac);
}

static const char *const uses[] = {"redact text", "redact key", "redact data"};

struct secrets {
    uint64_t base;
    uint64_t mask[2];
};

static struct secrets secrets_of(const uint8_t key[32])
{
    const uint64_t low = UINT64_C(1) << 32, high = UINT64_C(1) << 60; /* see `step` */
    uint8_t bytes[32];
    crypto_hmac((struct sl_span){(const char *)key, 32}, SL_SPAN("redact rolling"), bytes);
    return (struct secrets){
        low + be_get(bytes, 8) % (high - low), {be_get(bytes + 8, 8), be_get(bytes + 16, 8)}};
}

static uint64_t turn(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1], v[1] = turn(v[1], 13) ^ v[0], v[0] = turn(v[0], 32);
        v[2] += v[3], v[3] = turn(v[3], 16) ^ v[2];
        v[0] += v[3], v[3] = turn(v[3], 21) ^ v[0];
        v[2] += v[1], v[1] = turn(v[1], 17) ^ v[2], v[2] = turn(v[2], 32);
    }
}

/* SipHash-2-4 of a rule's MAC: an HMAC would do too, but there is one for each rule and item. */
static uint64_t mask_of(const struct secrets *secrets, const uint8_t mac[32])
{
    const uint64_t *key = secrets->mask;
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
        key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    for (int i = 0; i < 5; i++) {
        uint64_t word = i < 4 ? be_get(mac + 8 * i, 8) : UINT64_C(32) << 56;
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- the rolling hash ---- */

__extension__ typedef unsigned __int128 wide;

/* hash * base + more. With hash < 2^62 + 2^10, base < 2^60 and more < 2^62 the result is below
   2^62 + 2^10 again: what is equal modulo the prime may differ by it, once or twice, until
   `settled`. */
static inline uint64_t step(uint64_t hash, uint64_t base, uint64_t more)
{
    wide sum = (wide)hash * base + more;
    return ((uint64_t)sum & prime) + (uint64_t)(sum >> 61);
}

static inline uint64_t settled(uint64_t hash)
{
    hash = (hash & prime) + (hash >> 61);
    return hash >= prime ? hash - prime : hash;
}

static uint64_t hash_of(const char *text, size_t len, uint64_t base)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < len; i++)
        hash = step(hash, base, (uint8_t)text[i]);
    return hash;
}

void redact_rule_make(struct redact_rule *rule, enum redact_rule_kind kind, struct sl_span subject,
    const uint8_t key[32])
{
    *rule = (struct redact_rule){.kind = kind};
    mac_of(key, uses[kind], subject, rule->mac);
    if (kind != REDACT_RULE_KEY) rule->length = subject.len;
    if (kind != REDACT_RULE_TEXT) return;
    assert(subject.len >= SL_REDACT_TEXT_MIN_BYTES && subject.len <= SL_REDACT_TEXT_BYTES);
    struct secrets secrets = secrets_of(key);
    rule->rolling =
        settled(hash_of(subject.ptr, subject.len, secrets.base)) ^ mask_of(&secrets, rule->mac);
}

/* ---- rules made ready ---- */

struct entry {
    const struct redact_rule *rule;
    uint64_t length, hash;
    unsigned refuted;
    bool confirmed; /* once: the same hash again is the same text */
};

/* The entries of one length. Most places of a text end at the filter, whose bytes are set where a
   hash's lowest bits, unsettled as it may be, are those of an entry. */
struct group {
    size_t length, from, to;
    size_t filter_mask;
    uint8_t *filter;
    uint64_t gone[256]; /* minus byte * base^length: takes the byte that leaves out */
};

struct redact_rules {
    const struct redact_rule *rules;
    size_t count;
    uint8_t key[32];
    uint64_t base;
    struct entry *entries; /* by length, then hash */
    struct group *groups;
    size_t entry_count, group_count;
};

static size_t filter_bytes(size_t entries)
{
    size_t bytes = FILTER_MIN_BYTES;
    while (bytes < 128 * entries)
        bytes *= 2;
    return bytes;
}

static int by_length_and_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void entries_init(struct redact_rules *rules)
{
    struct secrets secrets = secrets_of(rules->key);
    rules->base = secrets.base;
    for (size_t i = 0; i < rules->count; i++) {
        const struct redact_rule *rule = &rules->rules[i];
        if (rule->kind != REDACT_RULE_TEXT || rule->length < SL_REDACT_TEXT_MIN_BYTES ||
            rule->length > SL_REDACT_TEXT_BYTES)
            continue;
        uint64_t hash = rule->rolling ^ mask_of(&secrets, rule->mac);
        if (hash >= prime) continue; /* not made with this key */
        rules->entries[rules->entry_count++] = (struct entry){rule, rule->length, hash, 0, false};
    }
    if (rules->entry_count > 1)
        qsort(rules->entries, rules->entry_count, sizeof(*rules->entries), by_length_and_hash);
}

static bool group_init(struct group *group, const struct redact_rules *rules, size_t from)
{
    const struct entry *entries = rules->entries;
    size_t to = from + 1;
    uint64_t power = 1;
    while (to < rules->entry_count && entries[to].length == entries[from].length)
        to++;
    size_t bytes = filter_bytes(to - from);
    group->length = entries[from].length;
    group->from = from;
    group->to = to;
    group->filter_mask = bytes - 1;
    group->filter = calloc(bytes, 1);
    if (!group->filter) return false;
    for (size_t i = from; i < to; i++)
        for (uint64_t times = 0; times < 3; times++)
            group->filter[(entries[i].hash + times * prime) & group->filter_mask] = 1;
    for (size_t i = 0; i < group->length; i++)
        power = step(power, rules->base, 0);
    uint64_t minus = (prime - settled(power)) % prime;
    for (size_t i = 0; i < 256; i++)
        group->gone[i] = i ? settled(group->gone[i - 1] + minus) : 0;
    return true;
}

static bool groups_init(struct redact_rules *rules)
{
    size_t count = 0;
    for (size_t i = 0; i < rules->entry_count; i++)
        count += i == 0 || rules->entries[i].length != rules->entries[i - 1].length;
    rules->groups = calloc(count ? count : 1, sizeof(*rules->groups));
    if (!rules->groups) return false;
    for (size_t from = 0; from < rules->entry_count;) {
        struct group *group = &rules->groups[rules->group_count++];
        if (!group_init(group, rules, from)) return false;
        from = group->to;
    }
    assert(rules->group_count == count);
    return true;
}

struct redact_rules *redact_rules_create(
    const struct redact_rule *from, size_t count, const uint8_t key[32])
{
    struct redact_rules *rules = calloc(1, sizeof(*rules));
    if (!rules) return NULL;
    rules->rules = from;
    rules->count = count;
    memcpy(rules->key, key, 32);
    rules->entries = calloc(count ? count : 1, sizeof(*rules->entries));
    if (rules->entries) {
        entries_init(rules);
        if (groups_init(rules)) return rules;
    }
    redact_rules_destroy(rules);
    return NULL;
}

void redact_rules_destroy(struct redact_rules *rules)
{
    if (!rules) return;
    for (size_t i = 0; i < rules->group_count; i++)
        free(rules->groups[i].filter);
    free(rules->groups);
    free(rules->entries);
    free(rules);
}

/* ---- looking for them ---- */

static bool confirm(struct redact_rules *rules, struct entry *entry, struct sl_span text)
{
    uint8_t mac[32];
    if (entry->confirmed) return true;
    if (entry->refuted >= REFUTED_MAX) return false;
    mac_of(rules->key, uses[REDACT_RULE_TEXT], text, mac);
    entry->confirmed = memcmp(mac, entry->rule->mac, 32) == 0;
    entry->refuted += !entry->confirmed;
    return entry->confirmed;
}

/* The filter let a hash pass: is it that of a rule, and the rule's text? */
static bool candidate(
    struct redact_rules *rules, const struct group *group, uint64_t hash, const char *text)
{
    size_t from = group->from, to = group->to;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (rules->entries[middle].hash < hash)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < group->to && rules->entries[from].hash == hash; from++)
        if (confirm(rules, &rules->entries[from], (struct sl_span){text, group->length}))
            return true;
    return false;
}

/* A window of the group's length over a text. */
struct window {
    const char *at;
    uint64_t hash;
};

static inline bool window_hits(
    struct redact_rules *rules, const struct group *group, const struct window *window)
{
    return group->filter[window->hash & group->filter_mask] &&
           candidate(rules, group, settled(window->hash), window->at);
}

static inline void window_move(struct window *window, const struct group *group, uint64_t base)
{
    uint8_t out = (uint8_t)window->at[0], in = (uint8_t)window->at[group->length];
    window->hash = step(window->hash, base, group->gone[out] + in);
    window->at++;
}

static bool group_hits(struct redact_rules *rules, const struct group *group, struct sl_span text)
{
    if (text.len < group->length) return false;
    const char *last = text.ptr + (text.len - group->length);
    struct window window = {text.ptr, hash_of(text.ptr, group->length, rules->base)};
    while (!window_hits(rules, group, &window)) {
        if (window.at == last) return false;
        window_move(&window, group, rules->base);
    }
    return true;
}

static bool texts_hit(void *ctx, struct sl_span text)
{
    struct redact_rules *rules = ctx;
    for (size_t i = 0; i < rules->group_count; i++)
        if (group_hits(rules, &rules->groups[i], text)) return true;
    return false;
}

static enum sl_result texts_redact(struct redact_rules *rules, struct sl_span data, struct buf *out,
    bool *found, struct sl_err *err)
{
    *found = false;
    if (rules->group_count == 0) return SL_OK;
    struct redact_search search = {
        rules->groups[0].length, rules->groups[rules->group_count - 1].length, texts_hit, rules};
    return redact_strings(data, &search, out, found, err);
}

/* ---- an item ---- */

/* Does a key or data rule hit? One HMAC for all rules of a kind, none where none could. */
static bool whole_hit(
    const struct redact_rules *rules, enum redact_rule_kind kind, struct sl_span subject)
{
    uint8_t mac[32];
    bool made = false;
    for (size_t i = 0; i < rules->count; i++) {
        const struct redact_rule *rule = &rules->rules[i];
        if (rule->kind != kind) continue;
        if (kind == REDACT_RULE_DATA && rule->length != subject.len) continue;
        if (!made) mac_of(rules->key, uses[kind], subject, mac);
        made = true;
        if (memcmp(mac, rule->mac, 32) == 0) return true;
    }
    return false;
}

enum sl_result redact_by_rules(struct redact_rules *rules, struct sl_span item_key,
    struct sl_span data, struct buf *out, bool *found, struct sl_err *err)
{
    struct buf whole = {0};
    bool in_text = false;
    size_t before = out->len;
    enum sl_result result = SL_OK;
    bool all =
        whole_hit(rules, REDACT_RULE_KEY, item_key) || whole_hit(rules, REDACT_RULE_DATA, data);
    if (all) result = redact_whole(data, &whole, err);
    if (result != SL_OK) goto out;
    /* What redacting as a whole keeps, ids among it, may still hold a text. */
    result = texts_redact(rules, all ? buf_span(&whole) : data, out, &in_text, err);
    if (result != SL_OK) goto out;
    if (all && !in_text) buf_add_span(out, buf_span(&whole));
    if (out->failed) {
        out->len = before;
        result = sl_fail(err, SL_NOMEM, "redact: out of memory");
    } else {
        *found = all || in_text;
    }
out:
    buf_fini(&whole);
    return result;
}
