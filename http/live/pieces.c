/* The texts of events, the pieces read last kept by age. What can't be read is not kept: the next
   viewer that asks makes the same read, and gets the same error. */

#include "http/live/pieces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    uint64_t topic, sequence, index;
    uint64_t used; /* when, by the clock below; 0: empty */
    struct piece piece;
    char *bytes;
};

struct pieces {
    struct sl_store *store;
    uint64_t clock;
    size_t count;
    struct kept kept[];
};

struct pieces *pieces_create(struct sl_store *store, size_t count)
{
    assert(count > 0);
    struct pieces *pieces = calloc(1, sizeof(*pieces) + count * sizeof(*pieces->kept));
    if (!pieces) return NULL;
    pieces->store = store;
    pieces->count = count;
    return pieces;
}

static void forget(struct kept *kept)
{
    free(kept->bytes);
    *kept = (struct kept){0};
}

void pieces_destroy(struct pieces *pieces)
{
    if (!pieces) return;
    for (size_t i = 0; i < pieces->count; i++)
        forget(&pieces->kept[i]);
    free(pieces);
}

void pieces_forget(struct pieces *pieces, uint64_t topic)
{
    for (size_t i = 0; i < pieces->count; i++)
        if (pieces->kept[i].topic == topic) forget(&pieces->kept[i]);
}

/* Read what the piece is of, and the piece. */
static enum sl_result fill(struct kept *kept, struct sl_event *event, struct sl_err *err)
{
    const struct sl_event_info *info = sl_event_info(event);
    struct piece *piece = &kept->piece;
    piece->kind = info->kind;
    piece->time_ms = info->time_ms;
    piece->text_bytes = info->kind == SL_SYNC ? sl_event_text_bytes(event) : 0;
    uint64_t from = kept->index * PIECE_BYTES;
    uint64_t left = from < piece->text_bytes ? piece->text_bytes - from : 0;
    size_t want = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    kept->bytes = malloc(want + 1);
    if (!kept->bytes) return sl_fail(err, SL_NOMEM, "no memory for a piece of an event");
    while (piece->len < want) {
        size_t n = 0;
        enum sl_result result = sl_event_text(
            event, from + piece->len, kept->bytes + piece->len, want - piece->len, &n, err);
        if (result != SL_OK) return result;
        if (n == 0) return sl_fail(err, SL_CORRUPT, "the text is shorter than it was said to be");
        piece->len += n;
    }
    piece->bytes = kept->bytes;
    piece->line_ends = memchr(kept->bytes, '\n', want) || memchr(kept->bytes, '\r', want);
    return SL_OK;
}

static struct kept *oldest(struct pieces *pieces)
{
    struct kept *found = &pieces->kept[0];
    for (size_t i = 1; i < pieces->count; i++)
        if (pieces->kept[i].used < found->used) found = &pieces->kept[i];
    return found;
}

enum sl_result pieces_get(struct pieces *pieces, uint64_t topic, const char *id, uint64_t sequence,
    uint64_t index, struct piece *piece, struct sl_err *err)
{
    assert(topic != 0);
    for (size_t i = 0; i < pieces->count; i++) {
        struct kept *kept = &pieces->kept[i];
        if (kept->topic != topic || kept->sequence != sequence || kept->index != index) continue;
        kept->used = ++pieces->clock;
        *piece = kept->piece;
        return SL_OK;
    }
    struct sl_event *event = NULL;
    enum sl_result result = sl_event_open(pieces->store, sl_span_of(id), sequence, &event, err);
    if (result != SL_OK) return result;
    struct kept *kept = oldest(pieces);
    forget(kept);
    *kept = (struct kept){
        .topic = topic, .sequence = sequence, .index = index, .used = ++pieces->clock};
    result = fill(kept, event, err);
    if (result == SL_OK)
        *piece = kept->piece;
    else
        forget(kept);
    sl_event_close(event);
    return result;
}
