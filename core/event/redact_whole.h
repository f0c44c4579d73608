#ifndef SHARELOG_REDACT_WHOLE_H
#define SHARELOG_REDACT_WHOLE_H

/* What stands in the place of redacted JSON.

   A redacted item keeps its shape: numbers, booleans, the ids and kinds by which a client and a
   page know what it is (members named `id`, `…ID`, `type`, `role`, `status`, `tool` and the like,
   of up to 128 characters of [A-Za-z0-9_.:/@-]; redact_whole.c has the list). Redacted as a whole,
   every other string reads `[redacted]`, so does a name that isn't [A-Za-z0-9_$.-]{1,64}, a number
   of more than 32 characters is 0, and objects and arrays of free form (`input`, `metadata`,
   `headers` …) are emptied, since their names may tell as much as their values. What was redacted
   as a whole stays as it is when that is done again: so who verifies knows it. */

#include "core/base/buf.h"
#include "core/base/err.h"

#define REDACTED "[redacted]"

/* `data`, one valid JSON value, redacted as a whole; appended to `out`. On failure `out` is as it
   was: SL_INVALID (not JSON, or deeper than JSON_DEPTH_CEILING), SL_NOMEM. */
enum sl_result redact_whole(struct sl_span data, struct buf *out, struct sl_err *err);

#endif
