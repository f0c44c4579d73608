#ifndef SHARELOG_REDACT_EVENT_H
#define SHARELOG_REDACT_EVENT_H

/* An event's rows as a redaction makes them. redact.c finds what is meant, redact_append.c appends
   redact events that say so, redact_event.c makes the new rows.

   An event whose items are redacted keeps its header and its items' types, keys and places; its
   body is put anew: a prefix with the nonces one by one and the commitments of what is withheld,
   then the items' bytes, a replacement where one is withheld. A redact event is an item like others
   to a later redaction: where its body has a replacement that is replaced itself, it is withheld in
   turn. The later event names it with the SHA-256 of what stands there now, not with its bytes: of
   events that hold each other's bodies the n-th would be twice as long as the one before. */

#include "core/log/log.h"
#include "core/log/store.h"

/* One item's replacement. */
struct redact_target {
    uint64_t sequence, item;
    struct buf replacement;
    bool record;      /* the item is a redact event's body */
    uint8_t hash[32]; /* of the replacement of such */
};

/* An event's rows as they will be. */
struct redacted_event {
    uint64_t sequence;
    struct buf row;
    struct hot_rows body;
    bool cold; /* its body lies in packs, which are made anew for all events of the redaction */
};

/* Make them, from the event as it is and its targets, in order of item. SL_NOT_FOUND: erased. */
enum sl_result redact_event(struct sl_store *store, struct sl_span share_id, uint64_t sequence,
    const struct redact_target *targets, size_t count, struct redacted_event *out,
    struct sl_err *err);
/* Without the body of one that is cold. */
void redacted_event_put(struct kv *kv, struct kv_batch *kv_batch, struct sl_span share_id,
    const struct redacted_event *event);
void redacted_event_fini(struct redacted_event *event);

#endif
