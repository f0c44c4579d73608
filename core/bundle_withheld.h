#ifndef SHARELOG_BUNDLE_WITHHELD_H
#define SHARELOG_BUNDLE_WITHHELD_H

/* What must be remembered of a bundle's withheld items until a later redact event names them: 56
   bytes each. */

#include "err.h"
#include "span.h"

struct bundle_withheld {
    struct bundle_withheld_item {
        uint64_t sequence, item;
        uint8_t replacement[32]; /* SHA-256 of what stands in its place */
        enum { WITHHELD_UNNAMED, WITHHELD_FITS, WITHHELD_DIFFERS } named; /* by the last that did */
    } * items;
    size_t count, cap;
};

/* In order of sequence and item. */
enum sl_result bundle_withheld_add(struct bundle_withheld *withheld, uint64_t sequence,
    uint64_t item, const uint8_t replacement[32], struct sl_err *err);
/* A redact event names an item, whose replacement has this SHA-256. One that isn't withheld is
   passed over: it is there, and proven by its commitment. */
void bundle_withheld_name(struct bundle_withheld *withheld, uint64_t sequence, uint64_t item,
    const uint8_t replacement[32]);
/* The first that no redact event names with just its replacement; NULL: none. */
const struct bundle_withheld_item *bundle_withheld_fault(const struct bundle_withheld *withheld);
void bundle_withheld_fini(struct bundle_withheld *withheld);

#endif
