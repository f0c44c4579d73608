#ifndef SHARELOG_TOOLS_TARGET_H
#define SHARELOG_TOOLS_TARGET_H

/* Targets of the API: path and query, percent-encoded. */

#include "tools/shared/buffer.h"

/* Begin "/api/share/ID" + `rest`. False, told on stderr: it is no share id. A share's link is taken
 * for its id. */
bool target_share(struct buffer *target, const char *id, const char *rest);
/* Append ?name=value or &name=value. */
void target_param(struct buffer *target, const char *name, const char *value);
void target_number(struct buffer *target, const char *name, uint64_t value);
/* Append what --at means: a sequence, or else a time (ISO 8601, or milliseconds of at least 12
 * digits). NULL: nothing. */
void target_moment(struct buffer *target, const char *at);

#endif
