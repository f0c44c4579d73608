#include "core/proof/bundle.h"

#include "core/base/pack.h"
#include "core/event/event.h"
#include "core/proof/bundle_read.h"
#include "core/proof/tree.h"
#include "core/proof/withheld.h"

#include <stdarg.h>
#include <stdio.h>

#define NO_ITEM UINT64_MAX
#define POSITION_MAX                                                                               \
    ((uint64_t)1 << 62) /* more events than any log can have: sums stay in range                   \
                         */
#define KEY_SHOWN 96    /* bytes of a key that an error shows */

/* One verification: the stream, and what runs through the events. */
struct check {
    struct bundle_reader in;
    const struct policy *policy;
    struct sl_err *err;
    struct bundle_verdict verdict;
    uint8_t ref[32];
    struct tree_edge edge; /* the log up to the last event */
    uint8_t leaf[32];      /* of the last event */
    uint64_t erased;       /* an event whose content is gone; 0: none */
    struct withheld withheld;
    /* the event at hand */
    uint64_t sequence; /* 0: none */
    struct header header;
    bool whole; /* its own nonce is there, and no item withheld */
    uint8_t nonce[EVENT_NONCE_BYTES];
    struct buf nonces; /* else: the items', NONCE_ENTRY bytes each */
    struct crypto_hash *manifest, *data, *replacement;
    struct buf packed; /* the manifest's bytes that are not in its hash yet */
    struct group *group;
    /* the item at hand */
    uint64_t item; /* NO_ITEM: none */
    char key[KEY_SHOWN + 4];
};

/* Items whose bytes lie in the reader's window, to be hashed side by side before they leave it. The
   places of their commitments in `packed` are filled in then. */
#define GROUP_ITEMS 96
struct group {
    uint64_t first; /* of the event's items */
    size_t count, hashed;
    struct lanes_text texts[GROUP_ITEMS];
    uint8_t nonces[GROUP_ITEMS][32], commitments[GROUP_ITEMS][32];
    uint8_t said[GROUP_ITEMS][32]; /* what the bundle says that the commitments are */
    size_t places[GROUP_ITEMS];
    char keys[GROUP_ITEMS][KEY_SHOWN + 4];
};

/* Is it there, then the nonce. */
#define NONCE_ENTRY (1 + ITEM_NONCE_BYTES)

/* ---- faults ---- */

#define BYTES_DIFFER "its bytes are not the ones that were committed to"

/* That it is SL_CORRUPT stands here, where an analyser sees it. */
#define FAULT(check, ...) (fault((check), __VA_ARGS__), SL_CORRUPT)

static void fault(const struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(const struct check *check, const char *format, ...)
{
    char place[SL_SHARE_ID_BYTES + KEY_SHOWN + 80], text[240];
    size_t used = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    used += (size_t)snprintf(place, sizeof(place),
        check->verdict.share_id[0] ? "share %s" : "bundle", check->verdict.share_id);
    if (check->sequence)
        used += (size_t)snprintf(place + used, sizeof(place) - used, ": event %llu",
            (unsigned long long)check->sequence);
    if (check->item != NO_ITEM)
        snprintf(place + used, sizeof(place) - used, ": item %llu%s%s%s",
            (unsigned long long)check->item, check->key[0] ? " (" : "", check->key,
            check->key[0] ? ")" : "");
    sl_fail(check->err, SL_CORRUPT, "%s: %s", place, text);
}

/* What the stream has to say. */
static enum sl_result read_result(const struct check *check)
{
    const struct bundle_reader *in = &check->in;
    if (read_ok(in)) return SL_OK;
    if (in->result == SL_CORRUPT)
        return FAULT(check, "byte %llu: %s", (unsigned long long)in->taken, in->what);
    return sl_fail(check->err, in->result, "bundle: %s", in->err.text[0] ? in->err.text : in->what);
}

/* A stranger's text goes into a message only in plain characters, and cut. */
static void keep_key(struct check *check, struct sl_span key)
{
    size_t n = key.len < KEY_SHOWN ? key.len : KEY_SHOWN;
    for (size_t i = 0; i < n; i++)
        check->key[i] = key.ptr[i] >= ' ' && key.ptr[i] < 0x7f ? key.ptr[i] : '?';
    memcpy(check->key + n, key.len > n ? "..." : "", key.len > n ? 4 : 1);
}

/* ---- the tree ---- */

/* The roots between the log as far as it is known and `to`. */
static enum sl_result check_gap(struct check *check, struct sl_span gap, uint64_t to)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(check->edge.size, to, cover);
    if (gap.len != count * TREE_HASH_BYTES)
        return FAULT(
            check, "the gap before it has %zu bytes, where %zu roots belong", gap.len, count);
    for (size_t i = 0; i < count; i++)
        if (!tree_add_subtree(&check->edge, cover[i].level, (const uint8_t *)gap.ptr + i * 32))
            return FAULT(check, "the gap before it doesn't fit the tree");
    return SL_OK;
}

/* ---- an item ---- */

/* Take `length` bytes into a hash. */
static void hash_bytes(struct check *check, struct crypto_hash *hash, uint64_t length)
{
    while (length > 0 && read_ok(&check->in)) {
        struct sl_span piece = read_piece(&check->in, length);
        if (hash) crypto_hash_add(hash, piece.ptr, piece.len);
        length -= piece.len;
    }
}

/* [who, reason, positions] */
static void take_removal(struct check *check)
{
    if (read_array(&check->in) != 3) read_fault(&check->in, "not what a removal says");
    uint64_t who = read_u64(&check->in);
    if (who > SL_WHO_OWNER) read_fault(&check->in, "removed by nobody known");
    check->verdict.removed = true;
    check->verdict.removed_ms = check->header.time_ms;
    check->verdict.removed_by = (enum sl_who)who;
}

/* [who, reason, [[sequence, item, replacement] …], …] */
static void take_redaction(struct check *check, struct crypto_hash *hash)
{
    uint8_t replacement[32];
    struct bundle_reader *in = &check->in;
    if (read_array(in) < 3) read_fault(in, "not what a redaction says");
    read_u64(in);
    read_str(in, SL_REASON_BYTES);
    for (size_t left = read_array(in); left > 0 && read_ok(in); left--) {
        if (read_array(in) != 3) read_fault(in, "not what a redaction says");
        uint64_t sequence = read_u64(in), item = read_u64(in);
        crypto_hash_begin(hash);
        hash_bytes(check, hash, read_bin_begin(in));
        crypto_hash_end(hash, replacement);
        if (read_ok(in)) withheld_name(&check->withheld, sequence, item, replacement);
    }
}

/* The `length` bytes of a remove or redact event's item, whose values are read while they go into a
   hash; `inner` is free for use. What they end with (positions) only the store needs. */
static void take_record(
    struct check *check, uint64_t length, struct crypto_hash *hash, struct crypto_hash *inner)
{
    struct bundle_reader *in = &check->in;
    if (!read_ok(in)) return;
    in->tap = hash;
    in->left = length;
    if (check->header.kind == SL_REMOVE)
        take_removal(check);
    else
        take_redaction(check, inner);
    hash_bytes(check, NULL, in->left);
    in->tap = NULL;
    in->left = UINT64_MAX;
}

/* Its `length` bytes are there: their commitment. */
static enum sl_result take_data(struct check *check, const uint8_t nonce[ITEM_NONCE_BYTES],
    uint64_t length, uint8_t commitment[32])
{
    enum sl_kind kind = check->header.kind;
    crypto_hash_begin(check->data);
    crypto_hash_add(check->data, nonce, ITEM_NONCE_BYTES);
    if (kind == SL_REMOVE || kind == SL_REDACT)
        take_record(check, length, check->data, check->replacement);
    else
        hash_bytes(check, check->data, length);
    crypto_hash_end(check->data, commitment);
    check->verdict.bytes += length;
    /* the manifest binds what comes out here; what the bundle says tells which item it is */
    uint8_t said[32] = {0};
    read_bin_into(&check->in, said, 32);
    enum sl_result result = read_result(check);
    if (result == SL_OK && memcmp(said, commitment, 32) != 0) result = FAULT(check, BYTES_DIFFER);
    return result;
}

/* They are not: what stands in their place is for a later redact event to name. Of a redact event
   it says, as its data did, what was redacted, and is named by its hash. */
static enum sl_result take_withheld(struct check *check, uint64_t *length, uint8_t commitment[32])
{
    uint8_t replacement[32];
    uint64_t stands = read_bin_begin(&check->in);
    crypto_hash_begin(check->replacement);
    if (check->header.kind == SL_REDACT)
        take_record(check, stands, check->replacement, check->data);
    else
        hash_bytes(check, check->replacement, stands);
    crypto_hash_end(check->replacement, replacement);
    if (check->header.kind == SL_REDACT) crypto_sha256(replacement, 32, replacement);
    *length = read_u64(&check->in);
    read_bin_into(&check->in, commitment, 32);
    enum sl_result result = read_result(check);
    if (result != SL_OK) return result;
    if (check->header.kind == SL_CREATE)
        return stands ? FAULT(check, "something stands in its place") : SL_OK;
    check->verdict.withheld += check->header.kind == SL_SYNC;
    return withheld_add(&check->withheld, check->sequence, check->item, replacement, check->err);
}

/* An item's nonce; false: it is withheld. */
static bool item_nonce(const struct check *check, uint8_t nonce[ITEM_NONCE_BYTES])
{
    if (check->whole) {
        event_item_nonce(check->nonce, (uint32_t)check->item, nonce);
        return true;
    }
    const char *entry = check->nonces.ptr + check->item * NONCE_ENTRY;
    memcpy(nonce, entry + 1, ITEM_NONCE_BYTES);
    return *entry;
}

/* ---- items side by side ---- */

static void hash_group(void *ctx)
{
    struct check *check = ctx;
    struct group *group = check->group;
    size_t from = group->hashed, count = group->count - from;
    if (count == 0) return;
    event_item_nonces(check->nonce, (uint32_t)(group->first + from), count, group->nonces + from);
    crypto_sha256_each(group->texts + from, count);
    group->hashed = group->count;
}

/* Whatever is in the group and in `packed` goes into the manifest's hash. */
static enum sl_result end_group(struct check *check)
{
    struct group *group = check->group;
    if (check->packed.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    hash_group(check);
    for (size_t i = 0; i < group->count; i++) {
        memcpy(check->packed.ptr + group->places[i], group->commitments[i], 32);
        if (memcmp(group->said[i], group->commitments[i], 32) == 0) continue;
        check->item = group->first + i;
        memcpy(check->key, group->keys[i], sizeof(check->key));
        return FAULT(check, BYTES_DIFFER);
    }
    crypto_hash_add(check->manifest, check->packed.ptr, check->packed.len);
    buf_clear(&check->packed);
    group->count = group->hashed = 0;
    return SL_OK;
}

static enum sl_result group_item(struct check *check, uint64_t length)
{
    struct group *group = check->group;
    size_t i = group->count;
    if (i == 0) group->first = check->item;
    struct sl_span bytes = read_whole(&check->in, length);
    group->texts[i] =
        (struct lanes_text){group->nonces[i], ITEM_NONCE_BYTES, bytes, group->commitments[i]};
    group->count = i + 1; /* and is hashed when the window moves on to what was said */
    read_bin_into(&check->in, group->said[i], 32);
    enum sl_result result = read_result(check);
    if (result != SL_OK) {
        group->count = i;
        if (group->hashed > i) group->hashed = i;
        return result;
    }
    memcpy(group->keys[i], check->key, sizeof(check->key));
    check->verdict.bytes += length;
    check->verdict.items++;
    pack_u64(&check->packed, length);
    pack_bin_begin(&check->packed, 32);
    group->places[i] = check->packed.len;
    buf_add(&check->packed, group->commitments[i], 32);
    return group->count == GROUP_ITEMS ? end_group(check) : SL_OK;
}

static enum sl_result check_item(struct check *check)
{
    struct bundle_reader *in = &check->in;
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    size_t parts = read_array(in);
    pack_array(&check->packed, 4);
    pack_str(&check->packed, read_str(in, SL_ITEM_TYPE_BYTES));
    struct sl_span key = read_str(in, SL_ITEM_KEY_BYTES);
    pack_str(&check->packed, key);
    keep_key(check, key);
    enum sl_result result = read_result(check);
    if (result != SL_OK) return result;
    bool withheld = parts == 5;
    if (parts != 4 && !withheld) return FAULT(check, "%zu parts, not 4 or 5", parts);
    if ((check->whole || item_nonce(check, nonce)) == withheld)
        return FAULT(check, withheld ? "withheld, but its nonce is there" : "without its nonce");
    if (withheld && (check->header.kind == SL_REMOVE || check->header.kind == SL_ALLOW))
        return FAULT(check, "withheld from a %s", sl_kind_name(check->header.kind));
    if (!withheld && check->header.kind == SL_CREATE)
        return FAULT(check, "a create's item, and not withheld");
    uint64_t length = withheld ? 0 : read_bin_begin(in);
    if (!withheld && check->whole && check->header.kind == SL_SYNC && length <= READ_WHOLE_BYTES)
        return group_item(check, length);
    result = end_group(check);
    if (result != SL_OK) return result;
    if (!withheld) item_nonce(check, nonce);
    result = withheld ? take_withheld(check, &length, commitment)
                      : take_data(check, nonce, length, commitment);
    if (result != SL_OK) return result;
    pack_u64(&check->packed, length);
    pack_bin(&check->packed, (struct sl_span){(const char *)commitment, 32});
    check->verdict.items++;
    return SL_OK;
}

/* ---- an event ---- */

/* The event's own nonce, or what is left of it: [the manifest's, an item's or nil …]. *items is how
   many items that makes, where it says. */
static enum sl_result take_nonces(
    struct check *check, uint8_t manifest_nonce[ITEM_NONCE_BYTES], size_t *items)
{
    struct bundle_reader *in = &check->in;
    check->whole = read_peek(in) == READ_BIN;
    if (check->whole) {
        if (read_bin_into(in, check->nonce, EVENT_NONCE_BYTES))
            event_manifest_nonce(check->nonce, manifest_nonce);
        return read_result(check);
    }
    size_t count = read_array(in), withheld = 0;
    read_bin_into(in, manifest_nonce, ITEM_NONCE_BYTES);
    buf_clear(&check->nonces);
    if (count > SL_BATCH_ITEMS + 1) read_fault(in, "more items than an event can have");
    for (size_t i = 1; i < count && read_ok(in); i++) {
        uint8_t entry[NONCE_ENTRY] = {0};
        if (read_peek(in) == READ_NIL) {
            read_nil(in);
            withheld++;
        } else if (read_bin_into(in, entry + 1, ITEM_NONCE_BYTES)) {
            entry[0] = 1;
        }
        buf_add(&check->nonces, entry, sizeof(entry));
    }
    enum sl_result result = read_result(check);
    if (result != SL_OK) return result;
    if (check->nonces.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (withheld == 0) return FAULT(check, "nonces one by one, but nothing is withheld");
    *items = count - 1;
    return SL_OK;
}

static enum sl_result check_content(struct check *check)
{
    struct bundle_reader *in = &check->in;
    uint8_t nonce[ITEM_NONCE_BYTES] = {0}, commitment[32];
    size_t items_of_nonces = 0;
    uint64_t arrived_us = read_u64(in);
    enum sl_result result = take_nonces(check, nonce, &items_of_nonces);
    if (result != SL_OK) return result;
    size_t items = read_array(in);
    if (items > SL_BATCH_ITEMS) read_fault(in, "more items than an event can have");
    result = read_result(check);
    if (result != SL_OK) return result;
    if (!check->whole && items != items_of_nonces)
        return FAULT(check, "%zu items, but nonces of %zu", items, items_of_nonces);
    if (check->header.kind != SL_SYNC && items != 1)
        return FAULT(check, "a %s of %zu items, not 1", sl_kind_name(check->header.kind), items);
    buf_clear(&check->packed);
    manifest_begin(&check->packed, arrived_us, items);
    crypto_hash_begin(check->manifest);
    crypto_hash_add(check->manifest, nonce, ITEM_NONCE_BYTES);
    for (check->item = 0; check->item < items && result == SL_OK; check->item++) {
        check->key[0] = 0;
        result = check_item(check);
        if (result == SL_OK) continue;
        /* one before it that differs is the first fault */
        enum sl_result before = end_group(check);
        return before == SL_OK ? result : before;
    }
    result = end_group(check);
    if (result != SL_OK) return result;
    check->item = NO_ITEM;
    crypto_hash_end(check->manifest, commitment);
    if (memcmp(commitment, check->header.manifest_commitment, 32) != 0)
        return FAULT(check,
            "its items are not the ones that its header commits to (an item's bytes, key, type or order, or the time of arrival)");
    return SL_OK;
}

/* What its kind may not do there. */
static enum sl_result check_kind(struct check *check, bool erased)
{
    enum sl_kind kind = check->header.kind;
    if (kind > SL_ALLOW) return FAULT(check, "of an unknown kind, %llu", (unsigned long long)kind);
    if (check->sequence == 1 && kind != SL_CREATE)
        return FAULT(check, "the first event is no creation");
    if (check->sequence > 1 && kind == SL_CREATE) return FAULT(check, "a second creation");
    if (check->verdict.removed && kind != SL_ALLOW)
        return FAULT(check, "a %s after the removal", sl_kind_name(kind));
    if (erased && kind != SL_SYNC && kind != SL_REDACT)
        return FAULT(check, "its content is gone, which that of a %s never is", sl_kind_name(kind));
    return SL_OK;
}

static enum sl_result check_place(struct check *check, uint64_t position)
{
    const struct header *header = &check->header;
    if (memcmp(header->share_ref, check->ref, 32) != 0)
        return FAULT(check, "its header belongs to another share (or the salt is wrong)");
    if (header->sequence != check->sequence)
        return FAULT(check, "missing (the next one is %llu)", (unsigned long long)header->sequence);
    if (memcmp(header->prev, check->leaf, 32) != 0)
        return FAULT(check, "its header does not name the event before it (prev)");
    if (header->time_ms < check->verdict.last_ms)
        return FAULT(check, "its time is before that of the event before it");
    if (position < check->edge.size)
        return FAULT(check, "its position, %llu, is not behind that of the event before it",
            (unsigned long long)position);
    if (position >= POSITION_MAX) return FAULT(check, "its position is beyond any log's end");
    return SL_OK;
}

static enum sl_result check_event(struct check *check)
{
    struct bundle_reader *in = &check->in;
    size_t parts = read_array(in);
    if (parts != 3 && parts != 6) read_fault(in, "not an event: neither 3 nor 6 parts");
    char bytes[TREE_COVER * TREE_HASH_BYTES];
    struct sl_span gap = read_bin(in, sizeof(bytes));
    if (gap.len) memcpy(bytes, gap.ptr, gap.len);
    gap.ptr = bytes;
    uint64_t position = read_u64(in);
    struct sl_span header = read_bin(in, SL_HEADER_BYTES);
    enum sl_result result = read_result(check);
    if (result != SL_OK) return result;
    if (!header_decode(header, &check->header)) return FAULT(check, "its header is unreadable");
    uint8_t leaf[32];
    header_leaf(header, leaf);
    result = check_place(check, position);
    if (result == SL_OK) result = check_kind(check, parts == 3);
    if (result == SL_OK) result = check_gap(check, gap, position);
    if (result == SL_OK && parts == 6) result = check_content(check);
    if (result != SL_OK) return result;
    tree_add(&check->edge, leaf);
    memcpy(check->leaf, leaf, 32);
    if (parts == 3) check->erased = check->sequence;
    if (check->sequence == 1) check->verdict.first_ms = check->header.time_ms;
    check->verdict.last_ms = check->header.time_ms;
    check->verdict.syncs += check->header.kind == SL_SYNC;
    return SL_OK;
}

/* ---- the whole ---- */

static enum sl_result check_head(struct check *check)
{
    struct bundle_reader *in = &check->in;
    uint8_t salt[32];
    if (read_array(in) != 4 || !sl_span_eq(read_str(in, 64), SL_SPAN(BUNDLE_FORM)))
        read_fault(in, "not a " BUNDLE_FORM);
    struct sl_span id = read_str(in, SL_SHARE_ID_BYTES);
    if (!sl_share_id_valid(id)) read_fault(in, "not the id of a share");
    if (read_ok(in)) memcpy(check->verdict.share_id, id.ptr, id.len);
    if (read_bin_into(in, salt, 32))
        event_share_ref(salt, sl_span_of(check->verdict.share_id), check->ref);
    check->verdict.events = read_u64(in);
    if (check->verdict.events == 0) read_fault(in, "no events");
    return read_result(check);
}

/* What only the last event can settle. */
static enum sl_result check_left(struct check *check)
{
    const struct withheld_item *item = withheld_fault(&check->withheld);
    check->key[0] = 0;
    if (item) {
        check->sequence = item->sequence;
        check->item = item->item;
        return FAULT(check, item->named == WITHHELD_DIFFERS
                                ? "what stands in its place is not what the redact event says"
                                : "withheld, but no redact event names it");
    }
    if (check->erased && !check->verdict.removed) {
        check->sequence = check->erased;
        return FAULT(check, "its content is gone, but the share is not removed");
    }
    return SL_OK;
}

static enum sl_result check_tail(struct check *check)
{
    struct bundle_reader *in = &check->in;
    struct bundle_verdict *verdict = &check->verdict;
    char bytes[TREE_COVER * TREE_HASH_BYTES], note[SL_CHECKPOINT_BYTES];
    if (read_array(in) != 2) read_fault(in, "not the end of a bundle");
    struct sl_span gap = read_bin(in, sizeof(bytes));
    if (gap.len) memcpy(bytes, gap.ptr, gap.len);
    gap.ptr = bytes;
    struct sl_span text = read_str(in, sizeof(note));
    if (text.len) memcpy(note, text.ptr, text.len);
    text.ptr = note;
    if (read_ok(in) && !read_at_end(in)) read_fault(in, "something follows the bundle");
    enum sl_result result = read_result(check);
    if (result != SL_OK) return result;
    struct sl_err below = {0};
    struct note parts;
    struct checkpoint_text checkpoint;
    result = policy_check(check->policy, text, &verdict->cosignatures, &below);
    if (result == SL_INVALID || result == SL_NOT_FOUND)
        return FAULT(check, "its checkpoint: %s", below.text);
    if (result != SL_OK) return sl_fail(check->err, result, "checkpoint: %s", below.text);
    if (!note_parse(text, &parts) || !checkpoint_parse(parts.text, &checkpoint))
        return FAULT(check, "its checkpoint is unreadable");
    if (checkpoint.size < check->edge.size || checkpoint.size > POSITION_MAX)
        return FAULT(check,
            "its checkpoint is of %llu events, and its last one is at position %llu",
            (unsigned long long)checkpoint.size, (unsigned long long)check->edge.size - 1);
    result = check_gap(check, gap, checkpoint.size);
    if (result != SL_OK) return result;
    tree_edge_root(&check->edge, verdict->root);
    verdict->log_size = checkpoint.size;
    if (memcmp(verdict->root, checkpoint.root, 32) != 0)
        return FAULT(check,
            "its events are not, as they stand here, those of the log that the checkpoint signs (the root differs)");
    return SL_OK;
}

static enum sl_result check_all(struct check *check)
{
    enum sl_result result = check_head(check);
    for (uint64_t i = 1; i <= check->verdict.events && result == SL_OK; i++) {
        check->sequence = i;
        result = check_event(check);
    }
    if (result != SL_OK) return result;
    check->sequence = 0;
    result = check_tail(check);
    return result == SL_OK ? check_left(check) : result;
}

enum sl_result bundle_verify(struct bundle_input input, const struct policy *policy,
    const struct sl_progress *progress, struct bundle_verdict *verdict, struct sl_err *err)
{
    struct check *check = calloc(1, sizeof(*check));
    if (!check) return sl_fail(err, SL_NOMEM, "out of memory");
    check->policy = policy;
    check->err = err;
    check->item = NO_ITEM;
    check->manifest = crypto_hash_create();
    check->data = crypto_hash_create();
    check->replacement = crypto_hash_create();
    check->group = calloc(1, sizeof(*check->group));
    enum sl_result result = check->group ? bundle_reader_init(&check->in, input, progress, err)
                                         : sl_fail(err, SL_NOMEM, "out of memory");
    check->in.leaving = hash_group;
    check->in.leaving_ctx = check;
    if (result == SL_OK) result = check_all(check);
    if (result == SL_OK) *verdict = check->verdict;
    crypto_hash_destroy(check->manifest);
    crypto_hash_destroy(check->data);
    crypto_hash_destroy(check->replacement);
    bundle_reader_fini(&check->in);
    withheld_fini(&check->withheld);
    buf_fini(&check->nonces);
    buf_fini(&check->packed);
    free(check->group);
    free(check);
    return result;
}
