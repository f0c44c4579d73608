#ifndef SHARELOG_HTTP_PAGES_OUTLINE_H
#define SHARELOG_HTTP_PAGES_OUTLINE_H

/* Which messages a session has at a moment, in the order of the page, and where their parts lie.
   It holds no content: some fifty bytes a message. One pass over the view makes it, and sums up
   what the head of the page says.

   Messages are ordered by id, as opencode orders them. Parts whose message never came make one that
   is missing. The messages of `messages` items, a newer client's, come behind. */

#include "core/buf.h"
#include "core/sharelog.h"

#define OUTLINE_NONE UINT32_MAX

struct outline_message {
    struct sl_span id;     /* as a key has it; of a newer client's, raw JSON */
    uint32_t item;         /* by key; OUTLINE_NONE: missing */
    uint32_t first, count; /* its parts, by key */
    uint32_t element;      /* in a `messages` item; OUTLINE_NONE: it has an item of its own */
    bool user, undone;
};

struct outline_totals {
    uint64_t turns, undone;
    uint64_t from_ms, to_ms; /* of its messages */
    double input, output, reasoning, cache_read, cache_write, cost;
};

struct outline {
    struct sl_view *view;
    struct outline_message *messages;
    size_t count, cap;
    struct outline_totals totals;
    /* items by key: of the session and its diff, or OUTLINE_NONE; and how many no section shows */
    uint32_t session, diff, models;
    size_t others;
    struct buf revert, revert_part; /* raw JSON ids, where the session is reverted to */
    struct buf ids;                 /* of newer messages */
    uint32_t lists;                 /* `messages` items seen */
    size_t newer, highest;          /* the first of their messages, the one of the highest id */
};

/* Make the outline of a view, which must outlive it. */
enum sl_result outline_make(struct sl_view *view, struct outline *outline, struct sl_err *err);
void outline_fini(struct outline *outline);

/* The array of messages of a `messages` item's data. False: it has none. */
bool outline_elements(struct sl_span data, struct sl_span *messages);

/* Is it an item that no section of the page shows? */
bool outline_is_other(const struct sl_view_item *item);

/* Is a part of the message that the session was reverted inside of undone? */
bool outline_part_undone(
    const struct outline *outline, const struct outline_message *message, struct sl_span part_raw);

#endif
