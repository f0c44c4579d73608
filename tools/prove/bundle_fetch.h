#ifndef SHARELOG_TOOLS_BUNDLE_FETCH_H
#define SHARELOG_TOOLS_BUNDLE_FETCH_H

/* A share's bundle, from whoever answers, verified. It goes through a temporary file without a
   name: it may be larger than memory. */

#include "core/proof/bundle.h"
#include "tools/ask/client.h"

#include <stdio.h>

/* Results as bundle_verify's; SL_IO: it couldn't be had, SL_NOT_FOUND: there is no such share.
   `copy` (may be NULL) is then the file, at its end, the caller's to close; NULL after a failure to
   get it. */
enum sl_result bundle_fetch(struct client *client, const char *share_id,
    const struct bundle_asks *asks, const struct sl_progress *progress,
    struct bundle_verdict *verdict, FILE **copy, struct sl_err *err);

#endif
