#ifndef SHARELOG_TOOLS_PART_TERM_H
#define SHARELOG_TOOLS_PART_TERM_H

/* Messages and parts of a session, written for a person. Fields that a newer client adds are
   ignored. */

#include "tools/shared/buffer.h"

/* "── assistant · fake-1 · 19:04:11 ──": a message's line of its own. */
void message_put_head(struct sl_span message, bool undone);
/* The error that ended it, if one did. */
void message_put_error(struct sl_span message);

/* Has the part anything to show? Steps and snapshots have not. */
bool part_shows(struct sl_span part);
/* All of a part: text as it is, a tool as a line. */
void part_put(struct sl_span part);
/* What is new in a part since `old` (empty: everything). False: nothing was written. */
bool part_put_change(struct sl_span old, struct sl_span part);

#endif
