#ifndef SHARELOG_SESSION_LOCK_H
#define SHARELOG_SESSION_LOCK_H

/* One create or allow of a session at a time, since each looks at what there is of the session
   before it appends; a removal takes it for its last moment, in which it may put the owner's hold
   there. Sessions of other stripes don't wait. The stripes are few and their seed is random: memory
   is bounded, and nobody can aim at a stripe. */

#include "core/base/span.h"

struct session_locks;
struct session_locks *session_locks_create(void); /* NULL: out of memory */
void session_locks_destroy(struct session_locks *locks);

/* Not twice by one thread: two sessions may have one stripe. */
void session_lock(struct session_locks *locks, struct sl_span session_id);
void session_unlock(struct session_locks *locks, struct sl_span session_id);

#endif
