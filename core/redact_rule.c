/* Rules: texts, keys and data known by keyed hashes.

   A text is looked for by a polynomial over the field of 2^61 - 1 whose base comes from the key:
   for who doesn't know the base, two texts of n bytes have the same hash with a chance of n in
   2^60, whatever texts they are. (Modulo 2^64 some collide under every base.) The hash alone would
   give short texts away to who holds some rules and the text of one, so a rule has it under a mask
   that takes the key to make. */

#include "redact_text.h"

#include "crypto.h"
#include "redact_strings.h"

#include <assert.h>

static const uint64_t prime = (UINT64_C(1) << 61) - 1;

enum {
    NEAR_RULES = 32,  /* so many take no allocation */
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

/* hash * base + more. With hash < 2^62 + 2^10, base < 2^60 and more < 2^70 the result is below
   2^62 + 2^10 again: what is equal modulo the prime may differ until `settled`. */
static inline uint64_t step(uint64_t hash, uint64_t base, wide more)
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
    assert(subject.len >= REDACT_TEXT_MIN_BYTES && subject.len <= REDACT_TEXT_MAX_BYTES);
    struct secrets secrets = secrets_of(key);
    rule->rolling =
        settled(hash_of(subject.ptr, subject.len, secrets.base)) ^ mask_of(&secrets, rule->mac);
}

/* ---- text rules, made ready for an item ---- */

struct entry {
    const struct redact_rule *rule;
    uint64_t length, hash;
    unsigned refuted;
    bool confirmed; /* in this item: the same hash again is the same text */
};

/* The entries of one length. Most places of a text end at the filter: a bit for each entry, by the
   hash's lowest bits, 32 times as many bits as entries. */
struct group {
    size_t length, from, to;
    uint64_t gone; /* minus base^length: takes the byte that leaves out */
    const uint64_t *filter;
    uint64_t filter_mask;
};

struct texts {
    const uint8_t *key;
    uint64_t base;
    struct entry *entries;
    struct group *groups;
    uint64_t *filters;
    size_t entry_count, group_count;
    void *owned;
    struct entry near_entries[NEAR_RULES];
    struct group near_groups[NEAR_RULES];
    uint64_t near_filters[NEAR_RULES];
};

/* A power of two, and never more words than entries. */
static size_t filter_words(size_t entries)
{
    size_t words = 1;
    while (words * 2 < entries)
        words *= 2;
    return words;
}

static int by_length_and_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static bool usable(const struct redact_rule *rule, size_t data_len)
{
    return rule->kind == REDACT_RULE_TEXT && rule->length >= REDACT_TEXT_MIN_BYTES &&
           rule->length <= REDACT_TEXT_MAX_BYTES && rule->length + 2 <= data_len;
}

static bool texts_room(struct texts *texts, size_t count)
{
    texts->entries = texts->near_entries;
    texts->groups = texts->near_groups;
    texts->filters = texts->near_filters;
    texts->owned = NULL;
    if (count <= NEAR_RULES) return true;
    texts->owned = calloc(count, sizeof(*texts->entries) + sizeof(*texts->groups) + 8);
    if (!texts->owned) return false;
    texts->entries = texts->owned;
    texts->groups = (struct group *)(void *)(texts->entries + count);
    texts->filters = (uint64_t *)(void *)(texts->groups + count);
    return true;
}

static void group_init(struct group *group, struct texts *texts, size_t from, uint64_t *filter)
{
    const struct entry *entries = texts->entries;
    size_t to = from + 1;
    uint64_t power = 1;
    while (to < texts->entry_count && entries[to].length == entries[from].length)
        to++;
    size_t words = filter_words(to - from);
    memset(filter, 0, words * 8);
    *group = (struct group){entries[from].length, from, to, 0, filter, words * 64 - 1};
    for (size_t i = from; i < to; i++) {
        uint64_t bit = entries[i].hash & group->filter_mask;
        filter[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    for (size_t i = 0; i < group->length; i++)
        power = step(power, texts->base, 0);
    group->gone = (prime - settled(power)) % prime;
}

/* The text rules among `rules` that could hit so much data; none is fine. */
static bool texts_init(struct texts *texts, const struct redact_rule *rules, size_t count,
    const uint8_t key[32], size_t data_len)
{
    size_t wanted = 0, words = 0;
    for (size_t i = 0; i < count; i++)
        wanted += usable(&rules[i], data_len);
    texts->entry_count = texts->group_count = 0;
    texts->key = key;
    if (!texts_room(texts, wanted)) return false;
    if (wanted == 0) return true;
    struct secrets secrets = secrets_of(key);
    texts->base = secrets.base;
    for (size_t i = 0; i < count; i++) {
        if (!usable(&rules[i], data_len)) continue;
        uint64_t hash = rules[i].rolling ^ mask_of(&secrets, rules[i].mac);
        if (hash >= prime) continue; /* not made with this key */
        texts->entries[texts->entry_count++] =
            (struct entry){&rules[i], rules[i].length, hash, 0, false};
    }
    if (texts->entry_count > 1)
        qsort(texts->entries, texts->entry_count, sizeof(*texts->entries), by_length_and_hash);
    for (size_t from = 0; from < texts->entry_count;) {
        struct group *group = &texts->groups[texts->group_count++];
        group_init(group, texts, from, texts->filters + words);
        words += filter_words(group->to - from);
        from = group->to;
    }
    assert(words <= wanted);
    return true;
}

/* ---- looking for them ---- */

static bool confirm(struct texts *texts, struct entry *entry, struct sl_span text)
{
    uint8_t mac[32];
    if (entry->confirmed) return true;
    if (entry->refuted >= REFUTED_MAX) return false;
    mac_of(texts->key, uses[REDACT_RULE_TEXT], text, mac);
    entry->confirmed = memcmp(mac, entry->rule->mac, 32) == 0;
    entry->refuted += !entry->confirmed;
    return entry->confirmed;
}

/* The filter let a hash pass: is it that of a rule, and the rule's text? */
static bool candidate(
    struct texts *texts, const struct group *group, uint64_t hash, const char *text)
{
    size_t from = group->from, to = group->to;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (texts->entries[middle].hash < hash)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < group->to && texts->entries[from].hash == hash; from++)
        if (confirm(texts, &texts->entries[from], (struct sl_span){text, group->length}))
            return true;
    return false;
}

static inline bool passes(const struct group *group, uint64_t hash)
{
    uint64_t bit = hash & group->filter_mask;
    return group->filter[bit / 64] >> bit % 64 & 1;
}

static bool group_hits(struct texts *texts, const struct group *group, struct sl_span text)
{
    size_t length = group->length;
    if (text.len < length) return false;
    const char *first = text.ptr, *last = text.ptr + (text.len - length);
    uint64_t base = texts->base, gone = group->gone, hash = hash_of(first, length, base);
    for (;;) {
        uint64_t now = settled(hash);
        if (passes(group, now) && candidate(texts, group, now, first)) return true;
        if (first == last) return false;
        wide more = (wide)gone * (uint8_t)*first + (uint8_t)first[length];
        hash = step(hash, base, more);
        first++;
    }
}

static bool texts_hit(void *ctx, struct sl_span text)
{
    struct texts *texts = ctx;
    for (size_t i = 0; i < texts->group_count; i++)
        if (group_hits(texts, &texts->groups[i], text)) return true;
    return false;
}

static enum sl_result texts_redact(
    struct texts *texts, struct sl_span data, struct buf *out, bool *found, struct sl_err *err)
{
    *found = false;
    if (texts->group_count == 0) return SL_OK;
    struct redact_search search = {
        texts->groups[0].length, texts->groups[texts->group_count - 1].length, texts_hit, texts};
    return redact_strings(data, &search, out, found, err);
}

/* ---- an item ---- */

/* Does a key or data rule hit? One HMAC for all rules of a kind. */
static bool whole_hit(const struct redact_rule *rules, size_t count, const uint8_t key[32],
    enum redact_rule_kind kind, struct sl_span subject)
{
    uint8_t mac[32];
    bool made = false;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].kind != kind) continue;
        if (kind == REDACT_RULE_DATA && rules[i].length != subject.len) continue;
        if (!made) mac_of(key, uses[kind], subject, mac);
        made = true;
        if (memcmp(mac, rules[i].mac, 32) == 0) return true;
    }
    return false;
}

enum sl_result redact_again(const struct redact_rule *rules, size_t count, const uint8_t key[32],
    struct sl_span item_key, struct sl_span data, struct buf *out, bool *found, struct sl_err *err)
{
    if (count == 0) {
        *found = false;
        return SL_OK;
    }
    struct texts texts;
    struct buf whole = {0};
    bool in_text = false;
    enum sl_result result = SL_OK;
    bool all = whole_hit(rules, count, key, REDACT_RULE_KEY, item_key) ||
               whole_hit(rules, count, key, REDACT_RULE_DATA, data);
    if (!texts_init(&texts, rules, count, key, data.len))
        return sl_fail(err, SL_NOMEM, "redact: out of memory");
    if (all) result = redact_whole(data, &whole, err);
    if (result != SL_OK) goto out;
    /* What redacting as a whole keeps, ids among it, may still hold a text. */
    result = texts_redact(&texts, all ? buf_span(&whole) : data, out, &in_text, err);
    if (result != SL_OK) goto out;
    if (all && !in_text) buf_add_span(out, buf_span(&whole));
    if (out->failed)
        result = sl_fail(err, SL_NOMEM, "redact: out of memory");
    else
        *found = all || in_text;
out:
    free(texts.owned);
    buf_fini(&whole);
    return result;
}
