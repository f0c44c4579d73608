#ifndef SHARELOG_HTTP_PAGES_TEXT_MARKDOWN_COST_H
#define SHARELOG_HTTP_PAGES_TEXT_MARKDOWN_COST_H

/* What cmark-gfm may be asked of a text. For most it is linear in time and memory; for the few
   shapes where it isn't (measured with 0.29.0.gfm.6: containers in containers, brackets that never
   match, a long reference used often, tables much wider than their rows, bare links in a line made
   of `@` or `)`), 64 KB can take seconds or a gigabyte. They are counted here beforehand, in one
   pass, and not asked for. Honest documents are far from every bound. */

#include "core/base/span.h"

struct markdown_cost {
    bool document; /* cheap enough to be parsed at all */
    bool tables;   /* with tables */
    bool links;    /* with bare links recognised */
};

struct markdown_cost markdown_cost_of(struct sl_span text);

#endif
