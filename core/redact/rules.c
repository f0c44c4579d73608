/* The rules in memory, a set for each share that has some and one for all shares, and in `meta`,
   from where they are loaded when the store is opened. Syncs read them side by side; a redaction
   changes them alone.

   How it fails: without memory a rule isn't in force, and the redaction that wanted it is refused.
   A row that isn't what this store put makes the store read-only (rules_fault): what was redacted
   could come back. */

#include "core/redact/rules.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "core/kv/rows.h"
#include "core/log/keys.h"

#include <assert.h>

/* The rules of one share, or of every share. */
struct rule_set {
    char share_id[SL_SHARE_ID_BYTES + 1];
    struct redact_rule *rules;
    size_t count;
};

struct rules {
    uint8_t key[32];
    pthread_rwlock_t lock;
    struct rule_set *sets;
    size_t count;
    struct epoch epoch;
    atomic_size_t total; /* rules of all sets */
    struct sl_err fault; /* of a row that is damaged */
};

static struct rule_set *find(const struct rules *rules, struct sl_span share_id)
{
    for (size_t i = 0; i < rules->count; i++)
        if (sl_span_eq(sl_span_of(rules->sets[i].share_id), share_id)) return &rules->sets[i];
    return NULL;
}

void rules_make(const struct rules *rules, enum redact_rule_kind kind, struct sl_span subject,
    struct redact_rule *rule)
{
    redact_rule_make(rule, kind, subject, rules->key);
}

static struct redact_rule *find_rule(const struct rule_set *set, const struct redact_rule *rule)
{
    for (size_t i = 0; set && i < set->count; i++)
        if (memcmp(set->rules[i].mac, rule->mac, 32) == 0) return &set->rules[i];
    return NULL;
}

/* With the lock held. */
static struct rule_set *find_or_add(struct rules *rules, struct sl_span share_id)
{
    struct rule_set *set = find(rules, share_id);
    if (set) return set;
    struct rule_set *sets = realloc(rules->sets, (rules->count + 1) * sizeof(*sets));
    if (!sets) return NULL;
    rules->sets = sets;
    assert(share_id.len <= SL_SHARE_ID_BYTES);
    set = &sets[rules->count++];
    *set = (struct rule_set){0};
    memcpy(set->share_id, share_id.ptr, share_id.len);
    return set;
}

enum sl_result rules_add(struct rules *rules, struct sl_span share_id,
    const struct redact_rule *rule, bool *added, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    pthread_rwlock_wrlock(&rules->lock);
    struct rule_set *set = find_or_add(rules, share_id);
    bool is_new = set && !find_rule(set, rule);
    struct redact_rule *all = is_new ? realloc(set->rules, (set->count + 1) * sizeof(*all)) : NULL;
    if (all) {
        set->rules = all;
        all[set->count++] = *rule;
        atomic_fetch_add(&rules->total, 1);
        epoch_pass(&rules->epoch);
    } else if (!set || is_new) {
        result = sl_fail(err, SL_NOMEM, "out of memory");
    }
    pthread_rwlock_unlock(&rules->lock);
    if (result == SL_OK) *added = is_new;
    return result;
}

void rules_drop(struct rules *rules, struct sl_span share_id, const struct redact_rule *rule)
{
    pthread_rwlock_wrlock(&rules->lock);
    struct rule_set *set = find(rules, share_id);
    struct redact_rule *found = find_rule(set, rule);
    if (found) {
        assert(set->count > 0 && atomic_load(&rules->total) > 0);
        *found = set->rules[--set->count];
        atomic_fetch_sub(&rules->total, 1);
        epoch_pass(&rules->epoch);
    }
    pthread_rwlock_unlock(&rules->lock);
}

const struct epoch *rules_epoch(const struct rules *rules)
{
    return &rules->epoch;
}

/* ---- in the store ---- */

static void make_key(const struct sl_store *store, uint8_t key[32])
{
    crypto_hmac((struct sl_span){(const char *)store->keys->signing_seed, 32},
        SL_SPAN("sharelog redaction rules"), key);
}

/* A row has a seal over itself, since nothing else in the store tells what a rule should be: an
   HMAC of the row's key and the rule's numbers as msgpack. */
static void seal_row(const uint8_t rules_key[32], struct sl_span row_key,
    const struct redact_rule *rule, uint8_t seal[32])
{
    char room[3 + ROW_KEY_BYTES + 3 * 9];
    struct buf text = buf_fixed(room, sizeof(room));
    uint8_t own[32];
    pack_bin(&text, row_key);
    pack_u64(&text, rule->kind);
    pack_u64(&text, rule->length);
    pack_u64(&text, rule->rolling);
    assert(!text.failed);
    crypto_hmac((struct sl_span){(const char *)rules_key, 32}, SL_SPAN("redact row"), own);
    crypto_hmac((struct sl_span){(const char *)own, 32}, buf_span(&text), seal);
}

void rules_put(const struct rules *rules, struct kv *kv, struct kv_batch *kv_batch,
    struct sl_span share_id, const struct redact_rule *rule)
{
    struct row_key key = row_rule(share_id, rule->mac);
    char room[1 + 3 * 9 + 2 + 32];
    struct buf value = buf_fixed(room, sizeof(room));
    uint8_t seal[32];
    seal_row(rules->key, row_span(&key), rule, seal);
    pack_array(&value, 4);
    pack_u64(&value, rule->kind);
    pack_u64(&value, rule->length);
    pack_u64(&value, rule->rolling);
    pack_bin(&value, (struct sl_span){(const char *)seal, 32});
    assert(!value.failed);
    kv_put(kv, kv_batch, KV_META, row_span(&key), buf_span(&value));
}

/* False: it isn't a row that this store put. */
static bool read_rule(const uint8_t rules_key[32], struct sl_span key, struct sl_span value,
    struct sl_span *share_id, struct redact_rule *rule)
{
    const size_t prefix = strlen("rule/");
    uint8_t stored[32], seal[32];
    struct unpack in;
    if (key.len < prefix + 1 + 32 || key.len > ROW_KEY_BYTES || key.ptr[key.len - 33] != 0)
        return false;
    *share_id = (struct sl_span){key.ptr + prefix, key.len - prefix - 33};
    memcpy(rule->mac, key.ptr + key.len - 32, 32);
    unpack_begin(&in, value);
    bool ok = unpack_array(&in) == 4;
    rule->kind = (enum redact_rule_kind)unpack_u64(&in);
    rule->length = unpack_u64(&in);
    rule->rolling = unpack_u64(&in);
    unpack_bin_into(&in, stored, 32);
    if (!unpack_end(&in) || !ok || rule->kind > REDACT_RULE_DATA ||
        !(share_id->len == 0 || sl_share_id_valid(*share_id)))
        return false;
    seal_row(rules_key, key, rule, seal);
    return memcmp(stored, seal, 32) == 0;
}

bool rules_row_fits(const struct sl_store *store, struct sl_span key, struct sl_span value)
{
    uint8_t rules_key[32];
    struct sl_span share_id;
    struct redact_rule rule;
    make_key(store, rules_key);
    return read_rule(rules_key, key, value, &share_id, &rule);
}

enum sl_result rules_fault(const struct rules *rules, struct sl_err *err)
{
    if (rules->fault.result != SL_OK && err) *err = rules->fault;
    return rules->fault.result;
}

static enum sl_result load(struct sl_store *store, struct rules *rules, struct sl_err *err)
{
    struct row_key from = row_meta("rule/"), to = row_meta("rule0");
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_META, row_span(&from), row_span(&to), KV_CACHED);
    enum sl_result result = SL_OK;
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span share_id;
        struct redact_rule rule;
        bool added;
        if (read_rule(rules->key, kv_iter_key(iter), kv_iter_value(iter), &share_id, &rule))
            result = rules_add(rules, share_id, &rule, &added, err);
        else
            sl_fail(&rules->fault, SL_READ_ONLY,
                "a rule of what is redacted again is damaged: what was redacted could come back");
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    return result;
}

/* A redaction that waits for the lock goes before the syncs that come later: glibc's default lets
   syncs that overlap keep it for ever. So no thread may take it twice to read. */
static void init_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

enum sl_result rules_open(struct sl_store *store, struct rules **out, struct sl_err *err)
{
    struct rules *rules = calloc(1, sizeof(*rules));
    if (!rules) return sl_fail(err, SL_NOMEM, "out of memory");
    init_lock(&rules->lock);
    make_key(store, rules->key);
    enum sl_result result = load(store, rules, err);
    if (result != SL_OK) {
        rules_close(rules);
        return result;
    }
    *out = rules;
    return SL_OK;
}

void rules_close(struct rules *rules)
{
    if (!rules) return;
    for (size_t i = 0; i < rules->count; i++)
        free(rules->sets[i].rules);
    free(rules->sets);
    pthread_rwlock_destroy(&rules->lock);
    free(rules);
}

/* ---- on the way in ---- */

static enum sl_result apply_set(
    const struct rules *rules, const struct rule_set *set, struct batch *batch, struct sl_err *err)
{
    if (!set || set->count == 0) return SL_OK;
    assert(set->count <= atomic_load(&rules->total));
    struct redact_rules *ready = redact_rules_create(set->rules, set->count, rules->key);
    enum sl_result result = ready ? SL_OK : sl_fail(err, SL_NOMEM, "out of memory");
    for (size_t i = 0; i < batch->count && result == SL_OK; i++) {
        const struct batch_item *item = &batch->items[i];
        struct buf out = {0};
        bool found = false;
        result = redact_by_rules(ready, item->key, item->data, &out, &found, err);
        /* what reads as the rule makes it already was sent so, and isn't marked */
        bool other = found && !sl_span_eq(buf_span(&out), item->data);
        if (result == SL_OK && other) result = batch_replace(batch, i, &out, err);
        buf_fini(&out);
    }
    redact_rules_destroy(ready);
    return result;
}

enum sl_result rules_apply(struct rules *rules, struct sl_span share_id, struct batch *batch,
    unsigned long *seen, struct sl_err *err)
{
    enum sl_result result = SL_OK;
    *seen = epoch_number(&rules->epoch);
    if (atomic_load(&rules->total) == 0) return SL_OK;
    pthread_rwlock_rdlock(&rules->lock);
    *seen = epoch_number(&rules->epoch);
    result = apply_set(rules, find(rules, share_id), batch, err);
    if (result == SL_OK) result = apply_set(rules, find(rules, SL_SPAN("")), batch, err);
    pthread_rwlock_unlock(&rules->lock);
    return result;
}
