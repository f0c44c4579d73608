#ifndef SHARELOG_HISTORY_H
#define SHARELOG_HISTORY_H

/* What an event's row tells of it without its body. */

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
/* Until a removed share's bytes are erased they are unreadable all the same; only what the server
   itself wrote of it stays. True: this event's content is hidden. */
bool event_facts_hide(struct event_facts *facts, enum sl_share_state state);
void event_facts_fini(struct event_facts *facts);

#endif
