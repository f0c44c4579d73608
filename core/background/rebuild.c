/* Rebuilding: derived families are emptied, the rows that say that they are whole first, then made
   from one walk over all events, share by share, and one over the headers for the tiles. The rows
   that say so again go with the last write.

   How it fails: whatever it fails of, those rows are missing, and the next opening begins anew. An
   event that can't be read fails it with SL_CORRUPT: what it should say can't be made up. */

#include "core/background/rebuild.h"

#include "core/background/compactor.h"
#include "core/kv/rows.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/log/tiles.h"

#include <assert.h>

#define BATCH_BYTES (4 * SL_MIB)

void rebuild_mark_whole(struct kv *kv, struct kv_batch *batch)
{
    struct row_key key = row_whole();
    uint8_t format = ROW_DERIVED_FORMAT;
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        if (kv_family_derived(family))
            kv_put(kv, batch, family, row_span(&key), (struct sl_span){(const char *)&format, 1});
}

bool rebuild_is_whole(struct kv *kv)
{
    struct row_key key = row_whole();
    bool whole = true;
    for (enum kv_family family = 0; family < KV_FAMILIES && whole; family++) {
        if (!kv_family_derived(family)) continue;
        struct kv_pin pin;
        whole = kv_get(kv, family, row_span(&key), &pin, NULL) == SL_OK && pin.value.len == 1 &&
                (uint8_t)pin.value.ptr[0] == ROW_DERIVED_FORMAT;
        kv_release(&pin);
    }
    return whole;
}

/* The share that is being walked: its events come one behind the other. */
struct walk {
    struct sl_store *store;
    struct kv_batch *batch;
    const struct sl_progress *progress;
    uint64_t events, total;
    char id[SL_SHARE_ID_BYTES + 1];
    char session_id[SL_SESSION_ID_BYTES + 1];
    struct share_record record;
    struct head last;
    bool held;
};

static enum sl_result clear(struct kv *kv, struct sl_err *err)
{
    struct kv_batch *batch = kv_batch_create();
    struct row_key whole = row_whole();
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        if (kv_family_derived(family)) kv_delete(kv, batch, family, row_span(&whole));
    enum sl_result result = kv_write(kv, batch, true, err);
    kv_batch_clear(batch);
    for (enum kv_family family = 0; family < KV_FAMILIES; family++)
        if (kv_family_derived(family))
            kv_delete_range(kv, batch, family, (struct sl_span){"", 0}, SL_SPAN("\xff\xff"));
    if (result == SL_OK) result = kv_write(kv, batch, true, err);
    kv_batch_destroy(batch);
    /* The index uses single deletes, which must find each key put once: nothing of the old ones may
       be left below. */
    if (result == SL_OK) result = kv_flush(kv, err);
    if (result == SL_OK)
        result = kv_compact(kv, KV_INDEX, (struct sl_span){0}, (struct sl_span){0}, err);
    return result;
}

static void put_share(struct walk *walk)
{
    struct kv *kv = walk->store->kv;
    struct sl_span id = sl_span_of(walk->id);
    bool live = walk->record.state == SL_SHARE_LIVE;
    assert(walk->id[0] && walk->last.sequence > 0 && walk->record.position <= walk->last.position);
    assert(!walk->held || !live);
    uint8_t ref[32];
    char room[SHARE_RECORD_BYTES];
    struct buf bytes = buf_fixed(room, sizeof(room));
    share_record_encode(&walk->record, &bytes);
    assert(!bytes.failed);
    struct row_key key = row_share(id);
    kv_put(kv, walk->batch, KV_SHARE, row_span(&key), buf_span(&bytes));
    event_share_ref(walk->record.salt, id, ref);
    key = row_ref(ref);
    kv_put(kv, walk->batch, KV_INDEX, row_span(&key), id);
    if (live) {
        key = row_by_session(walk->record.session_id, walk->record.maker, walk->record.position);
        kv_put(kv, walk->batch, KV_BY_SESSION, row_span(&key), id);
        key = row_newest(walk->last.position);
        kv_put(kv, walk->batch, KV_INDEX, row_span(&key), id);
    }
    key = row_index(ROW_INDEX_DUE, id);
    if (live && walk->last.stored >= share_due_bytes(0))
        kv_put(kv, walk->batch, KV_INDEX, row_span(&key), SL_SPAN(""));
    key = row_held(walk->record.session_id, walk->record.maker, id);
    if (walk->held) kv_put(kv, walk->batch, KV_INDEX, row_span(&key), SL_SPAN(""));
}

static enum sl_result end_share(struct walk *walk, struct sl_err *err)
{
    if (!walk->id[0]) return SL_OK;
    put_share(walk);
    walk->id[0] = 0;
    progress_report(walk->progress, "rebuild", walk->events, walk->total);
    if (kv_batch_bytes(walk->batch) < BATCH_BYTES) return SL_OK;
    enum sl_result result = kv_write(walk->store->kv, walk->batch, false, err);
    kv_batch_clear(walk->batch);
    return result;
}

/* The bytes of an event's only item. */
static enum sl_result control_body(struct walk *walk, struct sl_span id, uint64_t sequence,
    struct event_reader *reader, struct buf *body, struct sl_err *err)
{
    struct event_item item;
    if (!event_read_next(reader, &item)) return SL_CORRUPT;
    return bodies_read(walk->store->bodies, id, sequence, item.offset, item.length, body, err);
}

static enum sl_result begin_share(struct walk *walk, struct sl_span id, const struct event_row *row,
    const struct header *header, struct sl_span body)
{
    struct create_body says;
    if (header->sequence != 1 || header->kind != SL_CREATE || id.len > SL_SHARE_ID_BYTES)
        return SL_CORRUPT;
    if (!create_body_decode(body, &says) || !sl_span_eq(says.share_id, id)) return SL_CORRUPT;
    memset(walk->id, 0, sizeof(walk->id));
    memcpy(walk->id, id.ptr, id.len);
    walk->record = share_record_begin(&says, header->time_ms, row->position);
    memcpy(walk->session_id, says.session_id.ptr, says.session_id.len);
    walk->record.session_id.ptr = walk->session_id;
    walk->held = false;
    return SL_OK;
}

static enum sl_result take_removal(
    struct walk *walk, const struct header *header, struct sl_span body)
{
    struct remove_body removal;
    if (!remove_body_decode(body, &removal)) return SL_CORRUPT;
    assert(walk->id[0]);
    walk->record.state = SL_SHARE_REMOVED;
    walk->record.removed_ms = header->time_ms;
    walk->record.removed_by = removal.who;
    walk->held = removal.who == SL_WHO_OWNER;
    return SL_OK;
}

static enum sl_result take_event(
    struct walk *walk, struct sl_span key, struct sl_span value, struct sl_err *err)
{
    struct sl_span id;
    uint64_t sequence;
    struct event_row row;
    struct event_reader reader = {0};
    struct header header;
    struct buf body = {0};
    if (!row_parse_event(key, &id, &sequence)) return SL_CORRUPT;
    bool new_share = !sl_span_eq(id, sl_span_of(walk->id));
    enum sl_result result = new_share ? end_share(walk, err) : SL_OK;
    if (result == SL_OK) result = event_read_begin(value, &row, &reader);
    if (result == SL_OK && !header_decode(row.header, &header)) result = SL_CORRUPT;
    if (result == SL_OK && !new_share && row.position <= walk->last.position) result = SL_CORRUPT;
    bool control = result == SL_OK && (header.kind == SL_CREATE || header.kind == SL_REMOVE);
    if (control) result = control_body(walk, id, sequence, &reader, &body, err);
    if (result == SL_OK && new_share)
        result = begin_share(walk, id, &row, &header, buf_span(&body));
    if (result == SL_OK && header.kind == SL_REMOVE)
        result = take_removal(walk, &header, buf_span(&body));
    if (result == SL_OK) {
        if (header.kind == SL_ALLOW) walk->held = false;
        walk->last =
            (struct head){sequence, row.position, header.time_ms, row.syncs, row.stored, {0}};
        walk->events++;
    }
    event_read_end(&reader);
    buf_fini(&body);
    return result;
}

/* The log's tree, from the headers. */
static enum sl_result put_tiles(struct walk *walk, struct sl_err *err)
{
    struct kv *kv = walk->store->kv;
    struct tiles *tiles;
    struct tiles_batch batch = {kv, walk->batch};
    enum sl_result result = tiles_open(kv, 0, &tiles, err);
    if (result != SL_OK) return result;
    struct kv_iter *iter =
        kv_iter_create(kv, KV_LOG, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        uint8_t leaf[32];
        header_leaf(kv_iter_value(iter), leaf);
        tiles_append(tiles, leaf, tiles_to_batch(&batch));
        if (kv_batch_bytes(walk->batch) < BATCH_BYTES) continue;
        result = kv_write(kv, walk->batch, false, err);
        kv_batch_clear(walk->batch);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    tiles_close(tiles);
    return result;
}

enum sl_result rebuild_tiles(struct sl_store *store, struct sl_err *err)
{
    struct kv *kv = store->kv;
    struct walk walk = {.store = store, .batch = kv_batch_create()};
    struct row_key whole = row_whole();
    /* interrupted, everything is made again */
    kv_delete(kv, walk.batch, KV_TILE, row_span(&whole));
    enum sl_result result = kv_write(kv, walk.batch, true, err);
    kv_batch_clear(walk.batch);
    kv_delete_range(kv, walk.batch, KV_TILE, (struct sl_span){"", 0}, SL_SPAN("\xff\xff"));
    if (result == SL_OK) result = put_tiles(&walk, err);
    rebuild_mark_whole(kv, walk.batch);
    if (result == SL_OK) result = kv_write(kv, walk.batch, true, err);
    kv_batch_destroy(walk.batch);
    return result;
}

enum sl_result rebuild(
    struct sl_store *store, const struct sl_progress *progress, struct sl_err *err)
{
    struct walk walk = {.store = store, .progress = progress};
    enum sl_result result = log_size(store->kv, &walk.total, err);
    if (result == SL_OK) result = clear(store->kv, err);
    if (result != SL_OK) return result;
    walk.batch = kv_batch_create();
    struct kv_iter *iter =
        kv_iter_create(store->kv, KV_EVENT, (struct sl_span){0}, (struct sl_span){0}, KV_SCAN);
    for (kv_iter_first(iter); result == SL_OK && kv_iter_valid(iter); kv_iter_next(iter)) {
        struct sl_span key = kv_iter_key(iter), id = {"?", 1};
        uint64_t sequence = 0;
        result = take_event(&walk, key, kv_iter_value(iter), err);
        row_parse_event(key, &id, &sequence);
        if (result == SL_CORRUPT || result == SL_NOT_FOUND)
            result = sl_fail(err, SL_CORRUPT, "rebuild: share %.*s: event %llu is unreadable",
                (int)id.len, id.ptr, (unsigned long long)sequence);
    }
    if (result == SL_OK) result = kv_iter_check(iter, err);
    kv_iter_destroy(iter);
    if (result == SL_OK) result = end_share(&walk, err);
    if (result == SL_OK) result = put_tiles(&walk, err);
    rebuild_mark_whole(store->kv, walk.batch);
    if (result == SL_OK) result = kv_write(store->kv, walk.batch, true, err);
    kv_batch_destroy(walk.batch);
    return result;
}
