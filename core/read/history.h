#ifndef SHARELOG_HISTORY_H
#define SHARELOG_HISTORY_H

/* The facts of an event that its row holds: no body is read. */

#include "core/event/event.h"

struct event_facts {
    struct sl_event_info info; /* its types are `types` */
    struct sl_span header;     /* in the row's bytes */
    struct sl_type_count *types;
    size_t types_count, types_cap;
};

/* Read a row of family `event` into facts, which may be used again and again (zeroed at first). Its
   spans point into `bytes`; share_id is borrowed. SL_CORRUPT. */
enum sl_result event_facts_read(const char *share_id, uint64_t sequence, struct sl_span bytes,
    struct event_facts *facts, struct sl_err *err);
/* Hide the content of a removed share's event, whose bytes may not be erased yet; only the server's
   own events keep theirs. True: it is hidden. */
bool event_facts_hide(struct event_facts *facts, enum sl_share_state state);
void event_facts_fini(struct event_facts *facts);

#endif
