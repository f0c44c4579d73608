#ifndef SHARELOG_HTTP_PAGES_SESSION_FACTS_H
#define SHARELOG_HTTP_PAGES_SESSION_FACTS_H

/* The head of a session's page: its title and what there is to know of it at a glance. */

#include "http/pages/session/outline.h"
#include "http/pages/session/put.h"

struct facts {
    const struct outline *outline;
    const struct sl_metadata *metadata;
    uint64_t last;       /* the share's newest sequence */
    struct sl_span base; /* what links to this server begin with */
};

/* The title as plain text. */
void facts_title(const struct sl_metadata *metadata, struct buf *title);
/* A line for previews of links. */
void facts_description(const struct facts *facts, struct buf *line);

/* <section class="head">. SL_STOPPED: the client is gone. */
enum sl_result facts_put(struct page *page, const struct facts *facts, struct sl_err *err);

#endif
