/* A stream is one compression context, reset for each body. An encoder of frames is another, with a
   window as large as a frame may be: a session's list that is sent again lies far back.

   Measured over recorded sessions in frames of 4 MiB, bytes a byte and seconds a GB: level 3 0.074
   and 1.6; with long-distance matching 0.065 and 2.8; level 9 0.058 and 11, with it the same. So
   long-distance matching is left out: what it gains, level 9 gains later too, and nobody's syncs
   wait meanwhile. zstd's checksum takes a third of the time of decoding, and is left out: who keeps
   frames knows of damage otherwise.

   A frame that is wanted as a whole goes through zstd in one call, straight into the caller's room.
   A part goes through zstd's own window and is copied, block by block, until there is enough of it.
   What zstd says of damage becomes SL_CORRUPT here; that memory ran out, SL_NOMEM. */

#include "core/base/zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

/* Of a stream: fast, and with a window of 512 KiB: a browser's decoder takes no more. */
#define STREAM_LEVEL 1
#define STREAM_WINDOW_LOG 19

#define FAST_LEVEL 3
#define HARD_LEVEL 9

/* ---- a stream ---- */

struct zstd_stream {
    ZSTD_CCtx *context;
};

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

struct zstd_stream *zstd_stream_create(void)
{
    struct zstd_stream *stream = malloc(sizeof(*stream));
    if (!stream) return NULL;
    stream->context = ZSTD_createCCtx();
    if (!stream->context || !set(stream->context, ZSTD_c_compressionLevel, STREAM_LEVEL) ||
        !set(stream->context, ZSTD_c_windowLog, STREAM_WINDOW_LOG)) {
        zstd_stream_destroy(stream);
        return NULL;
    }
    return stream;
}

bool zstd_stream_reset(struct zstd_stream *stream)
{
    return !ZSTD_isError(ZSTD_CCtx_reset(stream->context, ZSTD_reset_session_only));
}

bool zstd_stream_run(struct zstd_stream *stream, struct encoder_step *step)
{
    ZSTD_inBuffer in = {step->in, step->in_len, 0};
    ZSTD_outBuffer out = {step->out, step->out_cap, 0};
    ZSTD_EndDirective how = step->last ? ZSTD_e_end : step->flush ? ZSTD_e_flush : ZSTD_e_continue;
    size_t left = ZSTD_compressStream2(stream->context, &out, &in, how);
    if (ZSTD_isError(left)) return false;
    step->taken = in.pos;
    step->made = out.pos;
    step->done = how != ZSTD_e_continue && left == 0;
    return true;
}

void zstd_stream_destroy(struct zstd_stream *stream)
{
    if (!stream) return;
    ZSTD_freeCCtx(stream->context);
    free(stream);
}

/* ---- frames ---- */

struct zstd_encoder {
    ZSTD_CCtx *context;
};

struct zstd_decoder {
    ZSTD_DCtx *context;
};

static enum sl_result failed(size_t code, struct sl_err *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return sl_fail(err, SL_NOMEM, "out of memory");
    return sl_fail(err, SL_CORRUPT, "zstd: %s", ZSTD_getErrorName(code));
}

struct zstd_encoder *zstd_encoder_create(enum zstd_effort effort)
{
    struct zstd_encoder *encoder = malloc(sizeof(*encoder));
    if (!encoder) return NULL;
    ZSTD_CCtx *context = encoder->context = ZSTD_createCCtx();
    int level = effort == ZSTD_HARD ? HARD_LEVEL : FAST_LEVEL;
    if (!context || !set(context, ZSTD_c_compressionLevel, level) ||
        !set(context, ZSTD_c_windowLog, ZSTD_FRAME_LOG)) {
        zstd_encoder_destroy(encoder);
        return NULL;
    }
    return encoder;
}

enum sl_result zstd_encode(
    struct zstd_encoder *encoder, struct sl_span bytes, struct buf *out, struct sl_err *err)
{
    size_t most = ZSTD_compressBound(bytes.len);
    assert(bytes.len > 0 && bytes.len <= ZSTD_FRAME_BYTES);
    if (!buf_reserve(out, most)) return sl_fail(err, SL_NOMEM, "out of memory");
    size_t made = ZSTD_compress2(encoder->context, out->ptr + out->len, most, bytes.ptr, bytes.len);
    /* there is room for any outcome: only memory can be short */
    if (ZSTD_isError(made)) return sl_fail(err, SL_NOMEM, "out of memory");
    out->len += made;
    return SL_OK;
}

void zstd_encoder_destroy(struct zstd_encoder *encoder)
{
    if (!encoder) return;
    ZSTD_freeCCtx(encoder->context);
    free(encoder);
}

bool zstd_frame_bytes(struct sl_span frame, size_t *bytes)
{
    unsigned long long all = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (all == ZSTD_CONTENTSIZE_UNKNOWN || all == ZSTD_CONTENTSIZE_ERROR) return false;
    if (all == 0 || all > ZSTD_FRAME_BYTES) return false;
    *bytes = (size_t)all;
    return true;
}

struct zstd_decoder *zstd_decoder_create(void)
{
    struct zstd_decoder *decoder = malloc(sizeof(*decoder));
    if (!decoder) return NULL;
    ZSTD_DCtx *context = decoder->context = ZSTD_createDCtx();
    if (!context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_FRAME_LOG))) {
        zstd_decoder_destroy(decoder);
        return NULL;
    }
    return decoder;
}

static enum sl_result decode_part(
    struct zstd_decoder *decoder, struct sl_span frame, char *out, size_t len, struct sl_err *err)
{
    ZSTD_inBuffer from = {frame.ptr, frame.len, 0};
    ZSTD_outBuffer to = {out, len, 0};
    size_t code = ZSTD_DCtx_reset(decoder->context, ZSTD_reset_session_only);
    while (!ZSTD_isError(code) && to.pos < len) {
        size_t made = to.pos, taken = from.pos;
        code = ZSTD_decompressStream(decoder->context, &to, &from);
        if (to.pos == made && from.pos == taken) break; /* the frame ends too early */
    }
    if (ZSTD_isError(code)) return failed(code, err);
    return to.pos == len ? SL_OK : sl_fail(err, SL_CORRUPT, "zstd: the frame is cut short");
}

static enum sl_result decode_all(
    struct zstd_decoder *decoder, struct sl_span frame, char *out, size_t len, struct sl_err *err)
{
    size_t size = ZSTD_findFrameCompressedSize(frame.ptr, frame.len);
    if (ZSTD_isError(size)) return failed(size, err);
    if (size != frame.len) return sl_fail(err, SL_CORRUPT, "zstd: bytes behind the frame");
    size_t made = ZSTD_decompressDCtx(decoder->context, out, len, frame.ptr, frame.len);
    if (ZSTD_isError(made)) return failed(made, err);
    return made == len ? SL_OK : sl_fail(err, SL_CORRUPT, "zstd: the frame has another size");
}

enum sl_result zstd_decode(struct zstd_decoder *decoder, struct sl_span frame, size_t all,
    char *out, size_t len, struct sl_err *err)
{
    assert(len > 0 && len <= all && all <= ZSTD_FRAME_BYTES);
    return len == all ? decode_all(decoder, frame, out, len, err)
                      : decode_part(decoder, frame, out, len, err);
}

void zstd_decoder_destroy(struct zstd_decoder *decoder)
{
    if (!decoder) return;
    ZSTD_freeDCtx(decoder->context);
    free(decoder);
}
