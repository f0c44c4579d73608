#ifndef SHARELOG_WITHHELD_H
#define SHARELOG_WITHHELD_H

/* A share's redacted items, as they come by: withheld ones, remembered until a later redact event
   names them, and those that were redacted on arrival; and the redact events, which say by whom and
   why. Used by the check of a store and by that of a bundle. Memory: 80 bytes and the key for an
   item, 40 and the reason for a redact event. */

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/proof/redacted.h"

struct withheld_item {
    uint64_t sequence, item;
    bool withheld;           /* else it was redacted on arrival alone */
    bool marked;             /* redacted on arrival */
    bool record;             /* no sync's item but a redact event's */
    uint8_t replacement[32]; /* of a withheld one: SHA-256 of what stands in its place */
    size_t act;              /* number of the last redact event that named it, from 1; 0: none */
    size_t key_at, key_len;  /* in `texts` */
};

struct withheld_act {
    uint64_t sequence, time_ms;
    enum sl_who who;
    size_t reason_at, reason_len;
};

struct withheld {
    struct withheld_item *items;
    size_t count, cap;
    struct withheld_act *acts;
    size_t acts_count, acts_cap;
    struct buf texts;
};

/* An item. Its key is copied; `replacement` NULL: it was redacted on arrival alone. Items come in
   order of sequence and item. SL_NOMEM: it isn't added. */
enum sl_result withheld_add(struct withheld *withheld, const struct withheld_item *place,
    struct sl_span key, const uint8_t *replacement, struct sl_err *err);
/* A redact event, whose naming follows. SL_NOMEM: it isn't begun. */
enum sl_result withheld_begin(struct withheld *withheld, const struct withheld_act *act,
    struct sl_span reason, struct sl_err *err);
/* It names an item, and its replacement has this SHA-256: is it withheld, and is that what stands
   in its place? */
bool withheld_name(
    struct withheld *withheld, uint64_t sequence, uint64_t item, const uint8_t replacement[32]);
/* The first withheld one that no redact event named; NULL: none. */
const struct withheld_item *withheld_fault(const struct withheld *withheld);

/* The next item of a sync, from number *at on, as it is to be told. False: there is none. Spans are
   valid until something is added. */
bool withheld_told(const struct withheld *withheld, size_t *at, struct redacted_item *told);

void withheld_clear(struct withheld *withheld); /* for another share */
void withheld_fini(struct withheld *withheld);

#endif
