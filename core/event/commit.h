#ifndef SHARELOG_COMMIT_H
#define SHARELOG_COMMIT_H

/* What an event commits to, made in one place for everybody: for sealing a batch, and for all who
   hold an event's content against its header.

     event nonce ──┬─ HMAC(i) ────────── item nonce ────── SHA-256(nonce ‖ bytes) ──── commitment
     (32 bytes)    │                     (16 bytes)                                        │
                   │        manifest: [arrived_us, [type, key, length, commitment] …] ◄────┘
                   │                                    │
                   └─ HMAC("manifest") ─ its nonce ─ SHA-256(nonce ‖ manifest) ── in the header

   A marked item (it was redacted on arrival) is [type, key, length, commitment, 1].
   Of a partly withheld event the event nonce is gone: the manifest's nonce and those of the items
   that are left are given one by one, and of the others the commitment itself.

   Items come in their order. The manifest is hashed as it grows, and never lies there whole. Items
   whose bytes lie in one piece are gathered, and hashed side by side. Nothing is allocated, so
   nothing can fail. Names that are longer than an item's may be are in no event's manifest: then
   the manifest's commitment is 32 zeros, which is no header's. */

#include "core/base/crypto.h"
#include "core/event/event.h"

#define COMMIT_GROUP 96 /* items that are gathered, at most */
/* of an item in the manifest, at most: [type (str), key (str), length, commitment (bin 32), 1] */
#define COMMIT_ENTRY_BYTES (1 + 3 + SL_ITEM_TYPE_BYTES + 3 + SL_ITEM_KEY_BYTES + 9 + 2 + 32 + 1)

struct commit {
    bool derived; /* the items' nonces follow from the event's */
    bool unfit;   /* a name was longer than any item's */
    uint8_t event_nonce[EVENT_NONCE_BYTES];
    size_t items, index;                /* how many there will be; how many came */
    struct crypto_hash manifest, bytes; /* running: of the manifest, of an item that comes in
                                           pieces */
    struct buf packed;                  /* of the manifest, behind what is in its hash */
    /* The items that are gathered: the last ones that came. `packed` has a place for each one's
       commitment, which is known once the item is hashed. */
    size_t count, hashed;
    size_t places[COMMIT_GROUP];
    struct lanes_text texts[COMMIT_GROUP];
    uint8_t nonces[COMMIT_GROUP][32], commitments[COMMIT_GROUP][32];
    char room[16 * SL_KIB];
};

/* Begin an event of that many items, by its own nonce, or by the manifest's where the items' are
   given one by one. */
void commit_begin(struct commit *commit, const uint8_t event_nonce[EVENT_NONCE_BYTES],
    uint64_t arrived_us, size_t items);
void commit_begin_given(struct commit *commit, const uint8_t manifest_nonce[ITEM_NONCE_BYTES],
    uint64_t arrived_us, size_t items);

/* The next item, in one of three ways. `nonce` is its own where nonces are given, else NULL.

   Its bytes lie in one piece, and stay until commit_settle: */
void commit_item(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    const uint8_t *nonce, struct sl_span bytes);
/* They come in pieces, which the caller adds to the hash that is returned; at their end the item's
   commitment is there: */
struct crypto_hash *commit_stream(struct commit *commit, const uint8_t *nonce);
void commit_stream_end(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, uint8_t commitment[32]);
/* They are withheld, and their commitment is known: */
void commit_withheld(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, const uint8_t commitment[32]);

/* The bytes of what is gathered may go: they are hashed. The `count` items' commitments are in
   `commitments` then, until the next item comes after commit_full has said yes, or in another
   way. */
void commit_settle(struct commit *commit);
bool commit_full(const struct commit *commit);
/* Let go of what is gathered: it goes into the manifest's hash. */
void commit_flush(struct commit *commit);

/* All items came: the manifest's commitment. */
void commit_end(struct commit *commit, uint8_t commitment[32]);

#endif
