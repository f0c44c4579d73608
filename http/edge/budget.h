#ifndef SHARELOG_HTTP_EDGE_BUDGET_H
#define SHARELOG_HTTP_EDGE_BUDGET_H

/* Room for bodies in flight. A body waits for it in a queue, first come, first served: small bodies
 * can't overtake a large one for ever, and no body is refused for being one too many. */

#include "core/base/span.h"

struct budget;

/* Room for `bytes` bytes at a time. NULL: no memory. Destroy with nobody waiting; NULL is fine. */
struct budget *budget_create(uint64_t bytes);
void budget_destroy(struct budget *budget);

/* Reserve `bytes` at once, waiting as long as it takes. More than there is in all counts as all of
   it. Returns what was reserved, to be given back by budget_release. Any thread. */
uint64_t budget_reserve(struct budget *budget, uint64_t bytes);
void budget_release(struct budget *budget, uint64_t reserved);

/* How much is reserved at this moment, and how many bodies wait. For tests: nothing else shows that
 * a body waits. */
uint64_t budget_used(struct budget *budget, unsigned *waiting);

#endif
