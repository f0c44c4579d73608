#ifndef SHARELOG_TOOLS_AUDIT_REPORT_H
#define SHARELOG_TOOLS_AUDIT_REPORT_H

/* Parts of `sharelog audit`: what is gathered of a store's events, or of one share's, and how it is
   told. */

#include "tools/prove/redacted_tell.h"

struct source;

#define AUDIT_KINDS 6          /* enum sl_kind's five, and unknown ones */
#define AUDIT_LISTED 1000      /* of gaps and clock steps; all are counted */
#define AUDIT_JUMP_MS 86400000 /* two neighbours that far apart are worth a line */

struct audit_event {
    char share[SL_SHARE_ID_BYTES + 1];
    unsigned kind;
    uint64_t sequence, position, time_ms, items, bytes;
    uint64_t marked; /* items that were redacted on arrival */
    char leaf[65];
};

struct audit_share {
    char id[SL_SHARE_ID_BYTES + 1];
    uint64_t sequence, events, bytes;
    bool removed;
};

/* A removal, a redaction, an allowing: what the event says. */
struct audit_act {
    struct audit_event event;
    char who[8]; /* "": what it said was erased with its share */
    struct buffer reason;
    uint64_t items; /* redacted */
};

struct audit_gap {
    char share[SL_SHARE_ID_BYTES + 1]; /* "": of the log's positions */
    uint64_t expected, found, position;
};

struct audit_step {
    uint64_t position, before_ms, after_ms;
};

struct audit {
    const char *share; /* NULL: the whole store */
    /* Called for each event, in order; NULL: they are only gathered. */
    void (*each)(const struct audit_event *event);
    uint64_t events, items, bytes, marked, kinds[AUDIT_KINDS];
    struct audit_event first, last;
    struct audit_share *table; /* by id, open addressing */
    size_t room, shares, removed;
    struct audit_act *acts;
    size_t acts_count;
    struct audit_gap *gaps;
    uint64_t gaps_count; /* may be more than are listed */
    struct audit_step *steps;
    uint64_t steps_count, backwards;
    struct buffer log; /* the answer of /api/log */
    /* the verification now; of one share it finds the redacted items */
    struct redacted_list redacted;
    bool verified, verified_ok;
    uint64_t verified_took_ms;
    char fault[500];
};

const char *audit_kind(unsigned kind);

/* Read all events, and what the removals and redactions among them say. An exit code. */
int audit_gather(struct audit *audit, struct source *source);
void audit_fini(struct audit *audit);
/* The largest shares first, at most `max`; returns how many. */
size_t audit_largest(const struct audit *audit, const struct audit_share **largest, size_t max);

void audit_put_text(const struct audit *audit);
void audit_put_json(const struct audit *audit);

#endif
