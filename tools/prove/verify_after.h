#ifndef SHARELOG_TOOLS_VERIFY_AFTER_H
#define SHARELOG_TOOLS_VERIFY_AFTER_H

/* --bundle with --url: what came after the bundle's last event. The server is asked where the share
   ends now, by a head statement; if it ends later, its own bundle is read, verified, and held
   against the one that was given.

   The server can say nothing, an older end than the bundle has, one as of long ago, or what
   contradicts the bundle: none of it verifies. What contradicts it is written to a file beside the
   bundle, with which `verify --fork` shows it to anybody. */

#include "core/proof/bundle.h"
#include "core/proof/evidence.h"
#include "tools/prove/verify_values.h"
#include "tools/shared/trust.h"

#define AFTER_TOLD 8

struct after {
    struct head_statement statement; /* what the server says of the share's end */
    uint64_t events, kinds[SL_ALLOW + 1];
    struct bundle_place told[AFTER_TOLD]; /* the first ones that are no syncs */
    size_t told_count;
};

/* `seen` is the bundle that was given, as evidence. What the server shows may be as old as `values`
   say: the policy's clock is set so. SL_CORRUPT: not verified, err says why. Other
   results: it couldn't be. */
enum sl_result verify_after(const struct verify_values *values, const struct trust *trust,
    const struct bundle_verdict *verdict, const struct evidence *seen,
    const struct sl_progress *progress, struct after *after, struct sl_err *err);

#endif
