#ifndef SHARELOG_TWINS_H
#define SHARELOG_TWINS_H

/* The last creates without a key, remembered for a few seconds: with `share: "auto"` the client
   creates twice within 0.3 s and must get one share. An address names nobody (a proxy's or an
   office's is many people's), so the caller looks further before it hands a share out (create.c).
   Of one session, one thread at a time looks and adds (see session_lock.h); of different ones any
   may. */

#include "core/base/limits.h"
#include "core/base/span.h"

struct twins;
struct twins *twins_create(void);        /* NULL: out of memory */
void twins_destroy(struct twins *twins); /* NULL is fine */

void twins_add(
    struct twins *twins, struct sl_span session_id, struct sl_span peer, struct sl_span share_id);
/* The share that this peer created for this session within SL_TWIN_CREATE_MS. False: none. */
bool twins_find(struct twins *twins, struct sl_span session_id, struct sl_span peer,
    char share_id[SL_SHARE_ID_BYTES + 1]);

#endif
