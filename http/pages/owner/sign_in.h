#ifndef SHARELOG_HTTP_PAGES_OWNER_SIGN_IN_H
#define SHARELOG_HTTP_PAGES_OWNER_SIGN_IN_H

/* The owner's way in and out, and what protects the owner's forms.

   The key comes by a link (`/sessions?key=KEY`) or by a form, and is answered with a cookie that
   scripts don't see and other sites' requests don't carry. A form that changes something holds a
   token that is made of the cookie, so that a page of another site can't know it; and what a
   browser says of the request's origin must not speak against it. */

#include "http/pages/frame.h"

void page_sign_in(struct http_call *call);  /* POST /sessions: what the form sends */
void page_sign_out(struct http_call *call); /* POST /sessions/logout */

/* Answer with the form that asks for the owner key, and a line above it. */
void sign_in_ask(struct http_call *call, const char *line);

/* Try the key of a query or a form; answers in any case. */
void sign_in_try(struct http_call *call, const struct http_request *form);

/* Read a form's body as if it were a query: *form is the request with it. False: answered. */
bool sign_in_form(struct http_call *call, struct http_request *form);

/* The token for doing one thing: `what` names it. */
#define SIGN_IN_TOKEN_BYTES 65
void sign_in_token(const struct http_app *app, const char *what, char token[SIGN_IN_TOKEN_BYTES]);

/* Is the request the owner's own, from a page of this server, with the token for `what`? If not, it
   is answered and false is returned. */
bool sign_in_guard(struct http_call *call, const struct http_request *form, const char *what);

#endif
