#ifndef SHARELOG_HTTP_LIVE_PIECES_H
#define SHARELOG_HTTP_LIVE_PIECES_H

/* The texts of events, a piece at a time. The pieces read last are kept: a thousand viewers that
 * wait for the same event cost one read of it, and a viewer of a large event never costs more than
 * a piece. For one thread (the hub's). */

#include "core/sharelog.h"

#define PIECE_BYTES (64 * SL_KIB)

struct pieces;

/* Keeps at most `count` pieces. NULL: no memory. */
struct pieces *pieces_create(struct sl_store *store, size_t count);
void pieces_destroy(struct pieces *pieces); /* NULL is fine */

/* An index behind every text: the piece is empty and no text is read, but it says of what kind and
   time the event is. */
#define PIECE_NONE (UINT64_MAX / PIECE_BYTES)

struct piece {
    enum sl_kind kind;
    uint64_t time_ms, text_bytes; /* of the event; 0 unless it is a sync */
    const char *bytes;            /* text[index * PIECE_BYTES …]; valid until the next call */
    size_t len;
    bool line_ends; /* there is a CR or LF among them (between JSON's tokens) */
};

/* Piece `index` of the text of event `sequence` of share `id`. `topic` is a number that stands for
   the share. Errors are those of sl_event_open and sl_event_text. */
enum sl_result pieces_get(struct pieces *pieces, uint64_t topic, const char *id, uint64_t sequence,
    uint64_t index, struct piece *piece, struct sl_err *err);

/* Forget all of a share: something of it was removed or redacted. */
void pieces_forget(struct pieces *pieces, uint64_t topic);

#endif
