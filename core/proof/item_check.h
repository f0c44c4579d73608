#ifndef SHARELOG_ITEM_CHECK_H
#define SHARELOG_ITEM_CHECK_H

/* What can be told of a sync's item by its own bytes, without the log: is it JSON, is its key the
   one that its type and data make, and is what the server put in an item's place what redacting
   makes? The header commits to an item's bytes, whoever wrote them; this holds them against the
   rules by which a server that is honest makes an item.

   Redacting puts `[redacted]` in the place of strings, or redacts as a whole
   (event/redact_whole.h). So of what stands in a redacted item's place this much holds: it is the
   same item by its key, where an id may read `[redacted]`; some string or name of it reads
   `[redacted]`, or it is what redacting as a whole leaves alone; and it is no longer than what was
   committed to but for those strings. Which strings stand beside them nothing proves. */

#include "core/base/err.h"
#include "core/base/span.h"

enum claim_state {
    CLAIM_SENT,    /* as it was sent */
    CLAIM_MARKED,  /* redacted on arrival: what stands there is committed to */
    CLAIM_WITHHELD /* redacted later: what was sent is committed to */
};

struct item_claim {
    struct sl_span type, key, data; /* data: what stands there */
    enum claim_state state;
    uint64_t committed; /* bytes of what was committed to, where it is withheld */
};

/* *fault is NULL, or what is wrong, for a sentence about the item. *unmarked: an item that is said
   to be as it was sent has an id that reads `[redacted]`: a server redacted it on arrival before
   there were marks. SL_NOMEM is the one failure. */
enum sl_result item_check(
    const struct item_claim *claim, const char **fault, bool *unmarked, struct sl_err *err);

#endif
