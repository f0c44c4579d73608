#ifndef SHARELOG_BENCH_GROUP_H
#define SHARELOG_BENCH_GROUP_H

/* Durable puts into a RocksDB of one family, set up as the store's family of bodies, and nothing
   else: the floor under everything that is appended. Puts that come together are written and synced
   together, in one of three ways. */

#include "core/base/span.h"

#include <stdint.h>

enum group_kind {
    GROUP_OWN,   /* each caller writes; RocksDB joins those that wait */
    GROUP_LED,   /* the first caller writes for all who wait, the next of them goes on */
    GROUP_THREAD /* a thread writes for all callers */
};
#define GROUP_KINDS 3

struct group;
/* NULL: it failed, and said why. */
struct group *group_create(const char *folder, enum group_kind kind);
void group_destroy(struct group *group);
/* Returns when it is durable. Any thread. */
bool group_put(struct group *group, struct sl_span value);
/* What is in it: puts, and bytes of all values. */
bool group_count(struct group *group, uint64_t *puts, uint64_t *bytes);

/* For other designs on the same RocksDB: one key's value, written whole; and read. `get` gives what
   must be freed with group_free. */
bool group_write(struct group *group, struct sl_span key, struct sl_span value, bool sync);
char *group_get(struct group *group, struct sl_span key, size_t *len);
void group_free(char *value);

#endif
