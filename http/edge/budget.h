#ifndef SHARELOG_HTTP_EDGE_BUDGET_H
#define SHARELOG_HTTP_EDGE_BUDGET_H

/* Room for bodies in flight. Who wants some waits for it in a queue, first come, first served: so a
   large body is not overtaken for ever by small ones, and nobody is ever refused for being one too
   many. */

#include "core/base/span.h"

struct budget;

/* Room for `bytes` bytes at a time. NULL: no memory. Destroy with nobody waiting; NULL is fine. */
struct budget *budget_create(uint64_t bytes);
void budget_destroy(struct budget *budget);

/* Reserve `bytes` at once, waiting as long as it takes. More than there is in all counts as all of
   it. Returns what was reserved, to be given back by budget_release. Any thread. */
uint64_t budget_reserve(struct budget *budget, uint64_t bytes);
void budget_release(struct budget *budget, uint64_t reserved);

/* Reserved at this moment, and how many wait: for tests, which can't see otherwise that somebody
   waits. */
uint64_t budget_used(struct budget *budget, unsigned *waiting);

#endif
