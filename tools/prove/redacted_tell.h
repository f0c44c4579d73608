#ifndef SHARELOG_TOOLS_REDACTED_TELL_H
#define SHARELOG_TOOLS_REDACTED_TELL_H

/* The redacted items that a verification found, and how they are told: whoever is told that a share
   is verified must not take for proven what stands in their place.

     event 4, item 0 (part/msg_1/prt_2): redacted on 2026-01-31T10:00:00.000Z by its owner, event 9:
   a key event 6, item 1 (message/msg_2): redacted on arrival */

#include "core/proof/redacted.h"
#include "tools/shared/buffer.h"

/* Gathered; zeroed is empty. */
struct redacted_list {
    struct redacted_item *items; /* keys and reasons are the list's own */
    size_t count, cap;
};

/* To be called back with each; `list` outlives it. */
struct redacted_each redacted_gather(struct redacted_list *list);
void redacted_free(struct redacted_list *list);

/* A line on stdout each, `max` at most, then how many there are more. */
void redacted_put(const struct redacted_list *list, size_t max);
/* `[{"seq":…,"item":…,"key":…,…},…]`, appended. */
void redacted_json(const struct redacted_list *list, struct buffer *out);

#endif
