/* The owner's way in and out, and the guard of the owner's forms.

   A right key is answered with the cookie; a wrong one with the form again (401). A form that
   wasn't made here, or for something else, is refused (403), and nothing is done. */

#include "http/pages/owner/sign_in.h"

#include "core/base/crypto.h"
#include "http/call/auth.h"
#include "http/call/param.h"
#include "http/pages/text/html.h"

#include <stdio.h>
#include <strings.h>

#define MARKUP html_markup_without_escaping

/* ---- the way in ---- */

void sign_in_ask(struct http_call *call, const char *line)
{
    struct http_reply *reply = call->reply;
    if (page_begin(call, 401, "Sessions") &&
        MARKUP(reply, "<section class=\"head\"><h1>Sessions</h1>\n<p>") &&
        html_text(reply, sl_span_of(line)) &&
        MARKUP(reply,
            "</p></section>\n<form class=\"sign-in\" method=\"post\" action=\"/sessions\">\n"
            "<label>Owner key <input type=\"password\" name=\"key\" "
            "autocomplete=\"current-password\" required></label>\n<button>Open</button>\n</form>\n"
            "<p class=\"quiet\"><code>sharelog owner-key</code> prints it, on the server's "
            "machine.</p>\n"))
        page_end(call);
}

static void set_cookie(struct http_call *call, const char *value, const char *more)
{
    char cookie[192];
    struct sl_span base = call->request->base;
    bool https = base.len >= 8 && memcmp(base.ptr, "https://", 8) == 0;
    snprintf(cookie, sizeof(cookie), AUTH_COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/%s%s",
        value, https ? "; Secure" : "", more);
    http_header(call->reply, "Set-Cookie", cookie);
}

/* A page that goes on by itself, not a redirect: after a redirect from another site's link a
   browser would hold the SameSite=Strict cookie back. The key is then out of the address bar. */
static void go_on(struct http_call *call)
{
    struct http_reply *reply = call->reply;
    http_header(reply, "Refresh", "0; url=/sessions");
    if (page_begin(call, 200, "Sessions") &&
        MARKUP(reply, "<p><a href=\"/sessions\">Sessions</a></p>\n"))
        page_end(call);
}

void sign_in_try(struct http_call *call, const struct http_request *form)
{
    char key[SL_KEY_TEXT_BYTES + 1];
    enum param given = param_text(form, "key", key, sizeof(key));
    if (given == PARAM_GIVEN && auth_key_role(call->app, sl_span_of(key)) == SL_ROLE_OWNER) {
        set_cookie(call, call->app->cookie, "");
        go_on(call);
    } else {
        sign_in_ask(call, "That is not the owner key.");
    }
    explicit_bzero(key, sizeof(key));
}

/* ---- forms ---- */

bool sign_in_form(struct http_call *call, struct http_request *form)
{
    struct http_request *request = call->request;
    struct sl_span body;
    struct sl_err err = {0};
    if (!request->has_length || request->length > call->route->body_bytes) {
        page_message(
            call, request->has_length ? 413 : 411, "Not understood", "Try the form again.");
        return false;
    }
    enum sl_result result = request->read_body(request, call->route->body_bytes, &body, &err);
    if (result == SL_OK) { /* a form's body is written as a query is */
        *form = *request;
        form->query = body;
        return true;
    }
    if (result == SL_IO) /* as in api_body */
        call->reply->close = true;
    else
        page_message(call, 400, "Not understood", "Try the form again.");
    return false;
}

void page_sign_in(struct http_call *call)
{
    struct http_request form;
    if (sign_in_form(call, &form)) sign_in_try(call, &form);
}

/* ---- whose form it is ---- */

void sign_in_token(const struct http_app *app, const char *what, char token[SIGN_IN_TOKEN_BYTES])
{
    char text[128];
    uint8_t mac[32];
    int len = snprintf(text, sizeof(text), "sharelog form: %s", what);
    crypto_hmac(sl_span_of(app->cookie), (struct sl_span){text, (size_t)len}, mac);
    crypto_hex(mac, sizeof(mac), token);
}

static struct sl_span authority(struct sl_span url)
{
    const char *at = url.len ? memmem(url.ptr, url.len, "://", 3) : NULL;
    if (!at) return url;
    struct sl_span rest = {at + 3, url.len - (size_t)(at + 3 - url.ptr)};
    const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    if (slash) rest.len = (size_t)(slash - rest.ptr);
    return rest;
}

/* What the browser says of where the request comes from. Sec-Fetch-Site can't be set by a page;
   without it Origin is asked, whose scheme isn't compared, since a proxy may have taken TLS off.
   Pages that send no referrer, as ours, have the Origin "null", which says nothing. */
static bool from_here(const struct http_request *request)
{
    struct sl_span site = request->header(request, "Sec-Fetch-Site");
    struct sl_span origin = request->header(request, "Origin");
    if (site.len) return sl_span_eq(site, SL_SPAN("same-origin"));
    if (!origin.len || sl_span_eq(origin, SL_SPAN("null"))) return true;
    struct sl_span theirs = authority(origin), ours = authority(request->base);
    return theirs.len == ours.len && strncasecmp(theirs.ptr, ours.ptr, ours.len) == 0;
}

bool sign_in_guard(struct http_call *call, const struct http_request *form, const char *what)
{
    char token[SIGN_IN_TOKEN_BYTES], given[SIGN_IN_TOKEN_BYTES];
    if (!auth_page_owner(call->app, call->request)) {
        sign_in_ask(call, "This is for the owner of this server.");
        return false;
    }
    sign_in_token(call->app, what, token);
    if (from_here(call->request) &&
        param_text(form, "token", given, sizeof(given)) == PARAM_GIVEN &&
        crypto_equal(sl_span_of(given), sl_span_of(token)))
        return true;
    page_message(call, 403, "Refused",
        "This did not come from this server's own form, so nothing was done. Open the list of "
        "sessions and try again.");
    return false;
}

/* ---- the way out ---- */

void page_sign_out(struct http_call *call)
{
    struct http_request form;
    if (!sign_in_form(call, &form) || !sign_in_guard(call, &form, "log out")) return;
    set_cookie(call, "", "; Max-Age=0");
    http_header(call->reply, "Location", "/sessions");
    http_begin(call->reply, 303, NULL);
}
