#ifndef SHARELOG_HTTP_PAGES_FOUND_H
#define SHARELOG_HTTP_PAGES_FOUND_H

/* What a page is about, found or answered with a page that says why not. */

#include "http/pages/frame.h"

/* Answer a failure with a page: 404, 410 with the time of the removal, 400 with what was wrong;
   breaks off a reply that is begun. SL_OK and SL_STOPPED (the client is gone) need nothing. */
void found_fail(struct http_call *call, enum sl_result result, const struct sl_err *err);

/* The share of the route. Its owner finds a removed one too: what is left of it is its history.
   False: answered. */
bool found_share(struct http_call *call, struct sl_share_info *info);

/* Begin a page about that share: with the links to its other pages, if it is still there. End it
   with frame_end. */
bool found_begin(struct http_call *call, const struct sl_share_info *info, const char *title);

/* The sequence that a text names: a number as it is, a time as its last event at or before it. For
   a sequence that isn't there SL_NO_MOMENT, for a text that is neither SL_INVALID. `name` is the
   parameter's, for the message. */
enum sl_result found_sequence(struct http_call *call, const struct sl_share_info *info,
    const char *name, const char *text, uint64_t *sequence, struct sl_err *err);

#endif
