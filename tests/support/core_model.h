#ifndef TESTS_SUPPORT_CORE_MODEL_H
#define TESTS_SUPPORT_CORE_MODEL_H

/* A naive model of a share: every batch kept as a list of items, every moment folded from the first
 * event on, by the rules of folding and nothing of core. It knows what an item means because it
 * made the item up itself, not by reading it. */

#include "core/base/buf.h"
#include "core/sharelog.h"

enum model_kind {
    MODEL_SESSION,
    MODEL_MESSAGE,
    MODEL_PART,
    MODEL_DIFF,
    MODEL_MODEL,
    MODEL_MESSAGES,
    MODEL_OTHER
};

/* An element of a `model` item. */
struct model_element {
    struct buf key, text;
};

struct model_item {
    enum model_kind kind;
    const char *type; /* as /data shows it, a JSON string with its quotes */
    struct buf key, data;
    struct model_element *elements;
    size_t elements_count;
    struct buf diffs; /* a session_diff's entries, from the first to the last */
    uint64_t diffs_count;
    const char *title, *directory; /* of a session; NULL: none */
};

struct model_event {
    enum sl_kind kind;
    uint64_t position, time_ms, arrived_us;
    struct model_item *items;
    size_t count;
};

struct model_share {
    struct sl_credentials credentials;
    const char *session;
    enum sl_role by; /* whose key made it */
    bool removed, held;
    struct model_event *events; /* by sequence - 1 */
    size_t count;
};

/* Another event at the share's end; its time never before the one before it. */
struct model_event *model_append(
    struct model_share *share, enum sl_kind kind, uint64_t position, uint64_t now_us);
void model_share_fini(struct model_share *share);

/* Of a session among `count` shares, in order of creation: the one that a create gives back (what
   that key made; to the owner, else what the client key made); is it held (by a share of the same
   maker; without a key, by any); the one that its readers are led to (a key's before nobody's, then
   the newest). NULL: none. */
const struct model_share *model_given_back(
    const struct model_share *shares, size_t count, const char *session, enum sl_role role);
bool model_is_held(
    const struct model_share *shares, size_t count, const char *session, enum sl_role role);
const struct model_share *model_led_to(
    const struct model_share *shares, size_t count, const char *session);

/* A version of a key, and when its first one came. */
struct model_entry {
    const struct model_item *item;
    const struct buf *key;
    const struct buf *text;
    uint64_t arrived_us, sequence, index;
    uint64_t first_us, first_sequence, first_index;
};

struct model_list {
    struct model_entry *entries;
    size_t count, cap;
};

struct model_state {
    struct model_list items, models, diffs;
};

/* The state after a sequence. */
void model_fold(const struct model_share *share, uint64_t sequence, struct model_state *state);
void model_state_fini(struct model_state *state);

/* What the store has to say of it, appended to `out`. */
void model_data(struct model_state *state, struct buf *out);
void model_section(struct model_state *state, enum sl_section section, struct buf *out);
/* The text of an item in /data. */
void model_item_data(struct model_state *state, const struct model_entry *entry, struct buf *out);
const struct model_entry *model_find(const struct model_list *list, const struct buf *key);
uint64_t model_count(const struct model_state *state, enum model_kind kind);
uint64_t model_diffs(const struct model_state *state);
void model_sort_by_key(struct model_list *list);
void model_sort_by_arrival(struct model_list *list);

/* Make up a batch: its items, and its text as a JSON array. `random` is advanced. Now and then, if
 * `large`, an item is of more than a row. */
void model_make_batch(uint64_t *random, bool large, struct model_event *event, struct buf *json);

#endif
