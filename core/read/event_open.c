/* One event, opened: its row is held, its items' places are worked out, its body is read piece by
   piece as it is asked for.

       text    [{"type":T,"data":DATA},{"type":T,"data":DATA}]
                ^ text_at[0]          ^ text_at[1]           ^ text_at[2]

   The row and the beginning of the body must be of one moment, and so must every later read: the
   share's epoch is noted before the first read and asked after each (log/epoch.h). SL_REMOVED,
   SL_REDACTED once it has moved; the event then holds only its row, which is of before. */

#include "core/base/crypto.h"
#include "core/event/item.h"
#include "core/log/body_rows.h"
#include "core/log/log.h"
#include "core/log/store.h"
#include "core/read/history.h"

#include <assert.h>

/* An event in hand: its row held, its items' places in the text worked out, its body read when it
   is asked for. */
struct sl_event {
    struct sl_store *store;
    struct share *share; /* held */
    unsigned long epoch; /* of the share: what is read counts as long as it holds */
    char id[SL_SHARE_ID_BYTES + 1];
    uint8_t salt[32];
    struct event_facts facts;
    struct kv_pin row;
    struct body_cursor body; /* asked for under the epoch alone: a held row outlives its removal */
    struct event_item *items;
    /* where each item's text begins; one more: where the closing bracket stands */
    uint64_t *text_at;
    /* of a whole event: */
    uint8_t nonce[EVENT_NONCE_BYTES];
    bool has_nonce;
    uint8_t manifest_nonce[ITEM_NONCE_BYTES];
    bool has_manifest_nonce;
    /* of one with withheld items: each item's nonce or commitment, pointing into `withheld` */
    struct body_item *kept;
    struct buf withheld;
    uint8_t item_nonce[ITEM_NONCE_BYTES]; /* as last asked for */
    struct buf prefix;
};

static enum sl_result read_items(struct sl_event *event, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    enum sl_result result = event_read_begin(event->row.value, &row, &reader);
    if (result != SL_OK) return sl_fail(err, result, "its row is unreadable");
    event->items = calloc(row.items + 1, sizeof(*event->items));
    event->text_at = calloc(row.items + 1, sizeof(*event->text_at));
    if (!event->items || !event->text_at) {
        event_read_end(&reader);
        return sl_fail(err, SL_NOMEM, "out of memory");
    }
    size_t n = 0;
    uint64_t at = 1;
    while (event_read_next(&reader, &event->items[n])) {
        event->text_at[n] = at;
        at += (n > 0) + item_prefix_bytes(event->items[n].type) + event->items[n].length + 1;
        n++;
    }
    event->text_at[n] = at;
    return event_read_end(&reader) && n == row.items
               ? SL_OK
               : sl_fail(err, SL_CORRUPT, "its row is unreadable");
}

/* Content may go while it is read: a removal takes it away, a redaction moves it. Other events stay
   as they are. */
static enum sl_result still_there(const struct sl_event *event, struct sl_err *err)
{
    bool content = event->facts.info.kind == SL_SYNC || event->facts.info.kind == SL_REDACT;
    return content ? share_unchanged(event->share, event->epoch, err) : SL_OK;
}

static enum sl_result unreadable(struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT, "its body is unreadable");
}

/* A create's item has the hash of the share's secret: it is never shown, only committed to. */
static enum sl_result withhold_create(struct sl_event *event, struct sl_err *err)
{
    struct buf body = {0};
    uint8_t nonce[ITEM_NONCE_BYTES], commitment[32];
    const struct event_item *item = &event->items[0];
    assert(event->has_nonce && !event->kept);
    if (event->facts.info.items != 1) return unreadable(err);
    enum sl_result result = body_cursor_read(&event->body, item->offset, item->length, &body, err);
    if (result == SL_OK) {
        event_item_nonce(event->nonce, 0, nonce);
        event_commitment(nonce, buf_span(&body), commitment);
        body_withheld_item(&event->withheld, commitment, item->length);
        if (event->withheld.failed) result = sl_fail(err, SL_NOMEM, "out of memory");
    }
    buf_fini(&body);
    if (result != SL_OK) return result;
    struct sl_span rest = buf_span(&event->withheld);
    event->kept = calloc(1, sizeof(*event->kept));
    if (!event->kept) return sl_fail(err, SL_NOMEM, "out of memory");
    if (!body_withheld_next(&rest, &event->kept[0])) return unreadable(err);
    event->items[0].length = 0;
    event->has_nonce = false;
    return SL_OK;
}

static enum sl_result read_withheld(struct sl_event *event, uint64_t prefix, struct sl_err *err)
{
    enum sl_result result = body_cursor_read(&event->body, 0, prefix, &event->withheld, err);
    if (result == SL_NOT_FOUND) return SL_OK;
    if (result != SL_OK) return result;
    size_t items = (size_t)event->facts.info.items;
    struct sl_span rest = buf_span(&event->withheld);
    const uint8_t *manifest_nonce;
    assert(!event->kept && !event->has_nonce);
    event->kept = calloc(items + 1, sizeof(*event->kept));
    if (!event->kept) return sl_fail(err, SL_NOMEM, "out of memory");
    if (!body_withheld_read(&rest, &manifest_nonce)) return unreadable(err);
    for (size_t i = 0; i < items; i++)
        if (!body_withheld_next(&rest, &event->kept[i])) return unreadable(err);
    if (rest.len) return unreadable(err);
    memcpy(event->manifest_nonce, manifest_nonce, ITEM_NONCE_BYTES);
    event->has_manifest_nonce = true;
    return SL_OK;
}

static enum sl_result read_prefix(struct sl_event *event, struct sl_err *err)
{
    struct event_row row;
    struct event_reader reader = {0};
    assert(event->items && !event->has_nonce);
    if (event->facts.info.erased) return SL_OK;
    if (event_read_begin(event->row.value, &row, &reader) != SL_OK) return unreadable(err);
    event_read_end(&reader);
    if (row.redacted) return read_withheld(event, row.prefix, err);
    struct sl_span prefix;
    enum sl_result result = body_cursor_piece(&event->body, 0, &prefix, err);
    if (result == SL_NOT_FOUND) return SL_OK; /* it is being erased at this moment */
    if (result == SL_OK && (prefix.len < BODY_PREFIX_BYTES || prefix.ptr[0] != BODY_FORM_WHOLE))
        result = unreadable(err);
    if (result == SL_OK) {
        memcpy(event->nonce, prefix.ptr + 1, EVENT_NONCE_BYTES);
        event_manifest_nonce(event->nonce, event->manifest_nonce);
        event->has_nonce = event->has_manifest_nonce = true;
    }
    if (result == SL_OK && event->facts.info.kind == SL_CREATE)
        result = withhold_create(event, err);
    return result;
}

/* Read its row, its items, the beginning of its body: of one moment, or SL_REDACTED, SL_REMOVED. */
static enum sl_result read_event(struct sl_event *event, uint64_t sequence, struct sl_err *err)
{
    bool live = share_is_live(event->share); /* looked at after the epoch was noted */
    enum sl_result result =
        log_event(event->store->kv, sl_span_of(event->id), sequence, &event->row, err);
    if (result == SL_NOT_FOUND) result = sl_fail(err, SL_CORRUPT, "it is missing");
    if (result == SL_OK)
        result = event_facts_read(event->id, sequence, event->row.value, &event->facts, err);
    if (result != SL_OK) return result;
    event->body = body_cursor_of(event->store->bodies, sl_span_of(event->id), sequence);
    if (event_facts_hide(&event->facts, live ? SL_SHARE_LIVE : SL_SHARE_REMOVED)) return SL_OK;
    result = read_items(event, err);
    if (result == SL_OK) result = read_prefix(event, err);
    if (result != SL_OK && result != SL_CORRUPT) return result;
    /* The row from before a redaction and the body from after it look like damage. */
    enum sl_result there = still_there(event, err);
    return there == SL_OK ? result : there;
}

/* Held by the event from here on. NULL: no memory. */
static struct sl_event *create(struct sl_store *store, struct share *share)
{
    struct sl_event *event = calloc(1, sizeof(*event));
    if (!event) return NULL;
    event->store = store;
    event->share = share;
    share_hold(share);
    event->epoch = share_epoch(store->shares, share);
    memcpy(event->id, share->id, sizeof(event->id));
    memcpy(event->salt, share->record.salt, 32);
    return event;
}

static enum sl_result open_of_share(struct sl_store *store, struct share *share, uint64_t sequence,
    struct sl_event **out, struct sl_err *err)
{
    if (!share_exists(share)) return sl_fail(err, SL_NOT_FOUND, "no such share");
    shares_lock(store->shares);
    uint64_t last = share->head.sequence;
    shares_unlock(store->shares);
    if (sequence < 1 || sequence > last)
        return sl_fail(err, SL_NO_MOMENT, "no sequence %llu: there are 1 to %llu",
            (unsigned long long)sequence, (unsigned long long)last);
    struct sl_event *event = create(store, share);
    if (!event) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = read_event(event, sequence, err);
    if (result != SL_OK) {
        if (err) sl_fail_in(err, "share %s: event %llu", event->id, (unsigned long long)sequence);
        sl_event_close(event);
        return result;
    }
    assert(event->facts.info.sequence == sequence);
    *out = event;
    return SL_OK;
}

enum sl_result sl_event_open(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_event **out, struct sl_err *err)
{
    struct share *share;
    enum sl_result result = share_acquire(store->shares, id, &share, err);
    if (result == SL_NOT_FOUND) return sl_fail(err, SL_NOT_FOUND, "no such share");
    if (result != SL_OK) return result;
    result = open_of_share(store, share, sequence, out, err);
    share_release(share);
    return result;
}

void sl_event_close(struct sl_event *event)
{
    if (!event) return;
    event_facts_fini(&event->facts);
    kv_release(&event->row);
    body_cursor_fini(&event->body);
    free(event->items);
    free(event->text_at);
    free(event->kept);
    buf_fini(&event->withheld);
    buf_fini(&event->prefix);
    share_release(event->share);
    free(event);
}

const struct sl_event_info *sl_event_info(const struct sl_event *event)
{
    return &event->facts.info;
}

struct sl_span sl_event_header(const struct sl_event *event)
{
    return event->facts.header;
}

bool sl_event_links(const struct sl_event *event, uint8_t prev[32], uint8_t commitment[32])
{
    struct header header;
    if (!header_decode(event->facts.header, &header)) return false;
    memcpy(prev, header.prev, sizeof(header.prev));
    memcpy(commitment, header.manifest_commitment, sizeof(header.manifest_commitment));
    return true;
}

struct sl_span sl_event_nonce(const struct sl_event *event)
{
    return (struct sl_span){(const char *)event->nonce, event->has_nonce ? EVENT_NONCE_BYTES : 0};
}

struct sl_span sl_event_manifest_nonce(const struct sl_event *event)
{
    return (struct sl_span){
        (const char *)event->manifest_nonce, event->has_manifest_nonce ? ITEM_NONCE_BYTES : 0};
}

struct sl_span sl_event_salt(const struct sl_event *event)
{
    return (struct sl_span){(const char *)event->salt, 32};
}

struct sl_item sl_event_item(struct sl_event *event, size_t index)
{
    if (index >= event->facts.info.items) return (struct sl_item){0};
    assert(!event->kept || !event->has_nonce);
    const struct event_item *item = &event->items[index];
    struct sl_item out = {.type = item->type,
        .key = item->key,
        .marked = item->marked,
        .bytes = item->length,
        .committed_bytes = item->length};
    if (event->kept) {
        const struct body_item *kept = &event->kept[index];
        out.nonce = kept->nonce;
        out.commitment = kept->commitment;
        out.withheld = kept->commitment != NULL;
        if (out.withheld) out.committed_bytes = kept->length;
    } else if (event->has_nonce) {
        event_item_nonce(event->nonce, (uint32_t)index, event->item_nonce);
        out.nonce = event->item_nonce;
    }
    return out;
}

/* Bytes [from, from + cap) of the body, as far as one row holds them, copied. */
static enum sl_result copy_bytes(
    struct sl_event *event, uint64_t from, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    struct sl_span piece;
    assert(cap > 0);
    enum sl_result result = still_there(event, err);
    if (result != SL_OK) return result;
    result = body_cursor_piece(&event->body, from, &piece, err);
    /* What is of before a redaction and what is of after it look like damage. */
    enum sl_result there = still_there(event, err);
    if (there != SL_OK) return there;
    if (result == SL_NOT_FOUND)
        return sl_fail(err, SL_CORRUPT, "share %s: event %llu: its body is missing", event->id,
            (unsigned long long)event->facts.info.sequence);
    if (result != SL_OK) return result;
    *len = piece.len < cap ? piece.len : cap;
    memcpy(out, piece.ptr, *len);
    return SL_OK;
}

enum sl_result sl_event_item_data(
    struct sl_event *event, size_t index, struct sl_sink sink, struct sl_err *err)
{
    if (index >= event->facts.info.items) return sl_fail(err, SL_NOT_FOUND, "no such item");
    const struct event_item *item = &event->items[index];
    char piece[16 * SL_KIB];
    size_t n = 0;
    for (uint64_t done = 0; done < item->length; done += n) {
        uint64_t left = item->length - done;
        enum sl_result result = copy_bytes(event, item->offset + done, piece,
            left < sizeof(piece) ? left : sizeof(piece), &n, err);
        if (result == SL_OK) result = sink_put(sink, piece, n, err);
        if (result != SL_OK) return result;
    }
    return SL_OK;
}

/* ---- the event as one text ---- */

static bool has_text(const struct sl_event *event)
{
    return event->facts.info.kind == SL_SYNC && !event->facts.info.erased;
}

uint64_t sl_event_text_bytes(const struct sl_event *event)
{
    return has_text(event) ? event->text_at[event->facts.info.items] + 1 : 2;
}

/* The item whose text, with the comma before it, holds an offset behind the opening bracket. */
static size_t item_at(const struct sl_event *event, uint64_t offset)
{
    size_t low = 0, high = event->facts.info.items;
    assert(offset > 0 && offset < event->text_at[high]);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (event->text_at[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t copy_text(struct sl_span text, uint64_t skip, char *out, size_t cap)
{
    assert(skip < text.len);
    size_t n = text.len - skip < cap ? text.len - skip : cap;
    memcpy(out, text.ptr + skip, n);
    return n;
}

/* Some of the text from `offset` on, at least a byte: of an item's comma and prefix, of its data,
   or of its brace. */
static enum sl_result text_piece(
    struct sl_event *event, uint64_t offset, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    size_t items = event->facts.info.items;
    if (offset == 0) return *len = copy_text(SL_SPAN("["), 0, out, cap), SL_OK;
    if (offset == event->text_at[items]) return *len = copy_text(SL_SPAN("]"), 0, out, cap), SL_OK;
    size_t index = item_at(event, offset);
    const struct event_item *item = &event->items[index];
    uint64_t in_item = offset - event->text_at[index];
    buf_clear(&event->prefix);
    if (index > 0) buf_add(&event->prefix, ",", 1);
    item_prefix_add(&event->prefix, item->type);
    if (event->prefix.failed) return sl_fail(err, SL_NOMEM, "out of memory");
    if (in_item < event->prefix.len) {
        *len = copy_text(buf_span(&event->prefix), in_item, out, cap);
        return SL_OK;
    }
    in_item -= event->prefix.len;
    assert(in_item <= item->length);
    if (in_item == item->length) return *len = copy_text(SL_SPAN("}"), 0, out, cap), SL_OK;
    uint64_t left = item->length - in_item;
    return copy_bytes(event, item->offset + in_item, out, left < cap ? left : cap, len, err);
}

enum sl_result sl_event_text(
    struct sl_event *event, uint64_t offset, char *out, size_t cap, size_t *len, struct sl_err *err)
{
    uint64_t end = sl_event_text_bytes(event);
    if (!has_text(event)) {
        *len = offset < 2 ? copy_text(SL_SPAN("[]"), offset, out, cap) : 0;
        return SL_OK;
    }
    size_t done = 0;
    while (done < cap && offset + done < end) {
        size_t n = 0;
        enum sl_result result = text_piece(event, offset + done, out + done, cap - done, &n, err);
        if (result != SL_OK) return result;
        assert(n > 0 && n <= cap - done);
        done += n;
    }
    *len = done;
    return SL_OK;
}
