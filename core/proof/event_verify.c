/* One event's answer of the API, held against its proof file. First its place: header, share, and
   the inclusion of its leaf in a log whose checkpoint the policy accepts. Then its content: every
   item is committed to anew, and the manifest must be the one that the header commits to; what the
   answer sums up must be what its items are. What the items say is looked at as they come by, and
   told last, as in a bundle (bundle_content.c).

   The first fault ends it, and is named. Memory that runs out is told as that, never as a fault of
   the event's. */

#include "core/proof/bundle.h"

#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "core/base/json.h"
#include "core/event/commit.h"
#include "core/event/control.h"
#include "core/event/redact_body.h"
#include "core/proof/answer.h"
#include "core/proof/event_times.h"
#include "core/proof/item_check.h"
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
    HAS_ID,
    HAS_SALT,
    OPTIONAL_MEMBERS,
    HAS_NONCES = OPTIONAL_MEMBERS,
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
    ITEM_MARKED,
    ITEM_MEMBERS
};
static const char *const item_members[ITEM_MEMBERS] = {
    "type", "key", "bytes", "withheld", "committedBytes", "commitment", "redactedOnArrival"};

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
    struct listed *listed; /* the items */
    const char *claim;     /* the first thing that is wrong with what it says; NULL: nothing is */
    size_t claim_item;
};

/* An item, for what sums up and tells. */
struct listed {
    size_t item;
    struct sl_span type; /* as it stands */
    bool marked, withheld, counted;
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
    if (!event_time_fits(header->time_ms))
        return FAULT(check, "its time is before the year 2000 or after 9999");
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
    if (answer_is_null(check->has[HAS_ID]) || answer_is_null(check->has[HAS_SALT]))
        return FAULT(check, "not bound to a share: without id or salt it may be any share's");
    if (!json_string_raw(check->has[HAS_ID], &raw) || !sl_share_id_valid(raw))
        return FAULT(check, "id: not one of a share");
    memcpy(check->id, raw.ptr, raw.len);
    if (!answer_take_bytes(check->has[HAS_SALT], salt, 32))
        return FAULT(check, "salt: not 32 bytes");
    event_share_ref(salt, raw, ref);
    if (memcmp(ref, check->header.share_ref, 32) != 0)
        return FAULT(check, "its header belongs to another share (or the salt is wrong)");
    memcpy(check->verdict.share_id, check->id, sizeof(check->id));
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
    if (!event_cosigned_fits(check->header.time_ms, &check->verdict.cosigned))
        return FAULT(check, "it is dated after a witness had seen it");
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

/* ---- what it says ---- */

static void claim(struct check *check, const char *what)
{
    if (check->claim) return;
    check->claim = what;
    check->claim_item = check->item;
}

/* The items that a redact event names come in order, and lie before it. */
static enum sl_result check_redaction(struct check *check, struct sl_span data)
{
    struct redact_body body;
    enum sl_result result = redact_body_decode(data, &body);
    if (result == SL_NOMEM) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (result != SL_OK) {
        claim(check, "not what a redaction says");
        return SL_OK;
    }
    if (body.reason.len > SL_REASON_BYTES) claim(check, "not what a redaction says");
    for (size_t i = 0; i < body.count; i++) {
        const struct redact_entry *entry = &body.entries[i], *last = i ? entry - 1 : NULL;
        bool behind = !last || entry->sequence > last->sequence ||
                      (entry->sequence == last->sequence && entry->item > last->item);
        if (!behind || entry->sequence >= check->header.sequence)
            claim(check, "the items that it names are not in order, or not before it");
    }
    redact_body_fini(&body);
    return SL_OK;
}

static enum sl_result check_record(struct check *check, struct sl_span data)
{
    struct remove_body removal;
    struct allow_body allowance;
    enum sl_kind kind = check->header.kind;
    struct sl_span own = sl_span_of(sl_kind_name(kind));
    if (!sl_span_eq(buf_span(&check->type), own) || !sl_span_eq(buf_span(&check->key), own))
        claim(check, "its type and key are not those of its kind");
    if (kind == SL_REDACT) return check_redaction(check, data);
    if (kind == SL_CREATE && data.len) claim(check, "something stands in its place");
    if (kind == SL_REMOVE && !remove_body_decode(data, &removal))
        claim(check, "not what a removal says");
    if (kind == SL_ALLOW && !allow_body_decode(data, &allowance))
        claim(check, "not what an allowance says");
    return SL_OK;
}

static enum sl_result check_said(
    struct check *check, struct sl_span data, uint64_t committed, struct listed *listed)
{
    const char *wrong;
    bool unmarked;
    if (check->header.kind != SL_SYNC) return check_record(check, data);
    struct item_claim own = {buf_span(&check->type), buf_span(&check->key), data,
        listed->withheld ? CLAIM_WITHHELD
        : listed->marked ? CLAIM_MARKED
                         : CLAIM_SENT,
        committed};
    enum sl_result result = item_check(&own, &wrong, &unmarked, check->err);
    if (result != SL_OK) return result;
    if (wrong) claim(check, wrong);
    listed->marked = listed->marked || unmarked;
    check->verdict.marked += listed->marked;
    return SL_OK;
}

/* ---- an item ---- */

/* A member that is there only to say yes. */
static enum sl_result item_flag(struct check *check, struct sl_span value, bool *is)
{
    *is = value.ptr != NULL;
    return !*is || json_kind_of(value) == JSON_TRUE
               ? SL_OK
               : FAULT(check, "withheld or redactedOnArrival: not true");
}

/* Its names, and what the answer says of it. */
static enum sl_result item_listed(
    struct check *check, const struct sl_span has[ITEM_MEMBERS], struct listed *listed)
{
    enum sl_kind kind = check->header.kind;
    enum sl_result result = item_flag(check, has[ITEM_WITHHELD], &listed->withheld);
    if (result == SL_OK) result = item_flag(check, has[ITEM_MARKED], &listed->marked);
    if (result != SL_OK) return result;
    if (listed->withheld && (kind == SL_REMOVE || kind == SL_ALLOW))
        return FAULT(check, "withheld from a %s", sl_kind_name(kind));
    if (listed->marked && kind != SL_SYNC)
        return FAULT(check, "redacted on arrival, in a %s", sl_kind_name(kind));
    if (!listed->withheld && kind == SL_CREATE)
        return FAULT(check, "a create's item, and not withheld");
    listed->item = check->item - 1;
    json_string_raw(has[ITEM_TYPE], &listed->type);
    return SL_OK;
}

static enum sl_result check_item(struct check *check, struct sl_span value)
{
    struct sl_span has[ITEM_MEMBERS], data;
    struct listed *listed = &check->listed[check->item - 1];
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    if (!answer_take_members(value, item_members, ITEM_MEMBERS, has) ||
        !answer_has_all(has, ITEM_OPTIONAL) || !answer_take_text(has[ITEM_TYPE], &check->type) ||
        !answer_take_text(has[ITEM_KEY], &check->key))
        return FAULT(check, "has not one type, key and bytes");
    if (check->type.failed || check->key.failed)
        return sl_fail(check->err, SL_NOMEM, "out of memory");
    enum sl_result result = item_listed(check, has, listed);
    if (result != SL_OK) return result;
    bool withheld = listed->withheld;
    result = item_nonce(check, withheld, nonce);
    if (result == SL_OK) result = item_data(check, withheld, &data);
    if (result != SL_OK) return result;
    if (!answer_is_u64(has[ITEM_BYTES], data.len))
        return FAULT(check, "bytes: its data has %zu", data.len);
    uint64_t length = data.len;
    if (!withheld) {
        if (has[ITEM_COMMITTED].ptr || has[ITEM_COMMITMENT].ptr)
            return FAULT(check, "a commitment, but it isn't withheld");
        commit_item(&check->commit, buf_span(&check->type), buf_span(&check->key), listed->marked,
            check->whole ? NULL : nonce, data);
    } else if (!has[ITEM_COMMITTED].ptr || !json_u64(has[ITEM_COMMITTED], &length) ||
               !answer_take_bytes(has[ITEM_COMMITMENT], commitment, 32)) {
        return FAULT(check, "withheld, but without committedBytes and commitment");
    } else {
        commit_withheld(&check->commit, buf_span(&check->type), buf_span(&check->key),
            listed->marked, length, commitment);
    }
    result = check_said(check, data, length, listed);
    if (result != SL_OK) return result;
    check->verdict.withheld += withheld;
    check->bytes += data.len;
    check->committed += length;
    return SL_OK;
}

static int by_text(const void *a, const void *b)
{
    return sl_span_cmp(((const struct listed *)a)->type, ((const struct listed *)b)->type);
}

/* Of `types` one: how many items have it, told once. False: it isn't so many. */
static bool count_type(struct check *check, struct sl_span name, struct sl_span value, size_t *left)
{
    const struct listed sought = {.type = name};
    struct listed *listed = check->listed;
    struct listed *found =
        check->items ? bsearch(&sought, listed, check->items, sizeof(*listed), by_text) : NULL;
    if (!found || found->counted) return false;
    size_t at = (size_t)(found - listed), end = at;
    while (at > 0 && sl_span_eq(listed[at - 1].type, name))
        at--;
    while (end < check->items && sl_span_eq(listed[end].type, name))
        listed[end++].counted = true;
    for (size_t i = at; i < end; i++)
        listed[i].counted = true;
    *left -= end - at;
    return answer_is_u64(value, end - at);
}

static int by_item(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    return (x->item > y->item) - (x->item < y->item);
}

/* `bytes` and `types` sum up the items. */
static enum sl_result check_sums(struct check *check)
{
    if (!answer_is_u64(check->has[HAS_BYTES], check->bytes) &&
        !answer_is_u64(check->has[HAS_BYTES], check->committed))
        return FAULT(check, "bytes: its items have %llu", (unsigned long long)check->bytes);
    struct sl_span rest = check->has[HAS_TYPES], name, value;
    if (check->items) qsort(check->listed, check->items, sizeof(*check->listed), by_text);
    if (json_kind_of(rest) != JSON_OBJECT) return FAULT(check, "types: not an object");
    size_t left = check->items;
    while (json_next_member(&rest, &name, &value))
        if (!count_type(check, name, value, &left))
            return FAULT(check, "types: not each once, with as many as there are items of it");
    if (check->items) qsort(check->listed, check->items, sizeof(*check->listed), by_item);
    return left == 0 ? SL_OK : FAULT(check, "types: not as many as there are items");
}

/* Tell of the items that were redacted, once all is verified. */
static enum sl_result tell(struct check *check, const struct redacted_each *told)
{
    struct sl_span rest = check->has[HAS_ITEMS], value, has[ITEM_MEMBERS];
    if (!told || check->header.kind != SL_SYNC) return SL_OK;
    for (uint64_t i = 0; json_next(&rest, &value); i++) {
        const struct listed *listed = &check->listed[i];
        if (!listed->marked && !listed->withheld) continue;
        answer_take_members(value, item_members, ITEM_MEMBERS, has);
        answer_take_text(has[ITEM_KEY], &check->key);
        if (check->key.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
        told->each(told->ctx, &(struct redacted_item){.sequence = check->header.sequence,
                                  .item = i,
                                  .key = buf_span(&check->key),
                                  .marked = listed->marked,
                                  .withheld = listed->withheld});
    }
    return SL_OK;
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
    check->listed = calloc(check->items + 1, sizeof(*check->listed));
    if (!check->listed) return sl_fail(check->err, SL_NOMEM, "out of memory");
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
            "its items are not the ones that its header commits to (an item's bytes, key, type, mark or order, or the time of arrival)");
    if (!event_arrival_fits(arrived_us, check->header.time_ms))
        return FAULT(check, "it arrived after the time that its header says");
    if (check->claim) {
        check->item = check->claim_item;
        return FAULT(check, "%s", check->claim);
    }
    check->verdict.content = true;
    return SL_OK;
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
        if (result == SL_OK) result = check_items(check);
        return result;
    }
    if (kind != SL_SYNC && kind != SL_REDACT)
        return FAULT(check, "its content is gone, which that of a %s never is", sl_kind_name(kind));
    if (json_next(&items, &value) || json_next(&data, &value) ||
        !(answer_is_null(has[HAS_ARRIVED]) || answer_is_u64(has[HAS_ARRIVED], 0)))
        return FAULT(check, "content without a nonce: nothing proves it");
    return SL_OK;
}

static enum sl_result check_all(struct check *check, struct sl_span event, struct sl_span proof,
    const struct policy *policy, const struct redacted_each *told)
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
    if (result == SL_OK) result = check_content(check);
    if (result == SL_OK) result = check_sums(check);
    return result == SL_OK ? tell(check, told) : result;
}

enum sl_result event_verify(struct sl_span event, struct sl_span proof, const struct policy *policy,
    const struct redacted_each *redacted, struct event_verdict *verdict, struct sl_err *err)
{
    struct check check = {.err = err};
    enum sl_result result = check_all(&check, event, proof, policy, redacted);
    if (result == SL_OK) *verdict = check.verdict;
    buf_fini(&check.type);
    buf_fini(&check.key);
    buf_fini(&check.other);
    buf_fini(&check.record);
    free(check.listed);
    return result;
}
