#ifndef SHARELOG_HTTP_CALL_AUTH_H
#define SHARELOG_HTTP_CALL_AUTH_H

/* Who is asking. A key comes as `Authorization: Bearer KEY`, as `x-opencode-share-key: KEY` or, the
   client key alone, in the path. What is no key of this server (an account's login, say) is
   ignored: it is neither a right nor an offence. */

#include "http/call/call.h"

/* The token of a Bearer credential, empty when the header is of another scheme or malformed. */
struct sl_span auth_bearer(struct sl_span header);

/* Whose key a text is: the store's keys, and the control key, which counts as the owner's. */
enum sl_role auth_key_role(const struct http_app *app, struct sl_span key);

/* The most that the request's keys allow. */
enum sl_role auth_role(const struct http_app *app, const struct http_request *request);

/* Does the request carry the owner's cookie, or an owner's key? For pages alone: a cookie is sent
   by a browser whatever site asked it to, so it never counts for /api. */
bool auth_page_owner(const struct http_app *app, const struct http_request *request);

/* The value of a cookie, empty if there is none. */
struct sl_span auth_cookie(struct sl_span header, const char *name);

/* The cookie's name, and its value for this store: a hash of the owner key, so that the key itself
   isn't kept by a browser. */
#define AUTH_COOKIE "sharelog_owner"
void auth_cookie_value(const char *owner_key, char out[65]);

#endif
