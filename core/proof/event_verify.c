/* One event's answer of the API, held against its proof file. First its place: header, share, and
   the inclusion of its leaf in a log whose checkpoint the policy accepts. Then its content: every
   item is committed to anew, and the manifest must be the one that the header commits to; what the
   answer sums up must be what its items are.

   The first fault ends it, and is named. Memory that runs out is told as that, never as a fault of
   the event's. */

#include "core/proof/bundle.h"

#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/commit.h"
#include "core/proof/answer.h"
#include "core/proof/proof.h"

#include <stdarg.h>
#include <stdio.h>

/* The members of the answer that count; others may be there. */
enum member {
    HAS_SEQ,
    HAS_POSITION,
    HAS_TIME,
    HAS_KIND,
    HAS_ARRIVED,
    HAS_ITEMS,
    HAS_BYTES,
    HAS_TYPES,
    HAS_HASH,
    HAS_LEAF,
    HAS_HEADER,
    HAS_NONCE,
    HAS_DATA,
    OPTIONAL_MEMBERS,
    HAS_ID = OPTIONAL_MEMBERS,
    HAS_SALT,
    HAS_NONCES,
    MEMBERS
};
static const char *const members[MEMBERS] = {"seq", "position", "time", "kind", "arrived", "items",
    "bytes", "types", "hash", "leaf", "header", "nonce", "data", "id", "salt", "nonces"};

enum item_member {
    ITEM_TYPE,
    ITEM_KEY,
    ITEM_BYTES,
    ITEM_OPTIONAL,
    ITEM_WITHHELD = ITEM_OPTIONAL,
    ITEM_COMMITTED,
    ITEM_COMMITMENT,
    ITEM_MEMBERS
};
static const char *const item_members[ITEM_MEMBERS] = {
    "type", "key", "bytes", "withheld", "committedBytes", "commitment"};

enum data_member { DATA_TYPE, DATA_DATA, DATA_MEMBERS };
static const char *const data_members[DATA_MEMBERS] = {"type", "data"};

enum nonce_member { NONCE_MANIFEST, NONCE_ITEMS, NONCE_MEMBERS };
static const char *const nonce_members[NONCE_MEMBERS] = {"manifest", "items"};

struct check {
    struct sl_span has[MEMBERS]; /* ptr NULL: not there */
    struct event_verdict verdict;
    struct sl_err *err;
    char id[SL_SHARE_ID_BYTES + 1];
    struct header header;
    uint8_t leaf[32];
    /* of the content */
    bool whole; /* the event's own nonce is there */
    uint8_t nonce[EVENT_NONCE_BYTES], manifest_nonce[ITEM_NONCE_BYTES];
    struct sl_span nonces, data; /* what is left of the lists */
    size_t items, item;          /* how many; the one at hand, 0: none, 1: the first */
    uint64_t bytes, committed;
    struct buf type, key, other, record;
    struct commit commit;
    struct sl_span *types; /* the items', as they stand */
};

/* ---- faults ---- */

#define FAULT(check, ...) (fault((check), __VA_ARGS__), SL_CORRUPT)

static void fault(const struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(const struct check *check, const char *format, ...)
{
    char text[280], share[SL_SHARE_ID_BYTES + 16] = "", item[32] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (check->id[0]) snprintf(share, sizeof(share), "share %s: ", check->id);
    if (check->item) snprintf(item, sizeof(item), "item %zu: ", check->item - 1);
    sl_fail(check->err, SL_CORRUPT, "%sevent %llu: %s%s", share,
        (unsigned long long)check->header.sequence, item, text);
}

/* ---- the place ---- */

static enum sl_result check_header(struct check *check)
{
    struct sl_span raw;
    uint8_t bytes[SL_HEADER_BYTES + 3];
    size_t len;
    const struct sl_span *has = check->has;
    if (!json_string_raw(has[HAS_HEADER], &raw) ||
        !crypto_base64_parse(raw, bytes, sizeof(bytes), &len) ||
        !header_decode((struct sl_span){(const char *)bytes, len}, &check->header))
        return FAULT(check, "its header is unreadable");
    const struct header *header = &check->header;
    char hex[65];
    header_leaf((struct sl_span){(const char *)bytes, len}, check->leaf);
    crypto_hex(check->leaf, 32, hex);
    if (!answer_is_text(has[HAS_HASH], hex)) return FAULT(check, "hash: not that of its header");
    if (!answer_is_text(has[HAS_LEAF], hex)) return FAULT(check, "leaf: not that of its header");
    if (header->kind > SL_ALLOW)
        return FAULT(check, "of an unknown kind, %llu", (unsigned long long)header->kind);
    if (!answer_is_u64(has[HAS_SEQ], header->sequence))
        return FAULT(check, "seq: not its header's");
    if (!answer_is_u64(has[HAS_TIME], header->time_ms))
        return FAULT(check, "time: not its header's");
    if (!answer_is_text(has[HAS_KIND], sl_kind_name(header->kind)))
        return FAULT(check, "kind: not its header's");
    check->verdict.sequence = header->sequence;
    check->verdict.time_ms = header->time_ms;
    check->verdict.kind = header->kind;
    memcpy(check->verdict.ref, header->share_ref, 32);
    memcpy(check->verdict.leaf, check->leaf, 32);
    return SL_OK;
}

static enum sl_result check_share(struct check *check)
{
    struct sl_span raw;
    uint8_t salt[32], ref[32];
    if (answer_is_null(check->has[HAS_ID]) || answer_is_null(check->has[HAS_SALT])) return SL_OK;
    if (!json_string_raw(check->has[HAS_ID], &raw) || !sl_share_id_valid(raw))
        return FAULT(check, "id: not one of a share");
    memcpy(check->id, raw.ptr, raw.len);
    if (!answer_take_bytes(check->has[HAS_SALT], salt, 32))
        return FAULT(check, "salt: not 32 bytes");
    event_share_ref(salt, raw, ref);
    if (memcmp(ref, check->header.share_ref, 32) != 0)
        return FAULT(check, "its header belongs to another share (or the salt is wrong)");
    check->verdict.of_share = true;
    memcpy(check->verdict.share_id, raw.ptr, raw.len);
    return SL_OK;
}

static enum sl_result check_inclusion(
    struct check *check, struct sl_span text, const struct policy *policy)
{
    struct sl_err below = {0};
    struct proof proof;
    struct note note;
    struct checkpoint_text checkpoint;
    enum sl_result result = proof_parse(text, &proof, &below);
    if (result == SL_INVALID) return FAULT(check, "its proof: %s", below.text);
    if (result == SL_OK) {
        result = policy_check(policy, proof.checkpoint, &check->verdict.cosigned, &below);
        if (result == SL_INVALID || result == SL_NOT_FOUND)
            return FAULT(check, "its proof's checkpoint: %s", below.text);
    }
    if (result != SL_OK) return sl_fail(check->err, result, "%s", below.text);
    if (!note_parse(proof.checkpoint, &note) || !checkpoint_parse(note.text, &checkpoint))
        return FAULT(check, "its proof's checkpoint is unreadable");
    if (!answer_is_u64(check->has[HAS_POSITION], proof.index))
        return FAULT(
            check, "position: its proof is of another one, %llu", (unsigned long long)proof.index);
    if (proof.index >= checkpoint.size)
        return FAULT(check, "its proof's checkpoint is of %llu events alone",
            (unsigned long long)checkpoint.size);
    if (!tree_inclusion_holds(
            &proof.hashes, check->leaf, proof.index, checkpoint.size, checkpoint.root))
        return FAULT(check, "its proof doesn't hold: its header is not in the log at position %llu",
            (unsigned long long)proof.index);
    check->verdict.position = proof.index;
    check->verdict.log_size = checkpoint.size;
    return SL_OK;
}

/* ---- the content ---- */

static enum sl_result begin_nonces(struct check *check)
{
    const struct sl_span *has = check->has;
    struct sl_span parts[NONCE_MEMBERS];
    check->whole = !answer_is_null(has[HAS_NONCE]);
    if (check->whole) {
        if (!answer_is_null(has[HAS_NONCES])) return FAULT(check, "nonces: there beside the nonce");
        if (!answer_take_bytes(has[HAS_NONCE], check->nonce, EVENT_NONCE_BYTES))
            return FAULT(check, "nonce: not 32 bytes");
        return SL_OK;
    }
    if (!answer_take_members(has[HAS_NONCES], nonce_members, NONCE_MEMBERS, parts) ||
        !answer_take_bytes(parts[NONCE_MANIFEST], check->manifest_nonce, ITEM_NONCE_BYTES))
        return FAULT(check, "nonces.manifest: not 16 bytes");
    if (!parts[NONCE_ITEMS].ptr || json_kind_of(parts[NONCE_ITEMS]) != JSON_ARRAY)
        return FAULT(check, "nonces.items: not a list");
    check->nonces = parts[NONCE_ITEMS];
    return SL_OK;
}

/* Of a whole event it follows from the event's. What is withheld has none, and must have none. */
static enum sl_result item_nonce(
    struct check *check, bool withheld, uint8_t nonce[ITEM_NONCE_BYTES])
{
    struct sl_span value;
    if (check->whole)
        return withheld ? FAULT(check, "withheld, but the event's nonce is there") : SL_OK;
    if (!json_next(&check->nonces, &value)) return FAULT(check, "nonces.items: too few");
    if (withheld)
        return answer_is_null(value) ? SL_OK : FAULT(check, "withheld, but its nonce is there");
    return answer_take_bytes(value, nonce, ITEM_NONCE_BYTES)
               ? SL_OK
               : FAULT(check, "its nonce: not 16 bytes");
}

/* The entry of `data` that is the item's: of a sync any JSON value, whose very bytes were committed
   to; of other kinds base64. Where nothing stands in the place of what is withheld, it may lack. */
static enum sl_result item_data(struct check *check, bool withheld, struct sl_span *data)
{
    struct sl_span entry, raw, parts[DATA_MEMBERS];
    bool sync = check->header.kind == SL_SYNC;
    size_t len = 0;
    *data = (struct sl_span){"", 0};
    if (!json_next(&check->data, &entry))
        return withheld && !sync ? SL_OK : FAULT(check, "data: has no entry of it");
    if (!answer_take_members(entry, data_members, DATA_MEMBERS, parts) ||
        !answer_has_all(parts, DATA_MEMBERS) || !answer_take_text(parts[DATA_TYPE], &check->other))
        return FAULT(check, "data: its entry has not one type and data");
    if (check->other.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (!sl_span_eq(buf_span(&check->other), buf_span(&check->type)))
        return FAULT(check, "data: its entry is of another type");
    if (sync) {
        *data = parts[DATA_DATA];
        return SL_OK;
    }
    buf_clear(&check->record);
    if (!json_string_raw(parts[DATA_DATA], &raw)) return FAULT(check, "data: not base64");
    if (!buf_reserve(&check->record, raw.len + 3))
        return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (!crypto_base64_parse(raw, (uint8_t *)check->record.ptr, check->record.cap, &len))
        return FAULT(check, "data: not base64");
    *data = (struct sl_span){check->record.ptr, len};
    return SL_OK;
}

static enum sl_result check_item(struct check *check, struct sl_span value)
{
    struct sl_span has[ITEM_MEMBERS], data, raw;
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    if (!answer_take_members(value, item_members, ITEM_MEMBERS, has) ||
        !answer_has_all(has, ITEM_OPTIONAL) || !answer_take_text(has[ITEM_TYPE], &check->type) ||
        !answer_take_text(has[ITEM_KEY], &check->key))
        return FAULT(check, "has not one type, key and bytes");
    if (check->type.failed || check->key.failed)
        return sl_fail(check->err, SL_NOMEM, "out of memory");
    bool withheld = has[ITEM_WITHHELD].ptr != NULL;
    if (withheld && json_kind_of(has[ITEM_WITHHELD]) != JSON_TRUE)
        return FAULT(check, "withheld: not true");
    if (withheld && (check->header.kind == SL_REMOVE || check->header.kind == SL_ALLOW))
        return FAULT(check, "withheld from a %s", sl_kind_name(check->header.kind));
    enum sl_result result = item_nonce(check, withheld, nonce);
    if (result == SL_OK) result = item_data(check, withheld, &data);
    if (result != SL_OK) return result;
    if (!answer_is_u64(has[ITEM_BYTES], data.len))
        return FAULT(check, "bytes: its data has %zu", data.len);
    uint64_t length = data.len;
    if (!withheld) {
        if (has[ITEM_COMMITTED].ptr || has[ITEM_COMMITMENT].ptr)
            return FAULT(check, "a commitment, but it isn't withheld");
        commit_item(&check->commit, buf_span(&check->type), buf_span(&check->key),
            check->whole ? NULL : nonce, data);
    } else if (!has[ITEM_COMMITTED].ptr || !json_u64(has[ITEM_COMMITTED], &length) ||
               !answer_take_bytes(has[ITEM_COMMITMENT], commitment, 32)) {
        return FAULT(check, "withheld, but without committedBytes and commitment");
    } else {
        commit_withheld(
            &check->commit, buf_span(&check->type), buf_span(&check->key), length, commitment);
    }
    json_string_raw(has[ITEM_TYPE], &raw);
    check->types[check->item - 1] = raw;
    check->verdict.withheld += withheld;
    check->bytes += data.len;
    check->committed += length;
    return SL_OK;
}

static int by_text(const void *a, const void *b)
{
    return sl_span_cmp(*(const struct sl_span *)a, *(const struct sl_span *)b);
}

/* `bytes` and `types` sum up the items. */
static enum sl_result check_sums(struct check *check)
{
    if (!answer_is_u64(check->has[HAS_BYTES], check->bytes) &&
        !answer_is_u64(check->has[HAS_BYTES], check->committed))
        return FAULT(check, "bytes: its items have %llu", (unsigned long long)check->bytes);
    struct sl_span rest = check->has[HAS_TYPES], name, value;
    size_t at, end;
    if (check->items) qsort(check->types, check->items, sizeof(*check->types), by_text);
    if (json_kind_of(rest) != JSON_OBJECT) return FAULT(check, "types: not an object");
    size_t left = check->items;
    while (json_next_member(&rest, &name, &value)) {
        struct sl_span *found = check->items == 0 ? NULL
                                                  : bsearch(&name, check->types, check->items,
                                                        sizeof(*check->types), by_text);
        if (!found) return FAULT(check, "types: one that no item has");
        for (at = (size_t)(found - check->types); at > 0 && sl_span_eq(check->types[at - 1], name);)
            at--;
        for (end = at; end < check->items && sl_span_eq(check->types[end], name);)
            end++;
        if (!answer_is_u64(value, end - at) || end - at > left)
            return FAULT(check, "types: not as many as there are items");
        left -= end - at;
    }
    return left == 0 ? SL_OK : FAULT(check, "types: not as many as there are items");
}

static enum sl_result check_items(struct check *check)
{
    uint64_t arrived_us;
    uint8_t commitment[32];
    struct sl_span rest = check->has[HAS_ITEMS], value;
    if (!json_u64(check->has[HAS_ARRIVED], &arrived_us)) return FAULT(check, "arrived: not a time");
    while (json_next(&rest, &value))
        check->items++;
    if (check->header.kind != SL_SYNC && check->items != 1)
        return FAULT(
            check, "a %s of %zu items, not 1", sl_kind_name(check->header.kind), check->items);
    check->types = calloc(check->items + 1, sizeof(*check->types));
    if (!check->types) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (check->whole)
        commit_begin(&check->commit, check->nonce, arrived_us, check->items);
    else
        commit_begin_given(&check->commit, check->manifest_nonce, arrived_us, check->items);
    rest = check->has[HAS_ITEMS];
    while (json_next(&rest, &value)) {
        check->item++;
        enum sl_result result = check_item(check, value);
        if (result != SL_OK) return result;
    }
    check->item = 0;
    if (json_next(&check->data, &value)) return FAULT(check, "data: more entries than items");
    if (!check->whole && json_next(&check->nonces, &value))
        return FAULT(check, "nonces.items: more than items");
    if (!check->whole && check->verdict.withheld == 0)
        return FAULT(check, "nonces: one by one, but nothing is withheld");
    commit_end(&check->commit, commitment);
    if (memcmp(commitment, check->header.manifest_commitment, 32) != 0)
        return FAULT(check,
            "its items are not the ones that its header commits to (an item's bytes, key, type or order, or the time of arrival)");
    check->verdict.content = true;
    return check_sums(check);
}

static enum sl_result check_content(struct check *check)
{
    const struct sl_span *has = check->has;
    enum sl_kind kind = check->header.kind;
    struct sl_span items = has[HAS_ITEMS], data = has[HAS_DATA], value;
    if (json_kind_of(items) != JSON_ARRAY) return FAULT(check, "items: not a list");
    if (json_kind_of(data) != JSON_ARRAY) return FAULT(check, "data: not a list");
    check->data = data;
    if (!answer_is_null(has[HAS_NONCE]) || !answer_is_null(has[HAS_NONCES])) {
        enum sl_result result = begin_nonces(check);
        return result == SL_OK ? check_items(check) : result;
    }
    if (kind != SL_SYNC && kind != SL_REDACT)
        return FAULT(check, "its content is gone, which that of a %s never is", sl_kind_name(kind));
    if (json_next(&items, &value) || json_next(&data, &value) ||
        !(answer_is_null(has[HAS_ARRIVED]) || answer_is_u64(has[HAS_ARRIVED], 0)))
        return FAULT(check, "content without a nonce: nothing proves it");
    return check_sums(check);
}

static enum sl_result check_all(
    struct check *check, struct sl_span event, struct sl_span proof, const struct policy *policy)
{
    struct json json;
    json_init(&json, event, JSON_DEPTH_CEILING);
    if (!json_value(&json, &event) || !json_end(&json))
        return sl_fail(check->err, SL_CORRUPT, "event: not JSON: %s at byte %zu", json.what,
            (size_t)(json.at - json.start));
    if (!answer_take_members(event, members, MEMBERS, check->has))
        return sl_fail(check->err, SL_CORRUPT, "event: not an object with each member once");
    for (size_t i = 0; i < OPTIONAL_MEMBERS; i++)
        if (!check->has[i].ptr)
            return sl_fail(check->err, SL_CORRUPT, "event: %s: missing", members[i]);
    enum sl_result result = check_header(check);
    if (result == SL_OK) result = check_share(check);
    if (result == SL_OK) result = check_inclusion(check, proof, policy);
    return result == SL_OK ? check_content(check) : result;
}

enum sl_result event_verify(struct sl_span event, struct sl_span proof, const struct policy *policy,
    struct event_verdict *verdict, struct sl_err *err)
{
    struct check check = {.err = err};
    enum sl_result result = check_all(&check, event, proof, policy);
    if (result == SL_OK) *verdict = check.verdict;
    buf_fini(&check.type);
    buf_fini(&check.key);
    buf_fini(&check.other);
    buf_fini(&check.record);
    free(check.types);
    return result;
}
