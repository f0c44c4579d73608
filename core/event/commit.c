/* The commitments of an event's items and of its manifest. Items are gathered up to COMMIT_GROUP,
   hashed side by side, and packed into the manifest's running hash. Nothing here fails. */

#include "core/event/commit.h"

#include <assert.h>

static_assert(2 * COMMIT_ENTRY_BYTES <= sizeof(((struct commit *)NULL)->room),
    "the manifest's head and an item find room");
static_assert(ITEM_NONCE_BYTES <= LANES_BLOCK, "a nonce is a text's head");

static void begin(struct commit *commit, const uint8_t manifest_nonce[ITEM_NONCE_BYTES],
    uint64_t arrived_us, size_t items)
{
    commit->unfit = false;
    commit->items = items;
    commit->index = commit->count = commit->hashed = 0;
    commit->packed = buf_fixed(commit->room, sizeof(commit->room));
    crypto_hash_begin(&commit->manifest);
    crypto_hash_add(&commit->manifest, manifest_nonce, ITEM_NONCE_BYTES);
    manifest_begin(&commit->packed, arrived_us, items);
}

void commit_begin(struct commit *commit, const uint8_t event_nonce[EVENT_NONCE_BYTES],
    uint64_t arrived_us, size_t items)
{
    uint8_t manifest_nonce[ITEM_NONCE_BYTES];
    commit->derived = true;
    memcpy(commit->event_nonce, event_nonce, EVENT_NONCE_BYTES);
    event_manifest_nonce(event_nonce, manifest_nonce);
    begin(commit, manifest_nonce, arrived_us, items);
}

void commit_begin_given(struct commit *commit, const uint8_t manifest_nonce[ITEM_NONCE_BYTES],
    uint64_t arrived_us, size_t items)
{
    commit->derived = false;
    begin(commit, manifest_nonce, arrived_us, items);
}

/* ---- what is gathered ---- */

void commit_settle(struct commit *commit)
{
    size_t from = commit->hashed, count = commit->count - from;
    assert(from <= commit->count && commit->count <= COMMIT_GROUP);
    if (count == 0) return;
    if (commit->derived)
        event_item_nonces(
            commit->event_nonce, (uint32_t)(commit->index - count), count, commit->nonces + from);
    crypto_sha256_each(commit->texts + from, count);
    commit->hashed = commit->count;
}

void commit_flush(struct commit *commit)
{
    commit_settle(commit);
    for (size_t i = 0; i < commit->count; i++) {
        assert(commit->places[i] + 32 <= commit->packed.len);
        memcpy(commit->packed.ptr + commit->places[i], commit->commitments[i], 32);
    }
    crypto_hash_add(&commit->manifest, commit->packed.ptr, commit->packed.len);
    commit->packed.len = 0;
    commit->count = commit->hashed = 0;
}

bool commit_full(const struct commit *commit)
{
    return commit->count == COMMIT_GROUP ||
           commit->packed.cap - commit->packed.len < COMMIT_ENTRY_BYTES;
}

/* ---- items ---- */

/* The next item's entry, behind those before it. False: it can't have one. */
static bool add_entry(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, const uint8_t commitment[32])
{
    assert(commit->index < commit->items && !commit_full(commit));
    commit->index++;
    if (type.len > SL_ITEM_TYPE_BYTES || key.len > SL_ITEM_KEY_BYTES) {
        commit->unfit = true;
        return false;
    }
    manifest_add(&commit->packed, type, key, marked, length, commitment);
    assert(!commit->packed.failed);
    return true;
}

void commit_item(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    const uint8_t *nonce, struct sl_span bytes)
{
    static const uint8_t unknown[32];
    assert(commit->derived == !nonce);
    if (commit_full(commit)) commit_flush(commit);
    if (!add_entry(commit, type, key, marked, bytes.len, unknown)) return;
    size_t i = commit->count++;
    if (nonce) memcpy(commit->nonces[i], nonce, ITEM_NONCE_BYTES);
    commit->texts[i] =
        (struct lanes_text){commit->nonces[i], ITEM_NONCE_BYTES, bytes, commit->commitments[i]};
    commit->places[i] = commit->packed.len - sizeof(unknown) - marked; /* the mark is behind it */
}

struct crypto_hash *commit_stream(struct commit *commit, const uint8_t *nonce)
{
    uint8_t derived[ITEM_NONCE_BYTES];
    assert(commit->derived == !nonce);
    commit_flush(commit);
    if (!nonce) event_item_nonce(commit->event_nonce, (uint32_t)commit->index, derived);
    crypto_hash_begin(&commit->bytes);
    crypto_hash_add(&commit->bytes, nonce ? nonce : derived, ITEM_NONCE_BYTES);
    return &commit->bytes;
}

void commit_stream_end(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, uint8_t commitment[32])
{
    assert(commit->count == 0);
    crypto_hash_end(&commit->bytes, commitment);
    add_entry(commit, type, key, marked, length, commitment);
    commit_flush(commit);
}

void commit_withheld(struct commit *commit, struct sl_span type, struct sl_span key, bool marked,
    uint64_t length, const uint8_t commitment[32])
{
    commit_flush(commit);
    add_entry(commit, type, key, marked, length, commitment);
}

void commit_end(struct commit *commit, uint8_t commitment[32])
{
    commit_flush(commit);
    crypto_hash_end(&commit->manifest, commitment);
    if (commit->unfit) memset(commitment, 0, 32);
}
