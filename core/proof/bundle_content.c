/* The content of a bundle's event: nonces, then items. Each item's commitment is made of what lies
   there, or taken as it is where the item is withheld; the header commits to them all. Items of a
   whole sync event that lie in the reader's window are gathered, and hashed side by side before
   they leave it.

   The bundle says of each item what its commitment is. The header binds them all together; that
   word tells which item it is that differs. The first one is the fault that is named, even where
   something behind it, that was read before its hash was made, is wrong too.

   What the items say is looked at as they come by (item_check.h, bundle_record.c), and told last:
   an event whose bytes aren't the ones that it commits to is a file's fault, one that commits to
   what no server makes is its signer's. */

#include "core/proof/bundle_content.h"

#include "core/proof/bundle_record.h"
#include "core/proof/event_times.h"
#include "core/proof/item_check.h"

#include <assert.h>

/* Of an event's nonces, one: is it there, then the nonce. */
#define NONCE_ENTRY (1 + ITEM_NONCE_BYTES)

#define BYTES_DIFFER "its bytes are not the ones that were committed to"

/* A stranger's text goes into a message only in plain characters, and cut. */
static void keep_key(struct bundle_check *check, struct sl_span key)
{
    size_t n = key.len < KEY_SHOWN ? key.len : KEY_SHOWN;
    for (size_t i = 0; i < n; i++)
        check->key[i] = key.ptr[i] >= ' ' && key.ptr[i] < 0x7f ? key.ptr[i] : '?';
    memcpy(check->key + n, key.len > n ? "..." : "", key.len > n ? 4 : 1);
}

/* ---- an item ---- */

/* Take `length` bytes into a hash, and into `data`, which the item is looked at in. */
static void take_bytes(struct bundle_check *check, struct crypto_hash *hash, uint64_t length)
{
    buf_clear(&check->data);
    while (length > 0 && read_ok(&check->in)) {
        struct sl_span piece = read_piece(&check->in, length);
        crypto_hash_add(hash, piece.ptr, piece.len);
        buf_add_span(&check->data, piece);
        length -= piece.len;
    }
}

/* An item's names, taken out of the window. */
struct names {
    struct sl_span type, key;
    bool marked;
    char room[SL_ITEM_TYPE_BYTES + SL_ITEM_KEY_BYTES];
};

/* Look at a sync's item, and remember it if it was redacted; `replacement` is of a withheld one. */
static enum sl_result look_at(struct bundle_check *check, const struct names *names,
    struct sl_span data, uint64_t committed, const uint8_t *replacement)
{
    const char *fault;
    bool unmarked;
    struct item_claim claim = {names->type, names->key, data,
        replacement     ? CLAIM_WITHHELD
        : names->marked ? CLAIM_MARKED
                        : CLAIM_SENT,
        committed};
    enum sl_result result = item_check(&claim, &fault, &unmarked, check->err);
    if (result != SL_OK) return result;
    if (fault) bundle_claim(check, "%s", fault);
    bool marked = names->marked || unmarked;
    check->verdict.marked += marked;
    check->verdict.withheld += replacement != NULL;
    if (!marked && !replacement) return SL_OK;
    struct withheld_item place = {
        .sequence = check->sequence, .item = check->item, .marked = marked};
    return withheld_add(&check->withheld, &place, names->key, replacement, check->err);
}

/* The nonce of the item at hand; NULL: it is withheld. Of an event that isn't whole. */
static const uint8_t *nonce_of(const struct bundle_check *check)
{
    assert(!check->whole && (check->item + 1) * NONCE_ENTRY <= check->nonces.len);
    const char *entry = check->nonces.ptr + check->item * NONCE_ENTRY;
    return *entry ? (const uint8_t *)entry + 1 : NULL;
}

/* Whatever is gathered goes into the manifest, unless an item of it differs from what is said of
   it. */
static enum sl_result end_group(struct bundle_check *check)
{
    commit_settle(&check->commit);
    assert(check->said_count <= check->commit.count);
    for (size_t i = 0; i < check->said_count; i++) {
        const struct bundle_said *said = &check->said[i];
        if (memcmp(said->commitment, check->commit.commitments[i], 32) == 0) continue;
        check->item = said->item;
        memcpy(check->key, said->key, sizeof(check->key));
        return BUNDLE_FAULT(check, BYTES_DIFFER);
    }
    commit_flush(&check->commit);
    check->said_count = 0;
    return SL_OK;
}

void bundle_check_leaving(void *ctx)
{
    struct bundle_check *check = ctx;
    if (check->in_content) commit_settle(&check->commit);
}

static void take_names(struct bundle_check *check, struct names *names)
{
    struct sl_span type = read_str(&check->in, SL_ITEM_TYPE_BYTES);
    names->type = (struct sl_span){names->room, type.len};
    if (type.len) memcpy(names->room, type.ptr, type.len);
    struct sl_span key = read_str(&check->in, SL_ITEM_KEY_BYTES);
    names->key = (struct sl_span){names->room + type.len, key.len};
    if (key.len) memcpy(names->room + type.len, key.ptr, key.len);
    names->marked = read_peek(&check->in) == READ_U64;
    if (names->marked && read_u64(&check->in) != 1) read_fault(&check->in, "not a mark");
    keep_key(check, names->key);
}

/* Its bytes lie in the window: gather it. */
static enum sl_result gather(
    struct bundle_check *check, const struct names *names, const uint8_t *nonce, uint64_t length)
{
    enum sl_result result = commit_full(&check->commit) ? end_group(check) : SL_OK;
    if (result != SL_OK) return result;
    struct sl_span bytes = read_whole(&check->in, length);
    if (bundle_check_read(check) == SL_OK) result = look_at(check, names, bytes, length, NULL);
    if (result != SL_OK) return result;
    commit_item(&check->commit, names->type, names->key, names->marked, nonce, bytes);
    /* where the window moves on to what is said, the bytes are hashed before */
    struct bundle_said *said = &check->said[check->said_count];
    read_bin_into(&check->in, said->commitment, 32);
    result = bundle_check_read(check);
    if (result != SL_OK) return result;
    said->item = check->item;
    memcpy(said->key, check->key, sizeof(check->key));
    check->said_count++;
    check->verdict.bytes += length;
    return SL_OK;
}

/* Its bytes come in pieces. */
static enum sl_result take_data(
    struct bundle_check *check, const struct names *names, const uint8_t *nonce, uint64_t length)
{
    uint8_t commitment[32], said[32] = {0};
    enum sl_kind kind = check->header.kind;
    struct crypto_hash *hash = commit_stream(&check->commit, nonce);
    enum sl_result result = SL_OK;
    if (kind == SL_SYNC)
        take_bytes(check, hash, length);
    else
        result = bundle_record_take(check, length, hash);
    commit_stream_end(&check->commit, names->type, names->key, names->marked, length, commitment);
    read_bin_into(&check->in, said, 32);
    if (result == SL_OK) result = bundle_check_read(check);
    if (result != SL_OK) return result;
    check->verdict.bytes += length;
    if (memcmp(said, commitment, 32) != 0) return BUNDLE_FAULT(check, BYTES_DIFFER);
    if (check->data.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    return kind == SL_SYNC ? look_at(check, names, buf_span(&check->data), length, NULL) : SL_OK;
}

/* Its bytes are withheld: what stands in their place is for a later redact event to name. Of a
   redact event it says, as its data did, what was redacted, and is named by its hash. */
static enum sl_result take_withheld(struct bundle_check *check, const struct names *names)
{
    uint8_t replacement[32], commitment[32] = {0};
    struct crypto_hash hash;
    enum sl_kind kind = check->header.kind;
    enum sl_result result = SL_OK;
    uint64_t stands = read_bin_begin(&check->in);
    crypto_hash_begin(&hash);
    if (kind == SL_REDACT)
        result = bundle_record_take(check, stands, &hash);
    else
        take_bytes(check, &hash, stands);
    crypto_hash_end(&hash, replacement);
    if (kind == SL_REDACT) crypto_sha256(replacement, 32, replacement);
    uint64_t length = read_u64(&check->in);
    read_bin_into(&check->in, commitment, 32);
    if (result == SL_OK) result = bundle_check_read(check);
    if (result != SL_OK) return result;
    commit_withheld(&check->commit, names->type, names->key, names->marked, length, commitment);
    if (check->data.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (kind == SL_CREATE)
        return stands ? BUNDLE_FAULT(check, "something stands in its place") : SL_OK;
    if (kind == SL_SYNC) return look_at(check, names, buf_span(&check->data), length, replacement);
    struct withheld_item place = {.sequence = check->sequence, .item = check->item, .record = true};
    return withheld_add(&check->withheld, &place, names->key, replacement, check->err);
}

static enum sl_result check_item(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    struct names names;
    size_t parts = read_array(in);
    take_names(check, &names);
    enum sl_result result = bundle_check_read(check);
    if (result != SL_OK) return result;
    enum sl_kind kind = check->header.kind;
    if (names.marked) parts--;
    bool withheld = parts == 5;
    const uint8_t *nonce = check->whole ? NULL : nonce_of(check);
    if (parts != 4 && !withheld) return BUNDLE_FAULT(check, "%zu parts, not 4 or 5", parts);
    if (names.marked && kind != SL_SYNC)
        return BUNDLE_FAULT(check, "marked as redacted on arrival, in a %s", sl_kind_name(kind));
    if ((check->whole || nonce) == withheld)
        return BUNDLE_FAULT(
            check, withheld ? "withheld, but its nonce is there" : "without its nonce");
    if (withheld && (kind == SL_REMOVE || kind == SL_ALLOW))
        return BUNDLE_FAULT(check, "withheld from a %s", sl_kind_name(kind));
    if (!withheld && kind == SL_CREATE)
        return BUNDLE_FAULT(check, "a create's item, and not withheld");
    struct sl_span own = sl_span_of(sl_kind_name(kind));
    if (kind != SL_SYNC && !(sl_span_eq(names.type, own) && sl_span_eq(names.key, own)))
        bundle_claim(check, "its type and key are not those of a %s", sl_kind_name(kind));
    uint64_t length = withheld ? 0 : read_bin_begin(in);
    if (!withheld && kind == SL_SYNC && length <= READ_WHOLE_BYTES) {
        result = gather(check, &names, nonce, length);
    } else {
        result = end_group(check);
        if (result == SL_OK)
            result =
                withheld ? take_withheld(check, &names) : take_data(check, &names, nonce, length);
    }
    if (result == SL_OK) check->verdict.items++;
    return result;
}

/* ---- the content ---- */

/* An event's nonces: its own, or what is left of it. */
struct nonces {
    uint8_t event[EVENT_NONCE_BYTES], manifest[ITEM_NONCE_BYTES];
    size_t items; /* how many items there are, where they are one by one */
};

/* The event's own nonce, or [the manifest's, an item's or nil …]. */
static enum sl_result take_nonces(struct bundle_check *check, struct nonces *nonces)
{
    struct bundle_reader *in = &check->in;
    check->whole = read_peek(in) == READ_BIN;
    if (check->whole) {
        read_bin_into(in, nonces->event, EVENT_NONCE_BYTES);
        return bundle_check_read(check);
    }
    size_t count = read_array(in), withheld = 0;
    read_bin_into(in, nonces->manifest, ITEM_NONCE_BYTES);
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
    enum sl_result result = bundle_check_read(check);
    if (result != SL_OK) return result;
    if (check->nonces.failed) return sl_fail(check->err, SL_NOMEM, "out of memory");
    if (withheld == 0) return BUNDLE_FAULT(check, "nonces one by one, but nothing is withheld");
    nonces->items = count - 1;
    return SL_OK;
}

static enum sl_result check_items(struct bundle_check *check, size_t items)
{
    uint8_t commitment[32];
    enum sl_result result = SL_OK;
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
    commit_end(&check->commit, commitment);
    if (memcmp(commitment, check->header.manifest_commitment, 32) != 0)
        return BUNDLE_FAULT(check,
            "its items are not the ones that its header commits to (an item's bytes, key, type, mark or order, or the time of arrival)");
    if (!check->claim.wrong) return SL_OK;
    check->item = check->claim.item;
    memcpy(check->key, check->claim.key, sizeof(check->key));
    return BUNDLE_FAULT(check, "%s", check->claim.what);
}

enum sl_result bundle_check_content(struct bundle_check *check)
{
    struct bundle_reader *in = &check->in;
    struct nonces nonces = {.items = 0};
    uint64_t arrived_us = read_u64(in);
    enum sl_result result = take_nonces(check, &nonces);
    if (result != SL_OK) return result;
    size_t items = read_array(in);
    if (items > SL_BATCH_ITEMS) read_fault(in, "more items than an event can have");
    result = bundle_check_read(check);
    if (result != SL_OK) return result;
    if (!check->whole && items != nonces.items)
        return BUNDLE_FAULT(check, "%zu items, but nonces of %zu", items, nonces.items);
    if (check->header.kind != SL_SYNC && items != 1)
        return BUNDLE_FAULT(
            check, "a %s of %zu items, not 1", sl_kind_name(check->header.kind), items);
    if (check->whole)
        commit_begin(&check->commit, nonces.event, arrived_us, items);
    else
        commit_begin_given(&check->commit, nonces.manifest, arrived_us, items);
    check->said_count = 0;
    check->claim.wrong = false;
    check->item = NO_ITEM;
    check->key[0] = 0;
    if (!event_arrival_fits(arrived_us, check->header.time_ms))
        bundle_claim(check, "it arrived after the time that its header says");
    check->in_content = true;
    result = check_items(check, items);
    check->in_content = false;
    return result;
}
