#ifndef TESTS_SUPPORT_BUNDLE_MAKE_H
#define TESTS_SUPPORT_BUNDLE_MAKE_H

/* Bundles of a log that a test makes up, with a signing key of its own: as they should be, or with
   just one thing wrong and all else (chain, tree, signature) right for it. One log at a time. */

#include "core/event/event.h"
#include "core/proof/bundle.h"

#define BM_ORIGIN "example.org/log"
#define BM_EVENTS 16
#define BM_ITEMS 4
#define BM_LOG 256 /* events of a log, at most */
#define BM_TIME_MS 1700000000000u

struct bm_item {
    const char *type, *key;
    struct sl_span data; /* as committed to */
    bool withheld;
    struct sl_span replacement;
    bool marked; /* redacted on arrival */
};

struct bm_event {
    uint64_t kind, position, time_ms;
    uint64_t sequence; /* as the header has it */
    struct bm_item items[BM_ITEMS];
    size_t items_count;
    bool erased;
    /* wrong on purpose */
    bool prev_wrong, ref_wrong, nonces_apart, nonces_short;
    uint64_t arrived_late_us;
    uint8_t data_flip;               /* of the first item's data behind its commitment */
    const struct sl_span *header_is; /* these bytes instead */
};

struct bm {
    const char *id;
    uint8_t salt[32];
    struct bm_event events[BM_EVENTS];
    size_t count;
    uint64_t said;             /* how many events the head says there are */
    uint64_t log_size;         /* positions that are not an event's are other shares' */
    uint8_t seed[32];          /* of the signing key */
    struct sl_span checkpoint; /* this one instead; empty: of this log */
    size_t hidden;            /* that many of its last events are left off, as others' in the log */
    bool states;              /* the tail has a head statement … */
    struct sl_span statement; /* … this one; empty: what is true */
};

/* create, sync of two items, sync, sync: at positions 1, 2, 5 and 9 of a log of 21 events. Data
   stays where it is: the events may be moved about. */
void bm_init(struct bm *bm);

/* Append an event at a position. */
struct bm_event *bm_add(struct bm *bm, enum sl_kind kind, uint64_t position);
/* … that redacts item `item` of event `sequence`, which is withheld from now on. */
struct bm_event *bm_redact(struct bm *bm, uint64_t position, uint64_t sequence, uint64_t item,
    struct sl_span replacement, struct buf *body);
/* What a redact event says. */
struct bm_named {
    uint64_t sequence, item;
    struct sl_span replacement;
};
void bm_redact_body(const struct bm_named *named, size_t count, struct buf *body);
/* … that removes the share: contents go. */
struct bm_event *bm_remove(struct bm *bm, uint64_t position, enum sl_who who, struct buf *body);

/* Its bytes, appended. */
void bm_build(struct bm *bm, struct buf *out);
/* Of the log as bm_build made it: its checkpoint, appended; an event's proof file, appended; its
   header, valid until the next build. */
void bm_checkpoint(const struct bm *bm, struct buf *out);
void bm_proof(const struct bm *bm, const struct bm_event *event, struct buf *out);
struct sl_span bm_header(const struct bm *bm, const struct bm_event *event);
/* An event's nonce and time of arrival. */
void bm_nonce(const struct bm *bm, const struct bm_event *event, uint8_t nonce[32]);
uint64_t bm_arrived(const struct bm_event *event);
struct policy *bm_policy(const struct bm *bm);
/* What is true of its end, once it was built; the key that signs such; the note, appended. */
void bm_statement(const struct bm *bm, struct head_statement *statement);
void bm_head_key(const struct bm *bm, struct note_key *key);
void bm_sign_statement(
    const struct bm *bm, const struct head_statement *statement, struct buf *out);

/* Bundle bytes as an input, given out in pieces of at most `piece` bytes (0: as large as asked
   for). */
struct bm_source {
    struct sl_span bytes;
    size_t at, piece;
};
struct bundle_input bm_input(struct bm_source *source);

/* Verify bytes; err is cleared at first. Without a key of head statements, or with one. */
enum sl_result bm_verify(struct sl_span bytes, const struct policy *policy,
    struct bundle_verdict *verdict, struct sl_err *err);
enum sl_result bm_verify_head(struct sl_span bytes, const struct policy *policy,
    const struct note_key *head, struct bundle_verdict *verdict, struct sl_err *err);

#endif
