#ifndef SHARELOG_SINK_H
#define SHARELOG_SINK_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a function's bytes go, piece by piece: return false to stop it (it then returns
   SL_STOPPED). The bytes are the callee's for the call alone. buf_sink (buf.h) keeps them. */
struct sl_sink {
    bool (*write)(void *ctx, const void *bytes, size_t len);
    void *ctx;
};

/* A piece to the sink; an empty one is not passed on. SL_STOPPED. */
static inline enum sl_result sink_put(
    struct sl_sink sink, const void *bytes, size_t len, struct sl_err *err)
{
    return len == 0 || sink.write(sink.ctx, bytes, len)
               ? SL_OK
               : sl_fail(err, SL_STOPPED, "stopped by the reader");
}

#endif
