/* Which encoding an answer gets, and the pool of encoders.

   An encoder comes from the pool, or is made; closing puts it back, reset, unless the pool is full
   or it can't be reset. Without memory there is no encoder, and the answer goes out as it is. */

#include "http/edge/encoding.h"

#include "core/base/zstd.h"
#include "http/edge/gzip.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- choosing ---- */

static struct sl_span trimmed(struct sl_span text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool named(struct sl_span text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.ptr, name, text.len) == 0;
}

/* Cut the part before `separator` off the front of *rest. */
static struct sl_span cut(struct sl_span *rest, char separator)
{
    const char *at = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    size_t n = at ? (size_t)(at - rest->ptr) : rest->len;
    struct sl_span part = {rest->ptr, n};
    size_t skip = at ? n + 1 : n;
    rest->ptr += skip;
    rest->len -= skip;
    return trimmed(part);
}

/* A q-value in thousandths (RFC 9110, 12.4.2), -1 if it is none. */
static int quality(struct sl_span text)
{
    if (text.len < 1 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1')) return -1;
    int value = (text.ptr[0] - '0') * 1000, weight = 100;
    if (text.len > 1 && text.ptr[1] != '.') return -1;
    for (size_t i = 2; i < text.len; i++, weight /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return -1;
        value += (text.ptr[i] - '0') * weight;
    }
    return value <= 1000 ? value : -1;
}

/* The q-value of one entry behind its name: 1000 unless it says otherwise, 0 when it is malformed.
 */
static int entry_quality(struct sl_span parameters)
{
    int q = 1000;
    while (parameters.len > 0) {
        struct sl_span value = cut(&parameters, ';');
        struct sl_span name = cut(&value, '=');
        if (!named(name, "q")) continue;
        q = quality(trimmed(value));
        if (q < 0) return 0;
    }
    return q;
}

enum encoding encoding_choose(struct sl_span accept)
{
    int any = -1, gzip = -1, zstd = -1, identity = -1;
    while (accept.len > 0) {
        struct sl_span entry = cut(&accept, ',');
        struct sl_span name = cut(&entry, ';');
        int q = entry_quality(entry);
        if (named(name, "gzip") || named(name, "x-gzip")) gzip = q;
        if (named(name, "zstd")) zstd = q;
        if (named(name, "identity")) identity = q;
        if (named(name, "*")) any = q;
    }
    if (gzip < 0) gzip = any;
    if (zstd < 0) zstd = any;
    if (identity < 0) identity = 0; /* taken, but never rather than what was asked for by name */
    if (zstd > 0 && zstd >= gzip && zstd >= identity) return ENCODING_ZSTD;
    if (gzip > 0 && gzip >= identity) return ENCODING_GZIP;
    return ENCODING_IDENTITY;
}

const char *encoding_name(enum encoding encoding)
{
    switch (encoding) {
    case ENCODING_GZIP: return "gzip";
    case ENCODING_ZSTD: return "zstd";
    case ENCODING_IDENTITY: break;
    }
    return NULL;
}

/* ---- running ---- */

struct encoder {
    enum encoding encoding;
    struct gzip *gzip;
    struct zstd_stream *zstd;
    struct encoder *next;
};

/* Idle encoders, by encoding. Few are kept: one of zstd holds 1.5 MiB, and as many threads compress
   at a time as there are processors. */
#define POOL_ENCODERS 4
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct encoder *pool[3];
static unsigned pool_count[3];

static void encoder_destroy(struct encoder *encoder)
{
    gzip_destroy(encoder->gzip);
    zstd_stream_destroy(encoder->zstd);
    free(encoder);
}

static struct encoder *encoder_create(enum encoding encoding)
{
    struct encoder *encoder = calloc(1, sizeof(*encoder));
    if (!encoder) return NULL;
    encoder->encoding = encoding;
    if (encoding == ENCODING_GZIP)
        encoder->gzip = gzip_create();
    else
        encoder->zstd = zstd_stream_create();
    if (encoder->gzip || encoder->zstd) return encoder;
    free(encoder);
    return NULL;
}

struct encoder *encoder_open(enum encoding encoding)
{
    if (encoding == ENCODING_IDENTITY) return NULL;
    pthread_mutex_lock(&pool_mutex);
    struct encoder *encoder = pool[encoding];
    if (encoder) {
        pool[encoding] = encoder->next;
        pool_count[encoding]--;
    }
    pthread_mutex_unlock(&pool_mutex);
    return encoder ? encoder : encoder_create(encoding);
}

void encoder_close(struct encoder *encoder)
{
    if (!encoder) return;
    assert(!encoder->gzip != !encoder->zstd);
    bool clean = encoder->gzip ? gzip_reset(encoder->gzip) : zstd_stream_reset(encoder->zstd);
    pthread_mutex_lock(&pool_mutex);
    bool keep = clean && pool_count[encoder->encoding] < POOL_ENCODERS;
    if (keep) {
        encoder->next = pool[encoder->encoding];
        pool[encoder->encoding] = encoder;
        pool_count[encoder->encoding]++;
    }
    pthread_mutex_unlock(&pool_mutex);
    if (!keep) encoder_destroy(encoder);
}

bool encoder_run(struct encoder *encoder, struct encoder_step *step)
{
    step->taken = step->made = 0;
    step->done = false;
    bool whole =
        encoder->gzip ? gzip_run(encoder->gzip, step) : zstd_stream_run(encoder->zstd, step);
    assert(step->taken <= step->in_len && step->made <= step->out_cap);
    return whole;
}
