#ifndef SHARELOG_WITHHELD_H
#define SHARELOG_WITHHELD_H

/* A share's withheld items, remembered until a later redact event names them: 56 bytes each. Used
   by the check of a store and by that of a bundle. */

#include "core/base/err.h"
#include "core/base/span.h"

enum withheld_named { WITHHELD_UNNAMED, WITHHELD_FITS, WITHHELD_DIFFERS };

struct withheld {
    struct withheld_item {
        uint64_t sequence, item;
        uint8_t replacement[32];   /* SHA-256 of what stands in its place */
        enum withheld_named named; /* by the last that did */
    } * items;
    size_t count, cap;
};

/* Items come in order of sequence and item. SL_NOMEM: it isn't added. */
enum sl_result withheld_add(struct withheld *withheld, uint64_t sequence, uint64_t item,
    const uint8_t replacement[32], struct sl_err *err);
/* A redact event names an item, and its replacement has this SHA-256. Is that what stands in the
   item's place? WITHHELD_UNNAMED: the item isn't withheld; then its commitment proves it. */
enum withheld_named withheld_name(
    struct withheld *withheld, uint64_t sequence, uint64_t item, const uint8_t replacement[32]);
/* The first that no redact event names with just its replacement; NULL: none. */
const struct withheld_item *withheld_fault(const struct withheld *withheld);
void withheld_fini(struct withheld *withheld);

#endif
