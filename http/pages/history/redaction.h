#ifndef SHARELOG_HTTP_PAGES_HISTORY_REDACTION_H
#define SHARELOG_HTTP_PAGES_HISTORY_REDACTION_H

/* Who took an item out of an event, when and why: what the redact events behind it say. */

#include "http/call/call.h"

/* The items of one event that are looked at at a time. */
#define REDACTION_ITEMS 100

struct redaction_event;

/* Of the items [begin, end) of one event, at most REDACTION_ITEMS. */
struct redactions {
    uint64_t begin, end;
    struct redaction_event *events; /* those that took an item away */
    size_t count;
    size_t
        by[REDACTION_ITEMS]; /* of each item: number of its event in `events`, from 1; 0: unknown */
    bool withheld[REDACTION_ITEMS];
    bool marked[REDACTION_ITEMS]; /* redacted on arrival */
};

/* Look for them, in the newest events first: where an item was redacted twice, the later one put
   there what is there now. Only so many events are looked at (REDACTION_…). Free it in any case. */
enum sl_result redaction_find(struct http_call *call, struct sl_event *event, uint64_t begin,
    uint64_t end, struct redactions *redactions, struct sl_err *err);
void redaction_fini(struct redactions *redactions);

/* A line about one item, nothing if it was not redacted. */
bool redaction_write(struct http_call *call, const struct redactions *redactions, uint64_t item);

/* "by the owner" …, and the reason, in a sentence's middle. */
bool redaction_write_who(struct http_reply *reply, const struct sl_control *control);

#define REDACTION_SCAN 20000         /* events looked at for redact events, the newest first */
#define REDACTION_EVENTS 256         /* redact events read for a page */
#define REDACTION_BYTES (8 * SL_MIB) /* a larger one isn't */
#define REDACTION_TOTAL_BYTES (32 * SL_MIB) /* of all that are */

#endif
