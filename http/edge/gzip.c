/* zlib's wall: one gzip body after another from one stream. */

#include "http/edge/gzip.h"

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* what goes in is const */
#include <zlib.h>

/* The fastest: an answer is made while the client waits, and sessions compress well at any level.
 */
#define LEVEL Z_BEST_SPEED
/* 15 bits of window, and gzip's head and trailer. */
#define WINDOW_GZIP (15 + 16)
#define MEMORY 8

struct gzip {
    z_stream stream;
};

struct gzip *gzip_create(void)
{
    struct gzip *gzip = calloc(1, sizeof(*gzip));
    if (!gzip) return NULL;
    if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        free(gzip);
        return NULL;
    }
    return gzip;
}

bool gzip_reset(struct gzip *gzip)
{
    return deflateReset(&gzip->stream) == Z_OK;
}

static uInt bounded(size_t len)
{
    return len > UINT_MAX ? UINT_MAX : (uInt)len;
}

bool gzip_run(struct gzip *gzip, struct encoder_step *step)
{
    z_stream *stream = &gzip->stream;
    bool whole = step->in_len <= UINT_MAX;
    stream->next_in = step->in;
    stream->avail_in = bounded(step->in_len);
    stream->next_out = step->out;
    stream->avail_out = bounded(step->out_cap);
    uInt in_before = stream->avail_in, out_before = stream->avail_out;
    int how = !whole ? Z_NO_FLUSH : step->last ? Z_FINISH : step->flush ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    int result = deflate(stream, how);
    step->taken = in_before - stream->avail_in;
    step->made = out_before - stream->avail_out;
    /* zlib: a flush is complete once a call leaves room in the output. */
    step->done = result == Z_STREAM_END || (how == Z_SYNC_FLUSH && stream->avail_out > 0);
    /* Z_BUF_ERROR: no room, or nothing to do; neither is an error here. */
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

void gzip_destroy(struct gzip *gzip)
{
    if (!gzip) return;
    deflateEnd(&gzip->stream);
    free(gzip);
}
