#ifndef SHARELOG_HTTP_PAGES_SESSION_OUTLINE_H
#define SHARELOG_HTTP_PAGES_SESSION_OUTLINE_H

/* Which messages a session has at a moment, in the order of the page, and where their parts lie.
   It holds no content: some hundred bytes a message. One pass over the view's keys makes it, which
   looks into the messages and sums up what the head of the page says. The parts, most of a session,
   stay unread.

   Messages are ordered by id, as opencode orders them. Parts whose message never came make one that
   is missing. The messages of `messages` items, a newer client's, come behind. */

#include "core/base/buf.h"
#include "core/sharelog.h"

#define OUTLINE_NONE UINT32_MAX

/* What the messages add up. */
struct outline_spent {
    uint64_t from_ms, to_ms;
    double input, output, reasoning, cache_read, cache_write, cost;
};

struct outline_message {
    struct sl_span id;     /* as a key has it; of a newer client's, raw JSON */
    uint32_t item;         /* by key; OUTLINE_NONE: missing */
    uint64_t sequence;     /* of this version of that item */
    uint32_t first, count; /* its parts, by key */
    uint32_t element;      /* in a `messages` item; OUTLINE_NONE: it has an item of its own */
    struct outline_spent spent;
    bool user, undone;
};

struct outline_totals {
    uint64_t turns, undone;
    struct outline_spent spent;
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
    size_t own;                     /* messages before them */
};

/* Make the outline of a view, which must outlive it. `other`, of another moment of the same share
   or NULL, saves reading the messages that are of the same version there. */
enum sl_result outline_make(
    struct sl_view *view, const struct outline *other, struct outline *outline, struct sl_err *err);
void outline_fini(struct outline *outline);

/* The array of messages of a `messages` item's data. False: it has none. */
bool outline_elements(struct sl_span data, struct sl_span *messages);

/* The item at `index` by key, and whether no section of the page shows it. Its data is read only
   where that depends on it. */
enum sl_result outline_look(struct sl_view *view, size_t index, struct sl_view_item *item,
    bool *is_other, struct sl_err *err);

/* Is a part of the message that the session was reverted inside of undone? */
bool outline_part_undone(
    const struct outline *outline, const struct outline_message *message, struct sl_span part_raw);

#endif
