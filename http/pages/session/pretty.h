#ifndef SHARELOG_HTTP_PAGES_SESSION_PRETTY_H
#define SHARELOG_HTTP_PAGES_SESSION_PRETTY_H

/* JSON that no view knows, for a person: the answer to every shape that was not foreseen. */

#include "http/pages/session/put.h"

/* A value as a block: a string as its text, anything else as indented JSON; cut, with a link to
   `field`. Nothing for an empty span. */
bool pretty_put(struct page *page, struct sl_span value, const char *field);

/* The members of an object as a list of names and values; `base` is its path. Anything but an
   object as pretty_put has it. */
bool pretty_put_members(struct page *page, struct sl_span object, const char *base);

#endif
