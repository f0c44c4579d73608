#ifndef SHARELOG_SINK_H
#define SHARELOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Where a function's bytes go, piece by piece: return false to stop it (it then returns
   SL_STOPPED). The bytes are the callee's for the call alone. buf_sink (buf.h) keeps them. */
struct sl_sink {
    bool (*write)(void *ctx, const void *bytes, size_t len);
    void *ctx;
};

#endif
