#ifndef SHARELOG_BUNDLE_H
#define SHARELOG_BUNDLE_H

/* A bundle: a share's whole history in one file, from which anyone can check without the store that
   every event is in the log at its position, that none before the last is missing, and that every
   item is the one that the server recorded. A stream of msgpack values, one behind the other:

   head   ["sharelog-bundle@v1", share id (str), salt (bin 32), number of events n]
   event  n times, in order of sequence; the first three parts are always there:
          [gap (bin), position, header (bin)]                                     content erased
          [gap, position, header, arrived_us, nonce (bin 32), items]              whole
          [gap, position, header, arrived_us, [nonce (bin 16) or nil …], items]   partly withheld:
                 the manifest's nonce, then one for each item, nil where it is withheld
          items  [[type (str), key (str), data (bin), commitment (bin 32)] …]; of a withheld item
                 [type, key, replacement (bin), length, commitment]; length is that of the data that
                 was committed to, replacement what stands in its place, empty: nothing. Of a marked
                 item, which was redacted on arrival, a 1 stands behind the key. The manifest binds
                 the commitments and marks; that they are there tells which item differs
   tail   [gap (bin), checkpoint (str), head statement (str)]
          [gap (bin), checkpoint (str)]     of servers that sign none: what came later isn't known

   A gap is the roots, 32 bytes each, of the subtrees that the log has between the event before (or
   its beginning) and this one (or the checkpoint's size): those of tree_cover(), left to right.
   With the leaves in between they give the checkpoint's root, so each event's inclusion is proven
   at its position, and nothing has to be looked up. Where a share's events lie side by side, gaps
   are empty.

   A create event's item is always withheld: it holds the hash of the share's secret. An item that
   is withheld from a sync must be named, with its replacement, by a later redact event of the same
   bundle; all that name it name what stands there now. A redact event's item may be withheld in the
   same way, so that it no longer says what has been redacted since: what stands in its place says
   of the items that it names what stands there now, and the later event has its SHA-256. Content is
   erased only before a remove event.

   The head statement says that the last event was the share's last one at some size of the log. It
   stands in the tail, and not behind it, so that a bundle that was cut off on its way is none.

   Each value is in msgpack's smallest encoding: one bundle, one encoding. */

#include "core/proof/head_statement.h"
#include "core/proof/redacted.h"

#define BUNDLE_FORM "sharelog-bundle@v1"

/* What the bundle's head statement is worth: that the events are all of the share's, at its size
   and time, takes one that holds. */
enum bundle_head {
    BUNDLE_HEAD_NONE,      /* there is none */
    BUNDLE_HEAD_UNCHECKED, /* it fits the bundle; the key that signs such was not given */
    BUNDLE_HEAD_HOLDS
};

/* What a verified bundle says. */
struct bundle_verdict {
    char share_id[SL_SHARE_ID_BYTES + 1];
    char origin[NOTE_ORIGIN_BYTES + 1]; /* of its checkpoint */
    uint8_t ref[32];
    uint64_t first, last; /* positions of the first and last event */
    uint8_t leaf[32];     /* of the last one */
    enum bundle_head head;
    struct head_statement statement; /* unless there is none */
    uint64_t events, syncs, items, bytes;
    uint64_t withheld, marked;  /* items of syncs: redacted later; redacted on arrival */
    uint64_t first_ms, last_ms; /* times of the first and last event */
    bool removed;
    uint64_t removed_ms;
    enum sl_who removed_by;
    uint64_t log_size;
    uint8_t root[32];
    struct cosigned cosigned;
};

/* Where a bundle comes from: up to `cap` bytes into `out`; *len 0 at its end. */
struct bundle_input {
    enum sl_result (*read)(void *ctx, char *out, size_t cap, size_t *len, struct sl_err *err);
    void *ctx;
    uint64_t bytes; /* of all, for progress; 0: unknown */
};

/* One event's place, as it was followed through the log. Nothing is proven before the verdict. */
struct bundle_place {
    uint64_t sequence, position, time_ms;
    enum sl_kind kind;
    uint8_t leaf[32];
};

/* Whom a verifier believes, and what it wants to hear besides. */
struct bundle_asks {
    const struct policy *policy; /* of the log's key alone, or one that asks for witnesses */
    const struct note_key *head; /* of the log's head statements; NULL: it isn't known */
    /* Called for each event, in order; not SL_OK ends the verification, with err. May be NULL. */
    enum sl_result (*place)(void *ctx, const struct bundle_place *place, struct sl_err *err);
    void *place_ctx;
    /* Of a verified bundle: its redacted items. NULL: nobody asks. */
    const struct redacted_each *redacted;
};

/* Check all of it. SL_OK: verified. SL_CORRUPT: not; err names the first fault: share, sequence,
   item, what differs. Other results: couldn't (the input failed, no memory). Memory: a bounded
   window and one item, whatever the bundle's size; for what is redacted some 100 bytes an item and
   its key (withheld.h); 17 bytes an item of one event that isn't whole. */
enum sl_result bundle_verify(struct bundle_input input, const struct bundle_asks *asks,
    const struct sl_progress *progress, struct bundle_verdict *verdict, struct sl_err *err);

/* One event by itself, as /api/share/ID/events/SEQ gives it (`event`, JSON), with the proof file of
   it: the event is of that share, its leaf is in the checkpoint's log, and nonce, items and data
   are what the header commits to. What stands in the place of a withheld item nothing binds here:
   the share's bundle has the redact event that does. Results as above; so is `redacted`, but that
   an item's redact event isn't known here. */
struct event_verdict {
    uint64_t sequence, position, time_ms, log_size;
    enum sl_kind kind;
    uint8_t ref[32], leaf[32];
    char share_id[SL_SHARE_ID_BYTES + 1];
    bool content; /* its content was there and checked */
    size_t withheld, marked;
    struct cosigned cosigned;
};
enum sl_result event_verify(struct sl_span event, struct sl_span proof, const struct policy *policy,
    const struct redacted_each *redacted, struct event_verdict *verdict, struct sl_err *err);

#endif
