#ifndef SHARELOG_HTTP_PAGES_SESSION_ATTACHMENT_H
#define SHARELOG_HTTP_PAGES_SESSION_ATTACHMENT_H

/* A file that belongs to a message or to what a tool gave. */

#include "http/pages/session/put.h"

/* `file` is {mime, filename, url, source}, or a newer client's {mime, name, uri}; `field` is its
   path in the item, empty or ending in a dot. A picture in a data: URL is shown, other data: URLs
   are links, other addresses are told. */
bool attachment_put(struct page *page, struct sl_span file, const char *field);

/* Several: an array, whose path is `field`. */
bool attachment_put_all(struct page *page, struct sl_span files, const char *field);

/* The media types that a browser may show from here: none of them can carry a script that runs as
   this server's. NULL: it is none of them. */
const char *attachment_safe_type(struct sl_span type);
bool attachment_is_picture(const char *type);

/* A data: URL: its media type, whether it is base64, and what comes behind the comma. False: it is
   none. */
bool attachment_data_url(
    struct sl_span url, struct sl_span *type, bool *base64, struct sl_span *content);

#endif
