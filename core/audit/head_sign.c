/* Signs what the log says of the end of a share (proof/head_statement.h), when it is asked for.

   What is signed must stay true, whatever becomes of this machine: so no statement goes beyond the
   checkpoint that is kept on disk, to which a store that is opened again is held.

       the share's events      1 ──── 2 ──────── 3 ─┐                  4 comes while we look
       the log           0 ─────────────────────────┴──── size ───────────>
                                                          └ the kept checkpoint's

   Nothing is written, and a failure leaves nothing. */

#include "core/audit/head_sign.h"

#include "core/audit/checkpoint.h"
#include "core/log/keys.h"
#include "core/log/log.h"
#include "core/log/sequencer.h"
#include "core/proof/head_statement.h"

#include <assert.h>

static_assert(HEAD_SIGN_BYTES <= HEAD_STATEMENT_BYTES, "a verifier reads what is signed here");

/* ---- a note ---- */

static enum sl_result sign(
    struct sl_store *store, const struct head_statement *statement, struct signed_head *head)
{
    struct buf note = {0}, line = {0};
    head_statement_write(statement, &note);
    if (!note.failed) note_sign(buf_span(&note), &store->keys->head, store->keys->head_seed, &line);
    buf_add(&note, "\n", 1);
    buf_add_span(&note, buf_span(&line));
    bool made = !note.failed && !line.failed;
    if (made) {
        assert(note.len <= HEAD_SIGN_BYTES);
        head->sequence = statement->sequence;
        head->len = note.len;
        memcpy(head->note, note.ptr, note.len);
    }
    buf_fini(&line);
    buf_fini(&note);
    return made ? SL_OK : SL_NOMEM;
}

/* Does the log have the share's event where the event's row says? */
static enum sl_result check_place(
    struct sl_store *store, const struct head *place, const char *share_id, struct sl_err *err)
{
    struct kv_pin pin;
    uint8_t leaf[32];
    enum sl_result result = log_header(store->kv, place->position, &pin, err);
    if (result == SL_OK) {
        header_leaf(pin.value, leaf);
        kv_release(&pin);
    }
    if (result == SL_NOT_FOUND || (result == SL_OK && memcmp(leaf, place->leaf, 32) != 0))
        return sl_fail(err, SL_CORRUPT, "share %s: event %llu is not the log's event %llu",
            share_id, (unsigned long long)place->sequence, (unsigned long long)place->position);
    return result;
}

static enum sl_result state(struct sl_store *store, const struct sl_share_info *info,
    const struct head *last, uint64_t size, uint64_t time_ms, struct signed_head *head,
    struct sl_err *err)
{
    struct head first;
    struct head_statement statement = {.last = last->position,
        .sequence = last->sequence,
        .size = size,
        .time_ms = time_ms > last->time_ms ? time_ms : last->time_ms};
    enum sl_result result = log_place(store->kv, sl_span_of(info->id), 1, &first, err);
    if (result == SL_OK) result = check_place(store, last, info->id, err);
    if (result != SL_OK) return result;
    memcpy(statement.origin, store->keys->origin, strlen(store->keys->origin) + 1);
    memcpy(statement.share_id, info->id, sizeof(statement.share_id));
    event_share_ref(info->salt, sl_span_of(info->id), statement.ref);
    memcpy(statement.leaf, last->leaf, 32);
    statement.first = first.position;
    result = sign(store, &statement, head);
    return result == SL_OK ? result : sl_fail(err, result, "out of memory");
}

/* ---- where a share ends ---- */

/* A checkpoint of this origin, kept on disk, that covers an event. */
static enum sl_result cover(struct sl_store *store, const struct head *place, uint64_t *size,
    uint64_t *signed_ms, struct sl_err *err)
{
    struct sl_checkpoint *checkpoint = malloc(sizeof(*checkpoint));
    if (!checkpoint) return sl_fail(err, SL_NOMEM, "out of memory");
    enum sl_result result = sl_log_checkpoint(store, place->position + 1, checkpoint, err);
    if (result == SL_OK) {
        *size = checkpoint->size;
        *signed_ms = checkpoint->signed_ms;
    }
    free(checkpoint);
    /* looked at behind it: under a new origin that checkpoint may be the old one's last */
    if (result == SL_OK && checkpoints_ended(store->checkpoints))
        result = sl_fail(err, SL_READ_ONLY, "the log goes on under a new origin");
    return result;
}

/* The share's last event below a size of the log: the last one there is, or one a little before it
   where events came meanwhile. */
static enum sl_result last_below(struct sl_store *store, struct sl_span id, uint64_t size,
    struct head *place, struct sl_err *err)
{
    struct sl_share_info now;
    enum sl_result result = sl_share_info(store, id, &now, err);
    for (uint64_t at = now.sequence; result == SL_OK; at--) {
        result = log_place(store->kv, id, at, place, err);
        if (result == SL_OK && place->position < size) break;
        assert(result != SL_OK || at > 1); /* one was below it before */
    }
    return result;
}

static enum sl_result sign_now(struct sl_store *store, const struct sl_share_info *info,
    struct signed_head *head, struct sl_err *err)
{
    struct sl_span id = sl_span_of(info->id);
    struct head place;
    uint64_t size = 0, signed_ms = 0;
    uint64_t now_ms = store_now_us(store) / 1000, log_now = atomic_load(&store->log_size);
    enum sl_result result = log_place(store->kv, id, info->sequence, &place, err);
    if (result == SL_OK) result = cover(store, &place, &size, &signed_ms, err);
    if (result == SL_OK) result = last_below(store, id, size, &place, err);
    if (result != SL_OK) return result;
    /* when the log was as large as that, and no larger: now, or when the checkpoint was signed */
    return state(store, info, &place, size, size >= log_now ? now_ms : signed_ms, head, err);
}

/* A size of now would say that the share has no later event. */
static enum sl_result sign_receipt(struct sl_store *store, const struct sl_share_info *info,
    uint64_t sequence, struct signed_head *head, struct sl_err *err)
{
    struct head place;
    uint64_t size = 0, signed_ms = 0;
    if (sequence > info->sequence)
        return sl_fail(err, SL_NO_MOMENT, "no sequence %llu: there are 1 to %llu",
            (unsigned long long)sequence, (unsigned long long)info->sequence);
    enum sl_result result = log_place(store->kv, sl_span_of(info->id), sequence, &place, err);
    if (result == SL_OK) result = cover(store, &place, &size, &signed_ms, err);
    if (result != SL_OK) return result;
    assert(size > place.position);
    return state(store, info, &place, place.position + 1, place.time_ms, head, err);
}

enum sl_result head_sign(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct signed_head *head, struct sl_err *err)
{
    struct sl_share_info info;
    enum sl_result result = sl_share_info(store, id, &info, err);
    if (result == SL_OK) result = store_writable(store, err);
    if (result != SL_OK) return result;
    return sequence ? sign_receipt(store, &info, sequence, head, err)
                    : sign_now(store, &info, head, err);
}

enum sl_result sl_share_head(struct sl_store *store, struct sl_span id, uint64_t sequence,
    struct sl_sink sink, struct sl_err *err)
{
    struct signed_head head;
    enum sl_result result = head_sign(store, id, sequence, &head, err);
    return result == SL_OK ? sink_put(sink, head.note, head.len, err) : result;
}
