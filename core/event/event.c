/* The bytes of an event: its header, its manifest, its row, the prefix of its body. Writing goes
   into a buffer, whose `failed` says when memory ran out. Reading takes bytes that may be damaged:
   what is malformed is refused, and nothing is read past its end. */

#include "core/event/event.h"

#include "core/base/crypto.h"
#include "core/base/pack.h"

#include <assert.h>

void header_encode(const struct header *header, struct buf *out)
{
    size_t from = out->len;
    pack_array(out, 7);
    pack_u64(out, HEADER_VERSION);
    pack_u64(out, header->kind);
    pack_bin(out, (struct sl_span){(const char *)header->share_ref, 32});
    pack_u64(out, header->sequence);
    pack_u64(out, header->time_ms);
    pack_bin(out, (struct sl_span){(const char *)header->prev, 32});
    pack_bin(out, (struct sl_span){(const char *)header->manifest_commitment, 32});
    assert(out->len - from <= SL_HEADER_BYTES);
}

bool header_decode(struct sl_span bytes, struct header *header)
{
    struct unpack in;
    struct header h;
    unpack_begin(&in, bytes);
    bool ok = unpack_array(&in) == 7 && unpack_u64(&in) == HEADER_VERSION;
    h.kind = (enum sl_kind)unpack_u64(&in);
    unpack_bin_into(&in, h.share_ref, 32);
    h.sequence = unpack_u64(&in);
    h.time_ms = unpack_u64(&in);
    unpack_bin_into(&in, h.prev, 32);
    unpack_bin_into(&in, h.manifest_commitment, 32);
    if (!unpack_end(&in) || !ok || h.sequence == 0) return false;
    /* One header, one encoding: whatever else decodes to the same is a forgery of its bytes. */
    char room[SL_HEADER_BYTES];
    struct buf again = buf_fixed(room, sizeof(room));
    header_encode(&h, &again);
    assert(!again.failed);
    ok = sl_span_eq(buf_span(&again), bytes);
    if (ok) *header = h;
    return ok;
}

bool header_kind(struct sl_span bytes, enum sl_kind *kind)
{
    /* an array of seven, the version, a kind below 128: a byte each */
    if (bytes.len < 3 || (uint8_t)bytes.ptr[0] != 0x97 || bytes.ptr[1] != HEADER_VERSION ||
        (uint8_t)bytes.ptr[2] > 0x7f)
        return false;
    *kind = (enum sl_kind)bytes.ptr[2];
    return true;
}

void header_leaf(struct sl_span header, uint8_t leaf[32])
{
    crypto_sha256_of((struct sl_span[]){{"\0", 1}, header}, 2, leaf);
}

void event_share_ref(const uint8_t salt[32], struct sl_span share_id, uint8_t ref[32])
{
    crypto_sha256_of((struct sl_span[]){{(const char *)salt, 32}, share_id}, 2, ref);
}

void event_item_nonce(
    const uint8_t event_nonce[EVENT_NONCE_BYTES], uint32_t index, uint8_t nonce[ITEM_NONCE_BYTES])
{
    uint8_t be[4], mac[32];
    be_put(be, index, 4);
    crypto_hmac((struct sl_span){(const char *)event_nonce, EVENT_NONCE_BYTES},
        (struct sl_span){(const char *)be, 4}, mac);
    memcpy(nonce, mac, ITEM_NONCE_BYTES);
}

void event_item_nonces(const uint8_t event_nonce[EVENT_NONCE_BYTES], uint32_t first, size_t count,
    uint8_t (*nonces)[32])
{
    crypto_hmac_numbers(
        (struct sl_span){(const char *)event_nonce, EVENT_NONCE_BYTES}, first, count, nonces);
}

void event_manifest_nonce(
    const uint8_t event_nonce[EVENT_NONCE_BYTES], uint8_t nonce[ITEM_NONCE_BYTES])
{
    uint8_t mac[32];
    crypto_hmac(
        (struct sl_span){(const char *)event_nonce, EVENT_NONCE_BYTES}, SL_SPAN("manifest"), mac);
    memcpy(nonce, mac, ITEM_NONCE_BYTES);
}

void event_commitment(
    const uint8_t nonce[ITEM_NONCE_BYTES], struct sl_span bytes, uint8_t commitment[32])
{
    crypto_sha256_of(
        (struct sl_span[]){{(const char *)nonce, ITEM_NONCE_BYTES}, bytes}, 2, commitment);
}

void manifest_begin(struct buf *manifest, uint64_t arrived_us, size_t items)
{
    pack_array(manifest, 1 + items);
    pack_u64(manifest, arrived_us);
}

/* Stands at the end of a marked item. */
enum { MARK = 1 };

void manifest_add(struct buf *manifest, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, const uint8_t commitment[32])
{
    pack_array(manifest, marked ? 5 : 4);
    pack_str(manifest, type);
    pack_str(manifest, key);
    pack_u64(manifest, length);
    pack_bin(manifest, (struct sl_span){(const char *)commitment, 32});
    if (marked) pack_u64(manifest, MARK);
}

void event_items_begin(struct buf *packed, size_t items)
{
    pack_array(packed, items);
}

void event_items_add(
    struct buf *packed, struct sl_span type, struct sl_span key, bool marked, uint64_t length)
{
    pack_array(packed, marked ? 4 : 3);
    pack_str(packed, type);
    pack_str(packed, key);
    pack_u64(packed, length);
    if (marked) pack_u64(packed, MARK);
}

size_t event_items_begin_bytes(size_t items)
{
    return pack_array_bytes(items);
}

size_t event_items_add_bytes(struct sl_span type, struct sl_span key, bool marked, uint64_t length)
{
    return pack_array_bytes(marked ? 4 : 3) + pack_str_bytes(type.len) + pack_str_bytes(key.len) +
           pack_u64_bytes(length) + (marked ? pack_u64_bytes(MARK) : 0);
}

void event_row_encode(const struct event_row *row, struct buf *out)
{
    assert(row->header.len <= SL_HEADER_BYTES);
    pack_array(out, row->erased ? 4 : row->redacted ? 7 : 6);
    pack_u64(out, row->position);
    pack_bin(out, row->header);
    pack_u64(out, row->syncs);
    pack_u64_fixed(out, row->stored);
    if (!row->erased) pack_u64(out, row->arrived_us);
    if (row->redacted && !row->erased) pack_u64(out, row->prefix);
}

enum sl_result event_read_begin(
    struct sl_span bytes, struct event_row *row, struct event_reader *reader)
{
    unpack_begin(&reader->in, bytes);
    size_t parts = unpack_array(&reader->in);
    row->erased = parts == 4;
    row->redacted = parts == 7;
    reader->bad = parts != 4 && parts != 6 && parts != 7;
    row->position = unpack_u64(&reader->in);
    row->header = unpack_bin(&reader->in);
    row->syncs = unpack_u64(&reader->in);
    row->stored = unpack_u64(&reader->in);
    row->arrived_us = row->erased ? 0 : unpack_u64(&reader->in);
    row->prefix = row->erased ? 0 : row->redacted ? unpack_u64(&reader->in) : BODY_PREFIX_BYTES;
    reader->offset = row->prefix;
    row->items = reader->left = row->erased ? 0 : unpack_array(&reader->in);
    return reader->bad || reader->in.bad ? SL_CORRUPT : SL_OK;
}

bool event_read_next(struct event_reader *reader, struct event_item *item)
{
    if (reader->left == 0 || reader->in.bad) return false;
    reader->left--;
    size_t parts = unpack_array(&reader->in);
    if (parts != 3 && parts != 4) reader->bad = true;
    item->type = unpack_str(&reader->in);
    item->key = unpack_str(&reader->in);
    item->length = unpack_u64(&reader->in);
    item->marked = parts == 4;
    if (item->marked && unpack_u64(&reader->in) != MARK) reader->bad = true;
    item->offset = reader->offset;
    if (!reader->in.bad) unpack_leave(&reader->in);
    if (reader->in.bad || reader->bad) return false;
    reader->offset += item->length;
    return true;
}

bool event_read_end(struct event_reader *reader)
{
    return unpack_end(&reader->in) && !reader->bad;
}

/* ---- a redacted event's prefix ---- */

void body_withheld_begin(struct buf *prefix, const uint8_t manifest_nonce[ITEM_NONCE_BYTES])
{
    buf_add(prefix, (char[]){BODY_FORM_WITHHELD}, 1);
    buf_add(prefix, manifest_nonce, ITEM_NONCE_BYTES);
}

void body_withheld_keep(struct buf *prefix, const uint8_t nonce[ITEM_NONCE_BYTES])
{
    buf_add(prefix, "\0", 1);
    buf_add(prefix, nonce, ITEM_NONCE_BYTES);
}

void body_withheld_item(struct buf *prefix, const uint8_t commitment[32], uint64_t length)
{
    char be[8];
    be_put(be, length, 8);
    buf_add(prefix, "\1", 1);
    buf_add(prefix, commitment, 32);
    buf_add(prefix, be, 8);
}

static bool take(struct sl_span *rest, size_t len, const uint8_t **bytes)
{
    if (rest->len < len) return false;
    *bytes = (const uint8_t *)rest->ptr;
    rest->ptr += len;
    rest->len -= len;
    return true;
}

bool body_withheld_read(struct sl_span *prefix, const uint8_t **manifest_nonce)
{
    const uint8_t *form;
    return take(prefix, 1, &form) && *form == BODY_FORM_WITHHELD &&
           take(prefix, ITEM_NONCE_BYTES, manifest_nonce);
}

bool body_withheld_next(struct sl_span *prefix, struct body_item *item)
{
    const uint8_t *withheld, *length;
    *item = (struct body_item){0};
    if (!take(prefix, 1, &withheld) || *withheld > 1) return false;
    if (!*withheld) return take(prefix, ITEM_NONCE_BYTES, &item->nonce);
    if (!take(prefix, 32, &item->commitment) || !take(prefix, 8, &length)) return false;
    item->length = be_get(length, 8);
    return true;
}

const char *sl_kind_name(enum sl_kind kind)
{
    static const char *const names[] = {[SL_CREATE] = "create",
        [SL_SYNC] = "sync",
        [SL_REMOVE] = "remove",
        [SL_REDACT] = "redact",
        [SL_ALLOW] = "allow"};
    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}
