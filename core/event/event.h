#ifndef SHARELOG_EVENT_H
#define SHARELOG_EVENT_H

/* An event's bytes: header, manifest, commitments, the rows it is stored in. The formats are for
   ever: core/FORMAT.md states them, golden files pin them. Nothing here knows a store.

     family `log`    header ─────────────────────── its hash is the leaf of the log's tree
       by position     prev ──────────────────────► the leaf of the share's event before
                       manifest_commitment ────┐
                                               ▼  a hash of
                     manifest                [arrived_us, [type, key, length, commitment] …]
                       is made anew whenever it is needed     │          │
     family `event`  row                                      │          │
       by share and    position, header, syncs, stored        │          │
       sequence        arrived_us, [type, key, length] … ◄────┘          │
     its body        raw rows of SL_BODY_ROW_BYTES                       ▼  a hash of
                       prefix (nonces) │ bytes of item 0 │ bytes of item 1 │ …

   Erasing takes the body away and all of the row behind `stored`; the header stays, and with it the
   log's tree. */

#include "core/base/buf.h"
#include "core/base/pack.h"
#include "core/sharelog.h"

#define HEADER_VERSION 1
#define EVENT_NONCE_BYTES 32
#define ITEM_NONCE_BYTES 16

/* The log's leaf: [1, kind, share_ref, sequence, time_ms, prev, manifest_commitment] */
struct header {
    enum sl_kind kind;
    uint8_t share_ref[32];
    uint64_t sequence, time_ms;
    uint8_t prev[32];
    uint8_t manifest_commitment[32];
};

void header_encode(const struct header *header, struct buf *out);
/* False: not a header, or not in its one encoding. A sequence is at least 1. */
bool header_decode(struct sl_span bytes, struct header *header);
/* The kind alone. The rest isn't checked: for reads of what was checked before it was written. */
bool header_kind(struct sl_span bytes, enum sl_kind *kind);
/* SHA-256(0x00 ‖ header), RFC 6962 2.1. */
void header_leaf(struct sl_span header, uint8_t leaf[32]);
void event_share_ref(const uint8_t salt[32], struct sl_span share_id, uint8_t ref[32]);

/* Item i's nonce: the first half of HMAC-SHA-256(event nonce, i as u32); the manifest's: of
   "manifest". */
void event_item_nonce(
    const uint8_t event_nonce[EVENT_NONCE_BYTES], uint32_t index, uint8_t nonce[ITEM_NONCE_BYTES]);
/* Of `count` items from `first` on: the nonces are the first ITEM_NONCE_BYTES of each. */
void event_item_nonces(const uint8_t event_nonce[EVENT_NONCE_BYTES], uint32_t first, size_t count,
    uint8_t (*nonces)[32]);
void event_manifest_nonce(
    const uint8_t event_nonce[EVENT_NONCE_BYTES], uint8_t nonce[ITEM_NONCE_BYTES]);
/* SHA-256(nonce ‖ bytes) */
void event_commitment(
    const uint8_t nonce[ITEM_NONCE_BYTES], struct sl_span bytes, uint8_t commitment[32]);

/* The manifest, built item by item, then committed to. An item that was redacted on arrival is
   *marked*: what is committed to is what the server put in the place of what was sent, and the
   manifest says so by a fifth element, 1. */
void manifest_begin(struct buf *manifest, uint64_t arrived_us, size_t items);
void manifest_add(struct buf *manifest, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, const uint8_t commitment[32]);

/* The row of family `event`: [position, header, syncs, stored, arrived_us, [[type, key, length]
   …]], where a marked item is [type, key, length, 1]; of an erased event the first four alone; of a
   redacted one, before the items, how many bytes its body's prefix has, and the lengths are those
   of what is stored now. `syncs` and `stored` run
   through the share: sync events so far, and bytes of `event` and `body` rows so far as they were
   appended, this event's included; they make the head of a share and the place of its snapshots a
   matter of one read. */
struct event_row {
    uint64_t position;
    struct sl_span header;
    uint64_t syncs, stored;
    bool erased, redacted;
    uint64_t arrived_us;
    uint64_t prefix; /* bytes of the body before its items'; 0 of an erased event */
    size_t items;
};

/* The packed items, `[[type, key, length] …]`, as the row has them at its end. */
void event_items_begin(struct buf *packed, size_t items);
void event_items_add(
    struct buf *packed, struct sl_span type, struct sl_span key, bool marked, uint64_t length);
/* How many bytes they add, both. */
size_t event_items_begin_bytes(size_t items);
size_t event_items_add_bytes(struct sl_span type, struct sl_span key, bool marked, uint64_t length);

/* The row's bytes before the packed items. Its length doesn't depend on `stored`, and is at most
   EVENT_ROW_HEAD_BYTES. */
#define EVENT_ROW_HEAD_BYTES (1 + 2 + SL_HEADER_BYTES + 5 * 9)
void event_row_encode(const struct event_row *row, struct buf *out);

/* Read a row: begin gives its fixed parts, next one item at a time, end is called either way and
   says whether all was well (true too where begin was never called on a zeroed reader). Spans point
   into `bytes`. SL_CORRUPT is the one failure. */
struct event_item {
    struct sl_span type, key;
    bool marked; /* redacted on arrival */
    uint64_t length;
    uint64_t offset; /* of its data, in the event's body */
};
struct event_reader {
    struct unpack in;
    size_t left;     /* items */
    uint64_t offset; /* of the next item's data */
    bool bad;
};
enum sl_result event_read_begin(
    struct sl_span bytes, struct event_row *row, struct event_reader *reader);
bool event_read_next(struct event_reader *reader, struct event_item *item);
bool event_read_end(struct event_reader *reader);

/* A body: a prefix, then the items' bytes one behind the other, cut into rows of SL_BODY_ROW_BYTES.
   The prefix of an event as it was appended: BODY_FORM_WHOLE, the event nonce. Of a redacted one:
   BODY_FORM_WITHHELD, the manifest's nonce, then for each item 0 and its nonce, or 1, its
   commitment, and the length (u64) of the data that was committed to. */
#define BODY_FORM_WHOLE 0
#define BODY_FORM_WITHHELD 1
#define BODY_PREFIX_BYTES (1 + EVENT_NONCE_BYTES)

static inline uint64_t body_bytes(uint64_t item_bytes)
{
    return BODY_PREFIX_BYTES + item_bytes;
}

void body_withheld_begin(struct buf *prefix, const uint8_t manifest_nonce[ITEM_NONCE_BYTES]);
void body_withheld_keep(struct buf *prefix, const uint8_t nonce[ITEM_NONCE_BYTES]);
void body_withheld_item(struct buf *prefix, const uint8_t commitment[32], uint64_t length);

/* Read such a prefix: body_withheld_read takes the manifest's nonce, body_withheld_next one item.
   False: it is malformed or at its end. Pointers lead into the prefix; one of `nonce` and
   `commitment` is NULL. */
struct body_item {
    const uint8_t *nonce, *commitment;
    uint64_t length; /* of a withheld item */
};
bool body_withheld_read(struct sl_span *prefix, const uint8_t **manifest_nonce);
bool body_withheld_next(struct sl_span *prefix, struct body_item *item);

#endif
