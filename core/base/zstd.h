#ifndef SHARELOG_ZSTD_H
#define SHARELOG_ZSTD_H

/* libzstd's wall. Two things are asked of it: a stream, which compresses an answer as it is
   written, and frames, which are compressed and decompressed in memory as a whole.

   Each of these is one thread's at a time. Creating one gives NULL when memory runs out; destroying
   NULL is fine. */

#include "core/base/buf.h"
#include "core/base/encoder_step.h"

/* ---- a stream: one body after another, each begun by a reset ---- */

struct zstd_stream; /* 1.5 MiB */
struct zstd_stream *zstd_stream_create(void);
/* False: it can't be used any more. */
bool zstd_stream_reset(struct zstd_stream *stream);
bool zstd_stream_run(struct zstd_stream *stream, struct encoder_step *step);
void zstd_stream_destroy(struct zstd_stream *stream);

/* ---- frames ---- */

/* A frame has at most so many bytes in it. A decoder refuses one that claims more, before it takes
   any memory for it. */
#define ZSTD_FRAME_LOG 22
#define ZSTD_FRAME_BYTES ((size_t)1 << ZSTD_FRAME_LOG)

/* How hard an encoder tries. FAST takes 1.5 MiB while it is kept, HARD 13 MiB and six times the
   time, for frames that are a fifth smaller. */
enum zstd_effort { ZSTD_FAST, ZSTD_HARD };

struct zstd_encoder;
struct zstd_encoder *zstd_encoder_create(enum zstd_effort effort);
/* Append the frame of 1 to ZSTD_FRAME_BYTES bytes to `out`: their count is in it, and what repeats
   may lie anywhere before. SL_NOMEM: `out` holds what it held. */
enum sl_result zstd_encode(
    struct zstd_encoder *encoder, struct sl_span bytes, struct buf *out, struct sl_err *err);
void zstd_encoder_destroy(struct zstd_encoder *encoder);

/* How many bytes a frame says it has in it. False: it doesn't say so, it is none, it has none, or
   more than ZSTD_FRAME_BYTES. Nothing is decompressed, so it may have others. */
bool zstd_frame_bytes(struct sl_span frame, size_t *bytes);

/* 160 KiB, and once it has decoded a part, 4 MiB. */
struct zstd_decoder;
struct zstd_decoder *zstd_decoder_create(void);
/* The first `len` bytes of a frame that says it has `all`; len <= all. Where they are all of it,
   the frame was whole, and nothing lay behind it. There is no checksum: of damage it finds what
   breaks the frame's form. SL_CORRUPT, SL_NOMEM: out[0, len) holds anything. */
enum sl_result zstd_decode(struct zstd_decoder *decoder, struct sl_span frame, size_t all,
    char *out, size_t len, struct sl_err *err);
void zstd_decoder_destroy(struct zstd_decoder *decoder);

#endif
