#ifndef SHARELOG_HTTP_EDGE_HEAD_H
#define SHARELOG_HTTP_EDGE_HEAD_H

/* A request's head, judged. CivetWeb accepts some heads that a proxy in front of it may read in
 * another way (request smuggling); those are refused here. Pure. */

#include "core/base/span.h"

/* One header as the parser left it in its buffer: both texts are terminated, and the bytes behind
 * them are still there. */
struct head_field {
    const char *name, *value;
};

/* As many as CivetWeb keeps. It drops further ones and says nothing. */
#define HEAD_FIELDS 64

/* What the head says of the body. */
struct head_body {
    bool has_length, chunked;
    uint64_t length;
};

/* Check the fields of one request, in their order in the buffer, behind the request line that ends
   with `version` (as `1.1`). 0 and *body, or the status to refuse it with, and *what (a constant
   text):
   - 431: a header behind the last one that was kept;
   - 400: a folded line or another hidden header, a line that ends in a bare LF, a space before a
   colon, a name with characters that no name has, a second Content-Length, Transfer-Encoding or
   Host, Content-Length and Transfer-Encoding together, a length that is not digits alone, a
   transfer encoding other than chunked. After a refusal nothing on the connection can be trusted:
   it must be closed. */
int head_check(const char *version, const struct head_field *fields, size_t count,
    struct head_body *body, const char **what);

/* The first field of that name (in any case) without the white space around it; empty if there is
 * none. */
struct sl_span head_find(const struct head_field *fields, size_t count, const char *name);

/* Is it a host with an optional port, and nothing that could turn into another URL? */
bool head_host_valid(struct sl_span host);

/* Is `token` (in any case) one of a comma-separated list? */
bool head_lists(struct sl_span list, const char *token);

/* Only characters that a URL's path and query may have, raw: no control character, no space,
 * nothing beyond ASCII. */
bool head_target_valid(struct sl_span target);

/* The path without a leading /k/KEY, and KEY (empty if there is none). A slash that is doubled
   behind it is one: a configured URL that ends in a slash makes `/k/KEY//api`. */
struct sl_span head_path_key(struct sl_span path, struct sl_span *key);

/* The last entry of a comma-separated list, trimmed: of X-Forwarded-For the address that the
 * nearest proxy saw. */
struct sl_span head_last(struct sl_span list);

#endif
