/* libzstd's wall: one zstd body after another from one context. */

#include "http/edge/zstd.h"

#include <stdlib.h>
#include <zstd.h>

/* Fast, and with a window of 512 KiB: a context takes about 1.5 MiB, a browser's decoder no more.
 */
#define LEVEL 1
#define WINDOW_LOG 19

struct zstd {
    ZSTD_CCtx *context;
};

struct zstd *zstd_create(void)
{
    struct zstd *zstd = malloc(sizeof(*zstd));
    if (!zstd) return NULL;
    zstd->context = ZSTD_createCCtx();
    if (!zstd->context ||
        ZSTD_isError(ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_compressionLevel, LEVEL)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_windowLog, WINDOW_LOG))) {
        zstd_destroy(zstd);
        return NULL;
    }
    return zstd;
}

bool zstd_reset(struct zstd *zstd)
{
    return !ZSTD_isError(ZSTD_CCtx_reset(zstd->context, ZSTD_reset_session_only));
}

bool zstd_run(struct zstd *zstd, struct encoder_step *step)
{
    ZSTD_inBuffer in = {step->in, step->in_len, 0};
    ZSTD_outBuffer out = {step->out, step->out_cap, 0};
    ZSTD_EndDirective how = step->last ? ZSTD_e_end : step->flush ? ZSTD_e_flush : ZSTD_e_continue;
    size_t left = ZSTD_compressStream2(zstd->context, &out, &in, how);
    if (ZSTD_isError(left)) return false;
    step->taken = in.pos;
    step->made = out.pos;
    step->done = how != ZSTD_e_continue && left == 0;
    return true;
}

void zstd_destroy(struct zstd *zstd)
{
    if (!zstd) return;
    ZSTD_freeCCtx(zstd->context);
    free(zstd);
}
