#ifndef SHARELOG_TOOLS_SEEN_H
#define SHARELOG_TOOLS_SEEN_H

/* The newest version of each item met so far, by type and key: a fold, as far as replay needs one.
 */

#include "core/base/span.h"

struct seen;
struct seen *seen_create(void);
void seen_destroy(struct seen *seen);
/* Empty if there is none. Valid until the second swap from now. */
struct sl_span seen_get(const struct seen *seen, struct sl_span type, struct sl_span key);
/* Keep a copy of `data` as the newest; what was the newest before (empty: nothing) is valid until
 * the next swap. */
struct sl_span seen_swap(
    struct seen *seen, struct sl_span type, struct sl_span key, struct sl_span data);

#endif
