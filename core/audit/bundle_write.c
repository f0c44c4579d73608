/* Writes a bundle (proof/bundle.h) to a sink, event by event: small values gather, items go out as
   they are read. If the share is removed or redacted meanwhile the bundle ends in the middle, with
   SL_REMOVED or SL_REDACTED, and no reader takes it for whole. */

#include "core/proof/bundle.h"

#include "core/audit/head_sign.h"
#include "core/base/crypto.h"
#include "core/base/pack.h"
#include "core/event/event.h"
#include "core/log/store.h"
#include "core/log/tiles.h"

#include <assert.h>

#define HELD_BYTES (64 * SL_KIB) /* small values gather before they go to the sink */

/* One bundle on its way out. */
struct writer {
    struct sl_store *store;
    struct sl_sink sink;
    struct sl_share_info info; /* when it was begun */
    struct tiles_reader *tiles;
    struct buf held;          /* bytes that have not gone out */
    uint64_t log_at;          /* the position behind the last event written */
    struct crypto_hash hash;  /* of an item's bytes */
    uint64_t data_bytes;      /* of the item at hand that have come */
    bool withheld;            /* some item was, of an event other than the creation */
    struct signed_head *head; /* what is signed of the share's end; NULL: nothing */
};

static enum sl_result flush(struct writer *writer, struct sl_err *err)
{
    if (writer->held.failed) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = sink_put(writer->sink, writer->held.ptr, writer->held.len, err);
    buf_clear(&writer->held);
    return result;
}

static enum sl_result flush_if_full(struct writer *writer, struct sl_err *err)
{
    return writer->held.failed || writer->held.len >= HELD_BYTES ? flush(writer, err) : SL_OK;
}

/* The subtrees' roots between what was written last and `to`. */
static enum sl_result put_gap(struct writer *writer, uint64_t to, struct sl_err *err)
{
    struct tree_subtree cover[TREE_COVER];
    size_t count = tree_cover(writer->log_at, to, cover);
    struct tree_source source = tiles_source(writer->tiles);
    pack_bin_begin(&writer->held, count * TREE_HASH_BYTES);
    for (size_t i = 0; i < count; i++) {
        uint8_t root[TREE_HASH_BYTES];
        enum sl_result result =
            source.subtree(source.ctx, cover[i].level, cover[i].index, root, err);
        if (result != SL_OK) return result;
        buf_add(&writer->held, root, sizeof(root));
    }
    return SL_OK;
}

/* ---- an event ---- */

static bool put_data(void *ctx, const void *bytes, size_t len)
{
    struct writer *writer = ctx;
    writer->data_bytes += len;
    crypto_hash_add(&writer->hash, bytes, len);
    buf_add(&writer->held, bytes, len);
    return flush_if_full(writer, NULL) == SL_OK;
}

static enum sl_result put_item(
    struct writer *writer, struct sl_event *event, size_t index, struct sl_err *err)
{
    struct buf *held = &writer->held;
    struct sl_item item = sl_event_item(event, index);
    uint8_t commitment[32];
    assert(item.withheld ? item.commitment != NULL : item.nonce != NULL);
    pack_array(held, (item.withheld ? 5u : 4u) + item.marked);
    pack_str(held, item.type);
    pack_str(held, item.key);
    if (item.marked) pack_u64(held, 1);
    pack_bin_begin(held, item.bytes);
    writer->data_bytes = 0;
    crypto_hash_begin(&writer->hash);
    if (item.nonce) crypto_hash_add(&writer->hash, item.nonce, ITEM_NONCE_BYTES);
    enum sl_result result =
        sl_event_item_data(event, index, (struct sl_sink){put_data, writer}, err);
    if (held->failed) return sl_fail(err, SL_NOMEM, "out of memory");
    if (result == SL_OK && writer->data_bytes != item.bytes)
        result = sl_fail(err, SL_CORRUPT, "item %zu: its body is too short", index);
    crypto_hash_end(&writer->hash, commitment);
    if (result != SL_OK) return result;
    if (item.withheld) pack_u64(held, item.committed_bytes);
    const uint8_t *bound = item.withheld ? item.commitment : commitment;
    pack_bin(held, (struct sl_span){(const char *)bound, 32});
    return SL_OK;
}

/* The event's nonce, or what is left of it. */
static enum sl_result put_nonces(struct writer *writer, struct sl_event *event, struct sl_err *err)
{
    struct sl_span nonce = sl_event_nonce(event);
    if (nonce.len) {
        pack_bin(&writer->held, nonce);
        return SL_OK;
    }
    uint64_t items = sl_event_info(event)->items;
    if (sl_event_info(event)->kind != SL_CREATE) writer->withheld = true;
    pack_array(&writer->held, 1 + items);
    pack_bin(&writer->held, sl_event_manifest_nonce(event));
    enum sl_result result = SL_OK;
    for (size_t i = 0; i < items && result == SL_OK; i++) {
        struct sl_item item = sl_event_item(event, i);
        assert(item.withheld == !item.nonce);
        if (item.nonce)
            pack_bin(&writer->held, (struct sl_span){(const char *)item.nonce, ITEM_NONCE_BYTES});
        else
            pack_nil(&writer->held);
        result = flush_if_full(writer, err);
    }
    return result;
}

static enum sl_result put_content(struct writer *writer, struct sl_event *event, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    if (sl_event_manifest_nonce(event).len == 0) /* it is being erased at this moment */
        return sl_fail(err, SL_REMOVED, "removed");
    pack_u64(&writer->held, info->arrived_us);
    enum sl_result result = put_nonces(writer, event, err);
    pack_array(&writer->held, info->items);
    for (size_t i = 0; i < info->items && result == SL_OK; i++) {
        result = put_item(writer, event, i, err);
        if (result == SL_OK) result = flush_if_full(writer, err);
    }
    return result;
}

static enum sl_result put_event(struct writer *writer, uint64_t sequence, struct sl_err *err)
{
    struct sl_event *event;
    enum sl_result result =
        sl_event_open(writer->store, sl_span_of(writer->info.id), sequence, &event, err);
    if (result != SL_OK) return result;
    const struct sl_event_info *info = sl_event_info(event);
    if (info->erased && writer->info.state == SL_SHARE_LIVE)
        result = sl_fail(err, SL_REMOVED, "removed");
    pack_array(&writer->held, info->erased ? 3 : 6);
    if (result == SL_OK) result = put_gap(writer, info->position, err);
    pack_u64(&writer->held, info->position);
    pack_bin(&writer->held, sl_event_header(event));
    writer->log_at = info->position + 1;
    if (result == SL_OK && !info->erased) result = put_content(writer, event, err);
    if (result == SL_OK) result = flush_if_full(writer, err);
    sl_event_close(event);
    return result;
}

/* ---- the whole ---- */

static void put_head(struct writer *writer)
{
    pack_array(&writer->held, 4);
    pack_str(&writer->held, SL_SPAN(BUNDLE_FORM));
    pack_str(&writer->held, sl_span_of(writer->info.id));
    pack_bin(&writer->held, (struct sl_span){(const char *)writer->info.salt, 32});
    pack_u64(&writer->held, writer->info.sequence);
}

static bool is_redaction(void *ctx, const struct sl_event_info *info)
{
    bool *found = ctx;
    *found = info->kind == SL_REDACT;
    return !*found;
}

/* The events [1, n] are what they were at the beginning, or there is no bundle: what was withheld
   meanwhile no redact event among them names. */
static enum sl_result check_unchanged(struct writer *writer, struct sl_err *err)
{
    struct sl_span id = sl_span_of(writer->info.id);
    struct sl_share_info now;
    enum sl_result result = sl_share_info(writer->store, id, &now, err);
    if (result != SL_OK) return result;
    assert(now.sequence >= writer->info.sequence);
    if (now.state != writer->info.state) return sl_fail(err, SL_REMOVED, "removed");
    bool redacted = false;
    uint64_t next =
        writer->withheld && now.sequence > writer->info.sequence ? writer->info.sequence + 1 : 0;
    while (next > 0 && !redacted && result == SL_OK)
        result = sl_share_events(
            writer->store, id, next, SL_HISTORY_PAGE, false, is_redaction, &redacted, &next, err);
    if (result == SL_OK && redacted) return sl_fail(err, SL_REDACTED, "redacted meanwhile");
    return result;
}

static enum sl_result put_tail(struct writer *writer, struct sl_err *err)
{
    struct sl_checkpoint *checkpoint = malloc(sizeof(*checkpoint));
    if (!checkpoint) return sl_fail(err, SL_NOMEM, "out of memory");
    /* The published one has its witnesses' signatures. */
    enum sl_result result = sl_log_published(writer->store, checkpoint, err);
    if (result == SL_NOT_FOUND || (result == SL_OK && checkpoint->size < writer->log_at))
        result = sl_log_checkpoint(writer->store, writer->log_at, checkpoint, err);
    assert(result != SL_OK || checkpoint->size >= writer->log_at);
    pack_array(&writer->held, writer->head ? 3 : 2);
    if (result == SL_OK) result = put_gap(writer, checkpoint->size, err);
    if (result == SL_OK)
        pack_str(&writer->held, (struct sl_span){checkpoint->note, checkpoint->len});
    if (writer->head)
        pack_str(&writer->held, (struct sl_span){writer->head->note, writer->head->len});
    free(checkpoint);
    return result == SL_OK ? flush(writer, err) : result;
}

/* The bundle ends where the share does as it is signed now. A store that signs nothing gives one
   that says of its end nothing either. */
static enum sl_result fix_end(struct writer *writer, struct sl_err *err)
{
    struct signed_head *head = malloc(sizeof(*head));
    if (!head) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = head_sign(writer->store, sl_span_of(writer->info.id), 0, head, err);
    if (result != SL_OK) {
        free(head);
        return result == SL_READ_ONLY ? SL_OK : result;
    }
    assert(head->sequence >= writer->info.sequence);
    writer->info.sequence = head->sequence;
    writer->head = head;
    return SL_OK;
}

enum sl_result sl_share_bundle(
    struct sl_store *store, struct sl_span id, struct sl_sink sink, struct sl_err *err)
{
    struct writer writer = {.store = store, .sink = sink};
    enum sl_result result = sl_share_info(store, id, &writer.info, err);
    if (result == SL_OK) result = fix_end(&writer, err);
    if (result != SL_OK) return result;
    writer.tiles = tiles_reader_create(store->kv);
    if (!writer.tiles) {
        free(writer.head);
        return sl_fail(err, SL_NOMEM, "out of memory");
    }
    put_head(&writer);
    for (uint64_t at = 1; at <= writer.info.sequence && result == SL_OK; at++)
        result = put_event(&writer, at, err);
    if (result == SL_OK) result = check_unchanged(&writer, err);
    if (result == SL_OK) result = put_tail(&writer, err);
    if (result != SL_OK && err) sl_fail_in(err, "share %s: bundle", writer.info.id);
    assert(result != SL_OK || writer.held.len == 0);
    tiles_reader_destroy(writer.tiles);
    buf_fini(&writer.held);
    free(writer.head);
    return result;
}
